//! Opening sockets.

use super::{Act, Done, What};
use crate::chat::app::App;
use crate::chat::model::event::Scope;
use crate::chat::model::id::ChatId;
use crate::chat::model::session::Actor;
use crate::chat::model::topic::{Topic, Topics};
use crate::chat::simulation::world::World;

pub(super) fn listen(world: &mut World, app: &App, login: usize, actor: Actor, room: ChatId) -> Act {
    let people = world.people.len();
    let other = world.people[world.dice.below(people)].id;
    let scope = match world.dice.below(10) {
        0..4 => Scope::Chat(room),
        4 => Scope::Pair(other),
        _ => Scope::All,
    };
    let room = match world.dice.below(10) {
        0..6 => usize::MAX,
        6..9 => world.dice.below(4),
        _ => 0,
    };
    let hangs = world.dice.chance(10);
    listen_at(app, login, actor, scope, room, hangs)
}

/// Opens a socket whose connection takes `room` events before it is full.
pub(in crate::chat::simulation) fn listen_at(
    app: &App,
    login: usize,
    actor: Actor,
    scope: Scope,
    room: usize,
    hangs: bool,
) -> Act {
    let label = format!("login {login} of {} listens to {scope:?}, room for {room}", actor.username);
    let app = app.clone();
    let operation = async move { Done::Opened(app.subscribe(&actor, scope, topics(scope)).await.map(Box::new)) };
    (label, What::Listen { login, room, hangs }, Box::pin(operation))
}

/// Opens a socket by which somebody's own client comes back.
pub(in crate::chat::simulation) fn come_back(app: &App, login: usize, actor: Actor, replica: usize) -> Act {
    let label = format!("the client of {} comes back with login {login}", actor.username);
    let app = app.clone();
    let operation = async move { Done::Opened(app.subscribe(&actor, Scope::All, Topics::ALL).await.map(Box::new)) };
    (label, What::Return { login, replica }, Box::pin(operation))
}

/// What the APIs' sockets hear: those on one chat show less than those on all.
fn topics(scope: Scope) -> Topics {
    match scope {
        Scope::All => Topics::ALL,
        Scope::Chat(_) | Scope::Pair(_) => Topics::of(&[Topic::Messages, Topic::Chats, Topic::Members, Topic::Calls]),
    }
}
