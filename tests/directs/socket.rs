//! `/ws/chat/{chat_id}/`: the one kind of frame, and the one sentence for all
//! that goes wrong.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::{ERROR, PLACES, chat_of, chats, enters, hears, hears_body, socket};
use crate::world::{Fireside, Room, id, people};

#[tokio::test]
async fn what_is_said_is_heard_by_both_as_documented() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    for place in PLACES {
        let mut alices = alice.through(place).handshake(&socket(&chat)).enters().await;
        let mut bobs = bob.through(place).handshake(socket(&chat).trim_end_matches('/')).enters().await;
        alices.says(&json!({"body": " Hello, how are you? "})).await;
        let said = hears_body(&mut alices, "Hello, how are you?", false).await;
        assert_eq!(hears(&mut bobs).await, said);
        assert_eq!(said["sender"], "alice");
        let stored = alice.get(&format!("/api/messages/{}/", id(&said))).await.is(200).json();
        let to_the_second = stored["created_at"].as_str().unwrap()[..19].replace('T', " ");
        assert_eq!(said["created"], to_the_second.as_str());
        bobs.says(&json!({"body": "fine"})).await;
        let answer = hears_body(&mut bobs, "fine", false).await;
        assert_eq!(hears(&mut alices).await, answer);
        for message in [&said, &answer] {
            let author = if message["sender"] == "alice" { &alice } else { &bob };
            author.deletes(message).await;
        }
        // There is no word for that here.
        alices.stays_silent().await;
        bobs.stays_silent().await;
    }
    assert_eq!(chats(&alice).await[0]["last_message"], json!(null));
}

#[tokio::test]
async fn whatever_goes_wrong_is_one_sentence_and_the_socket_stays() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let mut alices = enters(&alice, &chat).await;
    let mut bobs = enters(&bob, &chat).await;
    for nonsense in [
        Message::text("{"),
        Message::text(""),
        Message::text("[]"),
        Message::text("null"),
        Message::text("\"hi\""),
        Message::text("{}"),
        Message::text(r#"{"message":"hi"}"#),
        Message::text(r#"{"body":""}"#),
        Message::text(r#"{"body":"  "}"#),
        Message::text(r#"{"body":5}"#),
        Message::text(r#"{"body":null}"#),
        Message::text(r#"{"body":["hi"]}"#),
        Message::text(r#"{"body":"hi","client_id":5}"#),
        Message::text(json!({"body": "hi", "client_id": "k".repeat(65)}).to_string()),
        Message::text(json!({"body": "x".repeat(10_001)}).to_string()),
        Message::binary(br#"{"body":"hi"}"#.to_vec()),
        Message::text(format!("{}{}", "[".repeat(1000), "]".repeat(1000))),
    ] {
        alices.sends(nonsense.clone()).await;
        assert_eq!(alices.frame().await, json!({"error": ERROR}), "{nonsense:?}");
    }
    alices.says(&json!({"body": "still here"})).await;
    hears_body(&mut alices, "still here", false).await;
    hears_body(&mut bobs, "still here", false).await;
    assert_eq!(bob.reads(&chat).await, ["still here"]);
}

#[tokio::test]
async fn a_forged_sender_is_ignored() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let mut listener = enters(&alice, &chat).await;
    let forged = json!({"body": "hi", "sender": "bob", "id": 4711, "is_read": true, "created": "2001-01-01 00:00:00"});
    listener.says(&forged).await;
    let message = hears_body(&mut listener, "hi", false).await;
    assert_eq!(message["sender"], "alice");
    assert_ne!(message["id"], 4711);
    assert!(!message["created"].as_str().unwrap().starts_with("2001"));
}

#[tokio::test]
async fn ten_thousand_characters_fit_into_a_frame_that_ends_at_128_kib() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let mut listener = enters(&alice, &chat).await;
    let fits = "🔥".repeat(10_000);
    listener.says(&json!({"body": fits})).await;
    hears_body(&mut listener, &fits, false).await;
    let padded = |size: usize| {
        let start = r#"{"body":"fits","ignored":""#;
        format!("{start}{}\"}}", "x".repeat(size - start.len() - 2))
    };
    listener.sends(Message::text(padded(128 * 1024))).await;
    hears_body(&mut listener, "fits", false).await;
    listener.sends(Message::text(padded(128 * 1024 + 1))).await;
    listener.is_closed_with(4413).await;
}

#[tokio::test]
async fn a_chat_hears_itself_alone() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let with_bob = chat_of(&alice, &bob).await;
    let with_carol = chat_of(&alice, &carol).await;
    let den = alice.opens_room("den").await;
    let mut bobs = enters(&alice, &with_bob).await;
    let mut carols = enters(&alice, &with_carol).await;
    alice.posts("in the den").in_room(&den).await;
    alice.posts("for bob").in_room(&with_bob).await;
    hears_body(&mut bobs, "for bob", false).await;
    bobs.stays_silent().await;
    carols.stays_silent().await;
}

#[tokio::test]
async fn a_group_is_no_chat_of_this_document() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    let hidden = alice.opens_room("hidden").await;
    alice.makes_private(&hidden).await;
    let never = Room { id: 999_999 };
    let unknown = alice.handshake(&socket(&never)).turned_away().await;
    assert_eq!(unknown.status, 404);
    for who in [&alice, &bob] {
        for room in [&den, &hidden] {
            let refusal = who.handshake(&socket(room)).turned_away().await;
            assert_eq!(refusal.as_seen_by_a_prober(), unknown.as_seen_by_a_prober());
        }
    }
}

#[tokio::test]
async fn numbers_are_chats_and_the_rest_is_not() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let mut listener = alice.handshake(&format!("/ws/chat/000{}/", chat.id)).enters().await;
    listener.says(&json!({"body": "hi"})).await;
    hears_body(&mut listener, "hi", false).await;
    for number in ["0", "999999", "99999999999999999999"] {
        alice.handshake(&format!("/ws/chat/{number}/")).turned_away_with(404).await;
    }
    // At the root a name is another document's; by itself this one knows no names.
    let mut by_name = alice.handshake("/ws/chat/bob/").enters().await;
    by_name.says(&json!({"message": "hi"})).await;
    assert_eq!(by_name.frame().await["receiver"], "bob");
    for name in ["bob", "-1", "1.0", "NaN"] {
        alice.through("/d/directs").handshake(&format!("/ws/chat/{name}/")).turned_away_with(404).await;
    }
    alice.get(&socket(&chat)).await.refused(426, "upgrade_required");
}

#[tokio::test]
async fn sockets_close_when_the_credential_ends() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = chat_of(&alice, &bob).await;
    let phone = alice.signs_in_again().await;
    let mut gone = enters(&phone, &chat).await;
    gone.stays_silent().await;
    let mut stays = enters(&alice, &chat).await;
    phone.does("/api/auth/logout/").await.is(204);
    bob.posts("after").in_room(&chat).await;
    gone.is_closed_with(4401).await;
    hears_body(&mut stays, "after", false).await;
}
