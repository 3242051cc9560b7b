//! Bots: programs with an account of their own, which a token signs in and nothing else does.

use serde_json::{Value, json};

use super::{ME, log, root_of, signs_in};
use crate::world::caller::Credential;
use crate::world::{Caller, Fireside, Person, id};

const BOTS: &str = "/api/server/bots/";

/// A bot of somebody's, as it is answered, and the bot itself.
async fn makes(fireside: &Fireside, maker: &Caller, name: &str) -> (Value, Caller) {
    let made = maker.post(BOTS, &json!({"username": name, "display_name": "The Bot"})).await.is(201).json();
    let token = made["token"].as_str().unwrap().to_owned();
    (made, fireside.anyone().showing(Credential::Token(token)))
}

async fn names(who: &Caller) -> Vec<String> {
    let bots = who.get(BOTS).await.is(200).results();
    bots.iter().map(|bot| bot["username"].as_str().unwrap().to_owned()).collect()
}

async fn opens_with(maker: &Person, member: &Value) -> i64 {
    let body = json!({"chat_type": "group", "title": "den", "member_ids": [id(member)]});
    id(&maker.post("/messages/api/chats/", &body).await.is(201).json())
}

#[tokio::test]
async fn a_bot_is_a_member_like_others_and_everybody_sees_what_it_is() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let (made, bot) = makes(&fireside, &root, "weather").await;
    assert_eq!((&made["is_bot"], &made["display_name"]), (&json!(true), &json!("The Bot")));
    assert_eq!(made["created_by"], json!(root.id));
    assert!(!root.get(BOTS).await.text().contains(made["token"].as_str().unwrap()), "it is shown once");
    assert!(!fireside.home.keeps(made["token"].as_str().unwrap().as_bytes()), "and kept nowhere");
    let den = opens_with(&root, &made).await;
    let messages = format!("/messages/api/chats/{den}/messages/");
    let said = bot.post(&messages, &json!({"content": "rain"})).await.is(201).json();
    assert_eq!(said["sender"]["is_bot"], true);
    let own = root.post(&messages, &json!({"content": "oh"})).await.is(201).json();
    assert_eq!(own["sender"]["is_bot"], false);
    let mut listener = bot.handshake("/messages/ws/").enters().await;
    root.post(&messages, &json!({"content": "thanks"})).await.is(201);
    listener.hears("hello").await;
    listener.hears("new_message").await;
    let members = root.get(&format!("/messages/api/chats/{den}/members/")).await.is(200).results();
    let member = members.iter().find(|member| member["username"] == "weather").unwrap();
    assert_eq!(
        (&member["is_bot"], &member["online"], &member["last_seen"]),
        (&json!(true), &json!(false), &Value::Null)
    );
    assert_eq!(
        root.get("/api/server/status/").await.is(200).json()["users_online"],
        0,
        "it listens, and nobody is there"
    );
}

#[tokio::test]
async fn nothing_but_its_token_signs_a_bot_in() {
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let (made, bot) = makes(&fireside, &root, "weather").await;
    bot.get(ME).await.is(200);
    bot.get("/api/token/").await.refused(403, "permission_denied");
    bot.does("/api/token/rotate/").await.refused(403, "permission_denied");
    bot.post(BOTS, &json!({"username": "another"})).await.refused(403, "permission_denied");
    for password in ["", "weather", "correct horse root"] {
        let body = json!({"username": "weather", "password": password});
        for path in ["/api/auth/login/", "/d/inbox/api/auth/login/", "/login/", "/accounts/api/token/"] {
            let status = fireside.anyone().post(path, &body).await.status;
            assert!([400, 401].contains(&status), "{path} {password:?}: {status}");
        }
    }
    let user = format!("/api/server/users/{}/", id(&made));
    root.does(&format!("{user}reset/")).await.refused(403, "permission_denied");
    root.patch(&user, &json!({"is_admin": true})).await.refused(403, "permission_denied");
    let home = &fireside.home;
    home.runs(&["user", "passwd", "weather", "--password-file", "-"], "a long secret\n").await.failed_with(1);
    signs_in(&fireside, "weather", "a long secret").await.refused(401, "invalid_credentials");
    // Whoever ends all that signs it in makes it no other.
    root.does(&format!("{user}sign-out/")).await.is(204);
    bot.get(ME).await.is(401);
    let sessions = home.runs(&["user", "sessions", "weather", "--json"], "").await;
    assert_eq!(sessions.succeeded().stdout.trim(), "[]");
}

#[tokio::test]
async fn a_program_has_its_own_token_and_not_the_accounts() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let made = fireside.home.runs(&["token", "create", "alice", "--label", "ci"], "").await;
    let program = alice.showing(Credential::Token(made.succeeded().stdout.trim().to_owned()));
    assert_eq!(program.get(ME).await.is(200).json()["id"], alice.id);
    let before = alice.get("/api/token/").await.is(200).json();
    program.get("/api/token/").await.refused(403, "permission_denied");
    program.does("/api/token/rotate/").await.refused(403, "permission_denied");
    assert_eq!(alice.get("/api/token/").await.is(200).json(), before, "and it is as it was");
}

#[tokio::test]
async fn a_bot_ends_by_its_maker_or_an_administrator_alone() {
    let fireside = Fireside::start_with(&["--bots", "open"]).await;
    let root = root_of(&fireside).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (weather, bot) = makes(&fireside, &alice, "weather").await;
    let (news, _) = makes(&fireside, &bob, "news").await;
    assert_eq!((names(&alice).await, names(&bob).await), (vec!["weather".to_owned()], vec!["news".to_owned()]));
    assert_eq!(names(&root).await, ["news", "weather"], "administrators see all");
    let den = opens_with(&alice, &weather).await;
    let mut listener = bot.handshake("/messages/ws/").enters().await;
    let path = format!("{BOTS}{}/", id(&weather));
    bob.delete(&path).await.refused(404, "not_found");
    bot.delete(&path).await.refused(404, "not_found");
    bot.get(ME).await.is(200);
    alice.delete(&path).await.is(204);
    let (_, code) = listener.hears_until_closed().await;
    assert_eq!(code, 4401);
    bot.get(ME).await.is(401);
    alice.delete(&path).await.refused(404, "not_found");
    let members = alice.get(&format!("/messages/api/chats/{den}/members/")).await.is(200).results();
    assert_eq!(members.len(), 1, "{members:?}");
    root.delete(&format!("{BOTS}{}/", id(&news))).await.is(204);
    assert!(names(&root).await.is_empty());
    alice.post(BOTS, &json!({"username": "Weather"})).await.names("username");
    let acts: Vec<_> = log(&root).await.into_iter().map(|(_, act, subject)| (act, subject)).collect();
    assert!(acts.contains(&("bot_deleted".into(), "weather".into())), "{acts:?}");
}

#[tokio::test]
async fn everybody_makes_some_bots_where_the_server_says_so() {
    let closed = Fireside::start().await;
    let carol = closed.registers("carol").await;
    carol.post(BOTS, &json!({"username": "news"})).await.refused(403, "permission_denied");
    let fireside = Fireside::start_with(&["--bots", "open"]).await;
    let alice = fireside.registers("alice").await;
    for number in 0..20 {
        alice.post(BOTS, &json!({"username": format!("bot{number}")})).await.is(201);
    }
    alice.post(BOTS, &json!({"username": "one-too-many"})).await.is(400);
    alice.post(BOTS, &json!({"username": "all"})).await.names("username");
    alice.post(BOTS, &json!({})).await.names("username");
    let part = alice.get(&format!("{BOTS}?limit=15")).await.is(200).json();
    let rest = alice.get(&format!("{BOTS}?limit=15&cursor={}", part["next"].as_str().unwrap())).await.is(200).results();
    assert_eq!(rest.len(), 5);
}

#[tokio::test]
async fn bots_are_made_and_deleted_at_the_command_line() {
    let fireside = Fireside::start().await;
    let home = &fireside.home;
    let made = home.runs(&["bot", "create", "weather", "--display-name", "The Weather"], "").await;
    let token = made.succeeded().stdout.trim().to_owned();
    let bot = fireside.anyone().showing(Credential::Token(token));
    assert_eq!(bot.get(ME).await.is(200).json()["display_name"], "The Weather");
    home.runs(&["bot", "create", "weather"], "").await.failed_with(1);
    let listed: Value =
        serde_json::from_str(&home.runs(&["bot", "list", "--json"], "").await.succeeded().stdout).unwrap();
    assert_eq!((&listed[0]["username"], &listed[0]["created_by"]), (&json!("weather"), &Value::Null));
    home.runs(&["bot", "delete", "weather"], "").await.succeeded();
    bot.get(ME).await.is(401);
    home.runs(&["bot", "delete", "weather"], "").await.failed_with(1);
}
