//! The figures of one world.

use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::task::JoinSet;

use crate::Place;
use crate::common::counter::{self, Board};
use crate::common::http::Http;
use crate::common::rest::Rest;
use crate::common::senders::{self, Sender, Spell};
use crate::common::server::Server;
use crate::common::world::{self, World};
use crate::common::{self, CONTENT, percentile_ms, wire};
use crate::rows::{Ask, Figures, What};

/// The server starts so often; the middle of the times counts.
const STARTS: usize = 5;
/// Connections and caches fill before the clock runs.
const WARM_UP: Duration = Duration::from_secs(1);
/// Requests of one kind are asked for in so many rounds; the middle one counts.
const ROUNDS: usize = 11;
/// A round.
const ROUND: Duration = Duration::from_millis(100);
/// Messages to all members; the middle of the times counts.
const TO_ALL: usize = 15;
/// Posts by a hook, of the 60 that one may make in a minute.
const BY_A_HOOK: usize = 51;
/// Messages that wait to be entered under their chats while pages are read. They are entered
/// 1,024 at a time, and who reads a page looks through those that wait, so a page would cost
/// now less and now more.
const WAITING: i64 = 512;

/// A token and the room to post to, for each who is at work.
type Seats = Vec<(String, u64)>;

pub async fn measure(place: Place, seconds: u64, data: &Path) -> Figures {
    let mut figures = Figures::new();
    let database = data.join("fireside.db");
    let bytes = fs::metadata(&database).expect("the database").len();
    figures.insert(What::Stored, bytes as f64 / place.world.all_messages() as f64);
    let seats = take_seats(data, place).await;
    let server = start(data, &mut figures).await;
    Http::connect(server.addr, &world::token(1)).await.until_searchable().await;

    let mut said = say(&server, &seats, seconds, &mut figures).await;
    said += wait_at(WAITING, &server, &database).await;
    for ask in Ask::ALL {
        said += ask_often(&server, &seats, place.world, ask, &mut figures).await;
    }
    said += post_by_a_hook(&server, &mut figures).await;
    figures.insert(What::Memory, server.usage().resident_bytes as f64 / f64::from(1 << 20));
    said += say_to_all(&server, place.world, &mut figures).await;

    let rest = Rest::new(server.addr);
    let mut stored = 0;
    for (token, room) in &seats {
        stored += rest.count(token, *room).await;
    }
    assert_eq!(stored, u64::try_from(place.world.messages).unwrap() + said, "messages stored, messages acknowledged");
    server.stop();
    figures
}

/// Starts the server until its first answer from the database, a few times.
async fn start(data: &Path, figures: &mut Figures) -> Server {
    let mut times = Vec::with_capacity(STARTS);
    loop {
        let begun = Instant::now();
        let server = Server::start(data);
        Http::connect(server.addr, &world::token(1)).await.get("/d/rooms/api/rooms/1/").await;
        times.push(begun.elapsed());
        if times.len() == STARTS {
            times.sort_unstable();
            figures.insert(What::Start, percentile_ms(&times, 50));
            return server;
        }
        server.stop();
    }
}

/// Person 1 in chat 1, and for each further one a room of their own. The server ends with it:
/// hashing the passwords leaves memory behind.
async fn take_seats(data: &Path, place: Place) -> Seats {
    let mut seats = vec![(world::token(1), 1)];
    let others = place.senders - 1;
    if others == 0 {
        return seats;
    }
    let server = Server::start(data);
    let rest = Rest::new(server.addr);
    let tokens = rest.register(common::users_for(others)).await;
    for (number, token) in tokens.iter().cycle().take(others).enumerate() {
        seats.push((token.clone(), rest.make_room(token, &format!("room {number}")).await));
    }
    server.stop();
    seats
}

/// Lets all of them speak over sockets; answers how many messages that made.
async fn say(server: &Server, seats: &Seats, seconds: u64, figures: &mut Figures) -> u64 {
    let mut speakers = Vec::with_capacity(seats.len());
    for (number, (token, room)) in seats.iter().enumerate() {
        speakers.push(Sender::open(server.addr, *room, token, number).await);
    }
    let warm = senders::spell(speakers, WARM_UP).await;
    let before = server.usage();
    let Spell { mut latencies, elapsed, .. } = senders::spell(warm.senders, Duration::from_secs(seconds)).await;
    let after = server.usage();
    latencies.sort_unstable();
    let said = latencies.len() as f64;
    figures.insert(What::Said, said / elapsed.as_secs_f64());
    figures.insert(What::SaidP99, percentile_ms(&latencies, 99));
    figures.insert(What::SaidCpu, (after.cpu - before.cpu).as_secs_f64() * 1e6 / said);
    figures.insert(What::SaidWritten, (after.written_bytes - before.written_bytes) as f64 / said);
    (warm.latencies.len() + latencies.len()) as u64
}

/// Posts until so many messages wait to be entered; answers how many that took.
async fn wait_at(wanted: i64, server: &Server, database: &Path) -> u64 {
    let database = Connection::open(database).expect("the server's database");
    let mut http = Http::connect(server.addr, &world::token(1)).await;
    let mut posted = 0;
    loop {
        let waiting = database
            .query_row("SELECT (SELECT max(id) FROM messages) - indexed FROM sequence", [], |row| row.get::<_, i64>(0));
        if waiting.expect("a number") == wanted {
            return posted;
        }
        http.post("/api/rooms/1/messages/", &body()).await;
        posted += 1;
    }
}

/// Asks for one thing from all connections at once; answers how many messages that made.
async fn ask_often(server: &Server, seats: &Seats, world: World, ask: Ask, figures: &mut Figures) -> u64 {
    let tenth = Rest::new(server.addr).newest(&world::token(1), 1, 11).await[10];
    let mut askers = Vec::with_capacity(seats.len());
    for (number, (token, room)) in seats.iter().enumerate() {
        // Whoever posts does so where they sit; what is read is person 1's.
        let token = if ask == Ask::Post { token } else { &seats[0].0 };
        let http = Http::connect(server.addr, token).await;
        askers.push(Asker { http, ask, room: *room, tenth, messages: world.messages, turn: number as i64 });
    }
    let (mut requests, mut times) = (0, Vec::with_capacity(ROUNDS));
    let before = server.usage().cpu;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for asker in askers.drain(..) {
            tasks.spawn_local(asker.ask_until(begun + ROUND));
        }
        let mut answered = 0;
        while let Some(task) = tasks.join_next().await {
            let (asker, answers) = task.expect("no connection fails");
            askers.push(asker);
            answered += answers;
        }
        times.push(begun.elapsed().as_secs_f64() * 1e6 / answered as f64);
        requests += answered;
    }
    let cpu = server.usage().cpu - before;
    times.sort_unstable_by(f64::total_cmp);
    figures.insert(What::Asked(ask), times[ROUNDS / 2]);
    figures.insert(What::AskedCpu(ask), cpu.as_secs_f64() * 1e6 / requests as f64);
    if ask == Ask::Post { requests } else { 0 }
}

/// A connection, and what it asks for.
struct Asker {
    http: Http,
    ask: Ask,
    room: u64,
    tenth: u64,
    messages: i64,
    turn: i64,
}

impl Asker {
    async fn ask_until(mut self, end: Instant) -> (Self, u64) {
        let mut answers = 0;
        while Instant::now() < end {
            self.once().await;
            answers += 1;
        }
        (self, answers)
    }

    async fn once(&mut self) -> usize {
        let http = &mut self.http;
        match self.ask {
            Ask::Post => http.post(&format!("/api/rooms/{}/messages/", self.room), &body()).await,
            Ask::Newest => http.get("/messages/api/chats/1/messages/?page_size=50").await,
            Ask::Anywhere => {
                // A prime step, so that all parts of the chat have their turn.
                self.turn += 1_000_003;
                let before = 51 + self.turn % (self.messages - 50);
                http.get(&format!("/messages/api/chats/1/messages/?page_size=50&before={before}")).await
            }
            Ask::Chats => http.get("/messages/api/chats/").await,
            Ask::Chat => http.get("/d/rooms/api/rooms/1/").await,
            Ask::Members => http.get("/api/rooms/1/participants/").await,
            Ask::Search => {
                self.turn += 1_000_003;
                http.get(&format!("/messages/api/search/?q=%22{}%22", 1 + self.turn % self.messages)).await
            }
            Ask::Mentions => http.get("/messages/api/mentions/").await,
            Ask::CatchUp => http.get(&format!("/messages/api/sync/?since={}", self.tenth)).await,
        }
    }
}

fn body() -> String {
    format!(r#"{{"content":"{:-<CONTENT$}"}}"#, "")
}

/// Posts by a hook into chat 1, one after the other; answers how many messages that made.
async fn post_by_a_hook(server: &Server, figures: &mut Figures) -> u64 {
    let hook = Rest::new(server.addr).make_hook(&world::token(1), 1).await;
    let mut http = Http::connect(server.addr, "").await;
    let mut times = Vec::with_capacity(BY_A_HOOK);
    for _ in 0..BY_A_HOOK {
        let begun = Instant::now();
        http.tell(&hook, r#"{"text":"said by a program"}"#).await;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    figures.insert(What::Hooked, percentile_ms(&times, 50) * 1e3);
    BY_A_HOOK as u64
}

/// Every member but person 1 listens; answers how many messages that made.
async fn say_to_all(server: &Server, world: World, figures: &mut Figures) -> u64 {
    let board = Board::new(usize::try_from(world.crowd).unwrap() + 1);
    for person in std::iter::once(world.other_of_first()).chain(world.first_of_crowd()..=world.people()) {
        let (stream, first) = wire::connect(server.addr, 1, &world::token(person)).await;
        tokio::task::spawn_local(counter::receive(stream, first, Rc::clone(&board)));
    }
    let mut speaker = Sender::open(server.addr, 1, &world::token(1), usize::MAX).await;
    let mut times = Vec::with_capacity(TO_ALL);
    for message in 0..TO_ALL {
        let begun = Instant::now();
        speaker.say().await;
        times.push(board.all_heard(message).await - begun);
    }
    times.sort_unstable();
    figures.insert(What::HeardByAll, percentile_ms(&times, 50));
    TO_ALL as u64
}
