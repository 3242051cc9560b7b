//! How the server is, in numbers.

use serde_json::{Value, json};

use super::root_of;
use crate::world::{Fireside, Person};

const STATUS: &str = "/api/server/status/";

#[tokio::test]
async fn the_numbers_are_those_of_what_is_there() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let gone = alice.opens_room("gone").await;
    alice.posts("one").in_room(&den).await;
    alice.posts("two").in_room(&den).await;
    alice.posts("three").in_room(&gone).await;
    alice.delete(&gone.path()).await.is(204);
    alice.uploads("notes.txt", b"twelve bytes").await;
    let listener = alice.listens_in(&den).await;
    let other = root.handshake("/messages/ws/").enters().await;

    // A socket counts from its opening, which comes a moment after the answer to its handshake.
    let status = status_when(&root, |status| {
        let sockets = &status["sockets"];
        sockets["rooms"] == 1 && sockets["messaging"] == 1 && status["users_online"] == 2
    })
    .await;
    for (field, number) in [("users", 2), ("users_online", 2), ("chats", 2), ("messages", 2)] {
        assert_eq!(status[field], number, "{field} in {status}");
    }
    assert_eq!((&status["sockets"]["rooms"], &status["sockets"]["messaging"]), (&json!(1), &json!(1)), "{status}");
    assert_eq!(status["sockets"]["inbox"], 0);
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["backup"], json!(null));
    assert_eq!(status["storage"]["files_bytes"], 12);
    for field in ["database_bytes", "wal_bytes", "free_bytes"] {
        assert!(status["storage"][field].as_u64().unwrap() > 0, "{field} in {status}");
    }
    assert!(status["uptime_seconds"].as_u64().unwrap() < 600, "{status}");

    listener.hangs_up().await;
    other.hangs_up().await;
    let is_quiet = |status: &Value| status["sockets"]["rooms"] == 0 && status["sockets"]["messaging"] == 0;
    status_when(&root, |status| is_quiet(status) && status["users_online"] == 0).await;
}

/// The status as soon as it is like that.
async fn status_when(root: &Person, is_so: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..100 {
        let status = root.get(STATUS).await.is(200).json();
        if is_so(&status) {
            return status;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the status is not what it should be: {}", root.get(STATUS).await.text());
}
