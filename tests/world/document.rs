//! Every answer and every frame that any test gets, held against the program's own
//! OpenAPI document: a test need not ask for it, and no test can do without.

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::{Registry, Validator};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};

use super::home::program;

/// Where references to a document lead.
const PLACE: &str = "urn:fireside";

static DOCUMENTS: LazyLock<Documents> = LazyLock::new(Documents::read);

struct Documents {
    /// By the prefix of their paths: `/d/<name>`, `/c/<name>` and ``.
    all: Vec<Document>,
}

/// One document as the program prints it.
pub struct Document {
    pub prefix: String,
    pub json: Value,
    registry: Registry<'static>,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

/// An operation, and where it stands in its document.
pub struct Operation<'a> {
    document: &'a Document,
    pub path: String,
    pub method: String,
}

/// The dialects.
pub const NAMES: [&str; 5] = ["rooms", "inbox", "messaging", "directs", "messenger"];

/// What `fireside openapi` prints.
pub fn printed(dialect: Option<&str>) -> Value {
    prints(&dialect.map_or_else(Vec::new, |name| vec!["--dialect", name]))
}

/// The same of a dialect as its own client calls it.
pub fn printed_for_client(dialect: &str) -> Value {
    prints(&["--dialect", dialect, "--client"])
}

fn prints(flags: &[&str]) -> Value {
    let mut command = program();
    command.arg("openapi").args(flags);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

impl Documents {
    fn read() -> Self {
        let both = |name| {
            [
                Document::new(format!("/d/{name}"), printed(Some(name))),
                Document::new(format!("/c/{name}"), printed_for_client(name)),
            ]
        };
        let mut all: Vec<Document> = NAMES.into_iter().flat_map(both).collect();
        all.push(Document::new(String::new(), printed(None)));
        Self { all }
    }
}

/// The document that speaks of a path, and the path as it stands there.
fn about(path: &str) -> (&'static Document, &str) {
    let path = path.split('?').next().unwrap_or_default();
    let found = DOCUMENTS.all.iter().find_map(|document| {
        let rest = path.strip_prefix(document.prefix.as_str()).filter(|rest| rest.starts_with('/'))?;
        // The documents themselves stand in the root's.
        (rest != "/openapi.json" || document.prefix.is_empty()).then_some((document, rest))
    });
    found.unwrap_or_else(|| panic!("{path} is no path"))
}

impl Document {
    fn new(prefix: String, mut json: Value) -> Self {
        for (name, schema) in json["components"]["schemas"].as_object_mut().unwrap() {
            // Of what a client says, fields that nobody knows are ignored.
            if !name.ends_with("ClientFrame") {
                close(schema);
            }
        }
        for (_, operation) in
            json["paths"].as_object_mut().unwrap().values_mut().flat_map(|item| item.as_object_mut().unwrap())
        {
            for response in operation["responses"].as_object_mut().unwrap().values_mut() {
                response.pointer_mut("/content/application~1json/schema").map(close);
            }
        }
        let registry = Registry::new().add(PLACE, json.clone()).unwrap().prepare().unwrap();
        Self { prefix, json, registry, compiled: Mutex::default() }
    }

    /// Whether a value conforms to the schema at a pointer.
    fn holds(&self, pointer: &str, value: &Value) -> Result<(), String> {
        let compiled = Arc::clone(self.compiled.lock().unwrap().entry(pointer.to_owned()).or_insert_with(|| {
            let schema = json!({ "$ref": format!("{PLACE}#{}", pointer.replace('{', "%7B").replace('}', "%7D")) });
            let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
            Arc::new(options.with_registry(&self.registry).build(&schema).unwrap())
        }));
        let faults: Vec<String> =
            compiled.iter_errors(value).map(|fault| format!("{fault} at {}", fault.instance_path())).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
    }

    /// The operation that a request is, as far as there is one.
    fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let paths = self.json["paths"].as_object().unwrap();
        let mut found: Vec<&String> =
            paths.keys().filter(|template| fits(template, path) && !paths[*template][method].is_null()).collect();
        // `/users/search/` before `/users/{id}/`.
        found.sort_by_key(|template| template.matches('{').count());
        found.first().map(|path| Operation { document: self, path: (*path).clone(), method: method.to_owned() })
    }
}

/// A schema that nothing undocumented passes: the program may only say what it documents.
fn close(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    let is_open = object.get("additionalProperties").is_none();
    if is_open && ["properties", "oneOf", "anyOf"].iter().any(|word| object.contains_key(*word)) {
        object.insert("unevaluatedProperties".into(), false.into());
    }
}

fn fits(template: &str, path: &str) -> bool {
    let parts = |path: &str| path.trim_end_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
    let (template, path) = (parts(template), parts(path));
    let same = |(one, two): (&String, &String)| (one.starts_with('{') && !two.is_empty()) || one == two;
    template.len() == path.len() && template.iter().zip(&path).all(same)
}

impl Operation<'_> {
    pub fn json(&self) -> &Value {
        &self.document.json["paths"][&self.path][&self.method]
    }

    fn pointer(&self) -> String {
        format!("/paths/{}/{}", self.path.replace('~', "~0").replace('/', "~1"), self.method)
    }
}

/// What was asked, as far as a document has to do with it.
pub struct Asked {
    pub method: Method,
    /// Without the query.
    pub path: String,
    pub body: Option<Value>,
}

/// How a path is refused that nothing answers.
const NO_SUCH_PATH: &str = r#"{"error":"not_found","message":"Not found.","detail":"Not found."}"#;

/// Holds an answer against the document.
#[track_caller]
pub fn check_answer(asked: &Asked, status: u16, headers: &HeaderMap, body: &[u8]) {
    let head = asked.method == Method::HEAD;
    let method = if head { "get".to_owned() } else { asked.method.as_str().to_lowercase() };
    let (document, path) = about(&asked.path);
    let told = format!("{} {} answered {status} {}", asked.method, asked.path, String::from_utf8_lossy(body));
    let content_type = headers.get("content-type").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let Some(operation) = document.operation(&method, path) else {
        // The page's own files stand in no document, and neither do refusals of what is not there.
        let is_page = method == "get" && [200, 304, 308].contains(&status) && !content_type.contains("json");
        let is_refusal = [404, 405, 413, 414, 431].contains(&status) || (method == "options" && status == 204);
        if is_page || is_refusal {
            return;
        }
        // A server may live below a path; then the documents speak of what follows.
        let inner = asked.path[1..].find('/').map(|slash| asked.path[slash + 1..].to_owned());
        let path = inner.unwrap_or_else(|| panic!("no document has an operation for this: {told}"));
        return check_answer(
            &Asked { path, method: asked.method.clone(), body: asked.body.clone() },
            status,
            headers,
            body,
        );
    };
    let response = &operation.json()["responses"][status.to_string()];
    // Beside the path that a server lives below there is nothing, and at the address of the figures no API.
    if response.is_null() && status == 404 && (body.is_empty() || body == NO_SUCH_PATH.as_bytes()) {
        return;
    }
    assert!(response.is_object(), "the document has no such status: {told}");
    let content = response["content"].as_object().cloned().unwrap_or_default();
    if let Some(sent) = asked.body.as_ref().filter(|_| status < 300) {
        let schema = format!("{}/requestBody/content/application~1json/schema", operation.pointer());
        if document.json.pointer(&schema).is_some() {
            let held = document.holds(&schema, sent);
            assert!(held.is_ok(), "taken, but not documented: {sent}: {} ({told})", held.unwrap_err());
        }
    }
    if head || body.is_empty() {
        return;
    }
    assert!(!content.is_empty(), "the document has no body here: {told}");
    if content.contains_key("*/*") {
        return;
    }
    assert!(content.contains_key(&content_type), "the document has no {content_type:?}: {told}");
    if content_type != "application/json" {
        return;
    }
    let mut unzipped = Vec::new();
    let body = if headers.get("content-encoding").is_some_and(|coding| coding == "gzip") {
        flate2::read::GzDecoder::new(body).read_to_end(&mut unzipped).unwrap();
        &unzipped
    } else {
        body
    };
    let value: Value = serde_json::from_slice(body).unwrap_or_else(|_| panic!("no JSON: {told}"));
    let schema = format!("{}/responses/{status}/content/application~1json/schema", operation.pointer());
    let held = document.holds(&schema, &value);
    assert!(held.is_ok(), "not as documented: {}: {told}", held.unwrap_err());
}

/// Holds what a socket said against the document.
#[track_caller]
pub fn check_frame(path: &str, frame: &Value) {
    check(path, "server", frame).unwrap_or_else(|fault| panic!("{path} said what is not documented: {fault}: {frame}"));
}

/// Whether a frame is one that the document lets a client send.
pub fn is_a_clients(path: &str, frame: &Value) -> bool {
    check(path, "client", frame).is_ok()
}

fn check(path: &str, side: &str, frame: &Value) -> Result<(), String> {
    let (document, inside) = about(path);
    let Some(operation) = document.operation("get", inside) else {
        // Below a path, as of an answer.
        let inner = path[1..].find('/').map(|slash| &path[slash + 1..]);
        return check(inner.unwrap_or_else(|| panic!("no document has the socket {path}")), side, frame);
    };
    let sockets = operation.json()["x-websocket"].as_array().unwrap_or_else(|| panic!("{path} is no socket")).clone();
    // Where two documents meet, a number is a chat's id and anything else a username.
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let meant = if last.bytes().all(|byte| byte.is_ascii_digit()) { "directs" } else { "inbox" };
    let number = if sockets.len() == 1 { 0 } else { sockets.iter().position(|one| one["dialect"] == meant).unwrap() };
    document.holds(&format!("{}/x-websocket/{number}/{side}", operation.pointer()), frame)
}

/// An operation where it stands.
pub struct Place {
    /// What stands before its path: `/d/<name>`, `/c/<name>` or nothing.
    pub prefix: &'static str,
    pub method: String,
    pub path: &'static str,
    pub is_socket: bool,
}

/// Every operation of every document.
pub fn places() -> Vec<Place> {
    let of_document = |document: &'static Document| {
        let paths = document.json["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(|(method, operation)| Place {
                prefix: &document.prefix,
                method: method.to_uppercase(),
                path,
                is_socket: operation.get("x-websocket").is_some(),
            })
        })
    };
    DOCUMENTS.all.iter().flat_map(of_document).collect()
}

/// Every operation of the root document: path, method, and what it says.
pub fn operations() -> Vec<(String, String, Value)> {
    let document = &DOCUMENTS.all.last().unwrap().json;
    let items = |paths: &Map<String, Value>| -> Vec<(String, String, Value)> {
        let item = |(path, item): (&String, &Value)| -> Vec<(String, String, Value)> {
            item.as_object().unwrap().iter().map(|(m, o)| (path.clone(), m.to_uppercase(), o.clone())).collect()
        };
        paths.iter().flat_map(item).collect()
    };
    items(document["paths"].as_object().unwrap())
}

/// The method and template of the operation that a request at the root is.
pub fn place_of(method: &Method, path: &str) -> (String, String) {
    let path = path.split('?').next().unwrap_or_default();
    let document = DOCUMENTS.all.last().unwrap();
    let found = document.operation(&method.as_str().to_lowercase(), path);
    let Operation { path, method, .. } = found.unwrap_or_else(|| panic!("no document has {method} {path}"));
    (method.to_uppercase(), path)
}
