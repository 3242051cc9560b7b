//! What is true for a moment: who is there, who is in a call, and which message is the
//! one that one's own client is still sending.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::words::{CHATS, Line, dm, group, say, seen};
use crate::world::home::PATIENCE;
use crate::world::{Fireside, Listener, Person, id, people};

/// Who of a chat's members is there, as a person sees it.
fn online(chat: &Value) -> Vec<i64> {
    let members = chat["members"].as_array().unwrap();
    members.iter().filter(|member| member["online"] == true).map(id).collect()
}

#[tokio::test]
async fn a_chat_tells_who_of_its_members_is_there() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let team = group(&alice, "Team", &[&bob, &carol]).await;
    assert_eq!(online(&seen(&alice, team).await), [0; 0]);
    let bobs = Line::to(&bob).await;
    let mut alices = Line::to(&alice).await;
    assert_eq!(online(&seen(&alice, team).await), [alice.id, bob.id]);
    assert_eq!(online(&alice.get(CHATS).await.is(200).results()[0]), [alice.id, bob.id]);
    // Who is shown a chat for the first time is shown it with that.
    let pair = dm(&bob, &alice).await;
    let made = alices.hears("chat_created").await;
    assert_eq!((&made["chat"], online(&made["data"])), (&json!(pair.id), vec![alice.id, bob.id]));
    bobs.hangs_up().await;
    alices.hears_presence(&bob).await;
    assert_eq!(online(&seen(&carol, team).await), [alice.id]);
}

/// A page that comes back to a room it may not enter any more, just as its last socket
/// closes, does not make others see it there for good.
#[tokio::test]
async fn who_leaves_while_a_socket_is_refused_is_seen_to_leave() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    // Nobody is told of as often as that.
    let bobs = fireside.registers_crowd(10).await;
    let mut pairs = Vec::new();
    for bob in &bobs {
        pairs.push(dm(&alice, bob).await);
    }
    let mut alices = Line::to(&alice).await;
    for round in 0..60 {
        let (bob, pair) = (&bobs[round % 10], pairs[round % 10]);
        let bobs = Line::to(bob).await;
        assert_eq!(alices.hears_presence(bob).await["online"], true);
        let refused: Vec<_> = (0..4).map(|_| tokio::spawn(bob.handshake("/ws/room/999/").tried())).collect();
        // Where exactly it leaves is chance.
        tokio::time::sleep(Duration::from_micros(37 * (round % 40) as u64)).await;
        bobs.hangs_up().await;
        for refused in refused {
            assert!(refused.await.unwrap().is_err(), "there is no such room");
        }
        assert_eq!(alices.hears_presence(bob).await["online"], false, "in round {round}");
        assert_eq!(online(&seen(&alice, pair).await), [alice.id]);
    }
    alices.hears_nothing().await;
}

/// Everybody who shares a chat hears who comes and goes: to do that all day long is nobody's to make
/// a thousand others listen to.
#[tokio::test]
async fn who_comes_and_goes_all_the_time_is_told_of_now_and_then() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let pair = dm(&alice, &bob).await;
    let mut alices = Line::to(&alice).await;
    let begun = Instant::now();
    for _ in 0..60 {
        Line::to(&bob).await.hangs_up().await;
    }
    let stayed = Line::to(&bob).await;
    alices.says(&json!({"type": "ping"})).await;
    let mut told = Vec::new();
    let end = loop {
        let frame = alices.any_frame().await;
        match frame["type"].as_str().unwrap() {
            "presence" => told.push(frame["online"] == true),
            kind => break kind.to_owned(),
        }
    };
    assert_eq!(end, "pong");
    let most = 2 * (7 + begun.elapsed().as_secs() / 5);
    assert!(told.len() as u64 <= most, "{} of 120 in {:?}", told.len(), begun.elapsed());
    assert_eq!(told.last(), Some(&true), "nobody is told that he left who is there");
    assert_eq!(online(&seen(&alice, pair).await), [alice.id, bob.id]);
    // In the end it is right, too.
    stayed.hangs_up().await;
    let begun = Instant::now();
    while online(&seen(&alice, pair).await) != [alice.id] {
        assert!(begun.elapsed() < PATIENCE, "he left");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let last = alices.any_frame().await;
    assert_eq!((&last["type"], &last["online"]), (&json!("presence"), &json!(false)), "{last}");
}

async fn in_call(person: &Person, chat: i64) -> Listener {
    let mut listener = person.handshake(&format!("/ws/room/{chat}/")).enters().await;
    listener.says(&json!({"type": "join_call", "data": {}})).await;
    listener.hears("call_state").await;
    listener
}

#[tokio::test]
async fn a_call_is_seen_in_the_list_of_chats() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let team = group(&alice, "Team", &[&bob]).await;
    group(&alice, "Others", &[&carol]).await;
    let mut bobs = Line::to(&bob).await;
    let mut carols = Line::to(&carol).await;
    assert_eq!(seen(&bob, team).await["call"], json!([]));
    let hers = in_call(&alice, team.id).await;
    bobs.hears("call_started").await;
    assert_eq!(bobs.hears("call").await, json!({"type": "call", "chat": team.id, "participants": [alice.id]}));
    assert_eq!(seen(&bob, team).await["call"], json!([alice.id]));
    let his = in_call(&bob, team.id).await;
    assert_eq!(bobs.hears("call").await["participants"], json!([alice.id, bob.id]));
    hers.hangs_up().await;
    assert_eq!(bobs.hears("call").await["participants"], json!([bob.id]));
    his.hangs_up().await;
    assert_eq!(bobs.hears("call").await["participants"], json!([]));
    assert_eq!(seen(&bob, team).await["call"], json!([]));
    carols.hears_nothing().await;
}

#[tokio::test]
async fn the_sender_alone_hears_what_the_message_was_called() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = dm(&alice, &bob).await;
    let mut desk = Line::to(&alice).await;
    let mut phone = Line::to(&alice).await;
    let mut bobs = Line::to(&bob).await;
    alice.post(&chat.messages(), &json!({"content": "one", "client_id": "draft-1"})).await.is(201);
    for line in [&mut desk, &mut phone] {
        assert_eq!(line.hears("new_message").await["client_id"], "draft-1");
    }
    assert_eq!(bobs.hears("new_message").await.get("client_id"), None);
    // By a frame, again, and without a name.
    let frame = json!({"type": "send_message", "chat": chat.id, "content": "two", "client_id": "draft-2"});
    desk.says(&frame).await;
    let first = desk.hears("new_message").await;
    assert_eq!(first["client_id"], "draft-2");
    assert_eq!(phone.hears("new_message").await, first);
    desk.says(&frame).await;
    assert_eq!(desk.hears("new_message").await["client_id"], "draft-2");
    say(&alice, "three", chat).await;
    assert_eq!(phone.hears("new_message").await.get("client_id"), None);
}

#[tokio::test]
async fn the_last_message_of_a_chat_shows_its_files() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = dm(&alice, &bob).await;
    let file = alice.uploads("plan.txt", b"plan").await;
    alice.post(&chat.messages(), &json!({"content": "", "attachments": [file["id"]]})).await.is(201);
    let last = &seen(&bob, chat).await["last_message"];
    assert_eq!(last["attachments"][0]["name"], "plan.txt", "{last}");
    say(&alice, "and words", chat).await;
    assert_eq!(seen(&bob, chat).await["last_message"]["attachments"], json!([]));
}
