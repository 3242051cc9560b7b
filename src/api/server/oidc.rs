//! One's account at the operator's OpenID Connect provider, linked to the one here.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::http::body::{Body, Word, body};
use crate::api::http::browser;
use crate::api::http::oidc::refusal::Refusal;
use crate::api::http::oidc::{self, provider};
use crate::api::http::openapi::doc::Doc;
use crate::api::http::reply::{Answer, no_content, ok};
use crate::api::http::request::Request;
use crate::chat::model::session::Actor;

/// Where all of it stands.
pub const LINK: &str = "/api/server/oidc/link/";

body! {
    /// Where a browser goes once the accounts are linked.
    Linking {
        /// A path of this site; the start page unless given.
        next: Option<Word>,
    }
}

/// How it is with one's account there.
#[derive(JsonSchema, Serialize)]
struct Link {
    /// It signs one in here.
    linked: bool,
    /// There is a password beside, without which it cannot be unlinked.
    has_password: bool,
}

/// Where to go on.
#[derive(JsonSchema, Serialize)]
struct Way<'a> {
    /// The provider's page.
    url: &'a str,
}

pub async fn look(actor: Actor, request: Request) -> Answer {
    let issuer = &provider(&request)?.provider.config().issuer;
    let (linked, has_password) = request.context.app.link(&actor, issuer)?;
    ok(&Link { linked, has_password })
}

pub fn look_document(doc: &mut Doc) {
    doc.does("Ask whether I sign in by the OpenID Connect provider")
        .note("Where the server has no provider: 404.")
        .answers::<Link>(200, "Whether the accounts are linked.")
        .refuses(&[404]);
}

pub async fn link(actor: Actor, mut request: Request) -> Answer {
    let issuer = &provider(&request)?.provider.config().issuer.clone();
    let Linking { next } = request.body().await?;
    request.context.app.check_may_link(&actor, issuer)?;
    let begun = oidc::begin(&request, next.map(|path| path.0), Some(actor.credential)).await;
    let (url, cookie) = begun.map_err(Refusal::error)?;
    let mut response = ok(&Way { url: &url })?;
    browser::set_attempt(&mut response, &cookie, &request);
    Ok(response)
}

pub fn link_document(doc: &mut Doc) {
    doc.does("Link my account at the OpenID Connect provider")
        .note("The browser that asks goes to `url`, signs in there, and comes back; the answer's cookie goes along.")
        .may_take(&Linking::table())
        .answers::<Way<'_>>(200, "Where to go.")
        .refuses(&[400, 403, 404]);
}

pub async fn unlink(actor: Actor, request: Request) -> Answer {
    let issuer = &provider(&request)?.provider.config().issuer;
    request.context.app.unlink(&actor, issuer).await?;
    no_content()
}

pub fn unlink_document(doc: &mut Doc) {
    doc.does("Unlink my account at the OpenID Connect provider")
        .note(
            "403 without a password, where nothing else would sign one in, and for whoever signed in longer than 15 \
             minutes ago. What the provider has opened ends, but for what asks.",
        )
        .answers_nothing(204, "It signs nobody in here any more.")
        .refuses(&[403, 404]);
}
