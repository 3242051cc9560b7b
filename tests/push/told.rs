//! Who is told of what, when, and in which words.

use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::scene::{Scene, tells};
use crate::world::id;

/// How soon a device is told.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_device_is_told_within_two_seconds_what_the_contract_says() {
    let scene = Scene::new().await;
    let began = Instant::now();
    let said = scene.alice_says("hello **there**").await;
    let told = scene.phone.hears(1).await;
    assert!(told.at - began < SOON, "{:?}", told.at - began);
    let expected = json!({"chat": scene.den.id, "message": said, "seq": said, "title": "den", "sender": "alice",
        "text": "hello **there**", "badge": 1});
    assert_eq!(told.push, expected);
    assert_eq!(told.headers["urgency"], "normal");
    let topic = told.headers["topic"].clone();
    scene.alice_says("@bob look").await;
    let told = scene.phone.hears(2).await;
    assert_eq!((told.headers["urgency"].as_str(), &told.headers["topic"]), ("high", &topic), "a mention, same chat");
    assert_eq!(told.push["badge"], 2);
    let mine = id(&scene.bob.posts("mine").in_room(&scene.den).await);
    let answer = json!({"content": "an answer", "reply_to": mine});
    scene.alice.post(&format!("{}messages/", scene.chat()), &answer).await.is(201);
    let told = scene.phone.hears(3).await;
    assert_eq!((told.push["text"].as_str(), told.headers["urgency"].as_str()), (Some("an answer"), "high"));
    tells(&scene.carol, &scene.bob, "psst").await;
    let told = scene.phone.hears(4).await;
    assert_eq!((told.push["title"].as_str(), told.headers["urgency"].as_str()), (Some("carol"), "high"));
    assert_ne!(told.headers["topic"], topic, "another chat");
    // A second device hears the same, and the sender's own nothing.
    let (laptop, hers) = (scene.service.device("laptop"), scene.service.device("hers"));
    laptop.subscribes(&scene.bob).await;
    hers.subscribes(&scene.alice).await;
    scene.alice_says("to both").await;
    assert_eq!(laptop.hears(1).await.push, scene.phone.hears(5).await.push);
    assert!(hers.told().is_empty());
    // Keys that are new count at once.
    scene.phone.changes_keys();
    scene.phone.is_offered_by(&scene.bob).await.is(200);
    scene.alice_says("by new keys").await;
    assert_eq!(scene.phone.hears(6).await.push["text"], "by new keys");
    scene.service.is_content();
}

#[tokio::test]
async fn levels_mutes_and_quiet_hours_hold_pushes_back() {
    let scene = Scene::new().await;
    scene.bob_wants(json!({"level": "mentions"})).await;
    scene.alice_says("of no concern").await;
    scene.alice_says("@bob of some").await;
    scene.is_done().await;
    scene.bob_wants(json!({"level": "nothing"})).await;
    scene.alice_says("@bob nothing").await;
    scene.is_done().await;
    scene.bob_wants(json!({"level": "all", "muted_until": "forever"})).await;
    scene.alice_says("@bob mute").await;
    scene.is_done().await;
    scene.bob_wants(json!({"muted_until": null})).await;
    scene.alice_says("all again").await;
    scene.phone.is_told(2).await;
    // An hour on either side of now, wherever that is.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() / 60 % 1_440;
    let clock = |minute: u64| format!("{:02}:{:02}", minute % 1_440 / 60, minute % 60);
    let quiet = |from, to| json!({"quiet": {"from": clock(from), "to": clock(to), "zone": "UTC"}});
    scene.bob.patch("/messages/api/notify/", &quiet(now + 1_380, now + 60)).await.is(200);
    scene.alice_says("@bob quiet").await;
    tells(&scene.carol, &scene.bob, "quiet too").await;
    scene.is_done().await;
    scene.bob.patch("/messages/api/notify/", &quiet(now + 60, now + 1_380)).await.is(200);
    scene.alice_says("by day").await;
    scene.bob_is_told_no_more_than(&["@bob of some", "all again", "by day"]).await;
}

#[tokio::test]
async fn the_badge_counts_what_counts_and_the_text_is_for_those_who_want_it() {
    let scene = Scene::new().await;
    let shed = scene.alice.opens_room("shed").await;
    scene.bob.joins(&shed).await;
    scene
        .bob
        .patch(&format!("/messages/api/chats/{}/notify/", shed.id), &json!({"muted_until": "forever"}))
        .await
        .is(200);
    for _ in 0..3 {
        scene.alice.posts("muted").in_room(&shed).await;
    }
    scene.alice_says("one").await;
    assert_eq!(scene.phone.hears(1).await.push["badge"], 1);
    scene.bob.patch("/messages/api/notify/", &json!({"preview": false})).await.is(200);
    scene.alice_says("secret words").await;
    let told = scene.phone.hears(2).await.push;
    assert!(told.get("text").is_none() && told["sender"] == "alice" && told["badge"] == 2, "{told}");
    scene.bob.patch("/messages/api/notify/", &json!({"preview": true})).await.is(200);
    let long = "\"a long story\"\n🎉 ".repeat(500);
    scene.alice_says(&long).await;
    let told = scene.phone.hears(3).await;
    let text = told.push["text"].as_str().unwrap();
    assert!(long.starts_with(text.strip_suffix('…').unwrap()), "{text}");
    let payload = told.push.to_string().len();
    assert!((2_900..=3_000).contains(&payload), "{payload}");
    scene.service.is_content();
}

#[tokio::test]
async fn whoever_looks_or_has_read_it_is_not_told() {
    let scene = Scene::new().await;
    // A socket that is open is none that somebody looks at.
    let mut socket = scene.bob.handshake("/messages/ws/").enters().await;
    socket.frame().await;
    scene.alice_says("unseen").await;
    scene.phone.is_told(1).await;
    socket.frame().await;
    socket.says(&json!({"type": "visible", "visible": true})).await;
    socket.hears_nothing().await;
    scene.alice_says("seen").await;
    tells(&scene.carol, &scene.bob, "in another chat").await;
    scene.is_done().await;
    socket.says(&json!({"type": "visible", "visible": false})).await;
    let mut wait = json!(null);
    while wait["type"] != "pong" {
        socket.says(&json!({"type": "ping"})).await;
        wait = socket.frame().await;
    }
    scene.alice_says("unseen again").await;
    scene.phone.is_told(2).await;
    socket.says(&json!({"type": "visible", "visible": true})).await;
    socket.says(&json!({"type": "visible", "visible": "maybe"})).await;
    while socket.frame().await["type"] != "error" {}
    socket.leaves().await;
    scene.alice_says("the socket is gone").await;
    scene.phone.is_told(3).await;
    // Edits and reactions are no news.
    let said = scene.alice_says("to be edited").await;
    scene.phone.is_told(4).await;
    let message = format!("/messages/api/messages/{said}/");
    scene.alice.patch(&message, &json!({"content": "@bob edited"})).await.is(200);
    scene.alice.post(&format!("{message}reactions/"), &json!({"emoji": "👍"})).await.is(200);
    let texts = ["unseen", "unseen again", "the socket is gone", "to be edited"];
    scene.bob_is_told_no_more_than(&texts).await;
}

#[tokio::test]
async fn whoever_left_or_signed_out_is_not_told() {
    let scene = Scene::new().await;
    scene.alice_says("inside").await;
    scene.phone.is_told(1).await;
    scene.bob.leaves(&scene.den).await;
    scene.alice_says("@bob outside").await;
    scene.bob.joins(&scene.den).await;
    scene.alice_says("inside again").await;
    scene.phone.is_told(2).await;
    let device = scene.bob.signs_in_again().await;
    let tablet = scene.service.device("tablet");
    tablet.subscribes(&device).await;
    scene.alice_says("to both").await;
    tablet.is_told(1).await;
    device.does("/api/auth/logout/").await.is(204);
    scene.alice_says("to one").await;
    scene.phone.is_told(4).await;
    scene.bob_is_told_no_more_than(&["inside", "inside again", "to both", "to one"]).await;
    assert_eq!(tablet.told().len(), 1);
    scene.fireside.home.runs(&["user", "disable", "bob"], "").await.succeeded();
    scene.alice_says("@bob nobody").await;
    scene.is_done().await;
    assert_eq!(scene.phone.told().len(), 5);
}
