//! Parts of files, as players and resumed downloads ask for them.

use crate::world::{Answer, Fireside, people};

const TEXT: &[u8] = b"0123456789";

async fn ten_bytes() -> (Fireside, impl AsyncFn(&str) -> Answer) {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let file = alice.uploads("ten.txt", TEXT).await;
    let url = file["url"].as_str().unwrap().to_owned();
    let ask = async move |range: &str| alice.get(&url).with("Range", range).await;
    (fireside, ask)
}

#[tokio::test]
async fn a_part_is_sent_with_its_place() {
    let (_fireside, ask) = ten_bytes().await;
    for (range, place, part) in [
        ("bytes=0-3", "bytes 0-3/10", "0123"),
        ("bytes=0-0", "bytes 0-0/10", "0"),
        ("bytes=4-", "bytes 4-9/10", "456789"),
        ("bytes=9-", "bytes 9-9/10", "9"),
        ("bytes=-3", "bytes 7-9/10", "789"),
        ("bytes=-10", "bytes 0-9/10", "0123456789"),
        ("bytes=-99", "bytes 0-9/10", "0123456789"),
        ("bytes=5-99", "bytes 5-9/10", "56789"),
        ("bytes=2-99999999999999999", "bytes 2-9/10", "23456789"),
    ] {
        let answer = ask(range).await.is(206);
        assert_eq!(answer.header("content-range"), place, "{range}");
        assert_eq!(answer.text(), part, "{range}");
        assert_eq!(answer.header("content-length"), part.len().to_string());
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").contains("sandbox"));
    }
}

#[tokio::test]
async fn a_part_that_is_not_there_is_refused() {
    let (_fireside, ask) = ten_bytes().await;
    for range in ["bytes=10-", "bytes=10-12", "bytes=100-200", "bytes=-0"] {
        let answer = ask(range).await.is(416);
        assert_eq!(answer.header("content-range"), "bytes */10", "{range}");
        assert!(!answer.text().contains("0123"), "{answer}");
    }
}

#[tokio::test]
async fn a_range_that_is_none_is_ignored() {
    let (_fireside, ask) = ten_bytes().await;
    for range in ["bytes=abc", "bytes=5-2", "bytes=", "bytes", "lines=0-1", "bytes=--1", "0-3"] {
        let answer = ask(range).await.is(200);
        assert_eq!(answer.body, TEXT, "{range}");
        assert!(!answer.has("content-range"), "{answer}");
        assert_eq!(answer.header("accept-ranges"), "bytes");
    }
}

#[tokio::test]
async fn a_part_of_a_foreign_file_is_as_hidden_as_the_whole() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let file = alice.uploads("ten.txt", TEXT).await;
    let url = file["url"].as_str().unwrap();
    for range in ["bytes=0-3", "bytes=10-", "bytes=5-2"] {
        let answer = bob.get(url).with("Range", range).await;
        answer.refused(404, "not_found");
    }
}
