//! Who is in which chat: joining, leaving, adding, removing, making and hiding chats.

use super::{Act, Done, What, plain};
use crate::chat::app::App;
use crate::chat::model::chat::Authority;
use crate::chat::model::id::ChatId;
use crate::chat::model::session::Actor;
use crate::chat::model::user::UserRef;
use crate::chat::simulation::template::group;
use crate::chat::simulation::world::World;

/// Joining, leaving, adding, removing: of one person and chat, one at a time.
pub(super) fn moving(world: &mut World, app: &App, choice: usize, actor: Actor, room: ChatId) -> Option<Act> {
    let person = world.dice.below(world.people.len());
    let other = world.people[person].id;
    let user = if choice < 65 { actor.user } else { other };
    if !world.moving.insert((room, user)) {
        return None;
    }
    world.places.remove(&(room, user));
    let (app, who) = (app.clone(), actor.username.clone());
    Some(match choice {
        58..62 => {
            let operation = async move { plain(app.join(&actor, room).await) };
            (format!("{who} joins {room}"), What::Enter { chat: room, user }, Box::pin(operation))
        }
        62..65 => {
            let operation = async move { plain(app.leave(&actor, room).await) };
            (format!("{who} leaves {room}"), What::Exit { chat: room, user }, Box::pin(operation))
        }
        65..69 => {
            let operation = async move { plain(app.add_members(&actor, room, vec![user]).await) };
            (format!("{who} adds {user} to {room}"), What::Enter { chat: room, user }, Box::pin(operation))
        }
        _ => {
            let operation = async move { plain(app.remove_member(&actor, room, user).await) };
            (format!("{who} removes {user} from {room}"), What::Exit { chat: room, user }, Box::pin(operation))
        }
    })
}

pub(super) fn make(world: &mut World, app: &App, actor: Actor) -> Option<Act> {
    if world.rooms.len() >= 4 {
        return None;
    }
    let people = world.people.len();
    let other = world.people[world.dice.below(people)].id;
    let (app, label) = (app.clone(), format!("{} makes a group with {other}", actor.username));
    let operation =
        async move { Done::Made(app.create_group(&actor, group("more", vec![other])).await.map(|room| room.id)) };
    Some((label, What::Make, Box::pin(operation)))
}

pub(super) fn direct(world: &mut World, app: &App, actor: Actor) -> Option<Act> {
    let people = world.people.len();
    let other = world.people[world.dice.below(people)].id;
    let (app, label) = (app.clone(), format!("{} hides or opens the chat with {other}", actor.username));
    let hides = world.dice.chance(40);
    let operation = async move {
        Done::Made(match app.open_direct(&actor, UserRef::Id(other)).await {
            Ok((room, _)) if hides => app.hide_direct(&actor, room.id).await.map(|()| room.id),
            Ok((room, _)) => Ok(room.id),
            Err(error) => Err(error),
        })
    };
    Some((label, What::Make, Box::pin(operation)))
}

pub(super) fn delete_room(app: &App, actor: Actor, room: ChatId) -> Act {
    let (label, app) = (format!("{} deletes room {room}", actor.username), app.clone());
    let operation = async move { Done::Plain(app.delete_chat(&actor, room, Authority::Owner).await) };
    (label, What::DeleteRoom { chat: room }, Box::pin(operation))
}
