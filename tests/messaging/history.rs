//! The history of a chat: by page, before a message, after one.

use serde_json::{Value, json};

use super::words::{Chat, Refused, group, say, texts};
use crate::world::{Fireside, Person, contents, id};

async fn with_messages(count: usize) -> (Fireside, Person, Chat, Vec<i64>) {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "Team", &[]).await;
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(id(&say(&alice, &number.to_string(), chat).await));
    }
    (fireside, alice, chat, ids)
}

async fn page(who: &Person, address: &str) -> Value {
    who.get(address).await.is(200).json()
}

fn shown(page: &Value) -> Vec<i64> {
    page["results"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn fifty_make_a_page_newest_first() {
    let (fireside, alice, chat, mut ids) = with_messages(52).await;
    ids.reverse();
    let first = page(&alice, &chat.messages()).await;
    assert_eq!(first["count"], 52);
    assert_eq!(shown(&first), ids[..50]);
    assert_eq!(first["next"], format!("{}{}?page=2", fireside.url, chat.messages()));
    assert_eq!(first["previous"], Value::Null);
    let second = page(&alice, first["next"].as_str().unwrap()).await;
    assert_eq!(shown(&second), ids[50..]);
    assert_eq!(
        (&second["next"], &second["previous"]),
        (&Value::Null, &json!(format!("{}{}", fireside.url, chat.messages())))
    );
    let small = page(&alice, &format!("{}?page_size=5&page=11", chat.messages())).await;
    assert_eq!(shown(&small), ids[50..]);
    for wrong in ["0", "3", "x", "-1"] {
        alice.get(&format!("{}?page={wrong}", chat.messages())).await.denied(404, "Invalid page.");
    }
    let empty = group(&alice, "Empty", &[]).await;
    let nothing = json!({"count": 0, "next": null, "previous": null, "results": []});
    assert_eq!(page(&alice, &empty.messages()).await, nothing);
}

#[tokio::test]
async fn before_a_message_the_newest_stand_first() {
    let (_fireside, alice, chat, ids) = with_messages(7).await;
    let found = page(&alice, &format!("{}?before={}&page_size=3", chat.messages(), ids[5])).await;
    assert_eq!(shown(&found), [ids[4], ids[3], ids[2]]);
    assert_eq!((&found["count"], &found["previous"]), (&json!(7), &Value::Null));
    let next = found["next"].as_str().unwrap();
    assert!(next.contains("page_size=3") && next.contains(&format!("before={}", ids[2])), "{next}");
    let rest = page(&alice, next).await;
    assert_eq!(shown(&rest), [ids[1], ids[0]]);
    assert_eq!(rest["next"], Value::Null);
    assert!(shown(&page(&alice, &format!("{}?before={}", chat.messages(), ids[0])).await).is_empty());
    assert_eq!(shown(&page(&alice, &format!("{}?before=999999999", chat.messages())).await).len(), 7);
}

#[tokio::test]
async fn after_a_message_the_oldest_stand_first() {
    let (_fireside, alice, chat, ids) = with_messages(7).await;
    let mut found = page(&alice, &format!("{}?after={}&page_size=2", chat.messages(), ids[1])).await;
    assert_eq!(shown(&found), [ids[2], ids[3]]);
    let mut walked = shown(&found);
    while let Some(next) = found["next"].as_str() {
        found = page(&alice, next).await;
        walked.extend(shown(&found));
    }
    assert_eq!(walked, ids[2..]);
    assert_eq!(shown(&page(&alice, &format!("{}?after=0", chat.messages())).await), ids);
    assert!(shown(&page(&alice, &format!("{}?after={}", chat.messages(), ids[6])).await).is_empty());
}

#[tokio::test]
async fn a_place_that_is_no_number_is_named() {
    let (_fireside, alice, chat, ids) = with_messages(2).await;
    for name in ["before", "after"] {
        for wrong in ["x", "", "1.5", "99999999999999999999"] {
            alice.get(&format!("{}?{name}={wrong}", chat.messages())).await.blames(name);
        }
    }
    alice.get(&format!("{}?before={}&after={}", chat.messages(), ids[1], ids[0])).await.blames("after");
}

#[tokio::test]
async fn another_chats_messages_are_never_among_them() {
    let (_fireside, alice, chat, ids) = with_messages(2).await;
    let other = group(&alice, "Other", &[]).await;
    say(&alice, "between", other).await;
    say(&alice, "last", chat).await;
    let after = alice.get(&format!("{}?after={}", chat.messages(), ids[1])).await.is(200).results();
    assert_eq!(contents(&after), ["last"]);
    assert_eq!(texts(&alice, other).await, ["between"]);
}
