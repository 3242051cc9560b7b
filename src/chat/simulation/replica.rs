//! How somebody's own client goes away and comes back, a move at a time.

use super::act;
use super::run::Stage;
use super::world::World;

impl Stage {
    /// The next move of somebody's own client: to break off, to come back, or to read a page of what it missed.
    pub fn replica(&mut self, world: &mut World) -> Result<(), String> {
        let at = world.dice.below(world.replicas.len());
        let replica = world.replicas[at].clone();
        let Some(client) = self.socket_of(at) else {
            if !replica.is_coming
                && let Some((login, actor)) = world.ask_somehow(&self.app, at)?
            {
                world.replicas[at].is_coming = true;
                let act = act::come_back(&self.app, login, actor, at);
                let pending = act::begun(world, act);
                self.pending.push(pending);
            }
            return Ok(());
        };
        if self.clients[client].1.closing().is_some() || (!replica.mirror().is_behind && world.dice.chance(40)) {
            world.note(format!("the client of {} is gone", world.people[at].name));
            self.clients[client].1.leave();
            return Ok(());
        }
        self.read_on(world, at, client)
    }

    /// The open socket of somebody's own client.
    fn socket_of(&self, replica: usize) -> Option<usize> {
        self.clients.iter().position(|(_, client)| client.replica == Some(replica) && client.is_open())
    }

    /// A page of what was missed; when that was the last, what has queued.
    fn read_on(&mut self, world: &mut World, at: usize, client: usize) -> Result<(), String> {
        let client = &self.clients[client].1;
        let Some(subscriber) = client.subscriber() else { return Ok(()) };
        let replica = world.replicas[at].clone();
        if replica.mirror().is_behind {
            let count = replica.mirror().catch_up(&self.app, &subscriber.actor, &self.view)?;
            let rest = if replica.mirror().is_behind { ", and there is more" } else { "" };
            world.note(format!("the client of {} catches up {count} changes{rest}", world.people[at].name));
        }
        if !replica.mirror().is_behind {
            client.read(usize::MAX);
        }
        Ok(())
    }

    /// When nothing is under way: everybody who can sign in catches up, and holds what is stored.
    pub fn compare_replicas(&mut self, world: &mut World) -> Result<(), String> {
        self.threads.fan_out.step();
        for at in 0..world.replicas.len() {
            let replica = world.replicas[at].clone();
            let open = self.socket_of(at).filter(|client| self.clients[*client].1.closing().is_none());
            if let Some(client) = open {
                self.read_on(world, at, client)?;
                while replica.mirror().is_behind {
                    self.read_on(world, at, client)?;
                }
            } else if let Some((_, actor)) = world.ask_somehow(&self.app, at)? {
                let newest = self.view.newest();
                replica.mirror().arrive(newest, &self.view);
                while replica.mirror().is_behind {
                    let count = replica.mirror().catch_up(&self.app, &actor, &self.view)?;
                    world
                        .note(format!("the client of {} catches up {count} changes in the end", world.people[at].name));
                }
            } else {
                continue;
            }
            replica.mirror().compare(&self.view)?;
        }
        Ok(())
    }
}
