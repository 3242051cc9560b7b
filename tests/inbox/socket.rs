//! `/ws/chat/{username}/`: frames as documented and no key more, and how the
//! socket answers nonsense.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{PLACES, delete, inbox, talks_with, update, writes};
use crate::world::{Fireside, contents, id, people};

const NOT_FOUND: &str = "Not found.";

fn error(sentence: &str) -> Value {
    json!({"error": sentence})
}

#[tokio::test]
async fn what_is_said_is_heard_by_both_as_documented() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    for place in PLACES {
        let mut alices = alice.through(place).handshake("/ws/chat/bob/").enters().await;
        let mut bobs = bob.through(place).handshake("/ws/chat/alice").enters().await;
        alices.says(&json!({"message": " Message content "})).await;
        let said = alices.frame().await;
        let expected = json!({"sender": "alice", "receiver": "bob", "message": "Message content", "id": id(&said)});
        assert_eq!(said, expected);
        assert_eq!(bobs.frame().await, said);

        alices.says(&json!({"message_id": said["id"], "message": "Updated message content"})).await;
        let expected = json!({
            "sender": "alice", "receiver": "bob", "message": "Updated message content", "message_id": said["id"],
        });
        assert_eq!(alices.frame().await, expected);
        assert_eq!(bobs.frame().await, expected);
        assert_eq!(contents(&inbox(&bob).await), ["Updated message content"]);

        bobs.says(&json!({"message": "hello"})).await;
        let answer = bobs.frame().await;
        assert_eq!((&answer["sender"], &answer["receiver"]), (&json!("bob"), &json!("alice")));
        assert_eq!(alices.frame().await, answer);

        for (listener, message) in [(&mut alices, &said), (&mut bobs, &answer)] {
            listener.says(&json!({"delete_message_id": message["id"]})).await;
        }
        let mut deleted = vec![alices.frame().await, alices.frame().await];
        assert_eq!(deleted, [bobs.frame().await, bobs.frame().await]);
        deleted.sort_by_key(|frame| frame["deleted_message_id"].as_i64());
        assert_eq!(
            deleted,
            [
                json!({"sender": "alice", "receiver": "bob", "deleted_message_id": said["id"]}),
                json!({"sender": "bob", "receiver": "alice", "deleted_message_id": answer["id"]}),
            ]
        );
        assert!(inbox(&alice).await.is_empty());
    }
}

#[tokio::test]
async fn what_is_done_by_request_is_heard_as_if_it_was_said() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    // They have never written: the chat comes to be while both listen.
    let mut alices = talks_with(&alice, "bob").await;
    let mut bobs = talks_with(&bob, "alice").await;
    let message = writes(&alice, &bob, "hi").await;
    let said = json!({"sender": "alice", "receiver": "bob", "message": "hi", "id": message["id"]});
    assert_eq!((alices.frame().await, bobs.frame().await), (said.clone(), said));
    alice.post(&update(&message), &json!({"content": "ho"})).await.is(200);
    let edited = json!({"sender": "alice", "receiver": "bob", "message": "ho", "message_id": message["id"]});
    assert_eq!((alices.frame().await, bobs.frame().await), (edited.clone(), edited));
    alice.delete(&delete(&message)).await.is(204);
    let deleted = json!({"sender": "alice", "receiver": "bob", "deleted_message_id": message["id"]});
    assert_eq!((alices.frame().await, bobs.frame().await), (deleted.clone(), deleted));
}

#[tokio::test]
async fn ids_come_as_text_too_and_answers_carry_numbers() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let message = writes(&alice, &bob, "hi").await;
    let number = id(&message);
    let mut listener = talks_with(&alice, "bob").await;
    listener.says(&json!({"message_id": number.to_string(), "message": "ho"})).await;
    assert_eq!(listener.frame().await["message_id"], number);
    listener.says(&json!({"delete_message_id": number.to_string()})).await;
    assert_eq!(listener.frame().await["deleted_message_id"], number);
}

#[tokio::test]
async fn a_pair_hears_itself_alone() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut alice_and_bob = talks_with(&alice, "BOB").await;
    let alice_and_carol = talks_with(&alice, "carol").await;
    let mut bob_and_carol = talks_with(&bob, "carol").await;
    let mut alice_alone = talks_with(&alice, "alice").await;
    alice.posts("in the den").in_room(&den).await;
    writes(&bob, &alice, "for alice").await;
    writes(&carol, &bob, "for bob").await;
    writes(&alice, &alice, "for me").await;
    assert_eq!(alice_and_bob.frame().await["message"], "for alice");
    assert_eq!(bob_and_carol.frame().await["message"], "for bob");
    let note = alice_alone.frame().await;
    assert_eq!((&note["sender"], &note["receiver"]), (&json!("alice"), &json!("alice")));
    for mut listener in [alice_and_bob, alice_and_carol, bob_and_carol, alice_alone] {
        listener.stays_silent().await;
    }
}

#[tokio::test]
async fn a_socket_is_silent_about_what_was_before() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    writes(&alice, &bob, "before").await;
    let mut listener = talks_with(&bob, "alice").await;
    listener.stays_silent().await;
    writes(&alice, &bob, "after").await;
    assert_eq!(listener.frame().await["message"], "after");
}

#[tokio::test]
async fn only_ones_own_words_can_be_changed_by_frame() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let message = writes(&alice, &bob, "hi").await;
    let mut bobs = talks_with(&bob, "alice").await;
    let mut alices = talks_with(&alice, "bob").await;
    bobs.says(&json!({"message_id": message["id"], "message": "x"})).await;
    assert_eq!(bobs.frame().await, error("You can only edit your own messages"));
    bobs.says(&json!({"delete_message_id": message["id"]})).await;
    assert_eq!(bobs.frame().await, error("You can only delete your own messages"));
    alices.stays_silent().await;
    assert_eq!(inbox(&alice).await, [message]);
}

#[tokio::test]
async fn a_message_of_another_pair_is_one_that_never_was() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let den = alice.opens_room("den").await;
    let in_den = alice.posts("in the den").in_room(&den).await;
    let to_bob = writes(&alice, &bob, "to bob").await;
    let to_self = writes(&alice, &alice, "to me").await;
    // She wrote them all, but not to carol; carol never saw them.
    for mut listener in [talks_with(&alice, "carol").await, talks_with(&carol, "alice").await] {
        for message in [&in_den, &to_bob, &to_self, &json!({"id": 999_999}), &json!({"id": 0}), &json!({"id": -1})] {
            listener.says(&json!({"message_id": message["id"], "message": "x"})).await;
            assert_eq!(listener.frame().await, error(NOT_FOUND), "{message}");
            listener.says(&json!({"delete_message_id": message["id"]})).await;
            assert_eq!(listener.frame().await, error(NOT_FOUND), "{message}");
        }
    }
    assert_eq!(inbox(&alice).await, [to_self, to_bob.clone()]);
    assert_eq!(alice.reads(&den).await, ["in the den"]);
    // With bob it is there.
    let mut listener = talks_with(&alice, "bob").await;
    listener.says(&json!({"delete_message_id": to_bob["id"]})).await;
    assert_eq!(listener.frame().await["deleted_message_id"], to_bob["id"]);
}

#[tokio::test]
async fn nonsense_is_answered_to_its_sender_and_the_socket_stays() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let mut alices = talks_with(&alice, "bob").await;
    let mut bobs = talks_with(&bob, "alice").await;
    let mine = id(&writes(&alice, &bob, "mine").await);
    alices.frame().await;
    bobs.frame().await;
    for nonsense in [
        Message::text("{"),
        Message::text(""),
        Message::text("[]"),
        Message::text("null"),
        Message::text("\"hi\""),
        Message::text("{}"),
        Message::text(r#"{"content":"hi"}"#),
        Message::text(r#"{"message":""}"#),
        Message::text(r#"{"message":"  "}"#),
        Message::text(r#"{"message":5}"#),
        Message::text(r#"{"message":null}"#),
        Message::text(r#"{"message":["hi"]}"#),
        Message::text(r#"{"message":"hi","client_id":5}"#),
        Message::text(json!({"message": "x".repeat(10_001)}).to_string()),
        Message::text(json!({"message_id": mine}).to_string()),
        Message::text(json!({"message_id": mine, "message": " "}).to_string()),
        Message::text(json!({"message_id": mine, "message": 5}).to_string()),
        Message::text(r#"{"message_id":"x","message":"hi"}"#),
        Message::text(r#"{"message_id":true,"message":"hi"}"#),
        Message::text(r#"{"message_id":1.5,"message":"hi"}"#),
        Message::text(r#"{"delete_message_id":"x"}"#),
        Message::text(r#"{"delete_message_id":[1]}"#),
        Message::text(r#"{"delete_message_id":99999999999999999999}"#),
        Message::binary(br#"{"message":"hi"}"#.to_vec()),
        Message::text(format!("{}{}", "[".repeat(1000), "]".repeat(1000))),
    ] {
        alices.sends(nonsense.clone()).await;
        let frame = alices.frame().await;
        let sentence = frame["error"].as_str().unwrap_or_else(|| panic!("{nonsense:?} was answered {frame}"));
        assert!(!sentence.trim().is_empty());
        assert_eq!(frame.as_object().unwrap().len(), 1, "{frame}");
    }
    alices.says(&json!({"message": "still here", "message_id": null, "delete_message_id": null})).await;
    assert_eq!(alices.frame().await["message"], "still here");
    assert_eq!(bobs.frame().await["message"], "still here");
    assert_eq!(contents(&inbox(&bob).await), ["still here", "mine"]);
}

#[tokio::test]
async fn a_forged_sender_is_ignored() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    fireside.registers("bob").await;
    fireside.registers("carol").await;
    let mut listener = talks_with(&alice, "bob").await;
    listener.says(&json!({"message": "hi", "sender": "bob", "receiver": "carol", "id": 4711})).await;
    let frame = listener.frame().await;
    assert_eq!((&frame["sender"], &frame["receiver"]), (&json!("alice"), &json!("bob")));
    assert_ne!(frame["id"], 4711);
}

#[tokio::test]
async fn ten_thousand_characters_fit_into_a_frame_that_ends_at_128_kib() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    fireside.registers("bob").await;
    let mut listener = talks_with(&alice, "bob").await;
    let fits = "🔥".repeat(10_000);
    listener.says(&json!({"message": fits})).await;
    assert_eq!(listener.frame().await["message"], fits.as_str());
    let padded = |size: usize| {
        let start = r#"{"message":"fits","ignored":""#;
        format!("{start}{}\"}}", "x".repeat(size - start.len() - 2))
    };
    listener.sends(Message::text(padded(128 * 1024))).await;
    assert_eq!(listener.frame().await["message"], "fits");
    listener.sends(Message::text(padded(128 * 1024 + 1))).await;
    listener.is_closed_with(4413).await;
}

#[tokio::test]
async fn names_are_found_however_they_are_spelled_and_nobody_else_is() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    fireside.registers("вера").await;
    for name in ["вера", "ВЕРА", "%D0%B2%D0%B5%D1%80%D0%B0"] {
        let path = format!("/ws/chat/{name}/").replace("вера", "%D0%B2%D0%B5%D1%80%D0%B0");
        let path = path.replace("ВЕРА", "%D0%92%D0%95%D0%A0%D0%90");
        let mut listener = alice.handshake(&path).enters().await;
        listener.says(&json!({"message": "hi"})).await;
        assert_eq!(listener.frame().await["receiver"], "вера");
    }
    for name in ["nobody", "alice%00", "%FF", "-", "1x"] {
        alice.handshake(&format!("/ws/chat/{name}/")).turned_away_with(404).await;
    }
    // By itself the document has no chats by number, and no name is a number.
    for number in ["1", "123"] {
        alice.through("/d/inbox").handshake(&format!("/ws/chat/{number}/")).turned_away_with(404).await;
    }
    alice.get("/ws/chat/nobody/").await.refused(426, "upgrade_required");
}

#[tokio::test]
async fn sockets_close_when_the_credential_ends() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let phone = alice.signs_in_again().await;
    let mut gone = talks_with(&phone, "bob").await;
    let mut stays = talks_with(&alice, "bob").await;
    phone.does("/api/auth/logout/").await.is(204);
    writes(&bob, &alice, "after").await;
    gone.is_closed_with(4401).await;
    assert_eq!(stays.frame().await["message"], "after");
}
