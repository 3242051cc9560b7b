//! `fireside serve`: flags, start-up lines, signals.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::flags::{DataFolder, Switch, lifetime};
use super::listen::{self, ListenFlags, ListenTarget};
use super::serve_accounts::AccountFlags;
use super::serve_answers::AnswerFlags;
use super::serve_backup::BackupFlags;
use super::serve_calls::CallFlags;
use super::serve_dev::{DevFlags, Scratch};
use super::serve_disk::{self, DiskFlags};
use super::serve_domain::{self, DomainFlags};
use super::serve_oidc::OidcFlags;
use super::serve_proxy::{ProxyFlags, origin};
use super::serve_push::PushFlags;
use super::serve_tls::TlsFlags;
use super::serve_watch::{self, WatchFlags};
use super::stop::stop_signal;
use super::terminal::{CommandError, say, wait_for};
use super::{log, own_address, service, variables};
use crate::api;
use crate::api::http::certificate::CertificateEnd;
use crate::api::http::context::{Registration, Settings};
use crate::api::http::forwarded::{TrustedProxies, is_loopback};
use crate::api::http::ice::Ice;
use crate::api::http::limit::{RateLimit, RateLimits};
use crate::api::http::oidc::configured::Oidc;
use crate::assets::Assets;
use crate::chat::model::storage;
use crate::chat::model::thresholds::Thresholds;
use crate::chat::model::time::Clock;
use crate::chat::model::{file, message};
use crate::chat::{App, Config, Durability};
use crate::log_queue;
use crate::outbound::Network;
use crate::push::PushSender;
use crate::server::dev::{DevClock, DevServer};
use crate::server::{self, Listener, MAX_CONNECTIONS, Options, control};

/// Flags of `fireside serve`. Each can also be given as the variable beside it.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    listen: ListenFlags,
    #[command(flatten)]
    data: DataFolder,
    /// Who may make an account
    #[arg(long, env = "FIRESIDE_REGISTRATION", value_enum, default_value_t = Registration::Open)]
    registration: Registration,
    #[command(flatten)]
    accounts: AccountFlags,
    /// Network beside the public Internet that hooks may send to: 10.0.0.0/8; repeat it for more
    #[arg(long, env = "FIRESIDE_HOOK_ALLOW", value_name = "CIDR", value_delimiter = ',')]
    hook_allow: Vec<Network>,
    /// Origin where people reach the server, for links and cookies: `https://chat.example.org`
    #[arg(long, env = "FIRESIDE_PUBLIC_URL", value_name = "URL", value_parser = origin)]
    public_url: Option<String>,
    /// Origin of another site whose pages may use the APIs, with cookies too; repeat it for more
    #[arg(long, env = "FIRESIDE_CORS_ORIGIN", value_name = "ORIGIN", value_parser = origin, value_delimiter = ',')]
    cors_origin: Vec<String>,
    /// `full`: what was acknowledged survives a power cut. `normal`: it survives a crash
    #[arg(long, env = "FIRESIDE_DURABILITY", value_enum, default_value_t = DurabilityFlag::Full)]
    durability: DurabilityFlag,
    /// Largest upload: like 10MB or 1GiB
    #[arg(long, env = "FIRESIDE_MAX_UPLOAD", default_value_t = file::MAX_UPLOAD, value_name = "SIZE", value_parser = serve_disk::size)]
    max_upload: u64,
    /// Longest message, in characters
    #[arg(long, env = "FIRESIDE_MAX_MESSAGE", default_value_t = message::MAX_MESSAGE, value_name = "CHARACTERS")]
    max_message: usize,
    /// How many messages the directs socket sends on connect, the newest; all unless given
    #[arg(long, env = "FIRESIDE_WS_HISTORY", value_name = "N")]
    ws_history: Option<u32>,
    /// Whether messages can be searched; `off` keeps no index of their words
    #[arg(long, env = "FIRESIDE_SEARCH", value_enum, default_value_t = Switch::On)]
    search: Switch,
    #[command(flatten)]
    domain: DomainFlags,
    #[command(flatten)]
    tls: TlsFlags,
    #[command(flatten)]
    proxy: ProxyFlags,
    #[command(flatten)]
    push: PushFlags,
    #[command(flatten)]
    calls: CallFlags,
    #[command(flatten)]
    disk: DiskFlags,
    #[command(flatten)]
    backup: BackupFlags,
    #[command(flatten)]
    limits: LimitFlags,
    #[command(flatten)]
    answers: AnswerFlags,
    /// Connections at most, if the limit of open files allows as many
    #[arg(long, env = "FIRESIDE_MAX_CONNECTIONS", default_value_t = MAX_CONNECTIONS, value_name = "N")]
    max_connections: u64,
    #[command(flatten)]
    watch: WatchFlags,
    #[command(flatten)]
    oidc: OidcFlags,
    /// Show nobody's e-mail address to others
    #[arg(long, env = "FIRESIDE_HIDE_EMAILS")]
    hide_emails: bool,
    /// Give out tokens for `"oauth":"true"` without any proof; only on a loopback address
    #[arg(long, env = "FIRESIDE_INSECURE_OAUTH_LOGIN")]
    insecure_oauth_login: bool,
    /// How long a JWT for requests is good: like 15min or 1h
    #[arg(long, env = "FIRESIDE_JWT_ACCESS", default_value = "15min", value_name = "TIME", value_parser = lifetime)]
    jwt_access: Duration,
    /// How long new ones of those can be got without the password: like 30days
    #[arg(long, env = "FIRESIDE_JWT_REFRESH", default_value = "30days", value_name = "TIME", value_parser = lifetime)]
    jwt_refresh: Duration,
    /// How the log on standard error is written
    #[arg(long, env = "FIRESIDE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// What goes into the log: error, warn, info, debug, trace, or a filter like `info,access=off`
    #[arg(long, env = "FIRESIDE_LOG_LEVEL", default_value = "info", value_name = "LEVEL")]
    log_level: Targets,
    /// How long requests may go on after the server was told to stop, in seconds
    #[arg(long, env = "FIRESIDE_SHUTDOWN_TIMEOUT", default_value_t = 10, value_name = "SECONDS")]
    shutdown_timeout: u64,
    /// Serve the page from this folder in place of the embedded one, while working on it
    #[arg(long = "static", env = "FIRESIDE_STATIC", value_name = "DIR")]
    static_folder: Option<PathBuf>,
    #[command(flatten)]
    dev: DevFlags,
}

#[derive(Clone, Copy, Debug, Args)]
struct LimitFlags {
    /// Sign-in attempts from an address at an account: like 5/min, or off
    #[arg(long, env = "FIRESIDE_LIMIT_AUTH", default_value = "5/min", value_name = "N/min|off")]
    limit_auth: RateLimit,
    /// Requests of a user to the paths of rooms; the other APIs have no such limit
    #[arg(long, env = "FIRESIDE_LIMIT_API", default_value = "100/min", value_name = "N/min|off")]
    limit_api: RateLimit,
    /// Uploads of a user
    #[arg(long, env = "FIRESIDE_LIMIT_UPLOAD", default_value = "10/min", value_name = "N/min|off")]
    limit_upload: RateLimit,
    /// Messages, edits, reactions, posts and changes of chats of a user, over all APIs and sockets
    #[arg(long, env = "FIRESIDE_LIMIT_SEND", default_value = "600/min", value_name = "N/min|off")]
    limit_send: RateLimit,
    /// Messages of a user over a room's socket
    #[arg(long, env = "FIRESIDE_LIMIT_WS", default_value = "60/min", value_name = "N/min|off")]
    limit_ws: RateLimit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DurabilityFlag {
    Full,
    Normal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// What flags name of others' servers.
struct Ways {
    ice: Ice,
    oidc: Option<Arc<Oidc>>,
}

impl Serve {
    /// Serves until a signal says otherwise.
    pub fn run(self) -> Result<(), CommandError> {
        self.start_log()?;
        variables::warn_of_unknown();
        let places = self.listen.places(self.domain.first().is_some())?;
        self.check(&places)?;
        let ways = Ways { ice: self.calls.ice()?, oidc: self.oidc.provider()? };
        wait_for(self.serve(places, ways))?
    }

    async fn serve(mut self, mut places: Vec<ListenTarget>, ways: Ways) -> Result<(), CommandError> {
        // Beside the database, which takes as long to open.
        let routes = spawn_blocking(api::all_routes);
        let secured = self.domain.listen(&mut places, &self.data.data, self.public_url.as_deref())?;
        let (mut listeners, mut certificate) = self.tls.secure(listen::open(places)?)?;
        let acme = secured.map(|secured| {
            self.public_url = Some(secured.public_url);
            self.cors_origin.extend(secured.other_origins);
            listeners.splice(0..0, secured.listeners);
            secured.acme
        });
        let metrics = self.watch.bind().await?;
        let scratch = self.dev.folder()?;
        let dev_clock = scratch.as_ref().map(|_| DevClock::default());
        let data = scratch.as_ref().map_or_else(|| self.data.data.clone(), Scratch::data);
        let config = self.config(data, dev_clock.as_ref().map_or_else(Clock::system, DevClock::clock));
        let app = App::open(config.clone())?;
        if let Some(acme) = acme {
            certificate = Some(serve_domain::begin(acme)?);
        }
        let push = self.push.sender(&app, self.public_url.as_deref()).await?;
        let stop = stop_signal()?;
        self.backup.begin(&app)?;
        let base = self.own_url(&listeners);
        let people = self.dev.populate(&app, &base).await?;
        self.announce(&app, &listeners, metrics.as_ref());
        say(&format!("API documents: {base}/docs"));
        announce_setup(&app, &base, self.oidc.takes_passwords())?;
        people.iter().for_each(|line| say(line));
        let dev = match (&scratch, dev_clock) {
            (Some(scratch), Some(clock)) => {
                let made = DevServer::new(&app, scratch.path().to_owned(), config, clock, base.clone());
                Some(made.map_err(|cause| CommandError::new(CommandError::FAILED, cause))?)
            }
            _ => None,
        };
        if let Some(way) = control::open(&app) {
            app.in_background(control::serve(app.clone(), base, way));
        }
        self.announce_addresses(&app, &listeners);
        if service::is_there() {
            app.in_background(service::report(app.clone()));
        }
        let stop = async {
            stop.await;
            if service::is_there() {
                service::is_stopping().await;
            }
        };
        let routes = routes.await.map_err(|cause| CommandError::new(CommandError::FAILED, cause.to_string()))?;
        server::run(app, routes, listeners, Options { metrics, dev, ..self.options(ways, certificate, push) }, stop)
            .await;
        if let Some(scratch) = scratch {
            scratch.remove();
        }
        Ok(())
    }

    fn config(&self, data: PathBuf, clock: Clock) -> Config {
        Config {
            data,
            durability: match self.durability {
                // What is thrown away need not outlive a power cut.
                DurabilityFlag::Full if !self.dev.is_on() => Durability::Full,
                DurabilityFlag::Full | DurabilityFlag::Normal => Durability::Normal,
            },
            min_free: self.disk.min_free,
            quota: self.disk.quota(),
            retention: self.disk.retention(),
            sends: self.limits.limit_send.quota().filter(|_| !self.dev.is_on()),
            clock,
            thresholds: Thresholds::default(),
            is_searched: self.search == Switch::On,
            factor_required: self.accounts.factor_required(),
        }
    }

    /// Flags that contradict each other, or what is safe.
    fn check(&self, places: &[ListenTarget]) -> Result<(), CommandError> {
        self.tls.check(self.public_url.as_deref())?;
        self.domain.check(self.public_url.as_deref())?;
        self.push.check(self.public_url.as_deref(), self.domain.first().is_some())?;
        self.oidc.check(self.proxy.is_behind_one())?;
        let public = self.public_place(places);
        self.dev.check(public.as_deref())?;
        match public {
            Some(address) if self.insecure_oauth_login => {
                let sentence = format!(
                    "--insecure-oauth-login gives anybody's token to anybody, so it needs a loopback address, not {address}"
                );
                Err(CommandError::new(CommandError::CONFIGURATION, sentence))
            }
            _ => Ok(()),
        }
    }

    /// By what others than this machine reach the server, as far as the flags tell.
    fn public_place(&self, places: &[ListenTarget]) -> Option<String> {
        let place = places.iter().find(|place| !place.is_loopback()).map(ListenTarget::to_string);
        let place = place.or_else(|| self.domain.first().map(ToString::to_string));
        let place = place.or_else(|| self.proxy.is_behind_one().then(|| "one behind a proxy".to_owned()));
        let is_here = |url: &&String| url.split_once("://").is_some_and(|(_, host)| is_loopback(host));
        place.or_else(|| self.public_url.as_ref().filter(|url| !is_here(url)).cloned())
    }

    fn options(self, ways: Ways, certificate: Option<Arc<CertificateEnd>>, push: Option<Arc<PushSender>>) -> Options {
        let LimitFlags { limit_auth, limit_api, limit_upload, limit_ws, .. } = self.limits;
        let mut settings = Settings {
            public_url: self.public_url,
            base_path: self.proxy.base_path,
            cors_origins: self.cors_origin,
            any_origin: false,
            registration: self.registration,
            bots: self.accounts.bots(),
            hook_allow: self.hook_allow,
            max_upload: self.max_upload,
            max_message: self.max_message,
            ws_history: self.ws_history,
            hide_emails: self.hide_emails,
            password_login: self.oidc.takes_passwords(),
            oidc: ways.oidc,
            user_header: self.oidc.user_header(),
            insecure_oauth_login: self.insecure_oauth_login,
            jwt_access: self.jwt_access,
            jwt_refresh: self.jwt_refresh,
            push,
            ice: ways.ice,
            limits: RateLimits { auth: limit_auth, api: limit_api, upload: limit_upload, ws: limit_ws },
            certificate,
            faults: None,
            dev_feed: None,
        };
        self.dev.apply(&mut settings);
        Options {
            settings,
            trusted_proxies: TrustedProxies(self.proxy.trusted_proxy),
            assets: Assets::new(self.static_folder),
            answers: self.answers.answers(),
            max_connections: self.max_connections,
            shutdown_timeout: Duration::from_secs(self.shutdown_timeout),
            shutdown_delay: self.watch.shutdown_delay(),
            metrics: None,
            dev: None,
        }
    }

    /// One fact a line: what runs, on what, and where.
    fn announce(&self, app: &App, listeners: &[Listener], metrics: Option<&TcpListener>) {
        let size = std::fs::metadata(storage::database(app.data_folder())).map_or(0, |file| file.len());
        let registration = match self.registration {
            Registration::Open => "open",
            Registration::Invite => "by invitation",
            Registration::Closed => "closed",
        };
        say(&format!("Fireside {}", env!("CARGO_PKG_VERSION")));
        say(&format!(
            "data in {} (database version {}, {} KiB)",
            app.data_folder().display(),
            app.schema_version(),
            size / 1024
        ));
        say(&format!("registration is {registration}"));
        let public = self.proxy.is_behind_one() || listeners.iter().any(|listener| !listener.is_loopback());
        if public && self.registration == Registration::Open {
            say("warning: everybody who reaches this address can register (--registration closed)");
        }
        serve_watch::announce(metrics);
    }

    fn announce_addresses(&self, app: &App, listeners: &[Listener]) {
        // Of programs' logs alone: on a terminal the same would stand there twice.
        if self.log_format == LogFormat::Json {
            log::note_start(app, listeners);
        }
        for listener in listeners {
            let base = if listener.address().is_some() { self.proxy.base_path.to_string() } else { String::new() };
            say(&format!("listening on {listener}{base}"));
        }
    }

    /// Where people reach the server: the public URL, or the first address.
    fn own_url(&self, listeners: &[Listener]) -> String {
        let first = listeners.iter().find_map(|listener| Some((listener.scheme(), listener.address()?)));
        let origin = match (&self.public_url, first) {
            (Some(url), _) => url.clone(),
            (None, Some((scheme, address))) => format!("{scheme}://{}", own_address::reachable(address)),
            (None, None) => "http://127.0.0.1:8000".to_owned(),
        };
        format!("{origin}{}", self.proxy.base_path)
    }

    /// Messages for people and programs on standard error, standard output being for facts.
    fn start_log(&self) -> Result<(), CommandError> {
        let colours = std::env::var_os("NO_COLOR").is_none() && std::io::IsTerminal::is_terminal(&std::io::stderr());
        let queue = log_queue::start().map_err(|cause| {
            CommandError::new(CommandError::FAILED, format!("the log could not be started: {cause}"))
        })?;
        let builder =
            tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(queue).with_ansi(colours);
        // They would be printed to standard error, which panics where that cannot be written.
        let builder = builder.log_internal_errors(false);
        match self.log_format {
            LogFormat::Text => builder.finish().with(self.log_level.clone()).init(),
            LogFormat::Json => builder.json().flatten_event(true).finish().with(self.log_level.clone()).init(),
        }
        log::take_panics();
        Ok(())
    }
}

/// Where nobody administers the server yet: the link that makes the first who does, by a password.
fn announce_setup(app: &App, base: &str, takes_passwords: bool) -> Result<(), CommandError> {
    let code = app.open_setup().map_err(|error| CommandError::new(CommandError::FAILED, error.to_string()))?;
    match code {
        Some(code) if takes_passwords => say(&format!("setup: {base}/setup#{}", code.as_str())),
        Some(_) => say("setup: sign in, and then run `fireside user admin NAME`"),
        None => {}
    }
    Ok(())
}
