//! Whose a file is: private until attached, seen by whoever sees the message,
//! and gone with it, from the disk too.

use serde_json::Value;

use crate::world::{Fireside, Person, Room, id, people};

fn paths(file: &Value) -> [String; 2] {
    let id = id(file);
    [format!("/api/files/{id}/"), format!("/api/files/{id}/download/")]
}

async fn sees(person: &Person, file: &Value) {
    for path in paths(file) {
        person.get(&path).await.is(200);
    }
}

async fn does_not_see(person: &Person, file: &Value) {
    for path in paths(file) {
        person.get(&path).await.refused(404, "not_found");
    }
}

struct Scene {
    fireside: Fireside,
    alice: Person,
    bob: Person,
    mallory: Person,
    den: Room,
}

/// Alice and bob share a room; mallory is not in it.
async fn scene() -> Scene {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, mallory);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    Scene { fireside, alice, bob, mallory, den }
}

#[tokio::test]
async fn a_file_is_private_until_it_is_attached() {
    let scene = scene().await;
    let file = scene.alice.uploads("a.txt", b"for the den").await;
    sees(&scene.alice, &file).await;
    does_not_see(&scene.bob, &file).await;
    does_not_see(&scene.mallory, &file).await;
    scene.alice.posts("look").with_file(&file).in_room(&scene.den).await;
    sees(&scene.bob, &file).await;
    sees(&scene.alice, &file).await;
    does_not_see(&scene.mallory, &file).await;
    for path in paths(&file) {
        let answer = scene.fireside.anyone().get(&path).await;
        answer.refused(401, "authentication_required");
    }
}

#[tokio::test]
async fn who_joins_later_sees_it_and_who_leaves_does_not() {
    let scene = scene().await;
    let file = scene.alice.uploads("a.txt", b"for the den").await;
    scene.alice.posts("look").with_file(&file).in_room(&scene.den).await;
    scene.mallory.joins(&scene.den).await;
    sees(&scene.mallory, &file).await;
    scene.mallory.leaves(&scene.den).await;
    does_not_see(&scene.mallory, &file).await;
    sees(&scene.bob, &file).await;
}

#[tokio::test]
async fn a_foreign_file_looks_like_one_that_never_was() {
    let scene = scene().await;
    let file = scene.alice.uploads("a.txt", b"for the den").await;
    let [info, download] = paths(&file);
    for (path, never) in [(info, "/api/files/999999/"), (download, "/api/files/999999/download/")] {
        let foreign = scene.mallory.get(&path).await.refused(404, "not_found");
        let unknown = scene.mallory.get(never).await.refused(404, "not_found");
        assert_eq!(foreign.as_seen_by_a_prober(), unknown.as_seen_by_a_prober());
    }
}

#[tokio::test]
async fn a_file_goes_with_its_message_for_everyone_and_from_the_disk() {
    let scene = scene().await;
    let secret = b"a text that is nowhere else on this disk";
    let other = b"a text that stays where it is on this disk";
    let file = scene.alice.uploads("a.txt", secret).await;
    let kept = scene.alice.uploads("b.txt", other).await;
    let message = scene.alice.posts("look").with_file(&file).in_room(&scene.den).await;
    scene.alice.posts("this too").with_file(&kept).in_room(&scene.den).await;
    assert!(scene.fireside.home.keeps(secret), "the search does find a file");

    scene.alice.deletes(&message).await;
    for person in [&scene.alice, &scene.bob, &scene.mallory] {
        does_not_see(person, &file).await;
    }
    assert!(!scene.fireside.home.keeps(secret), "gone from the data folder");
    assert!(scene.fireside.home.keeps(other));
    sees(&scene.bob, &kept).await;
    let again = scene.alice.posts("again").with_file(&file).tried_in(&scene.den).await;
    again.names("attachments");
}

#[tokio::test]
async fn a_file_goes_with_its_room() {
    let scene = scene().await;
    let secret = b"a text that is nowhere else on this disk";
    let file = scene.alice.uploads("a.txt", secret).await;
    scene.alice.posts("look").with_file(&file).in_room(&scene.den).await;
    scene.alice.delete(&scene.den.path()).await.is(204);
    does_not_see(&scene.alice, &file).await;
    does_not_see(&scene.bob, &file).await;
    assert!(!scene.fireside.home.keeps(secret), "gone from the data folder");
}

#[tokio::test]
async fn equal_files_are_still_two() {
    let scene = scene().await;
    let bytes = b"the very same bytes in two files";
    let alices = scene.alice.uploads("a.txt", bytes).await;
    let bobs = scene.bob.uploads("b.txt", bytes).await;
    assert_ne!(id(&alices), id(&bobs));
    does_not_see(&scene.bob, &alices).await;
    let message = scene.alice.posts("mine").with_file(&alices).in_room(&scene.den).await;
    scene.alice.deletes(&message).await;
    sees(&scene.bob, &bobs).await;
    let [_, download] = paths(&bobs);
    assert_eq!(scene.bob.get(&download).await.is(200).body, bytes);
}

#[tokio::test]
async fn files_survive_a_restart() {
    let scene = scene().await;
    let file = scene.alice.uploads("a.txt", b"still here").await;
    scene.alice.posts("look").with_file(&file).in_room(&scene.den).await;
    let fireside = scene.fireside.dies_and_restarts().await;
    let bob = scene.bob.back_to(&fireside);
    let [_, download] = paths(&file);
    assert_eq!(bob.get(&download).await.is(200).body, b"still here");
}
