//! Every statement that the core runs, and how SQLite plans to run it.
//!
//! A life with all operations is led through the public methods; each statement that
//! was run is then asked for its plan. A table that can grow is found by an index, but
//! for the few lists that return every row they read.

mod life;

use std::collections::BTreeSet;
use std::path::Path;

use argon2::Argon2;
use parking_lot::Mutex;
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::db::prepare_writer;
use super::{WriterThread, migrations, users};
use crate::chat::Durability;
use crate::chat::app::{App, Config};
use crate::chat::model::admin::Administrator;
use crate::chat::model::retention::RetentionOverride;
use crate::chat::model::time::Clock;
use crate::chat::tests::SMALL;
use life::{administration, devices, people, person, places, words};

static RUN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Notes what is run on a connection.
fn record(connection: &Connection) {
    connection.trace_v2(
        TraceEventCodes::SQLITE_TRACE_STMT,
        Some(|event| {
            if let TraceEvent::Stmt(statement, _) = event {
                RUN.lock().insert(statement.sql().into_owned());
            }
        }),
    );
}

/// Whole-table reads that return (or may return) what they read, and say so.
const READ_EVERYTHING: &[&str] = &[
    // Users: the operator's list, and a search for any part of a name.
    "u.email, u.is_admin, u.is_disabled FROM users u ORDER BY u.id",
    "instr(search_key, ?2) > 0",
    "FROM users u WHERE u.is_disabled = 0 AND (u.is_bot = 0 OR",
    "FROM hooks h CROSS JOIN users b",
    // The administrators' lists: users, invitations (of which there are 1,000 at most), and the log.
    "AS issuers FROM users u ORDER BY u.id LIMIT",
    "FROM users WHERE instr(search_key, ?1) > 0 OR email_key = ?1",
    "FROM users u WHERE instr(search_key, ?1) > 0 OR email_key = ?1",
    "FROM invites i LEFT JOIN users u ON u.id = i.created_by\n         ORDER BY",
    "SELECT count(*) FROM invites",
    "FROM audit",
    // The links of a day that an administrator made, when all that signs them in ends.
    "DELETE FROM resets WHERE user_id = ?1 OR created_by",
    // The hashes that came from elsewhere, once at each start.
    "FROM users WHERE password_hash NOT GLOB",
    // Counters that are added up, for an administrator's look at the server.
    "sum(message_count)",
    "sum(stored_bytes)",
    // What fills the disk, when an administrator asks: every chat's counter, every attached file.
    "WITH sums (chat, bytes)",
    "ORDER BY message_count DESC, id LIMIT",
    "ORDER BY bytes DESC, u.id LIMIT",
    // Everybody, once: who is in the room of everybody from the start.
    "SELECT id FROM users WHERE is_disabled = 0 ORDER BY id LIMIT",
    // Public rooms that one is not in: no counter can know how many those are for everybody.
    "SELECT count(*) FROM chats c LEFT JOIN members m",
    // Devices that are told: how many, for an administrator; whether there is any; all of them where a key was lost.
    "DELETE FROM push_subscriptions WHERE TRUE",
    "SELECT count(*) FROM push_subscriptions",
    "SELECT 1 FROM push_subscriptions LIMIT 1",
    // Hooks that send, for the same look.
    "SELECT count(*) FROM outgoing_hooks",
    // One row, two rows, and the few that wait to be erased.
    "FROM sequence",
    "FROM server",
    "UPDATE server",
    "FROM clock",
    "upto FROM push",
    "UPDATE push SET",
    "UPDATE sequence",
    "INSERT INTO friends",
    "FROM chats WHERE is_deleted = 1",
    // The index of words, asked in its own language, and the few rows that say how far it is.
    "FROM search",
    "FROM 'main'.'search",
    "UPDATE search_state",
    "search_changed",
];

/// What a start asks before anybody else is there to ask.
fn start(database: &Path) {
    let mut connection = migrations::open(database).expect("opened");
    record(&connection);
    migrations::run(&mut connection, database).expect("as it is");
    prepare_writer(&connection, Durability::Normal).expect("prepared");
    WriterThread::new(connection, Clock::system(), SMALL.waiting, Box::new(drop)).expect("a writer");
}

fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect(sql);
    // No values are bound: a plan does not depend on them here.
    let rows = query.raw_query().mapped(|row| row.get::<_, String>(3));
    rows.collect::<rusqlite::Result<_>>().expect(sql)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_finds_its_rows_by_an_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config {
        durability: Durability::Normal,
        clock: Clock::system(),
        thresholds: SMALL,
        ..Config::of(folder.path().to_owned())
    };
    let (app, threads) = App::assemble(config, Argon2::default()).expect("opened");
    record(threads.writer.connection());
    app.store.readers.each(record);
    threads.start().expect("threads");
    let (alice, bob) = (person(&app, "alice").await, person(&app, "bob").await);
    let den = places(&app, &alice, &bob).await;
    words(&app, &alice, &bob, den).await;
    devices(&app, &alice, &bob, den).await;
    people(&app, &alice, &bob).await;
    administration(&app, &bob).await;
    app.set_term(&Administrator::CommandLine, den, RetentionOverride::Days(1)).await.expect("set");
    app.retain().await.expect("retained");
    app.storage(&Administrator::CommandLine).await.expect("numbers");
    start(&folder.path().join("fireside.db"));
    app.store.read(users::foreign_hashes).expect("hashes");
    let run = RUN.lock().clone();
    assert!(run.len() > 100, "only {} statements were seen", run.len());
    let connection = Connection::open(folder.path().join("fireside.db")).expect("opened");
    let mut scans = Vec::new();
    for sql in run.iter().filter(|sql| is_ours(sql)) {
        let reads_everything = READ_EVERYTHING.iter().any(|known| sql.contains(known));
        for step in plan(&connection, sql) {
            let scans_table = step.starts_with("SCAN") && !step.contains("CONSTANT") && !step.contains("subquery");
            // An index that holds public rooms alone is read from its newest end.
            // The same goes for disabled users, users with files, and the tokens of programs.
            let of_few = [
                "chats_public",
                "users_disabled",
                "users_admins",
                "credentials_of_bots",
                "users_by_storage",
                "chats_welcoming",
            ];
            let reads_few = of_few.iter().any(|index| step.contains(index));
            if scans_table && !reads_few && !reads_everything {
                scans.push(format!("{step}\n    {sql}"));
            }
        }
    }
    assert!(scans.is_empty(), "{} statements read whole tables:\n{}", scans.len(), scans.join("\n"));
}

/// Statements of the files per noun: no transactions, pragmas or migrations.
fn is_ours(sql: &str) -> bool {
    ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|verb| sql.starts_with(verb)) && !sql.contains("sqlite_")
}
