//! What a route says about itself.

use std::collections::BTreeMap;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::shape::{self, Field, Shape};
use crate::api::http::cursor::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::api::http::page::MAX_PAGE_SIZE;
use crate::chat::model::name::MAX_IDEMPOTENCY_KEY;

/// A route's own document.
pub type Document = fn(&mut Doc);

/// How a dialect's errors look, by their status.
pub type ErrorShape = fn(&mut Shapes, u16) -> Shape;

/// The schemas of a document, each by its name.
pub struct Shapes(SchemaGenerator);

impl Shapes {
    pub(super) fn new() -> Self {
        let mut settings = SchemaSettings::draft2020_12().for_serialize();
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        Self(settings.into_generator())
    }

    /// The schema of what is serialized from a struct.
    pub fn of<T: JsonSchema>(&mut self) -> Shape {
        Schema::to_value(self.0.subschema_for::<T>())
    }

    /// A schema under a name, for what no single struct is.
    fn named(&mut self, name: &str, shape: Shape) -> Shape {
        self.0.definitions_mut().insert(name.to_owned(), shape);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// Everything that was referred to, by its name.
    pub(super) fn take(&mut self) -> Map<String, Value> {
        self.0.take_definitions(true)
    }
}

/// Describes one operation. Each method adds to it.
pub struct Doc {
    /// The schemas of the document that it stands in.
    pub shapes: Shapes,
    errors: ErrorShape,
    operation: Operation,
}

/// An operation, half written.
#[derive(Default)]
pub(super) struct Operation {
    pub summary: &'static str,
    pub description: String,
    pub parameters: Vec<Value>,
    /// Of parameters in the path, where their names do not say enough.
    pub in_path: BTreeMap<&'static str, Shape>,
    pub body: Option<Value>,
    pub responses: BTreeMap<u16, Value>,
    pub socket: Option<Value>,
    pub limit: Option<&'static str>,
}

impl Doc {
    pub(super) fn new(shapes: Shapes, errors: ErrorShape) -> Self {
        Self { shapes, errors, operation: Operation::default() }
    }

    pub(super) fn finish(self) -> (Shapes, Operation) {
        (self.shapes, self.operation)
    }

    /// What it does, in a few words.
    pub fn does(&mut self, summary: &'static str) -> &mut Self {
        self.operation.summary = summary;
        self
    }

    /// What else there is to know.
    pub fn note(&mut self, sentence: &str) -> &mut Self {
        let description = &mut self.operation.description;
        if !description.is_empty() {
            description.push(' ');
        }
        description.push_str(sentence);
        self
    }

    /// A parameter of the path.
    pub fn path(&mut self, name: &'static str, shape: Shape) -> &mut Self {
        self.operation.in_path.insert(name, shape);
        self
    }

    /// A parameter of the query, that may be missing.
    pub fn query(&mut self, name: &str, shape: Shape) -> &mut Self {
        self.parameter("query", name, false, shape)
    }

    /// A parameter of the query, that has to be there.
    pub fn needs_query(&mut self, name: &str, shape: Shape) -> &mut Self {
        self.parameter("query", name, true, shape).refuses(&[400])
    }

    /// A header, that may be missing.
    pub fn header(&mut self, name: &str, shape: Shape) -> &mut Self {
        self.parameter("header", name, false, shape)
    }

    fn parameter(&mut self, place: &str, name: &str, is_required: bool, mut shape: Shape) -> &mut Self {
        let sentence = shape.as_object_mut().and_then(|shape| shape.remove("description"));
        let mut parameter = json!({ "name": name, "in": place, "required": is_required, "schema": shape });
        if let Some(sentence) = sentence {
            parameter["description"] = sentence;
        }
        self.operation.parameters.push(parameter);
        self
    }

    /// A list in pages.
    pub fn pages(&mut self, default_size: u32) -> &mut Self {
        let page = json!({ "type": "integer", "minimum": 1, "default": 1, "description": "Which page; one past the end is 404." });
        let sentence = format!(
            "Items on a page: more than {MAX_PAGE_SIZE} counts as that, and what is no number above 0 as the default, {default_size}."
        );
        let size = shape::described(shape::any(), &sentence);
        self.query("page", page).query("page_size", size).refuses(&[404])
    }

    /// A list that goes on from a cursor.
    pub fn goes_on(&mut self) -> &mut Self {
        let cursor =
            shape::described(shape::string(), "The `next` of the part before, of the same list asked the same way.");
        let sentence = format!(
            "At most so many: more than {MAX_LIMIT} counts as that, and what is no number above 0 as the default, {DEFAULT_LIMIT}."
        );
        let limit = shape::described(shape::any(), &sentence);
        self.query("cursor", cursor).query("limit", limit).refuses(&[400])
    }

    /// A send that can be repeated safely.
    pub fn once(&mut self) -> &mut Self {
        let key = json!({
            "type": "string", "minLength": 1, "maxLength": MAX_IDEMPOTENCY_KEY, "pattern": "^[!-~]+$",
            "description": "As `client_id` in the body, which comes first.",
        });
        self.header("Idempotency-Key", key)
            .note("A resend with the same `client_id` or `Idempotency-Key` is 200 and tells nobody again; with other content it is 409, and 404 where the first was deleted since.")
            .refuses(&[404, 409])
    }

    /// A body, as JSON or a form.
    pub fn takes(&mut self, fields: &[Field]) -> &mut Self {
        self.body(true, fields)
    }

    /// The same, which may be left out.
    pub fn may_take(&mut self, fields: &[Field]) -> &mut Self {
        self.body(false, fields)
    }

    fn body(&mut self, is_required: bool, fields: &[Field]) -> &mut Self {
        let form = json!({ "schema": shape::object(fields) });
        self.operation.body = Some(json!({
            "required": is_required,
            "content": {
                "application/json": { "schema": shape::sent(fields) },
                "application/x-www-form-urlencoded": form,
                "multipart/form-data": form,
            },
        }));
        self.refuses(&[400, 408, 413, 415])
    }

    /// A body as other systems' programs send it: an object, a form around one, or plain text.
    pub fn takes_payload(&mut self, object: Shape, form: &[Field]) -> &mut Self {
        self.operation.body = Some(json!({
            "required": true,
            "content": {
                "application/json": { "schema": object },
                "application/x-www-form-urlencoded": { "schema": shape::object(form) },
                "text/plain": { "schema": { "type": "string" } },
            },
        }));
        self.refuses(&[400, 408, 413, 415])
    }

    /// A body with a file, in parts. Other ways to send a body stay.
    pub fn takes_parts(&mut self, fields: &[Field]) -> &mut Self {
        let parts = json!({ "schema": shape::object(fields) });
        match &mut self.operation.body {
            Some(body) => body["content"]["multipart/form-data"] = parts,
            None => {
                self.operation.body = Some(json!({ "required": true, "content": { "multipart/form-data": parts } }));
            }
        }
        self.refuses(&[400, 408, 413, 415, 507])
    }

    /// Answers with what is serialized from a struct.
    pub fn answers<T: JsonSchema>(&mut self, status: u16, sentence: &str) -> &mut Self {
        let shape = self.shapes.of::<T>();
        self.answers_with(status, shape, sentence)
    }

    /// 201 with a new thing, and 200 with one that was there already.
    pub fn makes<T: JsonSchema>(&mut self, sentence: &str) -> &mut Self {
        self.answers::<T>(201, sentence).answers::<T>(200, "It was there already.")
    }

    /// Answers with this shape.
    pub fn answers_with(&mut self, status: u16, shape: Shape, sentence: &str) -> &mut Self {
        let content = json!({ "application/json": { "schema": shape } });
        let mut response = json!({ "description": sentence, "content": content });
        if let Some((name, schema)) = header(status) {
            response["headers"] = json!({ name: { "required": true, "schema": schema } });
        }
        self.respond(status, response)
    }

    /// Answers with a status alone.
    pub fn answers_nothing(&mut self, status: u16, sentence: &str) -> &mut Self {
        self.respond(status, json!({ "description": sentence }))
    }

    /// Answers with text that is no JSON.
    pub fn answers_text(&mut self, status: u16, content_type: &str, sentence: &str) -> &mut Self {
        let content = json!({ content_type: { "schema": { "type": "string" } } });
        self.respond(status, json!({ "description": sentence, "content": content }))
    }

    /// Answers with server-sent events as long as they are read. The `data` of each is this shape, as JSON.
    pub fn answers_events(&mut self, frame: Shape, sentence: &str) -> &mut Self {
        let data = json!({ "type": "string", "contentMediaType": "application/json", "contentSchema": frame });
        let event = json!({ "type": "object", "properties": { "id": { "type": "string" }, "data": data }, "required": ["data"] });
        let content = json!({ "text/event-stream": { "schema": event } });
        self.respond(200, json!({ "description": sentence, "content": content }))
    }

    /// Answers with a stored file.
    pub fn answers_bytes(&mut self) -> &mut Self {
        let content = json!({ "*/*": { "schema": {} } });
        self.respond(200, json!({ "description": "The bytes, in the file's own type.", "content": content }))
            .respond(206, json!({ "description": "The part that `Range` asks for.", "content": content }))
            .answers_nothing(304, "`If-None-Match` names what you would get.")
            .refuses(&[404, 416])
    }

    fn respond(&mut self, status: u16, response: Value) -> &mut Self {
        self.operation.responses.insert(status, response);
        self
    }

    /// Refuses with these statuses, in the shape that the dialect has for them.
    pub fn refuses(&mut self, statuses: &[u16]) -> &mut Self {
        for status in statuses {
            if !self.operation.responses.contains_key(status) {
                let shape = (self.errors)(&mut self.shapes, *status);
                self.answers_with(*status, shape, reason(*status));
            }
        }
        self
    }

    /// Refuses with a shape of this operation's own beside the dialect's.
    pub fn also_refuses(&mut self, status: u16, shape: Shape) -> &mut Self {
        let usual = (self.errors)(&mut self.shapes, status);
        self.answers_with(status, shape::any_of([shape, usual]), reason(status))
    }

    /// Counted, by a limit of this name.
    pub fn limited(&mut self, by: &'static str) -> &mut Self {
        self.operation.limit = Some(by);
        self.refuses(&[429])
    }

    /// The frames of the dialect's socket: what a client says and what it hears.
    pub fn frames(&mut self, client: Shape, server: Shape) -> &mut Self {
        self.frames_of("", client, server)
    }

    /// The same of another socket, whose frames have a name of their own.
    pub fn frames_of(&mut self, name: &str, client: Shape, server: Shape) -> &mut Self {
        let client = self.shapes.named(&format!("{name}ClientFrame"), client);
        let server = self.shapes.named(&format!("{name}ServerFrame"), server);
        self.operation.socket = Some(json!({ "client": client, "server": server }));
        self
    }
}

/// What a refusal has in its head beside its body.
fn header(status: u16) -> Option<(&'static str, Shape)> {
    match status {
        401 => Some(("WWW-Authenticate", shape::one_of(&["Token", "Bearer"]))),
        416 => Some(("Content-Range", shape::string())),
        426 => Some(("Upgrade", shape::word("websocket"))),
        429 | 503 => Some(("Retry-After", json!({ "type": "integer", "minimum": 0 }))),
        _ => None,
    }
}

/// Why there is a status, in words for every operation.
fn reason(status: u16) -> &'static str {
    match status {
        400 => "What was sent breaks a rule.",
        401 => "Nobody is signed in, or the credential opens nothing (any more).",
        403 => "Not yours to do, or (with a cookie) without `X-CSRFToken`.",
        404 => "Not there, or not for you: the two look the same.",
        408 => "The body did not come in time.",
        409 => "The key was used for another content.",
        413 => "The body is too large.",
        415 => "The body is of no type that is read here.",
        416 => "The range is outside the file.",
        426 => "This path is a WebSocket.",
        429 => "Too often. `Retry-After` says when it works again.",
        500 => "A fault of the server. Its cause is in the log.",
        503 => "Too much to do right now; nothing was done. `Retry-After` says when to try again.",
        507 => "There is no space left to store this.",
        _ => "Refused.",
    }
}
