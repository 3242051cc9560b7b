//! Slack's names of emoji. The list is that of the `emoji-datasource` package, which
//! Slack's own names come from; a team's own pictures are in no list.

/// Lines of a name and its emoji, by name.
const NAMES: &str = include_str!("emoji.txt");
/// What Slack puts between an emoji and the tone of its skin.
const TONE: &str = "::skin-tone-";
/// The modifiers of `skin-tone-2` to `skin-tone-6`.
const TONES: [char; 5] = ['\u{1f3fb}', '\u{1f3fc}', '\u{1f3fd}', '\u{1f3fe}', '\u{1f3ff}'];

/// The emoji of a name such as `tada` or `+1::skin-tone-3`.
pub(super) fn of(name: &str) -> Option<String> {
    let (name, tone) = name.split_once(TONE).map_or((name, None), |(name, tone)| (name, Some(tone)));
    let mut emoji = plain(name)?.to_owned();
    if let Some(tone) = tone {
        let place = tone.parse::<usize>().ok()?.checked_sub(2)?;
        // The tone takes the place of what asks for a coloured picture.
        emoji = emoji.trim_end_matches('\u{fe0f}').to_owned();
        emoji.push(*TONES.get(place)?);
    }
    Some(emoji)
}

fn plain(name: &str) -> Option<&'static str> {
    let (mut low, mut high) = (0, NAMES.len());
    // A binary search by bytes: each probe goes back to the beginning of its line.
    while low < high {
        let middle = low + (high - low) / 2;
        let begin = NAMES.as_bytes()[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let end =
            NAMES.as_bytes()[middle..].iter().position(|byte| *byte == b'\n').map_or(NAMES.len(), |at| middle + at);
        let (known, emoji) = NAMES.get(begin..end)?.split_once(' ')?;
        match known.cmp(name) {
            std::cmp::Ordering::Equal => return Some(emoji),
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = begin,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{NAMES, of, plain};
    use crate::chat::model::name::Emoji;

    #[test]
    fn every_name_of_the_list_is_found_and_is_one_emoji() {
        let lines: Vec<(&str, &str)> = NAMES.lines().filter_map(|line| line.split_once(' ')).collect();
        assert!(lines.len() > 1_900 && lines.is_sorted());
        for (name, emoji) in lines {
            assert_eq!(plain(name), Some(emoji), "{name}");
            assert!(Emoji::parse(emoji).is_ok(), "{name}");
        }
    }

    #[test]
    fn tones_are_put_on_and_unknown_names_are_none() {
        assert_eq!(of("tada").as_deref(), Some("🎉"));
        assert_eq!(of("+1::skin-tone-3").as_deref(), Some("👍🏼"));
        for wrong in ["", "party-parrot", "+1::skin-tone-9", "+1::skin-tone-0", "+1::skin-tone-x", "zzzz", "!", "\n"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
