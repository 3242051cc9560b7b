//! Exactly what somebody could read now is found.

use serde_json::{Value, json};

use super::{MANY, fills, finds, found, is_entered, number};
use crate::messaging::words::{Chat, dm, group, path, say};
use crate::world::{Fireside, Person, id};

#[tokio::test]
async fn members_find_what_they_could_read_and_nobody_else_does() {
    let fireside = Fireside::start_with(&["--durability", "normal"]).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (carol, eve) = (fireside.registers("carol").await, fireside.registers("eve").await);
    let team = group(&alice, "Team", &[&bob]).await;
    let aside = group(&alice, "Aside", &[&bob, &carol, &eve]).await;
    let direct = dm(&alice, &bob).await;
    say(&alice, "comet in the team", team).await;
    say(&bob, "comet between us", direct).await;
    for round in 0..2 {
        assert_eq!(found(&alice, "comet").await, ["comet between us", "comet in the team"], "{round}");
        assert_eq!(found(&bob, "comet").await, ["comet between us", "comet in the team"], "{round}");
        for outsider in [&carol, &eve] {
            assert!(found(outsider, "comet").await.is_empty(), "{round}");
            assert!(finds(outsider, &[("chat", &team.id.to_string())]).await.is_empty(), "{round}");
            assert!(found(outsider, &format!("in:{} from:alice", direct.id)).await.is_empty(), "{round}");
            assert!(found(outsider, "in:Team").await.is_empty(), "{round}");
        }
        fills(&fireside, &alice, aside).await;
    }

    // Who joins reads what was said before; who leaves reads nothing any more.
    alice.post(&team.add(), &json!({"user_ids": [carol.id]})).await.is(200);
    assert_eq!(found(&carol, "comet").await, ["comet in the team"]);
    alice.delete(&team.remove(&carol)).await.is(204);
    assert!(found(&carol, "comet").await.is_empty());
    bob.delete(&team.remove(&bob)).await.is(204);
    assert_eq!(found(&bob, "comet").await, ["comet between us"]);

    // A room that is public shows that it is there, and nothing of what is said.
    let open = alice.opens_room("open").await;
    alice.posts("comet in the open").in_room(&open).await;
    assert!(found(&eve, "comet").await.is_empty());
    eve.joins(&open).await;
    assert_eq!(found(&eve, "comet").await, ["comet in the open"]);

    // A clearing is one's own.
    alice.delete(&direct.path()).await.is(204);
    assert_eq!(found(&alice, "comet").await, ["comet in the open", "comet in the team"]);
    assert_eq!(found(&bob, "comet").await, ["comet between us"]);
    say(&bob, "another comet", direct).await;
    assert_eq!(found(&alice, "comet -in:Team -in:open").await, ["another comet"]);

    // A chat that is deleted is gone.
    alice.delete(&team.path()).await.is(204);
    assert_eq!(found(&alice, "comet in:open").await, ["comet in the open"]);
    assert_eq!(found(&alice, "comet").await, ["another comet", "comet in the open"]);
}

async fn edits(who: &Person, message: &Value, text: &str) {
    who.patch(&path(message), &json!({"content": text})).await.is(200);
}

#[tokio::test]
async fn an_edit_counts_at_once_and_the_old_text_never_again() {
    let fireside = Fireside::start_with(&["--durability", "normal"]).await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "Drafts", &[]).await;
    let first = say(&alice, "a walrus", chat).await;
    let second = say(&alice, "two walruses", chat).await;
    edits(&alice, &first, "a narwhal").await;
    assert_eq!(found(&alice, "walrus").await, ["two walruses"]);
    assert_eq!(found(&alice, "narwhal").await, ["a narwhal"]);
    fills(&fireside, &alice, chat).await;
    assert_eq!(found(&alice, "narwhal").await, ["a narwhal"]);
    // Now that the index knows it.
    edits(&alice, &first, "a beluga").await;
    assert!(found(&alice, "narwhal").await.is_empty());
    assert_eq!(found(&alice, "beluga").await, ["a beluga"]);
    assert_eq!(found(&alice, "filler -beluga").await.len(), 100);
    edits(&alice, &second, "filler beluga").await;
    assert_eq!(found(&alice, "beluga").await, ["filler beluga", "a beluga"]);
    assert_eq!(found(&alice, "beluga -filler").await, ["a beluga"]);
    alice.delete(&path(&second)).await.is(204);
    assert_eq!(found(&alice, "beluga").await, ["a beluga"]);
    alice.delete(&path(&first)).await.is(204);
    assert!(found(&alice, "beluga").await.is_empty());
    // And when that is entered too, beside what filled it before.
    fills(&fireside, &alice, chat).await;
    is_entered(&fireside.home, &alice, 2 * MANY).await;
    assert!(found(&alice, "beluga").await.is_empty() && found(&alice, "narwhal").await.is_empty());
    assert_eq!(number(&fireside.home, &format!("SELECT count(*) FROM search_docsize WHERE id <= {}", id(&second))), 0);
}

#[tokio::test]
async fn what_is_acknowledged_is_found_through_whichever_api_it_came() {
    let fireside = Fireside::start_with(&["--durability", "normal"]).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let room = alice.opens_room("den").await;
    bob.joins(&room).await;
    fills(&fireside, &alice, Chat { id: room.id }).await;
    for turn in 0..40 {
        let word = format!("otter{turn}x");
        match turn % 4 {
            0 => drop(bob.posts(&word).in_room(&room).await),
            1 => drop(say(&bob, &word, Chat { id: room.id }).await),
            2 => drop(bob.post("/d/inbox/api/messages/", &json!({"receiver": "alice", "content": word})).await.is(201)),
            _ => {
                let mut listener = bob.listens_in(&room).await;
                listener.says(&json!({"type": "chat_message", "data": {"content": word}})).await;
                listener.hears("chat_message").await;
            }
        }
        assert_eq!(found(&alice, &word).await, std::slice::from_ref(&word));
        assert_eq!(found(&alice, &format!("otter{turn}")).await, std::slice::from_ref(&word), "by its beginning");
    }
}

#[tokio::test]
async fn what_was_kept_for_its_time_is_found_no_more() {
    let fireside = Fireside::start_with(&["--durability", "normal"]).await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, "Old", &[]).await;
    let old = say(&alice, "an old badger", chat).await;
    let young = say(&alice, "a young badger", chat).await;
    let file = alice.uploads("badger.pdf", b"%PDF-1.4").await;
    alice.post(&chat.messages(), &json!({"content": "see this", "attachments": [file["id"]]})).await.is(201);
    fills(&fireside, &alice, chat).await;
    assert_eq!(found(&alice, "badger").await, ["see this", "a young badger", "an old badger"]);
    let db = rusqlite::Connection::open(fireside.home.data().join("fireside.db")).unwrap();
    db.busy_timeout(crate::world::home::PATIENCE).unwrap();
    db.execute("UPDATE messages SET created_at = created_at - 40 * 86400000 WHERE id = ?1", [id(&old)]).unwrap();
    fireside.home.runs(&["retain", &chat.id.to_string(), "30"], "").await.succeeded();
    let begun = std::time::Instant::now();
    while found(&alice, "badger").await.len() > 2 {
        assert!(begun.elapsed() < crate::world::home::PATIENCE, "it is kept");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(found(&alice, "badger").await, ["see this", "a young badger"]);
    alice.deletes(&young).await;
    assert_eq!(found(&alice, "badger -nothing").await, ["see this"]);
}
