//! That the suite would notice: what is held against the documents can fail.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;

use crate::world::document::{Asked, check_answer, check_frame};

fn is_noticed(check: impl FnOnce() + std::panic::UnwindSafe) -> bool {
    std::panic::catch_unwind(check).is_err()
}

fn answered(method: Method, path: &'static str, status: u16, body: &serde_json::Value) -> bool {
    let headers = HeaderMap::from_iter([("content-type".parse().unwrap(), "application/json".parse().unwrap())]);
    let (asked, body) = (Asked { method, path: path.to_owned(), body: None }, body.to_string());
    !is_noticed(move || check_answer(&asked, status, &headers, body.as_bytes()))
}

#[test]
fn an_answer_that_is_not_as_documented_is_noticed() {
    let chat = json!({"token": "t", "user": {"id": 1, "email": "", "username": "alice"}});
    let path = "/d/inbox/api/auth/login/";
    assert!(answered(Method::POST, path, 200, &chat));
    assert!(!answered(Method::POST, path, 201, &chat), "another status");
    assert!(!answered(Method::POST, path, 200, &json!({"token": "t"})), "a field is missing");
    let mut more = chat.clone();
    more["more"] = json!(1);
    assert!(!answered(Method::POST, path, 200, &more), "a field that no document has");
    more["user"]["id"] = json!("1");
    assert!(!answered(Method::POST, path, 200, &more), "a field of another type");
    assert!(!answered(Method::DELETE, path, 200, &chat), "no such operation");
    assert!(!answered(Method::GET, "/d/inbox/api/nothing/", 200, &chat), "no such path");
    assert!(answered(Method::GET, "/d/inbox/api/nothing/", 404, &chat), "what is not there may be refused");
}

#[test]
fn a_frame_that_is_not_as_documented_is_noticed() {
    let said = json!({"sender": "alice", "receiver": "bob", "message": "hi", "id": 1});
    assert!(!is_noticed({
        let said = said.clone();
        move || check_frame("/ws/chat/bob/", &said)
    }));
    for (name, value) in [("id", json!("1")), ("more", json!(1)), ("sender", json!(null))] {
        let mut wrong = said.clone();
        wrong[name] = value;
        assert!(is_noticed(move || check_frame("/ws/chat/bob/", &wrong)), "{name}");
    }
    assert!(is_noticed(move || check_frame("/ws/chat/7/", &said)), "the frame of another dialect");
}
