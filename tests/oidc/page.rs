//! What people see of it in a browser.

use serde_json::json;

use super::certified::Certified;
use super::header::behind_a_proxy;
use super::provider::Provider;
use super::visitor::Visitor;
use super::{everybody, fireside_of, fireside_of_issuer};
use crate::client::browser::{Browser, browser_is_here};
use crate::world::caller::Credential;

/// By the button, and then at the provider, which asks for her consent.
pub async fn grace_signs_in(page: &Browser) {
    page.clicks("a.elsewhere").await;
    page.types("[name=login]", "grace").await;
    page.types("[name=password]", "any").await;
    page.clicks("[type=submit]").await;
    page.until("document.querySelector('[name=prompt][value=consent]')").await;
    page.clicks("[type=submit]").await;
}

#[tokio::test]
async fn people_sign_in_by_the_button_and_link_their_accounts() {
    let Some(_turn) = browser_is_here().await else { return };
    let Some(provider) = Certified::start("RS256", "client_secret_basic") else { return };
    let fireside = fireside_of_issuer(&provider.issuer, &["--oidc-name", "Example ID"]).await;
    let page = Browser::at(&fireside).await;
    page.sees("[name=password]").await;
    grace_signs_in(&page).await;
    page.sees(".app .me").await;
    assert_eq!(page.asks("location.hash").await, "");
    assert_eq!(page.asks("document.cookie").await, "", "the token has taken the session's place");
    assert_eq!(everybody(&fireside).await, ["grace.of.it"]);
    page.reloads().await;
    page.sees(".app .me").await;
    // She has no password, and so keeps the link.
    page.clicks(".app .me").await;
    page.until("[...document.querySelectorAll('dialog button')].some((b) => b.textContent === 'Unlink' && b.disabled)")
        .await;
    page.leaves().await;

    // Alice has an account, and links another to it.
    let alice = fireside.registers("alice").await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.clicks(".app .me").await;
    let has =
        "[...document.querySelectorAll('dialog button')].find((b) => b.textContent.startsWith('Link my Example ID'))";
    hers.until(has).await;
    hers.does(&format!("{has}.click()")).await;
    hers.types("[name=login]", "alice at work").await;
    hers.types("[name=password]", "any").await;
    hers.clicks("[type=submit]").await;
    hers.until("document.querySelector('[name=prompt][value=consent]')").await;
    hers.clicks("[type=submit]").await;
    hers.sees(".app .me").await;
    hers.until("document.querySelector('#toasts')?.textContent.includes('The accounts are linked')").await;
    assert_eq!(alice.get("/api/server/oidc/link/").await.is(200).json()["linked"], true);
    // Signed out, she comes back by the button, as herself; the provider knows her still.
    hers.does("localStorage.clear(); location.reload()").await;
    hers.clicks("a.elsewhere").await;
    hers.until("document.querySelector('[name=prompt][value=consent]')").await;
    hers.clicks("[type=submit]").await;
    hers.sees(".app .me").await;
    assert_eq!(everybody(&fireside).await, ["grace.of.it", "alice"]);
    hers.clicks(".app .me").await;
    hers.until(
        "[...document.querySelectorAll('dialog button')].some((b) => b.textContent === 'Unlink' && !b.disabled)",
    )
    .await;
    hers.leaves().await;
}

#[tokio::test]
async fn cookies_that_a_neighbour_has_planted_sign_nobody_in_as_somebody_else() {
    let Some(_turn) = browser_is_here().await else { return };
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let mut mallory = Visitor::of(&fireside);
    mallory.signs_in().await.is(302);
    let [session, csrf] = ["sessionid", "csrftoken"].map(|name| mallory.cookies[name].clone());
    let page = Browser::at(&fireside).await;
    page.sees("a.elsewhere").await;
    // Of a longer path, it is sent before the server's own.
    let plant = |session: &str, csrf: &str, age: u32| {
        format!(
            "document.cookie = 'sessionid={session}; path=/api; max-age={age}';
             document.cookie = 'csrftoken={csrf}; path=/; max-age={age}'"
        )
    };
    page.does(&plant(&session, &csrf, 600)).await;
    let is_nobody = "document.querySelector('[role=alert]')?.textContent && !localStorage.getItem('fireside.token')";
    for link in ["/#oidc", &format!("/#oidc.0a1b.{csrf}")] {
        page.opens_link(link).await;
        page.until(is_nobody).await;
        page.sees("a.elsewhere").await;
    }
    // Nor where Alice has set out by herself.
    provider.ways().claims = json!({"sub": "alice", "preferred_username": "alice"});
    page.opens_link("/").await;
    page.clicks("a.elsewhere").await;
    page.until(is_nobody).await;
    assert_eq!(everybody(&fireside).await, ["jane", "alice"], "she has come back");
    page.does(&plant("", "", 0)).await;
    page.clicks("a.elsewhere").await;
    page.reads(".app .me", "Jane Doe").await;
    let token = page.asks("localStorage.getItem('fireside.token')").await.as_str().unwrap().to_owned();
    let signed_in = fireside.anyone().showing(Credential::Token(token)).get("/api/auth/me/").await.is(200).json();
    assert_eq!(signed_in["username"], "alice");
    page.leaves().await;
}

#[tokio::test]
async fn the_page_says_in_a_sentence_what_failed_and_has_no_password_where_there_is_none() {
    let Some(_turn) = browser_is_here().await else { return };
    let Some(provider) = Certified::start("RS256", "client_secret_basic") else { return };
    let fireside = fireside_of_issuer(&provider.issuer, &["--password-login", "off", "--registration", "closed"]).await;
    let page = Browser::at(&fireside).await;
    page.sees("a.elsewhere").await;
    page.until("document.querySelectorAll('input').length === 0").await;
    grace_signs_in(&page).await;
    page.until("document.querySelector('[role=alert]')?.textContent.startsWith('You have no account on this server')")
        .await;
    page.sees("a.elsewhere").await;
    for (language, sentence) in [("en", "cannot be reached"), ("ru", "Служба входа недоступна")] {
        page.does(&format!("localStorage.setItem('fireside.language', '{language}')")).await;
        page.opens_link("/login/#oidc-away").await;
        page.until(&format!("document.querySelector('[role=alert]')?.textContent.includes('{sentence}')")).await;
    }
    assert!(everybody(&fireside).await.is_empty());
    page.leaves().await;
}

#[tokio::test]
async fn whoever_a_proxy_has_let_in_sees_their_chats_at_once() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = behind_a_proxy(&["--password-login", "off"]).await;
    let page = Browser::at(&fireside).await;
    page.sees(".signin").await;
    page.until("document.querySelectorAll('input').length === 0").await;
    page.devtools("Network.enable", json!({})).await;
    page.devtools("Network.setExtraHTTPHeaders", json!({"headers": {"Remote-User": "alice"}})).await;
    page.reloads().await;
    page.sees(".app .me").await;
    assert_eq!(everybody(&fireside).await, ["alice"]);
    page.leaves().await;
}

#[tokio::test]
async fn at_one_browser_the_page_is_whose_the_proxy_says_now() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = behind_a_proxy(&[]).await;
    let page = Browser::at(&fireside).await;
    page.devtools("Network.enable", json!({})).await;
    let lets_in = async |headers: serde_json::Value| {
        page.devtools("Network.setExtraHTTPHeaders", json!({"headers": headers})).await;
        page.reloads().await;
    };
    let token = async || page.asks("localStorage.getItem('fireside.token')").await;
    lets_in(json!({"Remote-User": "alice"})).await;
    page.reads(".app .me", "alice").await;
    let hers = token().await;
    page.reloads().await;
    page.reads(".app .me", "alice").await;
    assert_eq!(token().await, hers, "of the same person it is kept");
    lets_in(json!({"Remote-User": "bob"})).await;
    page.reads(".app .me", "bob").await;
    assert_ne!(token().await, hers);
    lets_in(json!({})).await;
    page.sees(".signin [name=password]").await;
    assert_eq!(token().await, json!(null));
    // What one signs in with by oneself is no proxy's word.
    fireside.home.runs(&["user", "passwd", "alice"], "another password\n").await.succeeded();
    page.types("[name=username]", "alice").await;
    page.types("[name=password]", "another password").await;
    page.clicks("[type=submit]").await;
    page.reads(".app .me", "alice").await;
    page.reloads().await;
    page.reads(".app .me", "alice").await;
    page.leaves().await;
}
