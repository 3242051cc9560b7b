//! How the server is, and what it can be asked beside the documents; with what the page relies
//! on and several documents name (see [`browser`](crate::api::http::browser)).

mod document;
mod oidc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use warp::http::header::{HeaderValue, RETRY_AFTER};
use warp::http::{Method, StatusCode};

use super::http::browser::{avatars, sign_in, sign_out};
use super::http::context::Registration;
use super::http::forwarded::Forwarding;
use super::http::ice::IceServer;
use super::http::limit::Rate;
use super::http::oidc::CALLBACK;
use super::http::openapi::published;
use super::http::reply::{Answer, json as answer, ok, with_credential};
use super::http::request::Request;
use super::http::route::{Dialect, Route};
use super::http::{auth, body, metrics, page};
use crate::chat::model::backup::BackupHealth;
use crate::chat::model::readiness::{self, Unready};
use crate::chat::model::server::UNNAMED;
use crate::chat::model::session::Actor;
use crate::chat::model::{chat, message};

/// The routes beside the documents.
pub fn dialect() -> Dialect {
    Dialect::of_server(vec![
        sign_in(),
        sign_out(),
        avatars(),
        Route::open(Method::GET, "/login/oidc/", oidc::start).doc(oidc::start_document),
        Route::open(Method::GET, CALLBACK, oidc::callback).doc(oidc::callback_document),
        Route::open(Method::GET, "/api/server/", server).doc(document::server),
        Route::open(Method::GET, "/openapi.json", published::whole).doc(document::openapi),
        Route::open(Method::GET, "/api/schema/", published::whole).doc(document::openapi),
        Route::open(Method::GET, "/d/{dialect}/openapi.json", published::of).doc(document::of_dialect),
        Route::open(Method::GET, "/c/{dialect}/openapi.json", published::of_client).doc(document::of_client),
        Route::open(Method::GET, "/healthz", health).doc(document::health),
        Route::open(Method::GET, "/readyz", ready).doc(document::ready),
        Route::new(Method::GET, "/metrics", Rate::Free, metrics).doc(document::metrics),
    ])
}

/// What this server is.
#[derive(JsonSchema, Serialize)]
struct Server<'a> {
    /// What its people call it.
    name: &'a str,
    /// What it runs on.
    #[schemars(extend("const" = "Fireside"))]
    software: &'static str,
    version: &'static str,
    #[schemars(extend("enum" = ["open", "invite", "closed"]))]
    registration: &'static str,
    /// Passwords sign people in, and make accounts.
    password_login: bool,
    /// The OpenID Connect provider that signs people in at `/login/oidc/`, if there is one.
    oidc: Option<ProviderView<'a>>,
    /// Nobody administers it yet.
    needs_setup: bool,
    /// Started with `--dev`: everything is thrown away at its end, and `/_dev/` steers it.
    dev: bool,
    dialects: &'a [&'static str],
    /// How devices are told of messages while no page is open; nothing where they are not.
    push: Option<Push<'a>>,
    limits: Limits,
    /// The server's clock.
    time: String,
    /// Where people reach the server.
    url: String,
    seen: RequestView<'a>,
    /// Helpers of calls, as `RTCPeerConnection` takes them: for whoever is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    ice_servers: Option<Vec<IceServer<'a>>>,
    /// Who asks, for whoever is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Me>,
}

/// How devices are told.
#[derive(JsonSchema, Serialize)]
struct Push<'a> {
    /// What a browser subscribes to (`applicationServerKey`): 65 bytes in base64url.
    public_key: &'a str,
}

/// The operator's provider.
#[derive(JsonSchema, Serialize)]
struct ProviderView<'a> {
    /// As people call it.
    name: &'a str,
}

/// Who asks.
#[derive(JsonSchema, Serialize)]
struct Me {
    id: i64,
    /// Administers the server.
    is_admin: bool,
    /// A trusted proxy says so, and no credential.
    is_named_by_proxy: bool,
}

/// How this very request was seen, so that who set up a proxy can tell what it says.
#[derive(JsonSchema, Serialize)]
struct RequestView<'a> {
    address: String,
    #[schemars(extend("enum" = ["http", "https"]))]
    scheme: &'static str,
    host: Option<&'a str>,
    /// Whether a proxy said anything about its client, and was believed.
    #[schemars(extend("enum" = ["absent", "believed", "ignored"]))]
    forwarded: &'static str,
}

/// How much there may be of what.
#[derive(JsonSchema, Serialize)]
struct Limits {
    message_characters: usize,
    upload_bytes: u64,
    body_bytes: usize,
    frame_bytes: usize,
    attachments: usize,
    stored_bytes: u64,
    members: u32,
    page_size: u32,
}

/// A backup that failed is a word here and no 503: the server does its work, and who took
/// it away from people would make two troubles of one.
#[derive(JsonSchema, Serialize)]
struct Ready {
    #[schemars(extend("const" = "ready"))]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ok", "failed", "overdue"]))]
    backup: Option<&'static str>,
    /// `doubted`: nothing is deleted for its age until the operator confirms the clock. `behind`: by it the certificate
    /// has yet to begin, or the provider has signed somebody in who is still to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["doubted", "behind"]))]
    clock: Option<&'static str>,
    /// The certificate for HTTPS ends within a week, or none was given yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ending", "missing"]))]
    certificate: Option<&'static str>,
    /// Why the last try for a new certificate failed, in the certificate authority's words if it has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replication_lag_seconds: Option<u64>,
}

/// Why no requests should be sent here.
#[derive(JsonSchema, Serialize)]
struct NotReady<'a> {
    #[schemars(extend("const" = "unavailable"))]
    error: &'static str,
    message: &'a str,
    /// The same as `message`.
    detail: &'a str,
    #[schemars(extend("const" = "unready"))]
    status: &'static str,
    #[schemars(extend("enum" = ["stopping", "disk", "database"]))]
    check: &'static str,
}

async fn health(_request: Request) -> Answer {
    ok(&json!({ "status": "ok" }))
}

async fn ready(request: Request) -> Answer {
    let app = &request.context.app;
    let certificate = request.context.settings.certificate.as_ref();
    // Before what this asks for is written itself.
    let lag = app.replication_lag();
    let Err(unready) = app.readiness().await else {
        return ok(&Ready {
            status: "ready",
            backup: app.backups().map(|backups| word(backups.health)),
            clock: if app.clock_doubt().is_some() {
                Some("doubted")
            } else {
                request.context.settings.is_clock_behind(app.now()).then_some("behind")
            },
            certificate: certificate.and_then(|end| end.warning()),
            certificate_failure: certificate.and_then(|end| end.failure()),
            replication_lag_seconds: lag.map(|lag| lag.as_secs()),
        });
    };
    let check = match unready {
        Unready::Stopping => "stopping",
        Unready::DiskFull => "disk",
        Unready::Database | Unready::Locked => "database",
    };
    let why = unready.to_string();
    let body = NotReady { error: "unavailable", message: &why, detail: &why, status: "unready", check };
    let mut response = answer(StatusCode::SERVICE_UNAVAILABLE, &body);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(readiness::DEADLINE.as_secs()));
    Ok(response)
}

/// Without the reason, which is for the log and for administrators: everybody may ask this.
fn word(health: BackupHealth) -> &'static str {
    match health {
        BackupHealth::Well => "ok",
        BackupHealth::Failed => "failed",
        BackupHealth::Overdue => "overdue",
    }
}

async fn metrics(actor: Actor, request: Request) -> Answer {
    metrics::answer_for(&request.context, &actor).await
}

async fn server(request: Request) -> Answer {
    let settings = &request.context.settings;
    let registration = match settings.open_registration() {
        Registration::Open => "open",
        Registration::Invite => "invite",
        Registration::Closed => "closed",
    };
    let (now, client) = (request.context.app.now(), &request.client);
    let actor = auth::actor(&request).ok();
    let is_admin = actor.as_ref().map(|actor| request.context.app.is_admin(actor)).transpose()?;
    // For the signed-in alone: each credential is bandwidth that the operator pays for.
    let settled = actor.as_ref().filter(|actor| request.context.app.check_factor_of(actor).is_ok());
    let ice_servers = settled.map(|actor| settings.ice.servers(actor.user, now));
    let user = actor.as_ref().zip(is_admin).map(|(actor, is_admin)| Me {
        id: actor.user.0,
        is_admin,
        is_named_by_proxy: matches!(&request.named, Some(Ok(named)) if named == actor),
    });
    let is_secret = ice_servers.iter().flatten().any(IceServer::has_credential);
    let about = request.context.app.about()?;
    let answer = ok(&Server {
        name: about.name.as_deref().unwrap_or(UNNAMED),
        software: "Fireside",
        version: env!("CARGO_PKG_VERSION"),
        registration,
        password_login: settings.password_login,
        oidc: settings.oidc.as_ref().map(|oidc| ProviderView { name: &oidc.provider.config().name }),
        needs_setup: about.needs_setup,
        dev: settings.dev_feed.is_some(),
        dialects: &request.context.names,
        push: settings.push.as_ref().map(|sender| Push { public_key: sender.public_key() }),
        limits: Limits {
            message_characters: settings.max_message,
            upload_bytes: settings.max_upload,
            body_bytes: body::MAX_BODY,
            frame_bytes: super::ws::frame::MAX_MESSAGE,
            attachments: message::MAX_ATTACHMENTS,
            stored_bytes: request.context.app.quota().user,
            members: chat::MAX_MEMBERS,
            page_size: page::MAX_PAGE_SIZE,
        },
        time: now.to_string(),
        url: request.base_url(),
        seen: RequestView {
            address: client.address.to_string(),
            scheme: if client.is_https { "https" } else { "http" },
            host: client.host.as_deref(),
            forwarded: match client.forwarding {
                Forwarding::Absent => "absent",
                Forwarding::Believed => "believed",
                Forwarding::Ignored => "ignored",
            },
        },
        ice_servers,
        user,
    });
    if is_secret { with_credential(answer) } else { answer }
}
