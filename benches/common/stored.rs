//! The packages with SQLite behind them, as a yardstick: what any server does at least that stores what it is told
//! before it says so, and that reads a page from the database. Nobody is asked who they are, nothing is counted,
//! indexed for search or told to others.

use std::cell::OnceCell;
use std::path::Path;

use futures_util::{SinkExt as _, StreamExt as _};
use rusqlite::{Connection, OpenFlags, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

/// Rows that one transaction takes at most.
const MAX_ROWS: usize = 512;
/// Messages of a page.
const PAGE: i64 = 50;

/// A table like the server's, with its durability.
const TABLE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
    CREATE TABLE messages (id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL,
        sender_id INTEGER NOT NULL, content TEXT NOT NULL, created_at INTEGER NOT NULL,
        seq INTEGER NOT NULL) STRICT;
    CREATE INDEX messages_by_chat ON messages (chat_id);";

/// A new database with that table.
pub fn table(path: &Path) -> Connection {
    let database = Connection::open(path).expect("a new database");
    database.execute_batch(TABLE).expect("a table like the server's");
    database
}

/// Writes a message, and answers its id.
pub fn insert(transaction: &Transaction<'_>, chat: i64, content: &str) -> i64 {
    transaction
        .prepare_cached(
            "INSERT INTO messages (chat_id, sender_id, content, created_at, seq) VALUES (?1, ?1, ?2, ?3, 0)",
        )
        .and_then(|mut insert| insert.insert(params![chat, content, 1_735_689_600_000_i64]))
        .expect("a row")
}

struct Command {
    chat: i64,
    content: String,
    /// Told of the row's id once it is on the disk.
    stored: oneshot::Sender<i64>,
}

/// A thread that writes all that waits in one transaction.
#[derive(Clone)]
pub struct Writer(mpsc::Sender<Command>);

impl Writer {
    pub fn start(path: &Path) -> Self {
        let (queue, mut waiting) = mpsc::channel::<Command>(MAX_ROWS);
        let mut database = table(path);
        std::thread::spawn(move || {
            let mut told = Vec::new();
            while let Some(first) = waiting.blocking_recv() {
                let transaction = database.transaction().expect("a transaction");
                let mut next = Some(first);
                while let Some(Command { chat, content, stored }) = next {
                    told.push((stored, insert(&transaction, chat, &content)));
                    next = if told.len() < MAX_ROWS { waiting.try_recv().ok() } else { None };
                }
                transaction.commit().expect("a commit");
                // Who has gone meanwhile is not told.
                for (stored, id) in told.drain(..) {
                    stored.send(id).ok();
                }
            }
        });
        Self(queue)
    }

    async fn store(&self, chat: i64, content: String) -> i64 {
        let (stored, told) = oneshot::channel();
        assert!(self.0.send(Command { chat, content, stored }).await.is_ok(), "the writer runs");
        told.await.expect("the writer answers")
    }

    /// Stores the text of a post, and answers it with its id.
    pub async fn post(self, body: Vec<u8>) -> String {
        let Said { content } = serde_json::from_slice(&body).expect("a post");
        let id = self.store(1, content.clone()).await;
        written(&Stored { id, chat: 1, content })
    }

    /// Stores what is said on a socket, and says it there.
    pub async fn echo(self, stream: TcpStream, chat: i64) {
        let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a handshake");
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else { continue };
            let Frame { data: Said { content } } = serde_json::from_str(&text).expect("a frame");
            let id = self.store(chat, content.clone()).await;
            if socket.send(Message::text(written(&Stored { id, chat, content }))).await.is_err() {
                return;
            }
        }
    }
}

#[derive(Deserialize)]
struct Frame {
    data: Said,
}

#[derive(Deserialize)]
struct Said {
    content: String,
}

#[derive(Serialize)]
struct Stored {
    id: i64,
    chat: i64,
    content: String,
}

/// A message of a page, of what every API's answer has at least.
#[derive(Serialize)]
struct Listed {
    id: i64,
    content: String,
    created_at: i64,
    sender: Sender,
}

#[derive(Serialize)]
struct Sender {
    id: i64,
    username: String,
    display_name: String,
}

thread_local! {
    static READER: OnceCell<Connection> = const { OnceCell::new() };
}

/// The 50 messages before one in chat 1 of a server's database, read on the runtime's own thread.
pub fn page(database: &Path, before: i64) -> String {
    READER.with(|reader| {
        let reader = reader.get_or_init(|| {
            Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a database")
        });
        let mut statement = reader
            .prepare_cached(
                "SELECT m.id, m.content, m.created_at, u.id, u.username, u.display_name FROM messages_by_chat b
                 JOIN messages m ON m.id = b.message_id JOIN users u ON u.id = m.sender_id
                 WHERE b.chat_id = 1 AND b.message_id < ?1 ORDER BY b.message_id DESC LIMIT ?2",
            )
            .expect("the server's tables");
        let rows = statement.query_map([before, PAGE], listed).expect("rows");
        written(&rows.collect::<Result<Vec<_>, _>>().expect("rows"))
    })
}

fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
    let sender = Sender { id: row.get(3)?, username: row.get(4)?, display_name: row.get(5)? };
    Ok(Listed { id: row.get(0)?, content: row.get(1)?, created_at: row.get(2)?, sender })
}

fn written(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).expect("JSON")
}
