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

fn files_on_disk(fireside: &Fireside) -> usize {
    std::fs::read_dir(fireside.home.data().join("files")).unwrap().count()
}

fn stored(fireside: &Fireside, of: &Person) -> i64 {
    let db = rusqlite::Connection::open(fireside.home.database()).unwrap();
    db.query_row("SELECT stored_bytes FROM users WHERE id = ?1", [of.id], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_picture_sent_with_the_profile_counts_as_an_upload() {
    let fireside = Fireside::start_with_limits(&["--limit-upload", "3/h"]).await;
    let alice = fireside.registers("alice").await;
    for _ in 0..2 {
        puts_up(&alice, picture("me.png", "image/png", PNG)).await.is(200);
    }
    alice.uploads("a.txt", b"a").await;
    let before = alice.get(&path(&alice)).await.json();
    puts_up(&alice, picture("other.png", "image/png", PNG)).await.refused(429, "rate_limited");
    assert_eq!(alice.get(&path(&alice)).await.json(), before);
    assert_eq!(files_on_disk(&fireside), 2, "the avatar and the upload");
    alice.tries_to_upload("b.txt", "text/plain", b"b").await.refused(429, "rate_limited");
    // A form without a file is none, and a limit is one person's.
    let name = Part { field: "display_name", filename: None, content_type: None, bytes: b"Alice" };
    puts_up(&alice, name).await.is(200);
    let bob = fireside.registers("bob").await;
    puts_up(&bob, picture("me.png", "image/png", PNG)).await.is(200);
}

#[tokio::test]
async fn of_a_picture_that_was_refused_nothing_stays() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    puts_up(&alice, picture("me.png", "image/png", PNG)).await.is(200);
    let kept = (files_on_disk(&fireside), stored(&fireside, &alice));
    assert_eq!(kept, (1, i64::try_from(PNG.len()).unwrap()));
    puts_up(&alice, picture("me.png", "image/png", HTML)).await.names("avatar");
    assert_eq!((files_on_disk(&fireside), stored(&fireside, &alice)), kept);
    // Another field may be what is wrong, or who asks.
    let long = "x".repeat(1_001);
    let text = |field, bytes| Part { field, filename: None, content_type: None, bytes };
    for (others, field) in [
        (vec![text("bio", long.as_bytes())], "bio"),
        (vec![text("email", b"a@example.com"), text("current_password", b"not the password")], "current_password"),
    ] {
        let parts: Vec<_> = others.into_iter().chain([picture("me.png", "image/png", PNG)]).collect();
        alice.asks(reqwest::Method::PATCH, &path(&alice)).parts(&parts).await.names(field);
        assert_eq!((files_on_disk(&fireside), stored(&fireside, &alice)), kept, "{field}");
    }
    // What was uploaded before is another matter, and stays.
    let page = alice.uploads("me.png", HTML).await;
    alice.patch(&path(&alice), &json!({"avatar": page["id"]})).await.names("avatar");
    alice.get(&format!("/api/files/{}/", page["id"])).await.is(200);
}
