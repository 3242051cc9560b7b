//! The commands of an operator, while the server runs and while it does not.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{ME, knocks, log, root_of, signs_in};
use crate::world::caller::Credential;
use crate::world::{Fireside, Home};

async fn lists(home: &Home, noun: &[&str]) -> Vec<Value> {
    let words = [noun, &["--json"]].concat();
    serde_json::from_str(&home.runs(&words, "").await.succeeded().stdout).unwrap()
}

/// The code of the link in the first line.
fn code(printed: &str, page: &str, base: &str) -> String {
    let line = printed.lines().next().unwrap();
    let code = line.strip_prefix(&format!("{base}/{page}#")).unwrap_or_else(|| panic!("no link in {printed}"));
    assert!(printed.contains("good until 20"), "{printed}");
    code.to_owned()
}

#[tokio::test]
async fn an_invitation_is_made_listed_and_taken_back() {
    let fireside = Fireside::start_with(&["--registration", "invite"]).await;
    let words = ["invite", "create", "--uses", "2", "--expires", "2h", "--label", "team"];
    let made = fireside.home.runs(&words, "").await;
    let first = code(&made.succeeded().stdout, "invite", &fireside.url);
    knocks(&fireside, "alice", Some(&first)).await.is(201);
    let listed = lists(&fireside.home, &["invite", "list"]).await;
    let expected = (&json!("team"), &json!(1), &json!("command line"), &json!(true));
    let invite = &listed[0];
    assert_eq!((&invite["label"], &invite["uses_left"], &invite["created_by"], &invite["is_live"]), expected);
    let id = invite["id"].to_string();
    fireside.home.runs(&["invite", "revoke", &id], "").await.succeeded();
    fireside.home.runs(&["invite", "revoke", &id], "").await.failed_with(1);
    knocks(&fireside, "eve", Some(&first)).await.names("invite");
    let look = fireside.anyone().post("/api/server/invites/look/", &json!({"code": first})).await;
    look.refused(404, "not_found");
    for wrong in [["--uses", "0"], ["--uses", "1001"], ["--expires", "1s"], ["--expires", "9000days"]] {
        fireside.home.runs(&[&["invite", "create"], &wrong[..]].concat(), "").await.failed_with(1);
    }
    assert!(lists(&fireside.home, &["invite", "list"]).await.is_empty());
}

#[tokio::test]
async fn an_invitation_is_made_before_the_server_runs() {
    let home = Home::new();
    let words = ["invite", "create", "--public-url", "https://chat.example.org/"];
    let made = home.runs(&words, "").await;
    let code = code(&made.succeeded().stdout, "invite", "https://chat.example.org");
    let fireside = Fireside::start_in(home, &["--registration", "invite"]).await;
    let look = fireside.anyone().post("/api/server/invites/look/", &json!({"code": code})).await.is(200);
    assert_eq!(look.json()["inviter"], json!(null));
    knocks(&fireside, "alice", Some(&code)).await.is(201);
}

#[tokio::test]
async fn a_link_for_a_new_password_is_printed() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let printed = fireside.home.runs(&["user", "passwd", "alice", "--link"], "").await;
    let code = code(&printed.succeeded().stdout, "reset", &fireside.url);
    alice.get(ME).await.is(200);
    let body = json!({"code": code, "password": "another password"});
    fireside.anyone().post("/api/server/reset/", &body).await.is(204);
    fireside.anyone().post("/api/server/reset/", &body).await.refused(404, "not_found");
    signs_in(&fireside, "alice", "another password").await.is(200);
    fireside.home.runs(&["user", "passwd", "nobody", "--link"], "").await.failed_with(1);
}

#[tokio::test]
async fn people_are_disabled_enabled_and_made_admins() {
    let mut fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let bob = fireside.registers("bob").await;
    let den = bob.opens_room("den").await;
    let mut listener = bob.listens_in(&den).await;
    let home = fireside.home.clone();
    home.runs(&["user", "disable", "bob"], "").await.succeeded();
    listener.is_closed_with(4401).await;
    bob.get(ME).await.refused(401, "authentication_required");
    signs_in(&fireside, "bob", &bob.password).await.refused(401, "invalid_credentials");
    home.runs(&["user", "enable", "bob"], "").await.succeeded();
    signs_in(&fireside, "bob", &bob.password).await.is(200);
    home.runs(&["user", "disable", "root"], "").await.failed_with(1);
    home.runs(&["user", "admin", "root", "--remove"], "").await.failed_with(1);
    home.runs(&["user", "admin", "bob"], "").await.succeeded();
    root.get("/api/server/status/").await.is(200);
    assert_eq!(log(&root).await[0], ("command line".into(), "admin_granted".into(), "bob".into()));

    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    home.runs(&["user", "admin", "root", "--remove"], "").await.succeeded();
    home.runs(&["user", "disable", "bob"], "").await.failed_with(1);
    home.runs(&["user", "disable", "nobody"], "").await.failed_with(1);
    let users = lists(&home, &["user", "list"]).await;
    assert_eq!((&users[0]["is_admin"], &users[1]["is_admin"]), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    alice.signs_in_by_page().await;
    let sessions = lists(&fireside.home, &["user", "sessions", "alice"]).await;
    let kinds: Vec<_> = sessions.iter().map(|session| &session["kind"]).collect();
    assert_eq!(kinds, ["session", "token", "token"]);
    assert!(!format!("{sessions:?}").contains(&alice.token));
    fireside.home.runs(&["user", "sessions", "alice", "--end"], "").await.succeeded();
    alice.get(ME).await.refused(401, "authentication_required");
    assert_eq!(lists(&fireside.home, &["user", "sessions", "alice"]).await.len(), 1, "a new account token");
}

#[tokio::test]
async fn a_program_gets_a_token_that_is_taken_back() {
    let mut fireside = Fireside::start().await;
    let bob = fireside.registers("bob").await;
    let home = fireside.home.clone();
    let made = home.runs(&["token", "create", "bob", "--label", "weather", "--expires", "30days"], "").await;
    let token = made.succeeded().stdout.trim().to_owned();
    let bot = bob.showing(Credential::Token(token.clone()));
    assert_eq!(bot.get(ME).await.is(200).json()["username"], "bob");
    let listed = lists(&home, &["token", "list"]).await;
    assert_eq!((listed.len(), &listed[0]["label"], &listed[0]["username"]), (1, &json!("weather"), &json!("bob")));
    assert!(listed[0]["expires_at"].is_string());
    let den = bob.opens_room("den").await;
    let mut listener = bot.handshake(&den.socket()).enters().await;
    let mine = bob.get("/api/server/sessions/").await.results();
    assert_eq!(mine[0]["label"], "weather");

    home.runs(&["token", "revoke", &listed[0]["id"].to_string()], "").await.succeeded();
    listener.is_closed_with(4401).await;
    bot.get(ME).await.refused(401, "authentication_required");
    bob.get(ME).await.is(200);
    let other = mine.iter().find(|session| session["current"] == true).unwrap()["id"].to_string();
    home.runs(&["token", "revoke", &other], "").await.failed_with(1);
    home.runs(&["token", "create", "nobody", "--label", "x"], "").await.failed_with(1);
    home.runs(&["token", "create", "bob", "--label", &"l".repeat(101)], "").await.failed_with(1);

    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let made = home.runs(&["token", "create", "bob", "--label", "news"], "").await;
    let token = made.succeeded().stdout.trim().to_owned();
    let fireside = Fireside::start_in(home, &[]).await;
    fireside.anyone().showing(Credential::Token(token)).get(ME).await.is(200);
}

#[tokio::test]
async fn who_says_no_command_keeps_none_from_being_heard() {
    let fireside = Fireside::start().await;
    let path = fireside.home.data().join("control.sock");
    let mut silent: Vec<_> = (0..16).map(|_| UnixStream::connect(&path).unwrap()).collect();
    fireside.home.runs(&["user", "list"], "").await.succeeded();
    // They were let go, and told nothing.
    let mut heard = String::new();
    silent[0].set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    silent[0].read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "");
}
