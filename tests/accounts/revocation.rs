//! Logging out everywhere and changing the password: what ends, what stays,
//! and that it has ended before the answer comes.

use futures_util::future::join_all;
use serde_json::json;

use crate::world::caller::Credential;
use crate::world::{Caller, Fireside, Person, people};

const ME: &str = "/api/auth/me/";

async fn changes_password(who: &Caller, old: &str, new: &str) -> crate::world::Answer {
    let body = json!({"old_password": old, "new_password": new});
    who.post("/api/auth/password/", &body).await
}

#[tokio::test]
async fn logging_out_everywhere_ends_every_device_and_session() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let phone = alice.signs_in_again().await;
    let browser = alice.showing(Credential::Session(alice.signs_in_by_page().await));
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listeners = vec![
        alice.listens_in(&den).await,
        phone.listens_in(&den).await,
        browser.handshake(&den.socket()).enters().await,
    ];
    let mut bobs = bob.listens_in(&den).await;

    phone.does("/api/auth/logout-all/").await.is(204);
    bob.posts("are they gone?").in_room(&den).await;
    for who in [&*alice, &*phone, &browser] {
        who.get(ME).await.refused(401, "authentication_required");
    }
    for listener in &mut listeners {
        listener.is_closed_with(4401).await;
    }
    bobs.hears_message("are they gone?").await;
    bob.get(ME).await.is(200);
    alice.signs_in_again().await.get(ME).await.is(200);
}

#[tokio::test]
async fn a_new_password_ends_all_but_the_device_that_set_it() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let phone = alice.signs_in_again().await;
    let browser = alice.showing(Credential::Session(alice.signs_in_by_page().await));
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut others = vec![phone.listens_in(&den).await, browser.handshake(&den.socket()).enters().await];
    let mut hers = alice.listens_in(&den).await;

    changes_password(&alice, &alice.password, "another password").await.is(204);
    bob.posts("are they gone?").in_room(&den).await;
    for who in [&*phone, &browser] {
        who.get(ME).await.refused(401, "authentication_required");
    }
    for listener in &mut others {
        listener.is_closed_with(4401).await;
    }
    alice.get(ME).await.is(200);
    hers.hears_message("are they gone?").await;
    hers.hears_nothing().await;
    signs_in_with(&alice, &alice.password, false).await;
    signs_in_with(&alice, "another password", true).await;
}

async fn signs_in_with(person: &Person, password: &str, succeeds: bool) {
    let body = json!({"username": person.username, "password": password});
    let anyone = person.showing(Credential::Nothing);
    let answer = anyone.post("/api/auth/login/", &body).await;
    if succeeds {
        answer.is(200);
    } else {
        answer.refused(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_session_may_set_the_password_and_stays() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let session = alice.signs_in_by_page().await;
    let forged = alice.showing(Credential::BareCookie(session.clone()));
    let answer = changes_password(&forged, &alice.password, "another password").await;
    answer.refused(403, "csrf_failed");
    let browser = alice.showing(Credential::Session(session));
    changes_password(&browser, &alice.password, "another password").await.is(204);
    browser.get(ME).await.is(200);
    alice.get(ME).await.refused(401, "authentication_required");
}

#[tokio::test]
async fn the_old_password_is_asked_for() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let phone = alice.signs_in_again().await;
    changes_password(&alice, "wrong password", "another password").await.names("old_password");
    changes_password(&alice, "", "another password").await.names("old_password");
    for wrong in [json!(true), json!([]), json!(null), json!(12_345_678)] {
        let body = json!({"old_password": wrong, "new_password": "another password"});
        alice.post("/api/auth/password/", &body).await.names("old_password");
        let body = json!({"old_password": alice.password, "new_password": wrong});
        alice.post("/api/auth/password/", &body).await.names("new_password");
    }
    for wrong in ["", "1234567", "p".repeat(1025).as_str()] {
        changes_password(&alice, &alice.password, wrong).await.names("new_password");
    }
    alice.post("/api/auth/password/", &json!({})).await.refused(400, "validation_error");
    phone.get(ME).await.is(200);
    signs_in_with(&alice, &alice.password, true).await;
    signs_in_with(&alice, "another password", false).await;
}

#[tokio::test]
async fn strangers_end_nothing() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let anyone = fireside.anyone();
    for path in ["/api/auth/logout/", "/api/auth/logout-all/"] {
        anyone.does(path).await.refused(401, "authentication_required");
    }
    let answer = changes_password(&anyone, &alice.password, "another password").await;
    answer.refused(401, "authentication_required");
    alice.get(ME).await.is(200);
}

#[tokio::test]
async fn of_many_changes_at_once_by_one_password_the_first_alone_is_made() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let new: Vec<String> = (0..6).map(|number| format!("new password {number}")).collect();
    let changes = join_all(new.iter().map(|new| changes_password(&alice, &alice.password, new))).await;
    let is_made: Vec<bool> = changes.iter().map(|change| change.status == 204).collect();
    assert_eq!(is_made.iter().filter(|is_made| **is_made).count(), 1, "{is_made:?}");
    for change in changes.into_iter().filter(|change| change.status != 204) {
        change.names("old_password");
    }
    for (new, is_made) in new.iter().zip(is_made) {
        let body = json!({"username": "alice", "password": new});
        let answer = fireside.anyone().post("/api/auth/login/", &body).await;
        assert_eq!(answer.status, if is_made { 200 } else { 401 }, "{answer}");
    }
}
