//! Worlds too large to be made through the door in a bench's time: rows written as the
//! server's own transactions would have written them. The benches check the server's
//! counts against what they ordered.

use std::fs::File;
use std::path::Path;

use rusqlite::{Connection, Transaction, params};
use sha2::{Digest as _, Sha256};

use super::CONTENT;

/// How much there is of everything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct World {
    /// Chats that person 1 is in; one in ten is direct.
    pub chats: i64,
    /// Messages in chat 1, said by the other.
    pub messages: i64,
    /// The same of each other chat.
    pub elsewhere: i64,
    /// People beside person 1 and those of the direct chats, all of them members of chat 1.
    pub crowd: i64,
}

/// The token of a person in such a world.
pub fn token(person: i64) -> String {
    format!("{person:040x}")
}

impl World {
    /// Fills a database that the server made and that has nobody in it yet.
    pub fn fill(&self, path: &Path) {
        let mut database = Connection::open(path).expect("the server's database");
        // Nothing to go back to, and no log as large as the world: a world that is not whole is thrown away.
        database.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").unwrap();
        let tx = database.transaction().unwrap();
        for person in 1..=self.people() {
            make_person(&tx, person);
        }
        let mut last = 0;
        for chat in 1..=self.chats {
            last = self.make_chat(&tx, chat, last);
        }
        for person in self.first_of_crowd()..=self.people() {
            join(&tx, 1, person, last);
        }
        tx.execute("UPDATE chats SET member_count = 2 + ?1 WHERE id = 1", [self.crowd]).unwrap();
        tx.execute("UPDATE sequence SET value = ?1, indexed = ?1", [last]).unwrap();
        tx.commit().unwrap();
        database.execute_batch("PRAGMA journal_mode = WAL").unwrap();
        // Else the first commits would wait until the system has written the world to the disk.
        File::open(path).and_then(|file| file.sync_all()).expect("a disk");
    }

    /// How many messages there are, over all chats.
    pub fn all_messages(&self) -> i64 {
        self.messages + (self.chats - 1) * self.elsewhere
    }

    /// How many people there are.
    pub fn people(&self) -> i64 {
        1 + self.directs() + self.crowd
    }

    /// The first of those who are in chat 1 alone.
    pub fn first_of_crowd(&self) -> i64 {
        self.directs() + 2
    }

    /// Who is in chat 1 with person 1.
    pub fn other_of_first(&self) -> i64 {
        self.other_of(1)
    }

    fn other_of(&self, chat: i64) -> i64 {
        if is_direct(chat) { chat / 10 + 1 } else { chat % self.directs() + 2 }
    }

    fn directs(&self) -> i64 {
        (self.chats / 10).max(1)
    }

    /// A chat of person 1 with one other, who said everything in it. Answers the newest message.
    fn make_chat(&self, tx: &Transaction<'_>, chat: i64, last: i64) -> i64 {
        let (is_direct, other) = (is_direct(chat), self.other_of(chat));
        let messages = if chat == 1 { self.messages } else { self.elsewhere };
        let newest = last + messages;
        tx.prepare_cached(
            "INSERT INTO chats (id, kind, low_user, high_user, slug, title, title_key, owner_id, created_by, member_count,
                                message_count, last_message_id, created_at, updated_at, active_at)
             VALUES (?1, iif(?2, 'direct', 'group'), iif(?2, 1, NULL), iif(?2, ?3, NULL), iif(?2, 's_' || ?1, NULL),
                     'chat ' || ?1, 'chat ' || ?1, 1, 1, 2, ?4, iif(?4 > 0, ?5, NULL), ?5, ?5, ?5)",
        )
        .and_then(|mut insert| insert.execute(params![chat, is_direct, other, messages, newest]))
        .unwrap();
        for (user, seen) in [(1, messages / 2), (other, messages)] {
            tx.prepare_cached(
                "INSERT INTO members (chat_id, user_id, is_admin, joined_at, read_mark, seen_count)
                 VALUES (?1, ?2, ?3, 0, ?4, ?5)",
            )
            .and_then(|mut insert| insert.execute(params![chat, user, user == 1, last + seen, seen]))
            .unwrap();
        }
        say_all(tx, chat, other, last, newest);
        newest
    }
}

fn is_direct(chat: i64) -> bool {
    chat % 10 == 0
}

/// The messages above `last`, up to and with `newest`, and their entries under their chat.
fn say_all(tx: &Transaction<'_>, chat: i64, sender: i64, last: i64, newest: i64) {
    tx.prepare_cached(
        "WITH RECURSIVE ids (id) AS (SELECT ?3 + 1 WHERE ?3 < ?4 UNION ALL SELECT id + 1 FROM ids WHERE id < ?4)
         INSERT INTO messages (id, chat_id, sender_id, content, created_at, seq)
         SELECT id, ?1, ?2, substr('message ' || id || '.' || ?5, 1, length(?5)), id, id FROM ids",
    )
    .and_then(|mut insert| insert.execute(params![chat, sender, last, newest, "-".repeat(CONTENT)]))
    .unwrap();
    tx.prepare_cached(
        "INSERT INTO messages_by_chat (chat_id, message_id) SELECT ?1, id FROM messages WHERE id > ?2 AND id <= ?3",
    )
    .and_then(|mut insert| insert.execute([chat, last, newest]))
    .unwrap();
}

/// A row of somebody, and of their token.
pub fn make_person(tx: &Transaction<'_>, person: i64) {
    tx.prepare_cached(
        "INSERT INTO users (id, username, username_key, email, password_hash, display_name, search_key, token_nonce,
                            created_at)
         VALUES (?1, ?2, ?2, '', '', ?2, ?2 || ' ' || ?2, x'00', 0)",
    )
    .and_then(|mut insert| insert.execute(params![person, format!("person{person}x")]))
    .unwrap();
    let hash: [u8; 32] = Sha256::digest(token(person).as_bytes()).into();
    // Used a moment ago, so that nobody's first request has that to write down.
    tx.prepare_cached(
        "INSERT INTO credentials (user_id, kind, secret_hash, created_at, used_at)
         VALUES (?1, 'device', ?2, unixepoch() * 1000, unixepoch() * 1000)",
    )
    .and_then(|mut insert| insert.execute(params![person, hash]))
    .unwrap();
}

/// Puts somebody into a chat that has its messages already.
pub fn join(tx: &Transaction<'_>, chat: i64, person: i64, newest: i64) {
    tx.prepare_cached(
        "INSERT INTO members (chat_id, user_id, joined_at, joined_mark, read_mark, seen_count)
         VALUES (?1, ?2, 0, 0, ?3, (SELECT message_count FROM chats WHERE id = ?1))",
    )
    .and_then(|mut insert| insert.execute(params![chat, person, newest]))
    .unwrap();
}
