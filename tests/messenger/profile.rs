//! `/profiles/api/profile/` and `…/search-user/`: who somebody is.

use serde_json::{Value, json};

use super::{ADD_FRIEND, PLACES, POSTS, PROFILE, SEARCH, keys};
use crate::world::bytes::PNG;
use crate::world::{Fireside, Person, id, people};

const DEFAULT_IMAGE: &str = "/media/user_images/default.jpg";

async fn finds(person: &Person, name: &str) -> Value {
    person.get(&format!("{SEARCH}?username={name}")).await.is(200).json()
}

#[tokio::test]
async fn ones_own_profile_is_as_documented() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    alice.patch(&format!("/api/users/{}/", alice.id), &json!({"bio": "Био"})).await.is(200);
    let post = alice.post(POSTS, &json!({"title": "Пост 1", "content": "Текст"})).await.is(201).json();
    bob.post(POSTS, &json!({"title": "Bob's", "content": "not hers"})).await.is(201);
    let profile = json!({
        "id": alice.id, "username": "alice", "email": "alice@example.com",
        "profile": {"image": DEFAULT_IMAGE, "bio": "Био", "friends": []},
        "posts": [post],
    });
    for place in PLACES {
        let answer = alice.through(place).get(PROFILE).await.says(200, &profile);
        assert!(answer.header("cache-control").contains("no-store"), "{answer}");
        alice.through(place).get(PROFILE.trim_end_matches('/')).await.says(200, &profile);
    }
    let head = alice.asks(reqwest::Method::HEAD, PROFILE).await.is(200);
    assert!(head.body.is_empty());
    fireside.anyone().get(PROFILE).await.refused_with_detail(401);
}

#[tokio::test]
async fn whoever_has_no_picture_has_the_servers() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    assert_eq!(finds(&alice, "alice").await["profile"]["image"], DEFAULT_IMAGE);
    let shown = fireside.anyone().get(DEFAULT_IMAGE).await.is(200);
    assert_eq!(shown.header("content-type"), "image/jpeg");
    assert!(shown.body.starts_with(&[0xff, 0xd8, 0xff]));

    let picture = alice.uploads("me.png", PNG).await;
    let avatar = json!({"avatar": id(&picture)});
    alice.patch(&format!("/api/users/{}/", alice.id), &avatar).await.is(200);
    let image = finds(&alice, "alice").await["profile"]["image"].as_str().unwrap().to_owned();
    assert!(image.starts_with("/media/user_images/") && image != DEFAULT_IMAGE, "{image}");
    assert_eq!(fireside.anyone().get(&image).await.is(200).body, PNG);
}

#[tokio::test]
async fn a_search_finds_exactly_one_as_documented() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let jane = fireside.registers("jane_doe").await;
    jane.patch(&format!("/api/users/{}/", jane.id), &json!({"bio": "Jane's bio"})).await.is(200);
    let found = json!({
        "id": jane.id, "username": "jane_doe", "email": "jane_doe@example.com",
        "profile": {"image": DEFAULT_IMAGE, "bio": "Jane's bio", "friends": []},
        "posts": [],
    });
    for place in PLACES {
        for path in [format!("{SEARCH}?username=jane_doe"), "/profiles/api/search-user?username=%20Jane_Doe%20".into()]
        {
            alice.through(place).get(&path).await.says(200, &found);
        }
    }
    let post = jane.post(POSTS, &json!({"title": "Hers", "content": "text"})).await.is(201).json();
    assert_eq!(finds(&alice, "jane_doe").await["posts"], json!([post]));
}

#[tokio::test]
async fn a_search_for_nothing_and_one_in_vain_are_told_apart() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let empty = json!({"error": "Введите логин пользователя для поиска."});
    for query in ["", "?username=", "?username=%20%09", "?name=alice"] {
        alice.get(&format!("{SEARCH}{query}")).await.says(400, &empty);
    }
    let nobody = json!({"error": "Пользователь не найден."});
    for name in ["bob", "ali", "alice2", "alice%40example.com", "%25", "a%00b"] {
        alice.get(&format!("{SEARCH}?username={name}")).await.says(404, &nobody);
    }
    finds(&alice, "alice").await;
    fireside.anyone().get(&format!("{SEARCH}?username=alice")).await.refused_with_detail(401);
}

#[tokio::test]
async fn friends_are_shown_to_oneself_and_to_friends() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol, dave);
    alice.post(ADD_FRIEND, &json!({"username": "carol"})).await.is(200);
    bob.post(ADD_FRIEND, &json!({"username": "alice"})).await.is(200);
    let hers = json!([bob.id, carol.id]);
    assert_eq!(alice.get(PROFILE).await.is(200).json()["profile"]["friends"], hers);
    for friend in [&alice, &bob, &carol] {
        assert_eq!(finds(friend, "alice").await["profile"]["friends"], hers);
    }
    assert_eq!(finds(&dave, "alice").await["profile"]["friends"], json!([]));
    assert_eq!(finds(&bob, "carol").await["profile"]["friends"], json!([]), "a friend's friend is none");
    assert_eq!(keys(&finds(&dave, "alice").await), ["email", "id", "posts", "profile", "username"]);
}
