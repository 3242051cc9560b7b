//! Signing in by the operator's provider: the way there, and back.

use crate::api::http::browser;
use crate::api::http::oidc::refusal::{Refusal, Why};
use crate::api::http::oidc::{self, provider};
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{described, string};
use crate::api::http::reply::{Answer, Response, signed_by};
use crate::api::http::request::Request;
use crate::api::http::sign_in::device_label;
use crate::chat::auth::attempts::Tried;

/// Behind it the client's page writes what it alone knows. It gets back the session's CSRF token beside, so that it
/// takes no session but the one that it asked for, whatever cookies a neighbouring name has planted.
const PAGE: &str = "#oidc.";

pub async fn start(request: Request) -> Answer {
    match oidc::begin(&request, request.query("next").map(str::to_owned), None).await {
        Ok((address, cookie)) => {
            let mut response = browser::redirect(&address);
            browser::set_attempt(&mut response, &cookie, &request);
            Ok(response)
        }
        Err(refusal) => refusal.answer(&request),
    }
}

pub async fn callback(request: Request) -> Answer {
    match end(&request).await {
        Ok(response) => Ok(response),
        Err(refusal) => refusal.answer(&request),
    }
}

async fn end(request: &Request) -> Result<Response, Refusal> {
    let state = request.query("state").unwrap_or_default();
    request.context.limits.attempts.check(request.peer, Tried::State(state))?;
    let (attempt, who) = oidc::finish(request).await?;
    let (oidc, app) = (provider(request)?, &request.context.app);
    let identity = oidc.identity(&who.claims.sub).ok_or(Why::Untrusted)?;
    let mut next = if attempt.next.is_empty() { request.base().at("/") } else { attempt.next };
    let mut session = None;
    let user = if let Some(credential) = attempt.link {
        app.link_by(credential, identity).await?
    } else {
        let stranger = oidc::stranger(request, oidc, &who, &identity).await?;
        let (opened, user, _) = app.sign_in_by_identity(identity, stranger, device_label(request)).await?;
        if next.contains(PAGE) {
            next = format!("{next}.{}", opened.csrf.as_str());
        }
        session = Some(opened);
        user
    };
    let mut response = browser::redirect(&next);
    browser::set_attempt(&mut response, "", request);
    if let Some(session) = session {
        response = browser::with_session(response, &session, request);
    }
    Ok(signed_by(response, user))
}

const NEXT: &str = "Where the browser goes then: a path of this site. To a fragment that begins with `oidc.` a dot and \
                    the session's CSRF token are added.";

pub fn start_document(doc: &mut Doc) {
    doc.does("Sign in by the operator's OpenID Connect provider")
        .note("For browsers: they sign in there and come back. Where the server has no provider: 404.")
        .query("next", described(string(), NEXT))
        .answers_nothing(302, "To the provider.")
        .refuses(&[400, 404]);
}

pub fn callback_document(doc: &mut Doc) {
    doc.does("Come back from the OpenID Connect provider")
        .note("Sets the cookies `sessionid` and `csrftoken`, unless an account was to be linked.")
        .query("code", described(string(), "What the provider gave the browser along."))
        .query("state", described(string(), "What the browser was sent with. It is good once, and in that browser."))
        .query("iss", described(string(), "Which provider that was (RFC 9207)."))
        .query("error", described(string(), "Why the provider signed nobody in."))
        .answers_nothing(302, "To `next`.")
        .limited("sign-in")
        .refuses(&[400, 403, 404]);
}
