//! Names that are taken where an import goes.

use super::{exports, imports, signs_in, tries_to_sign_in};
use crate::world::{Fireside, Home, Person};

/// Alice and bob here; another bob, with carol, in an archive. Servers are stopped.
async fn two_bobs(shelf: &std::path::Path) -> (Home, std::path::PathBuf) {
    let mut there = Fireside::start().await;
    let (bob, carol) = (there.registers("bob").await, there.registers("carol").await);
    let chat = bob.post("/api/chats/create/", &serde_json::json!({"user_id": carol.id})).await.is(201).json();
    let chat = crate::world::Room::of(&chat);
    bob.posts("from the other bob").in_room(&chat).await;
    assert_eq!(there.is_asked_to_stop().await, Some(0));
    there.home.runs(&["user", "passwd", "bob", "--password-file", "-"], "the other password\n").await.succeeded();
    let archive = shelf.join("there.tar");
    exports(&there.home, &archive, &["--with-secrets"]).await.succeeded();

    let mut here = Fireside::start().await;
    let (alice, bob) = (here.registers("alice").await, here.registers("bob").await);
    let carol = here.registers("carol").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let chat = bob.post("/api/chats/create/", &serde_json::json!({"user_id": carol.id})).await.is(201).json();
    bob.posts("from this bob").in_room(&crate::world::Room::of(&chat)).await;
    assert_eq!(here.is_asked_to_stop().await, Some(0));
    (here.home.clone(), archive)
}

async fn texts(me: &Person, chat: &serde_json::Value) -> Vec<String> {
    let path = format!("/messages/api/chats/{}/messages/", chat["id"]);
    let found = me.get(&path).await.is(200).results();
    found.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

async fn chats(me: &Person) -> Vec<serde_json::Value> {
    me.get("/messages/api/chats/?chat_type=dm").await.is(200).results()
}

#[tokio::test]
async fn without_a_word_nothing_comes_and_the_names_are_told() {
    let shelf = tempfile::tempdir().unwrap();
    let (home, archive) = two_bobs(shelf.path()).await;
    let before = std::fs::read(home.data().join("fireside.db")).unwrap();
    let refused = imports(&archive, &home, &[]).await;
    let said = &refused.failed_with(1).stderr;
    assert!(said.contains("bob") && said.contains("carol") && said.contains("--on-conflict"), "{said}");
    assert!(before == std::fs::read(home.data().join("fireside.db")).unwrap());
    imports(&archive, &home, &["--on-conflict", "guess"]).await.failed_with(2);
}

#[tokio::test]
async fn merged_people_keep_their_password_and_their_pair_one_chat() {
    let shelf = tempfile::tempdir().unwrap();
    let (home, archive) = two_bobs(shelf.path()).await;
    let said = imports(&archive, &home, &["--on-conflict", "merge"]).await.succeeded().stdout.clone();
    assert!(said.contains("2 users were here already") && said.contains("bob is one with"), "{said}");
    let fireside = Fireside::start_in(home, &[]).await;
    tries_to_sign_in(&fireside, "bob", "the other password").await.is(401);
    let carol = signs_in(&fireside, "carol", "correct horse carol").await;
    let chats = chats(&carol).await;
    assert_eq!(chats.len(), 1);
    assert_eq!(texts(&carol, &chats[0]).await, ["from the other bob", "from this bob"]);
    assert_eq!(chats[0]["unread_count"], 2);
    assert_eq!(carol.get("/api/users/?page=1").await.is(200).json()["count"], 3);
}

#[tokio::test]
async fn renamed_people_are_others_under_another_name() {
    let shelf = tempfile::tempdir().unwrap();
    let (home, archive) = two_bobs(shelf.path()).await;
    let said = imports(&archive, &home, &["--on-conflict", "rename"]).await.succeeded().stdout.clone();
    assert!(said.contains("bob comes as bob-2") && said.contains("somebody here has it"), "{said}");
    let fireside = Fireside::start_in(home, &[]).await;
    let bob = signs_in(&fireside, "bob", "correct horse bob").await;
    assert_eq!(texts(&bob, &chats(&bob).await[0]).await, ["from this bob"]);
    let other = signs_in(&fireside, "bob-2", "the other password").await;
    let theirs = chats(&other).await;
    assert_eq!((theirs.len(), texts(&other, &theirs[0]).await), (1, vec!["from the other bob".to_owned()]));
    assert_eq!(bob.get("/api/users/?page=1").await.is(200).json()["count"], 5);
}
