//! Unread from here.

use serde_json::{Value, json};

use super::words::{Chat, Line, NOT_FOUND, NOT_SIGNED_IN, Refused, dm, group, say, seen};
use crate::world::{Fireside, id, people};

fn unread(chat: Chat) -> String {
    format!("{}mark-as-unread/", chat.path())
}

fn from(message: &Value) -> Value {
    json!({"message_id": message["id"]})
}

#[tokio::test]
async fn a_message_and_all_after_it_are_unread_again_for_me_everywhere() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob, &carol]).await;
    let mut sent = Vec::new();
    for number in 0..5 {
        sent.push(say(&alice, &number.to_string(), chat).await);
    }
    say(&bob, "mine", chat).await;
    bob.does(&chat.read()).await.is(200);
    carol.does(&chat.read()).await.is(200);
    let (mut bobs, mut carols) = (Line::to(&bob).await, Line::to(&carol).await);
    let answer = bob.post(&unread(chat), &from(&sent[2])).await.is(200).json();
    assert_eq!(answer, json!({"status": "success", "unread_count": 3}), "one's own is never unread");
    let upto = id(&sent[2]) - 1;
    let read = json!({"type": "read", "chat": chat.id, "user_id": bob.id, "message_id": upto});
    // His mark may have been told within the last second, and then this one waits.
    let mut told = [bobs.frame().await, bobs.frame().await];
    told.sort_by_key(|frame| frame["type"] == "read");
    assert_eq!((&told[0]["chat"], &told[0]["data"]["unread_count"]), (&json!(chat.id), &json!(3)));
    assert_eq!(told[1], read);
    assert_eq!(carols.hears("read").await, read, "who sees who has read sees it");
    carols.hears_nothing().await;
    assert_eq!(seen(&bob, chat).await["unread_count"], 3);
    assert_eq!(seen(&carol, chat).await["unread_count"], 0, "for me alone");
    let room = bob.get(&format!("/api/rooms/{}/", chat.id)).await.is(200).json();
    assert_eq!(room["unread_count"], 3, "in every dialect");

    // It counts on from there: new messages, deleted ones, and reading.
    say(&alice, "news", chat).await;
    assert_eq!(seen(&bob, chat).await["unread_count"], 4);
    alice.delete(&super::words::path(&sent[4])).await.is(204);
    assert_eq!(seen(&bob, chat).await["unread_count"], 3);
    // What is unread already stays as it is.
    assert_eq!(bob.post(&unread(chat), &from(&sent[3])).await.is(200).json()["unread_count"], 3);
    assert_eq!(bob.post(&chat.read(), &from(&sent[2])).await.is(200).json()["marked_count"], 1);
    assert_eq!(bob.does(&chat.read()).await.is(200).json()["marked_count"], 2);
    assert_eq!(seen(&bob, chat).await["unread_count"], 0);
    let fireside = fireside.restarts().await;
    let bob = bob.back_to(&fireside);
    bob.post(&unread(chat), &from(&sent[0])).await.is(200);
    let check = fireside.home.runs(&["check"], "").await;
    check.succeeded();
    assert_eq!(seen(&bob, chat).await["unread_count"], 5);
}

#[tokio::test]
async fn only_messages_that_one_sees_there_are_marked() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, eve);
    let (chat, other) = (dm(&alice, &bob).await, group(&alice, "Other", &[&bob]).await);
    let (one, elsewhere) = (say(&alice, "one", chat).await, say(&alice, "elsewhere", other).await);
    bob.does(&chat.read()).await.is(200);
    for wrong in [from(&elsewhere), json!({"message_id": 999_999}), json!({"message_id": "x"}), json!({})] {
        bob.post(&unread(chat), &wrong).await.blames("message_id");
    }
    eve.post(&unread(chat), &from(&one)).await.denied(404, NOT_FOUND);
    eve.post(&unread(Chat { id: 999 }), &from(&one)).await.denied(404, NOT_FOUND);
    fireside.anyone().post(&unread(chat), &from(&one)).await.denied(401, NOT_SIGNED_IN);
    assert_eq!(seen(&bob, chat).await["unread_count"], 0);
    // The other API of the same two: read no more, and then again.
    let is_read = async || {
        let history = alice.get(&chat.messages()).await.is(200).results();
        history[0]["read_by"].as_array().unwrap().contains(&json!(bob.id))
    };
    assert!(is_read().await);
    bob.post(&unread(chat), &from(&one)).await.is(200);
    assert!(!is_read().await);
    bob.delete(&chat.path()).await.is(204);
    bob.post(&unread(chat), &from(&one)).await.blames("message_id");
}
