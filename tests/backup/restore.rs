//! A backup in the place of a data folder.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{backed_up, backs_up, names, restores};
use crate::world::home::program;
use crate::world::{Fireside, Home, id};

#[tokio::test]
async fn what_was_there_is_kept_beside_what_was_restored() {
    let shelf = tempfile::tempdir().unwrap();
    let (mut fireside, archive) = backed_up(shelf.path()).await;
    fireside.registers("mallory").await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let home = fireside.home.clone();
    restores(&archive, &home).await.succeeded();
    let beside = names(home.data().parent().unwrap());
    let kept: Vec<_> = beside.iter().filter(|name| name.starts_with("data.before-restore-")).collect();
    assert_eq!(kept.len(), 1, "{beside:?}");
    assert!(!beside.iter().any(|name| name.contains("work")), "{beside:?}");
    let kept = home.data().with_file_name(kept[0]);
    let count = |folder: &std::path::Path| {
        let db = rusqlite::Connection::open(folder.join("fireside.db")).unwrap();
        db.query_row("SELECT count(*) FROM users", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!((count(&kept), count(&home.data())), (2, 1));
    let restored = Fireside::start_in(home, &[]).await;
    restored.registers("mallory").await;
}

#[tokio::test]
async fn a_backup_needs_no_server_and_tokens_outlive_it() {
    let shelf = tempfile::tempdir().unwrap();
    let mut fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    alice.posts("said before").in_room(&den).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let archive = shelf.path().join("still.tar");
    backs_up(&fireside.home, &archive).await.succeeded();
    let home = Home::new();
    restores(&archive, &home).await.succeeded();
    let fireside = Fireside::start_in(home, &[]).await;
    assert_eq!(alice.back_to(&fireside).reads(&den).await, ["said before"]);
}

/// Back at the backup, the server goes on above all that anybody may have been told since:
/// whoever had seen later words would take the new ones for those, and miss them.
#[tokio::test]
async fn no_number_that_was_told_after_the_backup_comes_again() {
    let shelf = tempfile::tempdir().unwrap();
    let mut fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    alice.posts("kept").in_room(&den).await;
    let archive = shelf.path().join("kept.tar");
    backs_up(&fireside.home, &archive).await.succeeded();
    let mut lost = Value::Null;
    for number in 0..5 {
        lost = alice.posts(&format!("lost {number}")).in_room(&den).await;
    }
    let nobody = fireside.registers("nobody").await;
    let seen = alice.get("/messages/api/sync/").await.is(200).json()["seq"].clone();
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));

    // The folder that is replaced tells what was given out; without it, there is a gap.
    for home in [fireside.home.clone(), Home::new()] {
        restores(&archive, &home).await.succeeded();
        home.runs(&["check", "--deep", "--min-free", "0"], "").await.succeeded();
        let mut restored = Fireside::start_in(home.clone(), &[]).await;
        let alice = alice.back_to(&restored);
        let start = alice.get(&format!("/messages/api/sync/?since={seen}")).await.is(200).json();
        assert_eq!(start["messages"], json!([]));
        assert!(start["seq"].as_i64() > seen.as_i64(), "{start}");
        let new = alice.posts("new").in_room(&den).await;
        assert!(id(&new) > id(&lost), "{new}");
        assert!(restored.registers("somebody").await.id > nobody.id);
        let missed = alice.get(&format!("/messages/api/sync/?since={seen}")).await.is(200).json();
        let told: Vec<_> = missed["messages"].as_array().unwrap().iter().map(|message| &message["content"]).collect();
        assert_eq!(told, [&json!("new")]);
        let mut line = alice.handshake("/messages/ws/").with_query(&format!("since={seen}")).enters().await;
        assert_eq!(line.frame().await["seq"], missed["seq"]);
        loop {
            let frame = line.frame().await;
            if frame["type"] != "presence" {
                assert_eq!((&frame["type"], &frame["message"]["content"]), (&json!("new_message"), &json!("new")));
                break;
            }
        }
        assert_eq!(alice.reads(&den).await, ["new", "kept"]);
        assert_eq!(restored.is_asked_to_stop().await, Some(0));
        home.runs(&["check", "--deep", "--min-free", "0"], "").await.succeeded();
    }
}

#[tokio::test]
async fn a_running_server_and_a_foreign_folder_are_left_alone() {
    let shelf = tempfile::tempdir().unwrap();
    let (fireside, archive) = backed_up(shelf.path()).await;
    let outcome = restores(&archive, &fireside.home).await;
    assert!(outcome.failed_with(75).stderr.contains("stop it first"), "{outcome:?}");
    fireside.registers("bob").await;

    let home = Home::new();
    std::fs::create_dir(home.data()).unwrap();
    std::fs::write(home.data().join("novel.txt"), "chapter one").unwrap();
    restores(&archive, &home).await.failed_with(78);
    assert_eq!(names(&home.data()), ["novel.txt"]);
}

#[tokio::test]
async fn an_archive_passes_through_pipes() {
    let shelf = tempfile::tempdir().unwrap();
    let (fireside, _) = backed_up(shelf.path()).await;
    let home = Home::new();
    let mut writer = program();
    writer.args(["backup", "-", "--data"]).arg(fireside.home.data()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut writer = writer.spawn().unwrap();
    let mut reader = program();
    reader.args(["restore", "-", "--data"]).arg(home.data()).stdin(writer.stdout.take().unwrap());
    let read = tokio::task::spawn_blocking(move || reader.output().unwrap()).await.unwrap();
    assert!(read.status.success(), "{read:?}");
    let written = writer.wait_with_output().unwrap();
    assert!(written.status.success(), "{written:?}");
    assert!(String::from_utf8(written.stderr).unwrap().contains("standard output"));
    assert!(!names(&fireside.home.data()).iter().any(|name| name.contains("work")));
    let restored = Fireside::start_in(home, &[]).await;
    assert_eq!(names(&restored.home.data().join("files")).len(), 1);
}

#[tokio::test]
async fn any_tar_unpacks_it_and_any_sha256sum_checks_it() {
    let shelf = tempfile::tempdir().unwrap();
    let (_fireside, archive) = backed_up(shelf.path()).await;
    let folder = shelf.path().join("unpacked");
    std::fs::create_dir(&folder).unwrap();
    let shell = format!("tar xf {} -C {}", archive.display(), folder.display());
    assert!(Command::new("sh").args(["-c", &shell]).status().unwrap().success());
    let shell = format!("cd {} && sha256sum --quiet -c SHA256SUMS", folder.display());
    assert!(Command::new("sh").args(["-c", &shell]).status().unwrap().success());
    assert_eq!(names(&folder), ["SHA256SUMS", "checksum", "files", "fireside.db", "manifest", "secret.key"]);
}
