//! What is kept of one person, for them: all of theirs, and nothing of others but names.

use serde_json::json;

use super::{exports, imports, of_type, records, unpacked};
use crate::world::{Fireside, Home, Room, people};

#[tokio::test]
async fn a_person_gets_their_own_and_nobody_elses() {
    let shelf = tempfile::tempdir().unwrap();
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    fireside.registers("stranger").await;
    let den = alice.opens_room("the den").await;
    bob.joins(&den).await;
    let attic = bob.opens_room("the attic").await;
    bob.posts("in the attic").in_room(&attic).await;
    let file = alice.uploads("mine.txt", b"the bytes of alice").await;
    let other = bob.uploads("his.txt", b"the bytes of bob").await;
    let said = alice.posts("alice says").with_file(&file).in_room(&den).await;
    let his = bob.posts("bob says").with_file(&other).in_room(&den).await;
    let chat = alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201).json();
    bob.posts("bob whispers").in_room(&Room::of(&chat)).await;
    let path = format!("/messages/api/messages/{}/reactions/", his["id"]);
    alice.post(&path, &json!({"emoji": "👍"})).await;
    alice.post("/profiles/api/add-friend/", &json!({"username": "bob"})).await;
    alice.post("/profiles/api/posts/", &json!({"title": "of alice", "content": "a post"})).await.is(201);
    bob.post("/profiles/api/posts/", &json!({"title": "of bob", "content": "a post of his"})).await.is(201);

    let archive = shelf.path().join("alice.tar");
    exports(&fireside.home, &archive, &["--user", "Alice"]).await.succeeded();
    let folder = unpacked(&archive);
    let text = std::fs::read_to_string(folder.join("records.jsonl")).unwrap();
    for others in ["bob says", "bob whispers", "in the attic", "the attic", "his.txt", "of bob", &bob.email, "stranger"]
    {
        assert!(!text.contains(others), "{others}: {text}");
    }
    for secret in ["argon2", "secret_sha256", &alice.token] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let lines = records(&folder);
    assert_eq!(lines[0]["scope"], "user");
    let users = of_type(&lines, "user");
    assert_eq!((users[0]["username"].as_str(), users[0]["email"].as_str()), (Some("alice"), Some(&*alice.email)));
    assert_eq!(users[1].as_object().unwrap().keys().collect::<Vec<_>>(), ["display_name", "id", "type", "username"]);
    let messages = of_type(&lines, "message");
    assert_eq!((messages.len(), &messages[0]["text"], &messages[0]["id"]), (1, &json!("alice says"), &said["id"]));
    assert!(of_type(&lines, "chat").iter().any(|chat| chat["title"] == "the den"), "{text}");
    let kinds: Vec<_> = of_type(&lines, "credential").iter().map(|held| held["kind"].clone()).collect();
    assert!(kinds.contains(&json!("account")) && kinds.contains(&json!("device")), "{kinds:?}");
    for (kind, count) in [("post", 1), ("file", 1), ("member", 2), ("friend", 1)] {
        assert_eq!(of_type(&lines, kind).len(), count, "{kind}: {text}");
    }
    let files: Vec<_> = std::fs::read_dir(folder.join("files")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(std::fs::read(&files[0]).unwrap(), b"the bytes of alice");

    let home = Home::new();
    let refused = imports(&archive, &home, &[]).await;
    assert!(refused.failed_with(1).stderr.contains("one person's own data"), "{refused:?}");
    assert!(!home.data().exists());
}
