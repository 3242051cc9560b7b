//! Which of the server's languages whoever asks reads.

/// The languages in which the server has words of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Also of whoever reads none of them.
    English,
    /// Русский.
    Russian,
}

/// The one that an `Accept-Language` header likes best; of two that it likes as much, the first.
pub fn preferred(header: &str) -> Language {
    let mut best = (0.0, Language::English);
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |text| text.parse::<f32>().ok());
        let language = match tag.split('-').next().map(str::to_ascii_lowercase).as_deref() {
            Some("en") => Language::English,
            Some("ru") => Language::Russian,
            _ => continue,
        };
        // What is no number, or NaN, is greater than nothing.
        if let Some(quality) = quality
            && quality > best.0
        {
            best = (quality, language);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::{Language, preferred};

    #[test]
    fn the_one_that_is_liked_best_is_taken() {
        for header in ["", "de", "en", "en-US,ru;q=0.5", "ru;q=0", "ru;q=x", "ru;q=NaN", ",;,", "ru;q=0.3, en;q=0.4"] {
            assert_eq!(preferred(header), Language::English, "{header}");
        }
        for header in ["ru", "RU-ru", "de, ru;q=0.1", "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "en;q=0.2,ru;q=0.9"] {
            assert_eq!(preferred(header), Language::Russian, "{header}");
        }
    }
}
