//! Push services on a bad day: what is tried again, what ends a device, and whom it costs anything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::scene::{Scene, metric, tells, waits_until};
use super::service::{Device, PushService, Reply};
use crate::prototyping::scene::Dev;
use crate::world::machine::{resident_bytes, say};
use crate::world::server::metrics_of;
use crate::world::{Person, id, people};

const PUSH: &str = "/api/server/push/";

fn texts(device: &Device) -> Vec<String> {
    device.told().iter().map(|told| told.push["text"].as_str().unwrap().to_owned()).collect()
}

async fn devices(person: &Person) -> usize {
    person.get(PUSH).await.is(200).json()["results"].as_array().unwrap().len()
}

#[tokio::test]
async fn what_is_busy_is_tried_again_and_what_is_gone_ends() {
    let service = PushService::start().await;
    let fireside = service.serves(&[]).await;
    people!(fireside: alice, bob);
    fireside.home.runs(&["user", "admin", "alice"], "").await.succeeded();
    let phone = service.device("phone");
    phone.subscribes(&bob).await;
    phone.will(&[Reply::After(429, "2"), Reply::Status(503), Reply::Status(201)]);
    tells(&alice, &bob, "at last").await;
    let told = phone.is_told(3).await;
    let waits = [told[1].at - told[0].at, told[2].at - told[1].at];
    assert!(waits[0] >= Duration::from_secs(2), "as Retry-After says: {waits:?}");
    assert!(waits[1] >= Duration::from_secs(2), "twice the first second: {waits:?}");
    assert!(told.iter().all(|again| again.push == told[0].push), "{told:?}");
    // What comes after is not held up by what is tried again.
    phone.will(&[Reply::After(429, "3")]);
    tells(&alice, &bob, "busy").await;
    phone.is_told(4).await;
    tells(&alice, &bob, "free").await;
    let told = phone.is_told(6).await;
    assert_eq!(texts(&phone)[3..], ["busy", "free", "busy"]);
    assert!(told[5].at - told[3].at >= Duration::from_secs(3));
    // Refusals are the end of a push, and nothing else.
    for status in [400, 401, 403, 413] {
        phone.will(&[Reply::Status(status)]);
        tells(&alice, &bob, &format!("refused by {status}")).await;
    }
    let elsewhere = service.device("elsewhere");
    phone.will(&[Reply::Redirect(elsewhere.endpoint.clone())]);
    tells(&alice, &bob, "sent elsewhere").await;
    tells(&alice, &bob, "fine").await;
    phone.is_told(12).await;
    assert!(elsewhere.told().is_empty(), "no redirect is followed");
    assert_eq!(devices(&bob).await, 1);
    assert_eq!(metric(&fireside, &alice, "fireside_pushes_total{outcome=\"refused\"}").await, 5);
    assert_eq!(metric(&fireside, &alice, "fireside_push_retries_total").await, 3);
    waits_until("all are sent", async || metric(&fireside, &alice, "fireside_push_waiting").await == 0).await;
    let status = alice.get("/api/server/status/").await.is(200).json();
    assert_eq!(status["push"], json!({"devices": 1, "sent": 4, "failed": 5, "waiting": 0}));
    for status in [404, 410] {
        let gone = service.device(&format!("gone-{status}"));
        gone.subscribes(&bob).await;
        gone.always(Reply::Status(status));
        tells(&alice, &bob, "anybody there?").await;
        gone.is_told(1).await;
        waits_until("the device ends", async || devices(&bob).await == 1).await;
    }
    service.is_content();
}

#[tokio::test]
async fn what_was_read_or_taken_back_meanwhile_is_not_tried_again() {
    let service = PushService::start().await;
    let fireside = service.serves(&[]).await;
    people!(fireside: alice, bob);
    let phone = service.device("phone");
    phone.subscribes(&bob).await;
    phone.will(&[Reply::After(429, "2"), Reply::After(503, "2"), Reply::After(500, "2")]);
    let read = tells(&alice, &bob, "read").await;
    let deleted = tells(&alice, &bob, "deleted").await;
    tells(&alice, &bob, "neither").await;
    phone.is_told(3).await;
    let message = alice.get(&format!("/messages/api/messages/{read}/")).await.is(200).json();
    let chat = message["chat"].as_i64().unwrap();
    let path = format!("/messages/api/chats/{chat}/mark-as-read/");
    bob.post(&path, &json!({"message_id": read})).await.is(200);
    alice.delete(&format!("/messages/api/messages/{deleted}/")).await.is(204);
    phone.is_told(4).await;
    assert_eq!(texts(&phone), ["read", "deleted", "neither", "neither"]);
    // An endpoint that is another's by then gets nothing that was for the first.
    people!(fireside: carol);
    phone.will(&[Reply::After(503, "2")]);
    tells(&alice, &bob, "for bob").await;
    phone.is_told(5).await;
    phone.is_offered_by(&carol).await.is(200);
    fireside.home.runs(&["user", "admin", "alice"], "").await.succeeded();
    waits_until("its turn comes", async || metric(&fireside, &alice, "fireside_push_waiting").await == 0).await;
    tells(&alice, &carol, "for carol").await;
    phone.is_told(6).await;
    assert_eq!(texts(&phone)[4..], ["for bob", "for carol"]);
    service.is_content();
}

#[tokio::test]
async fn a_push_service_that_hangs_costs_others_nothing() {
    let scene = Scene::new().await;
    let Scene { service, carol, phone, .. } = &scene;
    let says = async |from: usize| {
        for number in from..from + 30 {
            scene.alice_says(&format!("word {number}")).await;
        }
        phone.is_told(from + 30).await
    };
    says(0).await;
    // Twenty devices of carol's, whose push service takes calls and answers none.
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let keys = phone.json()["keys"].clone();
    for number in 0..10 {
        let hanging = service.device(&format!("hanging-{number}"));
        hanging.always(Reply::Hang);
        hanging.subscribes(carol).await;
        let endpoint = format!("https://{}/{number}", dead.local_addr().unwrap());
        carol.post(PUSH, &json!({"endpoint": endpoint, "keys": keys})).await.is(201);
    }
    let began = Instant::now();
    let told = says(30).await;
    let last = told.last().unwrap().at - began;
    // Thirty posts and pushes one after another, on a machine that may be busy: a single wait for a dead service
    // would take ten seconds.
    assert!(last < Duration::from_secs(8), "{last:?}");
    let order: Vec<_> = told.iter().map(|told| told.push["seq"].as_i64().unwrap()).collect();
    assert!(order.is_sorted() && order.len() == 60, "each once, in order: {order:?}");
    assert_eq!(devices(carol).await, 20, "silence ends no device");
    service.is_content();
}

#[tokio::test]
async fn a_device_can_be_tried() {
    let service = PushService::start().await;
    let fireside = service.serves(&[]).await;
    people!(fireside: bob);
    bob.patch("/messages/api/notify/", &json!({"quiet": {"from": "00:00", "to": "23:59", "zone": "UTC"}}))
        .await
        .is(200);
    let phone = service.device("phone");
    let path = format!("{PUSH}{}/test/", phone.subscribes(&bob).await);
    let tries = async || bob.does(&path).await.is(200).json();
    assert_eq!(tries().await, json!({"status": 201, "text": ""}));
    let told = phone.hears(1).await;
    assert_eq!(told.push, json!({"test": true, "title": "Fireside"}));
    phone.will(&[Reply::Says(413, "Payload Too Large"), Reply::Says(429, "slower")]);
    assert_eq!(tries().await, json!({"status": 413, "text": "Payload Too Large"}));
    assert_eq!(tries().await, json!({"status": 429, "text": "slower"}));
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let unreached = json!({"endpoint": format!("https://{nobody}/x"), "keys": phone.json()["keys"]});
    let other = id(&bob.post(PUSH, &unreached).await.is(201).json());
    let said = bob.does(&format!("{PUSH}{other}/test/")).await.is(200).json();
    assert_eq!(said["status"], Value::Null);
    assert!(said["text"].as_str().unwrap().starts_with("not reached: "), "{said}");
    phone.will(&[Reply::Says(410, "gone")]);
    assert_eq!(tries().await, json!({"status": 410, "text": "gone"}));
    bob.does(&path).await.is(404);
    assert_eq!(devices(&bob).await, 1);
    assert_eq!(phone.told().len(), 4, "nothing was tried again");
    service.is_content();
}

#[tokio::test]
async fn nobody_is_told_twice_after_a_crash() {
    let service = PushService::start().await;
    let mut fireside = service.serves(&[]).await;
    people!(fireside: alice, bob);
    let phone = service.device("phone");
    phone.subscribes(&bob).await;
    let (mut alice, mut said) = (alice, Vec::new());
    for round in 0..5 {
        for number in 0..10 {
            let text = format!("{round}.{number}");
            tells(&alice, &bob, &text).await;
            said.push(text);
        }
        // Some have gone out by now, some are under way, and some were not looked at.
        fireside = if round == 3 { fireside.restarts().await } else { fireside.dies_and_restarts().await };
        alice = alice.back_to(&fireside);
    }
    tells(&alice, &bob, "last").await;
    waits_until("the last one comes", async || texts(&phone).contains(&"last".to_owned())).await;
    let told = texts(&phone);
    let once: std::collections::BTreeSet<_> = told.iter().collect();
    assert_eq!(once.len(), told.len(), "somebody was told twice: {told:?}");
    assert!(told.iter().all(|text| text == "last" || said.contains(text)), "{told:?}");
    say(&format!("{} of {} pushes came through five ends of the server", told.len() - 1, said.len()));
    service.is_content();
}

#[tokio::test]
async fn what_is_no_news_any_more_is_given_up() {
    let service = PushService::start().await;
    let flags = ["--push", "on", "--push-contact", "mailto:ann@example.org", "--push-allow", "127.0.0.0/8"];
    let flags = [&flags[..], &["--push-allow", "::1", "--metrics-listen", "127.0.0.1:0"]].concat();
    let dev = Dev::start_under(Arc::new(TempDir::new().unwrap()), &flags, &[service.variable()]);
    let metrics = metrics_of(&dev.facts);
    let (alice, bob) = (dev.caller("alice"), dev.caller("bob"));
    let phone = service.device("phone");
    alice.post(PUSH, &phone.json()).await.is(201);
    let to = id(&alice.get("/api/auth/me/").await.is(200).json());
    let says = async |text: &str| bob.post("/api/messages/", &json!({"receiver": to, "content": text})).await.is(201);
    let given_up = async || {
        let page = bob.get(metrics).await.is(200).text();
        page.lines().any(|line| line == "fireside_pushes_total{outcome=\"given_up\"} 1")
    };
    phone.always(Reply::After(503, "1"));
    says("busy for long").await;
    let told = phone.is_told(3).await;
    let waits = [told[1].at - told[0].at, told[2].at - told[1].at];
    assert!(waits[0] >= Duration::from_secs(1) && waits[1] >= Duration::from_secs(2), "later each time: {waits:?}");
    assert!(!given_up().await, "after two attempts it is news yet");
    dev.post("/_dev/clock/", &json!({"advance": "9min"})).await.is(200);
    phone.is_told(4).await;
    assert!(!given_up().await, "nor is it old after nine minutes");
    dev.post("/_dev/clock/", &json!({"advance": "1min"})).await.is(200);
    waits_until("it is given up", given_up).await;
    phone.always(Reply::Status(201));
    says("news").await;
    waits_until("the next one comes", async || texts(&phone).contains(&"news".to_owned())).await;
    let told = texts(&phone);
    assert!(told.len() <= 6 && told[..told.len() - 1].iter().all(|text| text == "busy for long"), "{told:?}");
    service.is_content();
}

/// Devices of thirty people, each with a push service of its own that takes calls and answers none: more than are
/// called at once, and more pushes than may wait.
#[tokio::test]
async fn a_crowd_of_dead_devices_costs_a_living_one_nothing() {
    const PEOPLE: usize = 30;
    let scene = Scene::new().await;
    let Scene { service, fireside, alice, den, .. } = &scene;
    fireside.home.runs(&["user", "admin", "alice"], "").await.succeeded();
    // The same listener by as many addresses of this machine.
    let dead = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let (port, long) = (dead.local_addr().unwrap().port(), "x".repeat(2_000));
    let keys = scene.phone.json()["keys"].clone();
    for (place, guest) in fireside.registers_crowd(PEOPLE).await.iter().enumerate() {
        guest.joins(den).await;
        for number in 1..=20 {
            let endpoint = format!("https://127.0.{place}.{number}:{port}/{long}");
            guest.post(PUSH, &json!({"endpoint": endpoint, "keys": keys})).await.is(201);
        }
    }
    // Whose turn comes after all of theirs.
    let (zoe, phone) = (fireside.registers("zoe").await, &service.device("zoes"));
    zoe.joins(den).await;
    phone.subscribes(&zoe).await;
    let before = resident_bytes(fireside);
    scene.alice_says("@all now they hang").await;
    phone.is_told(1).await;
    let began = Instant::now();
    scene.alice_says("@all and now").await;
    let took = phone.is_told(2).await[1].at - began;
    // Had they all the calls, it would be ten seconds until the first of them ends.
    assert!(took < Duration::from_secs(6), "{took:?}");
    for from in (0..200).step_by(100) {
        let texts: Vec<_> = (from..from + 100).map(|number| format!("@all {number}")).collect();
        join_all(texts.iter().map(|text| alice.posts(text).in_room(den))).await;
    }
    let waiting = async || metric(fireside, alice, "fireside_push_waiting").await;
    let dropped = async || metric(fireside, alice, "fireside_pushes_total{outcome=\"dropped\"}").await;
    waits_until("one more is dropped", async || dropped().await > 0).await;
    // What has waited for her is sent first, and more than a few of that are not kept.
    waits_until("what is said then comes", async || {
        scene.alice_says("@all after that").await;
        texts(phone).contains(&"@all after that".to_owned())
    })
    .await;
    let (waiting, dropped) = (waiting().await, dropped().await);
    assert!((90_000..101_000).contains(&waiting), "{waiting}");
    let grown = resident_bytes(fireside).saturating_sub(before);
    say(&format!(
        "beside 600 dead devices a push takes {took:?}; {waiting} wait, {dropped} were dropped, {} MiB",
        grown >> 20
    ));
    assert!(grown < 96 << 20, "{grown} bytes");
    service.is_content();
}
