//! Who is in which chat: joining, leaving, adding, removing, making and hiding chats.

use super::{Act, Done, What, plain};
use crate::chat::handle::Chat;
use crate::chat::model::id::ChatId;
use crate::chat::model::room::Authority;
use crate::chat::model::session::Asker;
use crate::chat::model::user::UserRef;
use crate::chat::simulation::template::group;
use crate::chat::simulation::world::World;

/// Joining, leaving, adding, removing: of one person and chat, one at a time.
pub(super) fn moving(world: &mut World, chat: &Chat, choice: usize, asker: Asker, room: ChatId) -> Option<Act> {
    let person = world.dice.below(world.people.len());
    let other = world.people[person].id;
    let user = if choice < 65 { asker.user } else { other };
    if !world.moving.insert((room, user)) {
        return None;
    }
    world.places.remove(&(room, user));
    let (chat, who) = (chat.clone(), asker.username.clone());
    Some(match choice {
        58..62 => {
            let call = async move { plain(chat.join(&asker, room).await) };
            (format!("{who} joins {room}"), What::Enter { chat: room, user }, Box::pin(call))
        }
        62..65 => {
            let call = async move { plain(chat.leave(&asker, room).await) };
            (format!("{who} leaves {room}"), What::Exit { chat: room, user }, Box::pin(call))
        }
        65..69 => {
            let call = async move { plain(chat.add_members(&asker, room, vec![user]).await) };
            (format!("{who} adds {user} to {room}"), What::Enter { chat: room, user }, Box::pin(call))
        }
        _ => {
            let call = async move { plain(chat.remove_member(&asker, room, user).await) };
            (format!("{who} removes {user} from {room}"), What::Exit { chat: room, user }, Box::pin(call))
        }
    })
}

pub(super) fn make(world: &mut World, chat: &Chat, asker: Asker) -> Option<Act> {
    if world.rooms.len() >= 4 {
        return None;
    }
    let people = world.people.len();
    let other = world.people[world.dice.below(people)].id;
    let (chat, label) = (chat.clone(), format!("{} makes a group with {other}", asker.username));
    let call =
        async move { Done::Made(chat.create_group(&asker, group("more", vec![other])).await.map(|room| room.id)) };
    Some((label, What::Make, Box::pin(call)))
}

pub(super) fn direct(world: &mut World, chat: &Chat, asker: Asker) -> Option<Act> {
    let people = world.people.len();
    let other = world.people[world.dice.below(people)].id;
    let (chat, label) = (chat.clone(), format!("{} hides or opens the chat with {other}", asker.username));
    let hides = world.dice.chance(40);
    let call = async move {
        Done::Made(match chat.open_direct(&asker, UserRef::Id(other)).await {
            Ok((room, _)) if hides => chat.hide_direct(&asker, room.id).await.map(|()| room.id),
            Ok((room, _)) => Ok(room.id),
            Err(error) => Err(error),
        })
    };
    Some((label, What::Make, Box::pin(call)))
}

pub(super) fn delete_room(chat: &Chat, asker: Asker, room: ChatId) -> Act {
    let (label, chat) = (format!("{} deletes room {room}", asker.username), chat.clone());
    let call = async move { Done::Plain(chat.delete_room(&asker, room, Authority::Owner).await) };
    (label, What::DeleteRoom { chat: room }, Box::pin(call))
}
