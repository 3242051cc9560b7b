//! What answers promise about who is in which chat.

use super::{is_over, outcome};
use crate::chat::model::error::Result;
use crate::chat::model::event::Scope;
use crate::chat::model::id::{ChatId, UserId};
use crate::chat::simulation::act::{Done, What};
use crate::chat::simulation::run::Stage;
use crate::chat::simulation::world::{Place, World};

pub(super) fn judge(world: &mut World, stage: &Stage, what: What, begun: usize, done: Done) -> Result<(), String> {
    match (what, done) {
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
        (What::Exit { chat, user }, Done::Plain(result)) => left(world, stage, chat, user, begun, &result),
        _ => Ok(()),
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

fn sockets_of_removed_are_gone(stage: &Stage, chat: ChatId, user: UserId, begun: usize) -> Result<(), String> {
    let clients = stage.clients.iter().filter(|(opened, _)| *opened < begun).map(|(_, client)| client);
    let mut theirs = clients.filter(|client| client.user == user && client.scope == Scope::Chat(chat));
    theirs.try_for_each(is_over)
}
