//! A picture's bytes, decoded and made smaller.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::chat::model::preview::{MAX_PREVIEW_BYTES, Side};

/// Pixels of a picture that is decoded: a photograph of a good telephone.
const MAX_PIXELS: u64 = 32 * 1024 * 1024;
/// Memory that decoding one may take: its pixels with transparency, and some room beside.
const MAX_MEMORY: u64 = 160 * 1024 * 1024;
/// Pixels times passes over them: a JPEG of many passes is small, and takes minutes.
const MAX_WORK: u64 = 12 * MAX_PIXELS;
/// How well a JPEG is kept, of 100.
const QUALITY: u8 = 80;

/// The picture within a square of `side`, and as it was if it is smaller; without what else
/// stands in the file. `None`: it cannot be decoded within the bounds.
pub fn shrink(bytes: &[u8], side: Side) -> Option<Vec<u8>> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let is_jpeg = reader.format() == Some(ImageFormat::Jpeg);
    let mut reader = reader;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    let passes = if is_jpeg { passes(bytes) } else { 1 };
    if pixels > MAX_PIXELS || pixels.saturating_mul(passes) > MAX_WORK {
        return None;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let whole = DynamicImage::from_decoder(decoder).ok()?;
    let side = side.pixels();
    let mut small = if width > side || height > side { whole.thumbnail(side, side) } else { whole };
    small.apply_orientation(orientation);
    let written = write(&small)?;
    (i64::try_from(written.len()).ok()? <= MAX_PREVIEW_BYTES).then_some(written)
}

/// How many scans a JPEG has.
fn passes(bytes: &[u8]) -> u64 {
    bytes.windows(2).filter(|two| two == &[0xff, 0xda]).count().max(1) as u64
}

/// As PNG where anything shines through, else as JPEG.
fn write(picture: &DynamicImage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let with_alpha = picture.color().has_alpha().then(|| picture.to_rgba8());
    if let Some(picture) = with_alpha.filter(|picture| picture.pixels().any(|pixel| pixel.0[3] < u8::MAX)) {
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).ok()?;
    } else {
        JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&picture.to_rgb8()).ok()?;
    }
    Some(bytes)
}
