//! The calls of rooms as they should be, and what sockets say in them.

use std::collections::BTreeMap;

use super::act;
use super::run::Stage;
use super::world::World;
use crate::chat::model::call::SignalKind;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::event::Scope;
use crate::chat::model::id::{ChatId, SocketId, UserId};
use crate::chat::tests::SMALL;

/// Who is in which call.
#[derive(Default)]
pub(super) struct Calls {
    by_chat: BTreeMap<ChatId, Vec<(UserId, SocketId)>>,
    /// How many signals were sent.
    signals: usize,
}

impl Calls {
    fn of(&self, chat: ChatId) -> &[(UserId, SocketId)] {
        self.by_chat.get(&chat).map_or(&[], Vec::as_slice)
    }
}

impl Stage {
    /// Somebody's socket says something of a call.
    pub fn call(&mut self, world: &mut World) -> Result<(), String> {
        if world.dice.chance(30) {
            return self.open_room(world);
        }
        let is_room = |at: usize| matches!(self.clients[at].1.scope, Scope::Chat(_));
        let is_odd = world.dice.chance(5);
        let open: Vec<_> = (0..self.clients.len()).filter(|at| self.clients[*at].1.is_open()).collect();
        let some: Vec<_> = open.into_iter().filter(|at| is_odd || is_room(*at)).collect();
        let Some(at) = world.dice.pick(&some).copied() else { return Ok(()) };
        match world.dice.below(10) {
            0..5 => self.join_call(world, at),
            5 => self.leave_call(world, at),
            _ => self.signal(world, at),
        }
    }

    /// Somebody opens a socket on the room that most are in.
    fn open_room(&mut self, world: &mut World) -> Result<(), String> {
        let person = world.dice.below(world.people.len());
        let Some((login, actor)) = world.ask_somehow(&self.app, person)? else { return Ok(()) };
        let scope = Scope::Chat(world.rooms[0]);
        let hangs = world.dice.chance(10);
        let act = act::listen_at(&self.app, login, actor, scope, usize::MAX, hangs);
        let pending = act::begun(world, act);
        self.pending.push(pending);
        Ok(())
    }

    fn join_call(&mut self, world: &mut World, at: usize) -> Result<(), String> {
        let client = &self.clients[at].1;
        let Some(subscriber) = client.subscriber() else { return Ok(()) };
        let (user, socket) = (subscriber.actor.user, subscriber.socket);
        let expected = match subscriber.scope {
            Scope::Chat(chat) => {
                let call = self.calls.by_chat.entry(chat).or_default();
                let is_new_user = call.iter().all(|(other, _)| *other != user);
                let mut users: Vec<_> = call.iter().map(|(user, _)| *user).collect();
                users.sort();
                users.dedup();
                if is_new_user && users.len() >= SMALL.participants as usize {
                    Err(Error::LimitReached { what: "participants in a call", max: SMALL.participants })
                } else if client.closing().is_some() {
                    Err(Error::NotInCall)
                } else {
                    if call.iter().all(|(_, other)| *other != socket) {
                        call.push((user, socket));
                    }
                    Ok(())
                }
            }
            _ => Err(Error::NotInCall),
        };
        let result = self.app.join_call(subscriber, false);
        world.note(format!("socket {socket} of {user} joins the call of {:?}: {result:?}", subscriber.scope));
        agree("joining a call", &result, &expected)
    }

    fn leave_call(&mut self, world: &mut World, at: usize) -> Result<(), String> {
        let Some(subscriber) = self.clients[at].1.subscriber() else { return Ok(()) };
        world.note(format!(
            "socket {} of {} leaves the call of {:?}",
            subscriber.socket, subscriber.actor.user, subscriber.scope
        ));
        self.app.leave_call(subscriber);
        self.calls.by_chat.values_mut().for_each(|call| call.retain(|(_, socket)| *socket != subscriber.socket));
        Ok(())
    }

    fn signal(&mut self, world: &mut World, at: usize) -> Result<(), String> {
        let client = &self.clients[at].1;
        let Some(subscriber) = client.subscriber() else { return Ok(()) };
        let call = if let Scope::Chat(chat) = subscriber.scope { self.calls.of(chat) } else { &[] };
        let target = match world.dice.pick(call) {
            Some((user, _)) if world.dice.chance(80) => *user,
            _ => world.people[world.dice.below(world.people.len())].id,
        };
        let is_in = call.iter().any(|(_, socket)| *socket == subscriber.socket) && client.closing().is_none();
        let to: Vec<_> = call.iter().filter(|(user, _)| *user == target).map(|(_, socket)| *socket).collect();
        let expected = if is_in && !to.is_empty() { Ok(()) } else { Err(Error::NotInCall) };
        let body = format!("s{}", self.calls.signals);
        if expected.is_ok() {
            let theirs = self.clients.iter().filter(|(_, client)| to.contains(&client.socket));
            theirs.for_each(|(_, client)| client.expect_signal(&body));
        }
        let result = self.app.signal(subscriber, target, SignalKind::Offer, body);
        world
            .note(format!("socket {} of {} signals to {target}: {result:?}", subscriber.socket, subscriber.actor.user));
        self.calls.signals += 1;
        agree("a signal", &result, &expected)
    }

    /// After every move: in a call is who joined it and neither left nor went.
    pub fn check_calls(&mut self) -> Result<(), String> {
        let open: Vec<_> = self.clients.iter().filter(|(_, client)| client.is_open()).collect();
        let is_open = |socket: SocketId| open.iter().any(|(_, client)| client.socket == socket);
        self.calls.by_chat.values_mut().for_each(|call| call.retain(|(_, socket)| is_open(*socket)));
        self.calls.by_chat.retain(|_, call| !call.is_empty());
        let should: Vec<_> = self.calls.by_chat.iter().map(|(chat, call)| (*chat, call.clone())).collect();
        let is = self.app.calls.all();
        if is == should { Ok(()) } else { Err(format!("in calls are {is:?}, and should be {should:?}")) }
    }
}

fn agree(what: &str, is: &Result<()>, should: &Result<()>) -> std::result::Result<(), String> {
    if is == should { Ok(()) } else { Err(format!("{what} is answered {is:?}, and should be {should:?}")) }
}
