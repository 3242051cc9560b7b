//! What the heads of answers say, whichever API they are of: where one stands with a limit, that one has it already,
//! where the rest of a list is; and that nothing with a credential in it is made smaller. The walk through all that is
//! documented holds each answer against these.

use serde_json::{Value, json};

use crate::world::document::operations;
use crate::world::{Answer, Fireside, Person, id, people};

/// High enough that nothing is refused, for a server that counts and says so.
pub const LIMITS: [&str; 10] = [
    "--limit-api",
    "9999/min",
    "--limit-auth",
    "9999/min",
    "--limit-upload",
    "9999/min",
    "--limit-ws",
    "9999/min",
    "--limit-send",
    "9999/min",
];
/// Fields of answers that let somebody in.
const SECRETS: [&str; 7] = ["token", "access", "refresh", "code", "secret", "csrfToken", "credential"];
/// Digits and letters of the shortest of those.
const SHORTEST: usize = 16;

/// Whether something in it lets somebody in.
fn carries_credential(json: &Value) -> bool {
    match json {
        Value::Object(fields) => fields.iter().any(|(name, value)| match value.as_str() {
            Some(text) => {
                (SECRETS.contains(&name.as_str()) && text.len() >= SHORTEST)
                    || (name == "url" && (text.contains("/hooks/") || text.contains('#')))
            }
            None => carries_credential(value),
        }),
        Value::Array(all) => all.iter().any(carries_credential),
        _ => false,
    }
}

/// Holds the head of an answer, to whoever takes gzip and brotli, against what is promised. Whether a credential was
/// in it.
#[track_caller]
pub fn check(operation: &Value, method: &str, answer: &Answer) -> bool {
    let is_json = answer.headers.get("content-type").is_some_and(|kind| kind == "application/json");
    let is_secret =
        answer.has("set-cookie") || (is_json && !answer.body.is_empty() && carries_credential(&answer.json()));
    let is_read = method == "GET" && is_json && answer.status == 200;
    if is_secret {
        assert!(!answer.has("content-encoding"), "what carries a credential is made smaller: {answer}");
    }
    // What is marked so that it is never compressed has no tag either, however short it is.
    if is_json {
        assert_eq!(answer.has("etag"), is_read && !is_secret, "a tag on what is read, and on nothing else: {answer}");
        assert!(is_read || !answer.has("content-encoding"), "a write's answer is made smaller: {answer}");
    }
    // Where two documents claim a path at the root, what it says of a limit is true of one.
    let is_shared = operation["tags"].as_array().is_some_and(|tags| tags.len() > 1);
    match operation["x-rate-limit"].as_str() {
        Some(limit) if !is_shared => {
            let standing = format!("\"{limit}\";");
            for header in ["ratelimit", "ratelimit-policy"] {
                assert!(answer.header(header).contains(&standing), "{limit} counts this: {answer}");
            }
        }
        Some(_) => {}
        // Whatever writes may count in what one sends, which its document tells by the status 429.
        None if method != "GET" && answer.has("ratelimit") => {
            let (standing, policy) = (answer.header("ratelimit"), answer.header("ratelimit-policy"));
            assert!(standing.starts_with("\"send\";r=9") && !standing.contains(','), "another limit: {answer}");
            assert_eq!(policy, "\"send\";q=9999;w=60", "{answer}");
        }
        None => assert!(!answer.has("ratelimit"), "its document names no limit: {answer}"),
    }
    is_secret
}

/// The lists that have parts, each with two things in it at least.
async fn lists(alice: &Person, bob: &Person) -> Vec<String> {
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    alice.opens_room("hall").await;
    let chat = format!("/messages/api/chats/{}/", den.id);
    for text in ["tea @bob", "more tea @bob"] {
        let said = alice.posts(text).in_room(&den).await;
        alice.does(&format!("/messages/api/messages/{}/pin/", id(&said))).await.is(200);
        let sent = json!({"receiver": "bob", "content": text});
        alice.post("/d/inbox/api/messages/", &sent).await.is(201);
        for (list, thing) in [("invite/", json!({})), ("hooks/", json!({"label": text}))] {
            alice.post(&format!("{chat}{list}"), &thing).await.is(201);
        }
    }
    [
        "/d/inbox/api/messages/?page_size=1".to_owned(),
        "/api/rooms/?page_size=1".to_owned(),
        format!("/api/rooms/{}/participants/?page_size=1", den.id),
        format!("/api/rooms/{}/messages/?page_size=1", den.id),
        "/api/users/?page_size=1".to_owned(),
        "/messages/api/chats/?page_size=1".to_owned(),
        format!("{chat}messages/?page_size=1"),
        format!("{chat}members/?limit=1"),
        format!("{chat}invite/?limit=1"),
        format!("{chat}hooks/?limit=1"),
        format!("{chat}pins/?limit=1"),
        "/messages/api/search/?q=tea&limit=1".to_owned(),
        format!("/messenger/api/chatrooms/room-{}/messages/?limit=1", den.id),
        "/api/server/people/?limit=1".to_owned(),
        "/api/server/sessions/?page_size=1".to_owned(),
    ]
    .into()
}

/// The address that a list's `Link` gives a relation.
fn linked(answer: &Answer, relation: &str) -> Option<String> {
    let links = answer.headers.get("link")?.to_str().unwrap().split(", <");
    let end = format!(">; rel=\"{relation}\"");
    links.into_iter().find_map(|link| link.strip_suffix(&end)).map(|url| url.trim_start_matches('<').to_owned())
}

#[tokio::test]
async fn every_list_that_has_parts_links_to_the_next() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, carol);
    carol.get("/api/auth/me/").await.is(200);
    alice.signs_in_again().await;
    let lists = lists(&alice, &bob).await;
    for list in &lists {
        let first = alice.get(list).await.is(200);
        let next = linked(&first, "next").unwrap_or_else(|| panic!("no next: {first}"));
        let second = alice.get(&next).await.is(200);
        assert_ne!(second.body, first.body, "{list}");
        let body = first.json();
        if body.get("previous").is_some() {
            assert_eq!(body["next"], next.as_str(), "{first}");
            let previous = second.json()["previous"].as_str().map(ToOwned::to_owned);
            assert_eq!(linked(&second, "prev"), previous, "{second}");
        }
        let whole = list.replace("page_size=1", "page_size=100").replace("limit=1", "limit=100");
        assert_eq!(linked(&alice.get(&whole).await.is(200), "next"), None, "{list} is whole");
    }
    // And that no list of the documents was forgotten: the administrator's are parts by the same code.
    let is_parted = |operation: &Value| {
        let names = operation["parameters"].as_array().into_iter().flatten().map(|one| one["name"].as_str().unwrap());
        names.into_iter().any(|name| ["page_size", "limit"].contains(&name))
    };
    let tried: Vec<String> = lists
        .iter()
        .map(|list| crate::world::document::place_of(&reqwest::Method::GET, list.trim_start_matches("/d/inbox")).1)
        .collect();
    let forgotten: Vec<String> = operations()
        .into_iter()
        .filter(|(_, _, operation)| is_parted(operation))
        .map(|(path, _, _)| path)
        .filter(|path| !tried.contains(path))
        .filter(|path| !["audit", "bots", "invites", "users"].map(|name| format!("/api/server/{name}/")).contains(path))
        .collect();
    let elsewhere = ["/messages/api/chats/{chat_id}/hooks/{hook_id}/deliveries/", "/messages/api/mentions/"];
    assert_eq!(forgotten, elsewhere, "which `tests/messaging` reads part by part");
}
