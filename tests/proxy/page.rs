//! The page in a browser, below a path behind nginx.

use super::{Place, Proxy, proxies_are_here};
use crate::client::talk::{Pair, pair};
use crate::client::{Browser, browser_is_here};
use crate::world::Fireside;
use crate::world::bytes::PNG;

#[tokio::test]
async fn the_page_works_below_a_path() {
    if !proxies_are_here() {
        return;
    }
    let Some(_turn) = browser_is_here().await else { return };
    let mut fireside = Fireside::start_with(&["--trusted-proxy", "127.0.0.1", "--base-path", "/team/chat"]).await;
    let proxy = Proxy::nginx(Place::Tcp(fireside.address()), "/team/chat").await;
    fireside.url.clone_from(&proxy.url);
    let Pair { hers, his, .. } = pair(&fireside).await;
    hers.says("hello from below").await;
    his.reads(".message:not(.mine) .content", "hello from below").await;

    // Files go up and come back.
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("dot.png");
    std::fs::write(&picture, PNG).unwrap();
    hers.picks_file(&picture).await;
    hers.reads(".uploads", "dot.png").await;
    hers.until("!document.querySelector('.uploads progress')").await;
    hers.says("a picture").await;
    his.until("[...document.querySelectorAll('.message img')].some((image) => image.naturalWidth > 0)").await;

    // A call needs the rooms' socket, a style of its own, and the server's helpers.
    hers.presses_button("Video call").await;
    his.presses_button("Answer with video").await;
    hers.sees(".tile[data-state=connected].seen").await;
    his.presses_button("Leave the call").await;

    for page in [&hers, &his] {
        for address in page.loaded().await {
            assert!(address.starts_with(&fireside.url) || address.starts_with("blob:"), "{address}");
        }
    }
    // The way in is a page of its own address, with and without its last slash.
    hers.goes_to("/login/").await;
    hers.sees(".app .me").await;
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn a_call_asks_the_servers_that_the_operator_named() {
    let Some(_turn) = browser_is_here().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "the secret of the north").unwrap();
    let (stun, turn) = ("stun:127.0.0.1:9", "turn:127.0.0.1:9?transport=udp");
    let flags = ["--stun", stun, "--turn-url", turn, "--turn-secret-file", secret.to_str().unwrap()];
    let fireside = Fireside::start_with(&flags).await;
    let Pair { alice, hers, his, .. } = pair(&fireside).await;
    hers.does(
        "window.asked = []; const Real = RTCPeerConnection; \
         window.RTCPeerConnection = function (wish) { asked.push(wish); return new Real(wish); }",
    )
    .await;
    hers.presses_button("Video call").await;
    his.presses_button("Answer with video").await;
    hers.until("asked.length === 1").await;
    let servers = hers.asks("asked[0].iceServers").await;
    assert_eq!((&servers[0]["urls"][0], &servers[1]["urls"][0]), (&stun.into(), &turn.into()), "{servers}");
    let username = servers[1]["username"].as_str().unwrap();
    assert!(username.ends_with(&format!(":{}", alice.id)) && servers[1]["credential"].is_string(), "{servers}");
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn two_servers_of_one_host_keep_out_of_each_others_storage() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start_with(&["--base-path", "/team/chat"]).await;
    let alice = fireside.registers("alice").await;
    // What another, at the root of the host, has kept.
    let page = Browser::at(&fireside).await;
    page.does("localStorage.setItem('fireside.token', 'of another'); localStorage.setItem('fireside.language', 'ru')")
        .await;
    page.reloads().await;
    page.reads("[type=submit]", "Sign in").await;
    page.signs_in(&alice).await;
    page.reloads().await;
    page.sees(".app .me").await;
    assert_eq!(page.asks("localStorage.getItem('fireside.token')").await, "of another");
    page.clicks(".me").await;
    page.presses_button("Sign out").await;
    page.sees("[name=password]").await;
    let left = page.asks("Object.keys(localStorage).filter((name) => name.endsWith('token'))").await;
    assert_eq!(left, serde_json::json!(["fireside.token"]));
    page.leaves().await;
}
