//! One world from its beginning to its end, on one thread: who moves next is the dice's.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use super::act::{self, Pending};
use super::answer;
use super::calls::Calls;
use super::check;
use super::client::Client;
use super::login::Life;
use super::template::{cheap, config};
use super::world::World;
use crate::chat::app::{App, Threads};
use crate::chat::model::error::OpenError;
use crate::chat::model::event::Scope;
use crate::chat::model::id::{ChatId, CredentialId, UserId};
use crate::chat::store::simulated::{Fault, Stopped, View, fail_next, plant, take_over};

/// Moves of one world, before everything that is under way is brought to its end.
const STEPS: usize = 72;
/// Operations that are under way at once, at most.
const MAX_PENDING: usize = 10;
/// Turns in which everything has to come to its end.
const MAX_ROUNDS: usize = 500;

/// How often a folder that is locked is tried again, and after how long.
const LOCKED_TRIES: usize = 500;
const LOCKED_PAUSE: Duration = Duration::from_millis(10);

/// A rule that was broken.
#[derive(Debug)]
pub(super) struct Violation {
    /// The test that plays such worlds.
    pub test: &'static str,
    pub seed: u64,
    pub planted: Option<usize>,
    pub what: String,
    pub log: Vec<String>,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { test, seed, planted, what, log } = self;
        let command = super::command(test, *seed, *planted);
        write!(f, "seed {seed}: {what}\n{}\nTo play it again:\n{command}", log.join("\n"))
    }
}

/// A process from its start to its end: what a crash takes away.
pub(super) struct Stage {
    pub app: App,
    pub view: View,
    pub threads: Threads,
    pub pending: Vec<Pending>,
    /// And the step at which each was opened.
    pub clients: Vec<(usize, Client)>,
    turns: usize,
    pub rights: Rights,
    pub calls: Calls,
    /// Files on the disk that no row knew when it began: left by the life before.
    pub leftovers: HashSet<String>,
}

/// Who might do what in the writer's last turn: what held before it, or after.
#[derive(Default)]
pub(super) struct Rights {
    pub members: HashSet<(ChatId, UserId)>,
    pub credentials: HashSet<CredentialId>,
}

impl Rights {
    fn of(view: &View) -> Self {
        Self { members: view.members(), credentials: view.credentials() }
    }
}

enum End {
    Crashed,
    Finished,
}

/// Plays one world, with a bug in it or without.
pub(super) fn play(seed: u64, planted: Option<usize>) -> Result<World, Violation> {
    let mut world = World::new(seed, planted);
    loop {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let end = runtime.block_on(async { Stage::open(&mut world).live(&mut world).await });
        fail_next(None);
        match end {
            Ok(End::Crashed) => world.note("it starts again"),
            Ok(End::Finished) => return Ok(world),
            Err(what) => return Err(Violation { test: super::RULES, seed, planted, what, log: world.log }),
        }
    }
}

/// A program that another test of this process starts holds the folder's lock too, from its
/// fork until it runs.
pub(super) fn assembled(assemble: impl Fn() -> Result<(App, Threads), OpenError>) -> (App, Threads) {
    for _ in 0..LOCKED_TRIES {
        match assemble() {
            Err(OpenError::InUse(_)) => std::thread::sleep(LOCKED_PAUSE),
            other => return other.expect("opened"),
        }
    }
    panic!("the folder stays locked")
}

impl Stage {
    fn open(world: &mut World) -> Self {
        // Whatever was under way in the last life has happened by now, or never will.
        world.moving.clear();
        world.places.clear();
        for person in &mut world.people {
            person.is_changing = false;
            person.ending_now = 0;
        }
        for replica in &mut world.replicas {
            replica.is_coming = false;
        }
        let (chat, mut threads) =
            assembled(|| App::assemble(config(&world.data(), world.clock(), world.has_storms), cheap()));
        take_over(&mut threads.writer);
        if let Some(bug) = world.planted {
            plant(&threads.writer, bug);
        }
        let view = View::open(&world.database());
        let leftovers = check::files::unknown(&chat, &view);
        Self {
            app: chat,
            view,
            threads,
            pending: Vec::new(),
            clients: Vec::new(),
            turns: 0,
            rights: Rights::default(),
            calls: Calls::default(),
            leftovers,
        }
    }

    async fn live(mut self, world: &mut World) -> Result<End, String> {
        while world.step < STEPS {
            world.step += 1;
            if self.step(world).await? {
                self.crash(world);
                return Ok(End::Crashed);
            }
        }
        for _ in 0..MAX_ROUNDS {
            if self.pending.is_empty() && !self.turn(world, usize::MAX, None)? {
                check::stored(world, &self)?;
                check::at_rest(world, &self)?;
                self.compare_replicas(world)?;
                self.leave(world);
                check::heard(world)?;
                return Ok(End::Finished);
            }
            while self.threads.hashers.step() {}
            self.turn(world, usize::MAX, None)?;
            self.threads.fan_out.step();
            self.tend(|client| !client.hangs);
            tokio::time::advance(Duration::from_millis(300)).await;
            self.poll(world).await?;
        }
        Err("something was never answered".into())
    }

    /// One move. `true`: the process ended with it.
    async fn step(&mut self, world: &mut World) -> Result<bool, String> {
        match world.dice.below(122) {
            _ if world.has_calls && world.dice.chance(30) => self.call(world)?,
            100..110 => self.replica(world)?,
            110..118 => self.call(world)?,
            0..46 if self.pending.len() < MAX_PENDING => self.begin(world)?,
            46..72 => {
                let (max, fault) = (1 + world.dice.below(6), fault(world));
                if self.turn_or_crash(world, max, fault)? {
                    return Ok(true);
                }
            }
            72..79 => drop(self.threads.hashers.step()),
            79..84 => self.tend(|client| !client.hangs),
            84..88 => {
                let count = world.dice.below(3);
                self.clients
                    .iter()
                    .filter(|(_, client)| client.closing().is_none() && client.replica.is_none())
                    .for_each(|(_, client)| client.read(count));
            }
            88..91 | 118.. => self.vanish(world),
            91..94 => tokio::time::advance(Duration::from_millis(world.dice.below(1_500) as u64)).await,
            94..96 => {
                let hours = [-1, 1, 2, 12, 26, 26];
                let hours = *world.dice.pick(&hours).expect("some");
                world.note(format!("the clock jumps {hours} h"));
                world.jump(hours * 3_600);
            }
            96..98 => self.threads.fan_out.step(),
            98 if world.dice.chance(50) => {
                world.note("it crashes");
                return Ok(true);
            }
            _ if world.has_storms => self.storm(world)?,
            _ => {
                if let Some(client) = world.dice.below(self.clients.len()).checked_sub(1) {
                    self.clients[client].1.leave();
                }
            }
        }
        self.poll(world).await?;
        Ok(false)
    }

    fn begin(&mut self, world: &mut World) -> Result<(), String> {
        self.pending.extend(act::begin(world, &self.app)?);
        Ok(())
    }

    fn turn_or_crash(&mut self, world: &mut World, max: usize, fault: Option<Fault>) -> Result<bool, String> {
        fail_next(fault);
        let turn = catch_unwind(AssertUnwindSafe(|| self.turn(world, max, fault)));
        fail_next(None);
        match turn {
            Ok(turn) => turn.map(|_| false),
            Err(panic) if panic.is::<Stopped>() => Ok(true),
            Err(panic) => resume_unwind(panic),
        }
    }

    /// A turn of the writer, and a look at all that it should have left. `false`: nothing had queued.
    fn turn(&mut self, world: &mut World, max: usize, fault: Option<Fault>) -> Result<bool, String> {
        if fault.is_some() {
            world.note(format!("the disk: {fault:?}"));
        }
        let before = (self.view.newest(), Rights::of(&self.view));
        if !self.threads.writer.step(max) {
            return Ok(false);
        }
        world.note(format!("the writer takes up to {max}"));
        self.turns += 1;
        check::audiences(self)?;
        // Each member's page is asked for three times, since a page is kept when it was asked for.
        check::page(self, self.turns / 3)?;
        let (newest, rights) = before;
        self.rights = Rights::of(&self.view);
        self.rights.members.extend(rights.members);
        self.rights.credentials.extend(rights.credentials);
        check::senders(self, newest)?;
        check::files::stored(self)?;
        if self.turns.is_multiple_of(4) {
            check::counters(self)?;
        }
        Ok(true)
    }

    /// Lets every operation that is under way go on, and hears its answer.
    async fn poll(&mut self, world: &mut World) -> Result<(), String> {
        for (_, client) in &mut self.clients {
            if let (Some(reason), None) = (client.closing(), client.closing_since) {
                client.closing_since = Some(Instant::now());
                world.note(format!("a socket of login {} is to close: {reason:?}", client.login));
            }
        }
        let mut at = 0;
        let mut is_news = false;
        while at < self.pending.len() {
            let polled = self.pending[at].operation.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            match polled {
                Poll::Pending => at += 1,
                Poll::Ready(done) => {
                    let pending = self.pending.remove(at);
                    answer::judge(world, self, pending, done)?;
                    is_news = true;
                }
            }
        }
        // What the core does behind its callers' backs goes on as well.
        tokio::task::yield_now().await;
        if is_news {
            check::stored(world, self)?;
        }
        self.check_calls()?;
        check::sockets(world, self)
    }

    /// Somebody hangs up before the answer.
    fn vanish(&mut self, world: &mut World) {
        if self.pending.is_empty() {
            return;
        }
        let gone = self.pending.remove(world.dice.below(self.pending.len()));
        world.note(format!("nobody waits any more for {:?}", gone.what));
        answer::abandon(world, gone);
    }

    /// Sockets that are told to close go, if they are of those who do.
    fn tend(&mut self, goes: impl Fn(&Client) -> bool) {
        for (_, client) in &mut self.clients {
            if client.closing().is_some() && goes(client) {
                client.leave();
            }
        }
    }

    /// More than a socket that nobody reads may hold: in number, or in bytes.
    fn storm(&mut self, world: &mut World) -> Result<(), String> {
        let unread = |client: &Client| client.is_open() && client.scope == Scope::All && client.closing().is_none();
        let heard = self.clients.iter().find(|(_, client)| unread(client)).map(|(_, client)| client.login);
        let live: Vec<_> = (0..world.logins.len()).filter(|at| world.logins[*at].life == Life::Live).collect();
        let Some(login) = heard.or(live.first().copied()).filter(|login| live.contains(login)) else { return Ok(()) };
        let room = world.rooms[0];
        let Some(actor) = world.ask(&self.app, login)? else { return Ok(()) };
        let acts = if heard.is_none() {
            vec![act::listen_at(&self.app, login, actor, Scope::All, 0, false)]
        } else if world.dice.chance(50) {
            world.note("a storm of typing");
            for _ in 0..140 {
                // Whether they are in the room is the core's to know.
                drop(self.app.typing(&actor, room, true));
                drop(self.app.typing(&actor, room, false));
            }
            vec![]
        } else {
            let long = |world: &World| format!("d{} {}", world.sent.len(), "x".repeat(400_000));
            (0..3)
                .map(|_| {
                    let text = long(world);
                    act::post_text(world, &self.app, login, actor.clone(), room, text)
                })
                .collect()
        };
        for act in acts {
            let pending = act::begun(world, act);
            self.pending.push(pending);
        }
        Ok(())
    }

    fn crash(mut self, world: &mut World) {
        for gone in std::mem::take(&mut self.pending) {
            answer::abandon(world, gone);
        }
        self.leave(world);
    }

    fn leave(&mut self, world: &mut World) {
        let clients = std::mem::take(&mut self.clients);
        world.heard.extend(clients.iter().map(|(_, client)| (client.scope, client.lines())));
    }
}

fn fault(world: &mut World) -> Option<Fault> {
    match world.dice.below(40) {
        0 | 1 => Some(Fault::FullAtCommit),
        2 => Some(Fault::FullWithin),
        3 if world.dice.chance(50) => Some(Fault::SyncFailedStored),
        3 => Some(Fault::SyncFailedLost),
        _ => None,
    }
}
