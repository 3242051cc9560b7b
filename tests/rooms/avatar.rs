//! Avatars: set by a file's id or by the form itself, shown to whoever has
//! the link (`web-1`).

use serde_json::{Value, json};

use crate::world::bytes::{HTML, PNG, Part, SVG, file};
use crate::world::{Answer, Fireside, Person};

fn path(person: &Person) -> String {
    format!("/api/users/{}/", person.id)
}

async fn puts_up(person: &Person, part: Part<'_>) -> Answer {
    person.asks(reqwest::Method::PATCH, &path(person)).parts(&[part]).await
}

fn picture<'a>(name: &'a str, content_type: &'a str, bytes: &'a [u8]) -> Part<'a> {
    Part { field: "avatar", ..file(name, content_type, bytes) }
}

#[tokio::test]
async fn a_picture_sent_with_the_profile_is_the_avatar() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let answer = puts_up(&alice, picture("me.png", "image/png", PNG)).await.is(200);
    let url = answer.json()["avatar_url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("/media/user_images/"), "{url}");
    assert!(!url.contains("me.png"), "the name is random: {url}");
    assert_eq!(bob.get(&path(&alice)).await.json()["avatar_url"], url.as_str());

    let shown = fireside.anyone().get(&url).await.is(200);
    assert_eq!(shown.body, PNG);
    assert_eq!(shown.header("content-type"), "image/png");
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    assert_eq!(bob.get(&path(&bob)).await.json()["avatar_url"], Value::Null);
}

#[tokio::test]
async fn an_uploaded_file_of_ones_own_is_the_avatar() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let picture = alice.uploads("me.png", PNG).await;
    let stolen = json!({"avatar": picture["id"]});
    bob.patch(&path(&bob), &stolen).await.names("avatar");
    bob.patch(&path(&bob), &json!({"avatar": 999_999})).await.names("avatar");
    assert_eq!(bob.get(&path(&bob)).await.json()["avatar_url"], Value::Null);

    let mine = alice.patch(&path(&alice), &json!({"avatar": picture["id"]})).await.is(200);
    let url = mine.json()["avatar_url"].as_str().unwrap().to_owned();
    assert_eq!(fireside.anyone().get(&url).await.is(200).body, PNG);
}

#[tokio::test]
async fn an_avatar_is_a_picture_by_its_bytes() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for (name, content_type, bytes) in [
        ("me.png", "image/png", HTML),
        ("me.svg", "image/svg+xml", SVG),
        ("me.png", "image/png", b"%PDF-1.4 not a picture".as_slice()),
        ("me.png", "image/png", b"".as_slice()),
    ] {
        puts_up(&alice, picture(name, content_type, bytes)).await.names("avatar");
    }
    let page = alice.uploads("me.png", HTML).await;
    alice.patch(&path(&alice), &json!({"avatar": page["id"]})).await.names("avatar");
    assert_eq!(alice.get(&path(&alice)).await.json()["avatar_url"], Value::Null);
    puts_up(&alice, picture("x.html", "text/html", PNG)).await.is(200);
}

#[tokio::test]
async fn the_media_folder_shows_avatars_and_nothing_else() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let anyone = fireside.anyone();
    let default = anyone.get("/media/user_images/default.jpg").await.is(200);
    assert!(default.body.starts_with(&[0xff, 0xd8, 0xff]), "a JPEG");
    assert_eq!(default.header("content-type"), "image/jpeg");

    puts_up(&alice, picture("me.png", "image/png", PNG)).await.is(200);
    alice.uploads("secret.txt", b"not an avatar").await;
    let database = fireside.home.database();
    let database = database.file_name().unwrap().to_str().unwrap();
    for path in [
        "/media/".to_owned(),
        "/media/user_images/".to_owned(),
        "/media/user_images/unknown.png".to_owned(),
        "/media/secret.txt".to_owned(),
        format!("/media/{database}"),
        format!("/media/..%2f{database}"),
        format!("/media/user_images/..%2f..%2f{database}"),
        format!("/media/user_images/%2e%2e/%2e%2e/{database}"),
        "/media/user_images/..%2f..%2f..%2f..%2fetc%2fpasswd".to_owned(),
        "/media/user_images/%00".to_owned(),
    ] {
        let answer = anyone.get(&path).await;
        assert_eq!(answer.status, 404, "{answer}");
    }
}
