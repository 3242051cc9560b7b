//! Backups that cannot be made: the server goes on, and tells.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use super::{archives, becomes, names, restores};
use crate::manage::root_of;
use crate::world::home::PATIENCE;
use crate::world::machine::SmallDisk;
use crate::world::{Fireside, Home, Person};

/// A server with figures that puts its backups there, and where its figures are.
async fn backing_up_to(folder: &Path) -> (Fireside, String) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let flags = ["--metrics-listen", &free, "--backup-every", "3s", "--backup-dir", folder.to_str().unwrap()];
    (Fireside::start_with(&flags).await, format!("http://{free}/metrics"))
}

/// Every place tells the trouble, and the server serves.
async fn tells_the_trouble(fireside: &Fireside, figures: &str, root: &Person, why: &str) {
    becomes("it is told", || fireside.home.log().contains("the backup failed")).await;
    assert!(fireside.home.log().contains(why), "{}", fireside.home.log());
    let ready = fireside.anyone().get("/readyz").await.is(200).json();
    assert_eq!(ready["status"], "ready", "people are served all the same");
    assert_eq!(ready["backup"], "failed", "{ready}");
    assert!(!ready.to_string().contains(why), "the reason is not everybody's: {ready}");
    let told = root.get("/api/server/status/").await.is(200).json()["backup"].clone();
    assert!(told["last_error"].as_str().unwrap().contains(why), "{told}");
    // There never was one.
    let start = Instant::now();
    while root.get("/api/server/status/").await.is(200).json()["backup"]["is_overdue"] == false {
        assert!(start.elapsed() < PATIENCE, "never overdue");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let page = fireside.anyone().get(figures).await.is(200).text();
    assert!(page.contains("fireside_backup_overdue 1\n"), "{page}");
    assert!(page.contains("fireside_backup_failures_total ") && !page.contains("fireside_backup_failures_total 0"));
}

/// The next that is made clears it.
async fn is_well_again(fireside: &Fireside, figures: &str, root: &Person, folder: &Path) {
    becomes("one is made", || !archives(folder).is_empty() && fireside.home.log().contains("backed up")).await;
    let ready = fireside.anyone().get("/readyz").await.is(200).json();
    assert_eq!(ready, json!({"status": "ready", "backup": "ok"}));
    let told = root.get("/api/server/status/").await.is(200).json()["backup"].clone();
    assert!(told["last_error"].is_null() && told["last_at"].is_string() && told["is_overdue"] == false, "{told}");
    let page = fireside.anyone().get(figures).await.is(200).text();
    assert!(page.contains("fireside_backup_last_success_timestamp_seconds 1"), "{page}");
    assert!(!page.contains("fireside_backup_failures_total 0\n"), "what was is not forgotten: {page}");
}

#[tokio::test]
async fn a_place_that_is_none_is_told_until_it_is_one() {
    let shelf = tempfile::tempdir().unwrap();
    let folder = shelf.path().join("backups");
    std::fs::write(&folder, "a file is in the way").unwrap();
    let (fireside, figures) = backing_up_to(&folder).await;
    let root = root_of(&fireside).await;
    tells_the_trouble(&fireside, &figures, &root, folder.to_str().unwrap()).await;
    let den = root.opens_room("den").await;
    root.posts("it goes on").in_room(&den).await;
    std::fs::remove_file(&folder).unwrap();
    is_well_again(&fireside, &figures, &root, &folder).await;
}

#[tokio::test]
async fn a_full_disk_under_the_backups_is_told_until_there_is_room() {
    let Some(disk) = SmallDisk::mounted(8) else { return };
    let folder = disk.home.data();
    let ballast = disk.fills_up(64 * 1024);
    let (fireside, figures) = backing_up_to(&folder).await;
    let root = root_of(&fireside).await;
    tells_the_trouble(&fireside, &figures, &root, "there is no room").await;
    assert_eq!(names(&folder), ["ballast"], "no part of one is left");
    std::fs::remove_file(ballast).unwrap();
    is_well_again(&fireside, &figures, &root, &folder).await;
}

#[tokio::test]
async fn a_backup_leaves_the_room_that_messages_need() {
    let Some(disk) = SmallDisk::mounted(48) else { return };
    let flags = ["--min-free", "40000000"];
    let fireside = Fireside::start_in(disk.home.clone(), &flags).await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let ballast = disk.fills_up(40_500_000);
    fireside.is_sent(Signal::USR1);
    becomes("it is refused", || fireside.home.log().contains("there is no room")).await;
    assert!(archives(&disk.home.data().join("backups")).is_empty());
    alice.posts("there is room for words").in_room(&den).await;
    std::fs::remove_file(ballast).unwrap();
    fireside.is_sent(Signal::USR1);
    becomes("it is made", || archives(&disk.home.data().join("backups")).len() == 1).await;
}

#[tokio::test]
async fn a_server_that_dies_amid_a_backup_leaves_none_that_counts() {
    let shelf = tempfile::tempdir().unwrap();
    let folder = shelf.path().join("backups");
    let flags = ["--backup-keep", "100", "--backup-dir", folder.to_str().unwrap()];
    let mut fireside = Fireside::start_with(&flags).await;
    let alice = fireside.registers("alice").await;
    for number in 0..4 {
        let bytes = vec![number; 9 * 1024 * 1024];
        alice.uploads("large.bin", &bytes).await;
    }
    let mut amid = 0;
    for wait in [5, 20, 40, 80, 120, 200, 300] {
        let before = archives(&folder).len();
        fireside.is_sent(Signal::USR1);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        fireside = fireside.dies_and_restarts().await;
        let there = archives(&folder);
        if there.len() == before && folder.exists() && !names(&folder).is_empty() {
            amid += usize::from(names(&folder).iter().any(|name| name.starts_with(".fireside-work-")));
        }
        for archive in there.iter().skip(before) {
            restores(archive, &Home::new()).await.succeeded();
        }
    }
    assert!(amid >= 2, "some were amid one: {amid}");
    let before = archives(&folder).len();
    fireside.is_sent(Signal::USR1);
    becomes("a whole one", || archives(&folder).len() > before).await;
    becomes("nothing else", || names(&folder).iter().all(|name| name.ends_with(".tar"))).await;
    restores(&archives(&folder).pop().unwrap(), &Home::new()).await.succeeded();
}
