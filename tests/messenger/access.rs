//! Who gets what: the rows of the messenger dialect, asked by everyone who must not
//! get it. What the rightful get is asserted where the feature is tested.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ADD_FRIEND, CHATROOMS, Chatroom, MY_CHATROOMS, POSTS, PROFILE, REMOVE_FRIEND, USERS};
use crate::world::caller::Credential;
use crate::world::{Answer, Caller, Fireside, Person, people};

/// One operation; `{room}` in its path is a chatroom's name. `outsider` is what one
/// gets who is in no such room: of a direct or private one, and of a public one.
struct Row {
    name: &'static str,
    method: Method,
    path: String,
    body: Option<Value>,
    outsider: [u16; 2],
    member: u16,
}

fn row(name: &'static str, method: Method, path: &str, outsider: [u16; 2], member: u16, body: Option<Value>) -> Row {
    Row { name, method, path: path.to_owned(), body, outsider, member }
}

fn rows() -> Vec<Row> {
    let (get, post) = (|| Method::GET, || Method::POST);
    let messages = Chatroom::named("{room}").messages();
    let nobody = Some(json!({"username": "nobody"}));
    vec![
        row("messenger-1", get(), USERS, [200; 2], 200, None),
        row("messenger-5", get(), PROFILE, [200; 2], 200, None),
        row("messenger-6", get(), POSTS, [200; 2], 200, None),
        row("messenger-7", post(), POSTS, [201; 2], 201, Some(json!({"title": "x", "content": "y"}))),
        row("messenger-8", get(), "/profiles/api/search-user/?username=alice", [200; 2], 200, None),
        row("messenger-9", post(), ADD_FRIEND, [400; 2], 400, nobody.clone()),
        row("messenger-10", post(), REMOVE_FRIEND, [400; 2], 400, nobody),
        row("messenger-11", get(), CHATROOMS, [200; 2], 200, None),
        row("messenger-12", post(), CHATROOMS, [400; 2], 400, Some(json!({"recipient": "nobody"}))),
        row("messenger-13", get(), &messages, [404, 403], 200, None),
        row("messenger-14", post(), &messages, [404, 403], 201, Some(json!({"content": "x"}))),
        row("messenger-15", get(), MY_CHATROOMS, [200; 2], 200, None),
    ]
}

/// Alice has a direct room with bob, and two groups that bob is in, that carol has
/// left, and that dave was never in.
struct Cast {
    fireside: Fireside,
    alice: Person,
    bob: Person,
    carol: Person,
    dave: Person,
    direct: Chatroom,
    private: Chatroom,
    public: Chatroom,
}

async fn cast() -> Cast {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol, dave);
    let direct = alice.chatroom_with("bob").await;
    let (den, cellar) = (alice.opens_room("den").await, alice.opens_room("cellar").await);
    for room in [&den, &cellar] {
        for member in [&bob, &carol] {
            member.joins(room).await;
        }
        carol.leaves(room).await;
    }
    alice.makes_private(&cellar).await;
    let (private, public) = (Chatroom::of_group(&cellar), Chatroom::of_group(&den));
    for room in [&direct, &private, &public] {
        alice.says_in(room, "secret").await;
    }
    Cast { fireside, alice, bob, carol, dave, direct, private, public }
}

async fn asks(who: &Caller, row: &Row, room: &Chatroom) -> Answer {
    let ask = who.asks(row.method.clone(), &row.path.replace("{room}", &room.name));
    match &row.body {
        Some(body) => ask.json(body).await,
        None => ask.await,
    }
}

#[tokio::test]
async fn nobody_gets_anything_without_a_credential() {
    let cast = cast().await;
    let gone = cast.bob.takes_jwts().await;
    let device = cast.bob.signs_in_again().await;
    cast.bob.does("/api/auth/logout-all/").await.is(204);
    let revoked = cast.fireside.anyone().bearing(&gone.access);
    for row in rows() {
        for room in [&cast.direct, &cast.public, &Chatroom::named("alice_zed")] {
            let answer = asks(&cast.fireside.anyone(), &row, room).await.refused_with_detail(401);
            assert_eq!(answer.json()["detail"], "Authentication credentials were not provided.");
            asks(&revoked, &row, room).await.refused_as_invalid_token();
            asks(&device, &row, room).await.refused_as_invalid_token();
        }
    }
}

#[tokio::test]
async fn another_site_can_change_nothing_with_the_cookie_alone() {
    let cast = cast().await;
    let forged = cast.bob.showing(Credential::BareCookie(cast.bob.signs_in_by_page().await));
    for row in rows() {
        let answer = asks(&forged, &row, &cast.direct).await;
        if row.method == Method::GET {
            assert_eq!(answer.status, row.member, "{}: {answer}", row.name);
            assert!(!answer.has("access-control-allow-origin"), "{answer}");
        } else {
            let answer = answer.refused_with_detail(403);
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.starts_with("CSRF Failed: "), "{}: {detail}", row.name);
        }
    }
    assert_eq!(cast.alice.reads_chatroom(&cast.direct).await, ["secret"]);
}

#[tokio::test]
async fn outsiders_and_those_who_left_get_what_outsiders_get() {
    let cast = cast().await;
    let mut listeners = Vec::new();
    for room in [&cast.direct, &cast.private, &cast.public] {
        listeners.push(cast.alice.listens_at(room).await);
    }
    for row in rows() {
        let scenes = [(&cast.direct, 0), (&cast.private, 0), (&cast.public, 1)];
        for (room, kind) in scenes {
            for who in [&cast.dave, &cast.carol] {
                let answer = asks(who, &row, room).await;
                assert_eq!(answer.status, row.outsider[kind], "{}: {answer}", row.name);
                match answer.status {
                    403 => drop(answer.says(403, &json!({"error": "Access denied"}))),
                    404 => drop(answer.says(404, &json!({"detail": "Not found."}))),
                    _ => assert!(!answer.text().contains("secret"), "{answer}"),
                }
            }
        }
    }
    for listener in &mut listeners {
        listener.hears_no_more().await;
    }
}

#[tokio::test]
async fn members_get_what_is_theirs() {
    let cast = cast().await;
    for row in rows() {
        for room in [&cast.direct, &cast.private, &cast.public] {
            let answer = asks(&cast.bob, &row, room).await;
            assert_eq!(answer.status, row.member, "{}: {answer}", row.name);
        }
    }
}

#[tokio::test]
async fn guessing_names_tells_nobody_who_talks_to_whom() {
    let cast = cast().await;
    let never: Vec<Chatroom> = [
        "alice_zed",
        "alice_carol",
        "bob_alice",
        "Alice_bob",
        "alice_bob-2",
        "room-999999",
        "room-0",
        "room-",
        "room--1",
        "room-007",
        "room-99999999999999999999",
        "alice",
        "1",
        "%D0%B0",
        "alice_bob%00",
        "%20alice_bob",
    ]
    .into_iter()
    .map(Chatroom::named)
    .collect();
    // The direct room's number is not its name either.
    let by_number = Chatroom::named(&format!("room-{}", cast.direct.id));
    for row in rows().iter().filter(|row| row.outsider[0] == 404) {
        for who in [&cast.dave, &cast.carol] {
            let taken = asks(who, row, &cast.direct).await.refused_with_detail(404).as_seen_by_a_prober();
            for room in never.iter().chain([&cast.private, &by_number]) {
                let answer = asks(who, row, room).await;
                assert_eq!(answer.as_seen_by_a_prober(), taken, "{} {}", row.name, room.name);
            }
        }
        asks(&cast.alice, row, &by_number).await.refused_with_detail(404);
        assert!(asks(&cast.alice, row, &cast.direct).await.status < 300);
    }
}

#[tokio::test]
async fn guessing_at_sockets_tells_no_more() {
    let cast = cast().await;
    for who in [&cast.dave, &cast.carol] {
        let taken = who.handshake(&cast.direct.socket()).turned_away().await;
        assert_eq!(taken.status, 404);
        for room in [&cast.private, &Chatroom::named("alice_zed"), &Chatroom::named("room-999999")] {
            let refusal = who.handshake(&room.socket()).turned_away().await;
            assert_eq!(refusal.as_seen_by_a_prober(), taken.as_seen_by_a_prober(), "{}", room.name);
        }
        who.handshake(&cast.public.socket()).turned_away_with(403).await;
    }
    for room in [&cast.direct, &cast.private, &cast.public] {
        cast.bob.listens_at(room).await.hears_no_more().await;
    }
}

#[tokio::test]
async fn lists_name_no_rooms_of_others() {
    let cast = cast().await;
    for path in [CHATROOMS, MY_CHATROOMS] {
        let text = cast.dave.get(path).await.is(200).text();
        for hidden in [&cast.direct, &cast.private] {
            assert!(!text.contains(&hidden.name), "{text}");
        }
    }
    assert!(cast.dave.get(CHATROOMS).await.text().contains(&cast.public.name));
    assert!(cast.bob.get(MY_CHATROOMS).await.text().contains(&cast.direct.name));
}
