//! What every handler works with: the core, and the operator's decisions.

use std::sync::Arc;
use std::time::Duration;

use warp::http::HeaderName;

use super::base::BasePath;
use super::certificate::CertificateEnd;
use super::fault_injection::FaultInjection;
use super::hook_clients::HookClients;
use super::ice::Ice;
use super::limit::{Limits, RateLimits};
use super::meters::{Meters, Started};
use super::oidc::configured::Oidc;
use super::openapi::published::Documents;
use crate::chat::App;
use crate::chat::model::bot::BotMakers;
use crate::chat::model::time::Timestamp;
use crate::dev_feed::DevFeed;
use crate::outbound::Network;
use crate::push::PushSender;

/// And after so long, however few there were.
pub const FORGET_AFTER: Duration = Duration::from_mins(1);

/// Keeps them small as long as the server runs, however little is asked of it.
pub async fn forget_by_time(current: impl Fn() -> Arc<Context>) {
    let mut turns = tokio::time::interval(FORGET_AFTER);
    loop {
        turns.tick().await;
        current().limits.forget();
    }
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Registration {
    /// Everybody.
    Open,
    /// Whoever has an invitation.
    Invite,
    /// Nobody, but through the command line.
    Closed,
}

/// What the operator decides and the APIs go by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The origin where people reach the server; absolute links begin with it. `None`: as the request says.
    pub public_url: Option<String>,
    /// The path of that origin below which the server lives.
    pub base_path: BasePath,
    /// Origins beside the server's own whose pages may use it.
    pub cors_origins: Vec<String>,
    /// Every origin's pages may use it. Never on a public address.
    pub any_origin: bool,
    /// Who may make an account.
    pub registration: Registration,
    /// Who may make bots.
    pub bots: BotMakers,
    /// Largest file, in bytes.
    pub max_upload: u64,
    /// Longest message, in characters.
    pub max_message: usize,
    /// How many messages the `directs` socket sends on connect; `None`: all.
    pub ws_history: Option<u32>,
    /// Show nobody's e-mail address to others.
    pub hide_emails: bool,
    /// Whether passwords sign anybody in, and make accounts.
    pub password_login: bool,
    /// Who else signs people in.
    pub oidc: Option<Arc<Oidc>>,
    /// The header in which a trusted proxy says who asks.
    pub user_header: Option<HeaderName>,
    /// Hand out tokens for `"oauth":"true"` without a proof. Never on a public address.
    pub insecure_oauth_login: bool,
    /// How long a JWT for requests is good.
    pub jwt_access: Duration,
    /// How long new ones of those can be got without the password.
    pub jwt_refresh: Duration,
    /// What tells devices while no page is open; `None`: nothing is pushed.
    pub push: Option<Arc<PushSender>>,
    /// Networks beside the public Internet that hooks may send to.
    pub hook_allow: Vec<Network>,
    /// What helps calls through NAT.
    pub ice: Ice,
    /// How often who may do what.
    pub limits: RateLimits,
    /// When the certificate ends that the server speaks HTTPS with, if it does.
    pub certificate: Option<Arc<CertificateEnd>>,
    /// Slowness and refusals, for whoever tries a client out.
    pub faults: Option<Arc<FaultInjection>>,
    /// Where what happens is shown, for the same.
    pub dev_feed: Option<DevFeed>,
}

impl Settings {
    /// Who may make an account for themselves, under a name of their choice. Where a proxy says who asks nobody may:
    /// the name would be that of somebody whom the proxy has yet to let in.
    pub fn open_registration(&self) -> Registration {
        if self.user_header.is_some() { Registration::Closed } else { self.registration }
    }

    /// Whether this machine's clock is behind, by what others have signed: a certificate that has yet to begin, a
    /// sign-in that has yet to be.
    pub fn is_clock_behind(&self, now: Timestamp) -> bool {
        self.certificate.as_ref().is_some_and(|certificate| certificate.is_early())
            || self.oidc.as_ref().is_some_and(|oidc| oidc.provider.is_ahead(now.0 / 1000))
    }
}

/// What every handler works with.
pub struct Context {
    /// The core.
    pub app: App,
    /// The operator's decisions.
    pub settings: Settings,
    /// How hooks send.
    pub hook_clients: HookClients,
    /// How often who did what.
    pub limits: Limits,
    /// What is counted.
    pub meters: Meters,
    /// Since when.
    pub since: Started,
    /// The names of the dialects, as they stand under `/d/`.
    pub names: Vec<&'static str>,
    /// The OpenAPI documents.
    pub documents: Documents,
}

impl Context {
    /// The path below which the server lives, for links.
    pub fn base(&self) -> &BasePath {
        &self.settings.base_path
    }
}
