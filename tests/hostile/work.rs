//! What one request can make the server do, however small it is.

use crate::world::bytes::{PNG, file};
use crate::world::Fireside;

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
