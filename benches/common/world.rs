//! Worlds too large to be made through the door in a bench's time: rows written as the
//! server's own transactions would have written them. The benches check the server's
//! counts against what they ordered.

use std::path::Path;

use rusqlite::{Connection, Transaction, params};
use sha2::{Digest as _, Sha256};

/// How much there is of everything.
#[derive(Clone, Copy)]
pub struct World {
    /// Chats that person 1 is in; one in ten is direct.
    pub chats: i64,
    /// Messages in each of them, said by the other.
    pub messages: i64,
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
        database.execute_batch("PRAGMA synchronous = OFF").unwrap();
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
        tx.execute("UPDATE sequence SET value = ?1", [last]).unwrap();
        tx.commit().unwrap();
    }

    /// How many people there are.
    pub fn people(&self) -> i64 {
        1 + self.directs() + self.crowd
    }

    /// The first of those who are in chat 1 alone.
    pub fn first_of_crowd(&self) -> i64 {
        self.directs() + 2
    }

    fn directs(&self) -> i64 {
        (self.chats / 10).max(1)
    }

    /// A chat of person 1 with one other, who said everything in it. Answers the newest message.
    fn make_chat(&self, tx: &Transaction<'_>, chat: i64, last: i64) -> i64 {
        let is_direct = chat % 10 == 0;
        let other = if is_direct { chat / 10 + 1 } else { chat % self.directs() + 2 };
        let newest = last + self.messages;
        tx.prepare_cached(
            "INSERT INTO chats (id, kind, low_user, high_user, slug, title, title_key, owner_id, member_count,
                                message_count, last_message_id, created_at, updated_at, active_at)
             VALUES (?1, iif(?2, 'direct', 'group'), iif(?2, 1, NULL), iif(?2, ?3, NULL), iif(?2, 's_' || ?1, NULL),
                     'chat ' || ?1, 'chat ' || ?1, 1, 2, ?4, nullif(?5, 0), ?5, ?5, ?5)",
        )
        .and_then(|mut insert| insert.execute(params![chat, is_direct, other, self.messages, newest]))
        .unwrap();
        for (user, seen) in [(1, self.messages / 2), (other, self.messages)] {
            tx.prepare_cached(
                "INSERT INTO members (chat_id, user_id, is_admin, joined_at, read_mark, seen_count)
                 VALUES (?1, ?2, ?3, 0, ?4, ?5)",
            )
            .and_then(|mut insert| insert.execute(params![chat, user, user == 1, last + seen, seen]))
            .unwrap();
        }
        let mut insert = tx
            .prepare_cached(
                "INSERT INTO messages (id, chat_id, sender_id, content, created_at, seq)
                 VALUES (?1, ?2, ?3, ?4, ?1, ?1)",
            )
            .unwrap();
        for id in last + 1..=newest {
            insert.execute(params![id, chat, other, format!("{:-<100}", format!("message {id}."))]).unwrap();
        }
        newest
    }
}

fn make_person(tx: &Transaction<'_>, person: i64) {
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

fn join(tx: &Transaction<'_>, chat: i64, person: i64, newest: i64) {
    tx.prepare_cached(
        "INSERT INTO members (chat_id, user_id, joined_at, joined_mark, read_mark, seen_count)
         VALUES (?1, ?2, 0, 0, ?3, (SELECT message_count FROM chats WHERE id = ?1))",
    )
    .and_then(|mut insert| insert.execute(params![chat, person, newest]))
    .unwrap();
}
