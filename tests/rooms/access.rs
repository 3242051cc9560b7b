//! Who gets what: every row of the rooms dialect, asked by everyone who must
//! not get it. What the rightful get is asserted where the feature is tested;
//! here only that they pass.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::caller::Credential;
use crate::world::{Answer, Caller, Fireside, Person, Room, id};

/// One operation. `stranger` is who is in neither room: the answers for a
/// public and for a private one. `member` is in both and owns nothing there.
struct Row {
    name: &'static str,
    method: Method,
    path: &'static str,
    body: Option<Value>,
    stranger: [u16; 2],
    /// Nothing where the operation would succeed and change the scene.
    member: Option<u16>,
}

fn row(name: &'static str, method: &str, path: &'static str, stranger: [u16; 2], member: Option<u16>) -> Row {
    Row { name, method: method.parse().unwrap(), path, body: None, stranger, member }
}

impl Row {
    fn with(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

fn rows() -> Vec<Row> {
    let mut rows = rows_about_people();
    rows.extend(rows_about_rooms());
    rows.extend(rows_about_what_is_in_rooms());
    rows
}

fn rows_about_people() -> Vec<Row> {
    let ok = Some(200);
    let bio = json!({"bio": "x"});
    let passwords = json!({"old_password": "x", "new_password": "another password"});
    vec![
        row("rooms-3", "POST", "/api/auth/logout/", [204, 204], None),
        row("rooms-4", "GET", "/api/auth/me/", [200, 200], ok),
        row("rooms-5", "GET", "/api/users/?page=1", [200, 200], ok),
        row("rooms-6", "GET", "/api/users/{owner}/", [200, 200], ok),
        row("rooms-7", "PATCH", "/api/users/{owner}/", [403, 403], Some(403)).with(bio),
        row("rooms-30", "POST", "/api/auth/logout-all/", [204, 204], None),
        row("rooms-31", "POST", "/api/auth/password/", [204, 204], None).with(passwords),
    ]
}

fn rows_about_rooms() -> Vec<Row> {
    let ok = Some(200);
    let (rooms, room) = ("/api/rooms/", "/api/rooms/{room}/");
    let participants = "/api/rooms/{room}/participants/";
    let name = json!({"name": "new"});
    vec![
        row("rooms-8", "GET", rooms, [200, 200], ok),
        row("rooms-9", "POST", rooms, [201, 201], None).with(name.clone()),
        row("rooms-10", "GET", room, [200, 404], ok),
        row("rooms-11", "PATCH", room, [403, 404], Some(403)).with(name),
        row("rooms-12", "DELETE", room, [403, 404], Some(403)),
        row("rooms-13", "POST", "/api/rooms/{room}/join/", [200, 404], ok),
        row("rooms-14", "POST", "/api/rooms/{room}/leave/", [404, 404], None),
        row("rooms-15", "GET", participants, [403, 404], ok),
    ]
}

fn rows_about_what_is_in_rooms() -> Vec<Row> {
    let ok = Some(200);
    let messages = "/api/rooms/{room}/messages/";
    let message = "/api/messages/{message}/";
    let download = "/api/files/{file}/download/";
    let text = json!({"content": "x"});
    vec![
        row("rooms-16", "GET", messages, [403, 404], ok),
        row("rooms-17", "POST", messages, [403, 404], Some(201)).with(text),
        row("rooms-18", "GET", message, [404, 404], ok),
        row("rooms-19", "DELETE", message, [404, 404], Some(403)),
        row("rooms-20", "POST", "/api/files/upload/", [201, 201], None),
        row("rooms-21", "GET", "/api/files/{file}/", [404, 404], ok),
        row("rooms-22", "GET", download, [404, 404], ok),
    ]
}

/// A room with its owner alice, bob who wrote a message with a file, erin who
/// is in it too, and carol who has left.
struct Scene {
    room: Room,
    message: i64,
    file: i64,
}

struct Cast {
    fireside: Fireside,
    alice: Person,
    carol: Person,
    dave: Person,
    erin: Person,
    public: Scene,
    private: Scene,
}

async fn cast() -> Cast {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let carol = fireside.registers("carol").await;
    let dave = fireside.registers("dave").await;
    let erin = fireside.registers("erin").await;
    let mut scenes = Vec::new();
    for name in ["den", "cellar"] {
        let room = alice.opens_room(name).await;
        for member in [&bob, &carol, &erin] {
            member.joins(&room).await;
        }
        let file = bob.uploads("b.txt", b"bob's").await;
        let message = bob.posts("bob's words").with_file(&file).in_room(&room).await;
        carol.leaves(&room).await;
        scenes.push(Scene { room, message: id(&message), file: id(&file) });
    }
    let private = scenes.pop().unwrap();
    let public = scenes.pop().unwrap();
    alice.makes_private(&private.room).await;
    Cast { fireside, alice, carol, dave, erin, public, private }
}

impl Cast {
    async fn asks(&self, who: &Caller, row: &Row, scene: &Scene) -> Answer {
        let path = row
            .path
            .replace("{room}", &scene.room.id.to_string())
            .replace("{message}", &scene.message.to_string())
            .replace("{file}", &scene.file.to_string())
            .replace("{owner}", &self.alice.id.to_string());
        let ask = who.asks(row.method.clone(), &path);
        match &row.body {
            Some(body) => ask.json(body).await,
            None => ask.await,
        }
    }
}

fn code(status: u16) -> &'static str {
    match status {
        401 => "authentication_required",
        403 => "permission_denied",
        404 => "not_found",
        other => panic!("no code for {other}"),
    }
}

#[tokio::test]
async fn nobody_gets_anything_without_a_credential() {
    let cast = cast().await;
    let gone = cast.dave.signs_in_again().await;
    gone.does("/api/auth/logout/").await.is(204);
    for row in rows() {
        for scene in [&cast.public, &cast.private] {
            for who in [&cast.fireside.anyone(), &*gone] {
                let answer = cast.asks(who, &row, scene).await;
                answer.refused(401, "authentication_required");
            }
        }
    }
}

#[tokio::test]
async fn another_site_can_change_nothing_with_the_cookie_alone() {
    let cast = cast().await;
    let session = cast.erin.signs_in_by_page().await;
    let forged = cast.erin.showing(Credential::BareCookie(session));
    for row in rows() {
        if row.method == Method::GET {
            let answer = cast.asks(&forged, &row, &cast.public).await;
            assert_eq!(Some(answer.status), row.member, "{}: {answer}", row.name);
            assert!(!answer.has("access-control-allow-origin"), "{answer}");
        } else {
            let answer = cast.asks(&forged, &row, &cast.public).await;
            let answer = answer.refused(403, "csrf_failed");
            let message = answer.json()["message"].as_str().unwrap().to_owned();
            assert!(message.starts_with("CSRF Failed: "), "{message}");
        }
    }
}

#[tokio::test]
async fn strangers_and_those_who_left_get_what_strangers_get() {
    let cast = cast().await;
    for row in rows() {
        for (scene, status) in [&cast.public, &cast.private].into_iter().zip(row.stranger) {
            if status < 400 && row.method != Method::GET {
                continue;
            }
            for who in [&cast.dave, &cast.carol] {
                let answer = cast.asks(who, &row, scene).await;
                assert_eq!(answer.status, status, "{}: {answer}", row.name);
                if status >= 400 {
                    answer.refused(status, code(status));
                }
            }
        }
    }
}

#[tokio::test]
async fn members_get_what_is_theirs() {
    let cast = cast().await;
    for row in rows() {
        let Some(status) = row.member else { continue };
        for scene in [&cast.public, &cast.private] {
            let answer = cast.asks(&cast.erin, &row, scene).await;
            assert_eq!(answer.status, status, "{}: {answer}", row.name);
            if status >= 400 {
                answer.refused(status, code(status));
            }
        }
    }
}

#[tokio::test]
async fn what_is_forbidden_looks_like_what_never_was() {
    let cast = cast().await;
    let never = Scene { room: Room { id: 999_999 }, message: 999_999, file: 999_999 };
    let mut compared = 0;
    for row in rows() {
        if row.stranger[1] != 404 {
            continue;
        }
        for who in [&cast.dave, &cast.carol] {
            let forbidden = cast.asks(who, &row, &cast.private).await.refused(404, "not_found");
            let unknown = cast.asks(who, &row, &never).await.refused(404, "not_found");
            assert_eq!(forbidden.as_seen_by_a_prober(), unknown.as_seen_by_a_prober(), "{}", row.name);
            compared += 1;
        }
    }
    assert_eq!(compared, 24);
}

#[tokio::test]
async fn a_forbidden_socket_looks_like_one_that_never_was() {
    let cast = cast().await;
    let never = Room { id: 999_999 };
    for who in [&cast.dave, &cast.carol] {
        who.handshake_in(&cast.public.room).turned_away_with(403).await;
        let forbidden = who.handshake_in(&cast.private.room).turned_away().await;
        let unknown = who.handshake_in(&never).turned_away().await;
        assert_eq!(forbidden.status, 404);
        assert_eq!(forbidden.as_seen_by_a_prober(), unknown.as_seen_by_a_prober());
    }
    let anyone = cast.fireside.anyone();
    for room in [&cast.public.room, &cast.private.room, &never] {
        anyone.handshake(&room.socket()).turned_away_with(401).await;
    }
    cast.erin.listens_in(&cast.public.room).await.hears_nothing().await;
    cast.erin.listens_in(&cast.private.room).await.hears_nothing().await;
}

#[tokio::test]
async fn what_is_refused_has_changed_nothing() {
    let cast = cast().await;
    let mut listener = cast.alice.listens_in(&cast.private.room).await;
    let before = cast.alice.get(&cast.private.room.path()).await.json();
    for row in rows().iter().filter(|row| row.stranger[1] >= 400) {
        cast.asks(&cast.dave, row, &cast.private).await;
        cast.asks(&cast.carol, row, &cast.private).await;
        cast.asks(&cast.fireside.anyone(), row, &cast.private).await;
    }
    listener.hears_nothing().await;
    assert_eq!(cast.alice.get(&cast.private.room.path()).await.json(), before);
    assert_eq!(cast.alice.reads(&cast.private.room).await, ["bob's words"]);
}
