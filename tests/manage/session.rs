//! What signs somebody in: listed, and ended one by one.

use serde_json::json;

use super::{ME, root_of};
use crate::world::caller::Credential;
use crate::world::{Caller, Fireside, Person, people};

const SESSIONS: &str = "/api/server/sessions/";

async fn current(who: &Caller) -> i64 {
    let sessions = who.get(SESSIONS).await.is(200).results();
    let current: Vec<_> = sessions.iter().filter(|session| session["current"] == true).collect();
    assert_eq!(current.len(), 1, "{sessions:?}");
    current[0]["id"].as_i64().unwrap()
}

async fn jwt_of(person: &Person) -> Caller {
    let body = json!({"username": person.username, "password": person.password});
    let anyone = person.showing(Credential::Nothing);
    let pair = anyone.post("/accounts/api/token/", &body).with("User-Agent", "phone").await.is(200).json();
    person.showing(Credential::Bearer(pair["access"].as_str().unwrap().to_owned()))
}

#[tokio::test]
async fn everything_that_signs_one_in_is_listed_and_ended() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let phone = alice.signs_in_again().await;
    let browser = alice.showing(Credential::Session(alice.signs_in_by_page().await));
    let jwt = jwt_of(&alice).await;
    let account_token = alice.get("/api/token/").await.is(200).json()["token"].as_str().unwrap().to_owned();
    let bot = alice.showing(Credential::Token(account_token));
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;

    let page = alice.get(SESSIONS).await.is(200).json();
    assert_eq!(page["count"], 5);
    let kinds: Vec<_> = page["results"].as_array().unwrap().iter().map(|session| &session["kind"]).collect();
    assert_eq!(kinds, ["jwt", "session", "token", "token", "token"], "the newest first");
    assert_eq!(page["results"][0]["label"], "phone");
    assert_eq!(alice.get(&format!("{SESSIONS}?page_size=2")).await.results().len(), 2);

    for who in [&*phone, &browser, &jwt, &bot] {
        let id = current(who).await;
        bob.delete(&format!("{SESSIONS}{id}/")).await.refused(404, "not_found");
        let mut listener = who.handshake(&den.socket()).enters().await;
        alice.delete(&format!("{SESSIONS}{id}/")).await.is(204);
        bob.posts("is it gone?").in_room(&den).await;
        listener.is_closed_with(4401).await;
        who.get(ME).await.refused(401, "authentication_required");
        alice.delete(&format!("{SESSIONS}{id}/")).await.refused(404, "not_found");
    }
    assert_eq!(alice.get(SESSIONS).await.json()["count"], 2, "this one, and a new account token");
    alice.get("/api/token/").await.is(200);
    bob.get(ME).await.is(200);
    fireside.anyone().get(SESSIONS).await.refused(401, "authentication_required");
}

#[tokio::test]
async fn a_label_is_one_short_line() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let body = json!({"username": "alice", "password": alice.password});
    let agent = format!("spy\t{}", "x".repeat(4_000));
    fireside.anyone().post("/login/", &body).with("User-Agent", &agent).await.is(200);
    let label = alice.get(SESSIONS).await.results()[0]["label"].as_str().unwrap().to_owned();
    assert!(label.starts_with("spy xxx") && label.chars().count() == 100, "{label}");
}

#[tokio::test]
async fn an_admin_ends_all_sessions_of_somebody() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    people!(fireside: alice, bob);
    let jwt = jwt_of(&alice).await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut listeners = vec![alice.listens_in(&den).await, jwt.handshake(&den.socket()).enters().await];
    root.does(&format!("/api/server/users/{}/sign-out/", alice.id)).await.is(204);
    bob.posts("is she gone?").in_room(&den).await;
    for listener in &mut listeners {
        listener.is_closed_with(4401).await;
    }
    for who in [&*alice, &jwt] {
        who.get(ME).await.refused(401, "authentication_required");
    }
    bob.get(ME).await.is(200);
    alice.signs_in_again().await.get(ME).await.is(200);
}
