//! A reader that stops, is closed as too slow, and reads on later: what it had not read is
//! there, and behind it why it is over. In every document's socket.

use std::time::{Duration, Instant};

use crate::across::pair::{ALL, Pair};
use crate::world::machine::{mebibytes, open_connections, resident_bytes, say};
use crate::world::{Fireside, Room};

/// Far more than a queue and a socket's buffers hold.
const MESSAGES: usize = 500;
/// Characters of each.
const LENGTH: usize = 8_000;
/// The server is done with them after the last message.
const CLOSED_WITHIN: Duration = Duration::from_secs(15);
/// Five queues of at most 1 MiB, and the allocator's share.
const MOST_MEMORY: u64 = 64 * 1024 * 1024;

#[tokio::test]
async fn whoever_reads_on_finds_why_it_was_closed() {
    let fireside = Fireside::start_with(&["--log-level", "warn"]).await;
    let pair = Pair::meets(&fireside).await;
    let before = resident_bytes(&fireside);
    let others = open_connections(&fireside);
    let mut slow = Vec::new();
    for dialect in ALL {
        let handshake = pair.bob.handshake(&dialect.socket(&pair, &pair.bob)).with_small_window();
        slow.push((dialect, handshake.enters().await));
    }
    let den = Room::of(&pair.bob.get(&format!("/api/rooms/{}/", pair.chat)).await.is(200).json());
    let mut quick = pair.bob.listens_in(&den).await;
    for number in 0..MESSAGES {
        pair.alice.posts(&text(number)).in_room(&den).await;
        quick.hears_message(&text(number)).await;
    }
    let most = resident_bytes(&fireside);
    let over = Instant::now();
    while open_connections(&fireside) > others + 1 {
        assert!(over.elapsed() < CLOSED_WITHIN, "{} connections are open", open_connections(&fireside));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let closed_within = over.elapsed();
    let mut kept = Vec::new();
    for (dialect, mut listener) in slow {
        let (heard, code) = listener.hears_until_closed().await;
        assert_eq!(code, 1013, "{dialect:?}");
        let news: Vec<_> = heard.iter().filter_map(|frame| dialect.news(frame)).collect();
        assert!((1..MESSAGES).contains(&news.len()), "{dialect:?} was told {}", news.len());
        for (number, (_, heard)) in news.iter().enumerate() {
            assert!(*heard == text(number), "{dialect:?} has a gap at {number}");
        }
        kept.push(news.len());
    }
    assert!(most.saturating_sub(before) < MOST_MEMORY, "{} MiB", mebibytes(most));
    quick.hears_nothing().await;
    say(&format!(
        "five that stopped to read, of {MESSAGES} messages of {LENGTH} bytes: the server was done with them \
         {closed_within:?} after the last; reading on, they found {kept:?} messages and 1013; memory {} MiB before, {} \
         MiB at most",
        mebibytes(before),
        mebibytes(most),
    ));
}

fn text(number: usize) -> String {
    format!("{number} {}", "x".repeat(LENGTH))
}
