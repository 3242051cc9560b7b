//! Small pictures: a sky, a sun and hills, of colours by number.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

const WIDTH: u32 = 160;
const HEIGHT: u32 = 120;

/// A PNG file, the same for the same number.
pub(super) fn png(number: u64) -> std::io::Result<Vec<u8>> {
    let mut rows = Vec::new();
    for y in 0..HEIGHT {
        rows.push(0); // this row is not filtered
        for x in 0..WIDTH {
            rows.extend(colour(number, x, y));
        }
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&rows)?;
    let mut head = [WIDTH.to_be_bytes(), HEIGHT.to_be_bytes()].concat();
    head.extend([8, 2, 0, 0, 0]); // eight bits each of red, green and blue
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", head), (b"IDAT", packed.finish()?), (b"IEND", Vec::new())] {
        chunk(&mut file, *kind, &data);
    }
    Ok(file)
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let mut sum = Crc::new();
    sum.update(&kind);
    sum.update(data);
    file.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    file.extend(kind);
    file.extend(data);
    file.extend(sum.sum().to_be_bytes());
}

fn colour(number: u64, x: u32, y: u32) -> [u8; 3] {
    let bytes = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let part = |index: usize, of: u32| u32::from(bytes[index]) * of / 256;
    let (sun_x, sun_y) = (20 + part(0, 120), 15 + part(1, 35));
    let hill = 60 + part(2, 20) + (x.abs_diff(part(3, WIDTH)) / 3);
    let shade = |base: u32| u8::try_from(base.min(255)).unwrap_or(u8::MAX);
    if y > hill {
        return [shade(30 + part(4, 60)), shade(90 + part(5, 80) - y / 3), shade(40 + part(6, 50))];
    }
    if x.abs_diff(sun_x).pow(2) + y.abs_diff(sun_y).pow(2) < 150 {
        return [250, shade(200 + part(7, 50)), shade(90 + y)];
    }
    [shade(110 + part(5, 60) + y / 2), shade(150 + part(6, 30) + y / 2), shade(200 + part(7, 50))]
}

#[cfg(test)]
mod tests {
    use super::png;

    #[test]
    fn a_number_is_a_picture() {
        let one = png(1).expect("made");
        assert_eq!(infer::get(&one).expect("known").mime_type(), "image/png");
        assert_eq!(one, png(1).expect("made"));
        assert_ne!(one, png(2).expect("made"));
        assert!(one.len() < 20_000, "{} bytes", one.len());
    }
}
