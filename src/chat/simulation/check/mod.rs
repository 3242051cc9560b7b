//! What has to hold at any time.

pub(super) mod files;

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::FutureExt;

use super::client::Line;
use super::login::Life;
use super::run::Stage;
use super::world::{Fate, Place, World};
use crate::chat::hub::simulated::{MAX_QUEUE_BYTES, MAX_QUEUE_EVENTS};
use crate::chat::model::event::Scope;
use crate::chat::model::id::{ChatId, CredentialId, Seq};
use crate::chat::model::message::{Message, Window};
use crate::chat::model::name::Username;
use crate::chat::model::page::Page;
use crate::chat::model::session::{Actor, CredentialKind};
use crate::chat::page_cache::Form;
use crate::chat::store::MAX_INLINE_BYTES;

/// After a commit: whoever is in a chat, with a credential that lasts, is in its
/// audience, and nobody else.
pub(super) fn audiences(stage: &Stage) -> Result<(), String> {
    let (members, credentials) = (stage.view.members(), stage.view.credentials());
    for socket in stage.app.hub.sockets() {
        if !socket.is_live || socket.closing.is_some() {
            if !socket.chats.is_empty() {
                return Err(format!("socket {} is not open, and hears {:?}", socket.id, socket.chats));
            }
            continue;
        }
        if !credentials.contains(&socket.credential) {
            return Err(format!("socket {} is open on a credential that is over", socket.id));
        }
        let mut due: Vec<ChatId> = match socket.scope {
            Scope::Chat(chat) => vec![chat],
            Scope::Pair(other) => stage.view.direct(socket.user, other).into_iter().collect(),
            Scope::All => members.iter().filter(|(_, user)| *user == socket.user).map(|(chat, _)| *chat).collect(),
        };
        due.retain(|chat| members.contains(&(*chat, socket.user)));
        due.sort();
        if due != socket.chats {
            return Err(format!(
                "socket {} of {} is to hear {due:?} and hears {:?}",
                socket.id, socket.user, socket.chats
            ));
        }
        if matches!(socket.scope, Scope::Chat(_)) && due.is_empty() {
            return Err(format!("socket {} is open on a chat that its user is not in", socket.id));
        }
    }
    Ok(())
}

/// After a commit: who posted was in the chat. Nobody enters and leaves in one turn.
pub(super) fn senders(stage: &Stage, newest_before: Seq) -> Result<(), String> {
    for (message, chat, sender) in stage.view.newer(newest_before) {
        if !stage.rights.members.contains(&(chat, sender)) {
            return Err(format!("{sender} posted {message} into {chat}, and was not in it"));
        }
    }
    Ok(())
}

/// After a commit: the newest page that somebody gets is what is stored. Another member's
/// turn comes with the next commit.
pub(super) fn page(stage: &Stage, turn: usize) -> Result<(), String> {
    let newest = Page { number: 1, size: 3 };
    let mut members: Vec<_> = stage.view.members().into_iter().collect();
    members.sort();
    let Some((chat, user)) = members.get(turn % members.len().max(1)).copied() else { return Ok(()) };
    let actor = Actor {
        user,
        username: Username::parse("somebody").map_err(|wrong| wrong.0)?,
        credential: CredentialId(0),
        kind: CredentialKind::Device,
        is_admin: false,
        is_bot: false,
        has_factor: false,
    };
    let one = |message: &Message| {
        let Message { id, seq, text, reactions, .. } = message;
        format!("{id} of {seq}: {}, {} reactions; ", text.trim_end_matches([' ', 'x']), reactions.len())
    };
    let write = move |messages: &[Message]| messages.iter().map(one).collect::<String>().into_bytes();
    let stored = stage.app.history(&actor, chat, Window::Page(newest));
    if stored.as_ref().is_ok_and(|stored| stored.items.iter().any(|message| message.text.len() >= MAX_INLINE_BYTES)) {
        // It would be read on another thread.
        return Ok(());
    }
    let form = Form { name: "simulated", has_marks: false };
    let words = stage.app.cached_page(&actor, chat, newest, form, move |past| Ok(write(&past.messages)));
    // Otherwise the first page is found at once.
    let shown = words.now_or_never().ok_or("the newest page kept somebody waiting")?;
    match (shown, stored) {
        (Ok((count, words)), Ok(stored)) if count == stored.count && words == write(&stored.items) => Ok(()),
        (shown, stored) => Err(format!("{user} is shown {shown:?} in {chat}, and stored is {stored:?}")),
    }
}

/// After every move: queues are bounded, what is told is stored, who is signed out is closed.
pub(super) fn sockets(world: &World, stage: &Stage) -> Result<(), String> {
    for socket in stage.app.hub.sockets() {
        if socket.events > MAX_QUEUE_EVENTS || socket.bytes > MAX_QUEUE_BYTES {
            return Err(format!("{} events, {} bytes wait for socket {}", socket.events, socket.bytes, socket.id));
        }
    }
    for (_, client) in &stage.clients {
        if let Some(wrong) = client.wrong() {
            return Err(wrong);
        }
        let is_over = world.logins[client.login].life == Life::Dead;
        if is_over && client.is_open() && client.closing().is_none() {
            return Err(format!("login {} is over, and a socket on {:?} is open", client.login, client.credential));
        }
    }
    Ok(())
}

/// What was acknowledged is stored, what was refused is not, and everything once.
pub(super) fn stored(world: &World, stage: &Stage) -> Result<(), String> {
    let messages = stage.view.messages();
    let mut texts: HashMap<&str, usize> = HashMap::new();
    let by_id: HashMap<_, _> = messages.iter().map(|message| (message.id, message)).collect();
    for message in &messages {
        *texts.entry(message.text.as_str()).or_default() += 1;
        if world.deleted.contains(&message.id) {
            return Err(format!("message {} was deleted, and is there", message.id));
        }
        if world.edits.get(&message.text) == Some(&false) {
            return Err(format!("the edit to {} was refused, and is there", message.text));
        }
        if let Some(Place::Out(since)) = world.places.get(&(message.chat, message.sender))
            && message.id.0 > since.0
        {
            return Err(format!("{} was out of {} when message {} came", message.sender, message.chat, message.id));
        }
    }
    let is_gone = |id, chat| stage.view.is_deleted(id) || stage.view.is_gone(chat);
    for sent in &world.sent {
        let name = sent.text.split(' ').next().unwrap_or_default();
        let count = texts.get(sent.text.as_str()).copied().unwrap_or(0);
        if count > 1 && !world.is_old(sent) {
            return Err(format!("{name} is stored {count} times"));
        }
        if count > 0 && sent.fates.iter().all(|fate| *fate == Fate::Refused) {
            return Err(format!("{name} was refused, and is there"));
        }
        for fate in &sent.fates {
            if let Fate::Stored(id) = fate
                && by_id.get(id).is_none_or(|message| message.chat != sent.chat)
                && !is_gone(*id, sent.chat)
            {
                return Err(format!("{name} was acknowledged as {id}, and is not there"));
            }
        }
    }
    for (id, seq) in &world.changed {
        if by_id.get(id).is_some_and(|message| message.seq < *seq) {
            return Err(format!("message {id} was changed by {seq}, and is older"));
        }
    }
    files::known(world, stage)?;
    places(world, stage)
}

fn places(world: &World, stage: &Stage) -> Result<(), String> {
    for ((chat, user), place) in &world.places {
        let is_in = stage.view.is_member(*chat, *user);
        match place {
            Place::In if !is_in && !stage.view.is_gone(*chat) => return Err(format!("{user} is not in {chat}")),
            Place::Out(_) if is_in => return Err(format!("{user} is still in {chat}")),
            _ => {}
        }
    }
    if let Some(chat) = world.gone.iter().find(|chat| !stage.view.is_gone(**chat)) {
        return Err(format!("room {chat} was deleted, and is there"));
    }
    Ok(())
}

/// Counters are what counting says.
pub(super) fn counters(stage: &Stage) -> Result<(), String> {
    let wrong = stage.view.wrong_counters();
    if wrong.is_empty() { Ok(()) } else { Err(format!("wrong counters: {}", wrong.join(", "))) }
}

/// When nothing is under way: counters, reactions, and what each sees as unread.
pub(super) fn at_rest(world: &mut World, stage: &Stage) -> Result<(), String> {
    counters(stage)?;
    files::none_on_its_way(stage)?;
    for ((message, user), is_there) in &world.reactions {
        let exists = stage.view.messages().iter().any(|stored| stored.id == *message);
        if let Some(is_there) = is_there
            && exists
            && stage.view.has_reacted(*message, *user, super::act::EMOJI) != *is_there
        {
            return Err(format!("the reaction of {user} to {message} is not what was answered"));
        }
    }
    let mut seen = HashSet::new();
    for login in 0..world.logins.len() {
        let at = &world.logins[login];
        if at.life != Life::Live || seen.contains(&at.person) {
            continue;
        }
        let person = at.person;
        let Some(actor) = world.ask(&stage.app, login)? else { continue };
        seen.insert(person);
        files::readable(stage, &actor)?;
        let rooms = stage.app.chats(&actor, Page { number: 1, size: 100 }).map_err(|error| error.to_string())?;
        for room in rooms.items {
            let membership = room.membership.as_ref().ok_or("a room of one's own without a place in it")?;
            let shown = (membership.unread_count, membership.message_count);
            let counted = stage.view.unread_and_visible(room.id, actor.user);
            if shown != counted {
                let who = actor.username;
                return Err(format!("{who} in {}: unread and visible {shown:?}, counted {counted:?}", room.id));
            }
        }
    }
    Ok(())
}

/// At the end: each socket heard each chat in the order of its changes, without a gap
/// that another socket shows, and nothing between leaving and entering.
pub(super) fn heard(world: &World) -> Result<(), String> {
    let mut all: HashMap<ChatId, BTreeMap<i64, bool>> = HashMap::new();
    for line in world.heard.iter().flat_map(|(_, lines)| lines) {
        if let Line::Change(heard) = line {
            all.entry(heard.chat).or_default().insert(heard.seq.0, heard.is_reaction);
        }
    }
    for (scope, lines) in &world.heard {
        let mut last: HashMap<ChatId, i64> = HashMap::new();
        let mut out = HashSet::new();
        for line in lines {
            match line {
                Line::Entered(chat) => {
                    out.remove(chat);
                    last.remove(chat);
                }
                Line::Left(chat) => {
                    out.insert(*chat);
                }
                Line::Change(heard) if out.contains(&heard.chat) => {
                    return Err(format!("{scope:?} heard {heard:?} after it had left"));
                }
                Line::Change(heard) => {
                    let before = last.insert(heard.chat, heard.seq.0);
                    let Some(before) = before else { continue };
                    if before >= heard.seq.0 {
                        return Err(format!("{scope:?} heard {heard:?} after {before}"));
                    }
                    let between = all[&heard.chat].range(before + 1..heard.seq.0);
                    let mut missed = between.filter(|(_, is_reaction)| *scope == Scope::All || !**is_reaction);
                    if let Some((missed, _)) = missed.next() {
                        return Err(format!("{scope:?} did not hear {missed}, between {before} and {}", heard.seq.0));
                    }
                }
            }
        }
    }
    Ok(())
}
