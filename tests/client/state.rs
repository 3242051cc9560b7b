//! The client's pure state, without a browser: run by node where there is one.

use std::process::Command;

use super::browser::{in_path, say};

#[test]
fn the_state_does_what_its_tests_say() {
    if in_path("node").is_none() {
        return say("skipped: no node");
    }
    let output = Command::new("node")
        .args(["--test", "tests/client/state.test.mjs", "tests/client/markup.test.mjs", "tests/client/qr.test.mjs"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
