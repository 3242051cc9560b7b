//! What is sent, to whom, and in which order.

use std::time::Duration;

use serde_json::{Value, json};

use super::receiver::{Mood, Receiver};
use super::{ALL, deliveries, hooks, made, path, sends, server, until};
use crate::messaging::words::{self, Chat, Line, Refused, dm, group, say};
use crate::world::{Fireside, Person, id, people};

#[tokio::test]
async fn what_happens_in_a_group_is_sent_as_the_socket_tells_it_signed_and_in_order() {
    let fireside = server().await;
    people!(fireside: alice, bob, carol);
    let receiver = Receiver::opens().await;
    let chat = group(&alice, "Ops", &[&bob]).await;
    say(&alice, "before there was a hook", chat).await;
    let hook = sends(&alice, chat, &receiver, &ALL).await;
    assert_eq!((&hook["direction"], &hook["url"]), (&json!("out"), &json!(receiver.url())));
    assert_eq!((&hook["events"], &hook["only"], &hook["is_on"]), (&json!(ALL), &json!("all"), &json!(true)));
    let mut line = Line::to(&bob).await;
    let first = say(&alice, "first", chat).await;
    let second = say(&bob, "second", chat).await;
    receiver.hears(2).await;
    alice.patch(&words::path(&first), &json!({"content": "first, better"})).await.is(200);
    alice.post(&chat.add(), &json!({"user_ids": [carol.id]})).await.is(200);
    alice.does(&format!("{}pin/", words::path(&second))).await.is(200);
    receiver.hears(5).await;
    bob.delete(&words::path(&second)).await.is(204);
    carol.delete(&chat.remove(&carol)).await.is(204);
    // None of these is an event of a hook, and none of what stands elsewhere is this group's.
    alice.post(&words::reactions(&first), &json!({"emoji": "👍"})).await.is(200);
    alice.does(&chat.read()).await.is(200);
    say(&alice, "elsewhere", group(&alice, "Elsewhere", &[]).await).await;
    say(&alice, "the last", chat).await;
    let told = receiver.hears(8).await;
    let story = [
        "message_created first".to_owned(),
        "message_created second".to_owned(),
        "message_updated first, better".to_owned(),
        format!("member_added {}", carol.id),
        "message_updated second".to_owned(),
        format!("message_deleted {}", id(&second)),
        format!("member_removed {}", carol.id),
        "message_created the last".to_owned(),
    ];
    assert_eq!(receiver.story(), story);
    assert!(told.iter().all(|event| event.was_taken));
    let heard = line.hears("new_message").await;
    assert_eq!((&told[0].data, &told[0].body["timestamp"]), (&heard, &heard["message"]["created_at"]));
    for (event, frame) in told[1..].iter().zip(["new_message", "message_updated", "member_added", "message_updated"]) {
        assert_eq!(event.data, line.hears(frame).await, "the socket's frame");
    }
    for (event, frame) in told[5..7].iter().zip(["message_deleted", "member_removed"]) {
        assert_eq!(event.data, line.hears(frame).await, "the socket's frame");
    }
    line.hears("reaction_updated").await;
    line.hears("read").await;
    assert_eq!(told[7].data, line.hears("new_message").await);
}

#[tokio::test]
async fn only_what_was_asked_for_is_sent_and_nothing_that_bots_say() {
    let fireside = server().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Ops", &[&bob]).await;
    let [everything, mentions, deploys] = [Receiver::opens().await, Receiver::opens().await, Receiver::opens().await];
    made(&alice, chat, &everything, json!({})).await;
    let hook = made(&alice, chat, &mentions, json!({"only": "mentions"})).await;
    made(&alice, chat, &deploys, json!({"only": "/deploy", "events": ["message_created", "message_updated"]})).await;
    let name = hook["bot"]["username"].as_str().unwrap();
    let incoming = alice.post(&hooks(chat), &json!({"label": "in"})).await.is(201).json();
    fireside.anyone().post(incoming["url"].as_str().unwrap(), &json!({"text": "/deploy by a bot"})).await.is(200);
    let called = format!("Hey @{name}, are you there?");
    let texts = ["plain", &called, "@all look", "/deploy", "/deployed", "x /deploy", " /deploy it\nnow", "`@all`"];
    for text in texts {
        say(&bob, text, chat).await;
    }
    let edited = say(&bob, "deploy later", chat).await;
    bob.patch(&words::path(&edited), &json!({"content": "/deploy after all"})).await.is(200);
    say(&bob, &format!("/deploy @{name} the end"), chat).await;
    // The last comes last, so that all before it came.
    everything.hears(10).await;
    let ended = |receiver: &Receiver| receiver.story().last().is_some_and(|last| last.ends_with("the end"));
    until(async || ended(&everything) && ended(&mentions) && ended(&deploys)).await;
    assert!(!everything.story().iter().any(|line| line.contains("by a bot")), "{:?}", everything.story());
    let end = format!("message_created /deploy @{name} the end");
    assert_eq!(
        mentions.story(),
        [format!("message_created {called}"), "message_created @all look".into(), end.clone()]
    );
    let deployed = deploys.story();
    let deployed: Vec<&str> = deployed.iter().map(String::as_str).collect();
    let (start, rest) = deployed.split_at(2);
    assert_eq!(start, ["message_created /deploy", "message_created /deploy it\nnow"]);
    // Edited before it went or after, it is one of them from then on.
    assert_eq!(rest[rest.len() - 2..], ["message_updated /deploy after all", &end]);
    assert!(rest.len() <= 3, "{rest:?}");
}

#[tokio::test]
async fn what_fails_is_tried_again_and_what_comes_after_it_waits() {
    let fireside = server().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let receiver = Receiver::opens().await;
    receiver.is(Mood::Stumbles(1));
    let hook = sends(&alice, chat, &receiver, &ALL[..1]).await;
    for text in ["one", "two", "three"] {
        say(&alice, text, chat).await;
    }
    receiver.hears(3).await;
    until(async || receiver.heard().len() == 6).await;
    let heard = receiver.heard();
    let words: Vec<String> = heard.iter().map(super::receiver::Event::in_words).collect();
    let expected = ["one", "one", "two", "two", "three", "three"].map(|text| format!("message_created {text}"));
    assert_eq!(words, expected);
    for pair in heard.chunks(2) {
        assert_eq!(pair[0].id, pair[1].id, "the same event");
        assert_eq!(pair[0].body, pair[1].body);
        let waited = pair[1].at - pair[0].at;
        assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(15), "{waited:?}");
    }
    until(async || deliveries(&alice, chat, &hook).await.len() == 6).await;
    let listed = deliveries(&alice, chat, &hook).await;
    let shown = |one: &Value| (one["status"].clone(), one["error"].clone(), one["type"].clone());
    assert_eq!(shown(&listed[0]), (json!(200), Value::Null, json!("message_created")));
    assert_eq!(shown(&listed[1]), (json!(503), json!("it answered 503"), json!("message_created")));
    assert_eq!(listed[0]["webhook_id"], json!(heard[5].id));
    assert!(listed[0]["ms"].as_i64().unwrap() >= 0 && listed[0]["at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn a_receiver_that_is_gone_switches_its_hook_off_and_the_chat_is_told() {
    let fireside = server().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Ops", &[&bob]).await;
    let receiver = Receiver::opens().await;
    receiver.is(Mood::Answers(410, String::new()));
    let hook = sends(&alice, chat, &receiver, &ALL[..1]).await;
    say(&alice, "anybody?", chat).await;
    until(async || words::texts(&bob, chat).await.len() == 2).await;
    let newest = bob.get(&chat.messages()).await.results()[0].clone();
    assert_eq!(newest["content"], "This hook is switched off. Its receiver answered 410 Gone.");
    assert_eq!(newest["sender"]["id"], hook["bot"]["id"]);
    let listed = alice.get(&hooks(chat)).await.is(200).results();
    assert_eq!(
        (&listed[0]["is_on"], &listed[0]["off_reason"]),
        (&json!(false), &json!("Its receiver answered 410 Gone."))
    );
    assert!(listed[0].get("secret").is_none());
    say(&alice, "still nobody", chat).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(receiver.heard().len(), 1, "nothing is sent any more");
    // Whoever mends the receiver goes on where it was.
    receiver.is(Mood::Answers(200, String::new()));
    alice.post(&format!("{}replay/", path(chat, &hook)), &json!({"since": 1_000_000})).await.is(202);
    receiver.hears(2).await;
    assert_eq!(receiver.story(), ["message_created anybody?", "message_created still nobody"]);
    assert_eq!(alice.get(&hooks(chat)).await.results()[0]["is_on"], json!(true));
}

#[tokio::test]
async fn a_hook_is_made_with_a_public_url_by_admins_of_groups_alone() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, eve);
    let chat = group(&alice, "Ops", &[&bob]).await;
    let wish = |url: &str| json!({"label": "out", "url": url});
    for refused in [
        "http://127.0.0.1:9/",
        "http://localhost/",
        "http://127.1/",
        "http://2130706433/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data/",
        "http://192.168.1.1/",
        "ftp://example.org/",
        "https://user:secret@example.org/",
        "example.org",
        "",
        &format!("https://example.org/{}", "x".repeat(2_048)),
    ] {
        alice.post(&hooks(chat), &wish(refused)).await.blames("url");
    }
    alice.post(&hooks(chat), &json!({"label": "out", "url": 7})).await.blames("url");
    alice.post(&hooks(chat), &json!({"label": "out", "only": "all"})).await.blames("url");
    let with = |field: &str, value: Value| {
        let mut wish = wish("https://example.org/hook");
        wish[field] = value;
        wish
    };
    for events in [json!([]), json!(["message_read"]), json!(["message_created", 7]), json!(7), json!({})] {
        alice.post(&hooks(chat), &with("events", events)).await.blames("events");
    }
    for only in [json!("some"), json!("/"), json!("/two words"), json!(7), json!(format!("/{}", "x".repeat(64)))] {
        alice.post(&hooks(chat), &with("only", only)).await.blames("only");
    }
    assert!(alice.get(&hooks(chat)).await.results().is_empty(), "nothing of that made one");
    bob.post(&hooks(chat), &wish("https://example.org/")).await.denied(403, words::FORBIDDEN);
    eve.post(&hooks(chat), &wish("https://example.org/")).await.denied(404, words::NOT_FOUND);
    alice.post(&hooks(dm(&alice, &bob).await), &wish("https://example.org/")).await.is(400);
    let hook = alice.post(&hooks(chat), &wish("https://example.org/hook")).await.is(201).json();
    assert_eq!(hook["events"], json!(["message_created"]), "the default");
    let secret = hook["secret"].as_str().unwrap();
    assert!(!alice.get(&hooks(chat)).await.text().contains(secret), "it is shown once");
    assert!(!fireside.home.keeps(secret.trim_start_matches("whsec_").as_bytes()), "and kept nowhere");
    let rotated = alice.does(&format!("{}rotate/", path(chat, &hook))).await.is(200).json();
    assert_ne!(rotated["secret"], hook["secret"]);
    the_other_kind_has_none_of_it(&alice, chat, &bob, &eve, &hook).await;
}

/// Nothing is sent by a hook that takes what others send, and nobody but admins looks at what is.
async fn the_other_kind_has_none_of_it(alice: &Person, chat: Chat, bob: &Person, eve: &Person, hook: &Value) {
    let incoming = alice.post(&hooks(chat), &json!({"label": "in"})).await.is(201).json();
    assert!(incoming.get("secret").is_none() && incoming.get("events").is_none(), "{incoming}");
    for (who, hook, status, sentence) in [
        (alice, &incoming, 404, words::NOT_FOUND),
        (bob, hook, 403, words::FORBIDDEN),
        (eve, hook, 404, words::NOT_FOUND),
    ] {
        let path = path(chat, hook);
        who.get(&format!("{path}deliveries/")).await.denied(status, sentence);
        who.does(&format!("{path}test/")).await.denied(status, sentence);
        who.post(&format!("{path}replay/"), &json!({"since": 0})).await.denied(status, sentence);
    }
    for since in [json!(-1), json!("x"), json!(null)] {
        alice.post(&format!("{}replay/", path(chat, hook)), &json!({"since": since})).await.blames("since");
    }
}
