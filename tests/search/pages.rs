//! Parts of what is found: none twice, none left out, whatever others write meanwhile.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{asks, fills, finds, texts};
use crate::messaging::words::{Chat, Refused, group, path, say};
use crate::world::{Fireside, Person, id};

/// Goes through all parts; `between` is done behind each.
async fn through_all(who: &Person, parameters: &[(&str, &str)], mut between: impl AsyncFnMut()) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut asked = parameters.to_vec();
        if let Some(cursor) = &cursor {
            asked.push(("cursor", cursor));
        }
        let part = asks(who, &asked).await.is(200).json();
        all.extend(part["results"].as_array().unwrap().iter().map(|found| found["message"].clone()));
        let Some(next) = part["next"].as_str() else { return all };
        assert!(!part["results"].as_array().unwrap().is_empty(), "a part that is not the last has something");
        cursor = Some(next.to_owned());
        between().await;
    }
}

async fn scene() -> (Fireside, Person, Chat) {
    let fireside = Fireside::start_with(&["--durability", "normal"]).await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "pages", &[]).await;
    (fireside, alice, chat)
}

#[tokio::test]
async fn parts_follow_each_other_while_others_write() {
    let (fireside, alice, chat) = scene().await;
    for round in 0..2 {
        let mut said = Vec::new();
        for number in 0..23 {
            said.push(say(&alice, &format!("plum{round} {number} {}", "plum ".repeat(number % 5)), chat).await);
        }
        for order in ["newest", "relevance"] {
            let q = format!("plum{round}");
            let parameters = [("q", q.as_str()), ("order", order), ("limit", "3")];
            let mut turn = 0;
            let mut gone = HashSet::new();
            let all = through_all(&alice, &parameters, async || {
                // Something comes, something goes, something changes.
                turn += 1;
                let new = say(&alice, &format!("plum{round} plum{round} new"), chat).await;
                if turn % 3 == 0 {
                    alice.delete(&path(&new)).await.is(204);
                }
                if turn == 2 {
                    gone.insert(id(&said[0]));
                    alice.delete(&path(&said[0])).await.is(204);
                    alice.patch(&path(&said[1]), &json!({"content": "nothing"})).await.is(200);
                    gone.insert(id(&said[1]));
                }
            })
            .await;
            let ids: Vec<i64> = all.iter().map(id).collect();
            let once: HashSet<i64> = ids.iter().copied().collect();
            assert_eq!(ids.len(), once.len(), "{order}: none twice: {ids:?}");
            if order == "newest" {
                assert!(ids.is_sorted_by(|one, next| one > next), "{ids:?}");
            }
            for message in said.iter().filter(|message| !gone.contains(&id(message))) {
                assert!(once.contains(&id(message)), "{order}: none left out");
            }
            said.drain(..2);
        }
        fills(&fireside, &alice, chat).await;
    }
}

#[tokio::test]
async fn relevance_puts_those_first_that_speak_most_of_it() {
    let (fireside, alice, chat) = scene().await;
    let long = format!("{} quince {}", "long ".repeat(40), "text ".repeat(40));
    for text in ["quince quince quince", "a quince", &long, "a plum"] {
        say(&alice, text, chat).await;
    }
    for _ in 0..2 {
        let found = finds(&alice, &[("q", "quince"), ("order", "relevance")]).await;
        assert_eq!(texts(&found), ["quince quince quince", "a quince", long.trim()]);
        let found = finds(&alice, &[("q", "quince"), ("order", "newest")]).await;
        assert_eq!(texts(&found)[0], long.trim());
        fills(&fireside, &alice, chat).await;
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_question() {
    let (_fireside, alice, chat) = scene().await;
    for number in 0..5 {
        say(&alice, &format!("fig {number} date"), chat).await;
    }
    let part = asks(&alice, &[("q", "fig"), ("limit", "2")]).await.is(200).json();
    let cursor = part["next"].as_str().unwrap().to_owned();
    for other in [
        vec![("q", "date")],
        vec![("q", "fig date")],
        vec![("q", "fig"), ("order", "relevance")],
        vec![("q", "fig"), ("from", "me")],
        vec![("q", "fig from:me")],
        vec![("q", "fig"), ("chat", "1")],
        vec![("q", "fig"), ("after", "2020-01-01")],
    ] {
        let asked: Vec<_> = other.into_iter().chain([("cursor", cursor.as_str())]).collect();
        asks(&alice, &asked).await.blames("cursor");
    }
    let pins = alice.get(&format!("{}pins/?cursor={cursor}", chat.path())).await;
    assert_eq!(pins.status, 400, "{pins}");
    // The number of results is no part of the question.
    let rest = finds(&alice, &[("q", "fig"), ("limit", "100"), ("cursor", &cursor)]).await;
    assert_eq!(texts(&rest), ["fig 2 date", "fig 1 date", "fig 0 date"]);
    let again = finds(&alice, &[("q", "fig"), ("order", "newest"), ("limit", "1"), ("cursor", &cursor)]).await;
    assert_eq!(texts(&again), ["fig 2 date"]);
}

#[tokio::test]
async fn a_part_has_twenty_unless_it_is_asked_otherwise() {
    let (fireside, alice, chat) = scene().await;
    fills(&fireside, &alice, chat).await;
    for (limit, count) in [("", 20), ("7", 7), ("0", 20), ("-3", 20), ("many", 20), ("1000", 100), ("100", 100)] {
        assert_eq!(finds(&alice, &[("q", "filler"), ("limit", limit)]).await.len(), count, "{limit}");
    }
}
