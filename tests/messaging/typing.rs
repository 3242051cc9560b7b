//! Typing: told to the others, stored nowhere, over by itself.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::words::{Line, NOT_FOUND, Refused, group, say};
use crate::world::{Fireside, Person, people};

fn typing(chat: i64, person: &Person, is_typing: bool) -> Value {
    json!({"type": "typing", "chat": chat, "user_id": person.id, "is_typing": is_typing})
}

#[tokio::test]
async fn typing_is_told_to_the_others_alone() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob]).await;
    let mut alices = Line::to(&alice).await;
    let mut phone = Line::to(&alice).await;
    let mut bobs = Line::to(&bob).await;
    let mut carols = Line::to(&carol).await;
    let done = json!({"status": "success"});
    assert_eq!(alice.post(&chat.typing(), &json!({"is_typing": true})).await.is(200).json(), done);
    assert_eq!(bobs.hears("typing").await, typing(chat.id, &alice, true));
    // A repeat soon after is heard by nobody.
    assert_eq!(alice.post(&chat.typing(), &json!({"is_typing": "true"})).await.is(200).json(), done);
    bobs.hears_nothing().await;
    assert_eq!(alice.post(&chat.typing(), &json!({"is_typing": false})).await.is(200).json(), done);
    assert_eq!(bobs.hears("typing").await, typing(chat.id, &alice, false));
    alices.says(&json!({"type": "typing", "chat": chat.id, "is_typing": true})).await;
    assert_eq!(bobs.hears("typing").await, typing(chat.id, &alice, true));
    for line in [&mut alices, &mut phone, &mut carols] {
        line.hears_nothing().await;
    }
}

#[tokio::test]
async fn who_stops_and_begins_again_and_again_is_told_now_and_then() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let mut bobs = Line::to(&bob).await;
    let begun = Instant::now();
    for number in 0..200 {
        alice.post(&chat.typing(), &json!({"is_typing": number % 2 == 0})).await.is(200);
    }
    let rounds = usize::try_from(begun.elapsed().as_secs()).unwrap() / 2 + 1;
    say(&alice, "marker", chat).await;
    let mut heard = Vec::new();
    loop {
        let frame = bobs.frame().await;
        if frame["type"] == "new_message" {
            break;
        }
        heard.push(frame["is_typing"] == true);
    }
    assert!(heard.len() <= 2 * rounds, "{} frames in {rounds} rounds", heard.len());
    assert!(heard.chunks(2).all(|pair| pair == [true, false]), "each beginning has its end: {heard:?}");
}

#[tokio::test]
async fn who_has_left_is_not_spoken_of() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob, &carol]).await;
    let mut alices = Line::to(&alice).await;
    for person in [&bob, &carol] {
        person.post(&chat.typing(), &json!({"is_typing": true})).await.is(200);
        assert_eq!(alices.hears("typing").await, typing(chat.id, person, true));
    }
    alice.delete(&chat.remove(&bob)).await.is(204);
    alices.hears("member_removed").await;
    // Carol began after Bob: what would be said of him comes before.
    assert_eq!(alices.hears_within("typing", Duration::from_secs(10)).await, typing(chat.id, &carol, false));
    alices.hears_nothing().await;
}

#[tokio::test]
async fn what_is_said_wrongly_is_refused() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let chat = group(&alice, "Team", &[&bob]).await;
    let mut bobs = Line::to(&bob).await;
    for wrong in [json!({}), json!({"is_typing": null}), json!({"is_typing": "perhaps"}), json!({"is_typing": [true]})]
    {
        alice.post(&chat.typing(), &wrong).await.blames("is_typing");
    }
    carol.post(&chat.typing(), &json!({"is_typing": true})).await.denied(404, NOT_FOUND);
    bobs.hears_nothing().await;
}

#[tokio::test]
async fn typing_ends_by_itself() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "Team", &[&bob]).await;
    let mut bobs = Line::to(&bob).await;
    alice.post(&chat.typing(), &json!({"is_typing": true})).await.is(200);
    assert_eq!(bobs.hears("typing").await, typing(chat.id, &alice, true));
    let over = bobs.hears_within("typing", Duration::from_secs(10)).await;
    assert_eq!(over, typing(chat.id, &alice, false));
    bobs.hears_nothing().await;
}
