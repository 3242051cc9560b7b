//! Backups that make themselves.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{archives, becomes, names, restores};
use crate::manage::root_of;
use crate::world::home::run;
use crate::world::{Fireside, Home, Person};

/// Longer than any of these tests.
const RARELY: &[&str] = &["--backup-every", "1h"];

/// Nothing is made in a while in which something would have been.
async fn stays(folder: &Path, count: usize) {
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(archives(folder).len(), count);
}

/// Every thread of the server by its name, and how much it lets others go before.
fn niceness(fireside: &Fireside) -> Vec<(String, i64)> {
    let threads = std::fs::read_dir(format!("/proc/{}/task", fireside.process())).unwrap();
    threads.filter_map(|thread| niceness_of(&thread.unwrap().path())).collect()
}

fn niceness_of(thread: &Path) -> Option<(String, i64)> {
    let name = std::fs::read_to_string(thread.join("comm")).ok()?.trim().to_owned();
    let stat = std::fs::read_to_string(thread.join("stat")).ok()?;
    // The name in it may hold spaces; what follows it does not.
    let nice = stat.rsplit_once(')')?.1.split_whitespace().nth(16)?.parse().ok()?;
    Some((name, nice))
}

async fn status_of(root: &Person) -> Value {
    root.get("/api/server/status/").await.is(200).json()["backup"].clone()
}

#[tokio::test]
async fn they_are_made_in_time_and_the_oldest_go() {
    let home = Home::new();
    let folder = home.data().join("backups");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("notes.txt"), "somebody else's").unwrap();
    // What a backup that was killed has left.
    std::fs::create_dir(folder.join(".fireside-work-0123456789abcdef")).unwrap();
    let start = Instant::now();
    let mut fireside = Fireside::start_in(home, &["--backup-every", "1s", "--backup-keep", "2"]).await;
    assert!(fireside.facts.iter().any(|fact| fact.starts_with("backups every 1s to ")), "{:?}", fireside.facts);
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    alice.posts("kept").in_room(&den).await;
    let mut seen = Vec::new();
    while seen.len() < 5 {
        assert!(start.elapsed() < Duration::from_secs(60), "{seen:?}\n{}", fireside.home.log());
        let there = archives(&folder);
        assert!(there.len() <= 3, "the oldest go at once: {there:?}");
        assert!(seen.is_empty() || there.len() >= 2, "none goes before a new one counts: {there:?}");
        seen.extend(there.into_iter().filter(|path| !seen.contains(path)).collect::<Vec<_>>());
        tokio::time::sleep(Duration::from_millis(10)).await;
        if seen.len() == 1 {
            // The second is on its way: only from then on there are always two.
            becomes("a second", || archives(&folder).len() >= 2).await;
        }
    }
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    assert!(start.elapsed() > Duration::from_secs(3), "no faster than once a second");
    assert!(folder.join("notes.txt").exists() && !folder.join(".fireside-work-0123456789abcdef").exists());
    let newest = archives(&folder).pop().unwrap();
    let home = Home::new();
    restores(&newest, &home).await.succeeded();
    assert!(!home.data().join("backups").exists(), "no backup holds backups");
    let restored = Fireside::start_in(home, &[]).await;
    assert_eq!(alice.back_to(&restored).reads(&den).await, ["kept"]);
}

#[tokio::test]
async fn when_the_next_is_due_outlives_the_server() {
    let mut fireside = Fireside::start_with(RARELY).await;
    let folder = fireside.home.data().join("backups");
    becomes("the first", || archives(&folder).len() == 1).await;
    stays(&folder, 1).await;
    fireside = fireside.restarts().await;
    stays(&folder, 1).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    // As if the one that is there was made long ago.
    let made = archives(&folder).remove(0);
    let old = folder.join("fireside-20240101T000000Z.tar");
    std::fs::rename(&made, &old).unwrap();
    let fireside = Fireside::start_in(fireside.home.clone(), RARELY).await;
    becomes("the next", || archives(&folder).len() == 2).await;
    // One that bears a time to come says nothing of when the next is due.
    std::fs::remove_file(archives(&folder).pop().unwrap()).unwrap();
    std::fs::rename(&old, folder.join("fireside-20990101T000000Z.tar")).unwrap();
    let _fireside = fireside.restarts().await;
    becomes("one of today", || archives(&folder).len() == 2).await;
}

#[tokio::test]
async fn a_signal_asks_for_one_and_the_server_tells_of_it() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let fireside = Fireside::start_with(&["--metrics-listen", &free]).await;
    let root = root_of(&fireside).await;
    let folder = fireside.home.data().join("backups");
    let figures = async || fireside.anyone().get(&format!("http://{free}/metrics")).await.is(200).text();
    assert_eq!(fireside.anyone().get("/readyz").await.is(200).json(), json!({"status": "ready"}));
    assert_eq!(status_of(&root).await, json!(null));
    let before = figures().await;
    assert!(before.contains("fireside_backup_failures_total 0\n"), "{before}");
    assert!(!before.contains("fireside_backup_last_size_bytes"), "{before}");
    stays(&folder, 0).await;

    fireside.is_sent(Signal::USR1);
    becomes("one", || fireside.home.log().contains("backed up")).await;
    let made = archives(&folder);
    assert_eq!(made.len(), 1);
    let size = std::fs::metadata(&made[0]).unwrap().len();
    assert_eq!(fireside.anyone().get("/readyz").await.is(200).json(), json!({"status": "ready", "backup": "ok"}));
    let told = status_of(&root).await;
    assert_eq!(
        (&told["last_bytes"], &told["last_error"], &told["is_overdue"]),
        (&json!(size), &json!(null), &json!(false))
    );
    assert!(
        told["last_at"].as_str().unwrap().starts_with("20") && told["last_seconds"].as_f64().unwrap() > 0.0,
        "{told}"
    );
    let after = figures().await;
    assert!(after.contains(&format!("fireside_backup_last_size_bytes {size}\n")), "{after}");
    for figure in ["fireside_backup_last_success_timestamp_seconds 1", "fireside_backup_last_duration_seconds 0."] {
        assert!(after.contains(figure), "{figure}: {after}");
    }
    let nice = niceness(&fireside);
    // Whoever runs the tests may have let others go before already; 19 is the most there is.
    let (_, own) = niceness_of(Path::new("/proc/thread-self")).unwrap();
    let backup = ("backup".to_owned(), (own + 10).min(19));
    assert_eq!(nice.iter().filter(|(name, _)| name == "backup").collect::<Vec<_>>(), [&backup]);
    for name in ["writer", "fan-out", "tokio-rt-worker"] {
        assert!(nice.contains(&(name.to_owned(), own)), "{name}: {nice:?}");
    }
    // Many who ask while one is made get one more at the most for each that ended.
    for _ in 0..20 {
        fireside.is_sent(Signal::USR1);
    }
    becomes("another", || archives(&folder).len() >= 2).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(archives(&folder).len() <= 4, "{:?}", archives(&folder));
    // The next start knows of it, but not how long it took.
    let fireside = fireside.restarts().await;
    let told = status_of(&root.back_to(&fireside)).await;
    assert!(told["last_at"].is_string() && told["last_seconds"].is_null(), "{told}");
}

#[tokio::test]
async fn backups_stay_in_their_folder_when_one_of_them_is_restored() {
    let mut fireside = Fireside::start_with(RARELY).await;
    let (home, folder) = (fireside.home.clone(), fireside.home.data().join("backups"));
    becomes("the first", || archives(&folder).len() == 1).await;
    assert_eq!(fireside.is_asked_to_stop().await, Some(0));
    let archive = archives(&folder).remove(0);
    restores(&archive, &home).await.succeeded();
    assert_eq!(archives(&folder), std::slice::from_ref(&archive));
    // The database is lost, and the backups are all that there is.
    for entry in std::fs::read_dir(home.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::remove_file(path).unwrap();
        } else if path.file_name().unwrap() != "backups" {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    assert_eq!(names(&home.data()), ["backups"]);
    // The first restore kept the folder of this second under a name of this second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    restores(&archive, &home).await.succeeded();
    assert_eq!(archives(&folder), [archive]);
    Fireside::start_in(home, &[]).await;
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    for wrong in [["--backup-every", "0s"], ["--backup-every", "often"], ["--backup-keep", "0"]] {
        let outcome = run(&[&["serve"], wrong.as_slice()].concat(), "").await;
        assert_eq!(outcome.code, Some(2), "{wrong:?}: {outcome:?}");
    }
    let home = Home::new();
    let files = home.data().join("files").join("deep");
    let outcome = home.refuses_to_serve(&["--backup-dir", files.to_str().unwrap()]).await;
    assert!(outcome.failed_with(78).stderr.contains("--backup-dir"), "{outcome:?}");
}
