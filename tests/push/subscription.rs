//! Which devices are told: whose they are, until when, and what may not be one.

use serde_json::{Value, json};

use super::service::PushService;
use crate::world::caller::Credential;
use crate::world::{Fireside, Home, Person, id, people};

const PUSH: &str = "/api/server/push/";

/// The labels of somebody's devices, the newest first.
async fn devices(person: &Person) -> Vec<String> {
    let found = person.get(PUSH).await.is(200).json();
    let results = found["results"].as_array().unwrap();
    results.iter().map(|device| device["label"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn nothing_is_pushed_unless_it_is_asked_for() {
    let fireside = Fireside::start().await;
    people!(fireside: bob);
    assert_eq!(bob.get("/api/server/").await.is(200).json()["push"], Value::Null);
    let device = PushService::start().await.device("phone");
    let asks = [bob.get(PUSH), bob.post(PUSH, &device.json()), bob.delete("/api/server/push/1/")];
    for ask in asks.into_iter().chain([bob.does("/api/server/push/1/test/")]) {
        let refused = ask.await.is(404).json();
        assert_eq!(refused["message"], "Push is off.", "{refused}");
    }
    fireside.anyone().get(PUSH).await.is(401);
    for flags in [["--push", "on"].as_slice(), &["--push", "on", "--public-url", "http://chat.example.org"]] {
        let refused = Home::new().refuses_to_serve(flags).await;
        assert!(refused.failed_with(78).stderr.contains("--push-contact"), "{refused:?}");
    }
    Home::new().refuses_to_serve(&["--push", "on", "--push-contact", "ann"]).await.failed_with(2);
    let by_url = Fireside::start_with(&["--push", "on", "--public-url", "https://chat.example.org"]).await;
    assert!(by_url.anyone().get("/api/server/").await.is(200).json()["push"]["public_key"].is_string());
}

#[tokio::test]
async fn a_device_is_ones_own_until_another_has_its_endpoint() {
    let service = PushService::start().await;
    let fireside = service.serves(&[]).await;
    people!(fireside: bob, carol);
    let (phone, laptop) = (service.device("phone"), service.device("laptop"));
    let made = phone.is_offered_by(&bob).await.is(201).json();
    assert_eq!(made["label"], "phone");
    assert!(made["created_at"].is_string() && made.as_object().unwrap().len() == 3, "{made}");
    laptop.subscribes(&bob).await;
    assert_eq!(devices(&bob).await, ["laptop", "phone"]);
    assert_eq!(id(&phone.is_offered_by(&bob).await.is(200).json()), id(&made), "known by its endpoint");
    let path = format!("{PUSH}{}/", id(&made));
    carol.delete(&path).await.is(404);
    carol.does(&format!("{path}test/")).await.is(404);
    phone.is_offered_by(&carol).await.is(200);
    assert_eq!((devices(&bob).await, devices(&carol).await), (vec!["laptop".to_owned()], vec!["phone".to_owned()]));
    bob.delete(&path).await.is(404);
    let hers = carol.get(PUSH).await.is(200).json()["results"][0]["id"].as_i64().unwrap();
    carol.delete(&format!("{PUSH}{hers}/")).await.is(204);
    carol.delete(&format!("{PUSH}{hers}/")).await.is(404);
    assert!(devices(&carol).await.is_empty());
    let named = json!({"endpoint": phone.endpoint, "keys": phone.json()["keys"]});
    let unnamed = bob.post(PUSH, &named).with("User-Agent", "Lynx").await.is(201).json();
    assert_eq!(unnamed["label"], "Lynx", "what it says of itself");
    // One more than may be ends the oldest.
    for number in 0..20 {
        service.device(&format!("new-{number}")).subscribes(&bob).await;
    }
    let left = devices(&bob).await;
    assert_eq!((left.len(), left[0].as_str(), left[19].as_str()), (20, "new-19", "new-0"));
}

#[tokio::test]
async fn what_cannot_be_pushed_to_is_no_device() {
    let service = PushService::start().await;
    let strict = Fireside::start_with(&["--push", "on", "--push-contact", "mailto:ann@example.org"]).await;
    people!(strict: bob);
    let good = service.device("phone").json();
    let tries = async |field: &str, body: Value| {
        let refused = bob.post(PUSH, &body).await.is(400).json();
        assert!(refused["details"][field].is_array(), "{body}: {refused}");
    };
    let long = format!("https://push.example.org/{}", "a".repeat(2_048));
    for endpoint in [
        "http://push.example.org/x",
        "https://user:word@push.example.org/x",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://2130706433/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/x",
        "https://[fd00::1]/x",
        "push.example.org",
        "",
        &long,
    ] {
        tries("endpoint", json!({"endpoint": endpoint, "keys": good["keys"]})).await;
    }
    tries("endpoint", json!({"keys": good["keys"]})).await;
    let endpoint = "https://push.example.org/x";
    let (p256dh, auth) = (good["keys"]["p256dh"].as_str().unwrap(), good["keys"]["auth"].as_str().unwrap());
    for keys in [
        json!(null),
        json!("keys"),
        json!({}),
        json!({"p256dh": p256dh}),
        json!({"p256dh": p256dh, "auth": &auth[1..]}),
        json!({"p256dh": &p256dh[..80], "auth": auth}),
        json!({"p256dh": p256dh.replace(&p256dh[40..44], "AAAA"), "auth": auth}),
        json!({"p256dh": "B".repeat(87), "auth": auth}),
        json!({"p256dh": 7, "auth": []}),
    ] {
        tries("keys", json!({"endpoint": endpoint, "keys": keys})).await;
    }
    tries("label", json!({"endpoint": endpoint, "keys": good["keys"], "label": "a".repeat(101)})).await;
    assert!(devices(&bob).await.is_empty());
    bob.post(PUSH, &json!({"endpoint": endpoint, "keys": good["keys"]})).await.is(201);
}

#[tokio::test]
async fn a_device_is_told_as_long_as_what_signed_it_in() {
    let service = PushService::start().await;
    let fireside = service.serves(&[]).await;
    people!(fireside: bob);
    let device = bob.signs_in_again().await;
    let session = bob.showing(Credential::Session(bob.signs_in_by_page().await));
    let account = bob.get("/api/token/").await.is(200).json()["token"].as_str().unwrap().to_owned();
    let account = bob.showing(Credential::Token(account));
    let login = json!({"username": bob.username, "password": bob.password});
    let jwts = fireside.anyone().post("/accounts/api/token/", &login).await.is(200).json();
    let jwt = bob.showing(Credential::Bearer(jwts["access"].as_str().unwrap().to_owned()));
    for (name, caller) in [("device", &*device), ("session", &session), ("account", &account), ("jwt", &jwt)] {
        caller.post(PUSH, &service.device(name).json()).await.is(201);
    }
    assert_eq!(devices(&bob).await, ["jwt", "account", "session", "device"]);
    // New JWTs of the same family are the same sign-in.
    let refresh = json!({"refresh": jwts["refresh"]});
    fireside.anyone().post("/accounts/api/token/refresh/", &refresh).await.is(200);
    assert_eq!(devices(&bob).await.len(), 4);
    device.does("/api/auth/logout/").await.is(204);
    assert_eq!(devices(&bob).await, ["jwt", "account", "session"]);
    session.does("/logout/").await.is(204);
    assert_eq!(devices(&bob).await, ["jwt", "account"]);
    bob.does("/api/token/rotate/").await.is(200);
    assert_eq!(devices(&bob).await, ["jwt"]);
    let sessions = bob.get("/api/server/sessions/").await.is(200).results();
    for held in sessions.iter().filter(|held| held["current"] != true) {
        bob.delete(&format!("/api/server/sessions/{}/", id(held))).await.is(204);
    }
    assert!(devices(&bob).await.is_empty());
}

#[tokio::test]
async fn the_key_outlives_restarts_and_restores_and_devices_are_in_no_export() {
    let service = PushService::start().await;
    let fireside = service.serves(&[]).await;
    people!(fireside: bob);
    let phone = service.device("phone");
    phone.subscribes(&bob).await;
    let key = async |fireside: &Fireside| {
        fireside.anyone().get("/api/server/").await.is(200).json()["push"]["public_key"].as_str().unwrap().to_owned()
    };
    let first = key(&fireside).await;
    let fireside = fireside.restarts().await;
    assert_eq!(key(&fireside).await, first);
    assert_eq!(devices(&bob.back_to(&fireside)).await, ["phone"]);
    let home = fireside.home.clone();
    let archive = home.data().with_file_name("backup.tar");
    home.runs(&["backup", archive.to_str().unwrap()], "").await.succeeded();
    let exported = home.data().with_file_name("export");
    home.runs(&["export", exported.to_str().unwrap()], "").await.succeeded();
    let is_told = |bytes: &[u8]| bytes.windows(phone.endpoint.len()).any(|part| part == phone.endpoint.as_bytes());
    let files = walk(&exported);
    assert!(files.iter().any(|file| std::fs::read(file).unwrap().windows(3).any(|part| part == b"bob")), "{files:?}");
    assert!(!files.iter().any(|file| is_told(&std::fs::read(file).unwrap())), "a device signs in anew elsewhere");
    let restored = Home::new();
    restored.runs(&["restore", archive.to_str().unwrap()], "").await.succeeded();
    let elsewhere = service.serves_in(restored, &[]).await;
    assert_eq!(key(&elsewhere).await, first);
    assert_eq!(devices(&bob.back_to(&elsewhere)).await, ["phone"]);
    assert_ne!(key(&service.serves(&[]).await).await, first, "another server has another");
    home.runs(&["check"], "").await.succeeded();
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    if folder.is_file() {
        return vec![folder.to_owned()];
    }
    std::fs::read_dir(folder).unwrap().flat_map(|entry| walk(&entry.unwrap().path())).collect()
}
