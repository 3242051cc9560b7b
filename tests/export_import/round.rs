//! A seeded server's world, elsewhere: old passwords and tokens, and the same to be seen
//! through every dialect.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{exports, imports, of_type, records, signs_in, tries_to_sign_in, unpacked};
use crate::world::bytes::PNG;
use crate::world::{Caller, Fireside, Home, Person};

const WORLD: [&str; 11] =
    ["seed", "--people", "6", "--chats", "10", "--messages", "300", "--until", "2025-06-01", "--seed", "11"];

async fn pages(asker: &Caller, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let first = if path.contains('?') { '&' } else { '?' };
    for page in 1.. {
        let answer = asker.get(&format!("{path}{first}page_size=100&page={page}")).await.is(200).json();
        all.extend(answer["results"].as_array().unwrap().iter().cloned());
        if answer["next"].is_null() {
            break;
        }
    }
    all
}

/// Without what is given anew: numbers of messages and files, and what leads to them.
fn lasting(thing: &Value) -> Value {
    match thing {
        Value::Object(fields) => {
            let is_new = |name: &str| {
                matches!(name, "id" | "seq" | "url" | "reply_to" | "avatar" | "image" | "last_seen")
                    || name.ends_with("_id")
            };
            fields
                .iter()
                .filter(|(name, _)| !is_new(name))
                .map(|(name, value)| (name.clone(), lasting(value)))
                .collect()
        }
        Value::Array(things) => things.iter().map(lasting).collect(),
        other => other.clone(),
    }
}

/// What a message answers, as its text.
fn answers(history: &[Value]) -> Vec<Option<String>> {
    let text = |id: &Value| {
        let found = history.iter().find(|message| message["id"] == *id);
        found.map(|message| message["content"].as_str().unwrap().to_owned())
    };
    history.iter().map(|message| text(&message["reply_to"])).collect()
}

/// All that somebody sees through the five dialects.
async fn sees(me: &Person, names: &[String]) -> Vec<Value> {
    let mut seen = Vec::new();
    let chats = pages(me, "/messages/api/chats/").await;
    for chat in &chats {
        let id = chat["id"].as_i64().unwrap();
        let history = pages(me, &format!("/messages/api/chats/{id}/messages/")).await;
        seen.push(json!({"unread": chat["unread_count"], "id": id, "answers": answers(&history)}));
        for file in history.iter().flat_map(|message| message["attachments"].as_array().unwrap()) {
            let bytes = me.get(file["url"].as_str().unwrap()).await.is(200).body;
            seen.push(json!(hex::encode(Sha256::digest(&bytes))));
        }
        seen.push(Value::Array(history));
        seen.push(Value::Array(pages(me, &format!("/d/rooms/api/rooms/{id}/messages/")).await));
        seen.push(me.get(&format!("/messages/api/chats/{id}/log/")).await.is(200).json());
    }
    seen.push(Value::Array(chats));
    seen.push(Value::Array(pages(me, "/d/rooms/api/rooms/").await));
    seen.push(me.get("/d/directs/api/chats/").await.is(200).json());
    for name in names {
        seen.push(Value::Array(pages(me, &format!("/d/inbox/api/messages/?user={name}")).await));
    }
    let rooms = me.get("/d/messenger/messenger/api/user/chatrooms/").await.is(200).json();
    for room in rooms.as_array().unwrap() {
        let name = room["name"].as_str().unwrap();
        seen.push(me.get(&format!("/d/messenger/messenger/api/chatrooms/{name}/messages/")).await.is(200).json());
    }
    seen.push(rooms);
    seen.push(me.get("/profiles/api/profile/").await.is(200).json());
    seen.push(me.get("/profiles/api/posts/").await.is(200).json());
    // Last, since who comes by this has read.
    let directs = me.get("/d/directs/api/chats/").await.is(200).json();
    for chat in directs.as_array().unwrap() {
        let id = chat["id"].as_i64().unwrap();
        let count = pages(me, &format!("/messages/api/chats/{id}/messages/")).await.len();
        let mut listener = me.through("/d/directs").handshake(&format!("/ws/chat/{id}/")).enters().await;
        for _ in 0..count {
            seen.push(listener.frame().await);
        }
    }
    seen
}

#[tokio::test]
async fn a_world_elsewhere_is_the_same_through_every_dialect() {
    let shelf = tempfile::tempdir().unwrap();
    let (here, there) = (Home::new(), Home::new());
    here.runs(&WORLD, "").await.succeeded();
    let old = Fireside::start_in(here.clone(), &[]).await;
    let archive = shelf.path().join("world.tar");
    // Beside a running server.
    let said = exports(&here, &archive, &["--with-secrets"]).await.succeeded().stdout.clone();
    let lines = records(&unpacked(&archive));
    assert!(said.contains(&format!("{} records", lines.len())), "{said}");
    let said = imports(&archive, &there, &[]).await.succeeded().stdout.clone();
    assert!(said.contains("300 messages came") && said.contains("6 users came"), "{said}");
    assert!(!said.contains("no password"), "{said}");
    let new = Fireside::start_in(there, &[]).await;
    let names: Vec<String> =
        of_type(&lines, "user").iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect();
    let (mut files, mut unread) = (0, BTreeSet::new());
    for name in &names {
        tries_to_sign_in(&new, name, "not the password").await.is(401);
        let before = sees(&signs_in(&old, name, "fireside").await, &names).await;
        let after = sees(&signs_in(&new, name, "fireside").await, &names).await;
        assert_eq!(before.len(), after.len());
        for (one, other) in before.iter().zip(&after) {
            assert_eq!(lasting(one), lasting(other), "as {name} sees it");
        }
        files += before.iter().filter(|thing| thing.is_string()).count();
        unread.extend(before.iter().filter_map(|thing| thing["unread"].as_i64()));
    }
    assert!(files > 0 && unread.len() > 1, "{files} files, unread {unread:?}: there was something to compare");
}

#[tokio::test]
async fn a_bot_has_its_maker_elsewhere_and_no_token_without_them() {
    let shelf = tempfile::tempdir().unwrap();
    let old = Fireside::start_with(&["--bots", "open"]).await;
    let alice = old.registers("alice").await;
    let made = alice.post("/api/server/bots/", &json!({"username": "robot", "display_name": "R"})).await.is(201).json();
    let token = crate::world::caller::Credential::Token(made["token"].as_str().unwrap().to_owned());
    let me = "/api/auth/me/";
    old.anyone().showing(token.clone()).get(me).await.is(200);
    old.home.runs(&["user", "disable", "alice"], "").await.succeeded();
    let archive = shelf.path().join("all.tar");
    exports(&old.home, &archive, &["--with-secrets"]).await.succeeded();
    let home = Home::new();
    imports(&archive, &home, &[]).await.succeeded();
    let new = Fireside::start_in(home, &["--bots", "open"]).await;
    let bot = new.anyone().showing(token);
    bot.get(me).await.is(401);
    new.home.runs(&["user", "enable", "alice"], "").await.succeeded();
    bot.get(me).await.is(200);
    let alice = signs_in(&new, "alice", &alice.password).await;
    assert_eq!(alice.get("/api/server/bots/").await.is(200).results().len(), 1, "and it is hers");
    // None that is not there has made one.
    let folder = unpacked(&archive);
    let text = std::fs::read_to_string(folder.join("records.jsonl")).unwrap();
    let maker = format!("\"made_by\":{}", of_type(&records(&folder), "user")[0]["id"]);
    assert!(text.contains(&maker), "{text}");
    std::fs::write(folder.join("records.jsonl"), text.replace(&maker, "\"made_by\":77")).unwrap();
    let refused = imports(&folder, &Home::new(), &[]).await;
    assert!(refused.failed_with(1).stderr.contains("made_by: there is no user 77"), "{refused:?}");
}

#[tokio::test]
async fn tokens_open_elsewhere_if_secrets_went_along_and_not_else() {
    let shelf = tempfile::tempdir().unwrap();
    let old = Fireside::start().await;
    let alice = old.registers("alice").await;
    let den = alice.opens_room("den").await;
    alice.posts("said before").in_room(&den).await;
    let page = alice.signs_in_by_page().await;
    let account = alice.get("/api/token/").await.is(200).json()["token"].as_str().unwrap().to_owned();
    let (with, without) = (shelf.path().join("with.tar"), shelf.path().join("without.tar"));
    exports(&old.home, &with, &["--with-secrets"]).await.succeeded();
    exports(&old.home, &without, &[]).await.succeeded();

    let home = Home::new();
    imports(&with, &home, &[]).await.succeeded();
    let new = Fireside::start_in(home, &[]).await;
    let back = alice.back_to(&new);
    assert_eq!(back.reads(&den).await, ["said before"]);
    let token = |token: &str| new.anyone().showing(crate::world::caller::Credential::Token(token.to_owned()));
    token(&account).get("/api/auth/me/").await.is(200);
    let again = back.get("/api/token/").await.is(200).json()["token"].as_str().unwrap().to_owned();
    assert_ne!(again, account, "the new server has a secret of its own");
    token(&again).get("/api/auth/me/").await.is(200);
    let browser = new.anyone().showing(crate::world::caller::Credential::Session(page));
    browser.get("/api/auth/me/").await.is(401);

    let home = Home::new();
    let said = imports(&without, &home, &[]).await.succeeded().stdout.clone();
    assert!(said.contains("1 users have no password here"), "{said}");
    let new = Fireside::start_in(home.clone(), &[]).await;
    alice.back_to(&new).get("/api/auth/me/").await.is(401);
    tries_to_sign_in(&new, "alice", &alice.password).await.is(401);
    home.runs(&["user", "passwd", "alice", "--password-file", "-"], "another long password\n").await.succeeded();
    let alice = signs_in(&new, "alice", "another long password").await;
    assert_eq!(alice.reads(&den).await, ["said before"]);
    let text = std::fs::read(&without).unwrap();
    assert!(
        !text.windows(7).any(|bytes| bytes == b"argon2i") && !text.windows(13).any(|bytes| bytes == b"secret_sha256")
    );
}

#[tokio::test]
async fn two_exports_of_one_state_are_the_same() {
    let shelf = tempfile::tempdir().unwrap();
    let home = Home::new();
    home.runs(&WORLD, "").await.succeeded();
    let (one, other) = (shelf.path().join("one.tar"), shelf.path().join("other.tar"));
    exports(&home, &one, &[]).await.succeeded();
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    exports(&home, &other, &[]).await.succeeded();
    let bytes = std::fs::read(&one).unwrap();
    assert!(bytes == std::fs::read(&other).unwrap());
    let fireside = Fireside::start_in(home.clone(), &[]).await;
    fireside.registers("somebody-new").await;
    let changed = shelf.path().join("changed.tar");
    exports(&home, &changed, &[]).await.succeeded();
    assert!(bytes != std::fs::read(&changed).unwrap());
}

#[tokio::test]
async fn a_group_has_its_picture_elsewhere_too() {
    let mut fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let wish = json!({"chat_type": "group", "title": "Garden", "member_ids": [bob.id]});
    let chat = alice.post("/messages/api/chats/", &wish).await.is(201).json()["id"].as_i64().unwrap();
    let path = format!("/messages/api/chats/{chat}/");
    let picture = alice.uploads("garden.png", PNG).await;
    alice.patch(&path, &json!({"avatar": picture["id"]})).await.is(200);
    fireside.is_asked_to_stop().await;
    let folder = tempfile::tempdir().unwrap();
    let number = chat.to_string();
    for flags in [&[][..], &["--chat", &number]] {
        let archive = folder.path().join(format!("{}.tar", flags.len()));
        exports(&fireside.home, &archive, flags).await.succeeded();
        let other = Home::new();
        imports(&archive, &other, &[]).await.succeeded();
        let there = Fireside::start_in(other, &[]).await;
        there
            .home
            .runs(&["user", "passwd", "bob", "--password-file", "-"], "another long password\n")
            .await
            .succeeded();
        let token = signs_in(&there, "bob", "another long password").await;
        let chats = token.get("/messages/api/chats/").await.is(200).results();
        let url = chats[0]["avatar_url"].as_str().expect("a picture").to_owned();
        assert_eq!(there.anyone().get(&url).await.is(200).body, PNG);
    }
}
