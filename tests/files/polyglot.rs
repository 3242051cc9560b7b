//! Files that are two things at once, or not what they begin like: none runs as a page.

use serde_json::Value;

use crate::world::bytes::{PNG, Part, file};
use crate::world::{Answer, Fireside, Person};

const SCRIPT: &[u8] = b"<html><script>alert(document.cookie)</script></html>";
/// What a browser draws or plays, and never runs.
const DRAWN: [&str; 3] = ["image/", "audio/", "video/"];

fn polyglots() -> Vec<(&'static str, Vec<u8>)> {
    let with = |begin: &[u8]| [begin, SCRIPT].concat();
    let utf16 = |text: &str| -> Vec<u8> {
        [0xfe_u8, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect()
    };
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
    vec![
        ("gif and page", with(b"GIF89a/*\x01\x00\x01\x00\x00\x00\x00;*/=1;")),
        ("gif and script", b"GIF89a=1;alert(1)//".to_vec()),
        ("png and page", [PNG, SCRIPT].concat()),
        ("jpeg and page", with(b"\xff\xd8\xff\xfe\x00\x40")),
        ("bitmap and page", with(b"BM")),
        ("icon and page", with(b"\x00\x00\x01\x00")),
        ("webp and page", with(b"RIFF\x24\x00\x00\x00WEBPVP8 ")),
        ("wave and page", with(b"RIFF\x24\x00\x00\x00WAVEfmt ")),
        ("mp3 and page", with(b"ID3\x04")),
        ("mp4 and page", with(b"\x00\x00\x00\x18ftypmp42")),
        ("ogg and page", with(b"OggS")),
        ("page", SCRIPT.to_vec()),
        ("page behind space", with(b" \r\n\t\x0c")),
        ("page behind a mark", with(b"\xef\xbb\xbf")),
        ("page behind zeros", with(&[0; 600])),
        ("page in utf-16", utf16("<html><script>alert(1)</script>")),
        ("drawing", svg.into()),
        ("drawing behind a comment", format!("<?xml version=\"1.0\"?><!-- {} -->{svg}", "x".repeat(5_000)).into()),
        ("drawing in utf-16", utf16(svg)),
        ("packed drawing", b"\x1f\x8b\x08\x00\x00\x00\x00\x00".to_vec()),
        ("xml", b"<?xml version=\"1.0\"?><?xml-stylesheet href=\"x.xsl\" type=\"text/xsl\"?><a/>".to_vec()),
        ("xhtml", b"<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><script/></html>".to_vec()),
        ("paper", b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>".to_vec()),
        ("paper behind a page", [SCRIPT, b"%PDF-1.7"].concat()),
        ("mail", b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x".to_vec()),
        ("flash", b"CWS\x0a\x00\x00\x00\x00".to_vec()),
        ("archive", with(b"PK\x03\x04")),
        ("postscript", b"%!PS-Adobe-3.0".to_vec()),
        ("webassembly", b"\0asm\x01\0\0\0".to_vec()),
        ("script", b"#!/bin/sh\nalert(1)".to_vec()),
    ]
}

/// Whatever it is, a browser does nothing with it but draw it or save it.
#[track_caller]
fn is_tame(answer: &Answer, what: &str) -> bool {
    let kind = answer.header("content-type");
    let disposition = answer.headers.get("content-disposition").map_or("inline", |value| value.to_str().unwrap());
    let is_shown = !disposition.starts_with("attachment");
    let is_drawn = DRAWN.iter().any(|drawn| kind.starts_with(drawn)) && !kind.contains("svg");
    assert!(is_drawn || !is_shown, "{what} is shown as {kind}");
    assert!(!["html", "xml", "script", "pdf"].iter().any(|runs| kind.contains(runs)) || !is_shown, "{what}: {kind}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{what}: {policy}");
    assert!(!policy.contains("allow-"), "{what}: {policy}");
    is_shown
}

#[tokio::test]
async fn what_is_two_things_is_at_most_a_picture() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let mut shown = Vec::new();
    for (what, bytes) in polyglots() {
        for (name, claimed) in [("a.html", "text/html"), ("a.svg", "image/svg+xml"), ("a.png", "image/png"), ("a", "")]
        {
            let file = alice.tries_to_upload(name, claimed, &bytes).await.is(201).json();
            let answer = alice.get(file["url"].as_str().unwrap()).await.is(200);
            assert_eq!(answer.body, bytes, "{what}");
            if is_tame(&answer, what) {
                shown.push(what);
            }
        }
    }
    assert!(shown.contains(&"gif and page") && shown.contains(&"png and page"), "they are pictures: {shown:?}");
    for never in ["page", "drawing", "xml", "xhtml", "paper", "page behind zeros", "paper behind a page", "archive"] {
        assert!(!shown.contains(&never), "{never}");
    }
}

#[tokio::test]
async fn what_is_two_things_is_a_tame_avatar_or_none() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let path = format!("/api/users/{}/", alice.id);
    let (mut taken, mut refused) = (0, 0);
    for (what, bytes) in polyglots() {
        let part = Part { field: "avatar", ..file("me.svg", "image/svg+xml", &bytes) };
        let answer = alice.asks(reqwest::Method::PATCH, &path).parts(&[part]).await;
        if answer.status == 400 {
            answer.names("avatar");
            refused += 1;
            continue;
        }
        let url = answer.is(200).json()["avatar_url"].as_str().unwrap().to_owned();
        let shown = fireside.anyone().get(&url).await.is(200);
        assert!(shown.header("content-type").starts_with("image/"), "{what}: {shown}");
        is_tame(&shown, what);
        taken += 1;
    }
    assert!(taken >= 2 && refused >= 15, "{taken} taken, {refused} refused");
}

async fn stored(fireside: &Fireside) -> usize {
    std::fs::read_dir(fireside.home.data().join("files")).map_or(0, Iterator::count)
}

/// The form of one file, cut off or with a length that is not its own.
async fn sends_cut(fireside: &Fireside, alice: &Person, body: &[u8], length: usize) -> Option<u16> {
    let head = format!(
        "POST /api/files/upload/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token {}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n",
        alice.token
    );
    let bytes = [head.as_bytes(), body].concat();
    let mut tcp = fireside.connects().await;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    tcp.write_all(&bytes).await.ok();
    if body.len() < length {
        // Nothing more will come.
        tcp.shutdown().await.ok();
    }
    let mut answer = Vec::new();
    let read = tokio::time::timeout(std::time::Duration::from_secs(20), tcp.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "left open after {length}");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.get(9..12).and_then(|status| status.parse().ok())
}

#[tokio::test]
async fn a_form_that_ends_early_or_lies_of_its_length_leaves_nothing() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let form =
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nsome text\r\n--b--\r\n";
    assert_eq!(sends_cut(&fireside, &alice, form, form.len()).await, Some(201), "whole, it is taken");
    let before = stored(&fireside).await;
    for end in (0..form.len() - 4).step_by(3) {
        for length in [end, form.len(), 100_000] {
            let status = sends_cut(&fireside, &alice, &form[..end], length).await;
            assert!(status.is_none_or(|status| (400..500).contains(&status)), "{end} of {length}: {status:?}");
        }
    }
    // A length that is too short ends the form early; the rest is no request.
    for length in [1, form.len() / 2, form.len() - 10] {
        let status = sends_cut(&fireside, &alice, form, length).await;
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{length}: {status:?}");
    }
    assert_eq!(stored(&fireside).await, before, "nothing of them is kept");
    alice.get("/api/auth/me/").await.is(200);
}

#[tokio::test]
async fn a_name_of_any_length_and_a_file_of_none_are_told_or_tamed() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let empty = alice.tries_to_upload("empty.txt", "text/plain", b"").await;
    if empty.status == 201 {
        let answer = alice.get(empty.json()["url"].as_str().unwrap()).await.is(200);
        assert!(answer.body.is_empty() && answer.header("content-length") == "0", "{answer}");
    } else {
        empty.names("file");
    }
    for name in [
        "n".repeat(10_000),
        format!("{}.txt", "\u{202e}".repeat(3_000)),
        format!("{}/evil.txt", "../".repeat(2_000)),
        "\u{feff}\u{200b}.txt".to_owned(),
        "a\u{7f}\u{85}b.txt".to_owned(),
        "CON".to_owned(),
        "C:\\autoexec.bat".to_owned(),
        "a.txt\u{2028}b".to_owned(),
    ] {
        let answer = alice.tries_to_upload(&name, "text/plain", b"some text").await;
        if answer.status != 201 {
            assert!([400, 413].contains(&answer.status), "{answer}");
            continue;
        }
        let file: Value = answer.json();
        let kept = file["name"].as_str().unwrap();
        assert!((1..=255).contains(&kept.chars().count()), "{kept:?}");
        assert!(!kept.contains(['/', '\\', '\u{202e}']) && !kept.contains(char::is_control), "{kept:?}");
        let got = alice.get(file["url"].as_str().unwrap()).await.is(200);
        assert!(got.header("content-disposition").starts_with("attachment"), "{got}");
    }
    let twice = [file("a.txt", "text/plain", b"one"), file("b.txt", "text/plain", b"two")];
    let before = stored(&fireside).await;
    let answer = alice.sends_parts("/api/files/upload/", &twice).await;
    assert!([201, 400].contains(&answer.status), "{answer}");
    assert!(stored(&fireside).await <= before + 1, "one request is one file at most");
}
