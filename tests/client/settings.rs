//! Oneself: picture, password, token, and every device at once.

use serde_json::json;

use super::{Browser, browser_is_here};
use crate::world::Fireside;
use crate::world::bytes::PNG;
use crate::world::caller::Credential;

#[tokio::test]
async fn a_new_picture_is_seen_by_others() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let hers = Browser::of(&fireside, &alice).await;
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("me.png");
    std::fs::write(&picture, PNG).unwrap();
    hers.clicks(".me").await;
    hers.hands_file("dialog [type=file]", &picture).await;
    hers.until("document.querySelector('.me .avatar img')?.naturalWidth === 1").await;
    let seen = bob.get(&format!("/api/users/{}/", alice.id)).await.is(200).json();
    let url = seen["avatar_url"].as_str().expect("a picture").to_owned();
    assert_eq!(fireside.anyone().get(&url).await.is(200).body, PNG);
    // What is no picture is refused in words, and changes nothing.
    let words = folder.path().join("me.txt");
    std::fs::write(&words, "words").unwrap();
    hers.hands_file("dialog [type=file]", &words).await;
    hers.sees("#toasts p").await;
    assert_eq!(bob.get(&format!("/api/users/{}/", alice.id)).await.json()["avatar_url"], json!(url));
    hers.leaves().await;
}

#[tokio::test]
async fn a_changed_password_signs_the_other_devices_out() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let hers = Browser::of(&fireside, &alice).await;
    let elsewhere = Browser::of(&fireside, &alice).await;
    hers.clicks(".me").await;
    hers.presses_button("Change password").await;
    hers.reads("dialog [data-field=old_password]", "Please fill this in.").await;
    hers.types("dialog [name=old_password]", "not this one").await;
    hers.types("dialog [name=new_password]", "a new long password").await;
    hers.presses_button("Change password").await;
    hers.sees("dialog [name=old_password][aria-invalid=true]").await;
    hers.does("document.querySelector('[name=old_password]').value = ''").await;
    hers.types("dialog [name=old_password]", &alice.password).await;
    hers.presses_button("Change password").await;
    hers.reads("#toasts", "Your password has been changed").await;
    elsewhere.sees("[name=password]").await;
    elsewhere.reads("[role=alert]", "session has ended").await;
    hers.sees(".app .me").await;
    let login = |password: &str| json!({"username": "alice", "password": password});
    fireside.anyone().post("/api/auth/login/", &login(&alice.password)).await.is(401);
    fireside.anyone().post("/api/auth/login/", &login("a new long password")).await.is(200);
    hers.leaves().await;
    elsewhere.leaves().await;
}

#[tokio::test]
async fn the_token_is_shown_works_and_is_replaced() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.clicks(".me").await;
    hers.presses_button("Show token").await;
    hers.sees("dialog .secret code").await;
    let shown = "document.querySelector('dialog .secret code').textContent";
    let first = hers.asks(shown).await.as_str().unwrap().to_owned();
    let line = hers.asks("document.querySelectorAll('dialog .secret code')[1].textContent").await;
    assert!(line.as_str().unwrap().starts_with("curl -H 'Authorization: Token "), "{line}");
    let with = |token: &str| fireside.anyone().showing(Credential::Token(token.to_owned()));
    with(&first).get("/api/auth/me/").await.is(200);
    hers.presses_button("Create a new token").await;
    hers.clicks("dialog:last-of-type .danger").await;
    hers.until(&format!("{shown} !== {}", json!(first))).await;
    let second = hers.asks(shown).await.as_str().unwrap().to_owned();
    with(&first).get("/api/auth/me/").await.is(401);
    with(&second).get("/api/auth/me/").await.is(200);
    hers.leaves().await;
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_browser() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let hers = Browser::of(&fireside, &alice).await;
    let elsewhere = Browser::of(&fireside, &alice).await;
    hers.clicks(".me").await;
    hers.presses_button("Sign out everywhere").await;
    hers.clicks("dialog:last-of-type .danger").await;
    for page in [&hers, &elsewhere] {
        page.sees("[name=password]").await;
        assert_eq!(page.asks("localStorage.getItem('fireside.token')").await, json!(null));
    }
    alice.get("/api/auth/me/").await.is(401);
    hers.leaves().await;
    elsewhere.leaves().await;
}
