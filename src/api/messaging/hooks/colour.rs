//! Colours as signs in front of a line, since messages are text.

/// The sign that is nearest to a colour of 24 bits.
pub fn sign(rgb: u32) -> &'static str {
    let [_, red, green, blue] = rgb.to_be_bytes().map(i32::from);
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let spread = most - least;
    if spread < 40 {
        return if most < 64 { "⚫" } else { "⚪" };
    }
    let hue = if most == red {
        60 * (green - blue) / spread
    } else if most == green {
        120 + 60 * (blue - red) / spread
    } else {
        240 + 60 * (red - green) / spread
    };
    match hue.rem_euclid(360) {
        0..=20 | 340..=359 => "🔴",
        21..=41 => "🟠",
        42..=70 => "🟡",
        71..=170 => "🟢",
        171..=255 => "🔵",
        _ => "🟣",
    }
}

/// Slack's words, or six digits.
pub fn named(colour: &str) -> Option<&'static str> {
    match colour {
        "good" => Some("🟢"),
        "warning" => Some("🟡"),
        "danger" => Some("🔴"),
        digits => {
            let digits = digits.strip_prefix('#').unwrap_or(digits);
            let is_colour = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            u32::from_str_radix(digits, 16).ok().filter(|_| is_colour).map(sign)
        }
    }
}

/// Whether something is well, as words of monitoring say it.
pub fn of_state(state: &str) -> &'static str {
    match state.to_ascii_lowercase().as_str() {
        "resolved" | "ok" | "normal" | "success" => "🟢",
        "nodata" | "no_data" | "pending" | "paused" | "warning" | "queued" | "requested" | "waiting"
        | "in_progress" | "cancelled" | "skipped" | "neutral" | "stale" | "inactive" | "action_required" => "🟡",
        _ => "🔴",
    }
}

#[cfg(test)]
mod tests {
    use super::{named, sign};

    #[test]
    fn a_colour_is_as_the_services_use_it() {
        let services = [
            (0x00e7_4c3c, "🔴"),
            (0x002e_cc71, "🟢"),
            (0x0058_65f2, "🔵"),
            (0x00e6_7e22, "🟠"),
            (0x00f1_c40f, "🟡"),
            (0x009b_59b6, "🟣"),
            (0x00ff_ffff, "⚪"),
            (0, "⚫"),
        ];
        for (rgb, expected) in services {
            assert_eq!(sign(rgb), expected, "{rgb:06x}");
        }
        assert_eq!([named("good"), named("#36a64f"), named("a30200")], [Some("🟢"), Some("🟢"), Some("🔴")]);
        assert_eq!([named(""), named("#fff"), named("+12345"), named("blue!")], [None; 4]);
    }
}
