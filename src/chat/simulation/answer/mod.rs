//! What an answer promises, and whether that holds when it is given.

mod files;
mod members;
mod messages;
mod signing;
mod sockets;

use std::time::Duration;

use tokio::time::Instant;

use super::act::{Done, Pending, What};
use super::client::Client;
use super::run::Stage;
use super::world::World;
use crate::chat::model::error::Result;

/// How long an answer may wait for a socket that hangs.
const SETTLE: Duration = Duration::from_secs(1);

/// Notes an answer, and holds it against what is stored.
pub(super) fn judge(world: &mut World, stage: &mut Stage, pending: Pending, done: Done) -> Result<(), String> {
    let Pending { what, begun, .. } = pending;
    match what {
        What::Post { .. } | What::Edit { .. } | What::Delete { .. } | What::React { .. } => {
            messages::judge(world, stage, what, done)
        }
        What::Enter { .. } | What::Exit { .. } | What::DeleteRoom { .. } => {
            members::judge(world, stage, what, begun, done)
        }
        What::Listen { .. } | What::Return { .. } => sockets::judge(world, stage, what, done),
        What::Upload { .. } | What::Maintain { .. } => files::judge(world, stage, what, begun, done),
        What::Make => {
            if let Done::Made(Ok(chat)) = done
                && !world.rooms.contains(&chat)
            {
                world.rooms.push(chat);
            }
            Ok(())
        }
        _ => signing::judge(world, stage, what, done),
    }
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
            signing::unknown(world, &logins);
        }
        What::Password { person, logins, .. } => {
            // Until a restart, what is queued may yet change it.
            world.people[person].password = None;
            world.people[person].ending_now -= 1;
            signing::unknown(world, &logins);
        }
        What::Return { replica, .. } => world.replicas[replica].is_coming = false,
        _ => {}
    }
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
