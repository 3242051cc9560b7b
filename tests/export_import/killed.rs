//! An import that is killed leaves what was there, and nothing else that counts.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::memory::fill;
use super::{exports, imports};
use crate::world::home::program;
use crate::world::{Fireside, Home};

const MESSAGES: usize = 30_000;

/// Starts an import and kills it after a while. `false`: it had ended before.
async fn is_killed(archive: &Path, home: &Home, after: Duration) -> bool {
    let mut command = program();
    command.args(["import", archive.to_str().unwrap(), "--on-conflict", "rename", "--data"]).arg(home.data());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    tokio::time::sleep(after).await;
    let had_ended = child.try_wait().unwrap().is_some();
    child.kill().ok();
    child.wait().unwrap();
    !had_ended
}

/// The messages in an archive that is not compressed.
fn messages(archive: &[u8]) -> usize {
    let record = b"\n{\"type\":\"message\",";
    archive.windows(record.len()).filter(|bytes| bytes == record).count()
}

#[tokio::test]
async fn whenever_it_is_killed_there_is_no_half() {
    let shelf = tempfile::tempdir().unwrap();
    let (source, here) = (Home::new(), Home::new());
    let small = ["seed", "--people", "4", "--chats", "3", "--messages", "50", "--until", "2025-06-01"];
    source.runs(&small, "").await.succeeded();
    fill(&source.data().join("fireside.db"), MESSAGES);
    let archive = shelf.path().join("large.tar");
    exports(&source, &archive, &[]).await.succeeded();
    here.runs(&[&small[..], &["--seed", "2"]].concat(), "").await.succeeded();
    let before = shelf.path().join("before.tar");
    exports(&here, &before, &[]).await.succeeded();
    let whole = std::fs::read(&before).unwrap();

    let (fresh, mut kills, mut came) = (Home::new(), 0, 0);
    for round in 0..8 {
        let after = Duration::from_millis(20 + 60 * round);
        if !is_killed(&archive, &here, after).await {
            came += 1;
            break;
        }
        kills += 1;
        let again = shelf.path().join(format!("after-{round}.tar"));
        exports(&here, &again, &[]).await.succeeded();
        let found = std::fs::read(&again).unwrap();
        if found != whole {
            // Killed while it closed what it had committed: then all of it is there.
            let all = messages(&whole) + messages(&std::fs::read(&archive).unwrap());
            assert_eq!(messages(&found), all, "killed after {after:?}");
            came += 1;
            break;
        }
        let is_on_the_way = is_killed(&archive, &fresh, after).await;
        if fresh.data().exists() {
            let new = shelf.path().join("new.tar");
            exports(&fresh, &new, &[]).await.succeeded();
            let all = messages(&std::fs::read(&archive).unwrap());
            assert_eq!(messages(&std::fs::read(&new).unwrap()), all, "killed after {after:?}");
            break;
        }
        assert!(is_on_the_way, "it ended without having made anything");
    }
    assert!(kills > 0, "it was never killed on the way");
    // What a killed one left is swept, and it can be done again.
    imports(&archive, &here, &["--on-conflict", "rename"]).await.succeeded();
    let fireside = Fireside::start_in(here, &[]).await;
    assert_eq!(
        fireside.registers("somebody-new").await.get("/api/users/?page=1").await.is(200).json()["count"],
        9 + 4 * came
    );
    let left = std::fs::read_dir(fireside.home.data()).unwrap();
    assert!(!left.into_iter().any(|entry| entry.unwrap().file_name().to_string_lossy().contains("work")));
}
