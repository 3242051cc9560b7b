//! `--user-header`: a proxy that knows who asks.

use serde_json::json;

use super::provider::Provider;
use super::visitor::Visitor;
use super::{everybody, fireside_of};
use crate::world::caller::Credential;
use crate::world::{Caller, Fireside, Home, Person};

const ME: &str = "/api/auth/me/";

/// A server that believes what stands in `Remote-User`, from this machine.
pub async fn behind_a_proxy(flags: &[&str]) -> Fireside {
    let words = ["--user-header", "Remote-User", "--trusted-proxy", "127.0.0.1"];
    Fireside::start_with(&[&words[..], flags].concat()).await
}

/// Somebody whose account the operator has made: where a proxy says who asks nobody makes one by a password.
async fn has_account(fireside: &Fireside, name: &str) -> Person {
    let password = format!("correct horse {name}");
    let words = ["user", "create", name, "--email", &format!("{name}@example.com"), "--password-file", "-"];
    fireside.home.runs(&words, &password).await.succeeded();
    let entered = json!({"username": name, "password": password});
    let entered = fireside.anyone().post("/api/auth/login/", &entered).await.is(200).json();
    Person::of(fireside.anyone(), &entered, password)
}

async fn username(caller: &Caller, name: &str) -> String {
    let me = caller.get(ME).with("Remote-User", name).await.is(200).json();
    me["username"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_name_that_a_trusted_proxy_says_is_who_asks() {
    let fireside = behind_a_proxy(&[]).await;
    let alice = has_account(&fireside, "alice").await;
    let anyone = fireside.anyone();
    anyone.get(ME).await.refused(401, "authentication_required");
    for name in ["alice", "ALICE", " alice "] {
        let me = anyone.get(ME).with("Remote-User", name).await.is(200).json();
        assert_eq!(me["id"], alice.id, "{name}");
    }
    // Reads and writes in every dialect.
    for path in ["/messages/api/chats/", "/d/inbox/api/messages/", "/d/directs/api/chats/", "/profiles/api/profile/"] {
        anyone.get(path).with("Remote-User", "alice").await.is(200);
    }
    let room = anyone.post("/api/rooms/", &json!({"name": "den"})).with("Remote-User", "alice").await.is(201).json();
    assert_eq!(room["owner"]["id"], alice.id);
    // One session, however often.
    let sessions = alice.get("/api/server/sessions/").await.is(200).results();
    let named = sessions.iter().filter(|session| session["kind"] == "session").collect::<Vec<_>>();
    assert_eq!(named.len(), 1, "{sessions:?}");
    // One that is ended comes back with the next request: the proxy lets its owner in.
    alice.delete(&format!("/api/server/sessions/{}/", named[0]["id"])).await.is(204);
    assert_eq!(username(&anyone, "alice").await, "alice");
    let server = anyone.get("/api/server/").with("Remote-User", "alice").await.is(200).json();
    assert_eq!((&server["user"]["id"], &server["user"]["is_named_by_proxy"]), (&json!(alice.id), &json!(true)));
    assert_eq!(alice.get("/api/server/").await.is(200).json()["user"]["is_named_by_proxy"], false);
}

#[tokio::test]
async fn an_unknown_name_gets_an_account_once() {
    let fireside = behind_a_proxy(&[]).await;
    let anyone = fireside.anyone();
    has_account(&fireside, "jane").await;
    for (name, made) in [
        ("bob", "bob"),
        ("jane@example.org", "jane-2"),
        ("jane@example.com", "jane-3"),
        ("Jane Doe", "Jane.Doe"),
        ("12345", "user-12345"),
        ("/", "user"),
        ("Ольга", "Ольга"),
    ] {
        for _ in 0..2 {
            assert_eq!(username(&anyone, name).await, made, "{name}");
        }
    }
    // What only looks alike, or folds alike, is somebody else.
    fireside
        .home
        .runs(&["user", "create", "admin", "--admin", "--password-file", "-"], "a long secret\n")
        .await
        .succeeded();
    for name in ["ａdmin", "аdmin", "admın", "admin\u{200b}"] {
        assert_ne!(username(&anyone, name).await, "admin", "{name}");
    }
    assert_eq!(username(&anyone, "Admin").await, "admin");
    // Two that come to one name are two people.
    assert_eq!(username(&anyone, "Jane.Doe@example.org").await, "Jane.Doe-2");
    let fireside = fireside.restarts().await;
    assert_eq!(username(&fireside.anyone(), "JANE@example.org").await, "jane-2");
    let all = everybody(&fireside).await.len();
    // Many first requests at once make one account.
    let mut asking = Vec::new();
    for _ in 0..20 {
        let anyone = fireside.anyone();
        asking.push(tokio::spawn(async move { anyone.get(ME).with("Remote-User", "carol").await.is(200).json() }));
    }
    let mut ids = Vec::new();
    for me in asking {
        ids.push(me.await.unwrap()["id"].as_i64().unwrap());
    }
    ids.dedup();
    assert_eq!((ids.len(), everybody(&fireside).await.len()), (1, all + 1));
}

#[tokio::test]
async fn two_names_of_a_proxy_are_two_people_whoever_comes_first() {
    let fireside = behind_a_proxy(&[]).await;
    let anyone = fireside.anyone();
    for (first, second) in [
        ("ada@example.org", "ada"),
        ("Grace Hopper", "grace.hopper"),
        ("777", "user-777"),
        ("linus", "linus@example.org"),
        ("me/you", "ME.you"),
    ] {
        let (one, other) = (username(&anyone, first).await, username(&anyone, second).await);
        assert_ne!(one.to_lowercase(), other.to_lowercase(), "{first} and {second}");
        assert_eq!((username(&anyone, first).await, username(&anyone, second).await), (one, other));
    }
    // Nor is the name theirs that somebody has chosen at a provider.
    let provider = Provider::start().await;
    let words = ["--user-header", "Remote-User", "--trusted-proxy", "127.0.0.1"];
    let fireside = fireside_of(&provider, &words).await;
    let mut mallory = Visitor::of(&fireside);
    mallory.signs_in().await.is(302);
    assert_eq!(mallory.me().await["username"], "jane");
    assert_eq!(username(&fireside.anyone(), "jane").await, "jane-2");
    assert_eq!(mallory.me().await["username"], "jane");
    // Nor once that one has a password, which tells nothing of the name.
    provider.ways().claims = json!({"sub": "another", "preferred_username": "ceo"});
    Visitor::of(&fireside).signs_in().await.is(302);
    fireside.home.runs(&["user", "passwd", "ceo", "--password-file", "-"], "a long secret\n").await.succeeded();
    assert_eq!(username(&fireside.anyone(), "ceo").await, "ceo-2");
    provider.ways().claims = json!({"sub": "a third", "preferred_username": "cfo"});
    let mut third = Visitor::of(&fireside);
    third.signs_in().await.is(302);
    fireside.home.runs(&["user", "passwd", "cfo", "--password-file", "-"], "a long secret\n").await.succeeded();
    let unlinked = ["user", "link", "cfo", "--issuer", &provider.url, "--remove"];
    fireside.home.runs(&unlinked, "").await.succeeded();
    assert_eq!(username(&fireside.anyone(), "cfo").await, "cfo-2");
    // Of whom it is, the operator says.
    let alice = has_account(&fireside, "alice").await;
    for issuer in [provider.url.as_str(), "proxy"] {
        let words = ["user", "link", "alice", "--issuer", issuer, "--subject", "alice"];
        fireside.home.runs(&words, "").await.succeeded();
    }
    assert_eq!(username(&fireside.anyone(), "Alice").await, "alice");
    assert_eq!(alice.get(ME).await.is(200).json()["username"], "alice");
}

#[tokio::test]
async fn nobody_takes_the_name_of_somebody_whom_the_proxy_has_yet_to_let_in() {
    for flags in [&[][..], &["--registration", "invite"]] {
        let fireside = behind_a_proxy(flags).await;
        let anyone = fireside.anyone();
        assert_eq!(anyone.get("/api/server/").await.is(200).json()["registration"], "closed");
        let new = json!({"username": "victim", "email": "victim@example.org", "password": "a long secret"});
        for path in ["/api/server/register/", "/api/auth/register/", "/c/directs/api/register/"] {
            anyone.post(path, &new).await.is(403);
            anyone.post(path, &new).with("Remote-User", "mallory").await.is(403);
        }
        assert!(!everybody(&fireside).await.contains(&"victim".to_owned()));
    }
    let fireside = behind_a_proxy(&[]).await;
    assert_eq!(username(&fireside.anyone(), "victim").await, "victim");
    fireside.anyone().post("/login/", &json!({"username": "victim", "password": "a long secret"})).await.is(401);
}

#[tokio::test]
async fn strangers_get_none_where_registration_is_not_open_and_the_disabled_stay_out() {
    let fireside = behind_a_proxy(&["--registration", "closed"]).await;
    let anyone = fireside.anyone();
    anyone.get(ME).with("Remote-User", "bob").tried().await.unwrap().refused(403, "permission_denied");
    anyone.get("/api/server/").with("Remote-User", "bob").await.is(200);
    assert!(everybody(&fireside).await.is_empty());
    fireside.home.runs(&["user", "create", "bob", "--password-file", "-"], "a long secret\n").await.succeeded();
    assert_eq!(username(&anyone, "bob").await, "bob");
    fireside.home.runs(&["user", "disable", "bob"], "").await.succeeded();
    anyone.get(ME).with("Remote-User", "bob").tried().await.unwrap().refused(401, "invalid_credentials");
    fireside.home.runs(&["bot", "create", "robot"], "").await.succeeded();
    anyone.get(ME).with("Remote-User", "robot").tried().await.unwrap().refused(403, "permission_denied");
}

#[tokio::test]
async fn a_bot_keeps_nobody_out_who_is_called_alike() {
    let fireside = behind_a_proxy(&["--bots", "open"]).await;
    let anyone = fireside.anyone();
    let bot = anyone.post("/api/server/bots/", &json!({"username": "bob", "display_name": "Bob"}));
    bot.with("Remote-User", "mallory").await.is(201);
    for _ in 0..2 {
        assert_eq!(username(&anyone, "bob").await, "bob-2");
    }
}

#[tokio::test]
async fn no_white_space_makes_one_name_of_two() {
    let fireside = behind_a_proxy(&[]).await;
    let anyone = fireside.anyone();
    let others =
        ["carol\u{a0}", "carol\u{2003}", "\u{3000}carol", "ca\u{a0}rol", "carol\u{85}", "\u{2028}carol", "ca\trol"];
    // Neither before there is a carol, nor afterwards.
    for _ in 0..2 {
        for name in others {
            anyone.get(ME).with("Remote-User", name).tried().await.unwrap().refused(400, "validation_error");
        }
        for name in ["carol", " carol\t", "Carol"] {
            assert_eq!(username(&anyone, name).await, "carol", "{name:?}");
        }
    }
    assert_eq!(everybody(&fireside).await, ["carol"]);
}

#[tokio::test]
async fn a_name_from_anybody_else_is_nothing() {
    let words = ["--user-header", "Remote-User", "--trusted-proxy", "192.0.2.1"];
    let fireside = Fireside::start_with(&words).await;
    has_account(&fireside, "alice").await;
    let anyone = fireside.anyone();
    for name in ["alice", "bob"] {
        let ask = anyone.get(ME).with("Remote-User", name).with("X-Forwarded-For", "192.0.2.1");
        ask.await.refused(401, "authentication_required");
    }
    anyone
        .get(ME)
        .with("Remote-User", "alice")
        .with("Remote-User", "bob")
        .await
        .refused(401, "authentication_required");
    assert_eq!(everybody(&fireside).await, ["alice"]);
    // Without the flag, not from a trusted proxy either.
    let fireside = Fireside::start_with(&["--trusted-proxy", "127.0.0.1"]).await;
    has_account(&fireside, "alice").await;
    fireside.anyone().get(ME).with("Remote-User", "alice").await.refused(401, "authentication_required");
}

#[tokio::test]
async fn two_names_are_none_and_an_authorization_wins() {
    let fireside = behind_a_proxy(&[]).await;
    let (alice, bob) = (has_account(&fireside, "alice").await, has_account(&fireside, "bob").await);
    let anyone = fireside.anyone();
    for path in [ME, "/api/server/", "/d/rooms/api/rooms/"] {
        let twice = anyone.get(path).with("Remote-User", "alice").with("Remote-User", "bob");
        twice.tried().await.unwrap().refused(400, "validation_error");
        anyone.get(path).with("Remote-User", "alice, bob").tried().await.unwrap().refused(400, "validation_error");
        alice
            .get(path)
            .with("Remote-User", "alice")
            .with("Remote-User", "bob")
            .tried()
            .await
            .unwrap()
            .refused(400, "validation_error");
    }
    assert_eq!(alice.get(ME).with("Remote-User", "bob").await.is(200).json()["id"], alice.id);
    alice.get(ME).with("Remote-User", "carol").await.is(200);
    assert_eq!(everybody(&fireside).await, ["alice", "bob"], "nobody was asked about");
    let wrong = anyone.showing(Credential::Token("0".repeat(40)));
    wrong.get(ME).with("Remote-User", "alice").await.refused(401, "authentication_required");
    // An empty one is silence; a cookie beside a name is not asked.
    anyone.get(ME).with("Remote-User", "").await.refused(401, "authentication_required");
    let session = bob.signs_in_by_page().await;
    let browser = anyone.showing(Credential::Session(session));
    assert_eq!(browser.get(ME).await.is(200).json()["id"], bob.id);
    assert_eq!(browser.get(ME).with("Remote-User", "alice").await.is(200).json()["id"], alice.id);
}

#[tokio::test]
async fn a_page_of_another_site_neither_writes_nor_listens() {
    let fireside = behind_a_proxy(&["--cors-origin", "https://friend.example"]).await;
    let alice = has_account(&fireside, "alice").await;
    let den = alice.opens_room("den").await;
    let anyone = fireside.anyone();
    let writes = |headers: &'static [(&'static str, &'static str)]| {
        let mut ask = anyone.post("/api/rooms/", &json!({"name": "den"})).with("Remote-User", "alice");
        for (name, value) in headers {
            ask = ask.with(name, value);
        }
        ask
    };
    for headers in [
        &[("Origin", "https://evil.example")][..],
        &[("Origin", "null")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-origin")],
    ] {
        writes(headers).await.refused(403, "csrf_failed");
    }
    for headers in [
        &[][..],
        &[("Sec-Fetch-Site", "same-origin")],
        &[("Origin", "https://friend.example"), ("Sec-Fetch-Site", "cross-site")],
    ] {
        writes(headers).await.is(201);
    }
    let own = anyone.post("/api/rooms/", &json!({"name": "den"})).with("Remote-User", "alice");
    own.with("Origin", &fireside.url).await.is(201);
    anyone
        .delete("/api/server/sessions/1/")
        .with("Remote-User", "alice")
        .with("Origin", "https://evil.example")
        .await
        .refused(403, "csrf_failed");

    let knock = || anyone.handshake(&den.socket()).with("Remote-User", "alice");
    knock().with("Origin", "https://evil.example").turned_away_with(403).await;
    let mut listener = knock().with("Origin", &fireside.url).enters().await;
    alice.posts("hello").in_room(&den).await;
    listener.hears("chat_message").await;
    knock().enters().await;
    anyone.handshake(&den.socket()).turned_away_with(401).await;
    // What the proxy's word has opened can be closed.
    fireside.home.runs(&["user", "sessions", "alice", "--end"], "").await.succeeded();
    listener.is_closed_with(4401).await;
}

#[tokio::test]
async fn the_flag_needs_a_proxy_and_a_header_of_its_own() {
    let home = Home::new();
    home.refuses_to_serve(&["--user-header", "Remote-User"]).await.failed_with(78);
    let taken = [
        "Authorization",
        "cookie",
        "Host",
        "Origin",
        "Referer",
        "User-Agent",
        "X-Real-IP",
        "X-Forwarded-For",
        "X-Forwarded-Port",
        "Content-Type",
        "Sec-WebSocket-Protocol",
        "Accept-Language",
        "If-None-Match",
        "a b",
        "",
    ];
    for taken in taken {
        let flags = ["--user-header", taken, "--trusted-proxy", "127.0.0.1"];
        let refused = home.refuses_to_serve(&flags).await;
        assert!(refused.code == Some(2) || refused.code == Some(78), "{taken}: {refused:?}");
    }
    let fireside = behind_a_proxy(&["--password-login", "off"]).await;
    assert_eq!(username(&fireside.anyone(), "alice").await, "alice");
    fireside.anyone().post("/login/", &json!({"username": "alice", "password": "a"})).await.is(403);
}
