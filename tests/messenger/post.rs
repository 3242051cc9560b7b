//! `/profiles/api/posts/`: what everybody reads.

use serde_json::{Value, json};

use super::{PLACES, POSTS, PROFILE, is_a_moment, keys};
use crate::world::{Fireside, id, people};

fn post(title: &str, content: &str) -> Value {
    json!({"title": title, "content": content})
}

#[tokio::test]
async fn a_post_is_published_as_documented_and_read_by_all() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let first = alice.post(POSTS, &post(" Новый пост ", " Текст\nв две строки ")).await.is(201).json();
    assert_eq!(keys(&first), ["author", "content", "created_at", "id", "title"]);
    let author = json!({
        "id": alice.id, "username": "alice", "display_name": "alice", "image": "/media/user_images/default.jpg",
    });
    assert_eq!(first["author"], author);
    assert_eq!(first["title"], "Новый пост");
    assert_eq!(first["content"], "Текст\nв две строки");
    is_a_moment(&first["created_at"]);
    let form = [("title", "by form"), ("content", "text")];
    let second = bob.sends_form(POSTS.trim_end_matches('/'), &form).await.is(201).json();
    let third = alice.through("/d/messenger").post(POSTS, &post("third", "text")).await.is(201).json();
    let all = json!([first, second, third]);
    for place in PLACES {
        let answer = bob.through(place).get(POSTS).await.says(200, &all);
        assert!(!answer.text().contains("@example.com"), "{answer}");
    }
    assert_eq!(alice.get(PROFILE).await.json()["posts"], json!([first, third]));
    assert_eq!(bob.get(PROFILE).await.json()["posts"], json!([second]));
    fireside.anyone().get(POSTS).await.refused_with_detail(401);
    fireside.anyone().post(POSTS, &post("x", "y")).await.refused_with_detail(401);
}

#[tokio::test]
async fn where_there_is_none_the_list_is_empty() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    alice.get(POSTS).await.says(200, &json!([]));
    assert_eq!(alice.get(PROFILE).await.json()["posts"], json!([]));
}

#[tokio::test]
async fn many_posts_come_whole_and_in_order() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let mut hers = Vec::new();
    for number in 0..65 {
        let author = if number % 3 == 0 { &bob } else { &alice };
        let made = author.post(POSTS, &post(&number.to_string(), "text")).await.is(201).json();
        if number % 3 != 0 {
            hers.push(made);
        }
    }
    let all = bob.get(POSTS).await.is(200).json();
    let titles: Vec<String> =
        all.as_array().unwrap().iter().map(|post| post["title"].as_str().unwrap().to_owned()).collect();
    assert_eq!(titles, (0..65).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(alice.get(PROFILE).await.is(200).json()["posts"], json!(hers));
}

#[tokio::test]
async fn title_and_content_are_needed_and_end_somewhere() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for field in ["title", "content"] {
        for wrong in [json!(null), json!(""), json!(" \n"), json!(5), json!(true), json!(["x"]), json!({})] {
            let mut body = post("title", "content");
            body[field] = wrong;
            alice.post(POSTS, &body).await.blames(field);
        }
        let mut body = post("title", "content");
        body.as_object_mut().unwrap().remove(field);
        alice.post(POSTS, &body).await.says(400, &json!({field: ["This field is required."]}));
    }
    alice.post(POSTS, &post(&"ж".repeat(256), "x")).await.blames("title");
    alice.post(POSTS, &post("x", &"ж".repeat(100_001))).await.blames("content");
    alice.get(POSTS).await.says(200, &json!([]));
    alice.post(POSTS, &post(&"ж".repeat(255), &"ж".repeat(100_000))).await.is(201);
}

#[tokio::test]
async fn who_wrote_it_is_never_taken_from_the_body() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let mut forged = post("title", "text");
    for (field, value) in [("id", json!(4711)), ("author", json!(alice.id)), ("user", json!(alice.id))] {
        forged[field] = value;
    }
    forged["created_at"] = json!("1999-01-01T00:00:00.000Z");
    let made = bob.post(POSTS, &forged).await.is(201).json();
    assert_ne!(id(&made), 4711);
    assert!(!made["created_at"].as_str().unwrap().starts_with("1999"));
    assert_eq!(bob.get(PROFILE).await.json()["posts"], json!([made]));
    assert_eq!(alice.get(PROFILE).await.json()["posts"], json!([]));
}
