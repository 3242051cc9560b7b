//! Who gets what: every row of this dialect, asked by everybody who may and who may
//! not. What the rightful get is asserted where the feature is tested; here only
//! that they pass.

use reqwest::Method;
use serde_json::{Value, json};

use super::words::{Chat, FORBIDDEN, Line, NOT_FOUND, NOT_SIGNED_IN, Refused, SOCKET, dm, group, path, say, texts};
use crate::world::caller::Credential;
use crate::world::{Answer, Caller, Fireside, Person, id, people};

/// One operation, and what a member without rights, the author of the message and an
/// admin get. Nothing where it does not apply.
struct Row {
    name: &'static str,
    method: Method,
    path: &'static str,
    body: Value,
    is_about_one: bool,
    member: Option<u16>,
    author: Option<u16>,
    admin: Option<u16>,
}

fn row(name: &'static str, method: &str, path: &'static str, by: [u16; 3]) -> Row {
    let [member, author, admin] = by.map(|status| (status > 0).then_some(status));
    let is_about_one = path.contains('{');
    Row { name, method: method.parse().unwrap(), path, body: Value::Null, is_about_one, member, author, admin }
}

impl Row {
    fn with(mut self, body: Value) -> Self {
        self.body = body;
        self
    }
}

fn rows(cast: &Cast) -> Vec<Row> {
    let (chats, chat) = ("/messages/api/chats/", "/messages/api/chats/{chat}/");
    let (history, message) = ("/messages/api/chats/{chat}/messages/", "/messages/api/messages/{message}/");
    let reactions = "/messages/api/messages/{message}/reactions/";
    let remove = "/messages/api/chats/{chat}/members/{bob}/remove/";
    let (title, text) = (json!({"title": "new"}), json!({"content": "new"}));
    vec![
        row("messaging-1", "GET", chats, [200, 0, 200]),
        row("messaging-2", "POST", chats, [201, 0, 0]).with(json!({"chat_type": "group", "title": "x"})),
        row("messaging-3", "GET", chat, [200, 0, 200]),
        row("messaging-4", "PUT", chat, [403, 0, 200]).with(title.clone()),
        row("messaging-5", "PATCH", chat, [403, 0, 200]).with(title),
        row("messaging-7", "GET", history, [200, 0, 200]),
        row("messaging-8", "POST", history, [201, 0, 201]).with(text.clone()),
        row("messaging-9", "GET", message, [200, 200, 200]),
        row("messaging-10", "PUT", message, [403, 200, 403]).with(text.clone()),
        row("messaging-11", "PATCH", message, [403, 200, 403]).with(text),
        row("messaging-13", "POST", reactions, [200, 200, 200]).with(json!({"emoji": "👍"})),
        row("messaging-14", "POST", "/messages/api/chats/{chat}/mark-as-read/", [200, 0, 200]),
        row("messaging-15", "POST", "/messages/api/chats/{chat}/members/add/", [403, 0, 200])
            .with(json!({"user_ids": [cast.erin.id]})),
        row("messaging-17", "GET", "/messages/api/users/search/?q=x", [200, 200, 200]),
        row("messaging-18", "POST", "/messages/api/chats/{chat}/typing/", [200, 0, 200])
            .with(json!({"is_typing": true})),
        row("messaging-20", "GET", "/messages/api/sync/?since=0", [200, 200, 200]),
        // What takes the scene apart stands last.
        row("messaging-12", "DELETE", message, [403, 204, 0]),
        row("messaging-16", "DELETE", remove, [403, 0, 204]),
        row("messaging-6", "DELETE", chat, [403, 0, 204]),
    ]
}

/// Alice's group with bob, who wrote a message, and erin; carol was removed from it
/// after she wrote one, and dave was never in it.
struct Cast {
    fireside: Fireside,
    alice: Person,
    bob: Person,
    carol: Person,
    dave: Person,
    erin: Person,
    chat: Chat,
    message: i64,
    carols: i64,
}

async fn cast() -> Cast {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol, dave, erin);
    let chat = group(&alice, "Team", &[&bob, &carol, &erin]).await;
    let carols = id(&say(&carol, "carol's", chat).await);
    let message = id(&say(&bob, "bob's", chat).await);
    alice.delete(&chat.remove(&carol)).await.is(204);
    Cast { fireside, alice, bob, carol, dave, erin, chat, message, carols }
}

impl Cast {
    async fn asks(&self, who: &Caller, row: &Row, chat: i64, message: i64) -> Answer {
        let path = row
            .path
            .replace("{chat}", &chat.to_string())
            .replace("{message}", &message.to_string())
            .replace("{bob}", &self.bob.id.to_string());
        let ask = who.asks(row.method.clone(), &path);
        if row.body.is_null() { ask.await } else { ask.json(&row.body).await }
    }

    async fn asks_here(&self, who: &Caller, row: &Row) -> Answer {
        self.asks(who, row, self.chat.id, self.message).await
    }
}

#[tokio::test]
async fn nobody_gets_anything_without_a_credential() {
    let cast = cast().await;
    let gone = cast.erin.signs_in_again().await;
    gone.does("/api/auth/logout/").await.is(204);
    for row in rows(&cast) {
        for who in [&cast.fireside.anyone(), &*gone, &cast.fireside.anyone().through("/d/messaging")] {
            cast.asks_here(who, &row).await.denied(401, NOT_SIGNED_IN);
        }
    }
}

#[tokio::test]
async fn another_site_can_change_nothing_with_the_cookie_alone() {
    let cast = cast().await;
    let session = cast.alice.signs_in_by_page().await;
    let forged = cast.alice.showing(Credential::BareCookie(session));
    for row in rows(&cast) {
        let answer = cast.asks_here(&forged, &row).await;
        if row.method == Method::GET {
            assert_eq!(answer.status, 200, "{}: {answer}", row.name);
            assert!(!answer.has("access-control-allow-origin"), "{answer}");
        } else {
            let detail = answer.is(403).json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.starts_with("CSRF Failed: "), "{}: {detail}", row.name);
        }
    }
    assert_eq!(texts(&cast.alice, cast.chat).await, ["bob's", "carol's"]);
}

#[tokio::test]
async fn who_is_not_in_a_chat_gets_what_an_unknown_one_gives() {
    let cast = cast().await;
    let mut line = Line::to(&cast.alice).await;
    let mut compared = 0;
    for row in rows(&cast) {
        for who in [&cast.dave, &cast.carol] {
            if !row.is_about_one {
                let answer = cast.asks_here(who, &row).await;
                assert!(answer.status < 300, "{}: {answer}", row.name);
                assert!(!answer.text().contains("bob's"), "{}: {answer}", row.name);
                continue;
            }
            for message in [cast.message, cast.carols] {
                let forbidden = cast.asks(who, &row, cast.chat.id, message).await.denied(404, NOT_FOUND);
                let unknown = cast.asks(who, &row, 999_999, 999_999).await.denied(404, NOT_FOUND);
                assert_eq!(forbidden.as_seen_by_a_prober(), unknown.as_seen_by_a_prober(), "{}", row.name);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 60);
    line.hears_nothing().await;
    assert_eq!(texts(&cast.alice, cast.chat).await, ["bob's", "carol's"]);
}

#[tokio::test]
async fn a_member_the_author_and_an_admin_get_what_is_theirs() {
    let cast = cast().await;
    for row in rows(&cast) {
        for (who, status) in [(&cast.erin, row.member), (&cast.alice, row.admin), (&cast.bob, row.author)] {
            let Some(status) = status else { continue };
            let answer = cast.asks_here(who, &row).await;
            assert_eq!(answer.status, status, "{}: {answer}", row.name);
            if status == 403 {
                answer.denied(403, FORBIDDEN);
            }
        }
    }
}

#[tokio::test]
async fn both_sides_of_a_direct_chat_may_put_it_away() {
    let cast = cast().await;
    let chat = dm(&cast.alice, &cast.bob).await;
    let message = say(&cast.alice, "hi", chat).await;
    cast.carol.delete(&chat.path()).await.denied(404, NOT_FOUND);
    cast.bob.delete(&chat.path()).await.is(204);
    assert_eq!(texts(&cast.alice, chat).await, ["hi"]);
    cast.alice.get(&path(&message)).await.is(200);
    cast.alice.delete(&chat.path()).await.is(204);
    assert!(texts(&cast.alice, chat).await.is_empty());
}

#[tokio::test]
async fn the_socket_hears_ones_own_chats_alone() {
    let cast = cast().await;
    cast.fireside.anyone().handshake(SOCKET).turned_away_with(401).await;
    let mut lines = Vec::new();
    for stranger in [&cast.dave, &cast.carol] {
        lines.push(Line::since(stranger, &json!(0)).await);
    }
    let mut bobs = Line::to(&cast.bob).await;
    say(&cast.alice, "among us", cast.chat).await;
    bobs.hears_message("among us").await;
    for line in &mut lines {
        line.hears_nothing().await;
    }
    // Removed while connected, the author hears no more either.
    cast.alice.delete(&cast.chat.remove(&cast.bob)).await.is(204);
    say(&cast.alice, "without bob", cast.chat).await;
    bobs.hears("member_removed").await;
    bobs.hears_nothing().await;
    let gone = cast.bob.get(&path(&json!({"id": cast.message}))).await;
    gone.denied(404, NOT_FOUND);
}
