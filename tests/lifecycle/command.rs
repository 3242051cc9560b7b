//! `fireside user …`: what an administrator does from the command line, while
//! the server runs and while it does not.

use serde_json::{Value, json};

use crate::world::caller::Credential;
use crate::world::home::Outcome;
use crate::world::{Answer, Fireside, Home, people};

const ME: &str = "/api/auth/me/";

async fn signs_in(fireside: &Fireside, name: &str, password: &str) -> Answer {
    let body = json!({"username": name, "password": password});
    fireside.anyone().post("/api/auth/login/", &body).await
}

async fn creates(home: &Home, name: &str, more: &[&str], password: &str) -> Outcome {
    let words = [&["user", "create", name, "--password-file", "-"], more].concat();
    home.runs(&words, password).await
}

async fn lists(home: &Home) -> Vec<Value> {
    let outcome = home.runs(&["user", "list", "--json"], "").await;
    serde_json::from_str(&outcome.succeeded().stdout).unwrap()
}

#[tokio::test]
async fn an_account_is_created_while_the_server_runs() {
    let fireside = Fireside::start().await;
    let email = ["--email", "root@example.com", "--admin"];
    creates(&fireside.home, "root", &email, "password123\n").await.succeeded();
    let answer = signs_in(&fireside, "root", "password123").await.is(200);
    assert_eq!(answer.json()["user"]["email"], "root@example.com");
    creates(&fireside.home, "bob", &[], "password123").await.succeeded();
    signs_in(&fireside, "bob", "password123").await.is(200);

    let users = lists(&fireside.home).await;
    let admin = |name: &str| {
        let user = users.iter().find(|user| user["username"] == name).unwrap();
        user["is_admin"].as_bool().unwrap()
    };
    assert_eq!(users.len(), 2);
    assert!(admin("root") && !admin("bob"), "{users:?}");
    assert!(!format!("{users:?}").contains("argon2"), "{users:?}");
}

#[tokio::test]
async fn an_account_is_created_before_the_server_ever_ran() {
    let home = Home::new();
    creates(&home, "alice", &["--email", "a@example.com"], "password123\n").await.succeeded();
    let fireside = Fireside::start_in(home, &[]).await;
    signs_in(&fireside, "alice", "password123").await.is(200);
}

#[tokio::test]
async fn a_password_may_come_from_a_file() {
    let fireside = Fireside::start().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "from a file\n").unwrap();
    let path = file.path().to_str().unwrap();
    let words = ["user", "create", "alice", "--password-file", path];
    fireside.home.runs(&words, "").await.succeeded();
    signs_in(&fireside, "alice", "from a file").await.is(200);
}

#[tokio::test]
async fn the_rules_are_the_same_as_at_the_door() {
    let fireside = Fireside::start().await;
    fireside.registers("alice").await;
    for (name, more, password) in [
        ("ALICE", vec![], "password123"),
        ("1234", vec![], "password123"),
        ("a b", vec![], "password123"),
        ("bob", vec!["--email", "Alice@example.com"], "password123"),
        ("bob", vec![], "short"),
        ("bob", vec![], ""),
    ] {
        let outcome = creates(&fireside.home, name, &more, password).await;
        outcome.failed_with(1);
    }
    assert_eq!(lists(&fireside.home).await.len(), 1);
}

#[tokio::test]
async fn a_new_password_ends_what_the_old_one_opened() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let browser = alice.showing(Credential::Session(alice.signs_in_by_page().await));
    let words = ["user", "passwd", "alice", "--password-file", "-"];
    fireside.home.runs(&words, "short").await.failed_with(1);
    alice.get(ME).await.is(200);
    fireside.home.runs(&words, "another password\n").await.succeeded();
    let old = signs_in(&fireside, "alice", &alice.password).await;
    old.refused(401, "invalid_credentials");
    signs_in(&fireside, "alice", "another password").await.is(200);
    alice.get(ME).await.refused(401, "authentication_required");
    browser.get(ME).await.refused(401, "authentication_required");
    bob.get(ME).await.is(200);
    let nobody = ["user", "passwd", "nobody", "--password-file", "-"];
    fireside.home.runs(&nobody, "another password").await.failed_with(1);
}

#[tokio::test]
async fn nothing_is_there_to_list_at_first() {
    let fireside = Fireside::start().await;
    assert!(lists(&fireside.home).await.is_empty());
    fireside.registers("alice").await;
    let users = lists(&fireside.home).await;
    assert_eq!(users[0]["username"], "alice");
    assert_eq!(users[0]["email"], "alice@example.com");
}

#[tokio::test]
async fn a_folder_without_a_servers_data_is_no_empty_server() {
    let home = Home::new();
    let asked: [&[&str]; 12] = [
        &["user", "list"],
        &["user", "list", "--json"],
        &["user", "passwd", "alice", "--password-file", "-"],
        &["user", "disable", "alice"],
        &["user", "admin", "alice"],
        &["user", "sessions", "alice"],
        &["invite", "list"],
        &["token", "create", "alice", "--label", "x"],
        &["audit"],
        &["retain", "1", "7"],
        &["gc"],
        &["check"],
    ];
    for words in asked {
        let outcome = home.runs(words, "password123\n").await;
        outcome.failed_with(78);
        assert!(outcome.stdout.is_empty(), "{words:?}: {outcome:?}");
        assert!(outcome.stderr.contains(home.data().to_str().unwrap()), "{words:?} names the folder: {outcome:?}");
        assert!(!home.data().exists(), "{words:?} left something behind");
    }
    // A folder that is there and holds something else stays as it is.
    std::fs::create_dir(home.data()).unwrap();
    std::fs::write(home.data().join("notes.txt"), "mine").unwrap();
    home.runs(&["user", "list"], "").await.failed_with(78);
    assert_eq!(home.files(), [home.data().join("notes.txt")]);
    creates(&home, "alice", &["--email", "a@example.com"], "password123\n").await.succeeded();
    assert_eq!(lists(&home).await.len(), 1);
}
