//! Flags, and what a server says and does without them.

use serde_json::json;

use super::fireside_of;
use super::provider::Provider;
use crate::manage::{root_of, setup_code};
use crate::world::{Fireside, Home};

#[tokio::test]
async fn without_a_provider_nothing_of_it_is_there() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let server = fireside.anyone().get("/api/server/").await.is(200).json();
    assert_eq!((&server["oidc"], &server["password_login"]), (&json!(null), &json!(true)));
    fireside.anyone().get("/login/oidc/").await.refused(404, "not_found");
    fireside.anyone().get("/login/oidc/callback/?state=a&code=b").await.refused(404, "not_found");
    for answer in [
        alice.get("/api/server/oidc/link/").await,
        alice.post("/api/server/oidc/link/", &json!({})).await,
        alice.delete("/api/server/oidc/link/").await,
    ] {
        answer.refused(404, "not_found");
    }
}

#[tokio::test]
async fn the_provider_is_told_by_its_name() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &["--oidc-name", "Example ID"]).await;
    let server = fireside.anyone().get("/api/server/").await.is(200).json();
    assert_eq!(server["oidc"], json!({"name": "Example ID"}));
    let fireside = fireside_of(&provider, &[]).await;
    let server = fireside.anyone().get("/api/server/").await.is(200).json();
    assert_eq!(server["oidc"], json!({"name": provider.url.trim_start_matches("http://")}));
}

#[tokio::test]
async fn flags_that_do_not_fit_are_refused() {
    let home = Home::new();
    let file = home.data().with_extension("oidc-secret");
    std::fs::write(&file, "secret\n").unwrap();
    let file = file.to_str().unwrap();
    let empty = home.data().with_extension("empty");
    std::fs::write(&empty, "\n").unwrap();
    let (id, secret) = (["--oidc-client-id", "a"], ["--oidc-client-secret-file", file]);
    for issuer in [
        "http://id.example.org",
        "http://10.0.0.1",
        "https://10.0.0.1/realms/a",
        "https://192.168.1.1",
        "https://localhost",
        "https://user@id.example.org",
        "https://id.example.org/?a=b",
        "id.example.org",
        "ftp://id.example.org",
    ] {
        let flags = [&["--oidc-issuer", issuer][..], &id, &secret].concat();
        let refused = home.refuses_to_serve(&flags).await;
        assert!(refused.failed_with(78).stderr.contains("--oidc-issuer"), "{issuer}: {refused:?}");
    }
    let issuer = ["--oidc-issuer", "https://id.example.org"];
    home.refuses_to_serve(&[&issuer[..], &id].concat()).await.failed_with(78);
    let missing = ["--oidc-client-secret-file", "/nothing/here"];
    home.refuses_to_serve(&[&issuer[..], &id, &missing].concat()).await.failed_with(78);
    let empty = ["--oidc-client-secret-file", empty.to_str().unwrap()];
    home.refuses_to_serve(&[&issuer[..], &id, &empty].concat()).await.failed_with(78);
    home.refuses_to_serve(&["--password-login", "off"]).await.failed_with(78);
    // A network that the operator allows, and a public one: nobody is asked at the start.
    for good in ["https://10.0.0.1/realms/a", "https://id.example.org"] {
        let flags = [&["--oidc-issuer", good, "--oidc-allow", "10.0.0.0/8"][..], &id, &secret].concat();
        Fireside::start_with(&flags).await;
    }
}

#[tokio::test]
async fn with_passwords_off_nobody_signs_in_or_registers_by_one() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &["--password-login", "off"]).await;
    let server = fireside.anyone().get("/api/server/").await.is(200).json();
    assert_eq!(server["password_login"], false);
    fireside.home.runs(&["user", "create", "alice", "--password-file", "-"], "a long secret\n").await.succeeded();
    let anyone = fireside.anyone();
    let (right, wrong) = ("a long secret", "wrong password");
    for password in [right, wrong] {
        let body = json!({"username": "alice", "password": password});
        for path in [
            "/login/",
            "/api/auth/login/",
            "/d/inbox/api/auth/login/",
            "/d/rooms/api/auth/login/",
            "/c/directs/api/login/",
            "/accounts/api/token/",
            "/d/messenger/accounts/api/token/",
        ] {
            let refused = anyone.post(path, &body).tried().await.unwrap().is(403);
            assert!(!refused.has("set-cookie"), "{refused}");
        }
    }
    let new = json!({"username": "bob", "email": "bob@example.org", "password": "a long secret"});
    for path in
        ["/api/server/register/", "/api/auth/register/", "/c/directs/api/register/", "/d/rooms/api/auth/register/"]
    {
        let refused = anyone.post(path, &new).tried().await.unwrap().is(403);
        assert!(!refused.has("set-cookie"), "{refused}");
    }
    assert_eq!(super::everybody(&fireside).await, ["alice"]);
    let mut visitor = super::visitor::Visitor::of(&fireside);
    visitor.signs_in().await.is(302);
    assert_eq!(visitor.me().await["username"], "jane");
    let bare = json!({"username": "jane", "password": "", "oauth": "true"});
    visitor.person().post("/api/auth/login/", &bare).await.is(200);
}

#[tokio::test]
async fn with_passwords_off_no_link_sets_one() {
    let mut fireside = Fireside::start().await;
    let code = setup_code(&fireside).expect("a link");
    let words = ["--user-header", "Remote-User", "--trusted-proxy", "127.0.0.1", "--password-login", "off"];
    let home = Home::new();
    let other = Fireside::start_in(home.clone(), &words).await;
    let hint = other.facts.iter().find(|fact| fact.starts_with("setup: ")).expect("what to do instead");
    assert!(!hint.contains('#') && hint.contains("fireside user admin"), "{hint}");
    let setup = json!({"code": code, "username": "root", "password": "a long secret"});
    other.anyone().post("/api/server/setup/", &setup).await.refused(403, "permission_denied");

    let root = root_of(&fireside).await;
    let alice = fireside.registers("alice").await;
    let link = root.does(&format!("/api/server/users/{}/reset/", alice.id)).await.is(201).json();
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let home = fireside.home.clone();
    let mut fireside = Fireside::start_in(home.clone(), &words).await;
    let look = json!({"code": link["code"]});
    let new = json!({"code": link["code"], "password": "another secret"});
    fireside.anyone().post("/api/server/reset/look/", &look).await.refused(403, "permission_denied");
    fireside.anyone().post("/api/server/reset/", &new).await.refused(403, "permission_denied");
    let path = format!("/api/server/users/{}/reset/", alice.id);
    root.back_to(&fireside).does(&path).await.refused(403, "permission_denied");
    alice.back_to(&fireside).get("/api/auth/me/").await.is(200);
    // It was the flag that refused.
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let fireside = Fireside::start_in(home, &[]).await;
    fireside.anyone().post("/api/server/reset/", &new).await.is(204);
}
