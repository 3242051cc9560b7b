//! Who is there: a server that pushes, people who write to each other, and a phone.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::service::{Device, PushService};
use crate::world::{Fireside, Person, Room, id, people};

/// Alice's room with bob and carol in it, and a phone of bob's.
pub struct Scene {
    pub service: PushService,
    pub fireside: Fireside,
    pub alice: Person,
    pub bob: Person,
    pub carol: Person,
    pub den: Room,
    pub phone: Device,
}

impl Scene {
    pub async fn new() -> Self {
        let service = PushService::start().await;
        let fireside = service.serves(&[]).await;
        people!(fireside: alice, bob, carol);
        let den = alice.opens_room("den").await;
        bob.joins(&den).await;
        carol.joins(&den).await;
        let phone = service.device("phone");
        phone.subscribes(&bob).await;
        Self { service, fireside, alice, bob, carol, den, phone }
    }

    pub fn chat(&self) -> String {
        format!("/messages/api/chats/{}/", self.den.id)
    }

    /// How bob wants to be told of what is said in the room.
    pub async fn bob_wants(&self, change: Value) {
        self.bob.patch(&format!("{}notify/", self.chat()), &change).await.is(200);
    }

    pub async fn alice_says(&self, text: &str) -> i64 {
        id(&self.alice.posts(text).in_room(&self.den).await)
    }

    /// Whatever was to come before has come when this has, since pushes to a device come in order.
    pub async fn bob_is_told_no_more_than(&self, texts: &[&str]) {
        tells(&self.alice, &self.bob, "and now this").await;
        let told = self.phone.is_told(texts.len() + 1).await;
        let heard: Vec<_> = told.iter().map(|told| told.push["text"].as_str().unwrap_or_default().to_owned()).collect();
        assert_eq!(heard, [texts, &["and now this"]].concat());
        self.service.is_content();
    }

    /// Everything that was said before this was looked at.
    pub async fn is_done(&self) {
        self.service.has_looked(&self.alice, &self.carol).await;
    }
}

/// Says something to somebody alone; its id.
pub async fn tells(from: &Person, to: &Person, text: &str) -> i64 {
    id(&from.post("/api/messages/", &json!({"receiver": to.id, "content": text})).await.is(201).json())
}

pub async fn waits_until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(60), "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A counter or gauge of the server's, as its administrator sees it.
pub async fn metric(fireside: &Fireside, admin: &Person, name: &str) -> u64 {
    let text = admin.back_to(fireside).get("/metrics").await.is(200).text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name} in {text}"));
    line.trim().parse().unwrap()
}
