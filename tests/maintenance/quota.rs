//! How much files may take: a user's, and all of them together.

use serde_json::json;
use tokio::task::JoinSet;

use crate::world::bytes::{PNG, Part, file};
use crate::world::{Answer, Fireside, Home, Person, people};

const KIB: usize = 1024;

fn stored(home: &Home, user: i64) -> i64 {
    super::number(home, &format!("SELECT stored_bytes FROM users WHERE id = {user}"))
}

async fn tries(person: &Person, bytes: usize) -> Answer {
    person.tries_to_upload("some.bin", "application/octet-stream", &vec![7; bytes]).await
}

/// What lies in the folder of files, whole or on its way.
fn files_on_disk(home: &Home) -> usize {
    std::fs::read_dir(home.data().join("files")).unwrap().count()
}

#[tokio::test]
async fn a_user_keeps_as_much_as_allowed_and_gets_it_back() {
    let fireside = Fireside::start_with(&["--quota-user", "100KiB"]).await;
    people!(fireside: alice, bob);
    let den = alice.opens_room("den").await;
    assert_eq!(fireside.anyone().get("/api/server/").await.json()["limits"]["stored_bytes"], 100 * KIB);
    let first = tries(&alice, 60 * KIB).await.is(201).json();
    let said = alice.posts("").with_file(&first).in_room(&den).await;
    tries(&alice, 60 * KIB).await.refused(507, "insufficient_storage");
    tries(&alice, 40 * KIB).await.is(201);
    assert_eq!((stored(&fireside.home, alice.id), files_on_disk(&fireside.home)), (100 * 1024, 2));
    tries(&alice, 1).await.refused(507, "insufficient_storage");
    for path in ["/api/files/upload/", "/d/rooms/api/files/upload/"] {
        let answer = alice.sends_parts(path, &[file("a", "text/plain", b"a")]).await;
        answer.refused(507, "insufficient_storage");
    }
    let picture = Part { field: "avatar", ..file("me.png", "image/png", PNG) };
    let form = alice.asks(reqwest::Method::PATCH, &format!("/api/users/{}/", alice.id)).parts(&[picture]).await;
    form.refused(507, "insufficient_storage");
    assert_eq!(files_on_disk(&fireside.home), 2, "nothing of what was refused is there");
    tries(&bob, 100 * KIB).await.is(201);
    alice.deletes(&said).await;
    assert_eq!(stored(&fireside.home, alice.id), 40 * 1024);
    tries(&alice, 60 * KIB).await.is(201);
    fireside.home.runs(&["check", "--deep", "--min-free", "0"], "").await.succeeded();
}

#[tokio::test]
async fn all_together_keep_as_much_as_allowed() {
    let fireside = Fireside::start_with(&["--quota-user", "1MiB", "--quota-all", "100KiB"]).await;
    let crowd = fireside.registers_crowd(3).await;
    tries(&crowd[0], 60 * KIB).await.is(201);
    tries(&crowd[1], 41 * KIB).await.refused(507, "insufficient_storage");
    tries(&crowd[1], 40 * KIB).await.is(201);
    tries(&crowd[2], 1).await.refused(507, "insufficient_storage");
    crowd[2].post("/api/rooms/", &json!({"name": "room enough for words"})).await.is(201);
    let fireside = fireside.restarts().await;
    tries(&crowd[2].back_to(&fireside), 1).await.refused(507, "insufficient_storage");
    for wrong in ["1.5GiB", "-1", "much"] {
        Home::new().refuses_to_serve(&["--quota-all", wrong]).await.failed_with(2);
    }
}

#[tokio::test]
async fn uploads_at_once_do_not_pass_it_together() {
    let size = 30 * KIB;
    for flags in [["--quota-user", "100KiB"], ["--quota-all", "100KiB"]] {
        let fireside = Fireside::start_with(&flags).await;
        let alice = fireside.registers("alice").await;
        let mut uploads = JoinSet::new();
        for _ in 0..16 {
            let alice = alice.clone();
            uploads.spawn(async move { tries(&alice, size).await });
        }
        let mut taken = 0;
        while let Some(answer) = uploads.join_next().await {
            let answer = answer.unwrap();
            if answer.status == 201 {
                taken += 1;
            } else {
                answer.refused(507, "insufficient_storage");
            }
        }
        assert!(taken <= 3, "{taken} of {size} bytes in 100 KiB");
        assert_eq!(stored(&fireside.home, alice.id), i64::try_from(taken * size).unwrap());
        // What was refused holds nothing any more.
        for _ in taken..3 {
            tries(&alice, size).await.is(201);
        }
        tries(&alice, size).await.refused(507, "insufficient_storage");
        tries(&alice, 10 * KIB).await.is(201);
        assert_eq!(files_on_disk(&fireside.home), 4);
    }
}

#[tokio::test]
async fn an_upload_on_its_way_holds_its_share_until_it_is_cut() {
    let fireside = Fireside::start_with(&["--quota-user", "100KiB"]).await;
    let alice = fireside.registers("alice").await;
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"slow\"\r\n\r\n";
    let (sender, body) = tokio::sync::mpsc::channel::<Vec<u8>>(4);
    let stream = futures_util::stream::unfold(body, async |mut body| {
        let bytes = body.recv().await?;
        Some((Ok::<_, std::io::Error>(bytes), body))
    });
    let request = reqwest::Client::new()
        .post(format!("{}/api/files/upload/", fireside.url))
        .header("authorization", format!("Token {}", alice.token))
        .header("content-type", "multipart/form-data; boundary=b")
        .body(reqwest::Body::wrap_stream(stream));
    let slow = tokio::spawn(request.send());
    sender.send(head.as_bytes().to_vec()).await.unwrap();
    sender.send(vec![7; 80 * KIB]).await.unwrap();
    for _ in 0..100 {
        let size = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().metadata().unwrap().len();
        let bytes: u64 = std::fs::read_dir(fireside.home.data().join("files")).unwrap().map(size).sum();
        if bytes > 70 * 1024 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    tries(&alice, 40 * KIB).await.refused(507, "insufficient_storage");
    slow.abort();
    drop(sender);
    for attempt in 0.. {
        if tries(&alice, 40 * KIB).await.status == 201 {
            break;
        }
        assert!(attempt < 200, "the share of an upload that was cut is never given back");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(files_on_disk(&fireside.home), 1);
}
