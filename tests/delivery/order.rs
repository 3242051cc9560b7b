//! One order for everyone, and every socket of everyone.

use futures_util::future::join_all;
use serde_json::json;

use crate::world::{Fireside, Heard, Listener, contents, id, people};

const SENDERS: usize = 20;
const EACH: usize = 15;

/// Says its messages one after the other, each after the echo of the last;
/// everything it heard meanwhile.
async fn speaks(mut listener: Listener, number: usize) -> (Listener, Vec<i64>) {
    let mut heard = Vec::new();
    for count in 0..EACH {
        let text = format!("{number}:{count}");
        listener.says_message(&text).await;
        loop {
            let data = listener.hears("chat_message").await;
            heard.push(id(&data));
            if data["content"] == text.as_str() {
                break;
            }
        }
    }
    (listener, heard)
}

async fn hears_the_rest(mut listener: Listener, mut heard: Vec<i64>, total: usize) -> Vec<i64> {
    while heard.len() < total {
        heard.push(id(&listener.hears("chat_message").await));
    }
    listener.hears_nothing().await;
    heard
}

#[tokio::test]
async fn everyone_hears_the_same_in_the_order_of_history() {
    let fireside = Fireside::start().await;
    let crowd = fireside.registers_crowd(SENDERS).await;
    let den = crowd[0].opens_room("den").await;
    for guest in &crowd[1..] {
        guest.joins(&den).await;
    }
    let mut speakers = Vec::new();
    let mut listeners = Vec::new();
    for guest in &crowd {
        speakers.push(guest.listens_in(&den).await);
    }
    for guest in crowd.iter().take(3) {
        listeners.push(guest.listens_in(&den).await);
    }
    let total = SENDERS * EACH;
    let listening: Vec<_> =
        listeners.into_iter().map(|listener| tokio::spawn(hears_the_rest(listener, Vec::new(), total))).collect();
    let speaking: Vec<_> = speakers
        .into_iter()
        .enumerate()
        .map(|(number, listener)| {
            tokio::spawn(async move {
                let (listener, heard) = speaks(listener, number).await;
                hears_the_rest(listener, heard, total).await
            })
        })
        .collect();
    let mut all = Vec::new();
    for heard in join_all(listening.into_iter().chain(speaking)).await {
        all.push(heard.unwrap());
    }
    let history: Vec<i64> = crowd[0].reads_history(&den).await.iter().map(id).collect();
    assert_eq!(history.len(), total);
    assert!(history.is_sorted_by(|one, next| one < next), "ids grow in commit order");
    for heard in all {
        assert_eq!(heard, history);
    }
}

#[tokio::test]
async fn requests_and_sockets_share_one_order() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listener = bob.listens_in(&den).await;
    let mut mouth = bob.listens_in(&den).await;
    let posting = async {
        for number in 0..40 {
            alice.posts(&format!("posted {number}")).in_room(&den).await;
        }
    };
    let speaking = async {
        for number in 0..40 {
            let text = format!("said {number}");
            mouth.says_message(&text).await;
            while mouth.hears("chat_message").await["content"] != text.as_str() {}
        }
    };
    tokio::join!(posting, speaking);
    let mut heard = Vec::new();
    for _ in 0..80 {
        heard.push(listener.hears("chat_message").await);
    }
    listener.hears_nothing().await;
    assert_eq!(contents(&heard), contents(&bob.reads_history(&den).await));
}

#[tokio::test]
async fn every_socket_of_everyone_hears_and_the_speaker_too() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let phone = alice.signs_in_again().await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listeners = vec![
        alice.listens_in(&den).await,
        alice.listens_in(&den).await,
        phone.listens_in(&den).await,
        bob.listens_in(&den).await,
    ];
    listeners[0].says_message("spoken").await;
    bob.posts("written").in_room(&den).await;
    // Which of the two was first is not laid down, only that all agree.
    let mut orders = Vec::new();
    for listener in &mut listeners {
        let mut order = Vec::new();
        for _ in 0..2 {
            order.push(listener.hears("chat_message").await);
        }
        listener.hears_nothing().await;
        orders.push(contents(&order));
    }
    assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
}

#[tokio::test]
async fn a_deletion_comes_after_its_message() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let mut listener = alice.listens_in(&den).await;
    for number in 0..20 {
        let text = format!("short-lived {number}");
        let message = alice.posts(&text).in_room(&den).await;
        alice.deletes(&message).await;
        listener.hears_message(&text).await;
        assert_eq!(listener.hears("message_deleted").await["id"], message["id"]);
    }
    listener.hears_nothing().await;
    assert!(alice.reads(&den).await.is_empty());
}

#[tokio::test]
async fn a_socket_that_comes_back_hears_what_is_said_from_then_on() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let mut listener = alice.listens_in(&den).await;
    alice.posts("one").in_room(&den).await;
    listener.hears_message("one").await;
    listener.hangs_up().await;
    alice.posts("two").in_room(&den).await;
    let mut listener = alice.listens_in(&den).await;
    listener.says(&json!({"type": "chat_message", "data": {"content": "three"}})).await;
    match listener.next().await {
        Heard::Frame(frame) => assert_eq!(frame["data"]["content"], "three"),
        Heard::Closed(code) => panic!("closed with {code}"),
    }
}
