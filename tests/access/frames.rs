//! Rows about frames: who is heard, who is told no, and whose socket is closed.

use reqwest::Method;
use serde_json::{Value, json};

use super::cast::{Actor, Cast, KINDS, Kind};
use super::matrix::{ROLES, Role, Row};
use super::scene::{NEVER, Scene, Sort};
use crate::world::{Listener, id};

/// Who hears that a frame was taken.
#[derive(PartialEq)]
enum Echo {
    /// The sender, and so everybody.
    Sender,
    /// Everybody in the room but the sender.
    Others,
    /// The one whom it is for.
    Target,
}

/// One row's frame, said by somebody in a scene.
struct Line<'a> {
    row: &'a Row,
    scene: &'a Scene,
    /// Where the frame is said.
    path: String,
    /// A word that stands in no other frame.
    word: String,
    target: i64,
}

impl<'a> Line<'a> {
    fn new(row: &'a Row, cast: &Cast, scene: &'a Scene, speaker: &Actor) -> Self {
        let (bob, erin) = (&cast.bob.person, &cast.erin.person);
        let path = match row.dialect() {
            "inbox" => {
                format!("/ws/chat/{}/", if speaker.person.id == bob.id { &erin.username } else { &bob.username })
            }
            "directs" => format!("/ws/chat/{}/", scene.chat),
            "rooms" => format!("/ws/room/{}/", scene.chat),
            "messenger" => format!("/messenger/ws/ws/chat/{}/", scene.name),
            other => panic!("{other} has no frames in the matrix"),
        };
        Self { row, scene, path, word: format!("word of {}", cast.new_name()), target: bob.id }
    }

    fn frame(&self, message: i64) -> Value {
        let signal = |kind: &str, field: &str| {
            // Whom it is from is not for the sender to say.
            let mut data = json!({"target_user_id": self.target, "from_user_id": self.target});
            data[field] = json!(self.word);
            json!({"type": kind, "data": data})
        };
        match self.row.op.as_str() {
            "inbox-8" | "messenger-17" => json!({"message": self.word}),
            "inbox-9" => json!({"message_id": message, "message": self.word}),
            "inbox-10" => json!({"delete_message_id": message}),
            "directs-5" => json!({"body": self.word}),
            "rooms-24" => json!({"type": "chat_message", "data": {"content": self.word}}),
            "rooms-25" => json!({"type": "join_call", "data": {}}),
            "rooms-26" => json!({"type": "leave_call", "data": {}}),
            "rooms-27" => signal("offer", "sdp"),
            "rooms-28" => signal("answer", "sdp"),
            "rooms-29" => signal("ice_candidate", "candidate"),
            other => panic!("nobody has said what {other} says"),
        }
    }

    /// The frame that says it was taken.
    fn is_echo(&self, frame: &Value) -> bool {
        match self.row.op.as_str() {
            "inbox-10" => frame["deleted_message_id"] == self.scene.message,
            "rooms-25" => frame["type"] == "call_state",
            "rooms-26" => frame["type"] == "user_left",
            _ => frame.to_string().contains(&self.word),
        }
    }

    fn echo(&self) -> Echo {
        match self.row.op.as_str() {
            "rooms-26" => Echo::Others,
            "rooms-27" | "rooms-28" | "rooms-29" => Echo::Target,
            _ => Echo::Sender,
        }
    }

    /// The bystander's listener, where the echo does not come back to the speaker.
    async fn bystander(&self, cast: &Cast, mouth: &mut Listener) -> Option<Listener> {
        if self.echo() == Echo::Sender {
            return None;
        }
        let mut listener = cast.bob.person.listens_in(&self.scene.room()).await;
        let join = json!({"type": "join_call", "data": {}});
        if self.echo() == Echo::Target {
            // Nobody is in the call yet.
            mouth.says(&self.frame(0)).await;
            hears(mouth, |frame| frame["data"]["code"] == "not_in_call").await;
            listener.says(&join).await;
            hears(&mut listener, |frame| frame["type"] == "call_state").await;
            mouth.says(&self.frame(0)).await;
            hears(mouth, |frame| frame["data"]["code"] == "not_in_call").await;
        }
        mouth.says(&join).await;
        hears(mouth, |frame| frame["type"] == "call_state").await;
        Some(listener)
    }
}

/// Hears frames until one is what it waits for; the listener's patience ends it otherwise.
async fn hears(listener: &mut Listener, is_it: impl Fn(&Value) -> bool) -> Value {
    loop {
        let frame = listener.frame().await;
        if is_it(&frame) {
            return frame;
        }
    }
}

pub async fn speak(cast: &Cast, row: &Row) {
    let sorts: &[Sort] = match row.dialect() {
        "rooms" => &[Sort::Public, Sort::Private],
        "messenger" => &[Sort::Public, Sort::Private, Sort::Direct],
        _ => &[Sort::Direct],
    };
    for role in ROLES {
        let cell = row.cell(role);
        for sort in sorts {
            match cell.split_once(' ').map_or(cell, |(word, _)| word) {
                "-" => {}
                "ok" | "same" => is_heard(cast, row, role, *sort).await,
                "error" => is_told_no(cast, row, role, *sort).await,
                "close" => is_closed(cast, row, role).await,
                other => panic!("{}: what is {other:?}?", row.op),
            }
        }
    }
}

async fn is_heard(cast: &Cast, row: &Row, role: Role, sort: Sort) {
    let speaker = cast.actor(role);
    for kind in KINDS {
        let scene = cast.scene(sort).await;
        let line = Line::new(row, cast, &scene, speaker);
        let mut mouth = speaker.with(kind).handshake(&line.path).enters().await;
        let mut bystander = line.bystander(cast, &mut mouth).await;
        mouth.says(&line.frame(scene.message)).await;
        let heard = hears(bystander.as_mut().unwrap_or(&mut mouth), |frame| line.is_echo(frame)).await;
        if line.echo() == Echo::Target {
            assert_eq!(heard["data"]["from_user_id"], speaker.person.id, "{}: {heard}", row.op);
        }
    }
}

/// The same error as for an id that was never used, or the one of those who may not.
async fn is_told_no(cast: &Cast, row: &Row, role: Role, sort: Sort) {
    let scene = cast.scene(sort).await;
    let speaker = cast.actor(role);
    let before = cast.snapshot(std::slice::from_ref(&scene)).await;
    let mut bobs = cast.bob.person.handshake("/ws/chat/erin/").enters().await;
    for kind in KINDS {
        let line = Line::new(row, cast, &scene, speaker);
        let mut mouth = speaker.with(kind).handshake(&line.path).enters().await;
        let mut told = Vec::new();
        for message in [scene.message, NEVER] {
            mouth.says(&line.frame(message)).await;
            let error = mouth.frame().await;
            assert!(error["error"].is_string(), "{}: {error}", row.op);
            told.push(error);
        }
        let is_unknown = row.cell(role) == "error not_found";
        assert_eq!(told[0] == told[1], is_unknown, "{} {role:?}: {told:?}", row.op);
    }
    assert_eq!(cast.snapshot(&[scene]).await, before, "{}: the refused have changed something", row.op);
    bobs.says(&json!({"message": "all quiet"})).await;
    assert_eq!(bobs.frame().await["message"], "all quiet", "{}: nothing was told before", row.op);
}

/// Somebody new in a chat that has bob in it, with a message to be changed.
async fn newcomer(cast: &Cast, row: &Row) -> (Actor, Scene) {
    let guest = cast.guest().await;
    let name = &guest.person.username;
    let mut scene = cast.scene(if row.dialect() == "rooms" { Sort::Public } else { Sort::Direct }).await;
    if row.dialect() == "rooms" {
        guest.person.joins(&scene.room()).await;
    } else {
        let chat = guest.person.post("/messenger/api/chatrooms/", &json!({"recipient": "bob"})).await.is(201).json();
        assert_eq!(chat["name"], format!("bob_{name}"));
        scene = Scene { chat: id(&chat), name: format!("bob_{name}"), ..scene };
    }
    scene.message = id(&guest.person.posts("said before").in_room(&scene.room()).await);
    (guest, scene)
}

/// Signed out everywhere, or out of the room: every open socket ends, and whatever is
/// said on it afterwards is said to nobody.
async fn is_closed(cast: &Cast, row: &Row, role: Role) {
    let (guest, scene) = newcomer(cast, row).await;
    let line = Line::new(row, cast, &scene, &guest);
    let mut mouths = Vec::new();
    for kind in KINDS {
        mouths.push(guest.with(kind).handshake(&line.path).enters().await);
    }
    let mut bobs = cast.bob.person.listens_in(&scene.room()).await;
    if role == Role::Revoked {
        guest.person.does("/api/auth/logout-all/").await.is(204);
    } else {
        let path = format!("/messages/api/chats/{}/members/{}/remove/", scene.chat, guest.person.id);
        cast.alice.with(Kind::Device).asks(Method::DELETE, &path).await.is(204);
        bobs.hears("user_left").await;
    }
    for mouth in &mut mouths {
        // The close may have been read by then.
        mouth.tries_to_say(&line.frame(scene.message)).await.ok();
        let (frames, code) = mouth.hears_until_closed().await;
        assert_eq!(row.cell(role), format!("close {code}"), "{}: {frames:?}", row.op);
        assert!(!frames.iter().any(|frame| frame.to_string().contains(&line.word)), "{frames:?}");
    }
    bobs.hears_nothing().await;
    assert_eq!(cast.bob.person.reads(&scene.room()).await[0], "said before", "{}", row.op);
}
