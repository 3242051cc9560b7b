//! The OpenAPI documents, made from the tables of routes: what is routed is documented,
//! and nothing else.
//!
//! Each route carries a function that describes it. It is called when a document is asked
//! for first, so that a server whose documents nobody reads holds none of it.

pub mod doc;
pub mod published;
pub mod shape;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::{Map, Value, json};
use warp::http::Method;

use super::auth::{CSRF_COOKIE, CSRF_HEADER, SESSION_COOKIE};
use super::base::BasePath;
use super::limit::Rate;
use super::mount::Mount;
use super::route::{Access, Dialect, Mounted, Route};
use doc::{Doc, Operation, Shapes};

/// What stands before the operations.
const INTRODUCTION: &str = "Every dialect speaks about the same users, chats and messages. Each is whole under \
    `/d/<name>/`, and under `/c/<name>/` as its own \
    client calls it; at the root stands the union. The last `/` of a path makes no difference, a `GET` answers `HEAD` \
    too, and `OPTIONS` says which methods a path has. Text is trimmed, numbers may come as their digits, and fields \
    that are not known are ignored.";

/// The document of everything, as it stands at the root.
pub fn whole(dialects: &[Dialect], base: &BasePath) -> Value {
    let mut schemas = Map::new();
    let mut union: BTreeMap<(String, String), RootOperation> = BTreeMap::new();
    let mut paths: BTreeMap<String, &'static str> = BTreeMap::new();
    for dialect in dialects {
        let routes = dialect.mounted(Mount::Root);
        let (operations, shapes) = operations(dialect, &routes);
        schemas.extend(shapes);
        for (Mounted { route, .. }, operation) in routes.iter().zip(operations) {
            let place = super::route::pattern(route.pattern);
            let path = *paths.entry(place.clone()).or_insert(route.pattern);
            let claim =
                RootOperation { operation: renamed(operation, route.pattern, path), is_guarded: route.guard.is_some() };
            match union.entry((place, method(route))) {
                Entry::Vacant(free) => drop(free.insert(claim)),
                Entry::Occupied(taken) => taken.into_mut().share(claim),
            }
        }
    }
    let mut at_root = Map::new();
    for ((place, method), claim) in union {
        let path = paths.get(&place).copied().unwrap_or_default();
        let item = at_root.entry(path).or_insert_with(|| Value::Object(Map::new()));
        item[method] = claim.operation;
    }
    let mut document = written("Fireside", at_root, schemas);
    if !base.is_root() {
        document["servers"] = json!([{ "url": base.prefix() }]);
    }
    document["tags"] = tags(dialects);
    document
}

/// The document of one dialect, as it is mounted there.
pub fn of(dialect: &Dialect, mount: Mount, base: &BasePath) -> Value {
    let routes = dialect.mounted(mount);
    let (operations, schemas) = operations(dialect, &routes);
    let mut paths = Map::new();
    for (Mounted { route, .. }, operation) in routes.iter().zip(operations) {
        let item = paths.entry(route.pattern).or_insert_with(|| Value::Object(Map::new()));
        item[method(route)] = operation;
    }
    let client = if mount == Mount::Client { ", as its own client calls it" } else { "" };
    let mut document = written(&format!("Fireside: {}{client}", dialect.name), paths, schemas);
    document["servers"] = json!([{ "url": base.at(&mount.prefix(dialect.name)) }]);
    document["tags"] = json!([tag(dialect)]);
    document
}

fn written(title: &str, paths: Map<String, Value>, schemas: Map<String, Value>) -> Value {
    let about = json!({ "type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token <token>`" });
    let csrf = format!("Equal to the cookie `{}`, on writes with the cookie alone.", CSRF_COOKIE);
    json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": env!("CARGO_PKG_VERSION"), "description": INTRODUCTION },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": about,
                "bearer": { "type": "http", "scheme": "bearer", "description": "A JWT for requests, or any token." },
                "session": { "type": "apiKey", "in": "cookie", "name": SESSION_COOKIE },
                "csrf": { "type": "apiKey", "in": "header", "name": CSRF_HEADER, "description": csrf },
                "query": { "type": "apiKey", "in": "query", "name": "token", "description": "On sockets alone." },
            },
        },
    })
}

/// Each once: what belongs to the server itself stands in more than one table.
fn tags(dialects: &[Dialect]) -> Value {
    let mut tags: Vec<Value> = Vec::new();
    for tag in dialects.iter().map(tag) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags.into()
}

fn tag(dialect: &Dialect) -> Value {
    json!({ "name": label(dialect) })
}

/// What has no name belongs to the server itself.
fn label(dialect: &Dialect) -> &'static str {
    if dialect.name.is_empty() { "server" } else { dialect.name }
}

fn method(route: &Route) -> String {
    route.method.as_str().to_ascii_lowercase()
}

/// The operations of a dialect in the order of these routes of it, and their schemas by name.
fn operations(dialect: &Dialect, routes: &[Mounted<'_>]) -> (Vec<Value>, Map<String, Value>) {
    let mut shapes = Shapes::new();
    let mut operations = Vec::new();
    for Mounted { route, is_clients, .. } in routes {
        let mut doc = Doc::new(shapes, dialect.error_shape(*is_clients));
        described(route, &mut doc);
        let operation;
        (shapes, operation) = doc.finish();
        operations.push(prefixed(write(dialect, route, operation), label(dialect)));
    }
    let schemas = shapes.take().into_iter();
    let schemas = schemas.map(|(name, schema)| (named(label(dialect), &name), prefixed(schema, label(dialect))));
    (operations, schemas.collect())
}

/// What a route says of itself, and what its kind says of it.
fn described(route: &Route, doc: &mut Doc) {
    (route.document)(doc);
    doc.refuses(&[500, 503]);
    if route.method != Method::GET {
        doc.refuses(&[507]);
    }
    if route.pattern.contains("id}") {
        doc.refuses(&[404]);
    }
    match route.access {
        Access::Open => {}
        Access::SignedIn(rate) => {
            // Without the second factor that the server may ask for.
            doc.refuses(&[401, 403]);
            if route.method == Method::GET {
                doc.answers_nothing(304, "`If-None-Match` names what you would get.");
            } else {
                // Whatever writes may count in `--limit-send`.
                doc.refuses(&[429]);
            }
            match rate {
                Rate::Api => drop(doc.limited("api")),
                Rate::Upload => drop(doc.limited("upload")),
                Rate::Message | Rate::Signal | Rate::Free => {}
            }
        }
        Access::Socket => {
            let sentence = "The socket is open. With an `Origin` header, a refusal comes as a close code instead: \
                4401, 4403 or 4404.";
            doc.answers_nothing(101, sentence).refuses(&[401, 403, 404, 426]);
        }
        Access::EventStream => drop(doc.refuses(&[401, 403])),
    }
}

fn write(dialect: &Dialect, route: &Route, operation: Operation) -> Value {
    let Operation { summary, description, mut parameters, in_path, body, responses, socket, limit } = operation;
    parameters.splice(0..0, names(route.pattern).map(|name| in_path_parameter(name, in_path.get(name))));
    let responses: Map<String, Value> =
        responses.into_iter().map(|(status, response)| (status.to_string(), response)).collect();
    let mut written = json!({
        "operationId": operation_id(dialect, route),
        "tags": [label(dialect)],
        "summary": summary,
        "responses": responses,
        "security": security(route),
    });
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            written[name] = value;
        }
    };
    put("description", Some(description).filter(|text| !text.is_empty()).map(Value::from));
    put("parameters", Some(parameters).filter(|all| !all.is_empty()).map(Value::from));
    put("requestBody", body);
    put("x-rate-limit", limit.map(Value::from));
    put("x-websocket", socket.map(|frames| json!([with(frames, "dialect", label(dialect))])));
    written
}

fn with(mut object: Value, name: &str, value: &str) -> Value {
    object[name] = value.into();
    object
}

fn security(route: &Route) -> Value {
    match route.access {
        Access::Open => json!([]),
        Access::SignedIn(_) if route.method == Method::GET => {
            json!([{ "token": [] }, { "bearer": [] }, { "session": [] }])
        }
        Access::SignedIn(_) => json!([{ "token": [] }, { "bearer": [] }, { "session": [], "csrf": [] }]),
        Access::Socket | Access::EventStream => {
            json!([{ "token": [] }, { "bearer": [] }, { "session": [] }, { "query": [] }])
        }
    }
}

/// The same for ever, as long as the path is: clients are generated by it.
fn operation_id(dialect: &Dialect, route: &Route) -> String {
    let words = route.pattern.split(['/', '-', '.', '_', '{', '}']).filter(|word| !word.is_empty());
    let path = words.collect::<Vec<_>>().join("_");
    format!("{}_{}_{path}", label(dialect), method(route))
}

fn names(pattern: &'static str) -> impl Iterator<Item = &'static str> {
    pattern.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn in_path_parameter(name: &str, shape: Option<&Value>) -> Value {
    let is_id = name == "id" || name.ends_with("_id");
    let usual = if is_id {
        json!({ "type": "integer", "minimum": 1, "maximum": i64::MAX })
    } else {
        json!({ "type": "string", "minLength": 1 })
    };
    json!({ "name": name, "in": "path", "required": true, "schema": shape.unwrap_or(&usual) })
}

/// The name of a schema in a document of several dialects.
fn named(label: &str, name: &str) -> String {
    format!("{label}.{name}")
}

/// With references to the schemas of this dialect.
fn prefixed(value: Value, label: &str) -> Value {
    const PLACE: &str = "#/components/schemas/";
    match value {
        Value::Object(object) => {
            let entries = object.into_iter().map(|(key, value)| match (key.as_str(), &value) {
                ("$ref", Value::String(to)) => {
                    let to = to.strip_prefix(PLACE).map_or(to.clone(), |name| format!("{PLACE}{}", named(label, name)));
                    (key, Value::String(to))
                }
                _ => (key, prefixed(value, label)),
            });
            Value::Object(entries.collect())
        }
        Value::Array(list) => list.into_iter().map(|value| prefixed(value, label)).collect(),
        other => other,
    }
}

/// An operation of another document on the same path, its parameters named as there.
fn renamed(mut operation: Value, from: &'static str, to: &'static str) -> Value {
    let new_names: BTreeMap<&str, &str> = names(from).zip(names(to)).collect();
    for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
        let new = parameter["name"].as_str().and_then(|name| new_names.get(name));
        if let Some(new) = new.filter(|_| parameter["in"] == "path") {
            parameter["name"] = (*new).into();
        }
    }
    if operation["parameters"].is_null() {
        operation.as_object_mut().map(|operation| operation.remove("parameters"));
    }
    operation
}

/// An operation at the root, which more than one document may claim.
struct RootOperation {
    operation: Value,
    /// Whether another's requests pass it by. Where they do not, it answers them all.
    is_guarded: bool,
}

impl RootOperation {
    fn share(&mut self, other: Self) {
        let (mine, theirs) = (&mut self.operation, other.operation);
        push_all(&mut mine["tags"], &theirs["tags"]);
        if !self.is_guarded {
            return;
        }
        self.is_guarded = other.is_guarded;
        for name in ["summary", "description"] {
            let (one, two) = (text(mine, name), text(&theirs, name));
            let both = [one, two].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" Or: ");
            if !both.is_empty() {
                mine[name] = both.into();
            }
        }
        if theirs.get("x-websocket").is_some() {
            push_all(&mut mine["x-websocket"], &theirs["x-websocket"]);
        }
        merge_parameters(mine, &theirs);
        merge_responses(&mut mine["responses"], &theirs["responses"]);
    }
}

fn text(operation: &Value, name: &str) -> String {
    operation[name].as_str().unwrap_or_default().to_owned()
}

fn push_all(list: &mut Value, more: &Value) {
    if let (Value::Array(list), Value::Array(more)) = (list, more) {
        list.extend(more.iter().cloned());
    }
}

fn merge_parameters(mine: &mut Value, theirs: &Value) {
    let mut parameters = mine["parameters"].as_array().cloned().unwrap_or_default();
    for other in theirs["parameters"].as_array().into_iter().flatten() {
        let same = parameters.iter_mut().find(|one| one["name"] == other["name"] && one["in"] == other["in"]);
        match same {
            Some(one) => one["schema"] = shape::any_of([one["schema"].take(), other["schema"].clone()]),
            None => parameters.push(other.clone()),
        }
    }
    if !parameters.is_empty() {
        mine["parameters"] = parameters.into();
    }
}

fn merge_responses(mine: &mut Value, theirs: &Value) {
    for (status, other) in theirs.as_object().into_iter().flatten() {
        let schema = "/content/application~1json/schema";
        match (mine[status].pointer_mut(schema), other.pointer(schema)) {
            (Some(one), Some(two)) => *one = shape::any_of([one.take(), two.clone()]),
            (Some(_), None) => {}
            (None, _) => mine[status] = other.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
