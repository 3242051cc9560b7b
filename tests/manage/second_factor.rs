//! Second factors from the operator's side: asked of people, taken away, kept, and moved.

use serde_json::{Value, json};

use super::{ME, log, root_of, signs_in};
use crate::world::caller::Credential;
use crate::world::home::run;
use crate::world::totp::Protected;
use crate::world::{Caller, Fireside, Home, Person, people};

const FACTOR: &str = "/api/server/second-factor/";
const LOGIN: &str = "/api/auth/login/";
const REQUIRED: &str = "second_factor_required";

fn factor_of(person: &Person) -> String {
    format!("/api/server/users/{}/second-factor/", person.id)
}

async fn has_factor(admin: &Person, person: &Person) -> Value {
    let users = admin.get("/api/server/users/").await.is(200).results();
    users.iter().find(|user| user["id"] == person.id).unwrap()["has_second_factor"].clone()
}

#[tokio::test]
async fn administrators_take_one_away_and_the_log_says_so() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let alice = Protected::of(&fireside, "alice").await;
    let bob = fireside.registers("bob").await;
    assert_eq!(has_factor(&root, &alice.person).await, true);
    bob.delete(&factor_of(&alice.person)).await.refused(403, "permission_denied");
    root.delete(&factor_of(&bob)).await.refused(404, "not_found");
    root.delete("/api/server/users/999/second-factor/").await.refused(404, "not_found");
    let before = log(&root).await;
    alice.tries(&fireside, LOGIN, Value::Null).await.refused(401, REQUIRED);
    root.delete(&factor_of(&alice.person)).await.is(204);
    root.delete(&factor_of(&alice.person)).await.refused(404, "not_found");
    alice.tries(&fireside, LOGIN, Value::Null).await.is(200);
    assert_eq!(has_factor(&root, &alice.person).await, false);
    assert_eq!(alice.person.get(FACTOR).await.json(), json!({"on": false, "recovery_codes_left": 0}));
    let after = log(&root).await;
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after[0], ("root".into(), "second_factor_removed".into(), "alice".into()));
    // What one does oneself is nobody's business.
    alice.person.turns_on_second_factor().await;
    alice.person.post(&format!("{FACTOR}end/"), &json!({"password": alice.person.password})).await.is(204);
    assert_eq!(log(&root).await, after);
}

#[tokio::test]
async fn the_command_line_shows_and_removes_it() {
    let mut fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let alice = Protected::of(&fireside, "alice").await;
    let home = fireside.home.clone();
    let asks = |words: &'static [&'static str]| {
        let home = home.clone();
        async move { home.runs(&[&["user", "second-factor"], words].concat(), "").await }
    };
    assert_eq!(asks(&["alice"]).await.succeeded().stdout, "alice has a second factor, and 10 recovery codes left\n");
    assert_eq!(asks(&["root"]).await.succeeded().stdout, "root has no second factor\n");
    asks(&["root", "--remove"]).await.failed_with(1);
    asks(&["nobody", "--remove"]).await.failed_with(1);
    assert_eq!(asks(&["alice", "--remove"]).await.succeeded().stdout, "the second factor of alice is removed\n");
    asks(&["alice", "--remove"]).await.failed_with(1);
    alice.tries(&fireside, LOGIN, Value::Null).await.is(200);
    assert_eq!(log(&root).await[0], ("command line".into(), "second_factor_removed".into(), "alice".into()));
    // Without a server, too.
    let again = alice.person.turns_on_second_factor().await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    asks(&["alice", "--remove"]).await.succeeded();
    let fireside = Fireside::start_in(home, &[]).await;
    again.tries(&fireside, LOGIN, Value::Null).await.is(200);
}

/// What one reaches without a second factor that is asked for.
async fn reaches_nothing_else(who: &Caller) {
    who.get(ME).await.is(200);
    who.get(FACTOR).await.is(200);
    who.get("/api/server/").await.is(200);
    for path in [
        "/api/token/",
        "/api/users/?page=1",
        "/api/rooms/",
        "/api/messages/",
        "/d/directs/api/chats/",
        "/messages/api/chats/",
        "/messages/api/sync/",
        "/messages/api/events/?since=0",
        "/profiles/api/profile/",
        "/messenger/api/user/chatrooms/",
        "/api/server/sessions/",
        "/api/server/users/",
        "/api/server/audit/",
        "/metrics",
    ] {
        let answer = who.get(path).await.is(403);
        assert!(answer.text().contains(REQUIRED), "{answer}");
    }
    for path in ["/api/rooms/", "/messages/api/chats/", "/api/token/rotate/", "/api/auth/password/"] {
        who.post(path, &json!({"name": "den", "title": "den"})).await.is(403);
    }
    for path in ["/messages/ws/", "/d/directs/ws/chat/1/", "/d/inbox/ws/chat/bob/", "/d/rooms/ws/room/1/"] {
        who.handshake(path).turned_away_with(403).await;
    }
}

#[tokio::test]
async fn whoever_lacks_what_is_required_reaches_only_what_sets_it_up() {
    let fireside = Fireside::start_with(&["--require-second-factor", "all"]).await;
    let root = root_of(&fireside).await;
    let alice = fireside.registers("alice").await;
    let browser = alice.showing(Credential::Session(alice.signs_in_by_page().await));
    let pair = json!({"username": "alice", "password": alice.password});
    let tokens = fireside.anyone().post("/accounts/api/token/", &pair).await.is(200).json();
    let jwt = alice.showing(Credential::Bearer(tokens["access"].as_str().unwrap().to_owned()));
    for who in [&*root, &*alice, &browser, &jwt] {
        reaches_nothing_else(who).await;
    }
    let refresh = json!({"refresh": tokens["refresh"]});
    fireside.anyone().post("/accounts/api/token/refresh/", &refresh).await.is(200);
    assert!(alice.get("/api/server/").await.json().get("ice_servers").is_none(), "calls are for later");
    alice.get("/c/directs/api/user/").await.is(200);
    let alice = alice.turns_on_second_factor().await;
    alice.person.get("/messages/api/chats/").await.is(200);
    alice.person.get("/api/rooms/").await.is(200);
    alice.person.handshake("/messages/ws/").enters().await;
    // Whoever had the password alone, and waited, is let in by no code of hers.
    for who in [&browser, &jwt] {
        who.get(ME).await.is(401);
    }
    fireside.anyone().post("/accounts/api/token/refresh/", &refresh).await.is(401);
    alice.tries(&fireside, LOGIN, alice.app.code(1)).await.is(200);
    reaches_nothing_else(&root).await;
    // Without, one may sign in and out.
    let bob = fireside.registers("bob").await;
    let browser = bob.showing(Credential::Session(bob.signs_in_by_page().await));
    browser.does("/logout/").await.is(204);
    browser.get(ME).await.is(401);
    bob.signs_in_again().await.does("/api/auth/logout/").await.is(204);
    bob.does("/api/auth/logout-all/").await.is(204);
    bob.get(ME).await.is(401);
}

#[tokio::test]
async fn what_is_required_of_admins_begins_and_ends_with_the_right() {
    let fireside = Fireside::start_with(&["--require-second-factor", "admins", "--bots", "open"]).await;
    let root = root_of(&fireside).await;
    reaches_nothing_else(&root).await;
    let waiting = root.signs_in_again().await;
    waiting.get(ME).await.is(200);
    let root = root.turns_on_second_factor().await.person;
    waiting.get(ME).await.is(401);
    people!(fireside: alice, bob);
    alice.get("/messages/api/chats/").await.is(200);
    let mut listener = alice.handshake("/messages/ws/").enters().await;
    let hers = format!("/api/server/users/{}/", alice.id);
    root.patch(&hers, &json!({"is_admin": true})).await.is(200);
    assert_eq!(listener.hears_until_closed().await.1, 4403);
    reaches_nothing_else(&alice).await;
    root.patch(&hers, &json!({"is_admin": false})).await.is(200);
    alice.get("/messages/api/chats/").await.is(200);
    // Who has one is let alone, and meets the rule when it is gone.
    let phone = bob.signs_in_again().await;
    let bob = bob.turns_on_second_factor().await.person;
    phone.get("/messages/api/chats/").await.is(200);
    let mut listener = bob.handshake("/messages/ws/").enters().await;
    root.patch(&format!("/api/server/users/{}/", bob.id), &json!({"is_admin": true})).await.is(200);
    bob.get("/api/server/audit/").await.is(200);
    root.delete(&factor_of(&bob)).await.is(204);
    assert_eq!(listener.hears_until_closed().await.1, 4403);
    reaches_nothing_else(&bob).await;
    // Programs have none.
    let bot = root.post("/api/server/bots/", &json!({"username": "clock"})).await.is(201).json();
    let bot = fireside.anyone().showing(Credential::Token(bot["token"].as_str().unwrap().to_owned()));
    bot.get("/messages/api/chats/").await.is(200);
    bot.post(&format!("{FACTOR}start/"), &json!({"password": "x"})).await.refused(403, "permission_denied");
}

#[tokio::test]
async fn a_link_for_a_new_password_leaves_it_on() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let alice = Protected::of(&fireside, "alice").await;
    let link = root.does(&format!("/api/server/users/{}/reset/", alice.person.id)).await.is(201).json();
    let new = json!({"code": link["code"], "password": "another password"});
    fireside.anyone().post("/api/server/reset/", &new).await.is(204);
    signs_in(&fireside, "alice", "another password").await.refused(401, REQUIRED);
    let login = json!({"username": "alice", "password": "another password", "otp": alice.app.code(1)});
    fireside.anyone().post(LOGIN, &login).await.is(200);
    fireside.home.runs(&["user", "passwd", "alice"], "a third password\n").await.succeeded();
    signs_in(&fireside, "alice", "a third password").await.refused(401, REQUIRED);
}

/// It is in the database, sealed: whoever has that alone makes no code of it.
#[tokio::test]
async fn the_data_folder_keeps_no_secret_in_the_clear() {
    let mut fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let started = alice.post(&format!("{FACTOR}start/"), &json!({"password": alice.password})).await.is(200).json();
    let secret = started["secret"].as_str().unwrap();
    let raw = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let alice = alice.turns_on_second_factor().await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let code = alice.recovery[0].replace('-', "");
    for needle in [secret.as_bytes(), &raw, alice.recovery[0].as_bytes(), code.as_bytes()] {
        assert!(!fireside.home.keeps(needle), "{}", String::from_utf8_lossy(needle));
    }
    assert!(fireside.home.keeps(b"alice"), "it looks where it is");
}

async fn moved(from: &Home, flags: &[&str]) -> Home {
    let shelf = tempfile::tempdir().unwrap();
    let archive = shelf.path().join("world.tar");
    let archive = archive.to_str().unwrap();
    from.runs(&[&["export", archive], flags].concat(), "").await.succeeded();
    let to = Home::new();
    run(&["import", archive, "--data", to.data().to_str().unwrap()], "").await.succeeded();
    to
}

#[tokio::test]
async fn it_moves_along_with_the_secrets_and_used_codes_stay_used() {
    let old = Fireside::start().await;
    let alice = Protected::of(&old, "alice").await;
    alice.tries(&old, LOGIN, alice.recovery[0].clone()).await.is(200);
    let new = Fireside::start_in(moved(&old.home, &["--with-secrets"]).await, &[]).await;
    alice.tries(&new, LOGIN, Value::Null).await.refused(401, REQUIRED);
    for used in [alice.app.code(0), alice.recovery[0].clone()] {
        alice.tries(&new, LOGIN, used).await.refused(401, "invalid_credentials");
    }
    alice.tries(&new, LOGIN, alice.app.code(1)).await.is(200);
    for code in &alice.recovery[1..] {
        alice.tries(&new, LOGIN, code.clone()).await.is(200);
    }
    new.home.runs(&["check"], "").await.succeeded();
    // Without the secrets there is no password either: a link sets one.
    let bare = Fireside::start_in(moved(&old.home, &[]).await, &[]).await;
    alice.tries(&bare, LOGIN, alice.app.code(2)).await.refused(401, "invalid_credentials");
    let said = bare.home.runs(&["user", "second-factor", "alice"], "").await;
    assert_eq!(said.succeeded().stdout, "alice has no second factor\n");
}

#[tokio::test]
async fn it_comes_back_with_a_backup_and_check_finds_a_secret_that_does_not_open() {
    let shelf = tempfile::tempdir().unwrap();
    let archive = shelf.path().join("still.tar");
    let archive = archive.to_str().unwrap();
    let fireside = Fireside::start().await;
    let alice = Protected::of(&fireside, "alice").await;
    fireside.home.runs(&["backup", archive], "").await.succeeded();
    let home = Home::new();
    run(&["restore", archive, "--data", home.data().to_str().unwrap()], "").await.succeeded();
    let mut restored = Fireside::start_in(home.clone(), &[]).await;
    alice.tries(&restored, LOGIN, Value::Null).await.refused(401, REQUIRED);
    alice.tries(&restored, LOGIN, alice.app.code(1)).await.is(200);
    assert_eq!(restored.is_asked_to_stop().await, Some(0));
    let good = home.runs(&["check"], "").await;
    assert!(good.succeeded().stdout.contains("secret.key opens every second factor"), "{}", good.stdout);
    // Another server's key.
    std::fs::write(home.data().join("secret.key"), "ab".repeat(32)).unwrap();
    let found = home.runs(&["check"], "").await;
    assert!(found.stdout.contains("1 second factors do not open by secret.key"), "{}", found.stdout);
    assert_ne!(found.code, Some(0));
    // Nobody is let in by the password alone for that.
    let foreign = Fireside::start_in(home, &[]).await;
    alice.tries(&foreign, LOGIN, Value::Null).await.refused(401, REQUIRED);
    alice.tries(&foreign, LOGIN, alice.app.code(2)).await.refused(401, "invalid_credentials");
    assert!(foreign.home.log().contains("does not open by secret.key"), "the operator is told");
    alice.tries(&foreign, LOGIN, alice.recovery[0].clone()).await.is(200);
}
