//! What people do: each act is an operation of the core, begun and not awaited.

mod files;
mod members;
mod messages;
mod signing;
mod sockets;

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::login::{Life, Secret};
use super::world::World;
use crate::chat::app::App;
use crate::chat::model::error::Result;
use crate::chat::model::file::File;
use crate::chat::model::id::{ChatId, CredentialId, FileId, MessageId, UserId};
use crate::chat::model::message::Posted;
use crate::chat::model::session::Actor;
use crate::chat::subscription::Subscription;
pub(super) use messages::post_text;
pub(super) use sockets::{come_back, listen_at};

/// The one emoji that is used.
pub(super) const EMOJI: &str = "👍";

/// What an operation was, for whoever judges its answer.
#[derive(Debug)]
pub(super) enum What {
    Post {
        sent: usize,
        attempt: usize,
        credential: CredentialId,
    },
    Edit {
        text: String,
    },
    Delete {
        message: MessageId,
    },
    React {
        message: MessageId,
        user: UserId,
    },
    Enter {
        chat: ChatId,
        user: UserId,
    },
    Exit {
        chat: ChatId,
        user: UserId,
    },
    DeleteRoom {
        chat: ChatId,
    },
    Upload {
        file: usize,
    },
    /// An upload that is cut off.
    Cut,
    Listen {
        login: usize,
        room: usize,
        hangs: bool,
    },
    /// Somebody's own client comes back.
    Return {
        login: usize,
        replica: usize,
    },
    SignIn {
        person: usize,
        endings: usize,
        must_fail: bool,
    },
    End {
        person: usize,
        logins: Vec<usize>,
    },
    Password {
        person: usize,
        new: String,
        old: Option<String>,
        logins: Vec<usize>,
    },
    /// With what opens nothing.
    Stale,
    Maintain {
        /// Files that nobody had used when it began.
        unused: Vec<FileId>,
    },
    Make,
    Other,
}

/// What an operation came to.
#[expect(clippy::large_enum_variant, reason = "one at a time, in a test")]
pub(super) enum Done {
    Posted(Result<Posted>),
    Reacted(Result<bool>),
    Opened(Result<Box<Subscription>>),
    SignedIn(Result<Secret>),
    Uploaded(Result<Box<File>>),
    Made(Result<ChatId>),
    Plain(Result<()>),
}

pub(super) type Operation = Pin<Box<dyn Future<Output = Done>>>;

/// An operation that is under way.
pub(super) struct Pending {
    pub what: What,
    pub operation: Operation,
    pub begun: usize,
}

/// Something that somebody begins to do now; `None` if it cannot be done.
pub(super) fn begin(world: &mut World, app: &App) -> Result<Option<Pending>, String> {
    let is_of_files = world.has_files && world.dice.chance(40);
    // An upload, a post, the maintenance.
    let choice = if is_of_files { [100, 100, 100, 0, 122][world.dice.below(5)] } else { world.dice.below(123) };
    let act = match choice {
        86..88 | 120..122 => signing::sign_in(world, app),
        92 => signing::set_password(world, app),
        93 => signing::end_by_operator(world, app),
        98 | 122 => Some(maintain(world, app)),
        _ => {
            let is_late = choice < 30 && world.dice.chance(25);
            let lives = if is_late { Life::Ending } else { Life::Live };
            let some: Vec<_> = (0..world.logins.len()).filter(|at| world.logins[*at].life == lives).collect();
            let Some(login) = world.dice.pick(&some).copied() else {
                return Ok(signing::sign_in(world, app).map(|act| begun(world, act)));
            };
            let Some(actor) = world.ask(app, login)? else { return Ok(None) };
            as_somebody(world, app, choice, login, actor)
        }
    };
    Ok(act.map(|act| begun(world, act)).map(|pending| spun(app, pending)))
}

/// An act that begins now.
pub(super) fn begun(world: &mut World, (label, what, operation): Act) -> Pending {
    world.note(label);
    Pending { what, operation, begun: world.step }
}

/// What works with files goes on until it waits for the writer: when a thread of the
/// runtime's own is done is no seed's to say.
fn spun(app: &App, mut pending: Pending) -> Pending {
    if !matches!(pending.what, What::Upload { .. } | What::Cut) {
        return pending;
    }
    let queued = || app.store.gauges().0.waiting;
    let before = queued();
    loop {
        if let Poll::Ready(done) = pending.operation.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Pending { operation: Box::pin(std::future::ready(done)), ..pending };
        }
        if queued() > before {
            return pending;
        }
        std::thread::yield_now();
    }
}

/// What is done, in words; what it is to whoever judges it; and the operation.
pub(super) type Act = (String, What, Operation);

fn as_somebody(world: &mut World, app: &App, choice: usize, login: usize, actor: Actor) -> Option<Act> {
    let rooms = world.rooms.clone();
    let room = *world.dice.pick(&rooms)?;
    match choice {
        0..30 => Some(messages::post(world, app, login, actor, room)),
        30..36 => messages::resend(world, app, login, actor),
        36..53 | 57 => messages::on_message(world, app, choice, actor),
        53..57 => {
            let (label, app) = (format!("{} reads {room}", actor.username), app.clone());
            Some((label, What::Other, Box::pin(async move { plain(app.mark_read(&actor, room, None).await) })))
        }
        58..74 => members::moving(world, app, choice, actor, room),
        74..86 => Some(sockets::listen(world, app, login, actor, room)),
        88..90 => Some(signing::sign_out(world, app, login, actor)),
        90 => Some(signing::sign_out_everywhere(world, app, login, actor)),
        91 => signing::change_password(world, app, login, actor),
        94..96 => signing::stale(world, app, room),
        96 => members::make(world, app, actor),
        97 => Some(members::delete_room(app, actor, room)),
        99 => members::direct(world, app, actor),
        100..116 => Some(files::upload(world, app, login, actor)),
        116..118 => signing::end_another(world, app, login, actor),
        _ => signing::mistaken(world, app, login),
    }
}

fn plain<T>(result: Result<T>) -> Done {
    Done::Plain(result.map(drop))
}

fn maintain(world: &World, app: &App) -> Act {
    let unused = world.files.iter().filter(|file| file.used_by.is_empty()).filter_map(|file| file.file.as_ref());
    let unused = unused.map(|file| file.id).collect();
    let app = app.clone();
    let operation = async move { Done::Plain(app.forget_expired().await) };
    ("maintenance".into(), What::Maintain { unused }, Box::pin(operation))
}
