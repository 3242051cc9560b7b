//! Slack's markup as plain words: `<@U1>` is a name, `&amp;` an ampersand, `:tada:` 🎉.

use std::collections::HashMap;

use super::emoji;

/// Longest name of an emoji that is looked up, in bytes.
const MAX_EMOJI_NAME: usize = 64;

/// A message's text as people read it. `names` are usernames by Slack's ids.
pub(super) fn plain(text: &str, names: &HashMap<String, String>) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_code = false;
    while let Some(begin) = rest.find('<') {
        literal(&rest[..begin], &mut is_code, &mut plain);
        let after = &rest[begin + 1..];
        let Some(end) = after.find('>') else {
            rest = &rest[begin..];
            break;
        };
        plain.push_str(&reference(&after[..end], names));
        rest = &after[end + 1..];
    }
    literal(rest, &mut is_code, &mut plain);
    plain
}

/// Text outside of `<…>`.
fn literal(text: &str, is_code: &mut bool, into: &mut String) {
    for (place, piece) in text.split('`').enumerate() {
        if place > 0 {
            into.push('`');
            *is_code = !*is_code;
        }
        let piece = unescaped(piece);
        if *is_code { into.push_str(&piece) } else { with_emoji(&piece, into) }
    }
}

/// `:name:` becomes its emoji, unless it stands within a word, like the time 10:20:30.
fn with_emoji(text: &str, into: &mut String) {
    let mut rest = text;
    while let Some(begin) = rest.find(':') {
        let (before, after) = (&rest[..begin], &rest[begin + 1..]);
        into.push_str(before);
        let is_within_word = into.ends_with(char::is_alphanumeric);
        let found = named(after).filter(|_| !is_within_word);
        match found {
            Some((emoji, length)) => {
                into.push_str(&emoji);
                rest = &after[length..];
            }
            None => {
                into.push(':');
                rest = after;
            }
        }
    }
    into.push_str(rest);
}

/// The emoji whose name begins here, and how far it goes with its last colon.
fn named(text: &str) -> Option<(String, usize)> {
    let end = text.find(':').filter(|end| *end <= MAX_EMOJI_NAME)?;
    let toned = text[end..].strip_prefix("::skin-tone-").and_then(|tone| tone.find(':').map(|at| end + 12 + at));
    [toned, Some(end)].into_iter().flatten().find_map(|end| {
        let name = text.get(..end)?;
        Some((emoji::of(name)?, end + 1))
    })
}

/// What stands between `<` and `>`.
fn reference(inside: &str, names: &HashMap<String, String>) -> String {
    let (target, label) = inside.split_once('|').map_or((inside, None), |(target, label)| (target, Some(label)));
    let label = label.filter(|label| !label.is_empty()).map(unescaped);
    if let Some(id) = target.strip_prefix('@') {
        let name = names.get(id).cloned().or(label).unwrap_or_else(|| id.to_owned());
        return format!("@{name}");
    }
    if let Some(id) = target.strip_prefix('#') {
        return format!("#{}", label.unwrap_or_else(|| id.to_owned()));
    }
    if let Some(command) = target.strip_prefix('!') {
        let name = command.split('^').next().unwrap_or_default();
        return label.unwrap_or_else(|| format!("@{name}"));
    }
    let address = unescaped(target);
    let bare = address.strip_prefix("mailto:").or_else(|| address.strip_prefix("tel:")).unwrap_or(&address);
    match label {
        Some(label) if label != bare && label != address => format!("{label} ({bare})"),
        _ => bare.to_owned(),
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::{prop_assert, proptest};

    use super::plain;

    fn read(text: &str) -> String {
        plain(text, &HashMap::from([("U1".to_owned(), "anna".to_owned())]))
    }

    #[test]
    fn markup_becomes_words() {
        for (text, words) in [
            ("Hi <@U1>, <@U2|boris>, <@U3>", "Hi @anna, @boris, @U3"),
            ("see <#C1|general> and <#C2>", "see #general and #C2"),
            ("<!here> <!subteam^S1|@team> <!date^1^{date}|1 May>", "@here @team 1 May"),
            ("<https://a.example/?x=1&amp;y=2>", "https://a.example/?x=1&y=2"),
            ("<https://a.example|the site>", "the site (https://a.example)"),
            ("<mailto:a@b.example|a@b.example>", "a@b.example"),
            ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &amp;lt;", "1 < 2 && 3 > 2 &lt;"),
            (":tada: well done :+1::skin-tone-3: :own_one:", "🎉 well done 👍🏼 :own_one:"),
            ("at 10:20:30, `:tada:` stays, a:tada: too", "at 10:20:30, `:tada:` stays, a:tada: too"),
            ("open < and : alone", "open < and : alone"),
        ] {
            assert_eq!(read(text), words);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[<>@#!|:`&;^a-z é🎉]{0,80}") {
            prop_assert!(read(&text).len() <= text.len() * 4 + 16);
        }
    }
}
