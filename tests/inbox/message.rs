//! Messages over REST.

use serde_json::{Value, json};

use crate::world::{Fireside, Person};

async fn sends(me: &Person, receiver: impl Into<Value>, content: &str) -> Value {
    let body = json!({"receiver": receiver.into(), "content": content});
    me.post("/api/messages/", &body).await.is(201).json()
}

#[tokio::test]
async fn a_message_goes_to_an_id_or_a_username() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    for receiver in [json!(bob.id), json!(bob.id.to_string()), json!("bob"), json!("BOB")] {
        let message = sends(&alice, receiver, "  hello  ").await;
        let object = message.as_object().unwrap();
        let mut keys: Vec<_> = object.keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["content", "id", "receiver", "sender", "timestamp"]);
        assert_eq!((&message["sender"], &message["receiver"]), (&json!(alice.id), &json!(bob.id)));
        assert_eq!(message["content"], "hello");
        assert!(message["timestamp"].as_str().unwrap().ends_with('Z'));
    }
    let form = [("receiver", "bob"), ("content", "by form")];
    alice.sends_form("/d/inbox/api/messages", &form).await.is(201);
    assert_eq!(bob.get("/api/messages/").await.is(200).json()["count"], 5);
}

#[tokio::test]
async fn what_is_no_message_is_refused_by_field() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let tries = [
        (json!({"content": "x"}), "receiver"),
        (json!({"receiver": null, "content": "x"}), "receiver"),
        (json!({"receiver": "", "content": "x"}), "receiver"),
        (json!({"receiver": "nobody", "content": "x"}), "receiver"),
        (json!({"receiver": 999, "content": "x"}), "receiver"),
        (json!({"receiver": [], "content": "x"}), "receiver"),
        (json!({"receiver": "alice"}), "content"),
        (json!({"receiver": "alice", "content": ""}), "content"),
        (json!({"receiver": "alice", "content": "   "}), "content"),
        (json!({"receiver": "alice", "content": 7}), "content"),
        (json!({"receiver": "alice", "content": "x".repeat(10_001)}), "content"),
    ];
    for (body, field) in tries {
        alice.post("/api/messages/", &body).await.names(field);
    }
    assert_eq!(alice.get("/api/messages/").await.json()["count"], 0, "nothing was stored");
    sends(&alice, "alice", &"я".repeat(10_000)).await;
}

#[tokio::test]
async fn the_list_is_mine_newest_first_and_by_user() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let carol = fireside.registers("carol").await;
    let mut ids = Vec::new();
    for number in 0..12 {
        let (from, to) = match number % 3 {
            0 => (&alice, &bob),
            1 => (&bob, &alice),
            _ => (&carol, &alice),
        };
        ids.push(sends(from, to.id, &format!("number {number}")).await["id"].clone());
    }
    sends(&bob, carol.id, "not alice's").await;
    // Groups are not shown here.
    let den = alice.opens_room("den").await;
    alice.posts("to the den").in_room(&den).await;

    let page = alice.get("/api/messages/").await.is(200).json();
    assert_eq!(page["count"], 12);
    assert_eq!(page["results"].as_array().unwrap().len(), 10, "ten on a page");
    assert!(page["previous"].is_null());
    ids.reverse();
    let next = page["next"].as_str().unwrap();
    let rest = alice.get(next).await.is(200).json();
    let listed = [page["results"].as_array().unwrap().clone(), rest["results"].as_array().unwrap().clone()].concat();
    assert_eq!(listed.iter().map(|message| message["id"].clone()).collect::<Vec<_>>(), ids);

    let with_bob = alice.get("/api/messages/?user=BOB&page_size=100").await.is(200).json();
    assert_eq!(with_bob["count"], 8);
    assert_eq!(with_bob["results"][0]["content"], "number 10");
    for stranger in ["nobody", "alice"] {
        let page = alice.get(&format!("/api/messages/?user={stranger}")).await.is(200).json();
        assert_eq!(page, json!({"count": 0, "next": null, "previous": null, "results": []}), "{stranger}");
    }
    alice.get("/api/messages/?page=3").await.refused(404, "not_found");
}

#[tokio::test]
async fn only_ones_own_is_changed_and_deleted() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let carol = fireside.registers("carol").await;
    let id = sends(&alice, bob.id, "frist").await["id"].as_i64().unwrap();
    let (update, delete) =
        (format!("/api/messages/{id}/update_message/"), format!("/api/messages/{id}/delete_message/"));
    let body = json!({"content": "first"});

    let refused = bob.post(&update, &body).await.refused(403, "permission_denied").json();
    assert_eq!(refused["message"], "You can only edit your own messages");
    let refused = bob.delete(&delete).await.refused(403, "permission_denied").json();
    assert_eq!(refused["message"], "You can only delete your own messages");
    let unknown = carol.post("/api/messages/999999/update_message/", &body).await.as_seen_by_a_prober();
    assert_eq!(carol.post(&update, &body).await.is(404).as_seen_by_a_prober(), unknown);
    let unknown = carol.delete("/api/messages/999999/delete_message/").await.as_seen_by_a_prober();
    assert_eq!(carol.delete(&delete).await.is(404).as_seen_by_a_prober(), unknown);

    let edited = alice.post(&update, &body).await.is(200).json();
    assert_eq!((&edited["id"], &edited["content"]), (&json!(id), &json!("first")));
    assert_eq!(edited["receiver"], bob.id);
    alice.post(&update, &json!({"content": " "})).await.names("content");
    alice.post(&update, &json!({})).await.names("content");
    alice.delete(&delete).await.is(204);
    alice.delete(&delete).await.is(404);
    assert_eq!(bob.get("/api/messages/").await.json()["count"], 0);
}

#[tokio::test]
async fn a_message_of_a_group_is_none_of_this_document() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let id = alice.posts("to the den").in_room(&den).await["id"].as_i64().unwrap();
    alice.post(&format!("/api/messages/{id}/update_message/"), &json!({"content": "x"})).await.is(404);
    alice.delete(&format!("/api/messages/{id}/delete_message/")).await.is(404);
    assert_eq!(alice.reads(&den).await, ["to the den"]);
}

#[tokio::test]
async fn a_resend_is_the_first_message_again() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let body = json!({"receiver": bob.id, "content": "once", "client_id": "k"});
    let first = alice.post("/api/messages/", &body).await.is(201).json();
    assert_eq!(alice.post("/api/messages/", &body).await.is(200).json(), first);
    let by_header = json!({"receiver": bob.id, "content": "once"});
    let again = alice.post("/api/messages/", &by_header).with("Idempotency-Key", "k").await.is(200).json();
    assert_eq!(again, first);
    let other = json!({"receiver": bob.id, "content": "twice", "client_id": "k"});
    alice.post("/api/messages/", &other).await.refused(409, "conflict");
    assert_eq!(bob.get("/api/messages/").await.json()["count"], 1);
}
