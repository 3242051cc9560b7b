//! An account that is there, linked to one at the provider: by its owner, or by the command line.

use serde_json::{Value, json};

use super::provider::{Provider, SUBJECT, flags_of};
use super::visitor::Visitor;
use super::{everybody, fireside_of};
use crate::manage::root_of;
use crate::prototyping::Dev;
use crate::world::caller::Credential;
use crate::world::person::cookie;
use crate::world::{Caller, Fireside, Home, Person};

const LINK: &str = "/api/server/oidc/link/";

/// Asks to link, in a browser that keeps the answer's cookie: the way to the provider.
async fn asks_to_link(visitor: &mut Visitor, person: &Caller, body: &Value) -> String {
    let answer = person.post(LINK, body).await.is(200);
    visitor.keeps(&answer);
    answer.json()["url"].as_str().unwrap().to_owned()
}

async fn links(fireside: &Fireside, person: &Person) {
    let mut visitor = Visitor::of(fireside);
    let way = asks_to_link(&mut visitor, person, &json!({})).await;
    let back = visitor.is_sent_back(&way).await;
    let answer = visitor.goes_to(&back).await.is(302);
    assert!(!visitor.cookies.contains_key("sessionid"), "whoever links is signed in already: {answer}");
}

async fn audited(fireside: &Fireside) -> Vec<(String, String, String)> {
    let printed = fireside.home.runs(&["audit", "--json"], "").await;
    let lines: Vec<Value> = serde_json::from_str(&printed.succeeded().stdout).unwrap();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let lines = lines.iter().map(|line| (text(line, "actor"), text(line, "action"), text(line, "subject")));
    lines.filter(|(_, action, _)| action.starts_with("identity_")).collect()
}

fn line(actor: &str, action: &str, subject: &str) -> (String, String, String) {
    (actor.into(), action.into(), subject.into())
}

#[tokio::test]
async fn what_is_new_and_yet_no_sign_in_links_nothing() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let alice = fireside.registers("alice").await;
    let showing = |token: &Value| alice.showing(Credential::Token(token.as_str().unwrap().to_owned()));
    let account = showing(&alice.does("/api/token/rotate/").await.is(200).json()["token"]);
    account.post(LINK, &json!({})).await.refused(403, "permission_denied");
    let program = fireside.home.runs(&["token", "create", "alice", "--label", "ci"], "").await;
    let program = showing(&json!(program.succeeded().stdout.trim()));
    program.post(LINK, &json!({})).await.refused(403, "permission_denied");
    // A session of the provider's makes a token, which unlinks that account and links another.
    links(&fireside, &alice).await;
    let mut browser = Visitor::of(&fireside);
    browser.signs_in().await.is(302);
    let bare = json!({"username": "alice", "password": "", "oauth": "true"});
    let device = showing(&browser.person().post("/api/auth/login/", &bare).await.is(200).json()["token"]);
    device.delete(LINK).await.is(204);
    device.post(LINK, &json!({})).await.refused(403, "permission_denied");
    alice.post(LINK, &json!({})).await.is(200);
}

#[tokio::test]
async fn an_account_is_linked_signed_in_by_and_unlinked() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let alice = fireside.registers("alice").await;
    assert_eq!(alice.get(LINK).await.is(200).json(), json!({"linked": false, "has_password": true}));
    alice.delete(LINK).await.refused(404, "not_found");
    let mut visitor = Visitor::of(&fireside);
    let way = asks_to_link(&mut visitor, &alice, &json!({"next": "/#settings"})).await;
    let back = visitor.is_sent_back(&way).await;
    assert_eq!(visitor.goes_to(&back).await.is(302).header("location"), "/#settings");
    assert_eq!(alice.get(LINK).await.is(200).json(), json!({"linked": true, "has_password": true}));
    alice.post(LINK, &json!({})).await.names("link");

    let mut browser = Visitor::of(&fireside);
    browser.signs_in().await.is(302);
    assert_eq!(browser.me().await["id"], alice.id);
    let bare = json!({"username": "alice", "password": "", "oauth": "true"});
    let device = browser.person().post("/api/auth/login/", &bare).await.is(200).json()["token"].clone();
    let device = fireside.anyone().showing(Credential::Token(device.as_str().unwrap().to_owned()));
    device.get("/api/auth/me/").await.is(200);
    let second = browser.person().post("/login/", &bare).await.is(200);
    let second = format!("sessionid={}", cookie(&second, "sessionid"));
    let opened = fireside.anyone();
    opened.get("/api/auth/me/").with("Cookie", &second).await.is(200);
    let token = browser.person().get("/api/token/").await.is(200).json()["token"].clone();
    let token = fireside.anyone().showing(Credential::Token(token.as_str().unwrap().to_owned()));
    token.get("/api/auth/me/").await.is(200);

    let root = root_of(&fireside).await;
    let linked_to = async || {
        let users = root.get("/api/server/users/").await.is(200).results();
        users.iter().map(|user| user["linked_to"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(linked_to().await, [json!([provider.url]), json!([])]);

    // What the provider has opened ends with the link, but for what asks; the rest stays.
    browser.person().delete(LINK).await.is(204);
    browser.person().get("/api/auth/me/").await.is(200);
    device.get("/api/auth/me/").await.is(401);
    opened.get("/api/auth/me/").with("Cookie", &second).await.is(401);
    token.get("/api/auth/me/").await.is(401);
    alice.get("/api/auth/me/").await.is(200);
    browser.person().post("/api/auth/login/", &bare).await.refused(401, "invalid_credentials");
    assert_eq!(alice.get(LINK).await.is(200).json()["linked"], false);
    assert_eq!(linked_to().await, [json!([]), json!([])]);
    let mut stranger = Visitor::of(&fireside);
    stranger.signs_in().await.is(302);
    assert_ne!(stranger.me().await["id"], alice.id, "it is nobody's here, and so somebody new");
    assert_eq!(
        audited(&fireside).await,
        [
            line("jane", "identity_linked", "jane"),
            line("alice", "identity_unlinked", "alice"),
            line("alice", "identity_linked", "alice"),
        ]
    );
}

#[tokio::test]
async fn without_a_password_nothing_is_unlinked() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let mut visitor = Visitor::of(&fireside);
    visitor.signs_in().await.is(302);
    let jane = visitor.person();
    assert_eq!(jane.get(LINK).await.is(200).json(), json!({"linked": true, "has_password": false}));
    jane.delete(LINK).await.refused(403, "permission_denied");
    fireside.home.runs(&["user", "passwd", "jane", "--password-file", "-"], "a long secret\n").await.succeeded();
    visitor.signs_in().await.is(302);
    let jane = visitor.person();
    assert_eq!(jane.get(LINK).await.is(200).json(), json!({"linked": true, "has_password": true}));
    jane.delete(LINK).await.is(204);
    fireside.anyone().post("/api/auth/login/", &json!({"username": "jane", "password": "a long secret"})).await.is(200);
}

#[tokio::test]
async fn nobody_links_what_is_not_theirs() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    links(&fireside, &alice).await;
    // The account there is alice's.
    let mut visitor = Visitor::of(&fireside);
    let way = asks_to_link(&mut visitor, &bob, &json!({})).await;
    let back = visitor.is_sent_back(&way).await;
    let refused = visitor.goes_to(&back).await.refused(400, "validation_error");
    assert!(!refused.has("set-cookie"), "{refused}");
    assert_eq!(bob.get(LINK).await.is(200).json()["linked"], false);
    // A way that bob was given leads nowhere in a browser that is not his.
    provider.ways().claims = json!({"sub": "bobs"});
    let way = asks_to_link(&mut Visitor::of(&fireside), &bob, &json!({})).await;
    let victim = Visitor::of(&fireside);
    let back = victim.is_sent_back(&way).await;
    Visitor::of(&fireside).goes_to(&back).await.refused(400, "validation_error");
    assert_eq!(bob.get(LINK).await.is(200).json()["linked"], false);
    // Nor where he has signed out meanwhile.
    let device = bob.signs_in_again().await;
    let mut visitor = Visitor::of(&fireside);
    let way = asks_to_link(&mut visitor, &device, &json!({})).await;
    let back = visitor.is_sent_back(&way).await;
    device.does("/api/auth/logout/").await.is(204);
    visitor.goes_to(&back).await.refused(400, "validation_error");
    assert_eq!(bob.get(LINK).await.is(200).json()["linked"], false);
    links(&fireside, &bob).await;
    assert_eq!(bob.get(LINK).await.is(200).json()["linked"], true);
    assert_eq!(everybody(&fireside).await, ["alice", "bob"]);
}

#[tokio::test]
async fn whoever_signed_in_long_ago_signs_in_again_to_link_and_unlink() {
    let (provider, home) = (Provider::start().await, Home::new());
    let words = flags_of(&provider.url, &home);
    let dev = Dev::start(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let alice = dev.caller("alice");
    alice.post(LINK, &json!({})).await.is(200);
    dev.post("/_dev/clock/", &json!({"advance": "14min"})).await.is(200);
    alice.post(LINK, &json!({})).await.is(200);
    alice.delete(LINK).await.refused(404, "not_found");
    dev.post("/_dev/clock/", &json!({"advance": "2min"})).await.is(200);
    let late = [alice.post(LINK, &json!({})).await, alice.delete(LINK).await];
    for answer in late {
        let refused = answer.refused(403, "permission_denied");
        assert!(refused.json()["message"].as_str().unwrap().contains("Sign in again"), "{refused}");
    }
    alice.get(LINK).await.is(200);
}

#[tokio::test]
async fn over_plain_http_nobody_is_linked_by_an_attempt_that_was_planted() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let mallory = fireside.registers("mallory").await;
    let refused = mallory.post(LINK, &json!({})).with("Host", "chat.example.org").await;
    let refused = refused.refused(400, "validation_error");
    assert!(refused.json()["message"].as_str().unwrap().contains("HTTPS"), "{refused}");
    // Begun by another name for the server, and planted where the victim is.
    let mut victim = Visitor::of(&fireside);
    let way = asks_to_link(&mut victim, &mallory, &json!({})).await;
    let back = victim.is_sent_back(&way).await;
    let cookie = format!("oidc={}", victim.cookies["oidc"]);
    let answer = fireside.anyone().get(&back).with("Cookie", &cookie).with("Host", "chat.example.org").await;
    answer.refused(400, "validation_error");
    assert_eq!(mallory.get(LINK).await.is(200).json()["linked"], false);
    links(&fireside, &mallory).await;
}

#[tokio::test]
async fn linking_is_a_write_that_no_other_page_makes() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let alice = fireside.registers("alice").await;
    let session = alice.signs_in_by_page().await;
    let forged = fireside.anyone().showing(Credential::BareCookie(session.clone()));
    forged.post(LINK, &json!({})).await.refused(403, "csrf_failed");
    forged.delete(LINK).await.refused(403, "csrf_failed");
    let foreign = fireside.anyone().showing(Credential::Session(session.clone()));
    foreign.post(LINK, &json!({})).with("Origin", "https://evil.example").await.refused(403, "csrf_failed");
    fireside.anyone().post(LINK, &json!({})).await.refused(401, "authentication_required");
    fireside.anyone().showing(Credential::Session(session)).post(LINK, &json!({})).await.is(200);
}

#[tokio::test]
async fn the_command_line_links_and_unlinks() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let alice = fireside.registers("alice").await;
    fireside.registers("bob").await;
    let link = |name: &'static str, subject: &'static str| {
        let (home, issuer) = (fireside.home.clone(), provider.url.clone());
        async move { home.runs(&["user", "link", name, "--issuer", &issuer, "--subject", subject], "").await }
    };
    link("alice", SUBJECT).await.succeeded();
    link("alice", SUBJECT).await.succeeded();
    let mut visitor = Visitor::of(&fireside);
    visitor.signs_in().await.is(302);
    assert_eq!(visitor.me().await["id"], alice.id);
    for (name, subject) in [("bob", SUBJECT), ("alice", "another"), ("nobody", "another"), ("bob", "")] {
        let refused = link(name, subject).await;
        assert!(refused.code != Some(0) && !refused.stderr.trim().is_empty(), "{name} {subject}: {refused:?}");
    }
    let words = ["user", "link", "bob", "--issuer", "example.org", "--subject", "a"];
    assert_ne!(fireside.home.runs(&words, "").await.code, Some(0));
    let words = ["user", "link", "alice", "--issuer", &provider.url, "--remove"];
    fireside.home.runs(&words, "").await.succeeded();
    visitor.person().get("/api/auth/me/").await.is(401);
    assert_ne!(fireside.home.runs(&words, "").await.code, Some(0), "there is none");
    let lines = [line("command line", "identity_unlinked", "alice"), line("command line", "identity_linked", "alice")];
    assert_eq!(audited(&fireside).await, lines);
}

#[tokio::test]
async fn what_the_provider_has_opened_ends_with_the_link_after_a_move_too() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let alice = fireside.registers("alice").await;
    links(&fireside, &alice).await;
    let mut browser = Visitor::of(&fireside);
    browser.signs_in().await.is(302);
    let bare = json!({"username": "alice", "password": "", "oauth": "true"});
    let device = browser.person().post("/api/auth/login/", &bare).await.is(200).json()["token"].clone();
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("export.tar");
    let export = export.to_str().unwrap();
    fireside.home.runs(&["export", export, "--with-secrets"], "").await.succeeded();
    let home = Home::new();
    home.runs(&["import", export], "").await.succeeded();
    let flags = provider.flags(&home);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let other = Fireside::start_in(home, &flags).await;
    let device = other.anyone().showing(Credential::Token(device.as_str().unwrap().to_owned()));
    let alice = alice.back_to(&other);
    device.get("/api/auth/me/").await.is(200);
    device.post(LINK, &json!({})).await.refused(403, "permission_denied");
    let words = ["user", "link", "alice", "--issuer", &provider.url, "--remove"];
    other.home.runs(&words, "").await.succeeded();
    device.get("/api/auth/me/").await.is(401);
    alice.get("/api/auth/me/").await.is(200);
}

#[tokio::test]
async fn exports_imports_and_backups_have_the_links() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let alice = fireside.registers("alice").await;
    links(&fireside, &alice).await;
    let folder = tempfile::tempdir().unwrap();
    let (export, backup) = (folder.path().join("export.tar"), folder.path().join("backup.tar"));
    let (export, backup) = (export.to_str().unwrap(), backup.to_str().unwrap());
    fireside.home.runs(&["export", export], "").await.succeeded();
    fireside.home.runs(&["backup", backup], "").await.succeeded();
    for words in [["import", export], ["restore", backup]] {
        let home = Home::new();
        home.runs(&words, "").await.succeeded();
        let flags = provider.flags(&home);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let other = Fireside::start_in(home, &flags).await;
        let mut visitor = Visitor::of(&other);
        visitor.signs_in().await.is(302);
        assert_eq!(visitor.me().await["username"], "alice", "{words:?}");
        assert_eq!(everybody(&other).await, ["alice"], "{words:?}");
    }
}
