//! Chats and who is in them.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::messages::ImportedMessages;
use super::plan::TablePlan;
use super::reader::Reader;
use super::source::{IS_GONE, TableRow};
use crate::chat::model::chat::MAX_MEMBERS;
use crate::chat::model::record::{Chat, Member, Record, Role};
use crate::chat::model::time::Timestamp;
use crate::importers::{ImportError, text};

/// Words for a chat of two in a column that tells the kinds apart.
const DIRECT: [&str; 5] = ["dm", "direct", "personal", "private_chat", "one_to_one"];
/// A word that some projects use for chats of two, and others for closed groups.
const PRIVATE: &str = "private";
const NOT_THERE: &str = "the chat or the user is not there";

/// The chats that came.
#[derive(Default)]
pub(super) struct ImportedChats {
    /// By the project's id, the chat that it became: chats of the same two are one.
    pub chats: HashMap<i64, i64>,
    /// By chat, its place.
    pub places: BTreeMap<i64, ImportedChat>,
    /// By pair, the direct chat.
    pub pairs: HashMap<[i64; 2], i64>,
}

/// A chat and its members, in the order of their standing.
pub(super) struct ImportedChat {
    pub pair: Option<[i64; 2]>,
    pub members: Vec<Joined>,
    created_at: Timestamp,
}

/// Somebody in a chat.
#[derive(Clone)]
pub(super) struct Joined {
    pub user: i64,
    is_admin: bool,
    at: Option<Timestamp>,
    /// Up to when they have read, where the project says so by a time.
    pub read_at: Option<Timestamp>,
    /// They are of a direct chat, and see it no more.
    has_left: bool,
}

impl Joined {
    fn plain(user: i64, at: Timestamp) -> Self {
        Self { user, is_admin: false, at: Some(at), read_at: None, has_left: false }
    }

    /// Whether they see the chat no more.
    pub fn has_left(&self) -> bool {
        self.has_left
    }

    /// Who was in a direct chat and has left it.
    pub fn left(user: i64) -> Self {
        Self { user, is_admin: false, at: None, read_at: None, has_left: true }
    }
}

/// By chat, who is or was in it.
pub(super) type JoinedByChat = BTreeMap<i64, Vec<Joined>>;

/// A pair in the order in which records have it.
pub(super) fn pair(one: i64, other: i64) -> [i64; 2] {
    [one.min(other), one.max(other)]
}

impl Reader<'_> {
    /// Takes every chat in, those that only messages tell of too.
    pub(super) fn chats(&mut self, mut members: JoinedByChat) -> Result<ImportedChats, ImportError> {
        let mut world = ImportedChats::default();
        self.each("chats", &["id"], |reader, mapped, cells| {
            let Some(id) = cells.key("id") else { return Ok(()) };
            reader.chat(&mut world, mapped, cells, members.remove(&id).unwrap_or_default(), id)
        })?;
        for (chat, joined) in members {
            for _ in joined {
                self.report.leave_out("members", NOT_THERE, format!("chat {chat}"));
            }
        }
        self.pairs_of_messages(&mut world)?;
        Ok(world)
    }

    /// By chat, who is in it.
    pub(super) fn joined(&mut self) -> Result<JoinedByChat, ImportError> {
        let mut admins = HashSet::new();
        self.each("admins", &[], |reader, mapped, cells| {
            admins.extend(cells.key("chat").zip(reader.person(mapped, cells, "user")));
            Ok(())
        })?;
        let mut members = JoinedByChat::new();
        self.each("members", &["chat", "joined", "user"], |reader, mapped, cells| {
            let (Some(chat), Some(user)) = (cells.key("chat"), reader.person(mapped, cells, "user")) else {
                reader.report.leave_out("members", NOT_THERE, "");
                return Ok(());
            };
            let joined = members.entry(chat).or_default();
            if let Some(known) = joined.iter_mut().find(|known| known.user == user) {
                known.has_left &= cells.is(IS_GONE);
                return Ok(());
            }
            if joined.len() >= usize::try_from(MAX_MEMBERS).unwrap_or(usize::MAX) {
                reader.report.leave_out("members", "the chat has as many as it may", format!("chat {chat}"));
                return Ok(());
            }
            let by_role = cells.text("role").is_some_and(|role| ["admin", "owner", "moderator"].contains(&role));
            joined.push(Joined {
                user,
                is_admin: cells.is("is_admin") || by_role || admins.contains(&(chat, user)),
                at: cells.time("joined"),
                read_at: cells.time("last_read"),
                has_left: cells.is(IS_GONE),
            });
            Ok(())
        })?;
        Ok(members)
    }

    fn chat(
        &mut self,
        world: &mut ImportedChats,
        mapped: &TablePlan,
        cells: &TableRow<'_>,
        mut members: Vec<Joined>,
        id: i64,
    ) -> Result<(), ImportError> {
        let created_at = cells.time("created").unwrap_or(self.now);
        let owner = self.person(mapped, cells, "owner");
        if let Some(other) = self.left.of_chat(id) {
            members.push(Joined::plain(other, created_at));
        }
        if let [first, last] = members.as_slice()
            && (self.left.of_chat(id).is_some() || self.is_direct(mapped, cells, &members))
        {
            let pair = pair(first.user, last.user);
            return self.direct(world, pair, members, owner, Some(id), created_at);
        }
        let owner = owner.filter(|owner| !members.iter().any(|member| member.user == *owner && member.has_left));
        for _ in members.extract_if(.., |member| member.has_left) {
            let by = self.plan.get("members").map_or("", |mapped| mapped.marks.first().map_or("", |mark| &mark.column));
            let why = format!("they left, or had not joined, as {by} says");
            self.report.leave_out("members", why, format!("chat {id}"));
        }
        if members.len() < 2 {
            return self.chat_of_few(world, cells, &members, owner, id, created_at);
        }
        let first = members.iter().find(|member| member.is_admin).map_or(members[0].user, |admin| admin.user);
        let owner = owner.unwrap_or(first);
        if !members.iter().any(|member| member.user == owner) {
            members.insert(0, Joined { is_admin: true, ..Joined::plain(owner, created_at) });
        }
        self.group(world, mapped, cells, members, owner, id, created_at)
    }

    /// A chat of one is somebody's notes if it is direct, else a group like others.
    fn chat_of_few(
        &mut self,
        world: &mut ImportedChats,
        cells: &TableRow<'_>,
        members: &[Joined],
        owner: Option<i64>,
        id: i64,
        created_at: Timestamp,
    ) -> Result<(), ImportError> {
        let Some(mapped) = self.plan.get("chats") else { return Ok(()) };
        match (members, owner) {
            ([only], _) if self.is_direct(mapped, cells, members) => {
                let pair = pair(only.user, only.user);
                self.direct(world, pair, members.to_vec(), owner, Some(id), created_at)
            }
            ([only], None) => self.group(world, mapped, cells, members.to_vec(), only.user, id, created_at),
            (_, Some(owner)) => {
                let own = Joined { is_admin: true, ..Joined::plain(owner, created_at) };
                let others = members.iter().filter(|member| member.user != owner).cloned();
                let members = others.chain([own]).collect();
                self.group(world, mapped, cells, members, owner, id, created_at)
            }
            (_, None) => {
                self.report.leave_out("chats", "nobody is in them", format!("chat {id}"));
                Ok(())
            }
        }
    }

    /// Whether a row of one or two members is a direct chat.
    pub(super) fn is_direct(&self, mapped: &TablePlan, cells: &TableRow<'_>, members: &[Joined]) -> bool {
        if mapped.table.to_lowercase().ends_with("directchat") {
            return true;
        }
        if let Some(kind) = cells.text("type") {
            let kind = kind.to_lowercase();
            let is_pair = members.len() == 2 || cells.text("title").is_none_or(|title| title.trim().is_empty());
            return DIRECT.contains(&kind.as_str()) || (kind == PRIVATE && is_pair);
        }
        if mapped.column("is_direct").is_some() {
            return cells.is("is_direct");
        }
        if mapped.column("is_group").is_some() {
            return !cells.is("is_group") && !cells.is("is_public");
        }
        // As `messenger` names them: after the two.
        let name = |member: &Joined| self.people.users.get(&member.user).map_or("", String::as_str);
        let title = cells.text("title").unwrap_or_default();
        let (Some(first), Some(last)) = (members.first(), members.last()) else { return false };
        title == format!("{}_{}", name(first), name(last)) || title == format!("{}_{}", name(last), name(first))
    }

    fn direct(
        &mut self,
        world: &mut ImportedChats,
        pair: [i64; 2],
        members: Vec<Joined>,
        owner: Option<i64>,
        id: Option<i64>,
        created_at: Timestamp,
    ) -> Result<(), ImportError> {
        if let (Some(one), Some(id)) = (world.pairs.get(&pair), id) {
            world.chats.insert(id, *one);
            self.report.change("direct chats are one with another of the same two", format!("chat {id}"));
            return Ok(());
        }
        let chat = id.unwrap_or_else(|| world.places.keys().next_back().map_or(1, |last| last.saturating_add(1)));
        let owner = owner.filter(|owner| pair.contains(owner)).unwrap_or(pair[0]);
        self.import.take(Record::Chat(Chat {
            id: chat,
            pair: Some(pair),
            title: String::new(),
            description: String::new(),
            is_private: true,
            max_members: None,
            retain_days: None,
            owner,
            created_by: None,
            created_at,
            updated_at: None,
            active_at: None,
            log: Vec::new(),
        }))?;
        world.chats.extend(id.map(|id| (id, chat)));
        world.pairs.insert(pair, chat);
        world.places.insert(chat, ImportedChat { pair: Some(pair), members, created_at });
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "a row, and what was found out about it")]
    fn group(
        &mut self,
        world: &mut ImportedChats,
        mapped: &TablePlan,
        cells: &TableRow<'_>,
        members: Vec<Joined>,
        owner: i64,
        id: i64,
        created_at: Timestamp,
    ) -> Result<(), ImportError> {
        let max = cells.int("max_members").and_then(|max| u32::try_from(max).ok());
        let fits = |max: &u32| (2..=MAX_MEMBERS).contains(max) && members.len() <= usize::try_from(*max).unwrap_or(0);
        self.import.take(Record::Chat(Chat {
            id,
            pair: None,
            title: text::title(cells.text("title").unwrap_or_default()).unwrap_or_else(|| format!("Chat {id}")),
            description: text::description(cells.text("description").unwrap_or_default()),
            is_private: match mapped.column("is_private") {
                Some(_) => cells.is("is_private"),
                None => !cells.is("is_public"),
            },
            max_members: max.filter(fits),
            retain_days: None,
            owner,
            created_by: None,
            created_at,
            updated_at: cells.time("updated").filter(|updated| *updated > created_at),
            active_at: None,
            log: Vec::new(),
        }))?;
        world.chats.insert(id, id);
        world.places.insert(id, ImportedChat { pair: None, members, created_at });
        Ok(())
    }

    /// Direct chats that are there only as messages from one to another.
    fn pairs_of_messages(&mut self, world: &mut ImportedChats) -> Result<(), ImportError> {
        if self.plan.get("messages").is_none_or(|mapped| mapped.column("receiver").is_none()) {
            return Ok(());
        }
        self.each("messages", &["created", "id"], |reader, mapped, cells| {
            let Some((sender, receiver)) = reader.sides(mapped, cells) else { return Ok(()) };
            let names_chat = cells.key("chat").is_some() && reader.plan.get("chats").is_some();
            let pair = pair(sender, receiver);
            if names_chat || world.pairs.contains_key(&pair) {
                return Ok(());
            }
            // A message that does not come makes no chat.
            let Some(created_at) = cells.time("created") else { return Ok(()) };
            let mut members = vec![Joined::plain(sender, created_at)];
            members.extend((receiver != sender).then(|| Joined::plain(receiver, created_at)));
            reader.direct(world, pair, members, Some(sender), None, created_at)
        })
    }

    /// Everybody's place in each chat, and what they have read.
    pub(super) fn members(&mut self, world: &ImportedChats, said: &ImportedMessages) -> Result<(), ImportError> {
        if !said.knows_reading {
            self.import.note("the project does not say what was read: everything counts as read");
        }
        for (chat, place) in &world.places {
            for member in &place.members {
                let newest = if member.has_left { said.newest(*chat) } else { None };
                let cleared_upto = newest.or_else(|| said.hidden.upto(*chat, member.user));
                self.import.take(Record::Member(Member {
                    chat: *chat,
                    user: member.user,
                    role: if member.is_admin && place.pair.is_none() { Role::Admin } else { Role::Member },
                    joined_at: member.at.unwrap_or(place.created_at),
                    joined_after: None,
                    read_upto: said.read_upto(*chat, member),
                    cleared_upto,
                    is_hidden: member.has_left,
                    level: None,
                    muted_until: None,
                    is_muted: false,
                }))?;
            }
        }
        Ok(())
    }
}
