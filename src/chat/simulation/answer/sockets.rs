//! What answers promise about sockets: from which number on they hear everything.

use super::outcome;
use crate::chat::simulation::act::{Done, What};
use crate::chat::simulation::client::Client;
use crate::chat::simulation::run::Stage;
use crate::chat::simulation::world::World;
use crate::chat::subscription::Subscription;

pub(super) fn judge(world: &mut World, stage: &mut Stage, what: What, done: Done) -> Result<(), String> {
    match (what, done) {
        (What::Listen { login, room, hangs }, Done::Opened(result)) => {
            world.note(format!("  login {login} listens: {}", outcome(&result)));
            if let Ok(subscription) = result {
                published(stage, &subscription)?;
                let view = stage.view.clone();
                stage.clients.push((world.step, Client::new(*subscription, login, room, hangs, view)));
            }
            Ok(())
        }
        (What::Return { login, replica }, Done::Opened(result)) => {
            let own = &mut world.replicas[replica];
            own.is_coming = false;
            if let Ok(subscription) = result {
                published(stage, &subscription)?;
                let (own, view) = (own.clone(), stage.view.clone());
                let newest = subscription.since();
                own.mirror().arrive(newest, &view);
                let client = Client::serving(*subscription, login, replica, own.clone(), view);
                if !own.mirror().is_behind {
                    client.read(usize::MAX);
                }
                stage.clients.push((world.step, client));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The number that a socket begins with is stored: given out again, it would be taken for seen.
fn published(stage: &Stage, subscription: &Subscription) -> Result<(), String> {
    let (since, newest) = (subscription.since(), stage.view.newest());
    if since <= newest {
        Ok(())
    } else {
        Err(format!("a socket begins with {since}, and {newest} is the newest stored"))
    }
}
