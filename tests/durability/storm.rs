//! Alice and Bob doing everything at once in their direct chat, through all five
//! documents, until they are told to stop or the server is gone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::across::pair::{ALL, Dialect, Pair, WITH_POSTS};
use crate::world::bytes::file;
use crate::world::checker::{Figures, Ledger, Watch, books_balance};
use crate::world::{Caller, Ear, Fireside, Person, Room, id};

/// Generous: the machine may be busy, and nothing waits for it in vain.
const PATIENCE: Duration = Duration::from_secs(30);

/// A file holds the text that it is sent with, so many times.
const FILE_REPEATS: usize = 500;

/// The people, their chat, and what they were told so far.
#[derive(Clone)]
pub struct World {
    pub pair: Pair,
    pub ledger: Arc<Ledger>,
    /// A room that Carol enters and leaves while Alice talks in it.
    den: Room,
    carol: Person,
    /// What was said there while Carol was out.
    behind_her_back: Arc<Mutex<Vec<String>>>,
    /// All that Carol was told on the socket that tells her everything.
    overheard: Arc<Mutex<Vec<String>>>,
    /// Files that were acknowledged, and their bytes.
    files: Arc<Mutex<BTreeMap<i64, Vec<u8>>>>,
    numbers: Arc<AtomicUsize>,
}

/// A storm that rages.
pub struct Storm {
    stop: Arc<AtomicBool>,
    workers: JoinSet<()>,
    listeners: JoinSet<()>,
}

impl World {
    pub async fn begins(fireside: &Fireside) -> Self {
        let pair = Pair::meets(fireside).await;
        let den = pair.alice.opens_room("den").await;
        let carol = fireside.registers("carol").await;
        Self {
            pair,
            ledger: Arc::default(),
            den,
            carol,
            behind_her_back: Arc::default(),
            overheard: Arc::default(),
            files: Arc::default(),
            numbers: Arc::default(),
        }
    }

    pub fn back_to(self, fireside: &Fireside) -> Self {
        let pair = Pair { alice: self.pair.alice.back_to(fireside), bob: self.pair.bob.back_to(fireside), ..self.pair };
        Self { pair, carol: self.carol.back_to(fireside), ..self }
    }

    /// The same as it was when no more than this had been told.
    pub fn as_of(&self, is_told: impl Fn(&str) -> bool) -> Self {
        // Who changes one's mind says the next thing only when the deletion was answered.
        let number = |key: &str| key.rsplit(' ').next().unwrap().parse::<usize>().unwrap();
        let newest = (0..self.said()).rev().find(|number| is_told(&format!("changed {number}|0")));
        let ledger = self.ledger.as_of(&is_told, |key| newest > Some(number(key)));
        let told_with = |bytes: &[u8]| is_told(&String::from_utf8_lossy(&bytes[..bytes.len() / FILE_REPEATS]));
        let files = self.files.lock().unwrap().clone().into_iter().filter(|(_, bytes)| told_with(bytes)).collect();
        Self { ledger: Arc::new(ledger), files: Arc::new(Mutex::new(files)), ..self.clone() }
    }

    /// A text that nobody has said yet.
    pub fn text(&self, tag: &str) -> String {
        format!("{tag} {}|0", self.numbers.fetch_add(1, Ordering::Relaxed))
    }

    /// How many texts there were.
    pub fn said(&self) -> usize {
        self.numbers.load(Ordering::Relaxed)
    }

    /// Everybody begins.
    pub async fn rages(&self) -> Storm {
        let stop = Arc::new(AtomicBool::new(false));
        let (mut workers, mut listeners) = (JoinSet::new(), JoinSet::new());
        for me in [&self.pair.alice, &self.pair.bob] {
            for dialect in ALL {
                let watch = self.ledger.watch(&format!("{} by {dialect:?}", me.username));
                let socket = opens(&self.pair, me, dialect).await;
                listeners.spawn(listens(socket, dialect, self.pair.chat, watch));
            }
        }
        for dialect in ALL {
            workers.spawn(self.clone().speaks(dialect, Arc::clone(&stop)));
        }
        for dialect in WITH_POSTS {
            workers.spawn(self.clone().posts(dialect, Arc::clone(&stop)));
        }
        workers.spawn(self.clone().changes_its_mind(Arc::clone(&stop)));
        workers.spawn(self.clone().attaches(Arc::clone(&stop)));
        workers.spawn(self.clone().reads(Arc::clone(&stop)));
        workers.spawn(self.clone().comes_and_goes(Arc::clone(&stop)));
        let everything = self.carol.knocks_at("/messages/ws/").enters().await.into_socket();
        listeners.spawn(overhears(everything, Arc::clone(&self.overheard)));
        Storm { stop, workers, listeners }
    }

    /// Bob speaks over a document's socket, and waits for each echo.
    async fn speaks(self, dialect: Dialect, stop: Arc<AtomicBool>) {
        let Some(mut socket) = tries_to_open(&self.pair, &self.pair.bob, dialect).await else { return };
        while !stop.load(Ordering::Relaxed) {
            let text = self.text(&format!("said by {dialect:?}"));
            self.ledger.sends(&text);
            let frame = Message::text(dialect.say(&self.pair, &text).to_string());
            if socket.send(frame).await.is_err() {
                return;
            }
            match echo(&mut socket, dialect, &text).await {
                Some(true) => self.ledger.is_told_done(&text),
                Some(false) => self.ledger.is_told_no(&text),
                None => return,
            }
        }
    }

    /// Alice posts through a document.
    async fn posts(self, dialect: Dialect, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            let text = self.text(&format!("posted by {dialect:?}"));
            let (path, body) = dialect.post(&self.pair, &self.pair.alice, &text);
            self.ledger.sends(&text);
            let answer = self.pair.alice.post(&path, &body).tried().await;
            self.ledger.is_answered(&text, answer.as_ref().map(|answer| answer.status));
            if answer.is_none() {
                return;
            }
        }
    }

    /// Alice posts, edits and deletes; Bob likes what he sees.
    async fn changes_its_mind(self, stop: Arc<AtomicBool>) {
        let (alice, bob) = (&self.pair.alice, &self.pair.bob);
        while !stop.load(Ordering::Relaxed) {
            let text = self.text("changed");
            self.ledger.sends(&text);
            let body = json!({"content": text});
            let answer = alice.post(&format!("/api/rooms/{}/messages/", self.pair.chat), &body).tried().await;
            self.ledger.is_answered(&text, answer.as_ref().map(|answer| answer.status));
            let Some(message) = answer else { return };
            if message.status != 201 {
                continue;
            }
            let path = format!("/messages/api/messages/{}/", id(&message.json()));
            let better = text.replace("|0", "|1");
            self.ledger.edits(&better);
            let Some(answer) = alice.patch(&path, &json!({"content": better})).tried().await else { return };
            if answer.status == 200 {
                self.ledger.edit_is_done(&better);
            }
            let liked = bob.post(&format!("{path}reactions/"), &json!({"emoji": "👍"})).tried().await;
            if liked.is_none() {
                return;
            }
            if text.len().is_multiple_of(2) {
                self.ledger.deletes(&text);
                let Some(answer) = alice.delete(&path).tried().await else { return };
                if answer.status == 204 {
                    self.ledger.deletion_is_done(&text);
                }
            }
        }
    }

    /// Alice uploads files and sends them.
    async fn attaches(self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            let text = self.text("with a file");
            let bytes = text.repeat(FILE_REPEATS).into_bytes();
            let parts = [file("a.txt", "text/plain", &bytes)];
            let Some(uploaded) = self.pair.alice.sends_parts("/api/files/upload/", &parts).tried().await else {
                return;
            };
            if uploaded.status != 201 {
                continue;
            }
            let number = id(&uploaded.json());
            self.files.lock().unwrap().insert(number, bytes);
            self.ledger.sends(&text);
            let body = json!({"content": text, "attachments": [number]});
            let path = format!("/api/rooms/{}/messages/", self.pair.chat);
            let answer = self.pair.alice.post(&path, &body).tried().await;
            self.ledger.is_answered(&text, answer.as_ref().map(|answer| answer.status));
            if answer.is_none() {
                return;
            }
        }
    }

    /// Bob marks the chat as read.
    async fn reads(self, stop: Arc<AtomicBool>) {
        let path = format!("/messages/api/chats/{}/mark-as-read/", self.pair.chat);
        while !stop.load(Ordering::Relaxed) {
            if self.pair.bob.does(&path).tried().await.is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Carol enters the den and leaves it; Alice talks behind her back.
    async fn comes_and_goes(self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            let secret = self.text("behind her back");
            let body = json!({"content": secret});
            self.behind_her_back.lock().unwrap().push(secret);
            let steps = [
                self.carol.does(&self.den.join()).tried().await,
                self.pair.alice.post(&self.den.messages(), &json!({"content": "to her face"})).tried().await,
                self.carol.does(&self.den.leave()).tried().await,
            ];
            // Only when it is sure that she has left.
            if steps[2].as_ref().is_none_or(|left| left.status != 204) {
                return;
            }
            if self.pair.alice.post(&self.den.messages(), &body).tried().await.is_none() {
                return;
            }
        }
    }

    /// What was told and heard, against what every document says is stored.
    pub async fn is_right(&self) -> Figures {
        let truth = self.history(&self.pair.alice, Dialect::Rooms).await;
        for me in [&self.pair.alice, &self.pair.bob] {
            for dialect in ALL {
                let history = self.history(me, dialect).await;
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

    /// The whole of the chat as a document tells it, oldest first.
    pub async fn history(&self, me: &Person, dialect: Dialect) -> Vec<(i64, String)> {
        let chat = self.pair.chat;
        let messages = match dialect {
            Dialect::Inbox => {
                let path = format!("/api/messages/?user={}&page_size=100", self.pair.other(me).username);
                all_pages(me, path).await
            }
            Dialect::Messaging => all_pages(me, format!("/messages/api/chats/{chat}/messages/?page_size=100")).await,
            Dialect::Rooms => all_pages(me, format!("/api/rooms/{chat}/messages/?page_size=100")).await,
            Dialect::Messenger => {
                let path = format!("/messenger/api/chatrooms/{}/messages/", self.pair.name);
                me.get(&path).await.is(200).json().as_array().unwrap().clone()
            }
            Dialect::Directs => {
                let count = Box::pin(self.history(me, Dialect::Rooms)).await.len();
                let mut ear = self.pair.opens(me, Dialect::Directs).await;
                let mut messages = Vec::with_capacity(count);
                for _ in 0..count {
                    messages.push(ear.frame().await["message"].clone());
                }
                messages
            }
        };
        messages.iter().map(|message| (id(message), dialect.text(message))).collect()
    }

    /// Everything again after a clean stop, and the books.
    pub async fn ends(self, mut fireside: Fireside) -> Figures {
        let figures = self.is_right().await;
        assert_eq!(fireside.is_asked_to_stop().await, Some(0), "{}", fireside.home.log());
        books_balance(&fireside.home.data());
        figures
    }
}

impl Storm {
    /// Everybody finishes what they are at, and hears what is on its way.
    pub async fn calms(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.workers.join_next().await {
            ended.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        self.listeners.abort_all();
    }

    /// After the server is gone.
    pub async fn ends_with_the_server(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let ended = tokio::time::timeout(PATIENCE, async {
            while let Some(ended) = self.workers.join_next().await {
                ended.unwrap();
            }
        });
        ended.await.expect("everybody notices that the server is gone");
        // What had come before the end is still read.
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.listeners.abort_all();
        while let Some(ended) = self.listeners.join_next().await {
            if let Err(cause) = ended {
                assert!(cause.is_cancelled(), "{cause}");
            }
        }
    }
}

type Socket = WebSocketStream<TcpStream>;

async fn opens(pair: &Pair, me: &Person, dialect: Dialect) -> Socket {
    me.knocks_at(&dialect.socket(pair, me)).enters().await.into_socket()
}

/// The server may be gone before everybody is in.
async fn tries_to_open(pair: &Pair, me: &Person, dialect: Dialect) -> Option<Socket> {
    let knock = me.knocks_at(&dialect.socket(pair, me));
    let entering = tokio::spawn(async move { knock.tried().await.ok().map(Ear::into_socket) });
    entering.await.ok()?
}

/// Waits for what one said oneself. `false`: an error came in its place; nothing: the
/// line was cut.
async fn echo(socket: &mut Socket, dialect: Dialect, text: &str) -> Option<bool> {
    loop {
        let next = tokio::time::timeout(PATIENCE, socket.next()).await.expect("an echo");
        let Message::Text(frame) = next?.ok()? else { continue };
        let frame: Value = serde_json::from_str(&frame).unwrap();
        if dialect.news(&frame).is_some_and(|(_, heard)| heard == text) {
            return Some(true);
        }
        if frame["type"] == "error" || frame.get("error").is_some() {
            return Some(false);
        }
    }
}

async fn listens(mut socket: Socket, dialect: Dialect, chat: i64, watch: Arc<Watch>) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(frame) = message else { continue };
        let frame: Value = serde_json::from_str(&frame).unwrap();
        let is_elsewhere = dialect == Dialect::Messaging && frame["chat"] != chat;
        if is_elsewhere {
            continue;
        }
        let is_change = dialect == Dialect::Inbox && frame.get("message_id").is_some();
        if let Some((id, text)) = dialect.news(&frame).filter(|_| !is_change) {
            watch.hears(id, &text);
        }
        if let Some(id) = deletion(dialect, &frame) {
            watch.hears_deletion(id);
        }
    }
}

fn deletion(dialect: Dialect, frame: &Value) -> Option<i64> {
    match dialect {
        Dialect::Inbox => frame["deleted_message_id"].as_i64(),
        Dialect::Messaging if frame["type"] == "message_deleted" => frame["message_id"].as_i64(),
        Dialect::Rooms if frame["type"] == "message_deleted" => frame["data"]["id"].as_i64(),
        Dialect::Messaging | Dialect::Rooms | Dialect::Directs | Dialect::Messenger => None,
    }
}

async fn overhears(mut socket: Socket, overheard: Arc<Mutex<Vec<String>>>) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(frame) = message else { continue };
        let frame: Value = serde_json::from_str(&frame).unwrap();
        // Whoever comes back may see what was said meanwhile, in the chat's own object; nobody tells it as news.
        if frame["type"] == "new_message" {
            overheard.lock().unwrap().push(frame.to_string());
        }
    }
}

async fn all_pages(me: &Caller, path: String) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), Some(path));
    while let Some(path) = next {
        let page = me.get(&path).await.is(200);
        all.extend(page.results());
        next = page.json()["next"].as_str().map(ToOwned::to_owned);
    }
    all.reverse();
    all
}
