//! What the system's own client calls beside the document: signing in by cookie, and the document's
//! operations at other paths. It resolves them against its server's host, so they stand at the root, too.
//!
//! It shows people the `error` of a refusal, which is a sentence here and no code.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use warp::http::{Method, StatusCode};

use super::{chats, create, document, users};
use crate::api::http::account::Account;
use crate::api::http::browser;
use crate::api::http::envelope::CODES;
use crate::api::http::limit::Rate;
use crate::api::http::openapi::doc::Shapes;
use crate::api::http::openapi::shape::Shape;
use crate::api::http::reply::{Answer, ApiError, Problem, Response, ok, problem, signed_by};
use crate::api::http::request::Request;
use crate::api::http::route::{ClientLayer, Route};
use crate::api::http::sign_in::{Newcomer, check_registration, device_label, invite};
use crate::chat::model::session::Actor;

/// The layer over the document.
pub fn layer() -> ClientLayer {
    let free = Rate::Free;
    let routes = vec![
        browser::sign_in_at("/api/login/"),
        browser::sign_out_at("/api/logout/"),
        browser::csrf_token_at("/api/csrf-token/"),
        Route::open(Method::POST, "/api/register/", register).doc(document::register),
        Route::without_factor(Method::GET, "/api/user/", free, me).doc(document::me),
        Route::new(Method::GET, "/chat/get-users/", free, users).doc(document::users),
        Route::new(Method::GET, "/chat/get-chats/", free, chats).doc(document::chats),
        Route::new(Method::POST, "/chat/create-chat/", free, create).doc(document::create),
    ];
    ClientLayer { routes, render, errors, is_at_root: true }
}

async fn register(mut request: Request) -> Answer {
    check_registration(&request)?;
    let (new, code) = request.body::<Newcomer>().await?.split();
    let (invite, device) = (invite(&request, code), device_label(&request));
    let (account, session) = request.context.app.register_session(new, invite, device).await?;
    let response = browser::signed_in(StatusCode::CREATED, &account, &session, &request);
    Ok(signed_by(response, account.user.id))
}

async fn me(actor: Actor, request: Request) -> Answer {
    ok(&Account::new(&request.context.app.my_account(&actor)?, request.base()))
}

/// The envelope with a sentence for its `error`.
#[derive(JsonSchema, Serialize)]
struct Refusal<'a> {
    /// A sentence for people.
    error: &'a str,
    /// The same as `error`.
    message: &'a str,
    /// The same as `error`.
    detail: &'a str,
    #[schemars(extend("enum" = CODES))]
    code: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, Vec<String>>")]
    details: Map<String, Value>,
}

fn errors(shapes: &mut Shapes, _status: u16) -> Shape {
    shapes.of::<Refusal<'_>>()
}

fn render(failure: &ApiError) -> Response {
    let problem = problem(failure);
    let (sentence, details) = (&in_words(&problem), problem.details());
    problem.answer(&Refusal { error: sentence, message: sentence, detail: sentence, code: problem.code, details })
}

/// What is wrong, as its fields say it; with the name of one that only says "this field".
fn in_words(problem: &Problem) -> String {
    let named = |(field, said): &(String, String)| {
        if said.to_lowercase().contains("this field") { format!("{field}: {said}") } else { said.clone() }
    };
    if problem.fields.is_empty() {
        return problem.message.clone().into_owned();
    }
    problem.fields.iter().map(named).collect::<Vec<_>>().join(" ")
}
