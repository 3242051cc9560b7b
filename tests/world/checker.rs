//! Keeps what every client was told and what every socket heard, and compares it with
//! what is stored.
//!
//! A message's text is its key, a bar, and a version: an edit keeps the key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

/// What a client knows of something it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// 2xx, or the echo.
    Done,
    /// An error: nothing was done.
    Refused,
    /// The line was cut: done or not.
    Unknown,
}

#[derive(Debug)]
struct Sent {
    told: Told,
    /// What the text may be.
    texts: Vec<String>,
    deletion: Option<Told>,
}

/// What the clients of one chat were told.
#[derive(Default)]
pub struct Ledger {
    sent: Mutex<BTreeMap<String, Sent>>,
    watches: Mutex<Vec<Arc<Watch>>>,
}

/// What one socket heard of the chat, in order.
pub struct Watch {
    pub label: String,
    heard: Mutex<Vec<Heard>>,
}

enum Heard {
    News(i64, String),
    Gone(i64),
}

/// What a check has seen.
#[derive(Default)]
pub struct Figures {
    pub acknowledged: usize,
    pub refused: usize,
    pub unknown: usize,
    /// Of the unknown, those that were stored.
    pub stored_unknown: usize,
    pub stored: usize,
    pub heard: usize,
    pub sockets: usize,
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        let Self { acknowledged, refused, unknown, stored_unknown, stored, heard, sockets } = other;
        self.acknowledged += acknowledged;
        self.refused += refused;
        self.unknown += unknown;
        self.stored_unknown += stored_unknown;
        self.stored += stored;
        self.heard += heard;
        self.sockets += sockets;
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { acknowledged, refused, unknown, stored_unknown, stored, heard, sockets } = self;
        write!(
            out,
            "{acknowledged} acknowledged and 0 lost, {refused} refused and 0 there, {unknown} unknown ({stored_unknown} \
             there), 0 doubled of {stored}; {sockets} sockets heard {heard} in one order, 0 that are not stored"
        )
    }
}

/// The key in a text.
pub fn key(text: &str) -> &str {
    text.split('|').next().unwrap_or(text)
}

impl Ledger {
    fn change(&self, text: &str, change: impl FnOnce(&mut Sent)) {
        let mut sent = self.sent.lock().unwrap();
        change(sent.get_mut(key(text)).unwrap_or_else(|| panic!("{text} was never sent")));
    }

    /// Before the bytes leave: from here on it may be stored.
    pub fn sends(&self, text: &str) {
        let sent = Sent { told: Told::Unknown, texts: vec![text.to_owned()], deletion: None };
        let before = self.sent.lock().unwrap().insert(key(text).to_owned(), sent);
        assert!(before.is_none(), "a key stands for one message: {text}");
    }

    pub fn is_told_done(&self, text: &str) {
        self.change(text, |sent| sent.told = Told::Done);
    }

    pub fn is_told_no(&self, text: &str) {
        self.change(text, |sent| sent.told = Told::Refused);
    }

    /// By the answer's status; nothing is an answer that never came.
    pub fn is_answered(&self, text: &str, status: Option<u16>) {
        match status {
            Some(200..=299) => self.is_told_done(text),
            Some(_) => self.is_told_no(text),
            None => {}
        }
    }

    pub fn edits(&self, text: &str) {
        self.change(text, |sent| sent.texts.push(text.to_owned()));
    }

    pub fn edit_is_done(&self, text: &str) {
        self.change(text, |sent| sent.texts = vec![text.to_owned()]);
    }

    pub fn deletes(&self, text: &str) {
        self.change(text, |sent| sent.deletion = Some(Told::Unknown));
    }

    pub fn deletion_is_done(&self, text: &str) {
        self.change(text, |sent| sent.deletion = Some(Told::Done));
    }

    /// What would be known if no more than this had been told: of versions, and of the
    /// deletion of a key.
    pub fn as_of(&self, is_told: impl Fn(&str) -> bool, is_told_gone: impl Fn(&str) -> bool) -> Self {
        let known = |(key, sent): (&String, &Sent)| {
            let first = format!("{key}|0");
            let later = sent.texts.iter().filter(|text| **text != first).cloned();
            let mut versions: Vec<_> = std::iter::once(first.clone()).chain(later).collect();
            let newest = versions.iter().rposition(|text| is_told(text));
            let told = match newest {
                Some(_) => Told::Done,
                None if sent.told == Told::Refused => Told::Refused,
                None => Told::Unknown,
            };
            let deletion =
                sent.deletion.map(|told| if told == Told::Done && is_told_gone(key) { told } else { Told::Unknown });
            (key.clone(), Sent { told, texts: versions.split_off(newest.unwrap_or(0)), deletion })
        };
        let sent = self.sent.lock().unwrap().iter().map(known).collect();
        Self { sent: Mutex::new(sent), watches: Mutex::default() }
    }

    /// A place for what one socket hears.
    pub fn watch(&self, label: &str) -> Arc<Watch> {
        let watch = Arc::new(Watch { label: label.to_owned(), heard: Mutex::default() });
        self.watches.lock().unwrap().push(Arc::clone(&watch));
        watch
    }

    /// Compares everything with what is stored: ids and texts, oldest first.
    pub fn agrees_with(&self, history: &[(i64, String)]) -> Figures {
        assert!(history.is_sorted_by(|a, b| a.0 < b.0), "one order, by id");
        let mut figures = self.answers_agree_with(history);
        for watch in self.watches.lock().unwrap().iter() {
            figures.sockets += 1;
            figures.heard += self.watch_agrees_with(watch, history);
        }
        figures
    }

    fn answers_agree_with(&self, history: &[(i64, String)]) -> Figures {
        let sent = self.sent.lock().unwrap();
        let mut stored: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (_, text) in history {
            stored.entry(key(text)).or_default().push(text);
        }
        let mut figures = Figures { stored: history.len(), ..Figures::default() };
        for (key, sent) in sent.iter() {
            let there = stored.remove(key.as_str()).unwrap_or_default();
            assert!(there.len() <= 1, "{key} is stored {} times", there.len());
            match (sent.told, sent.deletion) {
                (_, Some(Told::Done)) => assert!(there.is_empty(), "{key} was deleted and is there"),
                (Told::Done, None) => assert_eq!(there.len(), 1, "{key} was acknowledged and is lost"),
                (Told::Refused, _) => assert!(there.is_empty(), "{key} was refused and is there"),
                (Told::Done | Told::Unknown, _) => {}
            }
            assert!(
                there.iter().all(|text| sent.texts.iter().any(|sent| sent == text)),
                "{there:?} is none of {:?}",
                sent.texts
            );
            match sent.told {
                Told::Done => figures.acknowledged += 1,
                Told::Refused => figures.refused += 1,
                Told::Unknown => {
                    figures.unknown += 1;
                    figures.stored_unknown += there.len();
                }
            }
        }
        assert!(stored.is_empty(), "nobody sent {stored:?}");
        figures
    }

    /// How many messages the socket heard.
    fn watch_agrees_with(&self, watch: &Watch, history: &[(i64, String)]) -> usize {
        let sent = self.sent.lock().unwrap();
        let heard = watch.heard.lock().unwrap();
        let label = &watch.label;
        let stored: BTreeSet<i64> = history.iter().map(|(id, _)| *id).collect();
        let mut news = Vec::new();
        for event in heard.iter() {
            match event {
                Heard::News(id, text) => {
                    let sent = sent.get(key(text)).unwrap_or_else(|| panic!("{label} heard {text}, which nobody sent"));
                    let may_be_gone = sent.deletion.is_some();
                    assert!(stored.contains(id) || may_be_gone, "{label} heard {id} {text}, which is not stored");
                    news.push(*id);
                }
                Heard::Gone(id) => assert!(!stored.contains(id), "{label} heard that {id} is gone, and it is there"),
            }
        }
        assert!(news.is_sorted_by(|a, b| a < b), "{label} heard out of order, or twice: {news:?}");
        if let (Some(first), Some(last)) = (news.first(), news.last()) {
            let told: BTreeSet<i64> = news.iter().copied().collect();
            let missed: Vec<_> = stored.range(*first..=*last).filter(|id| !told.contains(id)).collect();
            assert!(missed.is_empty(), "{label} missed {missed:?} in between");
        }
        news.len()
    }
}

impl Watch {
    pub fn hears(&self, id: i64, text: &str) {
        self.heard.lock().unwrap().push(Heard::News(id, text.to_owned()));
    }

    pub fn hears_deletion(&self, id: i64) {
        self.heard.lock().unwrap().push(Heard::Gone(id));
    }
}

/// What must be true of any database of ours, in one question each: how many rows break it.
const BOOKS: &[(&str, &str)] = &[
    ("foreign keys", "SELECT count(*) FROM pragma_foreign_key_check"),
    (
        "a chat counts its messages",
        "SELECT count(*) FROM chats c WHERE message_count <> (SELECT count(*) FROM messages WHERE chat_id = c.id)",
    ),
    (
        "a message that is old enough stands under its chat",
        "SELECT count(*) FROM messages g JOIN sequence ON g.id <= indexed
         WHERE NOT EXISTS (SELECT 1 FROM messages_by_chat WHERE chat_id = g.chat_id AND message_id = g.id)",
    ),
    (
        "under a chat stands what is old enough and there",
        "SELECT count(*) FROM messages_by_chat b JOIN sequence ON true
         WHERE message_id > indexed OR NOT EXISTS (SELECT 1 FROM messages WHERE id = message_id AND chat_id = b.chat_id)",
    ),
    (
        "a chat knows its newest message",
        "SELECT count(*) FROM chats c
         WHERE last_message_id IS NOT (SELECT max(id) FROM messages WHERE chat_id = c.id)",
    ),
    (
        "a chat counts its members",
        "SELECT count(*) FROM chats c
         WHERE is_deleted = 0 AND member_count <> (SELECT count(*) FROM members WHERE chat_id = c.id)",
    ),
    (
        "a member counts what was read, or is one's own",
        "SELECT count(*) FROM members m WHERE seen_count <>
         (SELECT count(*) FROM messages WHERE chat_id = m.chat_id AND (id <= max(m.read_mark, m.cleared_mark) OR sender_id = m.user_id))",
    ),
    (
        "a user's bytes are those of the files",
        "SELECT count(*) FROM users u
         WHERE stored_bytes <> (SELECT coalesce(sum(size), 0) FROM files WHERE uploader_id = u.id)",
    ),
    (
        "a user's bytes are those of the texts",
        "SELECT count(*) FROM users u WHERE coalesce((SELECT bytes FROM text_bytes WHERE user_id = u.id), 0) <>
         (SELECT coalesce(sum(octet_length(content)), 0) FROM messages WHERE sender_id = u.id) +
         (SELECT coalesce(sum(octet_length(title) + octet_length(content)), 0) FROM posts WHERE author_id = u.id)",
    ),
    (
        "a message counts its attachments and reactions",
        "SELECT count(*) FROM messages m
         WHERE attachment_count <> (SELECT count(*) FROM files WHERE message_id = m.id)
            OR reaction_count <> (SELECT count(*) FROM reactions WHERE message_id = m.id)",
    ),
    ("what is deleted is gone", "SELECT count(*) FROM tombstones JOIN messages ON messages.id = message_id"),
    (
        "the sequence is ahead",
        "SELECT count(*) FROM messages WHERE seq > max((SELECT value FROM sequence), (SELECT max(id) FROM messages))",
    ),
    (
        "a key names a message that was",
        "SELECT count(*) FROM idempotency_keys WHERE message_id NOT IN
         (SELECT id FROM messages UNION ALL SELECT message_id FROM tombstones)",
    ),
];

/// The database of a server that has stopped is whole, its counters are right, and its
/// files are there.
pub fn books_balance(data: &Path) {
    let connection = Connection::open(data.join("fireside.db")).unwrap();
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    for (promise, broken) in BOOKS {
        let rows: i64 =
            connection.query_row(broken, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{promise}: {error}"));
        assert_eq!(rows, 0, "{promise}");
    }
    let mut files = connection.prepare("SELECT storage_name, size FROM files").unwrap();
    let files = files.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).unwrap();
    for file in files {
        let (name, size) = file.unwrap();
        let stored =
            std::fs::metadata(data.join("files").join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(i64::try_from(stored.len()).unwrap(), size, "the file {name} is whole");
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;

    fn finds_fault(what: impl FnOnce(&Ledger) + std::panic::UnwindSafe, history: &[(i64, &str)]) -> bool {
        let history: Vec<_> = history.iter().map(|(id, text)| (*id, (*text).to_owned())).collect();
        std::panic::catch_unwind(move || {
            let ledger = Ledger::default();
            what(&ledger);
            ledger.agrees_with(&history);
        })
        .is_err()
    }

    fn told(ledger: &Ledger) {
        for text in ["a|0", "b|0", "c|0"] {
            ledger.sends(text);
        }
        ledger.is_answered("a|0", Some(201));
        ledger.is_answered("b|0", Some(507));
        ledger.is_answered("c|0", None);
    }

    #[test]
    fn what_was_told_is_held_against_what_is_stored() {
        assert!(!finds_fault(told, &[(1, "a|0")]));
        assert!(!finds_fault(told, &[(1, "a|0"), (2, "c|0")]), "unknown: it may be there");
        assert!(finds_fault(told, &[]), "acknowledged and lost");
        assert!(finds_fault(told, &[(1, "a|0"), (2, "a|0")]), "doubled");
        assert!(finds_fault(told, &[(1, "a|0"), (2, "b|0")]), "refused and there");
        assert!(finds_fault(told, &[(1, "a|0"), (2, "d|0")]), "from nobody");
        assert!(finds_fault(told, &[(1, "a|1")]), "never so");
        assert!(finds_fault(told, &[(2, "c|0"), (1, "a|0")]), "out of order");
    }

    #[test]
    fn what_was_heard_is_held_against_what_is_stored() {
        let heard = |events: &'static [(i64, &'static str)]| {
            move |ledger: &Ledger| {
                for text in ["a|0", "b|0", "c|0"] {
                    ledger.sends(text);
                }
                let watch = ledger.watch("an ear");
                events.iter().for_each(|(id, text)| watch.hears(*id, text));
            }
        };
        let all = [(1, "a|0"), (2, "b|0"), (3, "c|0")];
        assert!(!finds_fault(heard(&[(1, "a|0"), (2, "b|0"), (3, "c|0")]), &all));
        assert!(!finds_fault(heard(&[(2, "b|0")]), &all), "it came late and left early");
        assert!(finds_fault(heard(&[(1, "a|0"), (3, "c|0")]), &all), "a gap");
        assert!(finds_fault(heard(&[(2, "b|0"), (1, "a|0")]), &all), "out of order");
        assert!(finds_fault(heard(&[(1, "a|0"), (1, "a|0")]), &all), "twice");
        assert!(finds_fault(heard(&[(4, "a|0")]), &all), "heard and not stored");
    }
}
