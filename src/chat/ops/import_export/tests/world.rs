//! A world out of a number: records that keep the rules, of every kind and in odd shapes.

use data_encoding::BASE32_NOPAD;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};

use crate::chat::hasher::no_password;
use crate::chat::model::chat_log::LogKind;
use crate::chat::model::id::UserId;
use crate::chat::model::record::Identity;
use crate::chat::model::record::{
    Chat, Credential, CredentialKind, File, Friend, Head, LogEntry, Member, Message, Post, Reaction, Record, Role,
    Scope, SecondFactor, User, VERSION,
};
use crate::chat::model::second_factor::step_at;
use crate::chat::model::time::Timestamp;
use crate::chat::ops::import_export::Import;

const WORDS: &[&str] =
    &["hello", "привет", "𝔘nicode", "\"quoted\\\"", "line\nbreak", "\u{1}control", "🎉🎉", "a\u{301}"];
/// The beginning of one.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0";
const EMOJI: &[&str] = &["👍", "❤️", "👩‍👩‍👧‍👦", "1️⃣"];

pub struct World {
    pub records: Vec<Record>,
    pub contents: Vec<Vec<u8>>,
}

/// Chance, and ids as another program would give them: growing, with gaps.
struct Maker {
    rng: StdRng,
    at: i64,
    id: i64,
}

impl Maker {
    fn below(&mut self, end: usize) -> usize {
        self.rng.random_range(0..end.max(1))
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    fn words(&mut self) -> String {
        let count = 1 + self.below(5);
        (0..count).map(|_| self.pick(WORDS)).collect::<Vec<_>>().join(" ").trim().to_owned()
    }

    fn line(&mut self) -> String {
        self.words().replace(|c: char| c.is_control(), "_")
    }

    fn next_id(&mut self) -> i64 {
        self.id += 1 + i64::try_from(self.below(9)).expect("few");
        self.id
    }

    fn now(&mut self) -> Timestamp {
        self.at += i64::try_from(self.below(100_000)).expect("few");
        Timestamp(self.at)
    }

    fn second_factor(&mut self) -> Option<SecondFactor> {
        let mut digest = || Sha256::digest(self.next_id().to_string());
        let secret = BASE32_NOPAD.encode(&digest()[..20]);
        let mut recovery_sha256: Vec<String> = (0..10).map(|_| hex::encode(digest())).collect();
        recovery_sha256.truncate(self.below(11));
        recovery_sha256.sort();
        let last_step = self.chance(50).then(|| step_at(self.now()));
        self.chance(30).then_some(SecondFactor { secret, last_step, recovery_sha256 })
    }

    fn maybe(&mut self) -> Option<Timestamp> {
        if self.chance(50) { Some(self.now()) } else { None }
    }
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut maker = Maker { rng: StdRng::seed_from_u64(seed), at: 1_600_000_000_000, id: 0 };
        let mut world = Self { records: Vec::new(), contents: Vec::new() };
        let head = Head { version: VERSION, program: "a test".into(), scope: Scope::Server, has_secrets: true };
        world.records.push(Record::Head(head));
        let users = world.people(&mut maker);
        world.chats(&mut maker, &users);
        world
    }

    /// Gives all of it to an import.
    pub fn enters(&self, import: &mut Import) -> Result<(), crate::chat::model::record::RecordError> {
        for content in &self.contents {
            import.content(content.as_slice())?;
        }
        self.records.iter().try_for_each(|record| import.take(record.clone()))
    }

    fn people(&mut self, maker: &mut Maker) -> Vec<i64> {
        let users: Vec<i64> = (0..2 + maker.below(6)).map(|_| maker.next_id()).collect();
        for (place, id) in users.iter().enumerate() {
            let name = maker.pick(&["alice", "Борис", "zoë", "李雷"]);
            self.records.push(Record::User(User {
                id: *id,
                username: format!("{name}{place}"),
                display_name: Some(maker.line()),
                email: maker.chance(70).then(|| format!("{place}@example.org")),
                bio: if maker.chance(50) { maker.words() } else { String::new() },
                is_admin: maker.chance(20),
                is_disabled: maker.chance(10),
                is_bot: false,
                made_by: None,
                created_at: Some(maker.now()),
                last_seen_at: maker.maybe(),
                password_hash: Some(no_password()),
                second_factor: maker.second_factor(),
                former_name: maker.chance(20).then(|| format!("old name {place}")),
                quiet: maker.chance(20).then(|| "22:00 07:30 Europe/Berlin".to_owned()),
                hides_preview: maker.chance(20),
            }));
        }
        for user in &users {
            for _ in 0..maker.below(3) {
                self.records.push(Record::Credential(Credential {
                    user: *user,
                    kind: CredentialKind::Device,
                    label: maker.line(),
                    is_bot: maker.chance(30),
                    secret_sha256: Some(hex::encode(Sha256::digest(maker.next_id().to_string()))),
                    created_at: maker.now(),
                    used_at: maker.now(),
                    expires_at: maker.chance(30).then_some(Timestamp(4_000_000_000_000)),
                    issuer: maker.chance(20).then(|| "https://id.example.org".to_owned()),
                }));
            }
        }
        for user in &users {
            for issuer in ["https://id.example.org", "proxy"] {
                if maker.chance(30) {
                    let subject = format!("{} {}", maker.next_id(), maker.line());
                    self.records.push(Record::Identity(Identity { user: *user, issuer: issuer.into(), subject }));
                }
            }
        }
        for (place, one) in users.iter().enumerate() {
            for other in &users[place + 1..] {
                if maker.chance(30) {
                    let created_at = maker.now();
                    self.records.push(Record::Friend(Friend { user: *one, friend: *other, created_at }));
                }
            }
        }
        for _ in 0..maker.below(4) {
            let (author, title, content) = (maker.pick(&users), maker.line(), maker.words());
            let created_at = maker.now();
            self.records.push(Record::Post(Post { author, title, content, created_at }));
        }
        users
    }

    fn chats(&mut self, maker: &mut Maker, users: &[i64]) {
        let mut rooms: Vec<(Chat, Vec<i64>)> = Vec::new();
        for _ in 0..1 + maker.below(6) {
            let chat = Self::room(maker, users);
            let is_double = rooms.iter().any(|(other, _)| chat.0.pair.is_some() && other.pair == chat.0.pair);
            if !is_double {
                self.records.push(Record::Chat(chat.0.clone()));
                rooms.push(chat);
            }
        }
        let messages = self.talk(maker, &rooms, users);
        self.react(maker, &messages, users);
        self.upload(maker, &messages, users, &rooms);
        for (chat, members) in &rooms {
            for user in members {
                self.records.push(Record::Member(Self::member(maker, chat, *user, &messages)));
            }
        }
    }

    fn room(maker: &mut Maker, users: &[i64]) -> (Chat, Vec<i64>) {
        let (one, other) = (maker.pick(users), maker.pick(users));
        let pair = maker.chance(50).then(|| [one.min(other), one.max(other)]);
        let is_group = pair.is_none();
        let created_at = maker.now();
        let mut members = match pair {
            Some([one, other]) if one == other => vec![one],
            Some(pair) => pair.to_vec(),
            None => users.iter().copied().filter(|user| *user == one || maker.chance(60)).collect(),
        };
        if maker.chance(50) {
            members.reverse();
        }
        let chat = Chat {
            id: maker.next_id(),
            pair,
            title: if is_group && maker.chance(80) { maker.line() } else { String::new() },
            description: if is_group && maker.chance(50) { maker.words() } else { String::new() },
            is_private: pair.is_some() || maker.chance(50),
            retain_days: maker.chance(30).then_some(30),
            max_members: (is_group && maker.chance(30)).then_some(50),
            owner: one,
            // Another than its owner, and perhaps one who left.
            created_by: Some(maker.pick(users)).filter(|user| is_group && *user != one && user % 2 == 0),
            created_at,
            updated_at: Some(maker.now()),
            active_at: Some(maker.now()),
            log: if is_group { Self::log(maker, users) } else { Vec::new() },
        };
        (chat, members)
    }

    fn log(maker: &mut Maker, users: &[i64]) -> Vec<LogEntry> {
        let entry = |maker: &mut Maker| {
            let (actor, created_at) = (maker.pick(users), maker.now());
            let titles = maker.chance(30).then(|| (maker.line(), maker.line()));
            let user = titles.is_none().then(|| maker.pick(users));
            let kind = user.map_or(LogKind::Renamed, |user| LogKind::came(UserId(actor), UserId(user)));
            LogEntry { kind: kind.as_str().to_owned(), actor, user, titles, created_at }
        };
        (0..maker.below(4)).map(|_| entry(maker)).collect()
    }

    fn talk(&mut self, maker: &mut Maker, rooms: &[(Chat, Vec<i64>)], users: &[i64]) -> Vec<Message> {
        let mut said: Vec<Message> = Vec::new();
        for _ in 0..maker.below(40) {
            let (chat, members) = maker.pick(rooms);
            let answered = said.iter().filter(|other| other.chat == chat.id).map(|other| other.id).collect::<Vec<_>>();
            said.push(Message {
                id: maker.next_id(),
                chat: chat.id,
                // Somebody who left may have said it.
                sender: if chat.pair.is_none() && maker.chance(10) { maker.pick(users) } else { maker.pick(&members) },
                text: maker.words(),
                reply_to: (!answered.is_empty() && maker.chance(30)).then(|| maker.pick(&answered)),
                created_at: maker.now(),
                edited_at: maker.maybe(),
                pinned_at: maker.maybe(),
                call_seconds: maker.chance(10).then_some(42),
                mentions: if maker.chance(20) { vec![members[0]] } else { Vec::new() },
                mentions_all: chat.pair.is_none() && maker.chance(10),
            });
        }
        self.records.extend(said.iter().cloned().map(Record::Message));
        said
    }

    fn react(&mut self, maker: &mut Maker, messages: &[Message], users: &[i64]) {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..maker.below(20) {
            if messages.is_empty() {
                return;
            }
            let (message, user, emoji) = (maker.pick(messages).id, maker.pick(users), maker.pick(EMOJI));
            if seen.insert((message, user, emoji)) {
                self.records.push(Record::Reaction(Reaction { message, user, emoji: emoji.to_owned() }));
            }
        }
    }

    /// Avatars and what nobody attached yet come first, as an export has them.
    fn upload(&mut self, maker: &mut Maker, messages: &[Message], users: &[i64], rooms: &[(Chat, Vec<i64>)]) {
        for user in users {
            if maker.chance(40) {
                let bytes = [PICTURE, &user.to_le_bytes()].concat();
                self.file(maker, *user, bytes, None, true);
            }
        }
        for (group, _) in rooms.iter().filter(|(chat, _)| chat.pair.is_none()) {
            if maker.chance(40) {
                let bytes = [PICTURE, &group.id.to_le_bytes()].concat();
                self.file(maker, group.owner, bytes, None, false);
                let Some(Record::File(file)) = self.records.last_mut() else { continue };
                file.avatar_of_chat = Some(group.id);
            }
        }
        for _ in 0..maker.below(3) {
            let user = maker.pick(users);
            self.file(maker, user, b"not attached yet".to_vec(), None, false);
        }
        for message in messages {
            if maker.chance(20) {
                for _ in 0..1 + maker.below(3) {
                    let bytes = maker.words().into_bytes();
                    self.file(maker, message.sender, bytes, Some(message.id), false);
                }
            }
        }
    }

    fn file(&mut self, maker: &mut Maker, uploader: i64, bytes: Vec<u8>, message: Option<i64>, is_avatar: bool) {
        self.records.push(Record::File(File {
            uploader,
            name: format!("{}.txt", maker.below(100)),
            size: bytes.len() as u64,
            sha256: hex::encode(Sha256::digest(&bytes)),
            created_at: maker.now(),
            message,
            is_avatar,
            avatar_of_chat: None,
        }));
        self.contents.push(bytes);
    }

    fn member(maker: &mut Maker, chat: &Chat, user: i64, messages: &[Message]) -> Member {
        let here: Vec<i64> = messages.iter().filter(|said| said.chat == chat.id).map(|said| said.id).collect();
        let mark = |maker: &mut Maker| (!here.is_empty() && maker.chance(60)).then(|| maker.pick(&here));
        let is_direct = chat.pair.is_some();
        let (joined_after, read_upto, cleared_upto) = (mark(maker), mark(maker), mark(maker));
        Member {
            chat: chat.id,
            user,
            role: if !is_direct && (user == chat.owner || maker.chance(20)) { Role::Admin } else { Role::Member },
            joined_at: maker.now(),
            joined_after,
            read_upto,
            cleared_upto: cleared_upto.filter(|_| is_direct),
            is_hidden: is_direct && maker.chance(30),
            level: maker.chance(30).then(|| maker.pick(&["all", "mentions", "nothing"]).to_owned()),
            muted_until: maker.maybe(),
            is_muted: false,
        }
    }
}
