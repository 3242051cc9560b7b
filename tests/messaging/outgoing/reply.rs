//! What receivers answer in words.

use std::time::Duration;

use serde_json::json;

use super::receiver::{Mood, Receiver};
use super::{ALL, path, sends, server, until};
use crate::messaging::words::{group, say, texts};
use crate::world::{Fireside, people};

#[tokio::test]
async fn an_answer_in_words_is_said_by_the_bot_once_whatever_is_sent_again() {
    let fireside = server().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let receiver = Receiver::opens().await;
    receiver.is(Mood::Echoes);
    let hook = sends(&alice, chat, &receiver, &ALL[..1]).await;
    say(&alice, "ping", chat).await;
    until(async || texts(&alice, chat).await.len() == 2).await;
    assert_eq!(texts(&alice, chat).await, ["you said ping", "ping"]);
    let newest = alice.get(&chat.messages()).await.results()[0].clone();
    assert_eq!((&newest["sender"]["id"], &newest["sender"]["is_bot"]), (&hook["bot"]["id"], &json!(true)));
    // Neither by the same words nor by others is it said again.
    let replay = format!("{}replay/", path(chat, &hook));
    alice.post(&replay, &json!({"since": 0})).await.is(202);
    until(async || receiver.heard().len() == 2).await;
    receiver.is(Mood::Answers(200, json!({"content": "something else"}).to_string()));
    alice.post(&replay, &json!({"since": 0})).await.is(202);
    until(async || receiver.heard().len() == 3).await;
    say(&alice, "pong", chat).await;
    until(async || texts(&alice, chat).await.len() == 4).await;
    assert_eq!(texts(&alice, chat).await, ["something else", "pong", "you said ping", "ping"]);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.told().len(), 2, "what its own bot says is not sent: {:?}", receiver.story());
}

#[tokio::test]
async fn hooks_of_one_person_answer_no_more_than_one_person_may_say() {
    let fireside = Fireside::start_with_limits(&["--hook-allow", "127.0.0.1", "--limit-send", "4/h"]).await;
    people!(fireside: alice, bob);
    let receiver = Receiver::opens().await;
    receiver.is(Mood::Echoes);
    let chat = group(&alice, "Ops", &[&bob]).await;
    // One for each message: together they may say four.
    for _ in 0..2 {
        sends(&alice, chat, &receiver, &ALL[..1]).await;
    }
    for number in 0..3 {
        say(&bob, &format!("message {number}"), chat).await;
    }
    receiver.hears(6).await;
    // Whatever is answered is said before the next message is sent.
    say(&bob, "the last", chat).await;
    receiver.hears(8).await;
    let said = texts(&alice, chat).await;
    let answers = said.iter().filter(|text| text.starts_with("you said")).count();
    assert_eq!(answers, 4, "{said:?}");
}

#[tokio::test]
async fn what_is_no_words_or_no_success_is_not_said() {
    let fireside = server().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let receiver = Receiver::opens().await;
    let hook = sends(&alice, chat, &receiver, &ALL[..1]).await;
    let words = |text: &str| json!({"text": text}).to_string();
    for (number, mood) in [
        Mood::Answers(200, "plain words".into()),
        Mood::Answers(200, json!({"message": "received"}).to_string()),
        Mood::Answers(200, json!(["text"]).to_string()),
        Mood::Answers(200, words(" ")),
        Mood::Answers(200, words(&"x".repeat(200_000))),
        Mood::Floods,
    ]
    .into_iter()
    .enumerate()
    {
        receiver.is(mood);
        say(&alice, &format!("message {number}"), chat).await;
        receiver.hears(number + 1).await;
    }
    receiver.is(Mood::Answers(500, words("refused in words")));
    say(&alice, "message 6", chat).await;
    receiver.hears(7).await;
    receiver.is(Mood::Answers(200, words(&"y".repeat(12_000))));
    say(&alice, "message 7", chat).await;
    receiver.hears(8).await;
    until(async || texts(&alice, chat).await.len() == 10).await;
    let said = texts(&alice, chat).await;
    let by_bot: Vec<&String> = said.iter().filter(|text| !text.starts_with("message")).collect();
    assert_eq!(by_bot.len(), 2, "what is too long to read is not said, and what is too long is cut");
    assert!(by_bot.iter().all(|text| text.starts_with("yyy") && text.ends_with('…')));
    assert_eq!(hook["direction"], "out");
}
