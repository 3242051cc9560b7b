//! A second factor that is required of somebody who has no password.

use serde_json::json;

use super::certified::Certified;
use super::page::grace_signs_in;
use super::provider::Provider;
use super::visitor::Visitor;
use super::{fireside_of, fireside_of_issuer};
use crate::client::browser::{Browser, browser_is_here};
use crate::manage::root_of;
use crate::world::totp::App;

const FACTOR: &str = "/api/server/second-factor/";
const CHATS: &str = "/api/rooms/";
const REQUIRED: &str = "second_factor_required";

#[tokio::test]
async fn whoever_has_no_password_sets_one_up_without() {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &["--require-second-factor", "all"]).await;
    let root = root_of(&fireside).await.turns_on_second_factor().await.person;
    let mut visitor = Visitor::of(&fireside);
    visitor.signs_in().await.is(302);
    let jane = visitor.person();
    jane.get(CHATS).await.refused(403, REQUIRED);
    let blank = json!({"password": ""});
    let started = jane.post(&format!("{FACTOR}start/"), &blank).await.is(200).json();
    let app = App::of(started["secret"].as_str().unwrap());
    jane.get(CHATS).await.refused(403, REQUIRED);
    jane.post(&format!("{FACTOR}confirm/"), &json!({"otp": app.code(0)})).await.is(200);
    jane.get(CHATS).await.is(200);
    // The provider signs her in as before.
    let mut again = Visitor::of(&fireside);
    again.signs_in().await.is(302);
    again.person().get(CHATS).await.is(200);
    // Whoever has a password shows it.
    let alice = fireside.registers("alice").await;
    alice.post(&format!("{FACTOR}start/"), &blank).await.is(400);
    alice.get(FACTOR).await.is(200);

    // It guards the password that a link sets, and that password guards it.
    let id = again.me().await["id"].clone();
    let link = root.does(&format!("/api/server/users/{id}/reset/")).await.is(201).json();
    let new = json!({"code": link["code"], "password": "a long secret"});
    fireside.anyone().post("/api/server/reset/", &new).await.is(204);
    let mut body = json!({"username": "jane", "password": "a long secret"});
    fireside.anyone().post("/login/", &body).await.refused(401, REQUIRED);
    body["otp"] = json!(app.code(1));
    fireside.anyone().post("/login/", &body).await.is(200);
    let mut visitor = Visitor::of(&fireside);
    visitor.signs_in().await.is(302);
    visitor.person().post(&format!("{FACTOR}end/"), &blank).await.is(400);
    visitor.person().post(&format!("{FACTOR}end/"), &json!({"password": "a long secret"})).await.is(204);
    visitor.person().get(CHATS).await.refused(403, REQUIRED);
}

#[tokio::test]
async fn the_page_takes_an_empty_password_from_them() {
    let Some(_turn) = browser_is_here().await else { return };
    let Some(provider) = Certified::start("RS256", "client_secret_basic") else { return };
    let fireside = fireside_of_issuer(&provider.issuer, &["--require-second-factor", "all"]).await;
    let page = Browser::at(&fireside).await;
    grace_signs_in(&page).await;
    page.reads("main.signin", "This server asks you for a second factor.").await;
    page.presses_button("Continue").await;
    page.until("document.querySelector('.secret code')").await;
    let secret = page.asks("document.querySelector('.secret code').textContent").await;
    let app = App::of(&secret.as_str().unwrap().replace(' ', ""));
    page.types("[name=otp]", &app.code(0)).await;
    page.presses_button("Turn on").await;
    page.presses_button("I have saved them").await;
    page.sees(".app .me").await;
    page.leaves().await;
}
