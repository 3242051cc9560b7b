//! One chat, one message and one file, through every dialect that can name them: to
//! who is not in the chat, none of them is there.

use reqwest::Method;
use serde_json::{Value, json};

use super::cast::Cast;
use super::scene::{SECRET, Scene, Sort};
use super::walk::{Reply, places_of};
use crate::world::{Answer, Person};

/// A request that names something of a scene; what a stranger gets if the chat is
/// public.
pub struct Way {
    dialect: &'static str,
    pub method: &'static str,
    pub path: String,
    body: Value,
    public: u16,
}

fn way(dialect: &'static str, method: &'static str, path: String, body: Value, public: u16) -> Way {
    Way { dialect, method, path, body, public }
}

/// Every way to the chat.
pub fn to_chat(scene: &Scene, erin: i64) -> Vec<Way> {
    let chat = format!("/messages/api/chats/{}/", scene.chat);
    let room = format!("/api/rooms/{}/", scene.chat);
    let chatroom = format!("/messenger/api/chatrooms/{}/messages/", scene.name);
    let (none, words, title) = (json!(null), json!({"content": "x"}), json!({"title": "x", "name": "x"}));
    let messaging =
        |method, path: &str, body: &Value| way("messaging", method, format!("{chat}{path}"), body.clone(), 404);
    let rooms =
        |method, path: &str, body: &Value, public| way("rooms", method, format!("{room}{path}"), body.clone(), public);
    let mut ways = vec![
        messaging("GET", "", &none),
        messaging("PUT", "", &title),
        messaging("PATCH", "", &title),
        messaging("DELETE", "", &none),
        messaging("GET", "members/", &none),
        messaging("GET", "pins/", &none),
        messaging("GET", "log/", &none),
        messaging("GET", "invite/", &none),
        messaging("POST", "invite/", &json!({})),
        messaging("POST", "mark-as-unread/", &json!({"message_id": scene.message})),
        messaging("GET", "messages/", &none),
        messaging("POST", "messages/", &words),
        messaging("POST", "mark-as-read/", &none),
        messaging("POST", "typing/", &json!({"is_typing": true})),
        messaging("POST", "members/add/", &json!({"user_ids": [erin]})),
        messaging("DELETE", &format!("members/{erin}/remove/"), &none),
        rooms("GET", "", &none, 200),
        rooms("PATCH", "", &title, 403),
        rooms("DELETE", "", &none, 403),
        rooms("POST", "leave/", &none, 404),
        rooms("GET", "participants/", &none, 403),
        rooms("GET", "messages/", &none, 403),
        rooms("POST", "messages/", &words, 403),
        way("messenger", "GET", chatroom.clone(), none.clone(), 403),
        way("messenger", "POST", chatroom, words, 403),
    ];
    if scene.sort != Sort::Public {
        ways.push(rooms("POST", "join/", &none, 404));
    }
    ways
}

/// Every way to the message and to the file.
pub fn to_what_is_in_it(scene: &Scene) -> Vec<Way> {
    let message = format!("/messages/api/messages/{}/", scene.message);
    let (none, words) = (json!(null), json!({"content": "x"}));
    let own = format!("/api/messages/{}/", scene.message);
    let file = format!("/api/files/{}/", scene.file);
    vec![
        way("messaging", "GET", message.clone(), none.clone(), 404),
        way("messaging", "PUT", message.clone(), words.clone(), 404),
        way("messaging", "PATCH", message.clone(), words.clone(), 404),
        way("messaging", "DELETE", message.clone(), none.clone(), 404),
        way("messaging", "POST", format!("{message}reactions/"), json!({"emoji": "👍"}), 404),
        way("messaging", "POST", format!("{message}pin/"), none.clone(), 404),
        way("messaging", "DELETE", format!("{message}pin/"), none.clone(), 404),
        way("rooms", "GET", format!("/api/files/{}/preview/?size=64", scene.picture), none.clone(), 404),
        way("inbox", "POST", format!("{own}update_message/"), words, 404),
        way("inbox", "DELETE", format!("{own}delete_message/"), none.clone(), 404),
        way("rooms", "GET", own.clone(), none.clone(), 404),
        way("rooms", "DELETE", own, none.clone(), 404),
        way("rooms", "GET", file.clone(), none.clone(), 404),
        way("rooms", "GET", format!("{file}download/"), none, 404),
    ]
}

async fn goes(who: &Person, place: &str, way: &Way) -> Answer {
    let ask = who.asks(way.method.parse::<Method>().unwrap(), &format!("{place}{}", way.path));
    if way.body.is_null() { ask.await } else { ask.json(&way.body).await }
}

#[tokio::test]
async fn no_dialect_shows_what_another_hides() {
    let cast = Cast::gathers().await;
    let erin = cast.erin.person.id;
    let scenes = cast.scenes(&[Sort::Public, Sort::Private, Sort::Direct]).await;
    let before = cast.snapshot(&scenes).await;
    for scene in &scenes {
        let never = scene.never();
        let mut ways = to_chat(scene, erin);
        ways.extend(to_what_is_in_it(scene));
        let mut unused = to_chat(&never, erin);
        unused.extend(to_what_is_in_it(&never));
        for (way, unused) in ways.iter().zip(&unused) {
            for who in [&cast.dave, &cast.carol, &cast.frank] {
                for place in places_of(way.dialect) {
                    let what = format!("{} {place}{} {:?}", way.method, way.path, scene.sort);
                    let reply = Reply::of(&goes(&who.person, &place, way).await);
                    assert_eq!(reply.status, if scene.is_public() { way.public } else { 404 }, "{what}");
                    reply.tells_nothing(&what);
                    if reply.status == 404 {
                        let never = Reply::of(&goes(&who.person, &place, unused).await);
                        assert_eq!(reply.shape, never.shape, "{what}: unlike an id that was never used");
                    }
                }
            }
        }
    }
    assert_eq!(cast.snapshot(&scenes).await, before, "what is hidden has changed");
}

/// An id may also be named in a body, a query or a list.
#[tokio::test]
async fn no_list_search_or_reference_leads_to_it() {
    let cast = Cast::gathers().await;
    let scenes = cast.scenes(&[Sort::Public, Sort::Private, Sort::Direct]).await;
    for who in [&cast.dave, &cast.carol] {
        let who = &who.person;
        for path in [
            "/messages/api/chats/?search=unheard-of",
            "/messages/api/chats/?search=erin",
            "/messages/api/sync/?since=0",
            "/api/messages/?user=bob",
            "/api/messages/",
            "/api/chats/",
            "/api/rooms/",
            "/api/rooms/?public=true",
            "/messenger/api/chatrooms/",
            "/messenger/api/user/chatrooms/",
            "/profiles/api/search-user/?username=bob",
        ] {
            let answer = who.get(path).await.is(200);
            assert!(!answer.text().contains(SECRET), "{answer}");
            assert!(!answer.text().contains("bob_erin"), "{answer}");
        }
        let own = who.opens_room("mine").await;
        let messages = format!("/messages/api/chats/{}/messages/", own.id);
        for scene in &scenes {
            let never = scene.never();
            let mut replies = Vec::new();
            for scene in [scene, &never] {
                let reply_to = json!({"content": "x", "reply_to": scene.message});
                let attached = json!({"content": "x", "attachments": [scene.file]});
                let avatar = json!({"avatar": scene.file});
                let mut shapes = Vec::new();
                for answer in [
                    who.post(&messages, &reply_to).await,
                    who.post(&messages, &attached).await,
                    who.post(&own.messages(), &attached).await,
                    who.patch(&format!("/api/users/{}/", who.id), &avatar).await,
                ] {
                    shapes.push(Reply::of(&answer.is(400)).shape);
                }
                replies.push(shapes);
            }
            assert_eq!(replies[0], replies[1], "unlike ids that were never used");
        }
    }
}

/// The sockets that name a chat, and the frames that name what is in one.
#[tokio::test]
async fn no_socket_leads_to_it() {
    let cast = Cast::gathers().await;
    let scenes = cast.scenes(&[Sort::Public, Sort::Private, Sort::Direct]).await;
    let before = cast.snapshot(&scenes).await;
    for who in [&cast.dave, &cast.carol] {
        let mut listener = who.person.handshake("/messages/ws/").with_query("since=0").enters().await;
        assert_eq!(listener.frame().await["type"], "hello");
        for scene in &scenes {
            let never = scene.never();
            for (path, unused, public) in doors(scene, &never) {
                let refusal = who.person.handshake(&path).turned_away().await;
                let unused = who.person.handshake(&unused).turned_away().await;
                if scene.is_public() && public == 403 {
                    assert_eq!(refusal.status, 403, "{path}");
                } else {
                    assert_eq!(refusal.status, 404, "{path}");
                    assert_eq!(refusal.as_seen_by_a_prober(), unused.as_seen_by_a_prober(), "{path}");
                }
            }
            for (frame, unused) in frames(scene).iter().zip(&frames(&never)) {
                let mut told = Vec::new();
                for frame in [frame, unused] {
                    listener.says(frame).await;
                    told.push(listener.frame().await);
                }
                assert_eq!((&told[0]["type"], &told[0]["code"]), (&json!("error"), &json!("not_found")), "{frame}");
                assert_eq!(told[0], told[1], "{frame}");
            }
        }
    }
    assert_eq!(cast.snapshot(&scenes).await, before, "what is hidden has changed");
}

fn doors(scene: &Scene, never: &Scene) -> [(String, String, u16); 3] {
    let directs = |scene: &Scene| format!("/ws/chat/{}/", scene.chat);
    let rooms = |scene: &Scene| scene.room().socket();
    let messenger = |scene: &Scene| format!("/messenger/ws/ws/chat/{}/", scene.name);
    [
        (directs(scene), directs(never), 404),
        (rooms(scene), rooms(never), 403),
        (messenger(scene), messenger(never), 403),
    ]
}

/// The frames of messaging, whose one socket can name every chat.
fn frames(scene: &Scene) -> [Value; 6] {
    let (chat, message) = (scene.chat, scene.message);
    [
        json!({"type": "send_message", "chat": chat, "content": "x"}),
        json!({"type": "edit_message", "message_id": message, "content": "x"}),
        json!({"type": "delete_message", "message_id": message}),
        json!({"type": "react", "message_id": message, "emoji": "👍"}),
        json!({"type": "mark_read", "chat": chat}),
        json!({"type": "typing", "chat": chat, "is_typing": true}),
    ]
}
