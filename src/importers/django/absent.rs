//! Finds out whose account is gone, and makes one that stands for each: see [`Left`](super::left::Left).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use sha2::{Digest, Sha256};

use super::chats::{Joined, JoinedByChat};
use super::left::Whom;
use super::plan::TablePlan;
use super::reader::Reader;
use super::source::TableRow;
use super::users::nobody_more;
use crate::chat::model::record::Record;
use crate::importers::{ImportError, text};

/// What they are called, where nothing tells their name.
const SOMEBODY: &str = "Somebody who left";
/// Bytes of a sum that make their usernames differ.
const OF_SUM: usize = 4;

/// What messages tell of those who are no members.
#[derive(Default)]
struct Traces {
    /// By chat, senders with an account.
    senders: BTreeMap<i64, BTreeSet<i64>>,
    /// By chat, the ids of senders without one.
    absent: BTreeMap<i64, BTreeSet<Option<i64>>>,
    /// Of messages that name no chat.
    partners: BTreeSet<Whom>,
}

impl Reader<'_> {
    /// Makes an account for everybody who is missing, and puts those who left a direct chat back into it.
    pub(super) fn left(&mut self, mut joined: JoinedByChat) -> Result<JoinedByChat, ImportError> {
        let traces = self.traces()?;
        let mut whom = traces.partners;
        let (mut names, mut directs) = (BTreeMap::new(), HashSet::new());
        self.each("chats", &["id"], |reader, mapped, cells| {
            let Some(id) = cells.key("id") else { return Ok(()) };
            let members = joined.entry(id).or_default();
            let is_direct = reader.is_direct(mapped, cells, members);
            directs.extend((is_direct && members.len() <= 2).then_some(id));
            let [only] = members.as_slice() else { return Ok(()) };
            let partner = reader.partner_in_title(mapped, cells, only.user);
            if !(is_direct || partner.is_some()) || reader.is_notes(cells, only.user) {
                return Ok(());
            }
            let mut others = traces.senders.get(&id).into_iter().flatten().filter(|sender| **sender != only.user);
            match (others.next(), others.next()) {
                (None, _) => {
                    directs.insert(id);
                    whom.insert(Whom::OfChat(id));
                    names.extend(partner.map(|name| (id, name)));
                }
                // Their account is there, but they are in the chat no more.
                (Some(other), None) => members.push(Joined::left(*other)),
                (Some(_), Some(_)) => {}
            }
            Ok(())
        })?;
        for ids in traces.absent.iter().filter(|(chat, _)| !directs.contains(chat)).map(|(_, ids)| ids) {
            whom.extend(ids.iter().map(|id| id.map_or(Whom::Anybody, Whom::WithId)));
        }
        self.make(&whom, &names)?;
        Ok(joined)
    }

    /// Looks at all messages once.
    fn traces(&mut self) -> Result<Traces, ImportError> {
        let mut traces = Traces::default();
        let has_chats = self.plan.get("chats").is_some();
        self.each("messages", &[], |reader, mapped, cells| {
            let sender = reader.person(mapped, cells, "sender");
            if let Some(chat) = cells.key("chat").filter(|_| has_chats) {
                match sender {
                    Some(sender) => drop(traces.senders.entry(chat).or_default().insert(sender)),
                    None => drop(traces.absent.entry(chat).or_default().insert(cells.key("sender"))),
                }
                return Ok(());
            }
            let receiver = reader.person(mapped, cells, "receiver");
            let absent = match (sender, receiver) {
                _ if mapped.column("receiver").is_none() => None,
                (Some(one), None) => Some(cells.key("receiver").map_or(Whom::PartnerOf(one), Whom::WithId)),
                (None, Some(one)) => Some(cells.key("sender").map_or(Whom::PartnerOf(one), Whom::WithId)),
                _ => None,
            };
            traces.partners.extend(absent);
            Ok(())
        })?;
        Ok(traces)
    }

    /// A chat that somebody made with nobody else.
    fn is_notes(&self, cells: &TableRow<'_>, user: i64) -> bool {
        let is_called = |kind: &str| ["self", "notes", "saved", "saved_messages"].contains(&kind);
        let name = self.people.users.get(&user).map_or("", String::as_str);
        cells.text("type").is_some_and(|kind| is_called(&kind.to_lowercase()))
            || cells.text("title").is_some_and(|title| title == format!("{name}_{name}"))
    }

    /// The other name in a room's title that is made of two, where nothing else says whether it is direct.
    fn partner_in_title(&self, mapped: &TablePlan, cells: &TableRow<'_>, user: i64) -> Option<String> {
        if ["type", "is_direct", "is_group"].iter().any(|field| mapped.column(field).is_some()) {
            return None;
        }
        let (title, name) = (cells.text("title")?, self.people.users.get(&user)?);
        let before = title.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('_'));
        let after = || title.strip_suffix(name.as_str()).and_then(|rest| rest.strip_suffix('_'));
        before.or_else(after).filter(|name| !name.is_empty()).map(ToOwned::to_owned)
    }

    fn make(&mut self, whom: &BTreeSet<Whom>, names: &BTreeMap<i64, String>) -> Result<(), ImportError> {
        let salt = self.people.users.keys().min().and_then(|first| self.people.users.get(first)).cloned();
        let salt = salt.unwrap_or_default();
        let mut id = 0_i64;
        for whom in whom {
            id -= 1;
            while self.people.users.contains_key(&id) {
                id -= 1;
            }
            // The same when the same is imported again, and another for another project.
            let sum = Sha256::digest(format!("{salt} {whom:?}"));
            let username = self.people.names.unlike_others(&format!("left-{}", hex::encode(&sum[..OF_SUM])));
            let called = match whom {
                Whom::OfChat(chat) => names.get(chat).and_then(|name| text::display_name(&format!("{name} (left)"))),
                _ => None,
            };
            let display_name = called.unwrap_or_else(|| SOMEBODY.to_owned());
            let (why, example) = match whom {
                Whom::OfChat(chat) => {
                    ("direct chats are with somebody who left: the other account is gone there", format!("chat {chat}"))
                }
                Whom::PartnerOf(user) => (
                    "people have what they wrote with accounts that are gone there in one chat with somebody who left",
                    self.people.users.get(user).cloned().unwrap_or_default(),
                ),
                Whom::WithId(id) => {
                    ("accounts that are gone there stand as somebody who left, for the messages", format!("user {id}"))
                }
                Whom::Anybody => (
                    "account stands as somebody who left for all whose messages in groups have no sender",
                    String::new(),
                ),
            };
            self.report.change(why, example);
            let user = nobody_more(id, username.as_str().to_owned(), Some(display_name), self.now);
            self.import.take(Record::User(user))?;
            self.left.0.insert(*whom, id);
        }
        Ok(())
    }
}
