//! What one request can make the server do, however small it is.

use crate::world::bytes::{PNG, file};
use crate::world::{Fireside, id};

const MIB: usize = 1024 * 1024;

/// A head that goes on for longer than any is answered before the rest of it has come.
#[tokio::test]
async fn the_head_of_a_part_ends() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let begin = "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\nX-More: ";
    for start in [begin, "--edge\r\n", "no part at all: "] {
        let head = format!(
            "POST /api/files/upload/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token {}\r\nConnection: close\r\n\
             Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: {}\r\n\r\n{start}",
            alice.token,
            8 * MIB
        );
        let bytes = [head.as_bytes(), &vec![b'x'; MIB]].concat();
        let answer = fireside.hears_bytes(&bytes).await;
        answer.refused(413, "too_large");
    }
    let long = format!("multipart/form-data; boundary={}", "e".repeat(71));
    let upload = alice.does("/api/files/upload/").with("content-type", &long).body("");
    upload.await.refused(400, "validation_error");
    // What is no head may be as long as ever.
    let bytes = vec![7; 4 * MIB];
    let parts = [file("long.bin", "application/octet-stream", &bytes)];
    assert_eq!(alice.sends_parts("/api/files/upload/", &parts).await.is(201).json()["size"], 4 * MIB);
}

/// A JPEG whose size stands behind so many bytes of segments, each as short as there are.
fn jpeg(bytes: usize) -> Vec<u8> {
    let size = [0xff, 0xc0, 0, 11, 8, 0x01, 0xe0, 0x02, 0x80, 1, 1, 0x11, 0];
    [&[0xff, 0xd8], [0xff, 0xe1, 0, 2].repeat(bytes / 4).as_slice(), &size, &[0xff, 0xd9]].concat()
}

#[tokio::test]
async fn a_picture_is_not_searched_to_its_end_for_its_size() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for (bytes, width) in [(256 * 1024, Some(640)), (9 * MIB, None)] {
        let stored = alice.uploads("a.jpg", &jpeg(bytes)).await;
        assert_eq!(stored["width"].as_i64(), width, "behind {bytes} bytes: {stored}");
        assert_eq!(stored["content_type"], "image/jpeg");
    }
    assert_eq!(alice.uploads("dot.png", PNG).await["width"], 1);
}

/// What comes in by a hook is put into our words in a time that its length bounds, however it is made.
#[tokio::test]
async fn the_words_of_a_hook_are_looked_through_once() {
    const TEXTS: [&str; 4] = ["<", "<@", "<a://", "`*"];
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    let hooks = format!("/messages/api/chats/{}/hooks/", den.id);
    let hook = alice.post(&hooks, &serde_json::json!({"label": "ci"})).await.is(201).json();
    let says = async |text: &str| {
        let begun = std::time::Instant::now();
        fireside.anyone().post(hook["url"].as_str().unwrap(), &serde_json::json!({"text": text})).await.is(200);
        begun.elapsed()
    };
    // The quickest of some is what the machine can do; the slowest, what else it has to.
    let quickest = async |text: &str| {
        let mut times = Vec::new();
        for _ in 0..4 {
            times.push(says(text).await);
        }
        times.into_iter().min().unwrap()
    };
    let plain = quickest(&"a ".repeat(100_000)).await;
    for text in TEXTS {
        let took = quickest(&text.repeat(200_000 / text.len())).await;
        assert!(took < 8 * plain + std::time::Duration::from_millis(150), "`{text}`: {took:?}, plain {plain:?}");
    }
}

/// Lists that their documents want whole come in pieces, between which others have their turn.
#[tokio::test]
async fn whole_lists_are_written_as_they_are_read() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let crowd = fireside.registers_crowd(101).await;
    let everybody: Vec<i64> = std::iter::once(alice.id).chain(crowd.iter().map(|guest| guest.id)).collect();
    for guest in &crowd[..3] {
        alice.post("/api/chats/create/", &serde_json::json!({"user_id": guest.id})).await.is(201);
    }
    let lists = [
        ("/accounts/api/users/", everybody.clone()),
        ("/d/directs/api/users/", everybody[1..].to_vec()),
        ("/d/directs/api/chats/", vec![3, 2, 1]),
        ("/messenger/api/chatrooms/", vec![1, 2, 3]),
        ("/messenger/api/user/chatrooms/", vec![1, 2, 3]),
    ];
    for (path, wanted) in lists {
        let answer = alice.get(path).await.is(200);
        // One that is over with its first piece has a length.
        assert_eq!(answer.has("content-length"), wanted.len() < 100, "{path}");
        let listed: Vec<i64> = answer.json().as_array().unwrap().iter().map(id).collect();
        assert_eq!(listed, wanted, "{path}");
    }
    let last = everybody.len().to_string();
    let guest = &crowd[100];
    assert_eq!(guest.id.to_string(), last);
    let others = guest.get("/d/directs/api/users/").await.is(200).json();
    assert_eq!(others.as_array().unwrap().len(), 101, "the last one is left out, and nobody else");
    assert!(guest.get("/d/directs/api/chats/").await.is(200).json().as_array().unwrap().is_empty());
    // A page is no such list.
    assert!(alice.get("/api/users/?page=1").await.is(200).has("content-length"));
}

#[tokio::test]
async fn pages_far_down_are_found_and_past_the_end_are_not() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    for number in 0..1_020 {
        alice.posts(&format!("{number}")).in_room(&den).await;
    }
    let page = |path: &str, number: u32| alice.get(&format!("{path}?page_size=1&page={number}"));
    let messaging = format!("/messages/api/chats/{}/messages/", den.id);
    for path in [den.messages(), messaging] {
        for (number, said) in [(1, "1019"), (1_002, "18"), (1_020, "0")] {
            assert_eq!(page(&path, number).await.is(200).results()[0]["content"], said);
        }
        for number in [1_021, 4_000_000, u32::MAX] {
            assert!(page(&path, number).await.is(404).text().contains("Invalid page."));
        }
    }
}
