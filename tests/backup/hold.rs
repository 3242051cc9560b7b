//! What is deleted while files are copied is in the copy; and nobody waits for a copy.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use super::{backed_up, backs_up, names, restores};
use crate::world::home::program;
use crate::world::{Fireside, Home};

#[tokio::test]
async fn a_file_that_is_deleted_meanwhile_goes_when_the_copy_is_made() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let file = alice.uploads("a.txt", b"words").await;
    let message = alice.posts("with a file").with_file(&file).in_room(&den).await;
    let files = fireside.home.data().join("files");
    assert_eq!(names(&files).len(), 1);

    // As a backup holds them.
    let hold = File::options().create(true).append(true).open(fireside.home.data().join("files.lock")).unwrap();
    hold.lock_shared().unwrap();
    alice.deletes(&message).await;
    alice.get(file["url"].as_str().unwrap()).await.is(404);
    assert_eq!(names(&files).len(), 1, "it is held");
    alice.posts("somebody goes on writing").in_room(&den).await;
    assert_eq!(names(&files).len(), 1, "it is held");
    drop(hold);
    alice.posts("the copy is made").in_room(&den).await;
    assert!(names(&files).is_empty(), "it goes with the next commit");
}

#[tokio::test]
async fn a_backup_that_is_killed_leaves_nothing_under_its_name() {
    let shelf = tempfile::tempdir().unwrap();
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for number in 0..4 {
        let bytes = vec![number; 9 * 1024 * 1024];
        alice.uploads("large.bin", &bytes).await;
    }
    let (data, mut killed) = (fireside.home.data(), 0);
    for wait in [5, 20, 40, 60, 80, 100, 150, 200] {
        let archive = shelf.path().join(format!("{wait}.tar"));
        let mut command = program();
        command.arg("backup").arg(&archive).arg("--data").arg(&data);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(wait)).await;
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        if ended.success() {
            restores(&archive, &Home::new()).await.succeeded();
        } else {
            assert!(!archive.exists(), "killed after {wait} ms");
            killed += 1;
        }
    }
    assert!(killed > 2, "{killed}");
    let last = shelf.path().join("last.tar");
    backs_up(&fireside.home, &last).await.succeeded();
    assert!(names(shelf.path()).iter().all(|name| name.ends_with(".tar")), "{:?}", names(shelf.path()));
    restores(&last, &Home::new()).await.succeeded();
}

#[tokio::test]
async fn a_backup_is_for_its_owner_alone_and_never_written_over() {
    use std::os::unix::fs::PermissionsExt;
    let shelf = tempfile::tempdir().unwrap();
    let (fireside, archive) = backed_up(shelf.path()).await;
    assert_eq!(std::fs::metadata(&archive).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&archive).unwrap();
    backs_up(&fireside.home, &archive).await.failed_with(1);
    assert!(std::fs::read(&archive).unwrap() == before);
    backs_up(&fireside.home, shelf.path()).await.succeeded();
    let names = names(shelf.path());
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with("fireside-20") && names[0].ends_with("Z.tar"), "{names:?}");
}

#[tokio::test]
async fn what_is_not_whole_is_not_backed_up() {
    let shelf = tempfile::tempdir().unwrap();
    let (fireside, _) = backed_up(shelf.path()).await;
    let files = fireside.home.data().join("files");
    let file = files.join(&names(&files)[0]);
    let whole = std::fs::read(&file).unwrap();
    let target = shelf.path().join("broken.tar");
    for damaged in [b"words to keeP".to_vec(), b"words".to_vec(), [whole.clone(), whole.clone()].concat()] {
        std::fs::write(&file, damaged).unwrap();
        let outcome = backs_up(&fireside.home, &target).await;
        assert!(outcome.failed_with(1).stderr.contains("files/"), "{outcome:?}");
    }
    std::fs::remove_file(&file).unwrap();
    backs_up(&fireside.home, &target).await.failed_with(1);
    assert!(!target.exists());
    std::fs::write(&file, whole).unwrap();
    backs_up(&fireside.home, &target).await.succeeded();
    backs_up(&Home::new(), &shelf.path().join("nothing.tar")).await.failed_with(78);
}
