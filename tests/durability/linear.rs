//! Whatever two people do at once through several documents, there is one order in which it
//! happened: each operation at some moment between its request and its answer.
//!
//! Every request is noted with what was answered, by several clients, some of whose lines are
//! cut, while the server dies once. Whether such an order exists is not ours to judge: the
//! checker (of Wing, Gong and Lowe) is `todc-utils`', and so that it is known to refuse
//! something, what it accepted is doctored and shown to it again.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use todc_utils::linearizability::WGLChecker;
use todc_utils::linearizability::history::{Action, History};
use todc_utils::specifications::Specification;
use tokio::task::JoinSet;

use crate::across::pair::{Dialect, Pair, WITH_POSTS};
use crate::world::machine::{say, scale};
use crate::world::{Fireside, Person, id};

const CLIENTS: usize = 6;
/// Of each client, before the server dies and after. All messages have to fit on one page, since
/// two pages are not one read.
const STEPS: usize = 12;
/// Each client has its own, so that what was cut off can be told from what is there in the end.
const EMOJI: [&str; CLIENTS] = ["👍", "🎉", "🔥", "🚀", "👀", "🌱"];

/// Each with its key, in their order.
type Messages = Vec<(i64, usize)>;

/// An operation, with what was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Operation {
    /// With this key, and became this message.
    Send(usize, i64),
    /// All messages; where the document shows them, who likes the first.
    Read(Messages, Option<BTreeSet<usize>>),
    /// A client changes its mind about the first message, and likes it from now on, or no more.
    Like(usize, bool),
}

/// The chat as one that does one thing after the other would be.
struct Chat;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct State {
    messages: Messages,
    likes: BTreeSet<usize>,
}

impl Specification for Chat {
    type State = State;
    type Operation = Operation;

    fn init() -> State {
        State::default()
    }

    fn apply(operation: &Operation, state: &State) -> (bool, State) {
        let mut next = state.clone();
        let is_right = match operation {
            Operation::Send(key, id) => match state.messages.iter().find(|(_, sent)| sent == key) {
                Some((first, _)) => first == id,
                None => {
                    next.messages.push((*id, *key));
                    state.messages.last().is_none_or(|(newest, _)| newest < id)
                }
            },
            Operation::Read(messages, likes) => {
                *messages == state.messages && likes.as_ref().is_none_or(|likes| *likes == state.likes)
            }
            Operation::Like(client, is_liked) => {
                let is_new = next.likes.insert(*client);
                is_new == *is_liked && (is_new || next.likes.remove(client))
            }
        };
        if is_right { (true, next) } else { (false, state.clone()) }
    }
}

/// From when to when somebody waited for an operation. What has no end was never answered.
#[derive(Clone, Debug)]
struct Record {
    begun: usize,
    ended: Option<usize>,
    operation: Operation,
}

/// What all clients did, and the clock by which they did it.
#[derive(Clone, Default)]
struct Notes {
    clock: Arc<AtomicUsize>,
    records: Arc<Mutex<Vec<Record>>>,
}

impl Notes {
    fn now(&self) -> usize {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn note(&self, begun: usize, ended: Option<usize>, operation: Operation) {
        self.records.lock().unwrap().push(Record { begun, ended, operation });
    }
}

/// One of several who do things in the chat.
#[derive(Clone)]
struct Client {
    number: usize,
    me: Person,
    pair: Pair,
    dialect: Dialect,
    first: i64,
    keys: Arc<AtomicUsize>,
    notes: Notes,
}

impl Client {
    /// Until the server is gone.
    async fn acts(self) {
        let mut mine = Vec::new();
        for step in 0..STEPS {
            let dice = (self.number * 31 + step * 17) % 10;
            let goes_on = match dice {
                0..4 => {
                    mine.push(self.keys.fetch_add(1, Ordering::Relaxed));
                    self.sends(*mine.last().unwrap(), dice == 0).await
                }
                4 if !mine.is_empty() => self.sends(mine[step % mine.len()], false).await,
                5..7 => self.likes().await,
                _ => self.reads().await,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// `false`: the server is gone.
    async fn sends(&self, key: usize, is_cut: bool) -> bool {
        let text = key.to_string();
        let (path, mut body) = self.dialect.post(&self.pair, &self.me, &text);
        body["client_id"] = json!(format!("key {key}"));
        let begun = self.notes.now();
        let ask = self.me.post(&path, &body).tried();
        let patience =
            if is_cut { Duration::from_micros(400 + 300 * (key as u64 % 8)) } else { Duration::from_secs(60) };
        let Ok(answer) = tokio::time::timeout(patience, ask).await else {
            self.notes.note(begun, None, Operation::Send(key, 0));
            return true;
        };
        let Some(answer) = answer else {
            self.notes.note(begun, None, Operation::Send(key, 0));
            return false;
        };
        assert!([200, 201].contains(&answer.status), "{answer:?}");
        self.notes.note(begun, Some(self.notes.now()), Operation::Send(key, id(&answer.json())));
        true
    }

    async fn likes(&self) -> bool {
        let path = format!("/messages/api/messages/{}/reactions/", self.first);
        let begun = self.notes.now();
        let Some(answer) = self.me.post(&path, &json!({"emoji": EMOJI[self.number]})).tried().await else {
            self.notes.note(begun, None, Operation::Like(self.number, false));
            return false;
        };
        let is_liked = answer.is(200).json()["action"] == "added";
        self.notes.note(begun, Some(self.notes.now()), Operation::Like(self.number, is_liked));
        true
    }

    async fn reads(&self) -> bool {
        let chat = self.pair.chat;
        let path = match self.dialect {
            Dialect::Inbox => format!("/api/messages/?page_size=100&user={}", self.pair.other(&self.me).username),
            Dialect::Messaging => format!("/messages/api/chats/{chat}/messages/?page_size=100"),
            Dialect::Messenger => format!("/messenger/api/chatrooms/{}/messages/", self.pair.name),
            Dialect::Rooms | Dialect::Directs => format!("/api/rooms/{chat}/messages/?page_size=100"),
        };
        let begun = self.notes.now();
        let Some(answer) = self.me.get(&path).tried().await else { return false };
        let ended = self.notes.now();
        let messages = match answer.is(200).json() {
            Value::Array(oldest_first) => oldest_first,
            page => {
                assert!(page["next"].is_null(), "all of it fits on a page");
                page["results"].as_array().unwrap().iter().rev().cloned().collect()
            }
        };
        let of = |message: &Value| (id(message), self.dialect.text(message).parse().unwrap());
        let likes = (self.dialect == Dialect::Messaging).then(|| likes(&messages[0]));
        let read = Operation::Read(messages.iter().map(of).collect(), likes);
        self.notes.note(begun, Some(ended), read);
        true
    }
}

fn likes(message: &Value) -> BTreeSet<usize> {
    let shown = message["reactions"].as_array().unwrap();
    shown.iter().map(|one| EMOJI.iter().position(|emoji| one["emoji"] == *emoji).unwrap()).collect()
}

/// Whether there is an order. What was never answered counts if it is there in the end, when
/// nothing is under way any more: it happened at some time since its request.
fn is_linearizable(records: &[Record]) -> bool {
    let Some(Record { operation: Operation::Read(messages, Some(liked)), .. }) = records.last() else {
        panic!("the last operation is a read that shows all");
    };
    let done = |record: &Record| match record.operation {
        _ if record.ended.is_some() => Some(record.operation.clone()),
        Operation::Send(key, _) => {
            messages.iter().find(|(_, sent)| *sent == key).map(|(id, _)| Operation::Send(key, *id))
        }
        // What was answered says what the client liked before; if it is otherwise now, it was done.
        Operation::Like(client, _) => {
            let answered = |one: &&Record| one.ended.is_some() && one.begun > record.begun;
            let mut later = records.iter().filter(answered).filter_map(|one| match one.operation {
                Operation::Like(other, is_liked) if other == client => Some((one.begun, is_liked)),
                _ => None,
            });
            let earlier = records.iter().filter(|one| one.ended.is_some_and(|ended| ended < record.begun));
            let before = earlier.filter_map(|one| match one.operation {
                Operation::Like(other, is_liked) if other == client => Some((one.begun, is_liked)),
                _ => None,
            });
            let before = before.max().is_some_and(|(_, is_liked)| is_liked);
            let after = later.by_ref().min().map_or(liked.contains(&client), |(_, is_liked)| !is_liked);
            (after != before).then_some(Operation::Like(client, after))
        }
        Operation::Read(..) => None,
    };
    let mut moments = Vec::new();
    for (process, record) in records.iter().enumerate() {
        let Some(operation) = done(record) else { continue };
        moments.push((record.begun, (process, Action::Call(operation.clone()))));
        moments.push((record.ended.unwrap_or(usize::MAX), (process, Action::Response(operation))));
    }
    moments.sort_by_key(|(moment, _)| *moment);
    WGLChecker::<Chat>::is_linearizable(History::from_actions(moments.into_iter().map(|(_, action)| action).collect()))
}

/// What everybody did, and at last a look at all that is there.
async fn played() -> Vec<Record> {
    let mut fireside = Fireside::start().await;
    let mut pair = Pair::meets(&fireside).await;
    let (notes, keys) = (Notes::default(), Arc::new(AtomicUsize::new(1)));
    let begun = notes.now();
    let path = format!("/api/rooms/{}/messages/", pair.chat);
    let first = id(&pair.alice.post(&path, &json!({"content": "0", "client_id": "key 0"})).await.is(201).json());
    notes.note(begun, Some(notes.now()), Operation::Send(0, first));
    for dies in [true, false] {
        let mut clients = JoinSet::new();
        let client = |pair: &Pair, number: usize| Client {
            number,
            me: if number.is_multiple_of(2) { pair.alice.clone() } else { pair.bob.clone() },
            pair: pair.clone(),
            dialect: WITH_POSTS[number % WITH_POSTS.len()],
            first,
            keys: Arc::clone(&keys),
            notes: notes.clone(),
        };
        (0..CLIENTS).for_each(|number| drop(clients.spawn(client(&pair, number).acts())));
        if dies {
            let half = |notes: &Notes| notes.records.lock().unwrap().len() >= CLIENTS * STEPS / 2;
            while !half(&notes) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            fireside = fireside.dies_and_restarts().await;
        }
        while let Some(ended) = clients.join_next().await {
            ended.unwrap();
        }
        pair = Pair { alice: pair.alice.back_to(&fireside), bob: pair.bob.back_to(&fireside), ..pair };
        if !dies {
            let last = Client { dialect: Dialect::Messaging, ..client(&pair, 0) };
            assert!(last.reads().await);
        }
    }
    notes.records.lock().unwrap().clone()
}

/// What could not have happened, made of what did.
fn doctored(records: &[Record]) -> Vec<(&'static str, Vec<Record>)> {
    let read = |record: &Record| matches!(&record.operation, Operation::Read(messages, _) if messages.len() > 1);
    let first_read = records.iter().position(read).unwrap();
    let last = records.len() - 1;
    let change = |at: usize, change: &dyn Fn(&mut Operation)| {
        let mut changed = records.to_vec();
        change(&mut changed[at].operation);
        changed
    };
    let messages = |change: &'static dyn Fn(&mut Messages)| {
        move |operation: &mut Operation| {
            let Operation::Read(messages, _) = operation else { panic!("a read") };
            change(messages);
        }
    };
    let Operation::Read(all, _) = &records[last].operation else { panic!("a read") };
    let liked = records.iter().position(|one| one.ended.is_some() && matches!(one.operation, Operation::Like(..)));
    vec![
        ("a message that was read is gone", change(first_read, &messages(&|all| *all = all[1..].to_vec()))),
        ("two messages stand the other way round", change(first_read, &messages(&|all| all.swap(0, 1)))),
        (
            "what is said later is read before",
            change(first_read, &|operation| {
                *operation = Operation::Read(all.clone(), None);
            }),
        ),
        ("a message is there twice", change(last, &messages(&|all| all.push((i64::MAX, all[0].1))))),
        (
            "a reaction is added that is there",
            change(liked.unwrap(), &|operation| {
                let Operation::Like(_, is_liked) = operation else { panic!("a reaction") };
                *is_liked = !*is_liked;
            }),
        ),
    ]
}

#[tokio::test]
async fn whatever_is_done_at_once_was_done_one_after_the_other() {
    let (mut operations, mut cut) = (0, 0);
    for _ in 0..scale(1, 50) {
        let records = played().await;
        assert!(is_linearizable(&records), "{records:#?}");
        for (what, records) in doctored(&records) {
            assert!(!is_linearizable(&records), "not refused: {what}: {records:#?}");
        }
        operations += records.len();
        cut += records.iter().filter(|record| record.ended.is_none()).count();
    }
    assert!(cut > 0, "some operation was never answered");
    say(&format!(
        "{operations} operations of {CLIENTS} clients, {cut} of them without an answer: one order holds them all"
    ));
}
