//! What tests may do to a server for trying things out, while it runs: begin anew, keep a state and go back to it,
//! move the clock, sign anybody in.
//!
//! A state is a data folder. To go to one it is copied, a core is opened on the copy, and an API over that takes the
//! place of the one that answers. The sockets of that are closed, and its folder is erased.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use warp::http::Method;

use super::current::Current;
use super::{begin_to_push, control, dev_events};
use crate::api::Api;
use crate::api::http::auth::is_said_to_be_foreign;
use crate::api::http::body::Fields;
use crate::api::http::forwarded::{host, is_loopback};
use crate::api::http::reply::{Answer, ApiError, Response, allowed, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::error::Error;
use crate::chat::model::moment::{LATEST, moment};
use crate::chat::model::name::rule::Violation;
use crate::chat::model::time::{Clock, Timestamp};
use crate::chat::ops::backup::{duplicate, duplicate_kept};
use crate::chat::{App, Config};

/// Where its paths begin.
pub(super) const PREFIX: &str = "/_dev/";
/// States that are kept at once.
const MAX_SNAPSHOTS: usize = 32;
/// Letters of the longest name of one.
const MAX_NAME: usize = 64;

/// A clock that is ahead of the machine's, or behind it, by as much as it is told. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct DevClock(Arc<AtomicI64>);

impl DevClock {
    /// What the core asks.
    pub fn clock(&self) -> Clock {
        let (offset, machine) = (Arc::clone(&self.0), Clock::system());
        Clock::new(move || Timestamp(machine.now().0.saturating_add(offset.load(Ordering::Relaxed))))
    }

    fn set(&self, now: Timestamp) {
        self.0.store(now.0.saturating_sub(Clock::system().now().0), Ordering::Relaxed);
    }

    fn end(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// What a server for trying things out needs to begin anew.
pub struct DevServer {
    /// A folder of its own, which is erased at the end.
    place: PathBuf,
    config: Config,
    clock: DevClock,
    /// Where the server is reached.
    base: String,
    turn: Mutex<Turn>,
}

/// What there is so far. One request at a time changes it.
struct Turn {
    /// How many states the server had.
    number: u32,
    snapshots: Vec<String>,
    /// Those that are closed and erased now.
    ending: JoinSet<()>,
}

#[derive(Serialize)]
struct Now {
    now: String,
}

#[derive(Serialize)]
struct SignedIn<'a> {
    token: &'a str,
}

impl DevServer {
    /// Keeps the state of `app`, whose folder lies in `place`, as the one to begin with. All others will be opened
    /// as `config` says.
    pub fn new(app: &App, place: PathBuf, config: Config, clock: DevClock, base: String) -> Result<Self, String> {
        duplicate(app.data_folder(), &place.join("beginning")).map_err(|cause| cause.to_string())?;
        let turn = Turn { number: 0, snapshots: Vec::new(), ending: JoinSet::new() };
        Ok(Self { place, config, clock, base, turn: Mutex::new(turn) })
    }

    /// Answers what is asked below [`PREFIX`].
    pub(super) async fn answer(&self, request: Request, current: &Current) -> Response {
        let path = request.path.clone();
        self.act(request, current).await.unwrap_or_else(|failure| current.get().refuse(&path, &failure))
    }

    /// When the server has stopped: nothing of this works on a folder any more.
    pub(super) async fn end(&self) {
        let mut turn = self.turn.lock().await;
        while turn.ending.join_next().await.is_some() {}
    }

    async fn act(&self, mut request: Request, current: &Current) -> Answer {
        let path = request.path.clone();
        let words: Vec<&str> = path[PREFIX.len()..].trim_end_matches('/').split('/').collect();
        let is_known = matches!(words[..], ["reset" | "clock" | "token" | "events"] | ["snapshot" | "restore", _]);
        if !is_known {
            return Err(ApiError::NoSuchPath);
        }
        let method = if words == ["events"] { Method::GET } else { Method::POST };
        match &request.method {
            &Method::OPTIONS => return Ok(allowed(&[method])),
            asked if *asked == method => {}
            _ => return Err(ApiError::MethodNotAllowed(vec![method])),
        }
        if !is_from_this_machine(&request) {
            return Err(ApiError::ForeignOrigin);
        }
        match words[..] {
            ["events"] => {
                let context = Arc::clone(current.get().context());
                context.settings.dev_feed.as_ref().map_or(Err(ApiError::NoSuchPath), dev_events::answer)
            }
            ["reset"] => {
                let mut turn = self.turn.lock().await;
                self.clock.end();
                self.go_to("beginning", &mut turn, current).await?;
                no_content()
            }
            ["snapshot", name] => self.keep(name, current).await,
            ["restore", name] => {
                let mut turn = self.turn.lock().await;
                if !turn.snapshots.iter().any(|kept| kept == name) {
                    return Err(ApiError::Chat(Error::NotFound));
                }
                self.go_to(&folder_of(name), &mut turn, current).await?;
                no_content()
            }
            ["clock"] => self.set_clock(request.fields().await?, current).await,
            _ => {
                let mut fields = request.fields().await?;
                let name = fields.require("username", |name| Ok(name.to_owned()));
                fields.check()?;
                let app = current.get().context().app.clone();
                let token = app.trial_token(name.as_deref().unwrap_or_default()).await?;
                ok(&SignedIn { token: token.as_str() })
            }
        }
    }

    /// Keeps the state as it is, under a name; what had the name before is gone.
    async fn keep(&self, name: &str, current: &Current) -> Answer {
        let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_plain) {
            let sentence = format!("A name has 1 to {MAX_NAME} letters, digits, - and _.");
            return Err(ApiError::Malformed(sentence.into()));
        }
        let mut turn = self.turn.lock().await;
        let is_new = !turn.snapshots.iter().any(|kept| kept == name);
        if is_new && turn.snapshots.len() >= MAX_SNAPSHOTS {
            return Err(ApiError::Malformed(format!("{MAX_SNAPSHOTS} snapshots are kept at most.").into()));
        }
        let (new, kept) = (self.place.join("new-snapshot"), self.place.join(folder_of(name)));
        let data = current.get().context().app.data_folder().to_owned();
        on_disk(move || {
            remove(&new);
            duplicate(&data, &new).map_err(|cause| cause.to_string())?;
            remove(&kept);
            std::fs::rename(&new, &kept).map_err(|cause| cause.to_string())
        })
        .await?;
        if is_new {
            turn.snapshots.push(name.to_owned());
        }
        no_content()
    }

    /// Another core on a copy of a state takes the place of the one that answers.
    async fn go_to(&self, state: &str, turn: &mut Turn, current: &Current) -> Result<(), ApiError> {
        turn.number += 1;
        let data = self.place.join(format!("data-{}", turn.number));
        let (from, config) = (self.place.join(state), Config { data: data.clone(), ..self.config.clone() });
        let app = on_disk(move || {
            duplicate_kept(&from, &data).map_err(|cause| cause.to_string())?;
            App::open(config).map_err(|cause| cause.to_string())
        })
        .await?;
        if let Some(way) = control::open(&app) {
            app.in_background(control::serve(app.clone(), self.base.clone(), way));
        }
        let settings = current.get().context().settings.clone();
        begin_to_push(&app, &settings);
        app.take_setup_of(&current.get().context().app);
        let api = Api::new(app, settings, Arc::clone(current.get().routes()));
        api.begin();
        let old = current.replace(api);
        while turn.ending.try_join_next().is_some() {}
        let old = old.context().app.clone();
        old.close_sockets().await;
        turn.ending.spawn(async move {
            old.close().await;
            remove(old.data_folder());
        });
        Ok(())
    }

    async fn set_clock(&self, mut fields: Fields, current: &Current) -> Answer {
        let app = current.get().context().app.clone();
        let advance = fields.parse("advance", |span| {
            let then = humantime::parse_duration(span).ok().map(|span| app.now().plus(span));
            then.filter(|then| *then <= LATEST).ok_or_else(|| wrong("This is not a time like 3days or 15min."))
        });
        let set =
            fields.parse("set", |at| moment(at).ok_or_else(|| wrong("This is not a time like 2030-01-31T12:00:00Z.")));
        fields.check()?;
        match (advance, set) {
            (Some(then), None) | (None, Some(then)) => self.clock.set(then),
            _ => return Err(ApiError::field("set", "Either this or advance is needed.")),
        }
        // It was meant so: what is too old by it goes.
        app.confirm_clock().await?;
        ok(&Now { now: app.now().to_string() })
    }
}

fn wrong(sentence: &str) -> Violation {
    Violation(sentence.to_owned())
}

fn folder_of(name: &str) -> String {
    format!("snapshot-{name}")
}

/// Work that waits for the disk. What fails is the machine's fault.
async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|cause| Err(cause.to_string()));
    done.map_err(|cause| {
        tracing::error!(cause, "the state could not be changed");
        ApiError::Chat(Error::Internal)
    })
}

fn remove(folder: &Path) {
    if let Err(cause) = std::fs::remove_dir_all(folder)
        && cause.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%cause, "a state that is over stays on the disk");
    }
}

/// Whether no page of another machine asks: whoever visits that would lose what he is working on.
fn is_from_this_machine(request: &Request) -> bool {
    let is_near =
        |origin: &str| origin.split_once("://").and_then(|(_, name)| host(name)).is_some_and(|name| is_loopback(&name));
    let is_near = request.headers.get_all("origin").iter().all(|origin| origin.to_str().is_ok_and(is_near));
    is_near && !is_said_to_be_foreign(request)
}
