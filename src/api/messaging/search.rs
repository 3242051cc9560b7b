//! Searching what was said.

use schemars::JsonSchema;
use serde::Serialize;
use warp::http::StatusCode;

use super::json::{Message, chat_type};
use crate::api::http::base::BasePath;
use crate::api::http::cursor::{self, Part};
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{described, id, one_of, string};
use crate::api::http::reply::{self, Answer, ApiError};
use crate::api::http::request::Request;
use crate::chat::model::id::MessageId;
use crate::chat::model::search::{
    Filter, Found, FoundIn, FoundMessages, FoundPlace, MAX_QUERY, MAX_RANKED, MAX_SNIPPET, MAX_TERMS, Order, Question,
    RankedPlace, Snippet,
};
use crate::chat::model::session::Actor;
use crate::chat::model::time::Timestamp;

/// Parameters that are filters.
const FILTERS: [(&str, Filter); 5] = [
    ("chat", Filter::Chat),
    ("from", Filter::From),
    ("has", Filter::Has),
    ("after", Filter::After),
    ("before", Filter::Before),
];

/// A place in a cursor: the message, and with an order of relevance its score, the newest and the
/// oldest message of those in order, and since when.
type Cursor = (i64, Option<(i64, i64, i64, i64)>);

pub async fn list(actor: Actor, request: Request) -> Answer {
    request.context.app.check_searched()?;
    let order = order(&request)?;
    let typed = request.query("q").unwrap_or_default();
    let filter = |(name, value): &'_ (String, String)| {
        let (name, filter) = FILTERS.iter().find(|(filter, _)| filter == name)?;
        Some((*name, *filter, value.clone()))
    };
    let filters: Vec<(&str, Filter, String)> = request.query.iter().filter_map(filter).collect();
    let beside: Vec<_> = filters.iter().map(|(_, filter, value)| (*filter, value.as_str())).collect();
    let question = Question::read(typed, &beside).map_err(|fault| ApiError::field(fault.field, fault.says))?;
    let asked_by = filters.iter().flat_map(|(name, _, value)| [*name, value.as_str()]);
    let asked_by: Vec<&str> = [typed, order_name(order)].into_iter().chain(asked_by).collect();
    let mut asked = cursor::asked::<Cursor>(&request, &asked_by)?;
    let after = asked.after.map(place);
    let limit = asked.limit;
    let base = request.base().clone();
    let write = move |found: &FoundMessages| {
        if found.is_cut {
            asked.limit = u32::try_from(found.found.len()).map_or(asked.limit, |count| count.saturating_sub(1));
        }
        let part = asked.part(&found.found, |found| cursor_of(found.place), |found| FoundMessage::new(found, &base));
        reply::encode(&SearchPart { part, indexed: found.indexed })
    };
    let found = request.context.app.search(&actor, question, order, after, limit, write).await?;
    Ok(reply::written(StatusCode::OK, found))
}

fn order(request: &Request) -> Result<Order, ApiError> {
    match request.query("order").map(str::trim) {
        None | Some("" | "newest") => Ok(Order::Newest),
        Some("relevance") => Ok(Order::Relevance),
        Some(_) => Err(ApiError::field("order", "This is newest or relevance.")),
    }
}

const fn order_name(order: Order) -> &'static str {
    match order {
        Order::Newest => "newest",
        Order::Relevance => "relevance",
    }
}

fn place((id, rank): Cursor) -> FoundPlace {
    let rank = rank.map(|(score, newest, oldest, at)| RankedPlace {
        score,
        newest: MessageId(newest),
        oldest: MessageId(oldest),
        at: Timestamp(at),
    });
    FoundPlace { id: MessageId(id), rank }
}

fn cursor_of(place: FoundPlace) -> Cursor {
    (place.id.0, place.rank.map(|rank| (rank.score, rank.newest.0, rank.oldest.0, rank.at.0)))
}

/// A part of what was found.
#[derive(JsonSchema, Serialize)]
struct SearchPart<'a> {
    #[serde(flatten)]
    part: Part<FoundMessage<'a>>,
    /// How much of all messages can be found by the index, from 0 to 1: below 1 the oldest wait.
    #[schemars(range(min = 0, max = 1))]
    indexed: f64,
}

/// A message that was found.
#[derive(JsonSchema, Serialize)]
pub struct FoundMessage<'a> {
    message: Message<'a>,
    chat: FoundChat<'a>,
    /// A piece of its text, or the name of a file where only that matched.
    snippet: &'a str,
    /// What matched in it, in Unicode scalar values: the first, and the one behind the last.
    highlights: &'a [(usize, usize)],
}

impl<'a> FoundMessage<'a> {
    pub fn new(found: &'a Found, base: &BasePath) -> Self {
        let Snippet { text, highlights } = &found.snippet;
        let message = Message::new(&found.message, &found.marks, base);
        Self { message, chat: FoundChat::from(&found.chat), snippet: text, highlights }
    }
}

/// The chat that it is of.
#[derive(JsonSchema, Serialize)]
struct FoundChat<'a> {
    id: i64,
    title: &'a str,
    #[schemars(extend("enum" = ["dm", "group"]))]
    chat_type: &'static str,
}

impl<'a> From<&'a FoundIn> for FoundChat<'a> {
    fn from(chat: &'a FoundIn) -> Self {
        Self { id: chat.id.0, title: &chat.title, chat_type: chat_type(chat.kind) }
    }
}

/// The route in the OpenAPI document.
pub fn document(doc: &mut Doc) {
    let q = format!(
        "Words that have to stand in a message, at most {MAX_QUERY} characters and {MAX_TERMS} terms. `\"a phrase\"`; \
         `-` excludes what follows it; `from:ann`, `from:me`, `in:7`, `in:\"Book club\"`, `has:file`, `has:image`, \
         `has:link`, `before:2025-03-01`, `after:` narrow it. The last word may be the beginning of one."
    );
    let day = "A day of UTC, or a time by RFC 3339.";
    let order = format!("`relevance` puts the newest {MAX_RANKED} that match in an order of its own.");
    let note = format!("Only what I can read now is found. A `snippet` has at most {MAX_SNIPPET} characters.");
    doc.does("Search what was said")
        .note(&note)
        .query("q", described(string(), &q))
        .query("chat", described(id(), "In this chat; repeated: in any of them."))
        .query("from", described(string(), "Said by this username, or `me`; repeated: by any of them."))
        .query("has", one_of(&["file", "image", "link"]))
        .query("after", described(string(), day))
        .query("before", described(string(), day))
        .query("order", described(one_of(&["newest", "relevance"]), &order))
        .goes_on()
        .answers::<SearchPart<'_>>(200, "Some of them, the newest first.")
        .refuses(&[404, 503]);
}
