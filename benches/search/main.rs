//! How soon messages are found, by what, and what the index costs.
//!
//! `cargo bench --bench search -- [--messages 1000000] [--connections 32] [--seconds 5] [--sends 1000]`
//! (`FIRESIDE_SEARCH_MESSAGES=10000000` for ten million)
//!
//! `--folder DIR` (`FIRESIDE_SEARCH_FOLDER`) keeps the filled database there for the next run, which adds what it sends;
//! `--seconds 0` fills it and measures no searches.
//!
//! A database is filled with generated talk in English, Russian and Japanese, and a server indexes it:
//! how long that takes and how much it grows is told first. Then each connection, of a user
//! of its own, asks a kind of question again and again while others say something a fixed number of times a
//! second. A rare word is asked for once more when nobody says anything. The yardstick is the
//! same expression asked of SQLite's index alone, on one thread.

#[path = "../common/mod.rs"]
mod common;
mod text;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use common::http::Http;
use common::line;
use common::server::Server;
use common::world;
use rusqlite::{Connection, params};
use text::{Dice, Language, Zipf, word};
use tokio::task::JoinSet;

/// Chats; half of everything is said in the first.
const CHATS: i64 = 100;
const CHATS_TO_PICK: usize = 100;
/// Chats that each person is in beside the first.
const CHATS_OF_PERSON: i64 = 20;
/// Questions of a kind, asked by turns.
const QUESTIONS: usize = 200;
/// Connections that say something.
const SENDERS: u64 = 8;
/// When all of it was said: two years from here on.
const DAWN: i64 = 1_700_000_000_000;
const YEARS: i64 = 2 * 365 * 86_400_000;
/// How long the last few messages wait to be entered when nobody says anything.
const QUIET: Duration = Duration::from_secs(35);

/// Questions of a kind that the index alone is asked.
const YARDSTICKS: usize = 2_000;
/// Texts of which phrases are made.
const TEXTS: i64 = 2_000;

#[derive(Clone, Parser)]
#[command(about = "Searches")]
struct Args {
    /// Messages that are there.
    #[arg(long, env = "FIRESIDE_SEARCH_MESSAGES", default_value_t = 1_000_000)]
    messages: i64,
    /// Connections, each of a user of its own.
    #[arg(long, default_value_t = 32)]
    connections: i64,
    /// How long each kind of question is asked.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Messages a second that come meanwhile.
    #[arg(long, default_value_t = 1_000)]
    sends: u64,
    /// Where the filled database is kept. What is there already is not filled again.
    #[arg(long, env = "FIRESIDE_SEARCH_FOLDER")]
    folder: Option<PathBuf>,
    /// Cargo passes this to every bench.
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

fn main() {
    let args = Args::parse();
    common::raise_open_files();
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let folder = args.folder.as_deref().unwrap_or(scratch.path());
    fs::create_dir_all(folder).expect("a folder");
    let data = folder.join("data");
    let before = filled(&args, folder, &data);
    let said = said(&args, &data);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(&args, &data, before, &said));
}

fn size(data: &Path) -> u64 {
    fs::metadata(data.join("fireside.db")).expect("a database").len()
}

/// Fills the folder: the size of the database before it had an index. `None`: it was filled before. What was broken off
/// begins anew.
fn filled(args: &Args, folder: &Path, data: &Path) -> Option<u64> {
    let (whole, what) = (folder.join("filled"), format!("{} messages, {} people", args.messages, args.connections));
    if let Ok(filled) = fs::read_to_string(&whole) {
        assert_eq!(filled, what, "{} is another world", folder.display());
        return None;
    }
    if data.exists() {
        fs::remove_dir_all(data).expect("what was broken off goes");
    }
    Server::start(data).stop();
    fill(args, &data.join("fireside.db"));
    fs::write(whole, what).expect("a disk");
    Some(size(data))
}

/// Some of what was said.
fn said(args: &Args, data: &Path) -> Vec<String> {
    let database = Connection::open(data.join("fireside.db")).expect("the database");
    let mut query = database.prepare("SELECT content FROM messages WHERE id = ?1").expect("a query");
    let ids = (1..=args.messages).step_by(usize::try_from(args.messages / TEXTS + 1).unwrap());
    ids.map(|id| query.query_row([id], |row| row.get(0)).expect("a message")).collect()
}

fn fill(args: &Args, path: &Path) {
    let mut database = Connection::open(path).expect("the server's database");
    database.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").unwrap();
    let tx = database.transaction().unwrap();
    let people = args.connections + 2;
    (1..=people).for_each(|person| world::make_person(&tx, person));
    let (zipf, mut dice) = (Zipf::new(), Dice::new(1));
    for chat in 1..=CHATS {
        tx.execute(
            "INSERT INTO chats (id, kind, title, title_key, owner_id, created_at, updated_at, active_at)
             VALUES (?1, 'group', 'chat ' || ?1, 'chat ' || ?1, 1, ?2, ?2, ?2)",
            params![chat, DAWN],
        )
        .unwrap();
    }
    for id in 1..=args.messages {
        let chat = if dice.below(2) == 0 { 1 } else { 1 + i64::try_from(dice.below(CHATS_TO_PICK)).unwrap() };
        let (sender, text) = (1 + id % people, zipf.message(&mut dice));
        tx.prepare_cached(
            "INSERT INTO messages (id, chat_id, sender_id, content, created_at, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?1)",
        )
        .and_then(|mut insert| insert.execute(params![id, chat, sender, text, DAWN + YEARS / args.messages * id]))
        .unwrap();
    }
    tx.execute_batch(&format!(
        "INSERT INTO messages_by_chat SELECT chat_id, id FROM messages ORDER BY chat_id, id;
         UPDATE sequence SET value = {last}, indexed = {last};
         UPDATE chats SET message_count = (SELECT count(*) FROM messages_by_chat WHERE chat_id = chats.id),
                last_message_id = (SELECT max(message_id) FROM messages_by_chat WHERE chat_id = chats.id);",
        last = args.messages
    ))
    .unwrap();
    for person in 1..people {
        world::join(&tx, 1, person, args.messages);
        (0..CHATS_OF_PERSON)
            .for_each(|at| world::join(&tx, 2 + (person * 7 + at * 5) % (CHATS - 1), person, args.messages));
    }
    // The last is in one small chat alone.
    world::join(&tx, CHATS, people, args.messages);
    tx.commit().unwrap();
    database.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    fs::File::open(path).and_then(|file| file.sync_all()).expect("a disk");
}

async fn run(args: &Args, data: &Path, before: Option<u64>, said: &[String]) {
    let (server, begun) = (Server::start(data), Instant::now());
    let cpu = server.usage().cpu;
    let mut http = Http::connect(server.addr, &world::token(1)).await;
    http.until_searchable().await;
    let built = (begun.elapsed(), server.usage().cpu - cpu);
    drop(http);
    server.stop();
    if let Some(before) = before {
        let each = args.messages as f64;
        line::print(
            "search",
            "index",
            &[
                ("messages", each),
                ("built in s", built.0.as_secs_f64()),
                ("cpu us/message", built.1.as_secs_f64() * 1e6 / each),
                ("bytes/message before", before as f64 / each),
                ("bytes/message with", size(data) as f64 / each),
            ],
        );
    }
    if args.seconds == 0 {
        return;
    }
    yardstick(data);
    let server = Server::start(data);
    for (kind, questions) in kinds(said) {
        measure(args, &server, kind, questions, 1, args.sends).await.print(kind, args.sends);
    }
    let few = args.connections + 2;
    let common = vec!["?q=ba".to_owned()];
    measure(args, &server, "common, few seen", common, few, args.sends).await.print("common, few seen", args.sends);
    tokio::time::sleep(QUIET).await;
    let rare = kinds(said).swap_remove(0).1;
    measure(args, &server, "rare", rare, 1, 0).await.print("rare", 0);
    server.stop();
}

/// Questions of each kind, as they stand in a request.
fn kinds(said: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let (zipf, mut dice) = (Zipf::new(), Dice::new(2));
    let mut many = |mut question: Box<dyn FnMut(&mut Dice) -> String + '_>| {
        (0..QUESTIONS).map(|_| asked(&question(&mut dice))).collect::<Vec<_>>()
    };
    let language = |dice: &mut Dice| if dice.below(2) == 0 { Language::English } else { Language::Russian };
    let spaced: Vec<_> = said.iter().filter(|text| text.matches(' ').count() > 3 && !text.contains("//")).collect();
    vec![
        ("rare", many(Box::new(|dice| format!("\"{}\"", word(language(dice), 20_000 + dice.below(30_000)))))),
        ("common", many(Box::new(|dice| format!("\"{}\"", word(language(dice), dice.below(6)))))),
        (
            "three words",
            many(Box::new(|dice| {
                let of = language(dice);
                format!("{} {} \"{}\"", word(of, dice.below(50)), word(of, dice.below(200)), word(of, dice.below(500)))
            })),
        ),
        (
            "phrase",
            many(Box::new(|dice| {
                let text = spaced[dice.below(spaced.len())];
                let words: Vec<_> = text.split(' ').collect();
                let at = dice.below(words.len() - 1);
                format!("\"{} {}\"", words[at], words[at + 1])
            })),
        ),
        (
            "prefix",
            many(Box::new(|dice| {
                let word: Vec<char> = word(language(dice), zipf.rank(dice)).chars().collect();
                word[..word.len().min(2 + dice.below(3))].iter().collect()
            })),
        ),
        (
            "filters",
            many(Box::new(|dice| {
                let word = word(language(dice), dice.below(300));
                match dice.below(4) {
                    0 => format!("from:person{}x {word}", 1 + dice.below(30)),
                    1 => format!("{word} before:2024-0{}-01", 1 + dice.below(9)),
                    2 => format!("has:link in:{} {word}", 1 + dice.below(40)),
                    _ => format!("{word} -\"{}\" after:2024-06-01 from:me", word.chars().rev().collect::<String>()),
                }
            })),
        ),
        ("japanese", many(Box::new(|dice| word(Language::Japanese, zipf.rank(dice))))),
    ]
}

fn asked(question: &str) -> String {
    format!("?{}", form_urlencoded::Serializer::new(String::new()).append_pair("q", question).finish())
}

/// What came of a kind of question.
struct Part {
    times: Vec<Duration>,
    refused: usize,
    sent: usize,
    elapsed: Duration,
    cpu: Duration,
}

/// Each connection asks question after question, as the person `first` and those behind.
async fn measure(args: &Args, server: &Server, kind: &str, questions: Vec<String>, first: i64, sends: u64) -> Part {
    let (start, cpu, questions) = (Instant::now(), server.usage().cpu, Arc::new(questions));
    let end = start + Duration::from_secs(args.seconds);
    let (mut searching, mut sending) = (JoinSet::new(), JoinSet::new());
    let connections = if first == 1 { args.connections } else { 2 };
    for number in 0..connections {
        let person = if first == 1 { 1 + number } else { first };
        let (addr, questions, kind) = (server.addr, Arc::clone(&questions), kind.to_owned());
        searching.spawn(async move {
            let mut http = Http::connect(addr, &world::token(person)).await;
            let (mut times, mut refused, mut at) = (Vec::new(), 0, usize::try_from(number).unwrap() * 7 + kind.len());
            while Instant::now() < end {
                let begun = Instant::now();
                refused += usize::from(
                    !http.is_got(&format!("/messages/api/search/{}", questions[at % questions.len()])).await,
                );
                times.push(begun.elapsed());
                at += 1;
            }
            (times, refused)
        });
    }
    for number in 0..if sends > 0 { SENDERS } else { 0 } {
        let addr = server.addr;
        sending.spawn(async move {
            let (zipf, mut dice, mut sent) = (Zipf::new(), Dice::new(100 + number), 0);
            let mut http = Http::connect(addr, &world::token(1 + i64::try_from(number).unwrap())).await;
            let mut turns = tokio::time::interval(Duration::from_micros(1_000_000 * SENDERS / sends));
            while Instant::now() < end {
                turns.tick().await;
                let body = format!(r#"{{"content":"{}"}}"#, zipf.message(&mut dice));
                http.post("/messages/api/chats/1/messages/", &body).await;
                sent += 1;
            }
            sent
        });
    }
    let mut part = Part { times: Vec::new(), refused: 0, sent: 0, elapsed: Duration::ZERO, cpu: Duration::ZERO };
    while let Some(done) = searching.join_next().await {
        let (times, refused) = done.expect("no connection fails");
        part.times.extend(times);
        part.refused += refused;
    }
    (part.elapsed, part.cpu) = (start.elapsed(), server.usage().cpu - cpu);
    while let Some(done) = sending.join_next().await {
        part.sent += done.expect("no sender fails");
    }
    part
}

impl Part {
    fn print(mut self, kind: &str, sends: u64) {
        self.times.sort_unstable();
        let searches = self.times.len() as f64;
        line::print(
            "search",
            &format!("{kind}, {sends} sends/s"),
            &[
                ("sends/s", self.sent as f64 / self.elapsed.as_secs_f64()),
                ("searches/s", searches / self.elapsed.as_secs_f64()),
                ("ms p50", common::percentile_ms(&self.times, 50)),
                ("ms p99", common::percentile_ms(&self.times, 99)),
                ("ms max", common::percentile_ms(&self.times, 100)),
                ("refused", self.refused as f64),
                ("server cpu us/search", self.cpu.as_secs_f64() * 1e6 / searches),
            ],
        );
    }
}

/// SQLite's index alone, on one thread, with nobody beside it.
fn yardstick(data: &Path) {
    let database = Connection::open(data.join("fireside.db")).expect("the database");
    let mut query = database
        .prepare("SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid DESC LIMIT 21")
        .expect("a query");
    let kinds = [
        ("rare", vec![(20_000, 50_000)]),
        ("common", vec![(0, 6)]),
        ("three words", vec![(0, 50), (0, 200), (0, 500)]),
    ];
    for (kind, ranks) in kinds {
        let (mut dice, mut times) = (Dice::new(3), Vec::new());
        for _ in 0..YARDSTICKS {
            let words =
                ranks.iter().map(|(from, to)| format!("\"{}\"", word(Language::English, from + dice.below(to - from))));
            let expression = words.collect::<Vec<_>>().join(" AND ");
            let begun = Instant::now();
            let found = query.query_map([expression], |row| row.get::<_, i64>(0)).expect("rows").count();
            std::hint::black_box(found);
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        let times = [50, 99].map(|percent| common::percentile_ms(&times, percent) * 1_000.0);
        line::print("search", &format!("bare FTS5, {kind}"), &[("us p50", times[0]), ("us p99", times[1])]);
    }
}
