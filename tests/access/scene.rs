//! What is asked for: a chat with a message and a file in it, and proof that nothing
//! of it has changed.

use serde_json::{Value, json};

use super::cast::Cast;
use crate::push::new_device;
use crate::world::bytes::PNG;
use crate::world::{Room, id};

/// Stands in all that outsiders must not see.
pub const SECRET: &str = "unheard-of";
pub const NEVER: i64 = 999_999;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Public,
    Private,
    Direct,
    /// Of the server itself, which alice administers.
    Server,
}

/// A chat: alice's group, or the direct chat of bob and erin. The message and the
/// file in it are bob's.
#[derive(Debug, Clone)]
pub struct Scene {
    pub sort: Sort,
    pub chat: i64,
    /// The chat's name in messenger.
    pub name: String,
    pub message: i64,
    pub file: i64,
    pub picture: i64,
    /// Of an invitation into the chat.
    pub code: String,
    /// What signs bob in on a device of his.
    pub session: i64,
    /// An invitation to the server.
    pub invite: i64,
    /// A bot that alice made.
    pub bot: i64,
    /// A device of bob's that is told of messages.
    pub device: i64,
    /// A hook into the chat.
    pub hook: i64,
    /// A hook that sends what happens in it.
    pub sender: i64,
}

impl Scene {
    pub fn is_public(&self) -> bool {
        self.sort == Sort::Public
    }

    /// The same with ids and a name that were never used.
    pub fn never(&self) -> Self {
        let name = if self.sort == Sort::Direct { "bob_zed".to_owned() } else { format!("room-{NEVER}") };
        let code = "never".to_owned();
        let (message, file, picture, session) = (NEVER, NEVER, NEVER, NEVER);
        Self {
            chat: NEVER,
            name,
            message,
            file,
            picture,
            code,
            session,
            invite: NEVER,
            bot: NEVER,
            device: NEVER,
            hook: NEVER,
            sender: NEVER,
            ..self.clone()
        }
    }

    pub fn room(&self) -> Room {
        Room { id: self.chat }
    }
}

impl Cast {
    pub async fn scenes(&self, sorts: &[Sort]) -> Vec<Scene> {
        let mut scenes = Vec::new();
        for sort in sorts {
            scenes.push(self.scene(*sort).await);
        }
        scenes
    }

    pub async fn scene(&self, sort: Sort) -> Scene {
        let (alice, bob) = (&self.alice.person, &self.bob.person);
        let room = match sort {
            Sort::Direct => {
                let made = bob.post("/api/chats/create/", &json!({"user_id": self.erin.person.id})).await.is(201);
                Room::of(&made.json())
            }
            Sort::Public => alice.opens_room("den").await,
            Sort::Private | Sort::Server => alice.opens_room("unheard-of den").await,
        };
        if sort != Sort::Direct {
            for member in [&self.bob, &self.carol, &self.erin] {
                member.person.joins(&room).await;
            }
        }
        let file = bob.uploads("unheard-of.txt", b"bob's unheard-of file").await;
        let picture = bob.uploads("unheard-of.png", PNG).await;
        let words = bob.posts("bob's unheard-of words").with_file(&file).with_file(&picture);
        let message = id(&words.in_room(&room).await);
        // One left, one was removed.
        let carol = &self.carol.person;
        match sort {
            Sort::Direct => {}
            Sort::Public => carol.leaves(&room).await,
            Sort::Private | Sort::Server => {
                alice.makes_private(&room).await;
                let path = format!("/messages/api/chats/{}/members/{}/remove/", room.id, carol.id);
                alice.delete(&path).await.is(204);
            }
        }
        // Removing somebody ends what invitations there were.
        let code = if sort == Sort::Direct { String::new() } else { self.invites_into(&room).await };
        let (hook, sender) = if sort == Sort::Direct { (NEVER, NEVER) } else { self.hooks_of(&room).await };
        let name = if sort == Sort::Direct { "bob_erin".to_owned() } else { format!("room-{}", room.id) };
        let (session, invite, bot, device) =
            if sort == Sort::Server { self.of_server().await } else { (NEVER, NEVER, NEVER, NEVER) };
        let (chat, file, picture) = (room.id, id(&file), id(&picture));
        Scene { sort, chat, name, message, file, picture, code, session, invite, bot, device, hook, sender }
    }

    async fn invites_into(&self, room: &Room) -> String {
        let path = format!("/messages/api/chats/{}/invite/", room.id);
        let made = self.alice.person.post(&path, &json!({})).await.is(201).json();
        made["code"].as_str().unwrap().to_owned()
    }

    /// One that takes what others send, and one that sends where nobody listens.
    async fn hooks_of(&self, room: &Room) -> (i64, i64) {
        let path = format!("/messages/api/chats/{}/hooks/", room.id);
        let into = id(&self.alice.person.post(&path, &json!({"label": "unheard-of hook"})).await.is(201).json());
        let wish = json!({"label": "unheard-of sender", "url": "http://127.0.0.1:9/"});
        (into, id(&self.alice.person.post(&path, &wish).await.is(201).json()))
    }

    /// A session of bob's, an invitation, a bot, and a device of bob's that is told of messages.
    async fn of_server(&self) -> (i64, i64, i64, i64) {
        let old = self.devices.replace_with(|devices| devices.split_off(devices.len().saturating_sub(4)));
        for session in old {
            let ended = self.bob.person.delete(&format!("/api/server/sessions/{session}/")).await;
            assert!([204, 404].contains(&ended.status), "{ended}");
        }
        let device = self.bob.person.signs_in_again().await;
        let sessions = device.get("/api/server/sessions/").await.is(200).results();
        let current = sessions.iter().find(|session| session["current"] == true).unwrap();
        let invite = self.alice.person.post("/api/server/invites/", &json!({})).await.is(201).json();
        let bot =
            self.alice.person.post("/api/server/bots/", &json!({"username": self.new_name()})).await.is(201).json();
        let told = device.post("/api/server/push/", &new_device(&self.new_name())).await.is(201).json();
        self.devices.borrow_mut().push(id(current));
        (id(current), id(&invite), id(&bot), id(&told))
    }

    /// Everything that a refused request could have changed, as those see it whose it is.
    pub async fn snapshot(&self, scenes: &[Scene]) -> Vec<Value> {
        let mut seen = Vec::new();
        for actor in self.everybody() {
            for path in ["/api/auth/me/", "/api/token/", "/api/rooms/", "/profiles/api/profile/", "/api/messages/"] {
                seen.push(actor.person.get(path).await.is(200).json());
            }
        }
        if scenes.iter().any(|scene| scene.sort == Sort::Server) {
            seen.push(self.bob.person.get("/api/server/push/").await.is(200).json());
            for path in ["/api/server/users/", "/api/server/invites/", "/api/server/bots/", "/api/server/audit/"] {
                seen.push(self.alice.person.get(path).await.is(200).json());
            }
            seen.push(json!(self.bob.person.get("/api/server/sessions/").await.is(200).results().len()));
        }
        for scene in scenes {
            let keeper = if scene.sort == Sort::Direct { &self.bob.person } else { &self.alice.person };
            let room = scene.room();
            for path in [room.path(), room.participants(), room.messages()] {
                seen.push(keeper.get(&path).await.is(200).json());
            }
            // It says who has read it and who has reacted to it.
            let message = format!("/messages/api/messages/{}/", scene.message);
            let file = format!("/api/files/{}/", scene.file);
            for path in [message, file] {
                seen.push(self.bob.person.get(&path).await.is(200).json());
            }
        }
        seen
    }
}
