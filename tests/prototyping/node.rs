//! `/fireside.js` in Node.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::Dev;
use crate::client::browser::say;
use crate::world::{Fireside, people};

/// The flags with which this machine's Node has a WebSocket: its own, or the package `ws`.
fn node() -> Option<&'static [&'static str]> {
    let works = |words: &[&str]| Command::new("node").args(words).output().is_ok_and(|tried| tried.status.success());
    let has = "process.exit(typeof WebSocket === 'undefined' ? 1 : 0)";
    let ways: [(&[&str], &str); 3] = [(&[], has), (&["--experimental-websocket"], has), (&[], "require('ws')")];
    let found =
        ways.into_iter().find(|(flags, test)| works(&[*flags, &["-e", *test]].concat())).map(|(flags, _)| flags);
    if found.is_none() {
        assert!(std::env::var("FIRESIDE_REQUIRE_NODE").as_deref() != Ok("1"), "node with a WebSocket is required");
        say("skipped: no node with a WebSocket");
    }
    found
}

fn talk(flags: &[&str], url: &str, tokens: [&str; 2], chat: i64, count: usize) -> Child {
    let mut command = Command::new("node");
    command.args(flags).arg("tests/prototyping/node.mjs");
    command.env("URL", url).env("ALICE", tokens[0]).env("BOB", tokens[1]);
    command.env("CHAT", chat.to_string()).env("COUNT", count.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

/// That everything was said, stored and heard: in order, and once each.
#[track_caller]
pub fn all_went_well(told: &Value, count: usize) {
    let said: Vec<String> = (0..count).map(|number| format!("message {number}")).collect();
    for list in [&told["stored"], &told["heard"]["alice"], &told["heard"]["bob"]] {
        let texts: Vec<&str> = list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        assert_eq!(texts, said, "{}", told["seen"]);
    }
    let ids: Vec<i64> = told["sent"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect();
    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
    assert_eq!(told["after"]["reactions"], serde_json::json!([["👍", 1]]));
    assert_eq!((&told["after"]["second"], &told["after"]["next"]), (&"message 1, edited".into(), &"message 3".into()));
    assert_eq!((&told["unread"], &told["late"]), (&0.into(), &"closed".into()));
    // What happened while nobody listened, each message once and as it is by then; then what happens.
    assert_eq!(
        told["missed"],
        serde_json::json!([
            "message_deleted gone",
            "message_updated message 3, edited",
            "new_message back again",
            "new_message edited meanwhile",
            "new_message said meanwhile"
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_chaos_every_message_is_stored_and_heard_once_and_in_order() {
    let Some(flags) = node() else { return };
    let dev = Dev::start(&["--chaos", "30"]);
    let talking = talk(flags, &dev.url, [&dev.token("alice"), &dev.token("bob")], 1, 500);
    let output = talking.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let told: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    all_went_well(&told, 500);
    assert!(
        told["seen"]["refused"].as_i64() > Some(100) && told["seen"]["lost"].as_i64() > Some(0),
        "{}",
        told["seen"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_and_comes_back_costs_nothing() {
    let Some(flags) = node() else { return };
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut fireside = Fireside::start_with(&["--listen", &address]).await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    bob.does(&format!("{}join/", den.path())).await.is(200);
    let mut talking = talk(flags, &fireside.url, [&alice.token, &bob.token], den.id, 200);
    let mut last = String::new();
    for line in BufReader::new(talking.stdout.take().unwrap()).lines() {
        last = line.unwrap();
        if ["sent 50", "sent 150"].contains(&last.as_str()) {
            fireside = fireside.dies_and_restarts().await;
        }
    }
    talking.wait().unwrap();
    let told: Value = serde_json::from_str(&last).unwrap();
    all_went_well(&told, 200);
    assert!(told["seen"]["lost"].as_i64() >= Some(2), "{}", told["seen"]);
}
