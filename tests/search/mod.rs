//! Searching what was said: by its words, among what one may read.

mod bounds;
mod filter;
mod golden;
mod index;
mod pages;
mod rights;

use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::messaging::words::Chat;
use crate::world::home::PATIENCE;
use crate::world::{Answer, Caller, Fireside, Home, Person, contents};

const SEARCH: &str = "/messages/api/search/";
/// More messages than are looked through one by one: beyond, the index is asked.
const MANY: usize = 700;

async fn asks(who: &Caller, parameters: &[(&str, &str)]) -> Answer {
    let url = reqwest::Url::parse_with_params("http://x/", parameters).unwrap();
    who.get(&format!("{SEARCH}?{}", url.query().unwrap_or_default())).await
}

async fn finds(who: &Caller, parameters: &[(&str, &str)]) -> Vec<Value> {
    asks(who, parameters).await.is(200).results()
}

fn texts(found: &[Value]) -> Vec<String> {
    contents(&found.iter().map(|found| found["message"].clone()).collect::<Vec<_>>())
}

/// The texts that are found, the newest first.
async fn found(who: &Caller, q: &str) -> Vec<String> {
    texts(&finds(who, &[("q", q), ("limit", "100")]).await)
}

/// Says so much that nobody's messages are few any more, and waits until it is entered.
async fn fills(fireside: &Fireside, who: &Person, chat: Chat) {
    let mut saying = JoinSet::new();
    for one in 0..8 {
        let who = who.clone();
        saying.spawn(async move {
            for number in (one..MANY).step_by(8) {
                who.post(&chat.messages(), &json!({"content": format!("filler {number}")})).await.is(201);
            }
        });
    }
    saying.join_all().await;
    is_entered(&fireside.home, who, MANY).await;
}

/// Waits until so many messages are in the index: sooner where somebody searches.
async fn is_entered(home: &Home, who: &Person, count: usize) {
    let (begun, wanted) = (Instant::now(), i64::try_from(count).unwrap() - 256);
    while number(home, "SELECT count(*) FROM search_docsize") < wanted {
        assert!(begun.elapsed() < PATIENCE, "messages are not entered");
        asks(who, &[("q", "anything")]).await.is(200);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn number(home: &Home, sql: &str) -> i64 {
    let db = Connection::open(home.data().join("fireside.db")).unwrap();
    db.busy_timeout(PATIENCE).unwrap();
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}
