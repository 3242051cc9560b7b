//! A second factor: turning it on, and signing in by it through every dialect.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::prototyping::Dev;
use crate::world::caller::Credential;
use crate::world::totp::{App, Protected};
use crate::world::{Answer, Caller, Fireside, people};

const ME: &str = "/api/auth/me/";
const FACTOR: &str = "/api/server/second-factor/";
const LOGIN: &str = "/api/auth/login/";

/// Where a password signs somebody in, and the field that says that a code is needed.
const DOORS: [(&str, &str); 13] = [
    ("/api/auth/login/", "error"),
    ("/d/rooms/api/auth/login/", "error"),
    ("/d/inbox/api/auth/login/", "error"),
    ("/c/rooms/api/auth/login/", "error"),
    ("/c/inbox/api/auth/login/", "error"),
    ("/login/", "error"),
    ("/login/", "code"),
    ("/d/messaging/login/", "code"),
    ("/accounts/api/token/", "code"),
    ("/d/messenger/accounts/api/token/", "code"),
    ("/c/messenger/accounts/api/token/", "code"),
    ("/api/login/", "code"),
    ("/c/directs/api/login/", "code"),
];

async fn start(who: &Caller, password: &str) -> Answer {
    who.post(&format!("{FACTOR}start/"), &json!({"password": password})).await
}

async fn confirm(who: &Caller, otp: &str) -> Answer {
    who.post(&format!("{FACTOR}confirm/"), &json!({"otp": otp})).await
}

async fn state(who: &Caller) -> Value {
    who.get(FACTOR).await.is(200).json()
}

/// Lines of the log about failed sign-ins.
fn failures(fireside: &Fireside) -> usize {
    fireside.home.log().lines().filter(|line| line.contains("auth.fail")).count()
}

#[tokio::test]
async fn it_is_turned_on_by_a_first_code_and_off_by_the_password() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let off = json!({"on": false, "recovery_codes_left": 0});
    assert_eq!(state(&alice).await, off);
    start(&alice, "not the password").await.names("password");
    confirm(&alice, "000000").await.names("otp");
    let started = start(&alice, &alice.password).await.is(200).json();
    let (secret, uri) = (started["secret"].as_str().unwrap(), started["uri"].as_str().unwrap());
    assert_eq!(secret.len(), 32);
    assert_eq!(uri, format!("otpauth://totp/Fireside:alice?secret={secret}&issuer=Fireside"));
    assert!(started["qr"].as_str().unwrap().starts_with("<svg "), "{started}");
    assert_eq!(state(&alice).await, off, "it waits for its first code");
    let login = json!({"username": "alice", "password": alice.password});
    fireside.anyone().post(LOGIN, &login).await.is(200);

    // Beginning again makes another secret, and the first counts no more.
    let (old, app) = (App::of(secret), alice.starts_second_factor().await);
    confirm(&alice, &old.code(0)).await.names("otp");
    confirm(&alice, &app.wrong_code()).await.names("otp");
    confirm(&alice, "").await.names("otp");
    let codes = confirm(&alice, &app.code(0)).await.is(200).json()["recovery_codes"].clone();
    let mut codes: Vec<_> = codes.as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 10);
    assert_eq!(state(&alice).await, json!({"on": true, "recovery_codes_left": 10}));
    alice.get(ME).await.is(200);
    start(&alice, &alice.password).await.refused(409, "conflict");
    confirm(&alice, &app.code(1)).await.names("otp");
    fireside.anyone().post(LOGIN, &login).await.refused(401, "second_factor_required");
    fireside.anyone().post(LOGIN, &json!({"username": "bob", "password": bob.password})).await.is(200);

    let end = format!("{FACTOR}end/");
    alice.post(&end, &json!({"password": "not the password"})).await.names("password");
    alice.post(&end, &json!({})).await.names("password");
    fireside.anyone().post(&end, &json!({"password": alice.password})).await.refused(401, "authentication_required");
    assert_eq!(state(&alice).await["on"], true);
    alice.post(&end, &json!({"password": alice.password})).await.is(204);
    assert_eq!(state(&alice).await, off);
    fireside.anyone().post(LOGIN, &login).await.is(200);
}

#[tokio::test]
async fn every_dialect_asks_for_a_code_and_takes_each_once() {
    let fireside = Fireside::start().await;
    for (number, (door, field)) in DOORS.into_iter().enumerate() {
        let alice = Protected::of(&fireside, &format!("alice{number}")).await;
        let nobody = json!({"username": "nobody", "password": "not the password"});
        let unknown = fireside.anyone().post(door, &nobody).await.is(401);
        for otp in [Value::Null, json!(""), json!(" ")] {
            let asked = alice.tries(&fireside, door, otp).await.is(401);
            assert_eq!(asked.json()[field], "second_factor_required", "{asked}");
            assert!(asked.has("www-authenticate") && !asked.has("set-cookie"), "{asked}");
        }
        // A wrong password answers as ever, whatever comes with it; a wrong code as a wrong password does.
        let wrong =
            json!({"username": alice.person.username, "password": "not the password", "otp": alice.app.code(1)});
        for refused in [
            fireside.anyone().post(door, &wrong).await,
            alice.tries(&fireside, door, alice.app.wrong_code()).await,
            alice.tries(&fireside, door, "nonsense").await,
            alice.tries(&fireside, door, alice.app.code(0)).await,
        ] {
            assert_eq!(refused.as_seen_by_a_prober(), unknown.as_seen_by_a_prober(), "{door}");
        }
        for otp in [alice.app.code(1), alice.recovery[0].clone(), alice.recovery[9].to_uppercase().replace('-', " ")] {
            alice.tries(&fireside, door, otp.clone()).await.is(200);
            let again = alice.tries(&fireside, door, otp).await;
            assert_eq!(again.as_seen_by_a_prober(), unknown.as_seen_by_a_prober(), "{door}: it was used");
        }
        assert_eq!(state(&alice.person).await["recovery_codes_left"], 8);
    }
}

#[tokio::test]
async fn forms_carry_it_too_and_a_wrong_type_is_named() {
    let fireside = Fireside::start().await;
    let alice = Protected::of(&fireside, "alice").await;
    let code = alice.app.code(1);
    let fields = [("username", "alice"), ("password", alice.person.password.as_str()), ("otp", code.as_str())];
    fireside.anyone().post(LOGIN, &alice.login(json!(["123456"]))).await.names("otp");
    fireside.anyone().post(LOGIN, &alice.login(json!(123_456))).await.names("otp");
    fireside.anyone().sends_form("/login/", &fields).with("Accept", "text/html").await.is(302);
    fireside.anyone().sends_form("/login/", &fields).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn of_ten_sign_ins_at_once_with_one_code_one_succeeds() {
    let fireside = Fireside::start().await;
    let alice = Protected::of(&fireside, "alice").await;
    for otp in [alice.app.code(1), alice.recovery[0].clone()] {
        let tried = (0..10).map(|number| alice.tries(&fireside, DOORS[number].0, otp.clone()));
        let statuses: Vec<u16> = join_all(tried).await.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 9, "{statuses:?}");
    }
    // Turning it on is such a use, too.
    let bob = fireside.registers("bob").await;
    let app = bob.starts_second_factor().await;
    let code = app.code(0);
    let answers = join_all((0..10).map(|_| confirm(&bob, &code))).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(won.len(), 1);
    let code = won[0].json()["recovery_codes"][0].clone();
    let login = json!({"username": "bob", "password": bob.password, "otp": code});
    fireside.anyone().post(LOGIN, &login).await.is(200);
    assert_eq!(state(&bob).await["recovery_codes_left"], 9, "those who lost added none");
}

#[tokio::test]
async fn what_signed_in_before_stays_and_what_overlapped_does_not_get_by() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let browser = alice.showing(Credential::Session(alice.signs_in_by_page().await));
    let pair = json!({"username": "alice", "password": alice.password});
    let tokens = fireside.anyone().post("/accounts/api/token/", &pair).await.is(200).json();
    let account = alice.get("/api/token/").await.is(200).json()["token"].as_str().unwrap().to_owned();
    alice.turns_on_second_factor().await;
    for who in [&*alice, &browser, &alice.showing(Credential::Token(account))] {
        who.get(ME).await.is(200);
    }
    let refresh = json!({"refresh": tokens["refresh"]});
    fireside.anyone().post("/accounts/api/token/refresh/", &refresh).await.is(200);
    // A new password changes nothing about it.
    let change = json!({"old_password": alice.password, "new_password": "another password"});
    alice.post("/api/auth/password/", &change).await.is(204);
    let login = json!({"username": "alice", "password": "another password"});
    fireside.anyone().post(LOGIN, &login).await.refused(401, "second_factor_required");
    assert_eq!(state(&alice).await["on"], true);
}

#[tokio::test]
async fn a_wrong_code_is_a_failed_sign_in_and_a_missing_one_is_none() {
    let fireside = Fireside::start().await;
    let alice = Protected::of(&fireside, "alice").await;
    assert_eq!(failures(&fireside), 0);
    alice.tries(&fireside, LOGIN, Value::Null).await.is(401);
    assert_eq!(failures(&fireside), 0, "whoever knows the password is asked for more");
    for (number, (door, _)) in DOORS.into_iter().enumerate().take(9) {
        alice.tries(&fireside, door, alice.app.wrong_code()).await.is(401);
        assert_eq!(failures(&fireside), number + 1);
    }
    let lines = fireside.home.log();
    assert!(lines.contains("auth.fail user=alice ip=127.0.0.1"), "{lines}");
    for secret in [alice.app.wrong_code(), alice.recovery[0].clone(), alice.person.password.clone()] {
        assert!(!lines.contains(&secret), "the log keeps no code");
    }
}

#[tokio::test]
async fn codes_are_tried_as_seldom_as_passwords() {
    let fireside = Fireside::start_with_limits(&["--limit-auth", "5/h", "--trusted-proxy", "127.0.0.1"]).await;
    let alice = Protected::of(&fireside, "alice").await;
    let mut statuses = Vec::new();
    for (number, (door, _)) in DOORS.into_iter().enumerate().take(7) {
        let otp = if number == 6 { alice.recovery[0].clone() } else { alice.app.wrong_code() };
        let tried = fireside.anyone().post(door, &alice.login(otp));
        statuses.push(tried.with("X-Forwarded-For", "192.0.2.1").await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
    let elsewhere = fireside.anyone().post(LOGIN, &alice.login(alice.recovery[0].as_str()));
    elsewhere.with("X-Forwarded-For", "192.0.2.2").await.is(200);
    // Passwords are as few where it is turned on and off.
    let bob = fireside.registers("bob").await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(start(&bob, "not the password").await.status);
    }
    assert_eq!(statuses, [400, 400, 400, 400, 400, 429]);
}

/// Whoever has the password and a network for each attempt would guess a code some day: after ten wrong ones the app's
/// rest, for everybody, while recovery codes go on.
#[tokio::test]
async fn after_ten_wrong_codes_from_anywhere_those_of_the_app_rest() {
    let fireside = Fireside::start().await;
    let alice = Protected::of(&fireside, "alice").await;
    for (door, _) in DOORS.into_iter().take(10) {
        alice.tries(&fireside, door, alice.app.wrong_code()).await.is(401);
    }
    let resting = alice.tries(&fireside, LOGIN, alice.app.code(1)).await.refused(429, "rate_limited");
    let wait: u64 = resting.header("retry-after").parse().unwrap();
    assert!((1..=15 * 60).contains(&wait), "{wait}");
    alice.tries(&fireside, LOGIN, "not a code").await.is(429);
    alice.tries(&fireside, "/accounts/api/token/", alice.app.code(1)).await.is(429);
    let wrong = json!({"username": "alice", "password": "not the password", "otp": alice.app.code(1)});
    fireside.anyone().post(LOGIN, &wrong).await.refused(401, "invalid_credentials");
    alice.tries(&fireside, LOGIN, alice.recovery[0].clone()).await.is(200);
    alice.tries(&fireside, LOGIN, alice.app.code(1)).await.is(200);
}

/// At this moment of the server's clock, half a step in.
async fn at(dev: &Dev, step: u64) {
    let time =
        humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + std::time::Duration::from_secs(step * 30 + 15));
    dev.post("/_dev/clock/", &json!({"set": time.to_string()})).await.is(200);
}

async fn signs_in(dev: &Dev, otp: String) -> u16 {
    let login = json!({"username": "alice", "password": "fireside", "otp": otp});
    dev.post(LOGIN, &login).await.status
}

#[tokio::test]
async fn a_clock_may_be_one_step_away_either_way() {
    let dev = Dev::start(&[]);
    let begun = 60_000_000;
    at(&dev, begun).await;
    let started = dev.post(&format!("{FACTOR}start/"), &json!({"password": "fireside"})).await.is(200).json();
    let app = App::of_uri(started["uri"].as_str().unwrap());
    for wrong in [begun - 2, begun + 2] {
        dev.post(&format!("{FACTOR}confirm/"), &json!({"otp": app.code_at(wrong)})).await.is(400);
    }
    dev.post(&format!("{FACTOR}confirm/"), &json!({"otp": app.code_at(begun - 1)})).await.is(200);
    for (server, code, status) in [
        (begun + 10, begun + 8, 401),
        (begun + 10, begun + 12, 401),
        (begun + 10, begun + 9, 200),
        (begun + 10, begun + 9, 401),
        (begun + 10, begun + 11, 200),
        // Older than one that was used.
        (begun + 10, begun + 10, 401),
        (begun + 11, begun + 12, 200),
        // The clock goes back, and what was used stays used; forward, and all is well.
        (begun + 10, begun + 10, 401),
        (begun + 10, begun + 11, 401),
        (begun + 20, begun + 20, 200),
    ] {
        at(&dev, server).await;
        assert_eq!(signs_in(&dev, app.code_at(code)).await, status, "{} at {}", code - begun, server - begun);
    }
    // Codes rest for a quarter of an hour, and are tried one at a time from then on.
    at(&dev, begun + 100).await;
    for _ in 0..10 {
        assert_eq!(signs_in(&dev, app.code_at(begun)).await, 401);
    }
    assert_eq!(signs_in(&dev, app.code_at(begun + 100)).await, 429);
    at(&dev, begun + 128).await;
    assert_eq!(signs_in(&dev, app.code_at(begun + 128)).await, 429);
    at(&dev, begun + 131).await;
    assert_eq!(signs_in(&dev, app.code_at(begun)).await, 401);
    assert_eq!(signs_in(&dev, app.code_at(begun + 131)).await, 429);
    at(&dev, begun + 162).await;
    assert_eq!(signs_in(&dev, app.code_at(begun + 162)).await, 200);
    assert_eq!(signs_in(&dev, app.code_at(begun)).await, 401, "counted from the start");
    assert_eq!(signs_in(&dev, app.code_at(begun + 163)).await, 200);
}
