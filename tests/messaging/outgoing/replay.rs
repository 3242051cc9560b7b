//! Sending again, and what is listed and tested.

use std::time::Duration;

use serde_json::{Value, json};

use super::receiver::{Mood, Receiver};
use super::{ALL, deliveries, hooks, path, sends, server, until};
use crate::messaging::words::{self, group, say};
use crate::world::{Fireside, id, people};

#[tokio::test]
async fn a_replay_sends_everything_again_in_order_and_what_was_deleted_as_its_deletion() {
    let fireside = server().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let receiver = Receiver::opens().await;
    let hook = sends(&alice, chat, &receiver, &ALL[..1]).await;
    let mut said = Vec::new();
    for text in ["one", "two", "secret", "four"] {
        said.push(say(&alice, text, chat).await);
    }
    let first = receiver.hears(4).await;
    alice.delete(&words::path(&said[2])).await.is(204);
    alice.patch(&words::path(&said[3]), &json!({"content": "four, better"})).await.is(200);
    let since = said[0]["seq"].as_i64().unwrap();
    alice.post(&format!("{}replay/", path(chat, &hook)), &json!({"since": since})).await.is(202);
    until(async || receiver.heard().len() == 7).await;
    let again = receiver.heard().split_off(4);
    let words: Vec<String> = again.iter().map(super::receiver::Event::in_words).collect();
    let gone = format!("message_deleted {}", id(&said[2]));
    assert_eq!(words, ["message_created two", gone.as_str(), "message_created four, better"]);
    assert_eq!((&again[0].id, &again[2].id), (&first[1].id, &first[3].id), "the same events");
    assert_ne!(again[1].id, first[2].id, "and this is another, or the receiver would pass it over");
    assert!(!again[1].body.to_string().contains("secret"), "{}", again[1].body);
    say(&alice, "five", chat).await;
    until(async || receiver.heard().len() == 8).await;
    assert_eq!(receiver.heard()[7].in_words(), "message_created five", "and it goes on behind that");
}

#[tokio::test]
async fn what_went_for_its_age_before_it_was_sent_comes_as_its_deletion() {
    let fireside = server().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let receiver = Receiver::opens().await;
    receiver.is(Mood::Answers(500, String::new()));
    let hook = sends(&alice, chat, &receiver, &ALL[..1]).await;
    let said = say(&alice, "too old soon", chat).await;
    until(async || !receiver.heard().is_empty()).await;
    let home = fireside.home.clone();
    drop(fireside);
    // The message is made two days older than it is, as the server would find it then.
    let database = rusqlite::Connection::open(home.database()).unwrap();
    let changed = database.execute("UPDATE messages SET created_at = created_at - 172800000", []).unwrap();
    assert_eq!(changed, 1);
    database.execute("UPDATE chats SET retain_days = 1", []).unwrap();
    drop(database);
    receiver.is(Mood::Answers(200, String::new()));
    let fireside = super::server_in(home).await;
    let alice = alice.back_to(&fireside);
    until(async || words::texts(&alice, chat).await.is_empty()).await;
    alice.post(&format!("{}replay/", path(chat, &hook)), &json!({"since": 0})).await.is(202);
    let gone = format!("message_deleted {}", id(&said));
    until(async || receiver.story().contains(&gone)).await;
    let told = receiver.told();
    assert!(!told.last().unwrap().body.to_string().contains("too old"), "{told:?}");
}

#[tokio::test]
async fn the_last_hundred_attempts_are_listed_by_cursor() {
    let fireside = server().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let receiver = Receiver::opens().await;
    let hook = sends(&alice, chat, &receiver, &ALL[..1]).await;
    for number in 0..104 {
        say(&alice, &format!("message {number}"), chat).await;
    }
    receiver.hears(104).await;
    let newest = receiver.heard().last().unwrap().id.clone();
    until(async || deliveries(&alice, chat, &hook).await[0]["webhook_id"] == newest).await;
    let listed = deliveries(&alice, chat, &hook).await;
    assert_eq!(listed.len(), 100);
    let ids: Vec<i64> = listed.iter().map(id).collect();
    assert!(ids.is_sorted_by(|one, other| one > other), "{ids:?}");
    let shape = ["id", "webhook_id", "seq", "type", "status", "ms", "at", "error"];
    for one in &listed {
        assert!(shape.iter().all(|field| one.get(field).is_some()), "{one}");
        assert_eq!(one["status"], 204);
    }
    // Its own cursor alone is one.
    let elsewhere = alice.get(&format!("{}?limit=1", hooks(chat))).await.is(200).json();
    assert_eq!(elsewhere["next"], Value::Null);
    alice.get(&format!("{}deliveries/?cursor=x", path(chat, &hook))).await.is(400);
}

#[tokio::test]
async fn a_test_is_signed_and_answered_with_what_the_receiver_said() {
    let fireside = server().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let receiver = Receiver::opens().await;
    let hook = sends(&alice, chat, &receiver, &ALL[..1]).await;
    let test = format!("{}test/", path(chat, &hook));
    receiver.is(Mood::Answers(202, r#"{"text": "not to be said"}"#.to_owned()));
    assert_eq!(alice.does(&test).await.is(200).json(), json!({"status": 202}));
    let heard = receiver.heard();
    assert_eq!((heard[0].kind.as_str(), heard.len()), ("test", 1));
    receiver.is(Mood::HangsUp);
    assert_eq!(alice.does(&test).await.is(200).json(), json!({"status": null}));
    let listed = deliveries(&alice, chat, &hook).await;
    assert_eq!(listed.iter().map(|one| one["type"].clone()).collect::<Vec<_>>(), ["test", "test"]);
    assert!(listed[0]["error"].is_string() && listed[0]["seq"].is_null() && listed[1]["error"].is_null());
    assert!(words::texts(&alice, chat).await.is_empty(), "a test's answer is not said");
    // The secret of before signs nothing any more: the receiver would complain.
    receiver.is(Mood::Answers(200, String::new()));
    let rotated = alice.does(&format!("{}rotate/", path(chat, &hook))).await.is(200).json();
    receiver.knows(&rotated);
    alice.does(&test).await.is(200);
    assert_eq!(receiver.heard().len(), 3);
}

#[tokio::test]
async fn the_command_line_makes_and_looks_after_them() {
    let fireside: Fireside = server().await;
    people!(fireside: alice);
    let (home, chat) = (fireside.home.clone(), group(&alice, "Ops", &[]).await);
    let (number, receiver) = (chat.id.to_string(), Receiver::opens().await);
    let url = receiver.url();
    let create = ["hook", "create", &number, "cron", "--url", &url, "--event", "message_created,member_added"];
    let made = home.runs(&[&create[..], &["--only", "/run"]].concat(), "").await;
    let secret = made.succeeded().stdout.trim().to_owned();
    receiver.knows(&json!({"secret": secret}));
    say(&alice, "/run it", chat).await;
    say(&alice, "run it", chat).await;
    receiver.hears(1).await;
    let listed = home.runs(&["hook", "list", &number, "--json"], "").await.succeeded().stdout.clone();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((&listed[0]["url"], &listed[0]["off_reason"]), (&json!(url), &Value::Null));
    let hook = id(&listed[0]).to_string();
    let sent = async || {
        let sent = home.runs(&["hook", "deliveries", &number, &hook, "--json"], "").await.succeeded().stdout.clone();
        serde_json::from_str::<Value>(&sent).unwrap().as_array().unwrap().clone()
    };
    until(async || sent().await.len() == 1).await;
    assert_eq!((&sent().await[0]["status"], &sent().await[0]["kind"]), (&json!(204), &json!("message_created")));
    let tested = home.runs(&["hook", "test", &number, &hook], "").await.succeeded().stdout.clone();
    assert_eq!(tested, "its receiver answered 204\n");
    assert_eq!(receiver.story(), ["message_created /run it", "test "]);
    receiver.is(Mood::Answers(418, String::new()));
    let refused = home.runs(&["hook", "test", &number, &hook], "").await.failed_with(1).stderr.clone();
    assert!(refused.contains("did not take it: it answered 418"), "{refused}");
    home.runs(&["hook", "test", &number, "999"], "").await.failed_with(1);
    assert_eq!(sent().await.iter().filter(|line| line["kind"] == "test").count(), 2);
    receiver.is(Mood::Answers(204, String::new()));
    home.runs(&["hook", "replay", &number, &hook, "--since", "0"], "").await.succeeded();
    until(async || receiver.heard().len() == 4).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(receiver.story(), ["message_created /run it", "test ", "test "]);
    home.runs(&["hook", "replay", &number, "999", "--since", "0"], "").await.failed_with(1);
    for wrong in [["--event", "nonsense"], ["--only", "nonsense"]] {
        home.runs(&[&create[..6], &wrong[..]].concat(), "").await.failed_with(2);
    }
    home.runs(&["hook", "create", &number, "x", "--url", "ftp://example.org"], "").await.failed_with(2);
}
