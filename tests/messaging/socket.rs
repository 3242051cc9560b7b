//! `/messages/ws/`: what is said on it, who hears it, and how it answers nonsense.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::words::{CHATS, Line, SOCKET, dm, group, path, say, seen, texts};
use crate::world::caller::Credential;
use crate::world::{Fireside, id, people};

#[tokio::test]
async fn everything_that_a_request_does_a_frame_does() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let file = alice.uploads("a.txt", b"a").await;
    let mut alices = Line::to(&alice).await;
    let mut bobs = Line::to(&bob).await;
    let question = say(&bob, "tea?", chat).await;
    let send = json!({
        "type": "send_message", "chat": chat.id, "content": " yes ", "reply_to": question["id"],
        "attachments": [file["id"]], "sender": bob.id,
    });
    alices.says(&send).await;
    for line in [&mut alices, &mut bobs] {
        line.hears_message("tea?").await;
    }
    let message = alices.hears_message("yes").await;
    assert_eq!(bobs.hears_message("yes").await, message);
    assert_eq!(bob.get(&path(&message)).await.is(200).json(), message);
    assert_eq!((&message["sender"]["id"], &message["reply_to"]), (&json!(alice.id), &question["id"]));
    assert_eq!(message["attachments"][0]["id"], file["id"]);

    let of = |kind: &str, extra: Value| {
        let mut frame = json!({"type": kind, "message_id": message["id"]});
        frame.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        frame
    };
    alices.says(&of("edit_message", json!({"content": "no"}))).await;
    for line in [&mut alices, &mut bobs] {
        let told = line.hears("message_updated").await;
        assert_eq!((&told["message"]["content"], &told["message"]["is_edited"]), (&json!("no"), &json!(true)));
    }
    bobs.says(&of("react", json!({"emoji": "👎"}))).await;
    for line in [&mut alices, &mut bobs] {
        let told = line.hears("reaction_updated").await;
        assert_eq!(told["reactions"], json!([{"emoji": "👎", "count": 1, "users": [bob.id]}]));
    }
    bobs.says(&json!({"type": "mark_read", "chat": chat.id.to_string()})).await;
    for line in [&mut alices, &mut bobs] {
        let told = line.hears("read").await;
        assert_eq!(told, json!({"type": "read", "chat": chat.id, "user_id": bob.id, "message_id": message["id"]}));
    }
    assert_eq!(seen(&bob, chat).await["unread_count"], 0);
    alices.says(&of("delete_message", json!({}))).await;
    for line in [&mut alices, &mut bobs] {
        assert_eq!(line.hears("message_deleted").await["message_id"], message["id"]);
        line.hears_nothing().await;
    }
    assert_eq!(texts(&bob, chat).await, ["tea?"]);
}

#[tokio::test]
async fn a_frame_does_not_do_what_a_request_may_not() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob]).await;
    let public = carol.opens_room("public").await;
    let message = say(&alice, "alice's", chat).await;
    let hers = carol.posts("carol's").in_room(&public).await;
    let mut bobs = Line::to(&bob).await;
    let mut alices = Line::to(&alice).await;
    for kind in ["edit_message", "delete_message"] {
        bobs.says(&json!({"type": kind, "message_id": message["id"], "content": "x"})).await;
        bobs.hears_error("permission_denied").await;
    }
    let never = json!(999_999);
    for (message, chat) in [(&hers["id"], &json!(public.id)), (&never, &never)] {
        let mut errors = Vec::new();
        for frame in [
            json!({"type": "send_message", "chat": chat, "content": "x"}),
            json!({"type": "edit_message", "message_id": message, "content": "x"}),
            json!({"type": "delete_message", "message_id": message}),
            json!({"type": "react", "message_id": message, "emoji": "👍"}),
            json!({"type": "mark_read", "chat": chat}),
            json!({"type": "typing", "chat": chat, "is_typing": true}),
        ] {
            bobs.says(&frame).await;
            errors.push(bobs.hears_error("not_found").await);
        }
        assert!(errors.iter().all(|error| *error == json!({"type":"error","code":"not_found","message":"Not found."})));
    }
    alices.hears_nothing().await;
    assert_eq!(texts(&alice, chat).await, ["alice's"]);
    assert_eq!(carol.reads(&public).await, ["carol's"]);
}

#[tokio::test]
async fn nonsense_is_answered_to_its_sender_and_the_socket_stays() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let mut alices = Line::to(&alice).await;
    let mut bobs = Line::to(&bob).await;
    let send = |extra: Value| {
        let mut frame = json!({"type": "send_message", "chat": chat.id});
        frame.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        Message::text(frame.to_string())
    };
    for nonsense in [
        Message::text("{"),
        Message::text(""),
        Message::text("[]"),
        Message::text("null"),
        Message::text("{}"),
        Message::text(r#"{"type":5}"#),
        Message::text(r#"{"type":"sing"}"#),
        Message::text(r#"{"type":"new_message","message":{}}"#),
        Message::text(r#"{"type":"send_message","content":"hi"}"#),
        Message::text(r#"{"type":"send_message","chat":"x","content":"hi"}"#),
        Message::text(r#"{"type":"edit_message","content":"hi"}"#),
        Message::text(r#"{"type":"edit_message","message_id":1}"#),
        Message::text(r#"{"type":"delete_message"}"#),
        Message::text(r#"{"type":"react","message_id":1}"#),
        Message::text(r#"{"type":"react","message_id":1,"emoji":"ok"}"#),
        Message::text(r#"{"type":"mark_read"}"#),
        Message::text(r#"{"type":"mark_read","chat":1,"message_id":"x"}"#),
        Message::text(r#"{"type":"typing","chat":1}"#),
        send(json!({})),
        send(json!({"content": ""})),
        send(json!({"content": 5})),
        send(json!({"content": "x".repeat(10_001)})),
        send(json!({"content": "x", "attachments": [999_999]})),
        send(json!({"content": "x", "reply_to": 999_999})),
        send(json!({"content": "x", "client_id": "k".repeat(65)})),
        Message::binary(b"\x00\x01".to_vec()),
        Message::binary(br#"{"type":"ping"}"#.to_vec()),
        Message::text(format!("{}{}", "[".repeat(1000), "]".repeat(1000))),
    ] {
        alices.sends(nonsense.clone()).await;
        let error = alices.hears_error("validation_error").await;
        assert_eq!(error.as_object().unwrap().len(), 3, "{error}");
    }
    alices.says(&json!({"type": "send_message", "chat": chat.id, "content": "still here"})).await;
    alices.hears_message("still here").await;
    bobs.hears_message("still here").await;
    assert_eq!(texts(&bob, chat).await, ["still here"]);
}

#[tokio::test]
async fn a_frame_ends_at_128_kib() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let mut line = Line::to(&alice).await;
    let padded = |size: usize| {
        let start = r#"{"type":"ping","ignored":""#;
        format!(r#"{start}{}"}}"#, "x".repeat(size - start.len() - 2))
    };
    line.sends(Message::text(padded(128 * 1024))).await;
    assert_eq!(line.frame().await, json!({"type": "pong"}));
    line.sends(Message::text(padded(128 * 1024 + 1))).await;
    line.is_closed_with(4413).await;
}

#[tokio::test]
async fn new_chats_join_the_socket_live() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let mut alices = Line::to(&alice).await;
    let mut bobs = Line::to(&bob).await;
    let direct = dm(&alice, &bob).await;
    let team = group(&bob, "Team", &[&alice]).await;
    for (line, who) in [(&mut alices, &alice), (&mut bobs, &bob)] {
        for chat in [direct, team] {
            let told = line.hears("chat_created").await;
            assert_eq!(told, json!({"type": "chat_created", "chat": chat.id, "data": seen(who, chat).await}));
        }
    }
    say(&alice, "direct", direct).await;
    say(&bob, "group", team).await;
    for line in [&mut alices, &mut bobs] {
        assert_eq!(line.hears_message("direct").await["chat"], direct.id);
        assert_eq!(line.hears_message("group").await["chat"], team.id);
    }
    // Asking for it again makes nothing new.
    dm(&bob, &alice).await;
    alices.hears_nothing().await;
}

#[tokio::test]
async fn those_who_share_a_chat_see_each_other_come_and_go() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    group(&alice, "Team", &[&bob]).await;
    dm(&alice, &bob).await;
    let mut alices = Line::to(&alice).await;
    let mut carols = Line::to(&carol).await;
    let desk = Line::to(&bob).await;
    let told = alices.hears_presence(&bob).await;
    assert_eq!(told, json!({"type": "presence", "user_id": bob.id, "online": true, "last_seen": null}));
    let phone = Line::to(&bob).await;
    desk.hangs_up().await;
    phone.hangs_up().await;
    let told = alices.hears_presence(&bob).await;
    assert_eq!(told["online"], false);
    assert!(told["last_seen"].as_str().unwrap().ends_with('Z'), "{told}");
    alices.hears_nothing().await;
    carols.hears_nothing().await;
}

#[tokio::test]
async fn only_who_is_signed_in_gets_a_socket_and_keeps_it() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let anyone = fireside.anyone();
    for place in ["", "/d/messaging"] {
        let refusal = anyone.through(place).handshake(SOCKET).turned_away().await;
        assert_eq!(refusal.status, 401);
        assert_eq!(refusal.body, r#"{"detail":"Authentication credentials were not provided."}"#);
        anyone.through(place).handshake(SOCKET).with_query("token=bad").turned_away_with(401).await;
    }
    anyone.handshake(SOCKET).with("Origin", &fireside.url).enters().await.is_closed_with(4401).await;
    let session = alice.signs_in_by_page().await;
    let browser = alice.showing(Credential::Session(session));
    browser.handshake(SOCKET).with("Origin", "https://evil.example").turned_away_with(403).await;
    Line::through(browser.handshake(SOCKET).with("Origin", &fireside.url)).await.hears_nothing().await;
    let by_protocol = anyone.handshake(SOCKET).with("Sec-WebSocket-Protocol", &format!("token, {}", alice.token));
    Line::through(by_protocol).await.hears_nothing().await;

    let device = alice.signs_in_again().await;
    let mut line = Line::to(&device).await;
    device.does("/api/auth/logout/").await.is(204);
    line.is_closed_with(4401).await;
    device.handshake(SOCKET).turned_away_with(401).await;
    alice.get(SOCKET).await.is(426);
    let made = alice.post(CHATS, &json!({"chat_type": "dm", "member_ids": [alice.id]})).await.is(201);
    assert!(id(&made.json()) > 0);
}
