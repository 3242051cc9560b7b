//! Hooks: URLs by which programs speak in a group, each as a bot of its own.

use reqwest::Method;
use serde_json::{Value, json};

use super::words::{CHATS, Chat, Line, NOT_FOUND, Refused, group, texts};
use crate::world::caller::Credential;
use crate::world::{Answer, Caller, Fireside, Person, id, people};

pub fn hooks(chat: Chat) -> String {
    format!("{}hooks/", chat.path())
}

pub async fn hooks_into(admin: &Person, chat: Chat, label: &str) -> Value {
    admin.post(&hooks(chat), &json!({"label": label})).await.is(201).json()
}

pub fn url(hook: &Value) -> &str {
    hook["url"].as_str().unwrap()
}

pub async fn sends(anyone: &Caller, url: &str, kind: &str, body: &str) -> Answer {
    anyone.asks(Method::POST, url).with("Content-Type", kind).body(body.to_owned()).await
}

#[tokio::test]
async fn what_a_program_posts_is_said_by_the_hooks_bot_in_every_dialect() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Ops", &[&bob]).await;
    let hook = hooks_into(&alice, chat, "The Build").await;
    assert_eq!((&hook["label"], &hook["direction"]), (&json!("The Build"), &json!("in")));
    assert_eq!((&hook["bot"]["display_name"], &hook["bot"]["is_bot"]), (&json!("The Build"), &json!(true)));
    let secret = url(&hook).strip_prefix(&format!("{}/hooks/", fireside.url)).unwrap().trim_end_matches('/');
    assert_eq!(secret.len(), 64, "256 bits: {hook}");
    let mut bobs = Line::to(&bob).await;
    let said = fireside.anyone().post(url(&hook), &json!({"text": "green"})).await.is(200);
    assert_eq!((said.text().as_str(), said.header("content-type")), ("ok", "text/plain; charset=utf-8"));
    let heard = bobs.hears("new_message").await;
    assert_eq!((&heard["message"]["content"], &heard["message"]["sender"]), (&json!("green"), &hook["bot"]));
    let rooms = bob.get(&format!("/api/rooms/{}/messages/", chat.id)).await.is(200).results();
    assert_eq!((&rooms[0]["content"], &rooms[0]["author"]["id"]), (&json!("green"), &hook["bot"]["id"]));
    let listed = alice.get(&hooks(chat)).await.is(200);
    assert!(!listed.text().contains(secret), "it is shown once");
    assert_eq!(id(&listed.results()[0]), id(&hook));
    assert!(!fireside.home.keeps(secret.as_bytes()), "and kept nowhere");
    let log = fireside.home.log();
    assert!(log.contains("/hooks/…/") && !log.contains(secret), "{log}");
    let people = bob.get("/api/server/people/").await.is(200).text();
    assert!(!people.contains("The Build"), "nobody writes to it: {people}");
}

#[tokio::test]
async fn text_comes_in_each_plain_way_and_nothing_to_say_is_refused() {
    let fireside = Fireside::start_with(&["--max-message", "20"]).await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let hook = hooks_into(&alice, chat, "cron").await;
    let anyone = fireside.anyone();
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    for (kind, body, says) in [
        ("text/plain", "plain *as it is*", "plain *as it is*"),
        ("text/plain; charset=utf-8", " привет\n", "привет"),
        (json, r#"{"text":"by text"}"#, "by text"),
        (json, r#"{"content":"by content"}"#, "by content"),
        (json, r#"{"text":"a\u0000b"}"#, "a\u{fffd}b"),
        (form, r#"{"text":"as curl has it"}"#, "as curl has it"),
        (form, "payload=%7B%22text%22%3A%22in+a+form%22%7D", "in a form"),
        (form, "text=a+field", "a field"),
        ("text/plain", "exactly twenty chars", "exactly twenty chars"),
        ("text/plain", "twenty-one characters", "twenty-one characte…"),
    ] {
        sends(&anyone, url(&hook), kind, body).await.is(200);
        assert_eq!(texts(&alice, chat).await[0], says, "{kind}: {body}");
    }
    let before = texts(&alice, chat).await;
    for (kind, body) in [
        ("text/plain", ""),
        ("text/plain", " \n "),
        (json, "{}"),
        (json, r#"{"text":""}"#),
        (json, r#"{"text":7}"#),
        (json, "[]"),
        (json, "7"),
        (json, "{"),
        (form, "payload=nonsense"),
        (form, "payload="),
        (form, "other=field"),
    ] {
        let refused = sends(&anyone, url(&hook), kind, body).await.is(400).json();
        assert_eq!(refused["error"], "Invalid request", "{kind} {body}: {refused}");
    }
    sends(&anyone, url(&hook), "text/xml", "<a/>").await.is(415);
    sends(&anyone, url(&hook), "text/plain", &"x".repeat(300_000)).await.is(413);
    assert_eq!(texts(&alice, chat).await, before, "nothing of that was said");
}

#[tokio::test]
async fn what_the_services_send_is_said_readably() {
    for (service, cases) in [
        ("slack", include_str!("../fixtures/hooks/slack.json")),
        ("discord", include_str!("../fixtures/hooks/discord.json")),
        ("github", include_str!("../fixtures/hooks/github.json")),
        ("monitoring", include_str!("../fixtures/hooks/monitoring.json")),
    ] {
        let fireside = Fireside::start().await;
        people!(fireside: alice);
        let chat = group(&alice, "Ops", &[]).await;
        let hook = hooks_into(&alice, chat, service).await;
        let cases: Vec<Value> = serde_json::from_str(cases).unwrap();
        for case in &cases {
            let says: Vec<&str> = case["says"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
            let own = format!("{}{service}/", url(&hook));
            let urls = [url(&hook), &own];
            let has_own = ["slack", "discord"].contains(&service);
            for url in urls.into_iter().take(if has_own { 2 } else { 1 }) {
                let mut ask = fireside.anyone().post(url, &case["send"]);
                if let Some(event) = case["event"].as_str() {
                    ask = ask.with("X-GitHub-Event", event);
                }
                ask.await.is(200);
                assert_eq!(texts(&alice, chat).await[0], says.join("\n"));
            }
        }
    }
}

#[tokio::test]
async fn of_many_alerts_the_first_are_told_and_the_others_counted() {
    let fireside = Fireside::start().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let hook = hooks_into(&alice, chat, "alerts").await;
    let alerts: Vec<Value> = (0..12).map(|n| json!({"labels": {"alertname": format!("A{n}")}})).collect();
    let sent = json!({"alerts": alerts, "externalURL": "http://am.example"});
    fireside.anyone().post(url(&hook), &sent).await.is(200);
    let said = texts(&alice, chat).await[0].clone();
    assert!(said.contains("A9") && !said.contains("A10"), "{said}");
    assert!(said.ends_with("… and 2 more\nhttp://am.example"), "{said}");
}

#[tokio::test]
async fn failures_are_said_as_the_service_would() {
    let fireside = Fireside::start().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let hook = hooks_into(&alice, chat, "ci").await;
    let anyone = fireside.anyone();
    let (slack, discord) = (format!("{}slack/", url(&hook)), format!("{}discord/", url(&hook)));
    let unknown = format!("{}/hooks/{}/", fireside.url, "0".repeat(64));
    assert_eq!(anyone.post(&slack, &json!({})).await.is(400).text(), "no_text");
    assert_eq!(sends(&anyone, &slack, "application/json", "{").await.is(400).text(), "invalid_payload");
    assert_eq!(anyone.post(&format!("{unknown}slack/"), &json!({"text": "x"})).await.is(404).text(), "no_service");
    let empty = anyone.post(&discord, &json!({"embeds": []})).await.is(400).json();
    assert_eq!(empty, json!({"message": "Cannot send an empty message", "code": 50006}));
    assert_eq!(sends(&anyone, &discord, "application/json", "{").await.is(400).json()["code"], 50035);
    let gone = anyone.post(&format!("{unknown}discord/"), &json!({"content": "x"})).await.is(404).json();
    assert_eq!(gone, json!({"message": "Unknown Webhook", "code": 10015}));
    anyone.post(&unknown, &json!({"text": "x"})).await.denied(404, NOT_FOUND);
    for odd in ["x", "%00", "%F0%9F%98%80", &"f".repeat(4_000)] {
        anyone.post(&format!("/hooks/{odd}/"), &json!({"text": "x"})).await.denied(404, NOT_FOUND);
    }
    anyone.get(url(&hook)).await.is(405);
    assert!(texts(&alice, chat).await.is_empty());
}

#[tokio::test]
async fn a_hook_speaks_sixty_times_a_minute_even_where_limits_are_off() {
    let fireside = Fireside::start().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let (one, other) = (hooks_into(&alice, chat, "one").await, hooks_into(&alice, chat, "other").await);
    let anyone = fireside.anyone();
    let mut refused = None;
    for _ in 0..75 {
        let answer = sends(&anyone, url(&one), "text/plain", "again").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        answer.is(200);
    }
    let refused = refused.expect("a limit");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    let said = texts(&alice, chat).await.len();
    assert!(said >= 50, "{said}");
    assert_eq!(sends(&anyone, &format!("{}slack/", url(&one)), "text/plain", "x").await.is(429).text(), "rate_limited");
    let limited = sends(&anyone, &format!("{}discord/", url(&one)), "text/plain", "x").await.is(429).json();
    assert!(limited["retry_after"].as_u64().unwrap() >= 1 && limited["global"] == false, "{limited}");
    sends(&anyone, url(&other), "text/plain", "I still may").await.is(200);
}

#[tokio::test]
async fn all_hooks_of_one_person_speak_as_often_as_one_person_may() {
    let fireside = Fireside::start_with_limits(&["--limit-send", "10/h"]).await;
    people!(fireside: alice, bob);
    let anyone = fireside.anyone();
    let chat = group(&alice, "Ops", &[]).await;
    let mut hers = Vec::new();
    for label in ["one", "two", "three"] {
        hers.push(hooks_into(&alice, chat, label).await);
    }
    let his = hooks_into(&bob, group(&bob, "Ops", &[]).await, "his").await;
    for number in 0..10 {
        sends(&anyone, url(&hers[number % 3]), "text/plain", "a word").await.is(200);
    }
    for hook in &hers {
        let refused = sends(&anyone, url(hook), "text/plain", "a word more").await.is(429);
        assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    }
    assert_eq!(texts(&alice, chat).await.len(), 10);
    sends(&anyone, url(&his), "text/plain", "of somebody else").await.is(200);
    alice.post(&chat.messages(), &json!({"content": "She herself may still speak."})).await.is(201);
}

#[tokio::test]
async fn what_hooks_say_takes_from_one_share_of_whoever_made_them_and_another_makes_it_no_larger() {
    let fireside = Fireside::start_with(&["--quota-user", "1KiB", "--bots", "open"]).await;
    people!(fireside: alice, bob);
    let anyone = fireside.anyone();
    let (chat, long) = (group(&alice, "Ops", &[&bob]).await, "x".repeat(500));
    let (one, other) = (hooks_into(&alice, chat, "one").await, hooks_into(&alice, chat, "other").await);
    sends(&anyone, url(&one), "text/plain", &long).await.is(200);
    sends(&anyone, url(&other), "text/plain", &long).await.is(200);
    sends(&anyone, url(&other), "text/plain", &long).await.is(507);
    alice.delete(&format!("{}{}/", hooks(chat), id(&one))).await.is(204);
    let new = hooks_into(&alice, chat, "new").await;
    sends(&anyone, url(&new), "text/plain", &long).await.is(507);
    let bot = alice.post("/api/server/bots/", &json!({"username": "builder"})).await.is(201).json();
    let bot = anyone.showing(Credential::Token(bot["token"].as_str().unwrap().to_owned()));
    let title = json!({"chat_type": "group", "title": "Bots", "member_ids": [alice.id]});
    let bots = Chat { id: id(&bot.post(CHATS, &title).await.is(201).json()) };
    let through_bot = bot.post(&hooks(bots), &json!({"label": "of her bot"})).await.is(201).json();
    sends(&anyone, url(&through_bot), "text/plain", &long).await.is(507);
    assert_eq!(texts(&alice, chat).await.len(), 2);
    // What she says herself has a share of its own, and others' hooks have theirs.
    alice.post(&chat.messages(), &json!({"content": long})).await.is(201);
    let his = hooks_into(&bob, group(&bob, "Den", &[]).await, "his").await;
    sends(&anyone, url(&his), "text/plain", &long).await.is(200);
}

#[tokio::test]
async fn a_resend_with_the_same_key_is_said_once() {
    let fireside = Fireside::start().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let hook = hooks_into(&alice, chat, "ci").await;
    let sends = async |text: &str, key: &str| {
        fireside.anyone().post(url(&hook), &json!({"text": text})).with("Idempotency-Key", key).await
    };
    sends("once", "k").await.is(200);
    sends("once", "k").await.is(200);
    sends("another", "k").await.is(409);
    sends("once", "l").await.is(200);
    sends("long", &"k".repeat(65)).await.is(400);
    assert_eq!(texts(&alice, chat).await, ["once", "once"]);
    let newest = alice.get(&chat.messages()).await.results()[0].clone();
    assert_eq!(newest["sender"]["id"], hook["bot"]["id"]);
}
