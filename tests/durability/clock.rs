//! A clock that somebody sets: an hour back, a year ahead, and right again.

use serde_json::json;

use crate::world::caller::Credential;
use crate::world::checker::books_balance;
use crate::world::machine::MovedClock;
use crate::world::{Fireside, Home, contents, id, people};

#[tokio::test]
async fn a_clock_that_jumps_changes_no_order_and_ends_only_what_is_over() {
    let home = Home::new();
    let Some(clock) = MovedClock::beside(&home) else { return };
    let mut fireside = Fireside::start_with_variables(home, &[], &clock.variables()).await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let session = alice.signs_in_by_page().await;
    let browser = alice.showing(Credential::Session(session));
    let mut listener = bob.listens_in(&den).await;
    let year = |message: &serde_json::Value| message["created_at"].as_str().unwrap()[..4].parse::<i32>().unwrap();
    let first = alice.posts("now").known_as("now").in_room(&den).await;

    clock.is_off_by("-1h");
    let earlier = alice.posts("an hour ago").in_room(&den).await;
    assert!(earlier["created_at"].as_str() < first["created_at"].as_str(), "the clock did move");
    assert!(id(&earlier) > id(&first));
    browser.get("/api/auth/me/").await.is(200);
    alice.signs_in_again().await.get("/api/auth/me/").await.is(200);
    assert_eq!(alice.posts("now").known_as("now").tried_in(&den).await.is(200).json()["id"], first["id"]);

    clock.is_off_by("+1y");
    let later = alice.posts("in a year").in_room(&den).await;
    assert!(year(&later) > year(&first), "{later}");
    browser.get("/api/auth/me/").await.refused(401, "authentication_required");
    alice.get("/api/auth/me/").await.is(200);
    let new = alice.signs_in_by_page().await;
    alice.showing(Credential::Session(new.clone())).get("/api/auth/me/").await.is(200);

    clock.is_off_by("+0");
    let again = alice.posts("now again").in_room(&den).await;
    assert!(id(&again) > id(&later));
    for text in ["now", "an hour ago", "in a year", "now again"] {
        listener.hears_message(text).await;
    }
    listener.hears_nothing().await;
    let texts = ["now", "an hour ago", "in a year", "now again"];
    assert_eq!(contents(&bob.reads_history(&den).await), texts, "the order is that of the saying");
    alice.showing(Credential::Session(new)).get("/api/auth/me/").await.is(200);
    assert_eq!(fireside.is_asked_to_stop().await, Some(0), "{}", fireside.home.log());
    books_balance(&fireside.home.data());
}

#[tokio::test]
async fn the_chat_that_was_last_talked_in_stands_first_whatever_the_clock_said() {
    let home = Home::new();
    let Some(clock) = MovedClock::beside(&home) else { return };
    let fireside = Fireside::start_with_variables(home, &[], &clock.variables()).await;
    let alice = fireside.registers("alice").await;
    let (one, two) = (alice.opens_room("one").await, alice.opens_room("two").await);
    let first = async || alice.get("/messages/api/chats/").await.results()[0]["id"].as_i64().unwrap();
    alice.posts("hi").in_room(&one).await;
    assert_eq!(first().await, one.id);
    clock.is_off_by("-1h");
    alice.posts("hi").in_room(&two).await;
    assert_eq!(first().await, two.id);
    clock.is_off_by("+1y");
    alice.posts("hi").in_room(&one).await;
    assert_eq!(first().await, one.id);
    clock.is_off_by("+0");
    alice.posts("hi").in_room(&two).await;
    assert_eq!(first().await, two.id);
    // And after a restart it is still so.
    let fireside = fireside.restarts().await;
    let alice = alice.back_to(&fireside);
    let first = async || alice.get("/messages/api/chats/").await.results()[0]["id"].as_i64().unwrap();
    alice.posts("hi").in_room(&one).await;
    assert_eq!(first().await, one.id);
}

#[tokio::test]
async fn typing_ends_by_the_time_that_passes() {
    let home = Home::new();
    let Some(clock) = MovedClock::beside(&home) else { return };
    let fireside = Fireside::start_with_variables(home, &[], &clock.variables()).await;
    people!(fireside: alice, bob);
    let wish = json!({"chat_type": "group", "title": "Team", "member_ids": [bob.id]});
    let chat = id(&alice.post("/messages/api/chats/", &wish).await.is(201).json());
    let mut listener = bob.handshake("/messages/ws/").enters().await;
    assert_eq!(listener.frame().await["type"], "hello");
    alice.post(&format!("/messages/api/chats/{chat}/typing/"), &json!({"is_typing": true})).await.is(200);
    let frame = listener.frame().await;
    assert_eq!((&frame["type"], &frame["is_typing"]), (&json!("typing"), &json!(true)));
    clock.is_off_by("+1y");
    alice.get("/api/auth/me/").await.is(200);
    listener.hears_nothing().await;
    clock.is_off_by("-1h");
    let begun = std::time::Instant::now();
    let over = loop {
        if begun.elapsed() > std::time::Duration::from_secs(4) {
            break listener.frame().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    };
    assert_eq!((&over["type"], &over["is_typing"]), (&json!("typing"), &json!(false)));
}
