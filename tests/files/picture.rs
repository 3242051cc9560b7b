//! How large a picture is, as its header tells it.

use serde_json::{Value, json};

use crate::world::bytes::PNG;
use crate::world::{Fireside, id};

/// The beginning of a picture of 640 by 480.
fn gif() -> Vec<u8> {
    [b"GIF89a".as_slice(), &[0x80, 0x02, 0xe0, 0x01, 0, 0, 0, b';']].concat()
}

/// A photograph of 640 by 480 behind a preview that is longer than what tells a type.
fn jpeg() -> Vec<u8> {
    let preview = [[0xff, 0xe1, 0x40, 0x02].as_slice(), &[0; 0x4000]].concat();
    let size = [0xff, 0xc0, 0, 11, 8, 0x01, 0xe0, 0x02, 0x80, 1, 1, 0x11, 0];
    [[0xff, 0xd8].as_slice(), &preview, &size, &[0xff, 0xd9]].concat()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = PNG.to_vec();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    bytes
}

fn size(file: &Value) -> (Value, Value) {
    (file["width"].clone(), file["height"].clone())
}

#[tokio::test]
async fn a_picture_tells_its_size_wherever_it_is_shown() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let den = alice.opens_room("den").await;
    for (name, bytes) in [("a.gif", gif()), ("a.jpg", jpeg()), ("a.png", png(640, 480))] {
        let file = alice.uploads(name, &bytes).await;
        assert_eq!(size(&file), (json!(640), json!(480)), "{file}");
        let shown = alice.get(&format!("/api/files/{}/", id(&file))).await.is(200).json();
        assert_eq!(size(&shown), (json!(640), json!(480)), "{shown}");
        let message = alice.posts("look").with_file(&file).in_room(&den).await;
        assert_eq!(size(&message["attachments"][0]), (json!(640), json!(480)), "{message}");
        let path = format!("/messages/api/messages/{}/", id(&message));
        let read = alice.get(&path).await.is(200).json();
        assert_eq!(size(&read["attachments"][0]), (json!(640), json!(480)), "{read}");
    }
}

#[tokio::test]
async fn what_is_no_picture_or_lies_has_no_size() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let empty = png(0, 480);
    let vast = png(u32::MAX, 2);
    let cut = &PNG[..18];
    let files: [(&str, &[u8]); 5] = [
        ("notes.txt", b"640x480"),
        ("empty.png", &empty),
        ("vast.png", &vast),
        ("cut.png", cut),
        ("cut.jpg", &[0xff, 0xd8, 0xff, 0xe0]),
    ];
    for (name, bytes) in files {
        let file = alice.uploads(name, bytes).await;
        assert_eq!(size(&file), (Value::Null, Value::Null), "{file}");
    }
}

#[tokio::test]
async fn downloads_are_not_counted_as_requests() {
    let fireside = Fireside::start_with_limits(&["--limit-api", "5/min"]).await;
    let alice = fireside.registers("alice").await;
    let file = alice.uploads("dot.png", PNG).await;
    let url = file["url"].as_str().unwrap();
    for _ in 0..20 {
        alice.get(url).await.is(200);
    }
    let mut refused = false;
    for _ in 0..20 {
        refused |= alice.get(&format!("/api/files/{}/", id(&file))).await.status == 429;
    }
    assert!(refused, "what is said of it is counted");
}
