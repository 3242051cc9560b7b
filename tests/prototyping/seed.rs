//! `fireside seed`: the same number makes the same world, and one that the rules allow.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::world::{Caller, Fireside, Home, Person};

const SMALL: [&str; 9] = ["seed", "--people", "8", "--chats", "12", "--messages", "400", "--until", "2025-06-01"];

async fn seeded(seed: &str) -> Home {
    let home = Home::new();
    home.runs(&[&SMALL[..], &["--seed", seed]].concat(), "").await.succeeded();
    home
}

async fn signs_in(fireside: &Fireside, username: &str, password: &str) -> Person {
    let login = json!({"username": username, "password": password});
    let answer = fireside.anyone().post("/api/auth/login/", &login).await.is(200).json();
    Person::of(fireside.anyone(), &answer, password.to_owned())
}

async fn usernames(home: &Home) -> Vec<String> {
    let listed = home.runs(&["user", "list", "--json"], "").await;
    let users: Vec<Value> = serde_json::from_str(&listed.succeeded().stdout).unwrap();
    users.iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

async fn pages(asker: &Caller, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for page in 1.. {
        let answer = asker.get(&format!("{path}?page_size=100&page={page}")).await.is(200).json();
        all.extend(answer["results"].as_array().unwrap().iter().cloned());
        if answer["next"].is_null() {
            break;
        }
    }
    all
}

/// What everybody sees through the API: chats, every message, profiles, posts.
async fn export(fireside: &Fireside, names: &[String]) -> (BTreeMap<i64, Vec<Value>>, Vec<Value>) {
    let (mut messages, mut rest) = (BTreeMap::new(), Vec::new());
    for name in names {
        let person = signs_in(fireside, name, "fireside").await;
        for chat in pages(&person, "/messages/api/chats/").await {
            let id = chat["id"].as_i64().unwrap();
            let history = pages(&person, &format!("/messages/api/chats/{id}/messages/")).await;
            let before = messages.insert(id, history.clone());
            assert!(before.is_none_or(|before| before == history), "all members read the same");
            rest.push(chat);
        }
        rest.push(person.get("/profiles/api/profile/").await.is(200).json());
        rest.push(person.get("/profiles/api/posts/").await.is(200).json());
    }
    (messages, rest)
}

#[tokio::test]
async fn a_seed_means_the_same_world_again() {
    let (one, again, other) = (seeded("7").await, seeded("7").await, seeded("8").await);
    let names = usernames(&one).await;
    assert_eq!(names, usernames(&again).await);
    assert_eq!(names.len(), 8);
    let other_names = usernames(&other).await;
    assert_ne!(names, other_names);
    let first = export(&Fireside::start_in(one, &[]).await, &names).await;
    assert_eq!(first, export(&Fireside::start_in(again, &[]).await, &names).await);
    assert_ne!(first.0, export(&Fireside::start_in(other, &[]).await, &other_names).await.0);
}

#[tokio::test]
async fn the_world_has_what_was_asked_for_and_is_of_every_kind() {
    let home = seeded("3").await;
    let names = usernames(&home).await;
    let fireside = Fireside::start_in(home, &[]).await;
    let (chats, rest) = export(&fireside, &names).await;
    let all: Vec<&Value> = chats.values().flatten().collect();
    assert_eq!((chats.len(), all.len()), (12, 400));
    let some = |what: &str, found: usize| assert!(found > 0 && found < 400, "{found} messages {what}");
    let count = |is: fn(&&&Value) -> bool| all.iter().filter(is).count();
    let text = |message: &Value| message["content"].as_str().unwrap().to_owned();
    some("in Russian", all.iter().filter(|message| text(message).contains(|c: char| ('а'..='я').contains(&c))).count());
    some("in English", all.iter().filter(|message| text(message).contains(|c: char| c.is_ascii_lowercase())).count());
    some("that answer another", count(|message| !message["reply_to"].is_null()));
    some("with reactions", count(|message| !message["reactions"].as_array().unwrap().is_empty()));
    some("that were edited", count(|message| message["is_edited"] == true));
    some("with a picture", count(|message| !message["attachments"].as_array().unwrap().is_empty()));
    let unread = |chat: &&Value| chat["unread_count"].as_i64() > Some(0);
    let places: Vec<&Value> = rest.iter().filter(|chat| !chat["unread_count"].is_null()).collect();
    let waiting = places.iter().filter(|chat| unread(chat)).count();
    assert!(waiting > 0 && waiting < places.len(), "{waiting} of {} have something new", places.len());
    for message in &all {
        let at = message["created_at"].as_str().unwrap();
        assert!(("2025-04-20"..="2025-06-01T00:00:00.000Z").contains(&at), "{at}");
        assert!(!text(message).trim().is_empty() && !text(message).contains(['{', '}']), "{message}");
    }
    let texts: BTreeSet<String> = all.iter().map(|message| text(message)).collect();
    assert!(texts.len() > 150, "{} different texts", texts.len());
    let kinds: BTreeSet<&str> = rest.iter().filter_map(|chat| chat["chat_type"].as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["dm", "group"]));

    let alice = signs_in(&fireside, &names[0], "fireside").await;
    let posts = rest.iter().filter_map(|posts| posts.as_array()).flatten().count();
    assert!(posts > 0, "somebody wrote a post");
    let public = pages(&alice, "/api/rooms/").await.into_iter().filter(|room| room["is_private"] == false).count();
    assert!(public > 0 || !alice.get("/api/rooms/?public=true").await.is(200).results().is_empty(), "some are public");
    for message in all.iter().filter(|message| !message["attachments"].as_array().unwrap().is_empty()) {
        let sender = message["sender"]["username"].as_str().unwrap();
        let file = &message["attachments"][0];
        let person = signs_in(&fireside, sender, "fireside").await;
        let picture = person.get(file["url"].as_str().unwrap()).await.is(200);
        assert_eq!(picture.header("content-type"), "image/png");
        assert!(picture.body.starts_with(b"\x89PNG"));
    }
}

#[tokio::test]
async fn whoever_is_there_already_is_not_disturbed() {
    let home = Home::new();
    home.runs(&["user", "create", "anna", "--password-file", "-"], "correct horse anna\n").await.succeeded();
    let refused = home.runs(&SMALL, "").await;
    assert!(refused.failed_with(1).stderr.contains("--add"), "{refused:?}");
    assert_eq!(usernames(&home).await, ["anna"]);

    let people = ["seed", "--people", "60", "--chats", "1", "--messages", "10", "--add"];
    home.runs(&people, "").await.succeeded();
    let names = usernames(&home).await;
    assert_eq!(names.len(), 61);
    assert!(names.contains(&"anna2".to_owned()), "{names:?}");
    let fireside = Fireside::start_in(home, &[]).await;
    signs_in(&fireside, "anna", "correct horse anna").await;
    signs_in(&fireside, "anna2", "fireside").await;
    let running = fireside.home.runs(&people, "").await;
    running.failed_with(75);
}

#[tokio::test]
async fn it_says_whom_to_sign_in_as_and_the_password_may_be_another() {
    let home = Home::new();
    let file = home.log_file().with_file_name("password");
    std::fs::write(&file, "another password\n").unwrap();
    let words = [&SMALL[..], &["--password-file", file.to_str().unwrap()]].concat();
    let said = home.runs(&words, "").await.succeeded().stdout.clone();
    let names = usernames(&home).await;
    assert!(said.contains("8 people, 12 chats, 400 messages") && said.contains(&names[0]), "{said}");
    assert!(!said.contains("another password"), "{said}");
    let fireside = Fireside::start_in(home, &[]).await;
    signs_in(&fireside, &names[0], "another password").await;
    let wrong = json!({"username": names[0], "password": "fireside"});
    fireside.anyone().post("/api/auth/login/", &wrong).await.is(401);
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let home = Home::new();
    for flags in [
        &["--people", "1"][..],
        &["--people", "2001"],
        &["--chats", "0"],
        &["--weeks", "0"],
        &["--until", "2999-01-01"],
    ] {
        home.runs(&[&["seed"], flags].concat(), "").await.failed_with(2);
    }
    home.runs(&["seed", "--people", "2", "--chats", "501"], "").await.failed_with(78);
    assert!(!home.data().exists());
}
