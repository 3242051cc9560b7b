//! What was told and heard, against what is stored.

use serde_json::{Value, json};

use super::World;
use crate::across::pair::{ALL, Dialect};
use crate::world::checker::Figures;
use crate::world::{Person, id};

impl World {
    /// What was told and heard, against what every document says is stored.
    pub async fn is_right(&self) -> Figures {
        let truth = self.pair.history(&self.pair.alice, Dialect::Rooms).await;
        for me in [&self.pair.alice, &self.pair.bob] {
            for dialect in ALL {
                let history = self.pair.history(me, dialect).await;
                assert!(history == truth, "{} reads something else by {dialect:?}", me.username);
            }
        }
        let count =
            self.pair.bob.get(&format!("/api/rooms/{}/messages/", self.pair.chat)).await.json()["count"].clone();
        assert_eq!(count, truth.len());
        self.files_are_there().await;
        self.unread_is_right(&truth).await;
        let overheard = self.overheard.lock().unwrap().join("\n");
        for secret in self.behind_her_back.lock().unwrap().iter() {
            assert!(!overheard.contains(secret.as_str()), "Carol heard {secret}");
        }
        let strange = ["said by", "posted by", "changed", "with a file"];
        assert!(!strange.iter().any(|text| overheard.contains(text)), "Carol is not in that chat: {overheard}");
        self.ledger.agrees_with(&truth)
    }

    async fn files_are_there(&self) {
        let files = self.files.lock().unwrap().clone();
        for (number, bytes) in files {
            let answer = self.pair.alice.get(&format!("/api/files/{number}/download/")).await.is(200);
            assert!(answer.body == bytes, "the file {number} is another");
        }
    }

    /// Nothing is unread after reading; of three more, three are, in every document that counts.
    async fn unread_is_right(&self, truth: &[(i64, String)]) {
        let (alice, bob, chat) = (&self.pair.alice, &self.pair.bob, self.pair.chat);
        let Some((newest, _)) = truth.last() else { return };
        bob.does(&format!("/messages/api/chats/{chat}/mark-as-read/")).await.is(200);
        assert_eq!(self.unread(bob).await, [0, 0, 0], "after reading up to {newest}");
        let mut more = Vec::new();
        for _ in 0..3 {
            let text = self.text("unread");
            let path = format!("/api/rooms/{chat}/messages/");
            more.push(alice.post(&path, &json!({"content": text})).await.is(201).json());
        }
        assert_eq!(self.unread(bob).await, [3, 3, 3]);
        for message in more {
            alice.deletes(&message).await;
        }
        assert_eq!(self.unread(bob).await, [0, 0, 0]);
    }

    async fn unread(&self, me: &Person) -> [i64; 3] {
        let chat = self.pair.chat;
        let number = |value: &Value| value["unread_count"].as_i64().unwrap();
        let listed = me.get("/api/chats/").await.json();
        let listed = listed.as_array().unwrap().iter().find(|listed| id(listed) == chat).unwrap().clone();
        [
            number(&me.get(&format!("/api/rooms/{chat}/")).await.json()),
            number(&me.get(&format!("/messages/api/chats/{chat}/")).await.json()),
            number(&listed),
        ]
    }
}
