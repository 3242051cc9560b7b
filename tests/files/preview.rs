//! Small pictures of pictures.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use crate::world::bytes::PNG;
use crate::world::{Answer, Fireside, Person, id, people};

/// Something with detail, so that a smaller one is shorter, too.
fn photograph(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let noise = |x: u32, y: u32| ((x * 7 + y * 13) ^ (x * y / 3)).to_le_bytes()[0];
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([noise(x, y), noise(y, x), noise(x + y, y)]));
    written(&DynamicImage::from(picture), format)
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn preview(who: &Person, file: i64, size: &str) -> Answer {
    who.get(&format!("/api/files/{file}/preview/?size={size}")).await
}

/// Width, height and the longer of them.
fn size(answer: &Answer) -> (u32, u32) {
    let picture = image::load_from_memory(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.asked));
    (picture.width(), picture.height())
}

#[tokio::test]
async fn pictures_are_made_to_fit_and_never_grow() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let bytes = photograph(800, 400, format);
        let file = id(&alice.uploads("a picture", &bytes).await);
        for (side, expected) in [("64", (64, 32)), ("320", (320, 160))] {
            let small = preview(&alice, file, side).await.is(200);
            assert_eq!(size(&small), expected, "{format:?}");
            assert!(small.body.len() < bytes.len(), "{format:?}");
            assert_eq!(small.header("content-type"), "image/jpeg", "nothing shines through");
            assert_eq!(small.header("content-security-policy"), "sandbox; default-src 'none'");
            assert_eq!(small.header("x-content-type-options"), "nosniff");
            assert!(small.header("content-disposition").starts_with("inline"), "{small}");
            let again = alice.get(&format!("/api/files/{file}/preview/?size={side}"));
            again.with("If-None-Match", small.header("etag")).await.is(304);
            assert_eq!(preview(&alice, file, side).await.is(200).body, small.body, "made once");
        }
        let large = preview(&alice, file, "1280").await.is(200);
        assert_eq!(size(&large), (800, 400), "never larger than the original: {format:?}");
        assert!(large.body.len() <= bytes.len(), "{format:?}");
    }
    let fireside = fireside.restarts().await;
    let alice = alice.back_to(&fireside);
    assert_eq!(size(&preview(&alice, 1, "64").await.is(200)), (64, 32));
    let clear = RgbaImage::from_fn(400, 400, |x, y| {
        Rgba([x.to_le_bytes()[0], y.to_le_bytes()[0], 7, if x > 200 { 0 } else { 255 }])
    });
    let clear = id(&alice.uploads("clear.png", &written(&clear.into(), ImageFormat::Png)).await);
    let small = preview(&alice, clear, "64").await.is(200);
    assert_eq!((small.header("content-type"), size(&small)), ("image/png", (64, 64)));
}

#[tokio::test]
async fn what_is_no_picture_has_no_preview() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let mut bomb = PNG.to_vec();
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    let whole = photograph(800, 400, ImageFormat::Png);
    let passes = [photograph(2_000, 2_000, ImageFormat::Jpeg), [0xff, 0xda].repeat(100_000)].concat();
    let files: [(&str, &[u8]); 6] = [
        ("notes.txt", b"words"),
        ("page.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"><rect/></svg>"),
        ("empty", b""),
        ("bomb.png", &bomb),
        ("cut.png", &whole[..whole.len() / 3]),
        ("passes.jpg", &passes),
    ];
    for (name, bytes) in files {
        let file = id(&alice.uploads(name, bytes).await);
        for _ in 0..2 {
            preview(&alice, file, "64").await.refused(404, "not_found");
        }
    }
    let memory = fireside.memory();
    assert!(memory < 400 * 1024, "{memory} KiB: the header was believed before it was looked at");
    let file = id(&alice.uploads("a.png", &whole).await);
    for wrong in ["", "0", "65", "-64", "64.0", "64px", "99999999999999999999"] {
        preview(&alice, file, wrong).await.names("size");
    }
    alice.get(&format!("/api/files/{file}/preview/")).await.names("size");
}

#[tokio::test]
async fn a_preview_is_for_those_who_may_have_the_picture() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob, eve);
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let cat = alice.uploads("cat.jpg", &photograph(640, 480, ImageFormat::Jpeg)).await;
    let file = id(&cat);
    let unknown = preview(&bob, 999_999, "64").await.refused(404, "not_found");
    let hers = preview(&bob, file, "64").await.refused(404, "not_found");
    assert_eq!(hers.as_seen_by_a_prober(), unknown.as_seen_by_a_prober());
    let message = alice.posts("look").with_file(&cat).in_room(&den).await;
    assert_eq!(size(&preview(&bob, file, "320").await.is(200)), (320, 240));
    let outside = preview(&eve, file, "320").await.refused(404, "not_found");
    assert_eq!(outside.as_seen_by_a_prober(), unknown.as_seen_by_a_prober());
    let path = format!("/api/files/{file}/preview/?size=320");
    fireside.anyone().get(&path).await.refused(401, "authentication_required");
    let previews = || std::fs::read_dir(fireside.home.data().join("previews")).unwrap().count();
    assert_eq!(previews(), 1);
    bob.leaves(&den).await;
    preview(&bob, file, "320").await.refused(404, "not_found");
    alice.deletes(&message).await;
    preview(&alice, file, "320").await.refused(404, "not_found");
    assert_eq!(previews(), 0, "it goes with its picture");
}

#[tokio::test]
async fn avatars_come_in_small() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let face = photograph(600, 600, ImageFormat::Jpeg);
    let upload = id(&alice.uploads("face.jpg", &face).await);
    let me = alice.patch(&format!("/api/users/{}/", alice.id), &serde_json::json!({"avatar": upload})).await.is(200);
    let url = me.json()["avatar_url"].as_str().unwrap().to_owned();
    let small = fireside.anyone().get(&format!("{url}?size=64")).await.is(200);
    assert_eq!(size(&small), (64, 64));
    assert!(small.body.len() * 4 < face.len(), "{} of {}", small.body.len(), face.len());
    assert!(small.header("cache-control").contains("immutable"));
    assert_eq!(fireside.anyone().get(&url).await.is(200).body, face, "and whole without a size");
    fireside.anyone().get(&format!("{url}?size=7")).await.names("size");
    fireside.anyone().get("/media/user_images/nobody?size=64").await.refused(404, "not_found");
}
