//! An export of an older version, whose rules took names that today's refuse: all of it comes.

use serde_json::json;

use super::{exports, imports, signs_in, tries_to_sign_in};
use crate::backup::damage;
use crate::world::home::Outcome;
use crate::world::{Fireside, Home, Person, id};

/// The archive with texts in its records changed, and its checksum right.
fn with_older(archive: &[u8], changes: &[(&str, &str)]) -> Vec<u8> {
    damage::forged(archive, |name, content| {
        if name == "records.jsonl" {
            let mut text = String::from_utf8(content.clone()).unwrap();
            for (from, to) in changes {
                assert!(text.contains(from), "{from}: {text}");
                text = text.replace(from, to);
            }
            *content = text.into_bytes();
        }
        vec![name.to_owned()]
    })
}

/// People in a room of theirs, and the archive in which some of them are called as an older version let them.
struct Older {
    archive: Vec<u8>,
    alice: Person,
    others: Vec<Person>,
}

impl Older {
    async fn with(changes: &[(&str, &str)]) -> Self {
        let mut there = Fireside::start().await;
        let alice = there.registers("alice").await;
        let den = alice.opens_room("the den").await;
        let mut others = Vec::new();
        for name in ["filler", "unseen", "coco", "likeness"] {
            let person = there.registers(name).await;
            person.joins(&den).await;
            person.posts(&format!("I am {name}")).in_room(&den).await;
            others.push(person);
        }
        let message = id(&alice.posts("hello").in_room(&den).await);
        let thumb = json!({"emoji": "👍"});
        alice.post(&format!("/messages/api/messages/{message}/reactions/"), &thumb).await.is(200);
        alice.post("/profiles/api/posts/", &json!({"title": "a post", "content": "words"})).await.is(201);
        assert_eq!(there.is_asked_to_stop().await, Some(0));
        let shelf = tempfile::tempdir().unwrap();
        let path = shelf.path().join("there.tar");
        exports(&there.home, &path, &["--with-secrets"]).await.succeeded();
        let archive = with_older(&std::fs::read(&path).unwrap(), changes);
        Self { archive, alice, others }
    }

    async fn is_imported_into(&self, home: &Home) -> Outcome {
        let shelf = tempfile::tempdir().unwrap();
        let path = shelf.path().join("older.tar");
        std::fs::write(&path, &self.archive).unwrap();
        imports(&path, home, &[]).await
    }
}

#[tokio::test]
async fn names_that_are_refused_today_come_without_what_is_refused_and_are_told() {
    let older = Older::with(&[
        ("\"username\":\"filler\"", "\"username\":\"하늘\u{1160}\""),
        ("\"display_name\":\"filler\"", "\"display_name\":\"\u{3164}\""),
        ("\"username\":\"unseen\"", "\"username\":\"\u{1160}\u{115f}\""),
        ("\"username\":\"likeness\"", "\"username\":\"сосо\""),
        ("\"display_name\":\"alice\"", "\"display_name\":\"\u{202e}ecila\""),
        ("\"title\":\"the den\"", "\"title\":\"the\u{2066} den\""),
        ("\"title\":\"a post\"", "\"title\":\"\u{2800}\""),
        ("\"emoji\":\"👍\"", "\"emoji\":\"\u{202e}\""),
    ])
    .await;
    let home = Home::new();
    let said = older.is_imported_into(&home).await.succeeded().stdout.clone();
    let [filler, unseen] = [&older.others[0], &older.others[1]].map(|person| person.id);
    let names = ["alice", &format!("하늘-{filler}"), &format!("user-{unseen}"), "coco", "сосо-2"];
    for line in [
        &format!("the user {filler} comes as {}: ", names[1]),
        &format!("the user {unseen} comes as {}: ", names[2]),
        "сосо comes as сосо-2: it is drawn like another name",
        "display_name: one comes as ecila",
        "title: one comes as the den",
        "1 reactions did not come",
        "5 users came",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let fireside = Fireside::start_in(home.clone(), &[]).await;
    for (name, person) in names.into_iter().zip([&older.alice].into_iter().chain(&older.others)) {
        let now = signs_in(&fireside, name, &person.password).await;
        // An address is what it was, and so is a token.
        signs_in(&fireside, &person.email, &person.password).await;
        person.back_to(&fireside).get("/api/auth/me/").await.is(200);
        let rooms = now.get("/api/rooms/").await.results();
        assert_eq!(rooms[0]["name"], "the den", "{name}");
        let messages = now.get(&format!("/api/rooms/{}/messages/", id(&rooms[0]))).await.results();
        assert_eq!(messages.len(), 5, "{name}");
    }
    tries_to_sign_in(&fireside, "сосо", &older.others[3].password).await.is(401);
    let alice = older.alice.back_to(&fireside);
    assert_eq!(alice.get("/api/auth/me/").await.is(200).json()["display_name"], "ecila");
    assert_eq!(alice.get("/profiles/api/posts/").await.is(200).json()[0]["title"], "…");
    drop(fireside);
    home.runs(&["check", "--min-free", "0"], "").await.succeeded();
}

#[tokio::test]
async fn names_that_no_version_took_are_refused() {
    let mut older = Older::with(&[]).await;
    let whole = std::mem::take(&mut older.archive);
    for never in ["a b", "a@b", "", "a\u{200b} b"] {
        older.archive = with_older(&whole, &[("\"username\":\"filler\"", &format!("\"username\":\"{never}\""))]);
        let home = Home::new();
        let outcome = older.is_imported_into(&home).await;
        assert!(outcome.failed_with(1).stderr.contains("username: "), "{outcome:?}");
        assert!(!home.data().exists());
    }
}
