//! `"oauth":"true"` with an empty password: nobody's word for it, unless the
//! administrator of a test server on this machine says so.

use serde_json::{Value, json};

use crate::world::{Answer, Fireside, Home};

const SENTENCE: &str = "User is not authenticated with Google";

async fn signs_in(fireside: &Fireside, body: Value) -> Answer {
    fireside.anyone().post("/api/auth/login/", &body).await
}

#[tokio::test]
async fn oauth_is_believed_from_nobody() {
    let fireside = Fireside::start().await;
    fireside.registers("alice").await;
    let mut answers = Vec::new();
    for name in ["alice", "nobody"] {
        let body = json!({"username": name, "password": "", "oauth": "true"});
        let answer = signs_in(&fireside, body).await.refused(401, "invalid_credentials");
        assert_eq!(answer.json()["message"], SENTENCE);
        answers.push(answer.as_seen_by_a_prober());
    }
    assert_eq!(answers[0], answers[1], "not even who exists is told");
    let forged = json!({
        "username": "alice", "password": "", "oauth": "true",
        "id_token": "eyJhbGciOiJub25lIn0.eyJlbWFpbCI6ImFsaWNlQGV4YW1wbGUuY29tIn0.",
    });
    signs_in(&fireside, forged).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn with_a_right_password_oauth_changes_nothing() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for oauth in [json!("true"), json!("false")] {
        let body = json!({"username": "alice", "password": alice.password, "oauth": oauth});
        let answer = signs_in(&fireside, body).await.is(200);
        assert_eq!(answer.json()["user"]["id"], alice.id);
        let wrong = json!({"username": "alice", "password": "wrong password", "oauth": oauth});
        signs_in(&fireside, wrong).await.refused(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn under_the_insecure_flag_it_is_taken_literally() {
    let fireside = Fireside::start_with(&["--insecure-oauth-login"]).await;
    let alice = fireside.registers("alice").await;
    let oauth = json!({"username": "alice", "password": "", "oauth": "true"});
    let answer = signs_in(&fireside, oauth).await.is(200);
    assert_eq!(answer.json()["user"]["id"], alice.id);
    for refused in [
        json!({"username": "nobody", "password": "", "oauth": "true"}),
        json!({"username": "alice", "password": "", "oauth": "false"}),
        json!({"username": "alice", "password": ""}),
        json!({"username": "alice", "password": "wrong password", "oauth": "true"}),
    ] {
        signs_in(&fireside, refused).await.refused(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn the_insecure_flag_is_for_this_machine_alone() {
    for flags in [
        ["--insecure-oauth-login", "--listen", "0.0.0.0:0"],
        ["--insecure-oauth-login", "--public-url", "https://chat.example"],
        ["--insecure-oauth-login", "--public-url", "http://127.0.0.1.chat.example:8000"],
        ["--insecure-oauth-login", "--public-url", "http://192.0.2.1"],
        ["--insecure-oauth-login", "--trusted-proxy", "127.0.0.1"],
    ] {
        let outcome = Home::new().refuses_to_serve(&flags).await;
        outcome.failed_with(78);
        assert!(outcome.stderr.contains("--insecure-oauth-login"), "{outcome:?}");
    }
    for url in ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000", "https://fireside.localhost"] {
        Fireside::start_with(&["--insecure-oauth-login", "--public-url", url]).await;
    }
}

/// A stranger's name may lead here: whose page then is the server's own.
#[tokio::test]
async fn the_insecure_flag_is_for_names_of_this_machine_alone() {
    let fireside = Fireside::start_with(&["--insecure-oauth-login"]).await;
    let alice = fireside.registers("alice").await;
    let under = |host: &str, password: &str| {
        let body = json!({"username": "alice", "password": password, "oauth": "true"});
        fireside.anyone().post("/api/auth/login/", &body).with("Host", host)
    };
    for host in
        ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.1", "[::2]"]
    {
        let answer = under(host, "").await.refused(401, "invalid_credentials");
        assert_eq!(answer.json()["message"], SENTENCE, "{host}");
        under(host, &alice.password).await.is(200);
    }
    for host in ["localhost", "localhost:8000", "127.0.0.1:1", "127.8.0.1", "[::1]:8000", "app.localhost"] {
        under(host, "").await.is(200);
    }
}
