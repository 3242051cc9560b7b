//! `/api/messages/…`: writing to somebody, reading, changing one's words, deleting.

use serde_json::{Value, json};

use super::{MESSAGES, PLACES, delete, inbox, talks_with, update, writes};
use crate::world::{Fireside, contents, id, people};

#[tokio::test]
async fn a_message_is_answered_as_documented() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    for place in PLACES {
        let body = json!({"receiver": bob.id, "content": "  Message content "});
        let message = alice.through(place).post(MESSAGES, &body).await.is(201).json();
        assert_eq!(
            message,
            json!({
                "id": id(&message), "sender": alice.id, "receiver": bob.id, "content": "Message content",
                "timestamp": message["timestamp"],
            })
        );
        let time = message["timestamp"].as_str().unwrap();
        assert!(time.len() == "2025-01-01T12:00:00.123Z".len() && time.ends_with('Z'), "{time}");
        assert_eq!(inbox(&alice).await[0], message);
        assert_eq!(inbox(&bob).await[0], message);
    }
}

#[tokio::test]
async fn a_receiver_is_an_id_or_its_digits_or_a_name() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    for receiver in [json!(bob.id), json!(bob.id.to_string()), json!("bob"), json!(" BOB ")] {
        let message = alice.post(MESSAGES, &json!({"receiver": receiver, "content": "hi"})).await.is(201).json();
        assert_eq!(message["receiver"], bob.id, "{receiver}");
    }
    for receiver in [bob.id.to_string(), "bob".to_owned()] {
        let form = [("receiver", receiver.as_str()), ("content", "hi")];
        let message = alice.sends_form("/api/messages", &form).await.is(201).json();
        assert_eq!(message["receiver"], bob.id);
    }
    assert_eq!(inbox(&bob).await.len(), 6);
}

#[tokio::test]
async fn nobody_gets_a_message_for_nobody() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for receiver in [json!(999_999), json!(0), json!(-1), json!("999999"), json!("nobody"), json!("9".repeat(30))] {
        let answer = alice.post(MESSAGES, &json!({"receiver": receiver, "content": "hi"})).await.names("receiver");
        assert_eq!(answer.json()["details"], json!({"receiver": ["User does not exist"]}), "{receiver}");
    }
    for receiver in [json!(null), json!(true), json!(1.5), json!([1]), json!({}), json!(""), json!("  ")] {
        alice.post(MESSAGES, &json!({"receiver": receiver, "content": "hi"})).await.names("receiver");
    }
    alice.post(MESSAGES, &json!({"content": "hi"})).await.names("receiver");
    assert!(inbox(&alice).await.is_empty());
}

#[tokio::test]
async fn a_message_has_from_one_to_ten_thousand_characters() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let (fits, over) = ("🔥".repeat(10_000), "🔥".repeat(10_001));
    let message = writes(&alice, &bob, &fits).await;
    assert_eq!(message["content"], fits.as_str());
    for content in [json!(over), json!(""), json!("  "), json!(5), json!(null), json!(["hi"])] {
        let body = json!({"receiver": bob.id, "content": content});
        alice.post(MESSAGES, &body).await.names("content");
        alice.post(&update(&message), &json!({"content": content})).await.names("content");
    }
    alice.post(MESSAGES, &json!({"receiver": bob.id})).await.names("content");
    alice.post(&update(&message), &json!({})).await.names("content");
    alice.post(&update(&message), &json!({"content": "🔥".repeat(10_000)})).await.is(200);
    let both = alice.post(MESSAGES, &json!({})).await.names("content").json();
    assert!(both["details"]["receiver"].is_array(), "{both}");
    assert_eq!(inbox(&alice).await.len(), 1);
}

#[tokio::test]
async fn a_forged_sender_is_ignored() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let body = json!({
        "receiver": bob.id, "content": "hi", "sender": bob.id, "id": 4711, "timestamp": "2001-01-01T00:00:00Z",
    });
    let message = alice.post(MESSAGES, &body).await.is(201).json();
    assert_eq!(message["sender"], alice.id);
    assert_ne!(message["id"], 4711);
    assert!(!message["timestamp"].as_str().unwrap().starts_with("2001"));
}

#[tokio::test]
async fn ones_own_words_can_be_changed() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let message = writes(&alice, &bob, "helo").await;
    for place in PLACES {
        let body = json!({"content": format!(" hello {place}")});
        let updated = alice.through(place).post(&update(&message), &body).await.is(200).json();
        let expected = json!({
            "id": message["id"], "sender": alice.id, "receiver": bob.id,
            "content": format!("hello {place}").trim(), "timestamp": message["timestamp"],
        });
        assert_eq!(updated, expected);
        assert_eq!(inbox(&bob).await, [expected]);
    }
    let bare = format!("/api/messages/{}/update_message", id(&message));
    alice.sends_form(&bare, &[("content", "by form")]).await.is(200);
    assert_eq!(contents(&inbox(&bob).await), ["by form"]);
}

/// Files come from other documents, and are no reason for this one to keep their words.
#[tokio::test]
async fn the_words_under_a_file_can_be_taken_away() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let bare = writes(&alice, &bob, "bare").await;
    let dm = json!({"chat_type": "dm", "member_ids": [bob.id]});
    let chat = id(&alice.post("/messages/api/chats/", &dm).await.is(200).json());
    let file = alice.uploads("notes.txt", b"meow").await;
    let body = json!({"content": "look", "attachments": [file["id"]]});
    let message = alice.post(&format!("/messages/api/chats/{chat}/messages/"), &body).await.is(201).json();
    let mut alices = talks_with(&alice, "bob").await;

    let blank = json!({"content": " "});
    assert_eq!(alice.post(&update(&message), &blank).await.is(200).json()["content"], "");
    assert_eq!(alices.frame().await["message"], "");
    alice.post(&update(&message), &json!({"content": "look"})).await.is(200);
    assert_eq!(alices.frame().await["message"], "look");
    alices.says(&json!({"message_id": message["id"], "message": ""})).await;
    let told = alices.frame().await;
    assert_eq!((&told["message_id"], &told["message"]), (&message["id"], &json!("")));

    alices.says(&json!({"message_id": bare["id"], "message": ""})).await;
    assert_eq!(alices.frame().await, json!({"error": "message: This field may not be blank."}));
    alice.post(&update(&bare), &blank).await.names("content");
    alices.stays_silent().await;
    assert_eq!(contents(&inbox(&bob).await), ["", "bare"]);
}

#[tokio::test]
async fn ones_own_message_can_be_deleted_once() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    for place in PLACES {
        let message = writes(&alice, &bob, "oops").await;
        let answer = alice.through(place).delete(&delete(&message)).await.is(204);
        assert!(answer.body.is_empty());
        alice.through(place).delete(&delete(&message)).await.refused(404, "not_found");
        alice.post(&update(&message), &json!({"content": "x"})).await.refused(404, "not_found");
    }
    let message = writes(&alice, &bob, "oops").await;
    alice.delete(delete(&message).trim_end_matches('/')).await.is(204);
    assert!(inbox(&alice).await.is_empty() && inbox(&bob).await.is_empty());
}

#[tokio::test]
async fn what_others_wrote_is_theirs() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let message = writes(&alice, &bob, "secret words").await;
    let words = json!({"content": "other words"});
    let refused = bob.post(&update(&message), &words).await.refused(403, "permission_denied");
    assert_eq!(refused.json()["message"], "You can only edit your own messages");
    assert!(!refused.text().contains("secret"), "{refused}");
    let refused = bob.delete(&delete(&message)).await.refused(403, "permission_denied");
    assert_eq!(refused.json()["message"], "You can only delete your own messages");
    assert!(!refused.text().contains("secret"), "{refused}");
    assert_eq!(contents(&inbox(&alice).await), ["secret words"]);
}

#[tokio::test]
async fn one_may_write_to_oneself() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let note = writes(&alice, &alice, "milk").await;
    assert_eq!((&note["sender"], &note["receiver"]), (&json!(alice.id), &json!(alice.id)));
    assert_eq!(inbox(&alice).await, std::slice::from_ref(&note));
    let mine = alice.get("/api/messages/?user=alice").await.is(200).results();
    assert_eq!(mine, std::slice::from_ref(&note));
    alice.post(&update(&note), &json!({"content": "milk, eggs"})).await.is(200);
    alice.delete(&delete(&note)).await.is(204);
}

#[tokio::test]
async fn there_are_no_groups_here() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let in_den = alice.posts("for the den").in_room(&den).await;
    let never = json!({"id": 999_999});
    for (message, who) in [(&in_den, &alice), (&in_den, &bob)] {
        let words = json!({"content": "x"});
        let known = who.post(&update(message), &words).await.refused(404, "not_found");
        let unknown = who.post(&update(&never), &words).await;
        assert_eq!(known.as_seen_by_a_prober(), unknown.as_seen_by_a_prober());
        let known = who.delete(&delete(message)).await.refused(404, "not_found");
        let unknown = who.delete(&delete(&never)).await;
        assert_eq!(known.as_seen_by_a_prober(), unknown.as_seen_by_a_prober());
        assert!(inbox(who).await.is_empty());
    }
    assert_eq!(alice.reads(&den).await, ["for the den"]);
}

#[tokio::test]
async fn paths_that_are_not_there_say_so_in_json() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let message = writes(&alice, &bob, "hi").await;
    let here = alice.through("/d/inbox");
    for path in ["/api/messages/5/", "/api/nothing/", "/api/users/", "/"] {
        here.get(path).await.refused(404, "not_found");
    }
    for number in ["0", "-1", "x", "1.0", "99999999999999999999"] {
        let path = format!("/api/messages/{number}/update_message/");
        here.post(&path, &json!({"content": "x"})).await.refused(404, "not_found");
    }
    here.get(&update(&message)).await.refused(405, "method_not_allowed");
    here.does(&delete(&message)).await.refused(405, "method_not_allowed");
    let wrong = here.does(MESSAGES).with("Content-Type", "text/plain").body("hi").await;
    wrong.refused(415, "unsupported_media_type");
    let broken = here.does(MESSAGES).with("Content-Type", "application/json").body("{").await;
    broken.refused(400, "validation_error");
    let large = json!({"receiver": bob.id, "content": "x".repeat(256 * 1024)});
    here.post(MESSAGES, &large).await.refused(413, "too_large");
    assert_eq!(inbox(&alice).await, [message] as [Value; 1]);
}
