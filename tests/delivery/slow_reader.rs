//! A reader that does not read costs itself the socket, and nobody else.

use crate::world::{Fireside, people};

const MESSAGES: usize = 2_000;
/// Sent before everyone has caught up: small enough that no one who reads
/// counts as slow, whatever the machine is doing.
const AT_ONCE: usize = 40;

#[tokio::test]
async fn a_reader_that_does_not_read_is_closed_while_others_go_on() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    carol.joins(&den).await;
    let mut slow = carol.handshake_in(&den).with_small_window().enters().await;
    let mut mouth = alice.listens_in(&den).await;
    let mut listener = bob.listens_in(&den).await;

    let filler = "x".repeat(4096);
    for round in 0..MESSAGES / AT_ONCE {
        for number in 0..AT_ONCE {
            mouth.says_message(&format!("{} {filler}", round * AT_ONCE + number)).await;
        }
        for number in 0..AT_ONCE {
            let text = format!("{} {filler}", round * AT_ONCE + number);
            mouth.hears_message(&text).await;
            listener.hears_message(&text).await;
        }
    }
    // Now the slow one reads: an unbroken beginning, and then the reason.
    let (heard, code) = slow.hears_until_closed().await;
    assert_eq!(code, 1013);
    assert!(heard.len() < MESSAGES, "it was closed before it had everything");
    for (number, frame) in heard.iter().enumerate() {
        let text = frame["data"]["content"].as_str().unwrap();
        assert!(text.starts_with(&format!("{number} ")), "no gap at {number}");
    }
    mouth.hears_nothing().await;
    listener.hears_nothing().await;
    // It may come back, and reads what it missed.
    let mut back = carol.listens_in(&den).await;
    alice.posts("welcome back").in_room(&den).await;
    back.hears_message("welcome back").await;
    let page = carol.get(&den.messages()).await.json();
    assert_eq!(page["count"], MESSAGES + 1);
}
