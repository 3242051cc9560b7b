//! Mentions, levels and mutes go along.

use serde_json::json;

use super::{exports, imports, of_type, records, signs_in, unpacked};
use crate::messaging::words::{dm, group, path, say, seen};
use crate::world::{Fireside, Home, people};

#[tokio::test]
async fn whom_messages_call_and_of_what_people_are_told_goes_along() {
    let shelf = tempfile::tempdir().unwrap();
    let old = Fireside::start().await;
    people!(old: alice, bob, carol);
    let (team, direct) = (group(&alice, "Team", &[&bob, &carol]).await, dm(&alice, &bob).await);
    let asked = say(&bob, "where?", team).await;
    say(&alice, "@bob, @carol and @all", team).await;
    let answer = json!({"content": "here", "reply_to": asked["id"]});
    alice.post(&team.messages(), &answer).await.is(201);
    say(&alice, "@bob", direct).await;
    alice.delete(&team.remove(&carol)).await.is(204);
    let notify = json!({"level": "mentions", "muted_until": "2999-01-01T00:00:00.000Z"});
    bob.patch(&format!("{}notify/", team.path()), &notify).await.is(200);
    bob.patch(&format!("{}notify/", direct.path()), &json!({"muted_until": "forever"})).await.is(200);
    let settings = json!({"quiet": {"from": "22:00", "to": "07:00", "zone": "Europe/Berlin"}, "preview": false});
    bob.patch("/messages/api/notify/", &settings).await.is(200);
    let archive = shelf.path().join("world.tar");
    exports(&old.home, &archive, &["--with-secrets"]).await.succeeded();
    let lines = records(&unpacked(&archive));
    assert_eq!(of_type(&lines, "message")[1]["mentions"], json!([bob.id, carol.id]));
    let home = Home::new();
    imports(&archive, &home, &[]).await.succeeded();
    home.runs(&["check"], "").await.succeeded();
    let new = Fireside::start_in(home, &[]).await;
    let there = signs_in(&new, "bob", &bob.password).await;
    for (chat, count) in [(team, 2), (direct, 1)] {
        let (before, after) = (seen(&bob, chat).await, seen(&there, chat).await);
        assert_eq!((&after["notify"], &after["mention_count"]), (&before["notify"], &json!(count)));
        assert_eq!(before["mention_count"], count);
        let (before, after) = (bob.get(&chat.messages()).await.results(), there.get(&chat.messages()).await.results());
        for (old, new) in before.iter().zip(&after) {
            for field in ["content", "mentions", "mentions_all"] {
                assert_eq!(old[field], new[field], "{field}");
            }
        }
    }
    assert_eq!(there.get("/messages/api/notify/").await.is(200).json(), settings);
    let calls = there.get("/messages/api/mentions/").await.is(200).results();
    assert_eq!(calls.len(), 3);
    assert_eq!(there.get(&path(&calls[0]["message"])).await.is(200).json()["content"], "@bob");
}

/// Whoever has been called `all` since before that means everybody comes under another name.
#[tokio::test]
async fn whoever_is_called_all_comes_under_another_name() {
    let shelf = tempfile::tempdir().unwrap();
    let old = Fireside::start().await;
    old.registers("alfred").await;
    let archive = shelf.path().join("world.tar");
    exports(&old.home, &archive, &["--with-secrets"]).await.succeeded();
    let folder = unpacked(&archive);
    let records = folder.join("records.jsonl");
    let text = std::fs::read_to_string(&records).unwrap();
    std::fs::write(&records, text.replace("\"username\":\"alfred\"", "\"username\":\"all\"")).unwrap();
    let home = Home::new();
    let said = imports(&folder, &home, &[]).await.succeeded().stdout.clone();
    assert!(said.contains("comes as all-1: @all mentions everybody"), "{said}");
}
