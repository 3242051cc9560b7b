//! Failed sign-ins in the log, and the programs that ban addresses by them.

use serde_json::{Value, json};

use super::tool;
use crate::world::{Fireside, Person};

/// The lines about failed sign-ins.
fn failures(fireside: &Fireside) -> Vec<String> {
    let log = fireside.home.log();
    log.lines().filter(|line| line.contains("auth.fail")).map(ToOwned::to_owned).collect()
}

/// Fails once in every place where a password is asked for; how many places there are.
async fn fails_everywhere(fireside: &Fireside, alice: &Person) -> usize {
    let anyone = fireside.anyone();
    let wrong = json!({"username": "alice", "password": "not her password"});
    for path in ["/api/auth/login/", "/d/inbox/api/auth/login/", "/d/rooms/api/auth/login/", "/login/"] {
        anyone.post(path, &wrong).await.is(401);
    }
    anyone.post("/accounts/api/token/", &wrong).await.is(401);
    anyone.post("/api/auth/login/", &json!({"username": "nobody", "password": "whatever it is"})).await.is(401);
    anyone.post("/api/auth/login/", &json!({"email": "alice@example.com", "password": "wrong wrong"})).await.is(401);
    anyone.post("/api/auth/login/", &json!({"username": "alice", "password": "", "oauth": "true"})).await.is(401);
    let change = json!({"old_password": "not her password", "new_password": "another password"});
    alice.post("/api/auth/password/", &change).await.is(400);
    let change = json!({"email": "new@example.com", "current_password": "not her password"});
    alice.patch(&format!("/api/users/{}/", alice.id), &change).await.is(400);
    10
}

#[tokio::test]
async fn every_failed_sign_in_is_a_fixed_line() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    alice.signs_in_again().await;
    assert_eq!(failures(&fireside), Vec::<String>::new(), "a sign-in that succeeds is no failure");
    let places = fails_everywhere(&fireside, &alice).await;
    // What carries a bad token is no sign-in.
    alice.showing(crate::world::caller::Credential::Token("0".repeat(40))).get("/api/auth/me/").await.is(401);
    let lines = failures(&fireside);
    assert_eq!(lines.len(), places, "{lines:#?}");
    for line in &lines {
        let (_, fact) = line.split_once(" WARN auth: auth.fail ").unwrap_or_else(|| panic!("{line}"));
        let known = ["user=alice ip=127.0.0.1", "user=nobody ip=127.0.0.1", "user=alice@example.com ip=127.0.0.1"];
        assert!(known.contains(&fact), "{line}");
    }
}

#[tokio::test]
async fn one_who_goes_on_after_the_limit_goes_on_failing() {
    let fireside = Fireside::start_with_limits(&["--limit-auth", "3/min"]).await;
    let wrong = json!({"username": "alice", "password": "guess after guess"});
    for _ in 0..3 {
        fireside.anyone().post("/api/auth/login/", &wrong).await.is(401);
    }
    for _ in 0..3 {
        fireside.anyone().post("/api/auth/login/", &wrong).await.is(429);
    }
    assert_eq!(failures(&fireside).len(), 6);
}

/// Names that would like to be more than a name.
const FORGERIES: [&str; 6] = [
    "x ip=192.0.2.66",
    "x\n2026-01-01T00:00:00.000000Z  WARN auth: auth.fail user=x ip=192.0.2.66",
    "x\" ip=192.0.2.66\",\"target\":\"auth\"}",
    "x\r\nauth.fail user=x ip=192.0.2.66",
    "x\u{85}auth.fail\u{a0}user=x\u{2028}ip=192.0.2.66",
    "\u{1b}[2K\u{202e}ip=192.0.2.66",
];

#[tokio::test]
async fn fail2ban_sees_the_right_address_and_no_other() {
    for format in ["text", "json"] {
        let fireside = Fireside::start_with(&["--log-format", format]).await;
        let alice = fireside.registers("alice").await;
        let mut places = fails_everywhere(&fireside, &alice).await;
        for forgery in FORGERIES {
            let wrong = json!({"username": forgery, "password": "a wrong password"});
            fireside.anyone().post("/api/auth/login/", &wrong).await.is(401);
            fireside.anyone().get("/auth.fail%20user=x%20ip=192.0.2.66").await;
            places += 1;
        }
        let lines = failures(&fireside);
        let lines = lines.iter().filter(|line| !line.contains("path"));
        assert_eq!(lines.clone().count(), places, "{format}: {lines:#?}");
        for line in lines {
            assert!(!line.contains(" ip=192.0.2.66"), "{line}");
            assert!(line.contains(" ip=127.0.0.1"), "{line}");
            assert!(!line.chars().any(char::is_control), "{line:?}");
            if format == "json" {
                assert_eq!(serde_json::from_str::<Value>(line).unwrap()["target"], "auth", "{line}");
            }
        }
        fireside.home.log();
        let log = fireside.home.log_file();
        let words = ["--print-all-matched", log.to_str().unwrap(), "deploy/fail2ban/filter.d/fireside.conf"];
        let Some(read) = tool::run("fail2ban-regex", &words, "") else { continue };
        let told = tool::words_of(&read);
        assert!(told.contains(&format!(" {places} matched,")), "{format}, {places} wanted: {told}");
        let hosts = ["-o", "ip", log.to_str().unwrap(), "deploy/fail2ban/filter.d/fireside.conf"];
        let Some(read) = tool::run("fail2ban-regex", &hosts, "") else { continue };
        let hosts = String::from_utf8(read.stdout).unwrap();
        let hosts: Vec<_> = hosts.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(hosts.len(), places, "{hosts:?}");
        assert!(hosts.iter().all(|host| *host == "127.0.0.1"), "{hosts:?}");
    }
}
