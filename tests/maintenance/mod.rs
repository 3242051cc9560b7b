//! The maintenance of a data folder: looking for what is wrong, and letting go of what may go.

mod check;
mod gc;
mod quota;
mod quota_texts;
mod retention;

use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use crate::world::{Fireside, Home, people};

/// A server on which there is some of everything, stopped in order.
async fn lived_in() -> Home {
    let mut fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let file = alice.uploads("notes.txt", b"words to keep").await;
    alice.posts("first").with_file(&file).in_room(&den).await;
    let second = bob.posts("second").in_room(&den).await;
    carol.joins(&den).await;
    for number in 0..20 {
        bob.posts(&format!("number {number}")).in_room(&den).await;
    }
    let reaction = serde_json::json!({"emoji": "👍"});
    let path = format!("/messages/api/messages/{}/reactions/", crate::world::id(&second));
    alice.post(&path, &reaction).await.is(200);
    let third = alice.posts("third").in_room(&den).await;
    alice.deletes(&third).await;
    let body = serde_json::json!({"receiver": "bob", "content": "between us"});
    alice.post("/d/inbox/api/messages/", &body).await.is(201);
    let body = serde_json::json!({"title": "a day", "content": "was had"});
    alice.post("/profiles/api/posts/", &body).await.is(201);
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    fireside.home.clone()
}

/// The same folder at another place.
fn copy_of(home: &Home) -> Home {
    let copy = Home::new();
    copy_folder(&home.data(), &copy.data());
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let place = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &place);
        } else if path.is_file() {
            std::fs::copy(&path, &place).unwrap();
        }
    }
}

/// Writes into a database behind its program's back.
fn meddles(home: &Home, sql: &str) {
    let db = Connection::open(home.data().join("fireside.db")).unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF;").unwrap();
    db.execute_batch(sql).unwrap();
    assert!(db.changes() > 0, "{sql}");
}

/// What the folder's database says to a question.
fn number(home: &Home, sql: &str) -> i64 {
    let db = Connection::open(home.data().join("fireside.db")).unwrap();
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// A JSON array that the program printed.
fn lines(stdout: &str) -> Vec<Value> {
    serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}
