//! Invitations into a group, for people who have an account.

use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::words::{Chat, FORBIDDEN, Line, NOT_FOUND, NOT_SIGNED_IN, Refused, dm, group, say, seen, texts};
use crate::world::caller::Credential;
use crate::world::{Fireside, Person, id, people};

fn invite(chat: Chat) -> String {
    format!("{}invite/", chat.path())
}

fn join(code: &str) -> String {
    format!("/messages/api/join/{code}/")
}

async fn invites(admin: &Person, chat: Chat, wish: Value) -> String {
    let made = admin.post(&invite(chat), &wish).await.is(201).json();
    made["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_has_the_code_joins() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[]).await;
    say(&alice, "before", chat).await;
    let made = alice.post(&invite(chat), &json!({"uses": 2})).await.is(201).json();
    let code = made["code"].as_str().unwrap();
    assert_eq!(code.len(), 40, "20 bytes: {made}");
    assert_eq!(made["url"], format!("{}/join#{code}", fireside.url));
    assert_eq!((&made["uses_left"], &made["created_by"]), (&json!(2), &json!(alice.id)));
    assert_eq!(alice.get(&invite(chat)).await.is(200).json(), json!({"results": [made], "next": null}));
    let mut alices = Line::to(&alice).await;
    let joined = bob.does(&join(code)).await.is(200).json();
    assert_eq!((&joined["id"], &joined["unread_count"]), (&json!(chat.id), &json!(0)));
    let told = alices.hears("member_added").await;
    assert_eq!((&told["chat"], &told["user_id"]), (&json!(chat.id), &json!(bob.id)));
    say(&bob, "after", chat).await;
    assert_eq!(texts(&bob, chat).await, ["after", "before"]);
    assert_eq!(seen(&bob, chat).await["admins"], json!([alice.id]), "a guest is no admin");
    // Again: the same chat, and nothing is used up.
    bob.does(&join(code)).await.is(200);
    assert_eq!(alice.get(&invite(chat)).await.results()[0]["uses_left"], 1);
    people!(fireside: carol, eve);
    carol.does(&join(code)).await.is(200);
    eve.does(&join(code)).await.denied(404, NOT_FOUND);
    assert!(alice.get(&invite(chat)).await.results().is_empty(), "what is used up is in no list");
    let log = fireside.home.log();
    assert!(log.contains("/messages/api/join/…/"), "the way is logged: {log}");
    assert!(!log.contains(code), "and the code is not");
}

#[tokio::test]
async fn a_code_that_leads_nowhere_is_as_one_that_never_was() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, eve);
    let chat = group(&alice, "Team", &[&bob]).await;
    let never = eve.does(&join(&"0".repeat(40))).await.denied(404, NOT_FOUND);
    let leads_nowhere = async |code: &str| {
        let answer = eve.does(&join(code)).await;
        assert_eq!(answer.as_seen_by_a_prober(), never.as_seen_by_a_prober());
    };
    let revoked = invites(&alice, chat, json!({})).await;
    alice.delete(&format!("{}{revoked}/", invite(chat))).await.is(204);
    alice.delete(&format!("{}{revoked}/", invite(chat))).await.denied(404, NOT_FOUND);
    leads_nowhere(&revoked).await;
    for odd in ["x", "%00", "%F0%9F%98%80", &"f".repeat(4_000)] {
        leads_nowhere(odd).await;
    }
    // It is as good as its maker's right.
    let makers = invites(&alice, chat, json!({})).await;
    fireside.home.runs(&["user", "disable", "alice"], "").await.succeeded();
    leads_nowhere(&makers).await;
    fireside.anyone().does(&join(&makers)).await.denied(401, NOT_SIGNED_IN);
}

/// Nor does a bot speak for whoever is let in no more.
#[tokio::test]
async fn what_a_bot_has_made_is_as_good_as_its_makers_right() {
    let fireside = Fireside::start_with(&["--bots", "open"]).await;
    people!(fireside: alice, bob, mallory);
    let bot = mallory.post("/api/server/bots/", &json!({"username": "news"})).await.is(201).json();
    let bot = mallory.showing(Credential::Token(bot["token"].as_str().unwrap().to_owned()));
    let body = json!({"chat_type": "group", "title": "News", "member_ids": [mallory.id, bob.id]});
    let chat = Chat { id: id(&bot.post("/messages/api/chats/", &body).await.is(201).json()) };
    let [code, other] = [json!({}), json!({})].map(|wish| bot.post(&invite(chat), &wish));
    let [code, other] = [code.await.is(201).json(), other.await.is(201).json()];
    alice.does(&join(code["code"].as_str().unwrap())).await.is(200);
    alice.delete(&chat.remove(&alice)).await.is(204);

    fireside.home.runs(&["user", "disable", "mallory"], "").await.succeeded();
    alice.does(&join(other["code"].as_str().unwrap())).await.denied(404, NOT_FOUND);
    // Nobody else could look after the group: who may sign in does.
    assert!(bob.get(&invite(chat)).await.is(200).results().is_empty(), "it is in no list");
    assert_eq!(seen(&bob, chat).await["admins"].as_array().unwrap().len(), 2);
    fireside.home.runs(&["user", "enable", "mallory"], "").await.succeeded();
    alice.does(&join(other["code"].as_str().unwrap())).await.is(200);
}

/// An invitation that somebody knows does not outlive their removal, whatever account they come with.
#[tokio::test]
async fn who_was_removed_comes_back_by_a_new_invitation_alone() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol, eve);
    let (chat, elsewhere) = (group(&alice, "Team", &[]).await, group(&alice, "Other", &[]).await);
    let other = invites(&alice, elsewhere, json!({})).await;
    let code = invites(&alice, chat, json!({})).await;
    bob.does(&join(&code)).await.is(200);
    carol.does(&join(&code)).await.is(200);
    // Who leaves may come again.
    bob.delete(&chat.remove(&bob)).await.is(204);
    bob.does(&join(&code)).await.is(200);
    alice.delete(&chat.remove(&bob)).await.is(204);
    let never = bob.does(&join(&"0".repeat(40))).await.denied(404, NOT_FOUND);
    for who in [&bob, &eve] {
        let answer = who.does(&join(&code)).await;
        assert_eq!(answer.as_seen_by_a_prober(), never.as_seen_by_a_prober());
    }
    bob.get(&chat.path()).await.denied(404, NOT_FOUND);
    assert!(alice.get(&invite(chat)).await.results().is_empty(), "they are in no list");
    bob.does(&join(&other)).await.is(200);
    bob.does(&join(&invites(&alice, chat, json!({})).await)).await.is(200);
    alice.delete(&chat.remove(&bob)).await.is(204);
    alice.post(&chat.add(), &json!({"user_ids": [bob.id]})).await.is(200);
    assert_eq!(seen(&bob, chat).await["member_count"], 3);
}

#[tokio::test]
async fn only_admins_of_the_group_invite() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, eve);
    let (chat, direct) = (group(&alice, "Team", &[&bob]).await, dm(&alice, &bob).await);
    let code = invites(&alice, chat, json!({})).await;
    let other = group(&bob, "Other", &[]).await;
    for (who, at, status, words) in [
        (&bob, chat, 403, FORBIDDEN),
        (&eve, chat, 404, NOT_FOUND),
        (&alice, other, 404, NOT_FOUND),
        (&alice, Chat { id: 999 }, 404, NOT_FOUND),
        (&alice, direct, 403, FORBIDDEN),
    ] {
        who.post(&invite(at), &json!({})).await.denied(status, words);
        who.get(&invite(at)).await.denied(status, words);
        who.delete(&format!("{}{code}/", invite(at))).await.denied(status, words);
    }
    bob.delete(&format!("{}{code}/", invite(other))).await.denied(404, NOT_FOUND);
    fireside.anyone().post(&invite(chat), &json!({})).await.denied(401, NOT_SIGNED_IN);
    for (field, wrong) in [
        ("uses", json!(0)),
        ("uses", json!(1_001)),
        ("uses", json!("x")),
        ("expires", json!(59)),
        ("expires", json!(-1)),
        ("expires", json!("2001-01-01T00:00:00Z")),
        ("expires", json!("9999-01-01T00:00:00Z")),
        ("expires", json!("tomorrow-ish")),
        ("expires", json!("2030-01-01T00:00:00")),
        ("expires", json!("2030-01-01T00:00:00+2")),
        ("expires", json!([1])),
    ] {
        alice.post(&invite(chat), &json!({field: wrong})).await.blames(field);
    }
    // A time may be any zone's.
    let hence = |hours: u64| SystemTime::now() + Duration::from_secs(hours * 3_600);
    let there = humantime::format_rfc3339_seconds(hence(26)).to_string().replace('Z', "+02:00");
    let here = humantime::format_rfc3339_millis(hence(24)).to_string();
    let made = alice.post(&invite(chat), &json!({"expires": there})).await.is(201).json();
    let until = made["expires_at"].as_str().unwrap();
    assert_eq!((&until[..11], &until[14..16]), (&here[..11], &here[14..16]), "{there} is {until}, about {here}");
    eve.does(&join(&code)).await.is(200);
    // An admin who left lets nobody in any more, and neither does a chat that is gone.
    alice.delete(&chat.remove(&alice)).await.is(204);
    let late = fireside.registers("late").await;
    late.does(&join(&code)).await.denied(404, NOT_FOUND);
    let code = invites(&bob, other, json!({})).await;
    bob.delete(&other.path()).await.is(204);
    late.does(&join(&code)).await.denied(404, NOT_FOUND);
}

#[tokio::test]
async fn of_twenty_at_once_with_one_use_one_joins() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let crowd = fireside.registers_crowd(20).await;
    let chat = group(&alice, "Team", &[]).await;
    let code = join(&invites(&alice, chat, json!({"uses": 1})).await);
    let answers = join_all(crowd.iter().map(|guest| async { guest.does(&code).await })).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| [200, 404].contains(&answer.status)));
    assert_eq!(seen(&alice, chat).await["member_count"], 2);
}

#[tokio::test]
async fn a_group_has_twenty_that_work_and_those_that_do_not_make_room() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[]).await;
    let mut codes = Vec::new();
    for _ in 0..20 {
        codes.push(invites(&alice, chat, json!({"uses": 1, "expires": 3_600})).await);
    }
    alice.post(&invite(chat), &json!({})).await.is(400);
    let first = alice.get(&format!("{}?limit=15", invite(chat))).await.is(200).json();
    let rest = format!("{}?limit=15&cursor={}", invite(chat), first["next"].as_str().unwrap());
    assert_eq!(alice.get(&rest).await.is(200).results().len(), 5);
    bob.does(&join(&codes[0])).await.is(200);
    invites(&alice, chat, json!({})).await;
    // Who may be in it is a limit of the group's own, and uses nothing up.
    alice.patch(&format!("/api/rooms/{}/", chat.id), &json!({"max_participants": 2})).await.is(200);
    let late = fireside.registers("late").await;
    late.does(&join(&codes[1])).await.is(400);
    alice.patch(&format!("/api/rooms/{}/", chat.id), &json!({"max_participants": null})).await.is(200);
    late.does(&join(&codes[1])).await.is(200);
}
