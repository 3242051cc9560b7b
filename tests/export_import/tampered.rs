//! Archives that were damaged or made up: refused, and nothing is left.

use std::path::Path;

use super::{exports, imports};
use crate::backup::damage;
use crate::world::{Fireside, Home};

async fn archive(shelf: &Path) -> Vec<u8> {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let file = alice.uploads("notes.txt", b"words to keep").await;
    alice.posts("kept").with_file(&file).in_room(&den).await;
    let path = shelf.join("whole.tar");
    exports(&fireside.home, &path, &[]).await.succeeded();
    std::fs::read(path).unwrap()
}

async fn is_refused(bytes: &[u8], shelf: &Path, why: &str) -> String {
    let path = shelf.join("damaged.tar");
    std::fs::write(&path, bytes).unwrap();
    let home = Home::new();
    let outcome = imports(&path, &home, &[]).await;
    assert_eq!(outcome.code, Some(1), "{why}: {outcome:?}");
    let left: Vec<_> = std::fs::read_dir(home.data().parent().unwrap()).unwrap().collect();
    assert!(left.is_empty(), "{why}: {left:?}");
    outcome.failed_with(1).stderr.clone()
}

#[tokio::test]
async fn a_flipped_bit_anywhere_is_found() {
    let shelf = tempfile::tempdir().unwrap();
    let whole = archive(shelf.path()).await;
    for (bytes, why) in damage::damaged(&whole, 0) {
        is_refused(&bytes, shelf.path(), &why).await;
    }
}

/// The same archive with members changed, each where it was, and its checksum right.
fn forged(whole: &[u8], mut change: impl FnMut(&mut String, &mut Vec<u8>)) -> Vec<u8> {
    damage::forged(whole, |name, content| {
        let mut name = name.to_owned();
        change(&mut name, content);
        vec![name]
    })
}

#[tokio::test]
async fn an_archive_that_somebody_made_up_is_refused() {
    let shelf = tempfile::tempdir().unwrap();
    let whole = archive(shelf.path()).await;
    assert!(forged(&whole, |_, _| ()) == whole, "a forgery without a change is the same");
    for evil in
        ["files/../../evil", "/tmp/evil", "../evil", "files/evil", "evil", "files/", "fireside.db", "secret.key"]
    {
        let bytes = forged(&whole, |name, _| {
            if name.starts_with("files/") {
                evil.clone_into(name);
            }
        });
        is_refused(&bytes, shelf.path(), evil).await;
    }
    let line = |from: &'static str, to: &str| {
        forged(&whole, |name, content| {
            if name == "records.jsonl" {
                let text = String::from_utf8(content.clone()).unwrap();
                assert!(text.contains(from), "{from}: {text}");
                *content = text.replacen(from, to, 1).into_bytes();
            }
        })
    };
    for (from, to, why) in [
        ("\"kept\"", "\"\\ud800\"", "damaged.tar: records.jsonl, line "),
        ("\"kept\"", "\"k\\u0000pt\"", "text: "),
        ("\"version\":1", "\"version\":7", "version 7"),
        ("\"username\":\"alice\"", "\"username\":\"аlice\"", "one script"),
        ("\"size\":13", "\"size\":14", "size: it is 13, and not 14"),
        ("\"owner\":1", "\"owner\":2", "there is no user 2"),
        ("\"owner\":1", "\"owner\":1,\"created_by\":2", "created_by: there is no user 2"),
        ("\"role\":\"admin\"", "\"role\":\"god\"", "line "),
        ("{\"type\":\"member\"", "{\"type\":\"message\"", "line "),
        ("\n", "\n\n", "line 2: "),
        ("\n", " ", "line 1: "),
    ] {
        let said = is_refused(&line(from, to), shelf.path(), why).await;
        assert!(said.contains(why), "{why}: {said}");
    }
    let bytes = forged(&whole, |name, content| {
        if name.starts_with("files/") {
            content[0] ^= 1;
        }
    });
    is_refused(&bytes, shelf.path(), "another file").await;
    is_refused(b"these are no bytes of an archive", shelf.path(), "nonsense").await;
}
