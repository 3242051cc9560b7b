//! Reading a chatroom: all of it, as one array, however long.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Chatroom, PLACES};
use crate::world::{Fireside, Person, Room, contents, id, people};

async fn reads(person: &Person, room: &Chatroom, query: &str) -> Vec<Value> {
    let answer = person.get(&format!("{}{query}", room.messages())).await.is(200);
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json().as_array().unwrap().clone()
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

/// Alice's notes, numbered.
async fn notes(count: usize) -> (Fireside, Person, Chatroom) {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let room = alice.chatroom_with("alice").await;
    for number in 0..count {
        alice.says_in(&room, &number.to_string()).await;
    }
    (fireside, alice, room)
}

#[tokio::test]
async fn an_empty_room_is_an_empty_array() {
    let (_fireside, alice, room) = notes(0).await;
    for place in PLACES {
        alice.through(place).get(&room.messages()).await.says(200, &json!([]));
        alice.through(place).get(&format!("{}?limit=5", room.messages())).await.says(200, &json!([]));
    }
}

#[tokio::test]
async fn the_whole_history_comes_oldest_first_at_every_length() {
    // A piece is a hundred: none, one and two of them, and one beside.
    let (_fireside, alice, room) = notes(201).await;
    let whole = reads(&alice, &room, "").await;
    assert_eq!(contents(&whole), numbers(0..201));
    assert!(whole.windows(2).all(|pair| id(&pair[0]) < id(&pair[1])));
    for length in [1, 99, 100, 101, 200] {
        let query = format!("?before={}", id(&whole[length]));
        assert_eq!(reads(&alice, &room, &query).await, whole[..length]);
    }
    let head = alice.asks(reqwest::Method::HEAD, &room.messages()).await.is(200);
    assert!(head.body.is_empty());
    // What was deleted leaves no gap that one could see.
    alice.deletes(&whole[100]).await;
    let mut left = numbers(0..201);
    left.remove(100);
    assert_eq!(contents(&reads(&alice, &room, "").await), left);
}

#[tokio::test]
async fn the_newest_are_asked_for_by_number_and_place() {
    let (_fireside, alice, room) = notes(120).await;
    let whole = reads(&alice, &room, "").await;
    for (limit, from) in [(1, 119), (3, 117), (100, 20), (101, 19), (120, 0), (121, 0), (1_000_000, 0)] {
        assert_eq!(reads(&alice, &room, &format!("?limit={limit}")).await, whole[from..], "{limit}");
    }
    let tenth = id(&whole[10]);
    assert_eq!(reads(&alice, &room, &format!("?limit=3&before={tenth}")).await, whole[7..10]);
    assert_eq!(reads(&alice, &room, &format!("?before={tenth}&limit=50")).await, whole[..10]);
    assert_eq!(reads(&alice, &room, &format!("?before={}", i64::MAX)).await, whole);
    for before in [-1, 0, id(&whole[0])] {
        assert!(reads(&alice, &room, &format!("?before={before}")).await.is_empty());
        assert!(reads(&alice, &room, &format!("?limit=5&before={before}")).await.is_empty());
    }
    // As with the sizes of pages, what is no number above 0 is the default.
    for limit in ["0", "-1", "x", "", "99999999999999999999"] {
        assert_eq!(reads(&alice, &room, &format!("?limit={limit}")).await.len(), 120, "{limit}");
    }
    for before in ["x", "", "1.5", "99999999999999999999"] {
        alice.get(&format!("{}?before={before}", room.messages())).await.blames("before");
    }
}

#[tokio::test]
async fn rooms_between_do_not_mix() {
    let (_fireside, alice, notes) = notes(3).await;
    let den = alice.opens_room("den").await;
    let group = Chatroom::of_group(&den);
    for number in 0..5 {
        alice.says_in(&group, &format!("den {number}")).await;
        alice.posts(&format!("note {number}")).in_room(&Room { id: notes.id }).await;
    }
    let texts = alice.reads_chatroom(&group).await;
    assert_eq!(texts, ["den 0", "den 1", "den 2", "den 3", "den 4"]);
    assert_eq!(alice.reads_chatroom(&notes).await.len(), 8);
    assert_eq!(contents(&reads(&alice, &group, "?limit=2").await), ["den 3", "den 4"]);
}

#[tokio::test]
async fn whoever_joins_a_group_reads_it_from_the_start_and_who_left_reads_nothing() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    let group = Chatroom::of_group(&den);
    alice.says_in(&group, "before").await;
    bob.joins(&den).await;
    assert_eq!(bob.reads_chatroom(&group).await, ["before"]);
    bob.leaves(&den).await;
    for query in ["", "?limit=1", "?before=999999"] {
        let answer = bob.get(&format!("{}{query}", group.messages())).await;
        answer.says(403, &json!({"error": "Access denied"}));
    }
}

#[tokio::test]
async fn a_history_is_read_as_it_is_sent_and_with_the_right_to_it() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    let group = Chatroom::of_group(&den);
    bob.joins(&den).await;
    // More than the buffers between the two ends hold.
    let text = "🔥".repeat(10_000);
    for _ in 0..500 {
        alice.says_in(&group, &text).await;
    }
    let mut answers = Vec::new();
    for end in ["none", "signs out", "leaves"] {
        let device = bob.signs_in_again().await;
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Token {}\r\nConnection: close\r\n\r\n",
            group.messages(),
            fireside.address(),
            device.token
        );
        let mut line = fireside.connects().await;
        line.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 1000];
        line.read_exact(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        match end {
            "signs out" => drop(device.does("/api/auth/logout/").await.is(204)),
            "leaves" => bob.leaves(&den).await,
            _ => {}
        }
        // A line that is cut may say so or not.
        line.read_to_end(&mut answer).await.ok();
        answers.push(answer);
    }
    let whole = &answers[0];
    assert!(whole.len() > 500 * 40_000 && whole.ends_with(b"]\r\n0\r\n\r\n"));
    for cut in &answers[1..] {
        assert!(cut.len() < whole.len(), "{} of {}", cut.len(), whole.len());
        assert!(!cut.ends_with(b"0\r\n\r\n"), "what is cut off does not look whole");
    }
}
