//! What many hear at once: one small frame for all, and no more of them than anybody can use.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::words::{CHATS, Chat, Line, dm, group, seen};
use crate::world::{Fireside, Person, Room, id, people};

/// Names that a group gets, one right after the other.
const RENAMES: usize = 8;
/// Comings and goings of a large group in a moment that have a frame each.
const TOLD_SINGLY: usize = 16;

async fn renamed(admin: &Person, chat: Chat) {
    for number in 1..=RENAMES {
        admin.patch(&chat.path(), &json!({ "title": format!("name {number}") })).await.is(200);
    }
}

#[tokio::test]
async fn a_large_group_that_is_renamed_is_told_in_few_small_frames() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let crowd = fireside.registers_crowd(101).await;
    let mut lines = Vec::new();
    for guest in &crowd[..3] {
        lines.push(Line::to(guest).await);
    }
    let all: Vec<&Person> = crowd.iter().collect();
    let chat = group(&alice, "name 0", &all).await;
    alice.post(&chat.messages(), &json!({"content": "welcome"})).await.is(201);
    for line in &mut lines {
        let made = line.hears("chat_created").await;
        assert_eq!((&made["data"]["member_count"], &made["data"]["members"]), (&json!(102), &json!([])));
        assert!(made.to_string().len() < 2_048, "{} bytes", made.to_string().len());
        line.hears("new_message").await;
    }
    let begun = Instant::now();
    renamed(&alice, chat).await;
    for (line, guest) in lines.iter_mut().zip(&crowd) {
        let mut heard = 0;
        loop {
            let told = line.hears("chat_updated").await;
            heard += 1;
            assert!(told.to_string().len() < 2_048, "{} bytes", told.to_string().len());
            if told["data"]["title"] == format!("name {RENAMES}") {
                // All but the list is what its viewer would read.
                let mut view = seen(guest, chat).await;
                assert_eq!(view["members"].as_array().unwrap().len(), 102);
                assert_eq!(told["data"]["unread_count"], 1, "each viewer's own");
                (view["members"], view["admins"]) = (json!([]), json!([]));
                assert_eq!(told["data"], view);
                break;
            }
        }
        let most = 2 + begun.elapsed().as_secs();
        assert!(heard <= most, "{heard} frames in {:?}", begun.elapsed());
        line.hears_nothing().await;
    }
}

/// Accounts that nobody signs in to: their ids.
fn strangers(fireside: &Fireside, count: u32) -> Vec<i64> {
    let db = Connection::open(fireside.home.data().join("fireside.db")).unwrap();
    db.busy_timeout(Duration::from_secs(10)).unwrap();
    let mut insert = db
        .prepare(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO users (username, username_key, email, password_hash, display_name, search_key, token_nonce, created_at)
             SELECT 'stranger' || i, 'stranger' || i, '', '', 'Stranger', 'stranger' || i, zeroblob(16), 0 FROM n RETURNING id",
        )
        .unwrap();
    insert.query_map([count], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// What comes before a frame that says that so many are in the chat, and that frame. None is large.
async fn hears_before(line: &mut Line, members: i64) -> (Vec<Value>, Value) {
    let mut frames = Vec::new();
    loop {
        let frame = line.frame().await;
        assert!(frame.to_string().len() < 2_048, "{} bytes", frame.to_string().len());
        if frame["type"] == "chat_updated" && frame["data"]["member_count"] == members {
            return (frames, frame);
        }
        frames.push(frame);
    }
}

#[tokio::test]
async fn many_who_come_to_a_large_group_are_told_together() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol, dave);
    let mut many = strangers(&fireside, 398);
    let chat = group(&alice, "crowd", &[&bob]).await;
    let mut lines = [Line::to(&alice).await, Line::to(&bob).await];
    let mut listener = bob.listens_in(&Room { id: chat.id }).await;
    let mut carols = Line::to(&carol).await;
    many.insert(200, carol.id);
    let added = alice.post(&chat.add(), &json!({"user_ids": many})).await.is(200).json();
    assert_eq!(added["added_count"], 399);
    for line in &mut lines {
        let (singly, told) = hears_before(line, 401).await;
        let first = |id: &i64| json!({"type": "member_added", "chat": chat.id, "user_id": id});
        assert_eq!(singly, many[..TOLD_SINGLY].iter().map(first).collect::<Vec<_>>());
        assert_eq!((&told["data"]["title"], &told["data"]["members"]), (&json!("crowd"), &json!([])));
    }
    for id in &many[..TOLD_SINGLY] {
        let told = listener.hears("user_joined").await;
        assert_eq!((&told["user"]["id"], told.get("participant_count")), (&json!(id), None));
    }
    let told = listener.hears("user_joined").await;
    assert_eq!((&told["user"]["id"], &told["participant_count"]), (&json!(many[398]), &json!(401)));
    // Who came with them is told of themselves, as ever.
    assert_eq!(carols.hears("chat_created").await["data"]["member_count"], 401);
    assert_eq!(carols.hears("member_added").await["user_id"], carol.id);
    assert_eq!(hears_before(&mut carols, 401).await.0, Vec::<Value>::new());
    // So is whoever comes alone.
    alice.post(&chat.add(), &json!({"user_ids": [dave.id]})).await.is(200);
    for line in lines.iter_mut().chain([&mut carols]) {
        let told = json!({"type": "member_added", "chat": chat.id, "user_id": dave.id});
        assert_eq!(line.hears("member_added").await, told);
        line.hears_nothing().await;
    }
    assert_eq!(listener.hears("user_joined").await["user"]["id"], dave.id);
    listener.hears_nothing().await;
}

#[tokio::test]
async fn many_who_leave_a_large_group_are_told_in_few_frames_and_hear_nothing_more() {
    let fireside = Fireside::start().await;
    let (alice, bob, carol) =
        (fireside.registers("alice").await, fireside.registers("bob").await, fireside.registers("carol").await);
    let many = strangers(&fireside, 300);
    let members = [&many[..], &[bob.id, carol.id]].concat();
    let wish = json!({"chat_type": "group", "title": "crowd", "member_ids": members});
    let chat = Chat { id: id(&alice.post(CHATS, &wish).await.is(201).json()) };
    let mut line = Line::to(&bob).await;
    let mut carols = Line::to(&carol).await;
    let mut carols_ear = carol.listens_in(&Room { id: chat.id }).await;
    let begun = Instant::now();
    let mut removals = JoinSet::new();
    for id in many[..60].iter().copied().chain([carol.id]) {
        let alice = alice.clone();
        removals.spawn(async move { alice.delete(&format!("{}members/{id}/remove/", chat.path())).await.is(204) });
    }
    while let Some(removed) = removals.join_next().await {
        removed.unwrap();
    }
    alice.post(&chat.messages(), &json!({"content": "who is left?"})).await.is(201);
    let heard_own = json!({"type": "member_removed", "chat": chat.id, "user_id": carol.id});
    while carols.frame().await != heard_own {}
    carols.hears_nothing().await;
    assert_eq!(carols_ear.hears_until_closed().await.1, 4403);
    // By what he is told, as many are in it as there are.
    let (mut frames, mut members) = (0, 303);
    while members > 242 {
        let frame = line.frame().await;
        frames += 1;
        match frame["type"].as_str() {
            Some("member_removed") => members -= 1,
            Some("chat_updated") => members = frame["data"]["member_count"].as_i64().unwrap(),
            other => assert_eq!(other, Some("new_message"), "{frame}"),
        }
    }
    let most = u64::try_from(TOLD_SINGLY + 1).unwrap() * (2 + begun.elapsed().as_secs());
    assert!(frames <= most, "{frames} frames in {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_small_group_is_told_whole_and_to_each_with_their_own() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let (chat, pair) = (group(&alice, "name 0", &[&bob, &carol]).await, dm(&alice, &bob).await);
    alice.post(&chat.messages(), &json!({"content": "welcome"})).await.is(201);
    bob.post(&chat.read(), &json!({})).await.is(200);
    let mut lines = [Line::to(&bob).await, Line::to(&carol).await];
    alice.patch(&chat.path(), &json!({"title": "name 1"})).await.is(200);
    for ((line, who), unread) in lines.iter_mut().zip([&bob, &carol]).zip([0, 1]) {
        let told = line.hears("chat_updated").await;
        assert_eq!(told["data"], seen(who, chat).await);
        assert_eq!(told["data"]["unread_count"], unread);
    }
    // Of two, each has a view that is theirs alone.
    alice.patch(&format!("/api/users/{}/", alice.id), &json!({"display_name": "Alice"})).await.is(200);
    let mut told = [lines[0].hears("chat_updated").await, lines[0].hears("chat_updated").await];
    told.sort_by_key(|frame| frame["chat"].as_i64());
    assert_eq!(told[1]["data"], seen(&bob, pair).await);
    assert_eq!(told[1]["data"]["title"], "Alice");
}

#[tokio::test]
async fn one_limit_holds_for_what_is_sent_through_all() {
    // Two chats are opened, and eight things are said.
    let flags = ["--limit-api", "off", "--limit-ws", "off", "--limit-send", "10/h"];
    let fireside = Fireside::start_with_limits(&flags).await;
    people!(fireside: alice, bob);
    let (chat, pair) = (group(&alice, "den", &[&bob]).await, dm(&alice, &bob).await);
    let mut line = Line::to(&alice).await;
    let word = json!({"content": "a word"});
    let said = alice.post(&chat.messages(), &word).await.is(201).json();
    alice.post(&format!("/api/rooms/{}/messages/", chat.id), &word).await.is(201);
    alice.post("/api/messages/", &json!({"receiver": "bob", "content": "a word"})).await.is(201);
    alice.post("/messenger/api/chatrooms/alice_bob/messages/", &word).await.is(201);
    alice.post("/profiles/api/posts/", &json!({"title": "a", "content": "word"})).await.is(201);
    alice.patch(&format!("/messages/api/messages/{}/", said["id"]), &json!({"content": "another"})).await.is(200);
    alice.patch(&chat.path(), &json!({"title": "hut"})).await.is(200);
    line.says(&json!({"type": "send_message", "chat": pair.id, "content": "the eighth"})).await;
    while line.frame().await["message"]["content"] != "the eighth" {}
    line.says(&json!({"type": "send_message", "chat": pair.id, "content": "the ninth"})).await;
    while line.frame().await["code"] != "rate_limited" {}
    for (path, body, says) in [
        (chat.messages(), word.clone(), "detail"),
        (format!("/api/rooms/{}/messages/", chat.id), word.clone(), "message"),
        ("/api/messages/".to_owned(), json!({"receiver": "bob", "content": "a word"}), "message"),
        ("/messenger/api/chatrooms/alice_bob/messages/".to_owned(), word.clone(), "detail"),
    ] {
        let refused = alice.post(&path, &body).await.is(429);
        assert!(refused.header("retry-after").parse::<u32>().unwrap() > 60, "{refused}");
        assert!(refused.json()[says].as_str().unwrap().contains("throttled"), "{refused}");
    }
    alice.patch(&chat.path(), &json!({"title": "shed"})).await.is(429);
    // To read is free, and others are.
    assert_eq!(seen(&alice, chat).await["title"], "hut");
    alice.get(CHATS).await.is(200);
    for _ in 0..8 {
        bob.post(&chat.messages(), &word).await.is(201);
    }
}

/// To make a group, fill it and let it go is heard by everybody in it, and costs a row for each.
#[tokio::test]
async fn groups_that_come_and_go_are_counted_with_their_people() {
    const FLAGS: [&str; 6] = ["--limit-api", "off", "--limit-auth", "off", "--limit-send", "8/h"];
    let fireside = Fireside::start_with_limits(&FLAGS).await;
    let crowd = fireside.registers_crowd(63).await;
    let (alice, bob) = (&crowd[0], &crowd[1]);
    // One by one: make, add, remove, leave or delete; a direct chat, and to put it away.
    for round in 0..2 {
        let chat = group(alice, &format!("den {round}"), &[]).await;
        alice.post(&chat.add(), &json!({"user_ids": [bob.id]})).await.is(200);
        alice.delete(&chat.remove(bob)).await.is(204);
        alice.delete(&chat.path()).await.is(204);
    }
    let wish = json!({"chat_type": "group", "title": "one more", "member_ids": [bob.id]});
    alice.post(CHATS, &wish).await.is(429);
    alice.post(CHATS, &json!({"chat_type": "dm", "member_ids": [bob.id]})).await.is(429);
    // A group of sixty counts as seven.
    let carol = &crowd[2];
    let sixty: Vec<&Person> = crowd[3..].iter().collect();
    assert_eq!(sixty.len(), 60);
    let chat = group(carol, "many", &sixty).await;
    carol.post(&chat.messages(), &json!({"content": "the eighth"})).await.is(201);
    carol.delete(&chat.path()).await.is(429);
    // More than may come at once is taken once, or nobody could ever make it.
    let dave = &crowd[3];
    let all: Vec<&Person> = crowd.iter().filter(|person| person.id != dave.id).collect();
    let wish = json!({"chat_type": "group", "title": "all", "member_ids": super::words::ids(&all)});
    dave.post(CHATS, &wish).await.is(201);
    dave.post(CHATS, &wish).await.is(429);
}

/// A message that goes is heard like one that comes, and costs a row of everybody who has read it.
#[tokio::test]
async fn to_delete_counts_as_to_send() {
    let fireside = Fireside::start_with_limits(&["--limit-api", "off", "--limit-send", "6/h"]).await;
    people!(fireside: alice, bob);
    let chat = group(&alice, "den", &[&bob]).await;
    let mut said = Vec::new();
    for _ in 0..3 {
        said.push(id(&alice.post(&chat.messages(), &json!({"content": "word"})).await.is(201).json()));
    }
    for id in &said[..2] {
        alice.delete(&format!("/messages/api/messages/{id}/")).await.is(204);
    }
    let refused = alice.delete(&format!("/messages/api/messages/{}/", said[2])).await.is(429);
    assert!(refused.has("retry-after"), "{refused}");
    let left = bob.get(&chat.messages()).await.is(200).json();
    assert_eq!(left["results"].as_array().map(Vec::len), Some(1), "{left}");
}

#[tokio::test]
async fn a_page_of_large_groups_comes_whole_in_pieces() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let many = strangers(&fireside, 1_500);
    let mut made = Vec::new();
    for title in ["first", "second", "third"] {
        let chat = group(&alice, title, &[]).await;
        for part in [&many[..1_000], &many[1_000..]] {
            let added = alice.post(&chat.add(), &json!({"user_ids": part})).await.is(200).json();
            assert_eq!(added["added_count"], part.len());
        }
        made.push(chat);
    }
    let quiet = group(&alice, "quiet", &[]).await;
    alice.post(&made[0].messages(), &json!({"content": "newest"})).await.is(201);
    let answer = alice.get(CHATS).await.is(200);
    assert_eq!(answer.header("transfer-encoding"), "chunked", "nobody holds it whole");
    let page = answer.json();
    let shown: Vec<_> = page["results"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(shown, [made[0].id, quiet.id, made[2].id, made[1].id]);
    for (chat, expected) in page["results"].as_array().unwrap().iter().zip([1_501, 1, 1_501, 1_501]) {
        assert_eq!(chat["members"].as_array().unwrap().len(), expected);
        assert_eq!(chat["member_count"], expected);
    }
    assert_eq!(page["results"][0], seen(&alice, made[0]).await, "as it is read alone");
    let second = alice.get(&format!("{CHATS}?page_size=1&page=2")).await.is(200).json();
    assert_eq!(second["results"].as_array().unwrap().iter().map(id).collect::<Vec<_>>(), [quiet.id]);
    assert!(second["next"].is_string() && second["previous"].is_string());
}
