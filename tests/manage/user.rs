//! Users, as administrators list and make them.

use serde_json::json;

use super::{root_of, signs_in};
use crate::world::{Fireside, Person, people};

const USERS: &str = "/api/server/users/";

#[tokio::test]
async fn everybody_is_listed_and_found() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    people!(fireside: alice, bob);
    bob.uploads("notes.txt", b"twelve bytes").await;
    alice.post("/api/messages/", &json!({"receiver": "bob", "content": "7 bytes"})).await.is(201);
    root.patch(&format!("{USERS}{}/", alice.id), &json!({"is_disabled": true})).await.is(200);
    let page = root.get(USERS).await.is(200).json();
    assert_eq!(page["count"], 3);
    assert_eq!(page["results"][2]["stored_bytes"], 12);
    let alices = &page["results"][1];
    let expected = json!({
        "id": alice.id, "username": "alice", "display_name": "alice", "email": "alice@example.com",
        "is_admin": false, "is_disabled": true, "has_second_factor": false, "stored_bytes": 0, "text_bytes": 7,
        "linked_to": [],
        "created_at": alices["created_at"], "last_seen_at": null,
    });
    assert_eq!(*alices, expected);
    for (part, found) in
        [("ALI", vec!["alice"]), ("bob@example.com", vec!["bob"]), ("o", vec!["root", "bob"]), ("zz", vec![])]
    {
        let page = root.get(&format!("{USERS}?search={part}")).await.is(200);
        let names: Vec<_> = page.results().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, found, "{part}");
        assert_eq!(page.json()["count"], found.len(), "{part}");
    }
    let second = root.get(&format!("{USERS}?page_size=2&page=2")).await.is(200).json();
    assert_eq!((second["results"].as_array().unwrap().len(), &second["next"]), (1, &json!(null)));
    root.get(&format!("{USERS}?page=9")).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_admin_makes_accounts_whoever_may_register() {
    let fireside = Fireside::start_with(&["--registration", "closed"]).await;
    let root = root_of(&fireside).await;
    let body =
        json!({"username": "bob", "password": "correct horse", "email": "b@example.com", "display_name": "Bob B."});
    let bob = root.post(USERS, &body).await.is(201).json();
    assert_eq!((&bob["display_name"], &bob["is_admin"]), (&json!("Bob B."), &json!(false)));
    signs_in(&fireside, "b@example.com", "correct horse").await.is(200);
    root.post(USERS, &body).await.names("username");
    root.post(USERS, &json!({"username": "x", "password": "short"})).await.names("password");
    root.post(USERS, &json!({"username": "carol", "password": "correct horse", "is_admin": "perhaps"}))
        .await
        .names("is_admin");
    root.post(USERS, &json!([])).await.refused(400, "validation_error");
    assert_eq!(root.get(USERS).await.json()["count"], 2);
}

#[tokio::test]
async fn nobody_becomes_an_admin_by_saying_so() {
    let fireside = Fireside::start().await;
    let body = json!({"username": "eve", "email": "e@example.com", "password": "correct horse", "is_admin": true});
    fireside.anyone().post("/api/auth/register/", &body).await.is(201);
    let root = root_of(&fireside).await;
    let users = root.get(USERS).await.results();
    assert_eq!((&users[0]["username"], &users[0]["is_admin"]), (&json!("eve"), &json!(false)));
}

#[tokio::test]
async fn everybody_learns_who_they_are_themselves() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let alice = fireside.registers("alice").await;
    let about = "/api/server/";
    let who = |person: &Person, is_admin| json!({"id": person.id, "is_admin": is_admin, "is_named_by_proxy": false});
    assert_eq!(root.get(about).await.is(200).json()["user"], who(&root, true));
    assert_eq!(alice.get(about).await.is(200).json()["user"], who(&alice, false));
    assert!(fireside.anyone().get(about).await.is(200).json().get("user").is_none(), "a stranger is nobody");
    root.patch(&format!("{USERS}{}/", alice.id), &json!({"is_admin": true})).await.is(200);
    assert_eq!(alice.get(about).await.is(200).json()["user"]["is_admin"], true, "the right as it is now");
}
