//! An acknowledgement leaves after the sync of its commit: seen in the system calls.

use serde_json::json;

use crate::world::machine::{Strace, has_strace, say};
use crate::world::{Fireside, Heard};

const MESSAGES: usize = 20;

/// The system calls of interest, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// Into the write-ahead log.
    Log,
    /// The log's sync has returned.
    Synced,
    /// To a client.
    Answer,
}

fn calls(lines: &[String]) -> Vec<Call> {
    let mut calls = Vec::new();
    for line in lines {
        let is_done = line.contains("resumed>") || !line.contains("<unfinished");
        if line.contains("sync(") || line.contains("sync resumed>") {
            // One that is under way in one thread while another writes has two lines: the second counts.
            if is_done && line.ends_with("= 0") {
                calls.push(Call::Synced);
            }
        } else if line.contains("pwrite64(") && line.contains("fireside.db-wal>") {
            calls.push(Call::Log);
        } else if line.contains("TCP:") && line.contains("acknowledge-me") {
            calls.push(Call::Answer);
        }
    }
    calls
}

/// How many answers left while something in the log was not synced, and how many syncs and answers.
fn counted(calls: &[Call]) -> (usize, usize, usize) {
    let (mut unsynced, mut early) = (false, 0);
    for call in calls {
        match call {
            Call::Log => unsynced = true,
            Call::Synced => unsynced = false,
            Call::Answer => early += usize::from(unsynced),
        }
    }
    let number = |wanted: Call| calls.iter().filter(|call| **call == wanted).count();
    (early, number(Call::Synced), number(Call::Answer))
}

/// Sends one after the other, by request and by socket, and looks at the calls.
async fn watched(durability: &str) -> (usize, usize, usize) {
    let fireside = Fireside::start_with(&["--durability", durability, "--log-level", "error"]).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let mut listener = alice.listens_in(&den).await;
    let strace = Strace::attaches(
        &fireside,
        &["-yy", "-s", "4096", "-e", "trace=pwrite64,fsync,fdatasync,write,writev,sendto,sendmsg"],
    );
    for number in 0..MESSAGES {
        let text = format!("acknowledge-me {number}");
        if number % 2 == 0 {
            alice.post(&den.messages(), &json!({"content": text})).await.is(201);
        } else {
            listener.says_message(&text).await;
        }
        // The echo.
        match listener.next().await {
            Heard::Frame(frame) => assert_eq!(frame["data"]["content"], text.as_str()),
            Heard::Closed(code) => panic!("closed with {code}"),
        }
    }
    counted(&calls(&strace.lets_go()))
}

#[tokio::test]
async fn no_acknowledgement_leaves_before_its_sync() {
    if !has_strace() {
        return;
    }
    let (early, syncs, answers) = watched("full").await;
    assert!(answers >= MESSAGES, "every echo was seen: {answers}");
    assert!(syncs >= MESSAGES, "one sync for each commit: {syncs}");
    assert_eq!(early, 0, "{early} of {answers} left early");
    // With the durability that promises less, the same look finds them: so it can see.
    let (early_by_normal, _, _) = watched("normal").await;
    assert!(early_by_normal > 0, "the look at the calls sees nothing");
    say(&format!(
        "{answers} answers and echoes of {MESSAGES} sends, {syncs} syncs, {early} early; {early_by_normal} early with `normal`"
    ));
}
