//! What an answer promises, and whether that holds when it is given.

use std::time::Duration;

use tokio::time::Instant;

use super::super::error::{Error, Result};
use super::super::hub::Scope;
use super::super::id::{ChatId, UserId};
use super::super::message::Posted;
use super::act::{Done, Pending, What};
use super::client::Client;
use super::run::Stage;
use super::world::{Fate, Life, Login, Place, World};

/// How long an answer may wait for a socket that hangs.
const SETTLE: Duration = Duration::from_secs(1);

/// Notes an answer, and holds it against what is stored.
pub(super) fn judge(world: &mut World, stage: &mut Stage, pending: Pending, done: Done) -> Result<(), String> {
    match (pending.what, done) {
        (What::Post { sent, attempt, credential }, Done::Posted(result)) => {
            posted(world, sent, attempt, &result)?;
            let is_new = result.is_ok_and(|posted| posted.is_new);
            if is_new && !stage.rights.credentials.contains(&credential) {
                return Err(format!("d{sent} was posted with a credential that was over"));
            }
            Ok(())
        }
        (What::Edit { text }, Done::Posted(result)) => {
            edited(world, text, &result);
            Ok(())
        }
        (What::Delete { message }, Done::Plain(Ok(()))) => {
            world.note(format!("  {message} is deleted"));
            world.deleted.insert(message);
            Ok(())
        }
        (What::React { message, user }, Done::Reacted(result)) => {
            world.moving.remove(&(ChatId(-message.0), user));
            if let Ok(is_there) = result {
                let known = world.reactions.entry((message, user)).or_insert(Some(is_there));
                *known = known.map(|_| is_there);
            }
            Ok(())
        }
        (What::DeleteRoom { chat }, Done::Plain(Ok(()))) => {
            world.note(format!("  room {chat} is deleted"));
            world.gone.insert(chat);
            Ok(())
        }
        (What::Enter { chat, user }, Done::Plain(result)) => {
            world.moving.remove(&(chat, user));
            world.note(format!("  {user} into {chat}: {}", outcome(&result)));
            if result.is_ok() {
                world.places.insert((chat, user), Place::In);
            }
            Ok(())
        }
        (What::Exit { chat, user }, Done::Plain(result)) => left(world, stage, chat, user, pending.begun, &result),
        (What::Listen { login, room, hangs }, Done::Opened(result)) => {
            world.note(format!("  login {login} listens: {}", outcome(&result)));
            if let Ok(listening) = result {
                let view = stage.view.clone();
                stage.clients.push((world.step, Client::new(*listening, login, room, hangs, view)));
            }
            Ok(())
        }
        (what, done) => judge_signing(world, stage, what, done),
    }
}

/// The same for what signs somebody in or out.
fn judge_signing(world: &mut World, stage: &Stage, what: What, done: Done) -> Result<(), String> {
    match (what, done) {
        (What::End { person, logins }, Done::Plain(result)) => {
            world.people[person].ending_now -= 1;
            world.note(format!("  logins {logins:?} are over: {}", outcome(&result)));
            ended(world, stage, &logins, result.is_ok())
        }
        (What::Password { person, new, old, logins }, Done::Plain(result)) => {
            world.note(format!("  the password, and logins {logins:?}: {}", outcome(&result)));
            let somebody = &mut world.people[person];
            somebody.is_changing = false;
            somebody.ending_now -= 1;
            somebody.password = if result.is_ok() { Some(new) } else { old };
            ended(world, stage, &logins, result.is_ok())
        }
        (What::SignIn { person, endings, must_fail }, Done::SignedIn(result)) => {
            world.note(format!("  {} signs in: {}", world.people[person].name, outcome(&result)));
            if must_fail && result.is_ok() {
                return Err("a wrong password signed in".into());
            }
            let is_sure = world.people[person].endings == endings;
            let life = if is_sure { Life::Live } else { Life::Unknown };
            world.logins.extend(result.ok().map(|token| Login { person, token, life }));
            Ok(())
        }
        (What::Stale, Done::Plain(result)) => {
            world.note(format!("  it is answered {}", outcome(&result)));
            let is_refused = matches!(result, Err(Error::CredentialRevoked));
            if is_refused { Ok(()) } else { Err("a credential that is over was let in".into()) }
        }
        (What::Make, Done::Made(Ok(chat))) if !world.rooms.contains(&chat) => {
            world.rooms.push(chat);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn posted(world: &mut World, sent: usize, attempt: usize, result: &Result<Posted>) -> Result<(), String> {
    world.note(format!("  d{sent}: {}", outcome(result)));
    let entry = &mut world.sent[sent];
    entry.fates[attempt] = result.as_ref().map_or(Fate::Refused, |posted| Fate::Stored(posted.message.id));
    let mut stored = entry.fates.iter().filter(|fate| matches!(fate, Fate::Stored(_)));
    let first = stored.next();
    let is_twice = stored.any(|other| Some(other) != first);
    let entry = &world.sent[sent];
    if is_twice && !world.is_old(entry) {
        return Err(format!("one key, several messages: {:?}", entry.fates));
    }
    Ok(())
}

fn edited(world: &mut World, text: String, result: &Result<Posted>) {
    world.note(format!("  {text}: {}", outcome(result)));
    match result {
        Ok(posted) => {
            let newest = world.changed.entry(posted.message.id).or_insert(posted.message.seq);
            *newest = (*newest).max(posted.message.seq);
        }
        Err(_) => drop(world.edits.insert(text, false)),
    }
}

fn left(
    world: &mut World,
    stage: &Stage,
    chat: ChatId,
    user: UserId,
    begun: usize,
    result: &Result<()>,
) -> Result<(), String> {
    world.moving.remove(&(chat, user));
    world.note(format!("  {user} out of {chat}: {}", outcome(result)));
    if result.is_err() {
        return Ok(());
    }
    world.places.insert((chat, user), Place::Out(stage.view.newest()));
    sockets_of_removed_are_gone(stage, chat, user, begun)
}

fn outcome<T>(result: &Result<T>) -> String {
    result.as_ref().map_or_else(|error| format!("{error:?}"), |_| "done".into())
}

/// Nobody waits for the answer any more: what it would have said is open.
pub(super) fn abandon(world: &mut World, pending: Pending) {
    match pending.what {
        What::React { message, user } => {
            // It stays `moving`: what is queued may yet happen at any time.
            world.reactions.insert((message, user), None);
        }
        What::End { person, logins } => {
            world.people[person].ending_now -= 1;
            unknown(world, &logins);
        }
        What::Password { person, logins, .. } => {
            // Until a restart, what is queued may yet change it.
            world.people[person].password = None;
            world.people[person].ending_now -= 1;
            unknown(world, &logins);
        }
        _ => {}
    }
}

fn unknown(world: &mut World, logins: &[usize]) {
    for login in logins {
        world.logins[*login].life = Life::Unknown;
    }
}

fn ended(world: &mut World, stage: &Stage, logins: &[usize], is_answered: bool) -> Result<(), String> {
    if !is_answered {
        unknown(world, logins);
        return Ok(());
    }
    for login in logins {
        world.logins[*login].life = Life::Dead;
        if stage.chat.authenticate(world.logins[*login].token.as_str()).is_ok() {
            return Err(format!("login {login} is over, and signs in"));
        }
    }
    let mut theirs = stage.clients.iter().filter(|(_, client)| logins.contains(&client.login));
    theirs.try_for_each(|(_, client)| is_over(client))
}

fn sockets_of_removed_are_gone(stage: &Stage, chat: ChatId, user: UserId, begun: usize) -> Result<(), String> {
    let clients = stage.clients.iter().filter(|(opened, _)| *opened < begun).map(|(_, client)| client);
    let mut theirs = clients.filter(|client| client.user == user && client.scope == Scope::Chat(chat));
    theirs.try_for_each(is_over)
}

/// An answer that closes a socket comes after its end, or a second after the beginning of that.
fn is_over(client: &Client) -> Result<(), String> {
    if !client.is_open() {
        return Ok(());
    }
    match client.closing_since {
        Some(since) if Instant::now() >= since + SETTLE => Ok(()),
        Some(_) => Err(format!("answered before a socket of login {} was gone", client.login)),
        None => Err(format!("answered while a socket of login {} is open", client.login)),
    }
}
