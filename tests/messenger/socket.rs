//! `/messenger/ws/ws/chat/{room_name}/`: messages live, and nothing else.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{Chatroom, PLACES, is_a_moment};
use crate::world::caller::Credential;
use crate::world::{Fireside, Person, Room, id, people};

async fn scene() -> (Fireside, Person, Person, Chatroom) {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let room = alice.chatroom_with("bob").await;
    (fireside, alice, bob, room)
}

fn saying(text: &str) -> Value {
    json!({ "message": text })
}

#[tokio::test]
async fn what_is_said_is_heard_as_documented_by_both() {
    let (_fireside, alice, bob, room) = scene().await;
    for place in PLACES {
        let mut alices = alice.through(place).handshake(&room.socket()).enters().await;
        let mut bobs = bob.through(place).handshake(room.socket().trim_end_matches('/')).enters().await;
        alices.says(&saying(" Привет! ")).await;
        let echo = alices.hears_said("Привет!").await;
        assert_eq!(echo["user"], "alice");
        is_a_moment(&echo["timestamp"]);
        assert_eq!(bobs.hears_said("Привет!").await, echo);
        let stored = bob.get(&format!("{}?limit=1", room.messages())).await.is(200).json();
        assert_eq!(stored, json!([echo]));
    }
}

#[tokio::test]
async fn every_way_of_saying_it_is_heard_here_and_what_is_said_here_is_heard_there() {
    let (_fireside, alice, bob, room) = scene().await;
    let same = Room { id: room.id };
    let mut here = bob.listens_at(&room).await;
    let mut there = bob.listens_in(&same).await;
    let posted = alice.says_in(&room, "by messenger's REST").await;
    assert_eq!(here.hears_said("by messenger's REST").await, posted);
    there.hears_message("by messenger's REST").await;
    let posted = alice.posts("by rooms' REST").in_room(&same).await;
    let heard = here.hears_said("by rooms' REST").await;
    assert_eq!((&heard["id"], &heard["timestamp"]), (&posted["id"], &posted["created_at"]));
    there.hears_message("by rooms' REST").await;
    there.says_message("by rooms' socket").await;
    assert_eq!(here.hears_said("by rooms' socket").await["user"], "bob");
    there.hears_message("by rooms' socket").await;
    here.says(&saying("by messenger's socket")).await;
    let heard = here.hears_said("by messenger's socket").await;
    assert_eq!(id(&there.hears_message("by messenger's socket").await), id(&heard));
}

#[tokio::test]
async fn a_socket_says_nothing_but_messages_of_its_room_from_now_on() {
    let (fireside, alice, bob, room) = scene().await;
    let carol = fireside.registers("carol").await;
    let den = alice.opens_room("den").await;
    let group = Chatroom::of_group(&den);
    bob.joins(&den).await;
    let old = alice.says_in(&group, "before").await;
    let mut listener = bob.listens_at(&group).await;
    alice.says_in(&room, "elsewhere").await;
    carol.joins(&den).await;
    alice.patch(&den.path(), &json!({"name": "The den"})).await.is(200);
    alice.deletes(&old).await;
    let mut alices = alice.listens_in(&den).await;
    alices.says(&json!({"type": "join_call"})).await;
    carol.leaves(&den).await;
    alice.says_in(&group, "after").await;
    listener.hears_said("after").await;
    listener.hears_no_more().await;
}

#[tokio::test]
async fn nonsense_is_answered_to_its_sender_and_the_socket_stays() {
    let (_fireside, alice, bob, room) = scene().await;
    let mut alices = alice.listens_at(&room).await;
    let mut bobs = bob.listens_at(&room).await;
    for nonsense in [
        Message::text("{"),
        Message::text(""),
        Message::text("[]"),
        Message::text("null"),
        Message::text("\"hi\""),
        Message::text("{}"),
        Message::text(r#"{"content":"hi"}"#),
        Message::text(r#"{"message":null}"#),
        Message::text(r#"{"message":5}"#),
        Message::text(r#"{"message":["hi"]}"#),
        Message::text(r#"{"message":{"content":"hi"}}"#),
        Message::text(r#"{"message":""}"#),
        Message::text(r#"{"message":" \n "}"#),
        Message::text(r#"{"message":"hi","client_id":5}"#),
        Message::text(saying(&"x".repeat(10_001)).to_string()),
        Message::text(format!("{}{}", "[".repeat(1000), "]".repeat(1000))),
        Message::binary(b"\x00\x01".to_vec()),
        Message::binary(saying("hi").to_string().into_bytes()),
    ] {
        alices.sends(nonsense).await;
        alices.hears_complaint().await;
    }
    alices.says(&saying("still here")).await;
    alices.hears_said("still here").await;
    bobs.hears_said("still here").await;
    assert_eq!(bob.reads_chatroom(&room).await, ["still here"]);
}

#[tokio::test]
async fn a_forged_sender_is_ignored() {
    let (_fireside, alice, bob, room) = scene().await;
    let notes = alice.chatroom_with("alice").await;
    let mut listener = bob.listens_at(&room).await;
    let forged = json!({"message": "hi", "user": "alice", "id": 4711, "room": notes.name, "timestamp": "1999"});
    listener.says(&forged).await;
    let heard = listener.hears_said("hi").await;
    assert_eq!(heard["user"], "bob");
    assert_ne!(heard["id"], 4711);
    assert!(alice.reads_chatroom(&notes).await.is_empty());
}

#[tokio::test]
async fn only_the_resender_hears_the_first_frame_again() {
    let (_fireside, alice, bob, room) = scene().await;
    let mut desk = alice.listens_at(&room).await;
    let mut phone = alice.listens_at(&room).await;
    let mut bobs = bob.listens_at(&room).await;
    desk.says(&json!({"message": "hi", "client_id": "k"})).await;
    let first = desk.hears_said("hi").await;
    phone.hears_said("hi").await;
    bobs.hears_said("hi").await;
    phone.says(&json!({"message": "hi", "client_id": "k"})).await;
    assert_eq!(phone.hears_said("hi").await, first);
    phone.says(&json!({"message": "other", "client_id": "k"})).await;
    assert!(phone.hears_complaint().await.contains("conflict"));
    desk.hears_no_more().await;
    bobs.hears_no_more().await;
    // One key for requests and frames.
    let again = alice.post(&room.messages(), &json!({"content": "hi", "client_id": "k"})).await;
    again.says(200, &first);
    assert_eq!(bob.reads_chatroom(&room).await, ["hi"]);
}

#[tokio::test]
async fn a_frame_ends_at_128_kib_and_a_message_at_ten_thousand_characters() {
    let (_fireside, alice, bob, room) = scene().await;
    let mut listener = alice.listens_at(&room).await;
    let fits = "🔥".repeat(10_000);
    listener.says(&saying(&fits)).await;
    listener.hears_said(&fits).await;
    let padded = |size: usize| {
        let (start, end) = (r#"{"message":"fits","ignored":""#, r#""}"#);
        format!("{start}{}{end}", "x".repeat(size - start.len() - end.len()))
    };
    listener.sends(Message::text(padded(128 * 1024))).await;
    listener.hears_said("fits").await;
    listener.sends(Message::text(padded(128 * 1024 + 1))).await;
    listener.is_closed_with(4413).await;
    assert_eq!(bob.reads_chatroom(&room).await.len(), 2);
}

#[tokio::test]
async fn a_member_enters_by_every_credential() {
    let (fireside, alice, bob, room) = scene().await;
    let pair = alice.takes_jwts().await;
    let session = alice.signs_in_by_page().await;
    let handshake = || fireside.anyone().handshake(&room.socket());
    let mut listeners = Vec::new();
    for token in [&pair.access, &alice.token] {
        listeners.push(handshake().with_query(&format!("token={token}")).enters().await);
        listeners.push(handshake().with("Authorization", &format!("Bearer {token}")).enters().await);
        listeners.push(handshake().with("Authorization", &format!("Token {token}")).enters().await);
        let by_protocol = handshake().with("Sec-WebSocket-Protocol", &format!("token, {token}")).enters().await;
        assert_eq!(by_protocol.protocol.as_deref(), Some("token"));
        listeners.push(by_protocol);
    }
    listeners.push(handshake().with("Cookie", &session.cookie()).enters().await);
    bob.says_in(&room, "welcome").await;
    for listener in &mut listeners {
        listener.hears_said("welcome").await;
    }
    let browser = alice.showing(Credential::Session(session));
    let foreign = browser.handshake(&room.socket()).with("Origin", "https://evil.example");
    foreign.turned_away_with(403).await;
    for bad in [pair.refresh.as_str(), "bad", "a.b.c"] {
        handshake().with_query(&format!("token={bad}")).turned_away_with(401).await;
    }
}

#[tokio::test]
async fn whoever_may_not_is_told_by_status_or_as_a_browser_by_close_code() {
    let (fireside, alice, _bob, room) = scene().await;
    let carol = fireside.registers("carol").await;
    let public = Chatroom::of_group(&alice.opens_room("den").await);
    let never = Chatroom::named("alice_zed");
    let anyone = fireside.anyone();
    for (handshake, status, code, body) in [
        (anyone.handshake(&room.socket()), 401, 4401, None),
        (anyone.handshake(&never.socket()), 401, 4401, None),
        (carol.handshake(&public.socket()), 403, 4403, Some(json!({"error": "Access denied"}))),
        (carol.handshake(&room.socket()), 404, 4404, Some(json!({"detail": "Not found."}))),
        (carol.handshake(&never.socket()), 404, 4404, Some(json!({"detail": "Not found."}))),
    ] {
        let refusal = handshake.clone().turned_away().await;
        assert_eq!(refusal.status, status);
        let said: Value = serde_json::from_str(&refusal.body).unwrap();
        match body {
            Some(body) => assert_eq!(said, body),
            None => {
                assert!(refusal.headers.iter().any(|(name, value)| name == "www-authenticate" && value == "\"Bearer\""))
            }
        }
        handshake.with("Origin", &fireside.url).enters().await.is_closed_with(code).await;
    }
    alice.listens_at(&public).await.hears_no_more().await;
}

#[tokio::test]
async fn who_leaves_or_loses_the_room_hears_no_more_of_it() {
    let (_fireside, alice, bob, _) = scene().await;
    let den = alice.opens_room("den").await;
    let group = Chatroom::of_group(&den);
    bob.joins(&den).await;
    let mut bobs = bob.listens_at(&group).await;
    let mut alices = alice.listens_at(&group).await;
    bob.leaves(&den).await;
    alice.says_in(&group, "is he gone?").await;
    bobs.is_closed_with(4403).await;
    alices.hears_said("is he gone?").await;
    alice.delete(&den.path()).await.is(204);
    alices.is_closed_with(4404).await;
    alice.get(&group.messages()).await.refused_with_detail(404);
}
