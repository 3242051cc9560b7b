//! Channels, groups and direct messages, and who is in them.

use std::collections::HashMap;

use super::json::Channel;
use super::messages::MessageBody;
use super::{ImportError, Slack};
use crate::chat::model::chat::MAX_MEMBERS;
use crate::chat::model::record::{Member, Record, Role};
use crate::chat::model::time::Timestamp;
use crate::chat::ops::import_export::Import;
use crate::importers::report::ImportReport;
use crate::importers::text;

/// What a list holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Public,
    Private,
    Direct,
    /// A direct chat of more than two.
    Several,
}

const FILES: [(&str, Kind); 4] = [
    ("channels.json", Kind::Public),
    ("groups.json", Kind::Private),
    ("dms.json", Kind::Direct),
    ("mpims.json", Kind::Several),
];

/// All channels that the export lists.
#[derive(Default)]
pub(super) struct Channels {
    channels: Vec<(Kind, Channel)>,
    /// By the name of its folder, the place of a channel.
    folders: HashMap<String, usize>,
}

impl Channels {
    pub fn place_of(&self, folder: &str) -> Option<usize> {
        self.folders.get(folder).copied()
    }
}

/// A chat that comes.
pub(super) struct ImportedChat {
    pub id: i64,
    pub pair: Option<[i64; 2]>,
    members: Vec<i64>,
    owner: i64,
    created_at: Timestamp,
}

/// Reads the lists, and tells of folders that are in none.
pub(super) fn lists(slack: &mut Slack, report: &mut ImportReport) -> Result<Channels, ImportError> {
    let mut lists = Channels::default();
    for (file, kind) in FILES {
        let (channels, odd) = slack.list::<Channel>(file)?;
        (0..odd).for_each(|_| report.leave_out("chats", "they are not written as channels are", file));
        for channel in channels {
            let folder = if kind == Kind::Direct { &channel.id } else { &channel.name };
            lists.folders.entry(folder.clone()).or_insert(lists.channels.len());
            lists.channels.push((kind, channel));
        }
    }
    for folder in slack.archive.days().into_values().flatten() {
        if lists.place_of(&folder).is_none() {
            report.leave_out("days of messages", "their folder is in no list of channels", folder);
        }
    }
    Ok(lists)
}

/// Takes the chats in: for each place in the lists, what became of it.
pub(super) fn take(
    slack: &Slack,
    lists: &Channels,
    import: &mut Import,
    report: &mut ImportReport,
) -> Result<Vec<Option<ImportedChat>>, ImportError> {
    let mut taken = Vec::new();
    for (place, (kind, channel)) in lists.channels.iter().enumerate() {
        let id = i64::try_from(place).unwrap_or(i64::MAX - 1) + 1;
        let chat = match place_of(slack, *kind, channel, id, report) {
            Some(chat) => {
                let record = record(slack, *kind, channel, &chat);
                import.take(Record::Chat(record))?;
                Some(chat)
            }
            None => {
                report.leave_out("chats", "nobody of users.json is in them", channel.name.clone());
                None
            }
        };
        taken.push(chat);
    }
    Ok(taken)
}

fn place_of(slack: &Slack, kind: Kind, channel: &Channel, id: i64, report: &mut ImportReport) -> Option<ImportedChat> {
    let mut members: Vec<i64> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for known in channel.members.iter().flatten() {
        match slack.ids.get(known) {
            Some(user) if seen.insert(*user) => members.push(*user),
            Some(_) => {}
            None => report.leave_out("members", "they are in no list of users", known.clone()),
        }
    }
    let creator = channel.creator.as_ref().and_then(|known| slack.ids.get(known)).copied();
    // An archived channel has no members any more: its maker keeps what was said.
    if members.is_empty() {
        members.extend(creator);
    }
    let owner = creator.filter(|creator| members.contains(creator)).or_else(|| members.first().copied())?;
    for _ in members.drain(members.len().min(usize::try_from(MAX_MEMBERS).unwrap_or(usize::MAX))..) {
        report.leave_out("members", "the chat has as many as it may", channel.name.clone());
    }
    let pair = match (kind, members.as_slice()) {
        (Kind::Direct, [one]) => Some([*one, *one]),
        (Kind::Direct, [one, other]) => Some([*one.min(other), *one.max(other)]),
        _ => None,
    };
    let created_at = channel.created.checked_mul(1_000).map(Timestamp);
    let created_at = created_at.filter(|at| *at <= slack.now && at.0 > 0).unwrap_or(slack.now);
    Some(ImportedChat {
        id,
        pair,
        owner: if members.contains(&owner) { owner } else { members[0] },
        members,
        created_at,
    })
}

fn record(slack: &Slack, kind: Kind, channel: &Channel, chat: &ImportedChat) -> crate::chat::model::record::Chat {
    let names = || {
        let names: Vec<&str> = chat.members.iter().filter_map(|id| name_of(slack, *id)).collect();
        text::title(&names.join(", "))
    };
    let title = if kind == Kind::Several { names() } else { text::title(&channel.name) };
    let about = [&channel.purpose.value, &channel.topic.value].into_iter().find(|text| !text.is_empty());
    let is_group = chat.pair.is_none();
    crate::chat::model::record::Chat {
        id: chat.id,
        pair: chat.pair,
        title: if is_group {
            title.or_else(names).unwrap_or_else(|| format!("Chat {}", chat.id))
        } else {
            String::new()
        },
        description: about.filter(|_| is_group).map(|text| text::description(text)).unwrap_or_default(),
        is_private: kind != Kind::Public,
        owner: chat.owner,
        created_at: chat.created_at,
        ..crate::chat::model::record::Chat::default()
    }
}

fn name_of(slack: &Slack, id: i64) -> Option<&str> {
    let known = slack.ids.iter().find(|(_, known)| **known == id)?.0;
    slack.names.get(known).map(String::as_str)
}

/// Everybody's place. An export does not say what was read: everything counts as read.
pub(super) fn members(
    chats: &[Option<ImportedChat>],
    said: &MessageBody,
    import: &mut Import,
) -> Result<(), ImportError> {
    import.note("an export of Slack does not say what was read: everything counts as read");
    for chat in chats.iter().flatten() {
        for user in &chat.members {
            import.take(Record::Member(Member {
                chat: chat.id,
                user: *user,
                role: if *user == chat.owner && chat.pair.is_none() { Role::Admin } else { Role::Member },
                joined_at: chat.created_at,
                joined_after: None,
                read_upto: said.last_of.get(&chat.id).copied(),
                cleared_upto: None,
                is_hidden: false,
                level: None,
                muted_until: None,
                is_muted: false,
            }))?;
        }
    }
    Ok(())
}
