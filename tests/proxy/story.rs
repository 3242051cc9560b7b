//! What people do, through nginx and through Caddy, at a host of its own and below a path.

use serde_json::json;

use super::{Place, Proxy, proxies_are_here};
use crate::world::caller::Credential;
use crate::world::{Caller, Fireside, people};

const ME: &str = "/api/auth/me/";
/// More than nginx lets through unless it is told to.
const UPLOAD: usize = 9 * 1024 * 1024;

/// A caller at another address of this machine, so that it can be told from the proxy.
fn far_away(fireside: &Fireside, address: [u8; 4]) -> Caller {
    let client = reqwest::Client::builder().local_address(std::net::IpAddr::from(address)).no_proxy().build().unwrap();
    Caller { client, ..fireside.anyone() }
}

/// Registers, signs in by the page, writes with and without the token against forgery,
/// uploads, talks, reads pages. The server's address is the proxy's by now.
async fn people_use(fireside: &Fireside) {
    people!(fireside: alice, bob);
    let origin = fireside.url.split('/').take(3).collect::<Vec<_>>().join("/");
    let base = fireside.url.strip_prefix(&origin).unwrap().to_owned();

    let sign_in = json!({"username": "alice", "password": alice.password});
    let answer = fireside.anyone().post("/login/", &sign_in).with("Origin", &origin).await.is(200);
    let cookies = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    for cookie in cookies {
        assert!(cookie.contains(&format!("Path={base}/;")), "{cookie}");
        assert!(!cookie.contains("Secure"), "this is plain HTTP: {cookie}");
    }
    fireside
        .anyone()
        .post("/login/", &sign_in)
        .with("Origin", "https://evil.example")
        .await
        .refused(403, "csrf_failed");
    let session = alice.signs_in_by_page().await;
    let bare = alice.showing(Credential::BareCookie(session.clone()));
    assert_eq!(bare.get(ME).await.is(200).json()["id"], alice.id);
    bare.post("/api/rooms/", &json!({"name": "forged"})).await.refused(403, "csrf_failed");
    let page = alice.showing(Credential::Session(session));
    page.post("/api/rooms/", &json!({"name": "own"})).with("Origin", &origin).await.is(201);

    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut hers = alice.handshake_in(&den).with("Origin", &origin).enters().await;
    let mut his = bob.listens_in(&den).await;
    his.says_message("hello through the proxy").await;
    hers.hears_message("hello through the proxy").await;
    let from_page = page.handshake(&den.socket());
    from_page.clone().with("Origin", "https://evil.example").turned_away_with(403).await;
    from_page.with("Origin", &origin).enters().await.hangs_up().await;

    let bytes: Vec<u8> = (0..UPLOAD).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let file = alice.uploads("large.bin", &bytes).await;
    let path = file["url"].as_str().unwrap();
    assert!(path.starts_with(&format!("{base}/api/files/")), "{path}");
    assert!(alice.get(&format!("{origin}{path}")).await.is(200).body == bytes, "the file came back changed");

    for text in ["one", "two"] {
        alice.posts(text).in_room(&den).await;
    }
    let next = alice.get(&format!("{}?page_size=1", den.messages())).await.is(200).json()["next"].clone();
    let next = next.as_str().unwrap();
    assert!(next.starts_with(&format!("{}/api/rooms/", fireside.url)), "{next}");
    assert_eq!(crate::world::contents(&alice.get(next).await.is(200).results()), ["one"]);
}

/// Each client is itself, in the log and for the limits, whatever it claims.
async fn clients_are_told_apart(fireside: &Fireside) {
    let seen = far_away(fireside, [127, 0, 0, 9]).get("/api/server/").with("X-Forwarded-For", "198.51.100.7");
    let seen = seen.with("Forwarded", "for=198.51.100.8;proto=https").with("X-Forwarded-Proto", "https").await.is(200);
    let seen = seen.json()["seen"].clone();
    assert_eq!(seen["address"], "127.0.0.9", "{seen}");
    assert_eq!((&seen["scheme"], &seen["forwarded"]), (&json!("http"), &json!("believed")), "{seen}");
    assert_eq!(seen["host"], fireside.address(), "{seen}");
    let log = fireside.home.log();
    assert!(log.contains("ip=127.0.0.9") && !log.contains("198.51.100"), "{log}");

    let guesses = async |address: [u8; 4]| {
        let guess = json!({"username": "alice", "password": "a wrong guess"});
        far_away(fireside, address)
            .post("/api/auth/login/", &guess)
            .with("X-Forwarded-For", "198.51.100.9")
            .await
            .status
    };
    let mut last = 0;
    for _ in 0..6 {
        last = guesses([127, 0, 0, 9]).await;
    }
    assert_eq!(last, 429, "the sixth guess from one address");
    assert_eq!(guesses([127, 0, 0, 10]).await, 401, "another address has guesses of its own");
}

/// A server that is reached by TCP, behind whatever `front` starts for it.
async fn story(base: &str, front: impl AsyncFn(&str) -> Proxy) {
    let base_path = if base.is_empty() { "/" } else { base };
    let flags = ["--trusted-proxy", "127.0.0.1", "--base-path", base_path];
    let mut fireside = Fireside::start_with(&flags).await;
    let proxy = front(fireside.address()).await;
    fireside.url.clone_from(&proxy.url);
    people_use(&fireside).await;
    let mut strict = Fireside::start_with_limits(&flags).await;
    let proxy = front(strict.address()).await;
    strict.url.clone_from(&proxy.url);
    strict.registers("alice").await;
    clients_are_told_apart(&strict).await;
}

#[tokio::test]
async fn nginx_at_a_host_of_its_own() {
    if proxies_are_here() {
        story("", async |server| Proxy::nginx(Place::Tcp(server), "").await).await;
    }
}

#[tokio::test]
async fn nginx_below_a_path() {
    if proxies_are_here() {
        story("/team/chat", async |server| Proxy::nginx(Place::Tcp(server), "/team/chat").await).await;
    }
}

#[tokio::test]
async fn caddy_at_a_host_of_its_own() {
    if proxies_are_here() {
        story("", async |server| Proxy::caddy(server, "").await).await;
    }
}

#[tokio::test]
async fn caddy_below_a_path() {
    if proxies_are_here() {
        story("/chat", async |server| Proxy::caddy(server, "/chat").await).await;
    }
}

#[tokio::test]
async fn nginx_by_a_unix_socket() {
    if !proxies_are_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("fireside.sock");
    let listen = format!("unix:{}", socket.display());
    for base in ["", "/chat"] {
        let base_path = if base.is_empty() { "/" } else { base };
        let flags = ["--listen", &listen, "--trusted-proxy", "unix", "--base-path", base_path];
        let mut fireside = Fireside::start_with(&flags).await;
        let proxy = Proxy::nginx(Place::Unix(&socket), base).await;
        fireside.url.clone_from(&proxy.url);
        people_use(&fireside).await;
        assert_eq!(fireside.is_asked_to_stop().await, Some(0));
        let mut strict = Fireside::start_with_limits(&flags).await;
        strict.url.clone_from(&proxy.url);
        strict.registers("alice").await;
        clients_are_told_apart(&strict).await;
        assert_eq!(strict.is_asked_to_stop().await, Some(0));
    }
}
