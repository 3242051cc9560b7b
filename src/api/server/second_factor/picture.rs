//! A QR code as a picture: lines, dark on white whatever is around it. So cameras want it.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// White modules around the code.
const QUIET: usize = 4;

/// The code of a text, as an SVG. Empty for one that is too long for any.
pub fn drawn(text: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::L) else { return String::new() };
    let (width, colors) = (code.width(), code.to_colors());
    let mut dark = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        for (x, run) in runs(row) {
            write!(dark, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET).unwrap_or_default();
        }
    }
    let side = width + 2 * QUIET;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{dark}"/></svg>"##
    )
}

/// Where dark modules begin that stand side by side, and how many they are.
fn runs(row: &[Color]) -> impl Iterator<Item = (usize, usize)> {
    let starts = (0..row.len()).filter(|x| row[*x] == Color::Dark && (*x == 0 || row[*x - 1] == Color::Light));
    starts.map(|x| (x, row[x..].iter().take_while(|color| **color == Color::Dark).count()))
}

#[cfg(test)]
mod tests {
    use super::{QUIET, drawn, runs};
    use qrcode::{Color, QrCode};

    #[test]
    fn the_picture_is_dark_where_the_code_is() {
        let text = "otpauth://totp/Fireside:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Fireside";
        let svg = drawn(text);
        let code = QrCode::with_error_correction_level(text, qrcode::EcLevel::L).expect("a code");
        let path = svg.split("<path d=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a path");
        let mut dark = 0;
        for piece in path.split('M').skip(1) {
            let (at, rest) = piece.split_once('h').expect("a line");
            let (x, y) = at.split_once(' ').expect("a place");
            let [x, y] = [x, y].map(|text| text.parse::<usize>().expect("a number") - QUIET);
            let run: usize = rest.split('v').next().expect("a length").parse().expect("a number");
            assert!((x..x + run).all(|x| code[(x, y)] == Color::Dark), "{piece}");
            dark += run;
        }
        assert_eq!(dark, code.to_colors().iter().filter(|color| **color == Color::Dark).count());
        assert!(svg.contains(&format!("0 0 {0} {0}", code.width() + 2 * QUIET)));
        assert_eq!(drawn(&"x".repeat(5_000)), "");
    }

    #[test]
    fn modules_side_by_side_are_one_line() {
        use Color::{Dark, Light};
        let row = [Dark, Dark, Light, Dark, Light, Light, Dark];
        assert_eq!(runs(&row).collect::<Vec<_>>(), [(0, 2), (3, 1), (6, 1)]);
    }
}
