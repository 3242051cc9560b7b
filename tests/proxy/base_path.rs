//! The whole server below a path.

use reqwest::Method;
use serde_json::json;

use crate::world::bytes::{PNG, Part, file};
use crate::world::home::run;
use crate::world::{Caller, Fireside, Home, people};

/// The same host, from its root.
fn at_root(fireside: &Fireside) -> Caller {
    Caller { url: format!("http://{}", fireside.address()), ..fireside.anyone() }
}

#[tokio::test]
async fn everything_is_below_the_path_and_nothing_beside_it() {
    let fireside = Fireside::start_with(&["--base-path", "/team/chat"]).await;
    assert!(fireside.url.ends_with("/team/chat"), "the start says where it is: {}", fireside.url);
    let root = at_root(&fireside);
    for path in
        ["/", "/login/", "/healthz", "/api/server/", "/css/base.css", "/d/rooms/api/server/", "/team", "/team/chatter/"]
    {
        root.get(path).await.refused(404, "not_found");
    }
    root.get("/team/../api/server/").await.refused(404, "not_found");
    root.asks(Method::POST, "/team/chat").await.refused(404, "not_found");
    for path in ["/", "/login", "/login/", "/healthz", "/api/server/", "/css/base.css"] {
        root.get(&format!("/team/chat{path}")).await.is(200);
    }
    root.get("/team/chat/team/chat/").await.refused(404, "not_found");
    let answer = root.get("/team/chat").await.is(308);
    assert_eq!(answer.header("location"), "/team/chat/");
    run(&["health", "--url", &fireside.url], "").await.succeeded();
}

#[tokio::test]
async fn people_talk_and_every_address_leads_back() {
    let fireside = Fireside::start_with(&["--base-path", "/chat/"]).await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut his = bob.listens_in(&den).await;
    let uploaded = alice.uploads("dot.png", PNG).await;
    let wish = json!({"content": "look", "attachments": [uploaded["id"]]});
    alice.post(&den.messages(), &wish).await.is(201);
    let heard = his.hears_message("look").await;
    let address = heard["attachments"][0]["url"].as_str().unwrap();
    assert!(address.starts_with("/chat/api/files/"), "{heard}");
    let root = at_root(&fireside).showing(bob.credential.clone());
    assert_eq!(root.get(address).await.is(200).body, PNG);

    let path = format!("/api/users/{}/", alice.id);
    let picture = Part { field: "avatar", ..file("me.png", "image/png", PNG) };
    let changed = alice.asks(Method::PATCH, &path).parts(&[picture]).await.is(200).json();
    let avatar = changed["avatar_url"].as_str().unwrap();
    assert!(avatar.starts_with("/chat/media/user_images/"), "{avatar}");
    assert_eq!(root.get(avatar).await.is(200).body, PNG);
    let profile = bob.get("/profiles/api/profile/").await.is(200).json();
    let image = profile["profile"]["image"].as_str().unwrap();
    assert_eq!(image, "/chat/media/user_images/default.jpg");
    root.get(image).await.is(200);

    alice.posts("another").in_room(&den).await;
    let page = alice.get(&format!("{}?page_size=1", den.messages())).await.is(200).json();
    let next = page["next"].as_str().unwrap();
    assert!(next.starts_with(&format!("{}/api/rooms/", fireside.url)), "{next}");
    assert_eq!(alice.get(next).await.is(200).results().len(), 1);
}

#[tokio::test]
async fn a_sign_in_stays_below_the_path() {
    let fireside = Fireside::start_with(&["--base-path", "/chat"]).await;
    let alice = fireside.registers("alice").await;
    for (next, expected) in [
        (None, "/chat/"),
        (Some("/chat/rooms/7"), "/chat/rooms/7"),
        (Some("/other"), "/chat/"),
        (Some("/chatter"), "/chat/"),
        (Some("//evil.example/chat/"), "/chat/"),
    ] {
        let mut form = vec![("username", "alice"), ("password", alice.password.as_str())];
        form.extend(next.map(|next| ("next", next)));
        let answer = fireside.anyone().sends_form("/login/", &form).with("Accept", "text/html").await.is(302);
        assert_eq!(answer.header("location"), expected);
        for cookie in answer.headers.get_all("set-cookie") {
            assert!(cookie.to_str().unwrap().contains("; Path=/chat/;"), "{cookie:?}");
        }
    }
    let session = alice.signs_in_by_page().await;
    let page = alice.showing(crate::world::caller::Credential::Session(session));
    let answer = page.does("/logout/").await.is(204);
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
    for cookie in answer.headers.get_all("set-cookie") {
        assert!(cookie.to_str().unwrap().contains("; Path=/chat/; Max-Age=0"), "{cookie:?}");
    }
}

#[tokio::test]
async fn the_page_links_to_its_own_things() {
    let rooted = Fireside::start().await;
    let below = Fireside::start_with(&["--base-path", "/chat"]).await;
    let plain = rooted.anyone().get("/").await.is(200);
    let page = below.anyone().get("/").await.is(200);
    assert!(page.text().contains("\"/chat/js/main.js\"") && !page.text().contains("\"/js/"), "{page}");
    assert_ne!(page.header("etag"), plain.header("etag"), "other bytes, other tag");
    assert_eq!(page.header("content-security-policy"), plain.header("content-security-policy"));
    let known = page.header("etag").to_owned();
    below.anyone().get("/").with("If-None-Match", &known).await.is(304);
    rooted.anyone().get("/").with("If-None-Match", &known).await.is(200);
    let root = at_root(&below);
    for link in page.text().split('"').filter(|part| part.starts_with("/chat/")) {
        root.get(link).await.is(200);
    }
}

#[tokio::test]
async fn a_public_url_and_a_path_belong_together() {
    let flags = ["--base-path", "/chat", "--public-url", "https://Example.org:443/"];
    let fireside = Fireside::start_with(&flags).await;
    let about = fireside.anyone().get("/api/server/").await.is(200);
    assert_eq!(about.json()["url"], "https://example.org/chat");
    assert!(about.has("strict-transport-security"));
    let alice = fireside.registers("alice").await;
    let sign_in = json!({"username": "alice", "password": alice.password});
    let ask = |origin: &str| fireside.anyone().post("/login/", &sign_in).with("Origin", origin);
    ask("https://example.org").await.is(200);
    ask("https://example.org.evil").await.refused(403, "csrf_failed");
    ask("http://example.org").await.refused(403, "csrf_failed");

    let outcome = Home::new().refuses_to_serve(&["--public-url", "https://example.org/chat"]).await;
    assert!(outcome.failed_with(2).stderr.contains("--base-path"), "{outcome:?}");
    for wrong in ["chat", "//chat", "/a/../b", "/a b", "/a?b"] {
        Home::new().refuses_to_serve(&["--base-path", wrong]).await.failed_with(2);
    }
}
