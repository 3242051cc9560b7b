//! Filters, and what a question may be.

use serde_json::{Value, json};

use super::{asks, fills, finds, found, texts};
use crate::messaging::words::{Chat, Refused, dm, group, say};
use crate::world::{Fireside, Person};

/// A picture of one point.
const PICTURE: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x21\xf9\x04\x01\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";

async fn shows(who: &Person, name: &str, bytes: &[u8], text: &str, chat: Chat) {
    let file = who.uploads(name, bytes).await;
    who.post(&chat.messages(), &json!({"content": text, "attachments": [file["id"]]})).await.is(201);
}

struct Scene {
    fireside: Fireside,
    alice: Person,
    bob: Person,
    club: Chat,
    direct: Chat,
}

async fn scene() -> Scene {
    let fireside = Fireside::start_with(&["--durability", "normal"]).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("Bob").await);
    let club = group(&alice, "Book Club", &[&bob]).await;
    let direct = dm(&alice, &bob).await;
    say(&alice, "tea from alice", club).await;
    say(&bob, "tea from bob", club).await;
    say(&bob, "tea between us", direct).await;
    say(&alice, "a link: HTTPS://example.org/tea", club).await;
    shows(&bob, "Tea_plan.pdf", b"%PDF-1.4 plan", "see the file", club).await;
    shows(&alice, "leaf.gif", PICTURE, "", direct).await;
    Scene { fireside, alice, bob, club, direct }
}

#[tokio::test]
async fn filters_narrow_what_is_found() {
    let Scene { fireside, alice, bob, club, direct } = scene().await;
    let (club_id, direct_id) = (club.id.to_string(), direct.id.to_string());
    let link = "a link: HTTPS://example.org/tea";
    for round in 0..2 {
        for (q, expected) in [
            ("tea", vec!["see the file", link, "tea between us", "tea from bob", "tea from alice"]),
            ("tea from:BOB", vec!["see the file", "tea between us", "tea from bob"]),
            ("tea from:me", vec![link, "tea from alice"]),
            ("tea -from:me", vec!["see the file", "tea between us", "tea from bob"]),
            ("tea from:me from:bob in:\"book CLUB\"", vec!["see the file", link, "tea from bob", "tea from alice"]),
            ("tea from:\"bob\" from:nobody", vec!["see the file", "tea between us", "tea from bob"]),
            (&format!("tea in:{direct_id}"), vec!["tea between us"]),
            ("tea in:bob", vec!["tea between us"]),
            (&format!("tea in:bob in:{club_id} -from:bob"), vec![link, "tea from alice"]),
            ("tea -in:\"Book Club\"", vec!["tea between us"]),
            ("in:book", vec![]),
            ("in:999999 tea", vec![]),
            ("from:nobody tea", vec![]),
            ("has:file", vec!["", "see the file"]),
            ("has:FILE has:image", vec![""]),
            ("has:link", vec![link]),
            ("has:file -has:image", vec!["see the file"]),
            ("-has:file -has:link from:bob -filler", vec!["tea between us", "tea from bob"]),
            ("plan", vec!["see the file"]),
            ("tea_plan.pdf", vec!["see the file"]),
            ("\"see the file tea\"", vec![]),
            ("leaf", vec![""]),
            ("before:2020-01-01 tea", vec![]),
            ("after:2020-01-01 tea from:me", vec![link, "tea from alice"]),
            ("-after:2020-01-01 tea", vec![]),
            ("before:2999-12-31T23:59:59+02:00 \"from alice\"", vec!["tea from alice"]),
            ("after:2999-01-01", vec![]),
            ("foo:bar tea", vec![]),
            ("tea from: in: has:", vec!["see the file", link, "tea between us", "tea from bob", "tea from alice"]),
            ("-link te", vec!["see the file", "tea between us", "tea from bob", "tea from alice"]),
            ("tea -\"from bob\" -\"tea plan\"", vec![link, "tea between us", "tea from alice"]),
        ] {
            assert_eq!(found(&alice, q).await, expected, "round {round}: {q}");
        }
        for (parameters, expected) in [
            (vec![("q", "tea"), ("chat", direct_id.as_str())], vec!["tea between us"]),
            (vec![("q", "between"), ("chat", &club_id), ("chat", &direct_id)], vec!["tea between us"]),
            (vec![("from", "bob"), ("has", "file")], vec!["see the file"]),
            (vec![("from", "me"), ("from", "BOB"), ("has", "file")], vec!["", "see the file"]),
            (vec![("chat", &direct_id)], vec!["", "tea between us"]),
            (vec![("chat", &direct_id), ("before", "2020-01-01")], vec![]),
            (vec![("chat", &direct_id), ("after", "2020-01-01"), ("q", "  ")], vec!["", "tea between us"]),
            (vec![("chat", "424242"), ("q", "tea")], vec![]),
        ] {
            assert_eq!(texts(&finds(&alice, &parameters).await), expected, "round {round}: {parameters:?}");
        }
        let found = finds(&alice, &[("q", "plan")]).await;
        assert_eq!(found[0]["snippet"], "Tea_plan.pdf", "a name, where only that matched");
        assert_eq!(found[0]["highlights"], json!([[4, 8]]));
        let noise = group(&bob, "noise", &[&alice]).await;
        fills(&fireside, &bob, noise).await;
    }
}

#[tokio::test]
async fn a_found_message_is_shown_as_it_is_in_its_chat() {
    let Scene { fireside: _fireside, alice, bob, club, direct } = scene().await;
    let answer = asks(&alice, &[("q", "tea between")]).await.is(200).json();
    assert_eq!(answer.as_object().unwrap().len(), 3, "{answer}");
    assert_eq!((&answer["next"], &answer["indexed"]), (&Value::Null, &json!(1.0)));
    let found = &answer["results"][0];
    let listed = alice.get(&direct.messages()).await.is(200).results();
    let listed = listed.iter().find(|message| message["content"] == "tea between us").unwrap();
    assert_eq!(found["message"], *listed);
    assert_eq!(found["chat"], json!({"id": direct.id, "title": "Bob", "chat_type": "dm"}));
    assert_eq!((&found["snippet"], &found["highlights"]), (&json!("tea between us"), &json!([[0, 3], [4, 11]])));
    assert_eq!(found.as_object().unwrap().len(), 4, "{found}");
    let found = finds(&bob, &[("q", "alice"), ("chat", &club.id.to_string())]).await;
    assert_eq!(found[0]["chat"], json!({"id": club.id, "title": "Book Club", "chat_type": "group"}));
    let found = finds(&alice.through("/d/messaging"), &[("q", "alice")]).await;
    assert_eq!(texts(&found), ["tea from alice"]);
}

#[tokio::test]
async fn a_question_that_cannot_be_read_names_its_parameter() {
    let Scene { fireside, alice, .. } = scene().await;
    let (long, many) = ("x".repeat(257), "x ".repeat(17));
    for (parameters, field) in [
        (vec![], "q"),
        (vec![("q", "")], "q"),
        (vec![("q", "  ")], "q"),
        (vec![("q", "from: in:\"\"")], "q"),
        (vec![("q", long.as_str())], "q"),
        (vec![("q", many.as_str())], "q"),
        (vec![("q", "tea has:cat")], "has"),
        (vec![("q", "-has:cat tea")], "has"),
        (vec![("q", "tea"), ("has", "cat")], "has"),
        (vec![("q", "tea before:yesterday")], "before"),
        (vec![("q", "tea after:2025-02-30")], "after"),
        (vec![("q", "tea"), ("after", "2025-01-01T00:00:00")], "after"),
        (vec![("q", "tea"), ("before", "1")], "before"),
        (vec![("q", "tea"), ("chat", "club")], "chat"),
        (vec![("q", "tea"), ("order", "oldest")], "order"),
        (vec![("q", "tea"), ("cursor", "nonsense")], "cursor"),
        (vec![("q", "tea"), ("cursor", "")], "cursor"),
    ] {
        asks(&alice, &parameters).await.blames(field);
    }
    let (longest, most) = ("y".repeat(256), "y ".repeat(16));
    for nothing in ["!!!", "-tea", "\"\"", "\"", "-", "-from:me", "🙂", "-\"tea from\"", &longest, &most] {
        let answer = asks(&alice, &[("q", nothing)]).await.is(200).json();
        assert_eq!((&answer["results"], &answer["next"]), (&json!([]), &Value::Null), "{nothing}");
    }
    fireside
        .anyone()
        .get("/messages/api/search/?q=tea")
        .await
        .denied(401, "Authentication credentials were not provided.");
}

#[tokio::test]
async fn no_operator_of_the_databases_language_gets_through() {
    let Scene { fireside, alice, bob, club, .. } = scene().await;
    fills(&fireside, &bob, club).await;
    for odd in [
        "tea AND coffee",
        "tea OR nothing",
        "tea NOT bob",
        "NEAR(tea bob)",
        "words:tea",
        "search:tea",
        "^tea",
        "{words}:tea",
        "tea\" OR \"bob",
        "'; DROP TABLE messages; --",
        "%",
        "_",
        "tea\0",
        "\u{fffd}",
        "\"tea\" + \"bob\"",
        "(((((",
        "\"\"\"\"",
        "ｃ1",
        "ｓ1",
        "ｂ0",
        "ｆ",
        "rowid:1",
        "*",
        "te*",
        "\u{10ffff}",
        "ｔｅａ",
        "-",
        "--",
        "- -",
        "\\",
        ":",
        "in:\"x",
    ] {
        let answer = asks(&alice, &[("q", odd)]).await;
        assert!(answer.status == 200, "{odd}: {answer}");
    }
    assert!(found(&alice, "tea OR nothing").await.is_empty(), "both are words");
    assert_eq!(found(&alice, "ｔｅａ AND alice").await.len(), 0);
    assert!(found(&alice, "ｃ1").await.is_empty() && found(&alice, "ｂ0").await.is_empty(), "tokens are no words");
}
