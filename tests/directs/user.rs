//! `GET /api/users/`: everybody else, by id and name alone.

use serde_json::json;

use super::USERS;
use crate::world::{Fireside, people};

#[tokio::test]
async fn everybody_but_me_is_listed_by_id() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    let expected = json!([
        {"id": alice.id, "username": "alice"},
        {"id": carol.id, "username": "carol"},
    ]);
    for path in [USERS, "/api/users", "/d/directs/api/users/", "/d/directs/api/users"] {
        assert_eq!(bob.get(path).await.is(200).json(), expected, "{path}");
    }
    for path in ["/d/directs/api/users/?page=1", "/d/directs/api/users/?page_size=1", "/api/users/?colour=blue"] {
        assert_eq!(bob.get(path).await.is(200).json(), expected, "no pages here: {path}");
    }
}

#[tokio::test]
async fn all_of_a_crowd_stand_in_one_list() {
    let fireside = Fireside::start().await;
    let crowd = fireside.registers_crowd(25).await;
    let list = crowd[0].get(USERS).await.is(200).json();
    let ids: Vec<i64> = list.as_array().unwrap().iter().map(crate::world::id).collect();
    assert_eq!(ids, crowd[1..].iter().map(|guest| guest.id).collect::<Vec<_>>());
}

#[tokio::test]
async fn whoever_is_alone_sees_nobody() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    assert_eq!(alice.get(USERS).await.is(200).json(), json!([]));
}

#[tokio::test]
async fn at_the_root_a_page_is_asked_of_rooms() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    fireside.registers("bob").await;
    for query in ["page=1", "page_size=5", "page=1&page_size=5"] {
        let page = alice.get(&format!("{USERS}?{query}")).await.is(200).json();
        assert_eq!(page["count"], 2, "{page}");
    }
    assert!(alice.through("/d/rooms").get(USERS).await.is(200).json()["results"].is_array());
    alice.does(USERS).await.refused(405, "method_not_allowed");
}
