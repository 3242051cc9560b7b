//! Users and direct chats over REST.

use serde_json::{Value, json};

use crate::world::caller::Credential;
use crate::world::{Fireside, id};

#[tokio::test]
async fn everybody_else_is_listed_by_id_and_name_alone() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let (bob, carol) = (fireside.registers("bob").await, fireside.registers("carol").await);
    let expected = json!([{"id": bob.id, "username": "bob"}, {"id": carol.id, "username": "carol"}]);
    for path in ["/api/users/", "/api/users", "/d/directs/api/users/", "/d/directs/api/users/?page=9"] {
        assert_eq!(alice.get(path).await.is(200).json(), expected, "{path}");
    }
    assert_eq!(alice.get("/api/users/?page=1").await.is(200).json()["count"], 3, "a page is another document's");
}

#[tokio::test]
async fn a_chat_is_made_once_whoever_asks() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let made = alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201).json();
    let created = made["created"].as_str().unwrap().to_owned();
    let people = json!([{"id": alice.id, "username": "alice"}, {"id": bob.id, "username": "bob"}]);
    let expected = json!({
        "id": made["id"], "participants": people, "other_user": people[1], "created": created,
        "last_message": null, "unread_count": 0,
    });
    assert_eq!(made, expected);
    let again =
        bob.post("/d/directs/api/chats/create/", &json!({"user_id": alice.id.to_string()})).await.is(201).json();
    assert_eq!(again["id"], made["id"]);
    assert_eq!(again["other_user"], people[0], "the other is who I am not");
    let user = bob.id.to_string();
    alice.sends_form("/api/chats/create", &[("user_id", user.as_str())]).await.is(201);
    assert_eq!(alice.get("/api/chats/").await.is(200).json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_other_user_is_refused() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let says = async |body: Value| {
        alice.post("/api/chats/create/", &body).await.names("user_id").json()["details"]["user_id"].clone()
    };
    assert_eq!(says(json!({"user_id": alice.id})).await, json!(["Cannot create a chat with yourself"]));
    assert_eq!(says(json!({"user_id": 999})).await, json!(["User does not exist"]));
    for body in [json!({}), json!({"user_id": null}), json!({"user_id": "x"}), json!({"user_id": []})] {
        says(body).await;
    }
    assert_eq!(alice.get("/api/chats/").await.json(), json!([]));
}

#[tokio::test]
async fn chats_are_listed_newest_created_first_with_their_last_message() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let carol = fireside.registers("carol").await;
    let with_bob = id(&alice.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201).json());
    let with_carol = id(&carol.post("/api/chats/create/", &json!({"user_id": alice.id})).await.is(201).json());
    alice.opens_room("den").await;
    let said = bob.post(&format!("/api/rooms/{with_bob}/messages/"), &json!({"content": "hello"})).await.is(201).json();
    let chats = alice.get("/api/chats/").await.is(200).json();
    let ids: Vec<_> = chats.as_array().unwrap().iter().map(id).collect();
    assert_eq!(ids, [with_carol, with_bob], "groups are none of this document");
    let last = json!({"body": "hello", "created": said["created_at"], "sender": "bob"});
    assert_eq!((&chats[1]["last_message"], &chats[1]["unread_count"]), (&last, &json!(1)));
    assert_eq!((&chats[0]["last_message"], &chats[0]["unread_count"]), (&Value::Null, &json!(0)));
    assert_eq!(carol.get("/api/chats/").await.json().as_array().unwrap().len(), 1, "not the others'");
}

#[tokio::test]
async fn every_path_asks_who_it_is() {
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let session = alice.signs_in_by_page().await;
    let revoked = alice.signs_in_again().await;
    revoked.does("/api/auth/logout/").await.is(204);
    let body = json!({"user_id": bob.id});
    for (method, path) in [("GET", "/api/users/"), ("GET", "/api/chats/"), ("POST", "/api/chats/create/")] {
        let path = format!("/d/directs{path}");
        let ask = |credential| alice.showing(credential).asks(method.parse().unwrap(), &path).json(&body);
        ask(Credential::Nothing).await.refused(401, "authentication_required");
        ask(Credential::Token(revoked.token.clone())).await.refused(401, "authentication_required");
        let by_cookie = ask(Credential::BareCookie(session.clone())).with("Origin", "https://evil.example").await;
        if method == "GET" {
            by_cookie.is(200);
        } else {
            by_cookie.refused(403, "csrf_failed");
        }
    }
    assert_eq!(alice.get("/api/chats/").await.json(), json!([]), "nothing was made");
    ask_wrong_method(&alice).await;
}

async fn ask_wrong_method(alice: &crate::world::Person) {
    let answer = alice.delete("/d/directs/api/chats/").await.refused(405, "method_not_allowed");
    assert!(answer.header("allow").contains("GET"));
}
