//! What these routes say of themselves.

use super::{CsrfToken, SessionUser};
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{described, may, preview_sizes, string};
use crate::api::http::sign_in::SignIn;

pub fn login(doc: &mut Doc) {
    let next = may("next", described(string(), "Where a browser goes then: a path of this site."));
    doc.does("Sign in with a browser")
        .note("Sets the cookies `sessionid` and `csrftoken`.")
        .takes(&[SignIn::described(), vec![next]].concat())
        .query("next", described(string(), "The same as in the body, which comes first."))
        .answers::<SessionUser>(200, "Who is signed in.")
        .answers_nothing(302, "The same for a browser that asked with `Accept: text/html`.")
        .limited("sign-in")
        .refuses(&[401, 403]);
}

pub fn csrf_token(doc: &mut Doc) {
    doc.does("Get what writes with the cookie have to repeat in `X-CSRFToken`")
        .note("Sets the cookie `csrftoken` to the same.")
        .answers::<CsrfToken>(200, "The session's; without one, one that opens nothing.");
}

pub fn logout(doc: &mut Doc) {
    doc.does("End the session that asks")
        .answers_nothing(204, "It is over.")
        .answers_nothing(302, "The same for a browser that asked with `Accept: text/html`.");
}

pub fn avatar(doc: &mut Doc) {
    let size = described(preview_sizes(), "So small that it fits into a square of so many pixels; whole unless given.");
    doc.does("Get an avatar").query("size", size).answers_bytes().refuses(&[400]);
}
