//! Receivers that hang, redirect, flood and lie: they cost their own hook its events' time, and others nothing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::receiver::{Mood, Receiver};
use super::{ALL, deliveries, hooks, path, sends, server, until};
use crate::messaging::words::{Chat, group, say};
use crate::world::machine::{resident_bytes, say as tell};
use crate::world::{Fireside, Person, people};

/// More than this server sends to at once.
const HOSTILE: usize = 40;

#[tokio::test]
async fn hostile_receivers_hold_up_nobody_else() {
    let fireside = server().await;
    people!(fireside: alice);
    let (good, chat) = (Receiver::opens().await, group(&alice, "Good", &[]).await);
    sends(&alice, chat, &good, &ALL[..1]).await;
    say(&alice, "hello", chat).await;
    good.hears(1).await;
    let before = resident_bytes(&fireside);
    let quiet = takes(&alice, chat, &good, 10).await;
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = format!("http://{}/", trap.local_addr().unwrap());
    let moods = [
        Mood::Hangs,
        Mood::Drips,
        Mood::Floods,
        Mood::Informs,
        Mood::Redirects(elsewhere),
        Mood::Babbles,
        Mood::HangsUp,
    ];
    let mut hostile = Vec::new();
    for number in 0..HOSTILE / 20 {
        let crowd = group(&alice, &format!("Bad {number}"), &[]).await;
        for mood in moods.iter().cycle().skip(number).take(20) {
            let receiver = Receiver::opens().await;
            receiver.is(mood.clone());
            let hook = sends(&alice, crowd, &receiver, &ALL[..1]).await;
            hostile.push((crowd, hook, receiver, mood.clone()));
        }
        say(&alice, "to all of them", crowd).await;
    }
    until(async || hostile.iter().filter(|(_, _, receiver, _)| !receiver.heard().is_empty()).count() > 30).await;
    let besieged = takes(&alice, chat, &good, 10).await;
    tell(&format!(
        "a post and its event: {quiet:?} at the median, and {besieged:?} beside {HOSTILE} hostile receivers"
    ));
    assert!(besieged < quiet * 4 + Duration::from_millis(300), "{quiet:?} {besieged:?}");
    // Each got its event in the end, and each failure says what it was.
    until(async || hostile.iter().all(|(_, _, receiver, _)| !receiver.heard().is_empty())).await;
    for (crowd, hook, _, mood) in hostile.iter().take(moods.len()) {
        until(async || !deliveries(&alice, *crowd, hook).await.is_empty()).await;
        let first = deliveries(&alice, *crowd, hook).await.pop().unwrap();
        match mood {
            Mood::Floods => assert_eq!((&first["status"], &first["error"]), (&json!(200), &json!(null))),
            Mood::Redirects(_) => assert_eq!(first["status"], 307, "an answer like any other"),
            Mood::Hangs | Mood::Drips => {
                assert_eq!((&first["status"], &first["error"]), (&json!(null), &json!("it took too long")));
                let ms = first["ms"].as_i64().unwrap();
                assert!((4_900..9_000).contains(&ms), "{first}");
            }
            _ => {
                assert!(first["status"].is_null() && first["error"].is_string(), "{first}");
                assert_ne!(first["error"], "it took too long", "{mood:?} ends by what it says");
            }
        }
    }
    assert!(tokio::time::timeout(Duration::from_millis(50), trap.accept()).await.is_err(), "no redirect is followed");
    let grown = resident_bytes(&fireside).saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes");
}

/// How hooks do, as the administrators of the server see it.
async fn counts(admin: &Person) -> Value {
    admin.get("/api/server/status/").await.is(200).json()["hooks"].clone()
}

#[tokio::test]
async fn one_persons_hooks_keep_those_of_others_waiting_no_longer() {
    let fireside = server().await;
    people!(fireside: alice, eve);
    let (good, chat) = (Receiver::opens().await, group(&alice, "Good", &[]).await);
    sends(&alice, chat, &good, &ALL[..1]).await;
    say(&alice, "hello", chat).await;
    good.hears(1).await;
    // Nearly twice as many as there are places, of receivers that are just prompt enough, with enough to do.
    let mut slow = Vec::new();
    for number in 0..3 {
        let crowd = group(&eve, &format!("Many {number}"), &[]).await;
        for _ in 0..20 {
            let receiver = Receiver::opens().await;
            receiver.is(Mood::Takes(Duration::from_millis(900)));
            sends(&eve, crowd, &receiver, &ALL[..1]).await;
            slow.push(receiver);
        }
        for word in 0..40 {
            say(&eve, &word.to_string(), crowd).await;
        }
    }
    until(async || slow.iter().filter(|receiver| receiver.last().0 >= 2).count() >= 32).await;
    let besieged = takes(&alice, chat, &good, 3).await;
    tell(&format!("a post and its event beside {} hooks of one person: {besieged:?}", slow.len()));
    assert!(besieged < Duration::from_secs(4), "{besieged:?}");
}

/// The median time from a post until its event is there.
async fn takes(who: &Person, chat: Chat, receiver: &Receiver, times: usize) -> Duration {
    let mut taken = Vec::new();
    for _ in 0..times {
        let (count, begun) = (receiver.told().len(), Instant::now());
        say(who, "now", chat).await;
        receiver.hears(count + 1).await;
        taken.push(begun.elapsed());
    }
    taken.sort();
    taken[times / 2]
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_not_called() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // The machine's own name is looked up in its hosts file, and no test may ask the Internet.
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
    let url = format!("http://{name}:{}/", trap.local_addr().unwrap().port());
    let fireside = Fireside::start().await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let wish = json!({"label": "out", "url": url});
    let hook = alice.post(&hooks(chat), &wish).await.is(201).json();
    say(&alice, "who hears this?", chat).await;
    until(async || !deliveries(&alice, chat, &hook).await.is_empty()).await;
    let first = deliveries(&alice, chat, &hook).await.pop().unwrap();
    assert!(first["status"].is_null(), "{first}");
    let error = first["error"].as_str().unwrap();
    assert!(error == "the address is not public" || error.starts_with("the name could not be looked up"), "{error}");
    assert!(tokio::time::timeout(Duration::from_millis(50), trap.accept()).await.is_err(), "nobody came");
}

#[tokio::test]
async fn a_receiver_that_is_given_up_after_a_day_switches_its_hook_off() {
    let home = crate::world::Home::new();
    let fireside = super::server_in(home.clone()).await;
    people!(fireside: alice);
    let chat = group(&alice, "Ops", &[]).await;
    let receiver = Receiver::opens().await;
    receiver.is(Mood::Answers(503, String::new()));
    let hook = sends(&alice, chat, &receiver, &ALL[..1]).await;
    say(&alice, "anybody?", chat).await;
    until(async || !deliveries(&alice, chat, &hook).await.is_empty()).await;
    home.runs(&["user", "admin", "alice"], "").await.succeeded();
    until(async || counts(&alice).await["waiting"] == 1).await;
    assert_eq!(counts(&alice).await["sending"], 1);
    drop(fireside);
    // Almost a day passes, and more than one.
    let passes = |hours: i64| {
        let database = rusqlite::Connection::open(home.database()).unwrap();
        let changed = database.execute(
            "UPDATE outgoing_hooks SET failing_since = failing_since - ?1, retry_at = retry_at - ?1",
            [hours * 3_600_000],
        );
        assert_eq!(changed.unwrap(), 1);
    };
    passes(23);
    let fireside = super::server_in(home.clone()).await;
    let alice = alice.back_to(&fireside);
    let attempts = receiver.heard().len();
    until(async || receiver.heard().len() > attempts).await;
    until(async || deliveries(&alice, chat, &hook).await.len() == receiver.heard().len()).await;
    let listed = alice.get(&hooks(chat)).await.is(200).results();
    assert_eq!(listed[0]["is_on"], json!(true), "not yet");
    drop(fireside);
    passes(2);
    let fireside = super::server_in(home.clone()).await;
    let alice = alice.back_to(&fireside);
    until(async || alice.get(&hooks(chat)).await.is(200).results()[0]["is_on"] == json!(false)).await;
    let said = crate::messaging::words::texts(&alice, chat).await;
    let sentence = "This hook is switched off. Its receiver took nothing for 24 hours: it answered 503.";
    assert_eq!(said, [sentence, "anybody?"]);
    let expected = json!({"sending": 0, "delivered": 0, "failed": 1, "waiting": 0, "given_up": 1});
    until(async || counts(&alice).await == expected).await;
    // Where the receiver is well again, the operator sees that, too.
    receiver.is(Mood::Answers(200, String::new()));
    alice.post(&format!("{}replay/", path(chat, &hook)), &json!({"since": 0})).await.is(202);
    until(async || counts(&alice).await["delivered"] == 1).await;
    for line in [
        r#"fireside_hook_deliveries_total{outcome="taken"} 1"#,
        r#"fireside_hook_deliveries_total{outcome="failed"} 1"#,
        "fireside_hooks_given_up_total 1",
        "fireside_hooks_waiting 0",
    ] {
        until(async || alice.get("/metrics").await.is(200).text().lines().any(|other| other == line)).await;
    }
}
