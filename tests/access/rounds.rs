//! Every way to end a right, against every kind of credential on every kind of socket,
//! while others do not stop talking: not one word that was said after the answer is heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;
use tokio::task::JoinHandle;

use super::cast::{Actor, KINDS, Kind};
use crate::world::{Fireside, Heard, Listener, Person, Room, people};

/// Someone who talks to the guest in a group and in private, with numbered words.
struct Talk {
    /// Words that were begun.
    begun: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    talking: JoinHandle<()>,
}

impl Talk {
    fn begins(bob: &Person, den: &Room, guest: &Person) -> Self {
        let (begun, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (bob, den, guest) = (bob.clone(), den.clone(), guest.id);
        let (counter, stopped) = (Arc::clone(&begun), Arc::clone(&stop));
        let talking = tokio::spawn(async move {
            while !stopped.load(Ordering::SeqCst) {
                let text = format!("word<{}>", counter.fetch_add(1, Ordering::SeqCst));
                // The group may be gone by now.
                bob.posts(&text).tried_in(&den).await;
                let letter = json!({"receiver": guest, "content": text});
                bob.post("/api/messages/", &letter).await.is(201);
            }
        });
        Self { begun, stop, talking }
    }

    async fn ends(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.talking.await.unwrap();
    }
}

/// The number of the word in a frame.
fn word(frame: &str) -> Option<usize> {
    let (_, rest) = frame.split_once("word<")?;
    rest.split('>').next()?.parse().ok()
}

/// A way to end a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    LogsOut(Kind),
    LogsOutEverywhere,
    ChangesPassword,
    RotatesToken,
    IsRemoved,
    Leaves,
    GroupIsDeleted,
}

const ENDS: [End; 8] = [
    End::LogsOut(Kind::Device),
    End::LogsOut(Kind::Cookie),
    End::LogsOutEverywhere,
    End::ChangesPassword,
    End::RotatesToken,
    End::IsRemoved,
    End::Leaves,
    End::GroupIsDeleted,
];

/// The kinds of sockets: whether they show the group alone, or show it at all.
type Sockets = [(&'static str, bool, bool); 5];

const SOCKETS: Sockets = [
    ("/d/inbox/ws/chat/bob/", false, false),
    ("/messages/ws/", false, true),
    ("/d/directs/ws/chat/{direct}/", false, false),
    ("/ws/room/{den}/", true, true),
    ("/messenger/ws/ws/chat/room-{den}/", true, true),
];

/// The same where the dialects' own clients open others.
const CLIENT_SOCKETS: Sockets = [
    ("/c/inbox/ws/chat/bob/", false, false),
    ("/c/messaging/messages/ws/", false, true),
    ("/c/directs/ws/chat/{direct}/", false, false),
    ("/c/rooms/ws/call/{den}/", true, true),
    ("/c/messenger/ws/chat/room-{den}/", true, true),
];

impl End {
    async fn comes(self, guest: &Actor, owner: &Person, den: &Room) {
        let person = &guest.person;
        match self {
            Self::LogsOut(Kind::Cookie) => {
                let left = guest.with(Kind::Cookie).asks(reqwest::Method::POST, "/api/auth/logout/").await;
                left.is(204);
            }
            Self::LogsOut(_) => drop(person.does("/api/auth/logout/").await.is(204)),
            Self::LogsOutEverywhere => drop(person.does("/api/auth/logout-all/").await.is(204)),
            Self::ChangesPassword => {
                let body = json!({"old_password": person.password, "new_password": "another password"});
                person.signs_in_again().await.post("/api/auth/password/", &body).await.is(204);
            }
            Self::RotatesToken => drop(person.does("/api/token/rotate/").await.is(200)),
            Self::IsRemoved => {
                let path = format!("/messages/api/chats/{}/members/{}/remove/", den.id, person.id);
                owner.delete(&path).await.is(204);
            }
            Self::Leaves => person.leaves(den).await,
            Self::GroupIsDeleted => drop(owner.delete(&den.path()).await.is(204)),
        }
    }

    /// The code that a socket is closed with; `None`: it goes on.
    fn code(self, kind: Kind, is_of_group: bool) -> Option<u16> {
        match self {
            Self::LogsOut(ended) => (kind == ended).then_some(4401),
            Self::LogsOutEverywhere | Self::ChangesPassword => Some(4401),
            Self::RotatesToken => (kind == Kind::Account).then_some(4401),
            Self::IsRemoved | Self::Leaves => is_of_group.then_some(4403),
            Self::GroupIsDeleted => is_of_group.then_some(4404),
        }
    }

    fn is_about_group(self) -> bool {
        [Self::IsRemoved, Self::Leaves, Self::GroupIsDeleted].contains(&self)
    }
}

/// One socket of the guest's, and what becomes of it.
struct Post {
    listener: Listener,
    what: String,
    code: Option<u16>,
    /// It goes on, without the group.
    loses_group: bool,
}

impl Post {
    /// Everything that is heard until the close, or until a word that was begun after the
    /// answer where it goes on: nothing that is not for it any more.
    async fn hears_nothing_since(&mut self, answered: usize, den: &Room) {
        loop {
            match self.listener.next().await {
                Heard::Closed(code) => {
                    assert_eq!(Some(code), self.code, "{}", self.what);
                    return;
                }
                Heard::Frame(frame) => {
                    let text = frame.to_string();
                    let is_late = word(&text).is_some_and(|word| word >= answered);
                    assert!(!is_late || self.code.is_none(), "{}: {text} after word {answered}", self.what);
                    let is_of_group = frame["chat"] == den.id;
                    assert!(!(is_late && self.loses_group && is_of_group), "{}: {text}", self.what);
                    if is_late {
                        return;
                    }
                }
            }
        }
    }
}

async fn goes_round(fireside: &Fireside, [bob, alice]: [&Person; 2], end: End, name: &str, sockets: Sockets) {
    let guest = Actor::of(fireside.registers(name).await).await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    guest.person.joins(&den).await;
    let direct = guest.person.post("/api/chats/create/", &json!({"user_id": bob.id})).await.is(201).json();
    let mut posts = Vec::new();
    for kind in KINDS {
        for (path, is_of_group, shows_group) in sockets {
            let path = path.replace("{direct}", &direct["id"].to_string()).replace("{den}", &den.id.to_string());
            let listener = guest.with(kind).handshake(&path).enters().await;
            let (code, what) = (end.code(kind, is_of_group), format!("{end:?} {kind:?} {path}"));
            posts.push(Post { listener, what, code, loses_group: shows_group && end.is_about_group() });
        }
    }
    let talk = Talk::begins(bob, &den, &guest.person);
    for post in &mut posts {
        while word(&post.listener.frame().await.to_string()).is_none() {}
    }
    end.comes(&guest, alice, &den).await;
    let answered = talk.begun.load(Ordering::SeqCst);
    for post in &mut posts {
        post.hears_nothing_since(answered, &den).await;
    }
    talk.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_answer_nothing_is_heard_whatever_ended_and_on_whatever_it_stood() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    for (round, sockets) in [SOCKETS, CLIENT_SOCKETS].into_iter().enumerate() {
        for (number, end) in ENDS.into_iter().enumerate() {
            goes_round(&fireside, [&bob, &alice], end, &format!("guest{round}x{number}"), sockets).await;
        }
    }
}
