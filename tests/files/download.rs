//! Downloading: the headers that keep a file from acting, and caching.

use reqwest::Method;

use crate::world::bytes::{HTML, PNG};
use crate::world::{Fireside, Person};

async fn url_of(person: &Person, name: &str, bytes: &[u8]) -> String {
    let file = person.uploads(name, bytes).await;
    file["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_cannot_act_as_a_page_of_this_site() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for (name, bytes) in [("page.html", HTML), ("cat.png", PNG), ("notes.txt", b"text")] {
        let answer = alice.get(&url_of(&alice, name, bytes).await).await.is(200);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("sandbox"), "{policy}");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe-") && !policy.contains("allow-"), "{policy}");
        assert!(!answer.header("content-type").starts_with("text/html"), "{answer}");
        assert_eq!(answer.header("content-length"), bytes.len().to_string());
    }
}

#[tokio::test]
async fn a_picture_is_shown_and_all_else_is_saved() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";
    for (name, bytes, shown) in [
        ("cat.png", PNG, true),
        ("cat.gif", gif.as_slice(), true),
        ("page.html", HTML, false),
        ("notes.txt", b"text", false),
        ("paper.pdf", b"%PDF-1.4\n", false),
    ] {
        let answer = alice.get(&url_of(&alice, name, bytes).await).await.is(200);
        let disposition = answer.headers.get("content-disposition").map_or("inline", |value| value.to_str().unwrap());
        let kind = if shown { "inline" } else { "attachment" };
        assert!(disposition.starts_with(kind), "{name}: {disposition}");
        if !shown {
            assert!(disposition.contains("filename"), "{disposition}");
            assert!(disposition.contains(name), "{disposition}");
        }
    }
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let url = url_of(&alice, "notes.txt", b"some text").await;
    let other = url_of(&alice, "notes.txt", b"other text").await;
    let first = alice.get(&url).await.is(200);
    let tag = first.header("etag");
    assert!(tag.ends_with('"') && tag.len() > 2, "{tag}");
    assert_ne!(alice.get(&other).await.is(200).header("etag"), tag);
    for known in [tag.to_owned(), format!("\"other\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
        let answer = alice.get(&url).with("If-None-Match", &known).await.is(304);
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("etag"), tag);
    }
    for unknown in ["\"other\"", "garbage", ""] {
        let answer = alice.get(&url).with("If-None-Match", unknown).await.is(200);
        assert_eq!(answer.body, b"some text");
    }
    // Knowing a tag is no right to the file.
    let stranger = fireside.registers("bob").await;
    let answer = stranger.get(&url).with("If-None-Match", tag).await;
    answer.refused(404, "not_found");
}

#[tokio::test]
async fn head_tells_what_get_would() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let url = url_of(&alice, "notes.txt", b"some text").await;
    let got = alice.get(&url).await.is(200);
    let head = alice.asks(Method::HEAD, &url).await.is(200);
    assert!(head.body.is_empty());
    for header in
        ["content-length", "content-type", "etag", "content-disposition", "content-security-policy", "accept-ranges"]
    {
        assert_eq!(head.header(header), got.header(header), "{header}");
    }
    let stranger = fireside.registers("bob").await;
    assert_eq!(stranger.asks(Method::HEAD, &url).await.status, 404);
    assert_eq!(fireside.anyone().asks(Method::HEAD, &url).await.status, 401);
}
