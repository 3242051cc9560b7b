//! Once through everything that is documented: each operation succeeds, and its answer is
//! as its document has it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use reqwest::Method;
use serde_json::{Value, json};

use super::heads;
use crate::manage::setup_code;
use crate::oidc::fireside_of;
use crate::oidc::provider::{Provider, SUBJECT};
use crate::oidc::visitor::{CALLBACK, Visitor};
use crate::push::new_device;
use crate::world::bytes::{PNG, file};
use crate::world::document::{operations, place_of};
use crate::world::totp::App;
use crate::world::{Answer, Fireside, Person, id, people};

/// Someone who notes which operations succeeded.
struct Walker<'a> {
    person: &'a Person,
    done: BTreeSet<(String, String)>,
    /// Those whose answers had a credential in them.
    secret: BTreeSet<(String, String)>,
    operations: BTreeMap<(String, String), Value>,
}

/// An answer as it was before it was made smaller.
fn whole(answer: Answer) -> Answer {
    if answer.headers.get("content-encoding").is_none_or(|coding| coding != "gzip") {
        return answer;
    }
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(answer.body.as_slice()).read_to_end(&mut body).expect("gzip");
    Answer { body, ..answer }
}

impl Walker<'_> {
    async fn does(&mut self, method: &str, path: &str, body: Value) -> Answer {
        let method: Method = method.parse().unwrap();
        let ask = self.person.asks(method.clone(), path).with("Accept-Encoding", "gzip, br");
        let answer = if body.is_null() { ask.await } else { ask.json(&body).await };
        assert!(answer.status < 300, "{answer}");
        let place = place_of(&method, path);
        let operation = &self.operations[&place];
        let answer = whole(answer);
        if heads::check(operation, method.as_str(), &answer) {
            self.secret.insert(place.clone());
        }
        self.done.insert(place);
        answer
    }

    async fn gets(&mut self, path: &str) -> Value {
        self.does("GET", path, Value::Null).await.json()
    }

    async fn posts(&mut self, path: &str, body: Value) -> Value {
        let answer = self.does("POST", path, body).await;
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }
}

#[tokio::test]
async fn every_operation_succeeds_as_documented() {
    let pushes = ["--push", "on", "--push-contact", "mailto:ann@example.org", "--push-allow", "127.0.0.1"];
    let hooks = ["--hook-allow", "127.0.0.1"];
    let fireside = Fireside::start_with_limits(&[&heads::LIMITS, pushes.as_slice(), &hooks].concat()).await;
    people!(fireside: alice, bob);
    let operations = operations().into_iter().map(|(path, method, operation)| ((method, path), operation));
    let (done, secret) = (BTreeSet::new(), BTreeSet::new());
    let mut walker = Walker { person: &alice, done, secret, operations: operations.collect() };
    server(&mut walker).await;
    rooms(&mut walker, &bob).await;
    inbox_and_directs(&mut walker, &bob).await;
    messaging(&mut walker, &bob).await;
    messenger(&mut walker).await;
    manage(&mut walker, &fireside).await;
    closes(&mut walker).await;
    elsewhere(&mut walker).await;
    let all = walker.operations.iter().filter(|(_, operation)| operation.get("x-websocket").is_none());
    let missed: Vec<_> = all.map(|(place, _)| place).filter(|place| !walker.done.contains(place)).collect();
    assert!(missed.is_empty(), "never succeeded: {missed:?}");
    // Some that give a credential, so that those checks saw what they are for.
    for (method, path) in [
        ("POST", "/api/auth/register/"),
        ("POST", "/api/auth/login/"),
        ("GET", "/api/token/"),
        ("POST", "/api/token/rotate/"),
        ("GET", "/messages/api/chats/{chat_id}/invite/"),
        ("POST", "/messages/api/chats/{chat_id}/hooks/"),
        ("POST", "/accounts/api/token/refresh/"),
        ("POST", "/api/server/bots/"),
        ("POST", "/api/server/invites/"),
        ("GET", "/api/csrf-token/"),
        ("POST", "/login/"),
    ] {
        assert!(walker.secret.contains(&(method.to_owned(), path.to_owned())), "no credential from {method} {path}");
    }
}

async fn server(walker: &mut Walker<'_>) {
    for path in [
        "/api/server/",
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/api/schema/",
        "/d/inbox/openapi.json",
        "/c/inbox/openapi.json",
    ] {
        walker.gets(path).await;
    }
}

async fn rooms(walker: &mut Walker<'_>, bob: &Person) {
    let new = json!({"username": "carol", "email": "carol@example.com", "password": "correct horse carol"});
    walker.posts("/api/auth/register/", new).await;
    let who = json!({"username": "carol", "password": "correct horse carol"});
    walker.posts("/api/auth/login/", who).await;
    walker.gets("/api/auth/me/").await;
    walker.gets("/api/users/?page_size=1").await;
    walker.gets(&format!("/api/users/{}/", bob.id)).await;
    let alice = walker.person;
    let den = id(&walker.posts("/api/rooms/", json!({"name": "den", "max_participants": 9})).await);
    walker.gets("/api/rooms/").await;
    walker.gets(&format!("/api/rooms/{den}/")).await;
    walker.does("PATCH", &format!("/api/rooms/{den}/"), json!({"description": "warm"})).await;
    walker.gets(&format!("/api/rooms/{den}/participants/")).await;
    let answer = alice.sends_parts("/api/files/upload/", &[file("cat.png", "image/png", PNG)]).await.is(201);
    walker.done.insert(place_of(&Method::POST, "/api/files/upload/"));
    let cat = id(&answer.json());
    walker.gets(&format!("/api/files/{cat}/")).await;
    walker.does("GET", &format!("/api/files/{cat}/download/"), Value::Null).await;
    walker.does("GET", &format!("/api/files/{cat}/preview/?size=64"), Value::Null).await;
    let messages = format!("/api/rooms/{den}/messages/");
    let message = id(&walker.posts(&messages, json!({"content": "look", "attachments": [cat]})).await);
    walker.gets(&messages).await;
    walker.gets(&format!("/api/messages/{message}/")).await;
    walker.does("DELETE", &format!("/api/messages/{message}/"), Value::Null).await;
    let face = id(&alice.uploads("face.png", PNG).await);
    let me = walker.does("PATCH", &format!("/api/users/{}/", alice.id), json!({"bio": "hi", "avatar": face})).await;
    walker.does("GET", me.json()["avatar_url"].as_str().unwrap(), Value::Null).await;
    let hall = bob.opens_room("hall").await;
    walker.posts(&hall.join(), Value::Null).await;
    walker.posts(&hall.leave(), Value::Null).await;
    walker.does("DELETE", &format!("/api/rooms/{den}/"), Value::Null).await;
}

async fn inbox_and_directs(walker: &mut Walker<'_>, bob: &Person) {
    walker.gets("/api/token/").await;
    walker.posts("/api/token/rotate/", Value::Null).await;
    let message = json!({"receiver": bob.id.to_string(), "content": "hi", "client_id": "k"});
    let sent = id(&walker.posts("/api/messages/", message).await);
    walker.gets("/api/messages/?user=bob").await;
    walker.posts(&format!("/api/messages/{sent}/update_message/"), json!({"content": "ho"})).await;
    walker.does("DELETE", &format!("/api/messages/{sent}/delete_message/"), Value::Null).await;
    walker.gets("/api/users/").await;
    walker.posts("/api/chats/create/", json!({"user_id": bob.id})).await;
    walker.gets("/api/chats/").await;
    walker.posts("/api/register/", json!({"username": "harry", "password": "correct horse harry"})).await;
    for path in ["/api/user/", "/api/csrf-token/", "/chat/get-users/", "/chat/get-chats/"] {
        walker.gets(path).await;
    }
    walker.posts("/chat/create-chat/", json!({"user_id": bob.id})).await;
}

async fn messaging(walker: &mut Walker<'_>, bob: &Person) {
    // Its body has no end.
    walker.person.asks(Method::HEAD, "/messages/api/events/").await.is(200);
    walker.done.insert(place_of(&Method::GET, "/messages/api/events/"));
    let chats = "/messages/api/chats/";
    let chat = id(&walker.posts(chats, json!({"chat_type": "group", "title": "den"})).await);
    let chat = format!("{chats}{chat}/");
    walker.posts(&format!("{chat}members/add/"), json!({"user_ids": [bob.id]})).await;
    walker.gets(chats).await;
    walker.gets(&chat).await;
    walker.does("PUT", &chat, json!({"title": "lair"})).await;
    walker.does("PATCH", &chat, json!({"title": "den"})).await;
    let said = id(&walker.posts(&format!("{chat}messages/"), json!({"content": "hi"})).await);
    walker.gets(&format!("{chat}messages/?before=99999")).await;
    walker.posts(&format!("{chat}mark-as-read/"), json!({})).await;
    walker.posts(&format!("{chat}mark-as-unread/"), json!({"message_id": said})).await;
    walker.gets(&format!("{chat}members/?q=bob&limit=1")).await;
    walker.gets(&format!("{chat}log/")).await;
    walker.does("PATCH", &format!("{chat}members/{}/", bob.id), json!({"role": "admin"})).await;
    let invite = walker.posts(&format!("{chat}invite/"), json!({"uses": 2, "expires": 3600})).await;
    walker.gets(&format!("{chat}invite/")).await;
    let code = invite["code"].as_str().unwrap();
    walker.posts(&format!("/messages/api/join/{code}/"), Value::Null).await;
    walker.does("DELETE", &format!("{chat}invite/{code}/"), Value::Null).await;
    hooks(walker, &chat).await;
    let pin = format!("/messages/api/messages/{said}/pin/");
    walker.posts(&pin, Value::Null).await;
    walker.gets(&format!("{chat}pins/")).await;
    walker.does("DELETE", &pin, Value::Null).await;
    walker.posts(&format!("{chat}typing/"), json!({"is_typing": true})).await;
    for until in [json!("2999-01-01T00:00:00+01:00"), json!("forever"), Value::Null] {
        let notify = json!({"level": "mentions", "muted_until": until});
        walker.does("PATCH", &format!("{chat}notify/"), notify).await;
    }
    walker.gets("/messages/api/mentions/?limit=1").await;
    let quiet = json!({"from": "22:00", "to": "07:00", "zone": "UTC"});
    walker.does("PATCH", "/messages/api/notify/", json!({"quiet": quiet, "preview": false})).await;
    walker.gets("/messages/api/notify/").await;
    let message = format!("/messages/api/messages/{said}/");
    walker.gets(&message).await;
    walker.does("PUT", &message, json!({"content": "ho"})).await;
    walker.does("PATCH", &message, json!({"content": "hi"})).await;
    walker.posts(&format!("{message}reactions/"), json!({"emoji": "👍"})).await;
    walker.gets("/messages/api/users/search/?q=bob").await;
    walker.gets("/messages/api/search/?q=hi").await;
    walker.does("DELETE", &message, Value::Null).await;
    walker.gets("/messages/api/sync/?since=0").await;
    walker.does("DELETE", &format!("{chat}members/{}/remove/", bob.id), Value::Null).await;
    walker.does("DELETE", &chat, Value::Null).await;
}

async fn hooks(walker: &mut Walker<'_>, chat: &str) {
    let hook = walker.posts(&format!("{chat}hooks/"), json!({"label": "ci"})).await;
    walker.gets(&format!("{chat}hooks/")).await;
    let hook = format!("{chat}hooks/{}/", id(&hook));
    let rotated = walker.posts(&format!("{hook}rotate/"), Value::Null).await;
    let secret = rotated["url"].as_str().unwrap().rsplit('/').nth(1).unwrap();
    for path in ["", "slack/", "discord/"] {
        walker.does("POST", &format!("/hooks/{secret}/{path}"), json!({"text": "hi", "content": "hi"})).await;
    }
    walker.does("DELETE", &hook, Value::Null).await;
    // Nobody listens there.
    let wish = json!({"label": "out", "url": "http://127.0.0.1:9/", "events": ["message_created"], "only": "/x"});
    let sender = walker.posts(&format!("{chat}hooks/"), wish).await;
    let sender = format!("{chat}hooks/{}/", id(&sender));
    walker.posts(&format!("{sender}test/"), Value::Null).await;
    walker.gets(&format!("{sender}deliveries/?limit=1")).await;
    walker.posts(&format!("{sender}replay/"), json!({"since": 0})).await;
}

async fn messenger(walker: &mut Walker<'_>) {
    let new = json!({"username": "dave", "email": "dave@example.com", "password": "correct horse dave"});
    walker.posts("/accounts/api/users/", new).await;
    walker.gets("/accounts/api/users/").await;
    let who = json!({"username": "dave", "password": "correct horse dave"});
    let pair = walker.posts("/accounts/api/token/", who).await;
    walker.posts("/accounts/api/token/refresh/", json!({"refresh": pair["refresh"]})).await;
    walker.posts("/profiles/api/posts/", json!({"title": "t", "content": "c"})).await;
    walker.posts("/profiles/api/add-friend/", json!({"username": "dave"})).await;
    walker.gets("/profiles/api/posts/").await;
    walker.gets("/profiles/api/profile/").await;
    walker.gets("/profiles/api/search-user/?username=dave").await;
    walker.posts("/profiles/api/remove-friend/", json!({"username": "dave"})).await;
    let room = walker.posts("/messenger/api/chatrooms/", json!({"recipient": "dave"})).await;
    let messages = format!("/messenger/api/chatrooms/{}/messages/", room["name"].as_str().unwrap());
    walker.posts(&messages, json!({"content": "hi"})).await;
    walker.gets(&messages).await;
    walker.gets("/messenger/api/chatrooms/").await;
    walker.gets("/messenger/api/user/chatrooms/").await;
}

async fn manage(walker: &mut Walker<'_>, fireside: &Fireside) {
    let code = setup_code(fireside).expect("a setup link");
    let first = json!({"code": code, "username": "root", "password": "correct horse root", "email": ""});
    let first = walker.posts("/api/server/setup/", first).await;
    let root = Person::of(fireside.anyone(), &first, "correct horse root".into());
    let (done, secret) = (std::mem::take(&mut walker.done), std::mem::take(&mut walker.secret));
    let mut admin = Walker { person: &root, done, secret, operations: walker.operations.clone() };
    administer(&mut admin).await;
    (walker.done, walker.secret) = (admin.done, admin.secret);
}

async fn administer(admin: &mut Walker<'_>) {
    let root = admin.person;
    root.post("/api/auth/login/", &json!({"username": "root", "password": root.password})).await.is(200);
    let sessions = admin.gets("/api/server/sessions/").await;
    let other = sessions["results"].as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    admin.does("DELETE", &format!("/api/server/sessions/{}/", id(other)), Value::Null).await;
    let users = "/api/server/users/";
    let new = json!({"username": "erin", "password": "correct horse erin", "is_admin": false, "email": null});
    let erin = id(&admin.posts(users, new).await);
    admin.gets(&format!("{users}?search=erin")).await;
    admin.does("PATCH", &format!("{users}{erin}/"), json!({"is_disabled": false})).await;
    admin.posts(&format!("{users}{erin}/sign-out/"), Value::Null).await;
    let link = admin.posts(&format!("{users}{erin}/reset/"), Value::Null).await;
    admin.posts("/api/server/reset/look/", json!({"code": link["code"]})).await;
    let password = json!({"code": link["code"], "password": "another horse erin"});
    admin.posts("/api/server/reset/", password).await;
    second_factors(admin, erin).await;
    let invites = "/api/server/invites/";
    let invite = admin.posts(invites, json!({"uses": 2, "expires_in": 3600, "label": "friends"})).await;
    admin.posts(&format!("{invites}look/"), json!({"code": invite["code"]})).await;
    admin.gets(invites).await;
    admin.does("DELETE", &format!("{invites}{}/", id(&invite)), Value::Null).await;
    let bots = "/api/server/bots/";
    let bot = admin.posts(bots, json!({"username": "weather", "display_name": "The Weather"})).await;
    admin.gets(bots).await;
    admin.does("DELETE", &format!("{bots}{}/", id(&bot)), Value::Null).await;
    let devices = "/api/server/push/";
    let device = admin.posts(devices, new_device("phone")).await;
    admin.gets(devices).await;
    admin.posts(&format!("{devices}{}/test/", id(&device)), Value::Null).await;
    admin.does("DELETE", &format!("{devices}{}/", id(&device)), Value::Null).await;
    admin.posts("/api/server/register/", json!({"username": "frank", "password": "correct horse frank"})).await;
    admin.gets("/api/server/people/?q=fra&limit=1").await;
    admin.does("PATCH", "/api/server/settings/", json!({"name": "den", "join_rooms": []})).await;
    admin.gets("/api/server/status/").await;
    admin.gets("/api/server/audit/").await;
    let kept = root.opens_room("kept for a time").await;
    root.posts("words").in_room(&kept).await;
    admin.gets("/api/server/storage/").await;
    for days in [json!(30), json!(null)] {
        admin.does("PATCH", &format!("/api/server/chats/{}/", kept.id), json!({"retain_days": days})).await;
    }
    admin.does("GET", "/metrics", Value::Null).await;
}

/// Root's own, and erin's, who lost it.
async fn second_factors(admin: &mut Walker<'_>, erin: i64) {
    let (root, factor) = (admin.person, "/api/server/second-factor/");
    admin.gets(factor).await;
    let started = admin.posts(&format!("{factor}start/"), json!({"password": root.password})).await;
    let app = App::of(started["secret"].as_str().unwrap());
    admin.posts(&format!("{factor}confirm/"), json!({"otp": app.code(0)})).await;
    admin.posts(&format!("{factor}end/"), json!({"password": root.password})).await;
    let who = json!({"username": "erin", "password": "another horse erin"});
    let hers = root.post("/api/auth/login/", &who).await.is(200).json();
    Person::of((**root).clone(), &hers, "another horse erin".into()).turns_on_second_factor().await;
    admin.does("DELETE", &format!("/api/server/users/{erin}/second-factor/"), Value::Null).await;
}

/// What is there where a provider signs people in.
async fn elsewhere(walker: &mut Walker<'_>) {
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &[]).await;
    let grace = fireside.registers("grace").await;
    let words = ["user", "link", "grace", "--issuer", &provider.url, "--subject", SUBJECT];
    fireside.home.runs(&words, "").await.succeeded();
    let (done, secret) = (std::mem::take(&mut walker.done), std::mem::take(&mut walker.secret));
    let mut linked = Walker { person: &grace, done, secret, operations: walker.operations.clone() };
    linked.gets("/api/server/oidc/link/").await;
    linked.does("DELETE", "/api/server/oidc/link/", Value::Null).await;
    linked.posts("/api/server/oidc/link/", json!({"next": "/"})).await;
    Visitor::of(&fireside).signs_in().await.is(302);
    linked.done.extend(["/login/oidc/", CALLBACK].map(|path| place_of(&Method::GET, path)));
    (walker.done, walker.secret) = (linked.done, linked.secret);
}

/// What ends the credential that asks comes last, and needs others.
async fn closes(walker: &mut Walker<'_>) {
    let alice = walker.person;
    let password = json!({"old_password": alice.password, "new_password": "another horse"});
    walker.posts("/api/auth/password/", password).await;
    let who = json!({"username": "alice", "password": "another horse"});
    walker.posts("/login/", who.clone()).await;
    let again =
        async || Person::of((**alice).clone(), &alice.post("/api/auth/login/", &who).await.json(), String::new());
    walker.posts("/api/login/", who.clone()).await;
    for path in ["/logout/", "/api/logout/", "/api/auth/logout/", "/api/auth/logout-all/"] {
        again().await.does(path).await.is(204);
        walker.done.insert(place_of(&Method::POST, path));
    }
}
