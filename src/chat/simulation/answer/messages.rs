//! What answers promise about messages: once there, or not at all.

use super::{files, outcome};
use crate::chat::model::error::Result;
use crate::chat::model::id::ChatId;
use crate::chat::model::message::Posted;
use crate::chat::simulation::act::{Done, What};
use crate::chat::simulation::run::Stage;
use crate::chat::simulation::world::{Fate, World};

pub(super) fn judge(world: &mut World, stage: &Stage, what: What, done: Done) -> Result<(), String> {
    match (what, done) {
        (What::Post { sent, attempt, credential }, Done::Posted(result)) => {
            posted(world, sent, attempt, &result)?;
            if let Ok(posted) = &result {
                files::attached(world, sent, posted)?;
            }
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
