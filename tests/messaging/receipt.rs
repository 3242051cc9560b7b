//! Receipts: marking as read, unread counts, and who has read what.

use std::time::Instant;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::words::{Line, NOT_FOUND, Refused, dm, group, path, say, seen};
use crate::world::{Fireside, id, people};

fn marked(count: i64) -> Value {
    json!({"status": "success", "marked_count": count})
}

#[tokio::test]
async fn marking_counts_what_is_newly_read() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let mut sent = Vec::new();
    for number in 0..5 {
        sent.push(say(&alice, &number.to_string(), chat).await);
    }
    say(&bob, "mine", chat).await;
    assert_eq!(seen(&bob, chat).await["unread_count"], 5);
    let mut alices = Line::to(&alice).await;
    let upto = json!({"message_id": sent[1]["id"]});
    assert_eq!(bob.post(&chat.read(), &upto).await.is(200).json(), marked(2));
    let told = alices.hears("read").await;
    assert_eq!(told, json!({"type": "read", "chat": chat.id, "user_id": bob.id, "message_id": sent[1]["id"]}));
    assert_eq!(seen(&bob, chat).await["unread_count"], 3);
    // It moves forward only.
    let back = json!({"message_id": sent[0]["id"]});
    assert_eq!(bob.post(&chat.read(), &back).await.is(200).json(), marked(0));
    assert_eq!(seen(&bob, chat).await["unread_count"], 3);
    alices.hears_nothing().await;
    // Somebody else's id in the body is nobody's business.
    assert_eq!(bob.post(&chat.read(), &json!({"user_id": alice.id})).await.is(200).json(), marked(3));
    alices.hears("read").await;
    assert_eq!(bob.does(&chat.read()).await.is(200).json(), marked(0));
    assert_eq!(seen(&bob, chat).await["unread_count"], 0);
    assert_eq!(seen(&alice, chat).await["unread_count"], 1, "bob's");
    for wrong in [json!("x"), json!([1]), json!(true)] {
        bob.post(&chat.read(), &json!({"message_id": wrong})).await.blames("message_id");
    }
    let beyond = json!({"message_id": 999_999_999});
    assert_eq!(alice.post(&chat.read(), &beyond).await.is(200).json(), marked(1));
    let later = say(&bob, "later", chat).await;
    assert_eq!(later["read_by"], json!([bob.id]), "a mark does not reach into the future");
    assert_eq!(seen(&alice, chat).await["unread_count"], 1);
}

#[tokio::test]
async fn read_by_tells_who_has_read_and_begins_with_the_sender() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol, late);
    let chat = group(&alice, "Team", &[&bob, &carol]).await;
    let one = say(&bob, "one", chat).await;
    let two = say(&bob, "two", chat).await;
    carol.post(&chat.read(), &json!({"message_id": one["id"]})).await.is(200);
    alice.does(&chat.read()).await.is(200);
    let path_of = |message: &Value| path(message);
    assert_eq!(alice.get(&path_of(&one)).await.json()["read_by"], json!([bob.id, alice.id, carol.id]));
    assert_eq!(alice.get(&path_of(&two)).await.json()["read_by"], json!([bob.id, alice.id]));
    // Whoever comes later was not there to read it, but owes nobody the reading.
    alice.post(&chat.add(), &json!({"user_ids": [late.id]})).await.is(200);
    assert_eq!(seen(&late, chat).await["unread_count"], 0);
    assert_eq!(late.does(&chat.read()).await.is(200).json(), marked(0));
    assert_eq!(late.get(&path_of(&two)).await.json()["read_by"], json!([bob.id, alice.id]));
    // The sender has read it, here or not.
    bob.delete(&chat.remove(&bob)).await.is(204);
    assert_eq!(alice.get(&path_of(&two)).await.json()["read_by"], json!([bob.id, alice.id]));
    let page = alice.get(&chat.messages()).await.is(200).results();
    assert_eq!(page[1]["read_by"], json!([bob.id, alice.id, carol.id]));
}

#[tokio::test]
async fn reading_a_page_marks_nothing() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = dm(&alice, &bob).await;
    let message = say(&alice, "hi", chat).await;
    bob.get(&chat.messages()).await.is(200);
    bob.get(&path(&message)).await.is(200);
    assert_eq!(seen(&bob, chat).await["unread_count"], 1);
    let mut bobs = Line::to(&bob).await;
    bobs.says(&json!({"type": "mark_read", "chat": chat.id, "message_id": id(&message)})).await;
    bobs.hears("read").await;
    assert_eq!(seen(&bob, chat).await["unread_count"], 0);
}

#[tokio::test]
async fn only_members_mark() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, carol);
    let chat = group(&alice, "Team", &[]).await;
    say(&alice, "hi", chat).await;
    carol.does(&chat.read()).await.denied(404, NOT_FOUND);
    assert_eq!(alice.get(&chat.messages()).await.results()[0]["read_by"], json!([alice.id]));
}

#[tokio::test]
async fn many_are_counted_while_others_write_and_delete() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let mut sent = Vec::new();
    for piece in 0..52 {
        let texts: Vec<_> = (0..50).map(|number| format!("{piece}.{number}")).collect();
        sent.extend(join_all(texts.iter().map(|text| say(&alice, text, chat))).await);
    }
    sent.sort_by_key(id);
    // Fifty stay unread, and of all others some go while they are counted.
    let upto = json!({"message_id": sent[2_549]["id"]});
    let marks = async {
        let mut answer = bob.post(&chat.read(), &upto).await;
        while answer.status == 503 {
            answer = bob.post(&chat.read(), &upto).await;
        }
        answer.is(200).json()["marked_count"].as_i64().unwrap()
    };
    let deletes = async {
        for message in sent.iter().step_by(25).take(100) {
            alice.delete(&path(message)).await.is(204);
        }
    };
    let (count, ()) = join(marks, deletes).await;
    assert!((2_450..=2_550).contains(&count), "{count}");
    assert_eq!(seen(&bob, chat).await["unread_count"], 50);
    fireside.home.runs(&["check", "--min-free", "0"], "").await.succeeded();
}

#[tokio::test]
async fn however_often_somebody_marks_the_first_and_the_last_are_told_and_one_a_second_between() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob, &carol]).await;
    let mut said = Vec::new();
    for number in 0..60 {
        said.push(id(&say(&alice, &format!("message {number}"), chat).await));
    }
    let (mut bobs, mut carols) = (Line::to(&bob).await, Line::to(&carol).await);
    let begun = Instant::now();
    for message in &said {
        bobs.says(&json!({"type": "mark_read", "chat": chat.id, "message_id": message})).await;
    }
    let mut told = Vec::new();
    while told.last() != said.last() {
        let read = carols.hears("read").await;
        assert_eq!(read["user_id"], bob.id);
        told.push(read["message_id"].as_i64().unwrap());
    }
    assert_eq!(told[0], said[0], "the first at once");
    assert!(told.is_sorted() && told.len() as u64 <= 2 + begun.elapsed().as_secs(), "{told:?}");
    // Another's mark does not wait for his.
    carol.does(&chat.read()).await.is(200);
    assert_eq!(carols.hears("read").await["user_id"], carol.id);
    assert_eq!(seen(&bob, chat).await["unread_count"], 0);
}
