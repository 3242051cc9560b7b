//! Joining and leaving: who is in a room, how many fit, who owns it next.

use futures_util::future::join_all;
use serde_json::json;

use crate::world::{Fireside, id};

#[tokio::test]
async fn joining_is_told_to_the_others_and_twice_is_once() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    let mut listener = alice.listens_in(&den).await;

    let joined = bob.does(&den.join()).await.is(200).json();
    assert_eq!(id(&joined), den.id);
    assert_eq!(joined["participant_count"], 2);
    let told = listener.hears("user_joined").await;
    assert_eq!(told["user"]["id"], bob.id);
    assert_eq!(told["user"]["username"], "bob");
    assert_eq!(told["scope"], "room");
    assert!(!told.to_string().contains("@example.com"), "{told}");

    let again = bob.does(den.join().trim_end_matches('/')).await.is(200).json();
    assert_eq!(again["participant_count"], 2);
    let owner = alice.does(&den.join()).await.is(200).json();
    assert_eq!(owner["owner"]["id"], alice.id);
    listener.hears_nothing().await;
}

#[tokio::test]
async fn a_private_room_has_no_door_for_strangers() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let hidden = alice.opens(&json!({"name": "hidden", "is_private": true})).await;
    bob.does(&hidden.join()).await.refused(404, "not_found");
    bob.does(&hidden.leave()).await.refused(404, "not_found");
    alice.does(&hidden.join()).await.is(200);
    assert_eq!(alice.get(&hidden.path()).await.json()["participant_count"], 1);
}

#[tokio::test]
async fn a_full_room_takes_nobody_more() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let carol = fireside.registers("carol").await;
    let den = alice.opens(&json!({"name": "den", "max_participants": 2})).await;
    bob.joins(&den).await;
    carol.does(&den.join()).await.refused(400, "room_full");
    bob.does(&den.join()).await.is(200);
    bob.leaves(&den).await;
    carol.joins(&den).await;
    bob.does(&den.join()).await.refused(400, "room_full");
}

#[tokio::test]
async fn a_crowd_at_the_door_fills_a_room_exactly() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let crowd = fireside.registers_crowd(16).await;
    let den = alice.opens(&json!({"name": "den", "max_participants": 6})).await;
    let answers = join_all(crowd.iter().map(|guest| async { guest.does(&den.join()).await })).await;
    let mut entered = 0;
    for answer in answers {
        if answer.status == 200 {
            entered += 1;
        } else {
            answer.refused(400, "room_full");
        }
    }
    assert_eq!(entered, 5, "six with the owner");
    let room = alice.get(&den.path()).await.json();
    assert_eq!(room["participant_count"], 6);
    let page = alice.get(&den.participants()).await.json();
    assert_eq!(page["count"], 6);
}

#[tokio::test]
async fn leaving_is_told_to_the_others_and_ends_ones_own_sockets() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut alices = alice.listens_in(&den).await;
    let mut bobs = bob.listens_in(&den).await;
    let mut bobs_other = bob.listens_in(&den).await;

    bob.leaves(&den).await;
    alice.posts("is he gone?").in_room(&den).await;
    let told = alices.hears("user_left").await;
    assert_eq!(told["user_id"], bob.id);
    assert_eq!(told["scope"], "room");
    alices.hears_message("is he gone?").await;
    bobs.is_closed_with(4403).await;
    bobs_other.is_closed_with(4403).await;

    bob.does(&den.leave()).await.refused(404, "not_found");
    bob.get(&den.messages()).await.refused(403, "permission_denied");
    bob.posts("still me").tried_in(&den).await.refused(403, "permission_denied");
    assert_eq!(alice.get(&den.path()).await.json()["participant_count"], 1);
    assert_eq!(bob.get("/api/rooms/").await.json()["count"], 0);
}

#[tokio::test]
async fn a_stranger_cannot_leave() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    let mut listener = alice.listens_in(&den).await;
    bob.does(&den.leave()).await.refused(404, "not_found");
    listener.hears_nothing().await;
}

#[tokio::test]
async fn ownership_passes_to_whoever_has_been_there_longest() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let carol = fireside.registers("carol").await;
    let den = alice.opens_room("den").await;
    // Carol was there before bob, though her account is the younger.
    carol.joins(&den).await;
    bob.joins(&den).await;
    alice.leaves(&den).await;
    let room = carol.get(&den.path()).await.json();
    assert_eq!(room["owner"]["id"], carol.id);
    bob.patch(&den.path(), &json!({"name": "b"})).await.refused(403, "permission_denied");
    carol.patch(&den.path(), &json!({"name": "c"})).await.is(200);
    // Coming back does not bring the ownership back.
    alice.joins(&den).await;
    alice.patch(&den.path(), &json!({"name": "a"})).await.refused(403, "permission_denied");
}

#[tokio::test]
async fn a_room_ends_with_its_last_participant() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    let mut listener = alice.listens_in(&den).await;
    alice.leaves(&den).await;
    let (told, code) = listener.hears_until_closed().await;
    assert_eq!(code, 4404, "the room is gone");
    assert!(told.is_empty(), "{told:?}");
    alice.get(&den.path()).await.refused(404, "not_found");
    bob.does(&den.join()).await.refused(404, "not_found");
    assert_eq!(bob.get("/api/rooms/?public=true").await.json()["count"], 0);
}

#[tokio::test]
async fn participants_are_listed_with_their_part_in_the_room() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let page = bob.get(&den.participants()).await.is(200);
    assert!(!page.text().contains("@example.com"), "{page}");
    assert_eq!(page.json()["count"], 2);
    let results = page.results();
    for (person, is_admin) in [(&alice, true), (&bob, false)] {
        let entry = results.iter().find(|entry| entry["user"]["id"] == person.id).unwrap();
        assert_eq!(entry["user"]["username"], person.username.as_str());
        assert_eq!(entry["is_admin"], is_admin, "{entry}");
        assert!(entry["joined_at"].as_str().unwrap().ends_with('Z'));
        assert!(entry["id"].is_i64());
    }
}
