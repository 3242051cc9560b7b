//! Uploading: hostile names, hostile types, and what is too much.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::world::bytes::{HTML, PNG, Part, SVG};
use crate::world::{Answer, Fireside, Person, id};

const UPLOAD: &str = "/api/files/upload/";

async fn uploads_as(person: &Person, filename: &[u8]) -> Answer {
    let part = Part { field: "file", filename: Some(filename), content_type: Some("text/plain"), bytes: b"some text" };
    person.sends_parts(UPLOAD, &[part]).await
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[tokio::test]
async fn an_upload_is_described_as_documented() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let answer = alice.tries_to_upload("notes.txt", "text/plain", b"some text").await.is(201);
    let file = answer.json();
    assert_eq!(file["name"], "notes.txt");
    assert_eq!(file["size"], 9);
    assert_eq!(file["sha256"], sha256(b"some text").as_str());
    assert!(file["content_type"].is_string(), "{file}");
    assert!(file["created_at"].as_str().unwrap().ends_with('Z'));
    let url = file["url"].as_str().unwrap();
    assert!(url.ends_with(&format!("/api/files/{}/download/", id(&file))), "{url}");
    let info = alice.get(&format!("/api/files/{}/", id(&file))).await.is(200);
    assert_eq!(info.json(), file);
    let data = fireside.home.data();
    assert!(!info.text().contains(data.to_str().unwrap()), "{info}");
    let dialect = alice.through("/d/rooms").get(&format!("/api/files/{}", id(&file))).await;
    assert_eq!(dialect.is(200).json()["sha256"], file["sha256"]);
    assert_eq!(alice.get(url).await.is(200).body, b"some text");
}

#[tokio::test]
async fn any_bytes_come_back_as_they_were() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let every_byte: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
    for bytes in [every_byte.as_slice(), b"\r\n--\r\n\r\n", b"\0", HTML] {
        let file = alice.uploads("any.bin", bytes).await;
        assert_eq!(file["size"], bytes.len());
        assert_eq!(file["sha256"], sha256(bytes).as_str());
        let url = file["url"].as_str().unwrap();
        assert_eq!(alice.get(url).await.is(200).body, bytes);
    }
}

#[tokio::test]
async fn a_form_without_a_file_says_so() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let other_field =
        Part { field: "document", filename: Some(b"a.txt"), content_type: Some("text/plain"), bytes: b"x" };
    alice.sends_parts(UPLOAD, &[other_field]).await.names("file");
    alice.sends_parts(UPLOAD, &[]).await.names("file");
    let raw = |content_type: &str, body: &'static str| {
        let ask = alice.does(UPLOAD).with("Content-Type", content_type);
        ask.body(body)
    };
    raw("text/plain", "x").await.refused(415, "unsupported_media_type");
    for (content_type, body) in [
        ("multipart/form-data", "x"),
        ("multipart/form-data; boundary=b", "not a form"),
        ("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\""),
    ] {
        let answer = raw(content_type, body).await;
        assert!([400, 415].contains(&answer.status), "{answer}");
        let code = if answer.status == 400 { "validation_error" } else { "unsupported_media_type" };
        let status = answer.status;
        answer.refused(status, code);
    }
}

#[tokio::test]
async fn hostile_names_do_no_harm() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let long = "n".repeat(300);
    for name in [
        "../../etc/passwd",
        "..\\..\\windows\\system32",
        "/etc/passwd",
        "..",
        ".",
        "",
        "   ",
        "nul\0byte.txt",
        "photo\u{202e}gpj.exe",
        "tab\there.txt",
        "a\\\"b.txt",
        "%22quoted%22.txt",
        "semi;colon=x.txt",
        "<script>alert(1)</script>.html",
        "привет 🔥.txt",
        long.as_str(),
    ] {
        let answer = uploads_as(&alice, name.as_bytes()).await;
        if answer.status == 400 {
            answer.refused(400, "validation_error");
            continue;
        }
        comes_back_safely(&alice, &answer.is(201).json(), name).await;
    }
    // Nothing climbed out of the data folder.
    let above = fireside.home.data().parent().unwrap().join("etc");
    assert!(!above.exists());
}

async fn comes_back_safely(alice: &Person, file: &Value, sent: &str) {
    let name = file["name"].as_str().unwrap();
    assert!(!name.trim().is_empty(), "{sent:?}");
    assert!(name.chars().count() <= 255, "{name}");
    assert!(!name.contains(['/', '\\']), "{sent:?} became {name:?}");
    assert!(!name.chars().any(char::is_control), "{sent:?} became {name:?}");
    assert!(![".", ".."].contains(&name), "{name:?}");
    let answer = alice.get(file["url"].as_str().unwrap()).await.is(200);
    assert_eq!(answer.body, b"some text");
    // `header` asserts that it is plain ASCII on one line.
    let disposition = answer.header("content-disposition");
    assert!(disposition.starts_with("attachment"), "{disposition}");
    assert_eq!(disposition.matches('"').count() % 2, 0, "{disposition}");
}

#[tokio::test]
async fn a_harmless_name_is_kept_whatever_its_script() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for name in ["notes.txt", "two words.txt", "привет.txt"] {
        let file = uploads_as(&alice, name.as_bytes()).await.is(201).json();
        assert_eq!(file["name"], name);
        let answer = alice.get(file["url"].as_str().unwrap()).await.is(200);
        let encoded = answer.header("content-disposition").to_owned();
        assert!(encoded.contains("filename"), "{encoded}");
    }
}

#[tokio::test]
async fn a_line_break_in_a_name_writes_no_header() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for name in
        [b"a.txt%0d%0aSet-Cookie: evil=1".as_slice(), b"a.txt\r\nX-Evil: 1", b"a.txt\nX-Evil: 1", b"\xff\xfe.txt"]
    {
        let answer = uploads_as(&alice, name).await;
        assert!([201, 400].contains(&answer.status), "{answer}");
        if answer.status == 201 {
            let url = answer.json()["url"].as_str().unwrap().to_owned();
            let answer = alice.get(&url).await.is(200);
            assert!(!answer.has("x-evil") && !answer.has("set-cookie"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_type_is_what_the_bytes_are_not_what_is_claimed() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for (name, claimed, bytes, picture) in [
        ("page.html", "text/html", PNG, true),
        ("cat.png", "image/png", PNG, true),
        ("cat", "", PNG, true),
        ("cat.png", "image/png", HTML, false),
        ("page.html", "text/html", HTML, false),
        ("image.svg", "image/svg+xml", SVG, false),
        ("image.png", "image/png", SVG, false),
        ("code.js", "text/javascript", b"alert(1)", false),
    ] {
        let file = alice.tries_to_upload(name, claimed, bytes).await.is(201).json();
        let described = file["content_type"].as_str().unwrap();
        assert_eq!(described == "image/png", picture, "{name} as {claimed}: {described}");
        let answer = alice.get(file["url"].as_str().unwrap()).await.is(200);
        let shown = answer.header("content-type");
        assert_eq!(shown == "image/png", picture, "{name} as {claimed}: {shown}");
        let attached = answer
            .headers
            .get("content-disposition")
            .is_some_and(|value| value.to_str().unwrap().starts_with("attachment"));
        assert_eq!(attached, !picture, "{name} as {claimed}: {answer}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn an_upload_ends_at_the_limit() {
    let fireside = Fireside::start_with(&["--max-upload", "1000"]).await;
    let alice = fireside.registers("alice").await;
    let file = alice.uploads("fits.bin", &[7; 1000]).await;
    assert_eq!(file["size"], 1000);
    let marker = b"over the limit and not to be kept ".repeat(40);
    for over in [[7_u8; 1001].as_slice(), &marker, &[7; 100_000]] {
        let answer = alice.tries_to_upload("over.bin", "text/plain", over).await;
        answer.refused(413, "too_large");
    }
    assert!(!fireside.home.keeps(&marker[..34]), "no remains on the disk");
    alice.uploads("fits.bin", b"the next one passes").await;
}

#[tokio::test]
async fn ten_mebibytes_may_be_uploaded_by_default() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let limit = 10 * 1024 * 1024;
    let fits = vec![7; limit];
    let file = alice.uploads("fits.bin", &fits).await;
    assert_eq!(file["size"], limit);
    assert_eq!(file["sha256"], sha256(&fits).as_str());
    let over = vec![7; limit + 1];
    let answer = alice.tries_to_upload("over.bin", "text/plain", &over).await;
    answer.refused(413, "too_large");
}

#[tokio::test]
async fn a_form_has_sixty_four_parts_at_most() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let text = || crate::world::bytes::Part { field: "x", filename: None, content_type: None, bytes: b"y" };
    for (others, status) in [(63, 201), (64, 400), (999, 400)] {
        let mut parts: Vec<_> = (0..others).map(|_| text()).collect();
        parts.push(crate::world::bytes::file("last.txt", "text/plain", b"last"));
        let answer = alice.sends_parts("/api/files/upload/", &parts).await;
        assert_eq!(answer.status, status, "{others}: {answer}");
    }
    let files = fireside.home.data().join("files");
    assert_eq!(std::fs::read_dir(files).unwrap().count(), 1, "what was refused left nothing");
}
