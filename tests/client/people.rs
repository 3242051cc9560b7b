//! Friends, posts, and oneself.

use super::{Browser, browser_is_here};
use crate::world::Fireside;

#[tokio::test]
async fn a_friend_is_made_and_a_post_is_written() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.presses_button("People and posts").await;
    hers.types("dialog [type=search]", "bob").await;
    hers.clicks("dialog .person-open").await;
    hers.presses_button("Add as a friend").await;
    hers.reads("dialog button", "Remove from friends").await;
    let profile = bob.get("/profiles/api/profile/").await.is(200).json();
    assert_eq!(profile["profile"]["friends"], serde_json::json!([alice.id]), "{profile}");
    hers.does("[...document.querySelectorAll('dialog')].at(-1).close()").await;
    hers.types("dialog [name=title]", "Seed swap").await;
    hers.types("dialog [name=content]", "Saturday at ten").await;
    hers.presses_button("Publish").await;
    hers.reads(".post", "Saturday at ten").await;
    hers.leaves().await;
}

#[tokio::test]
async fn a_changed_name_is_kept_and_signing_out_ends_the_token() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let hers = Browser::of(&fireside, &alice).await;
    let token = hers.asks("localStorage.getItem('fireside.token')").await;
    hers.clicks(".me").await;
    hers.types("dialog [name=display_name]", " Weber").await;
    hers.presses_button("Save").await;
    hers.reads(".me", "alice Weber").await;
    hers.presses_button("Sign out").await;
    hers.sees("[name=password]").await;
    let path = "/api/auth/me/";
    let showing = crate::world::caller::Credential::Token(token.as_str().unwrap().to_owned());
    alice.showing(showing).get(path).await.is(401);
    hers.leaves().await;
}
