//! What is shown of a message that was found.

use unicode_normalization::char::is_combining_mark;

use super::question::Question;
use super::words::Words;

/// Characters of a snippet, with the signs that say where it was cut.
pub const MAX_SNIPPET: usize = 240;
/// Characters that stand before the first match of a text that is cut.
const BEFORE: usize = 60;
/// How far a cut moves so that it goes through no word.
const SLACK: usize = 20;
/// Characters of a text in which a match is looked for first.
const BEGINNING: usize = 1_000;
const CUT: char = '…';

/// A piece of a text, and what matched in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    pub text: String,
    /// In characters (Unicode scalar values): the first, and the one behind the last. In order.
    pub highlights: Vec<(usize, usize)>,
}

impl Snippet {
    /// Of a message's text, or of the name of a file where only that matches.
    pub fn of(question: &Question, text: &str, names: &[&str]) -> Self {
        let found = matches(question, text);
        if found.is_empty() {
            let named = names.iter().map(|name| (name, matches(question, name))).find(|(_, found)| !found.is_empty());
            if let Some((name, found)) = named {
                return cut(name, &found);
            }
            if let (true, Some(name)) = (text.is_empty(), names.first()) {
                return cut(name, &[]);
            }
        }
        cut(text, &found)
    }
}

/// What matches in a text, in order; what overlaps is one. Of a long text, as far as a snippet of the first may go:
/// words end where a space is.
fn matches(question: &Question, text: &str) -> Vec<(usize, usize)> {
    if question.wanted.is_empty() {
        return Vec::new();
    }
    let far = text.char_indices().nth(BEGINNING).and_then(|(far, _)| Some(far + text[far..].find(' ')?));
    if let Some(far) = far {
        let found = all_matches(question, &text[..far]);
        if found.first().is_some_and(|(start, _)| start + 2 * MAX_SNIPPET < BEGINNING) {
            return found;
        }
    }
    all_matches(question, text)
}

fn all_matches(question: &Question, text: &str) -> Vec<(usize, usize)> {
    let words = Words::of(text);
    let places = question.wanted.iter().flat_map(|phrase| phrase.places(&words));
    let mut found: Vec<_> =
        places.filter_map(|(from, behind)| Some((words.word(from)?.start, words.word(behind - 1)?.end))).collect();
    found.sort_unstable();
    let mut whole: Vec<(usize, usize)> = Vec::with_capacity(found.len());
    for (start, end) in found {
        match whole.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => whole.push((start, end)),
        }
    }
    whole
}

fn cut(text: &str, found: &[(usize, usize)]) -> Snippet {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= MAX_SNIPPET {
        return Snippet { text: text.to_owned(), highlights: found.to_vec() };
    }
    let (start, end) = found.first().copied().unwrap_or((0, 0));
    let from = if end + SLACK < MAX_SNIPPET { 0 } else { begin(&chars, start) };
    // Both signs count, whether they are needed or not.
    let full = from + MAX_SNIPPET - 2;
    let to = if full >= chars.len() { chars.len() } else { finish(&chars, full, end) };
    let lead = usize::from(from > 0);
    let mut snippet = String::with_capacity(4 * MAX_SNIPPET);
    snippet.extend((from > 0).then_some(CUT));
    snippet.extend(&chars[from..to]);
    snippet.extend((to < chars.len()).then_some(CUT));
    let inside =
        found.iter().map(|(start, end)| ((*start).max(from), (*end).min(to))).filter(|(start, end)| start < end);
    Snippet { text: snippet, highlights: inside.map(|(start, end)| (start - from + lead, end - from + lead)).collect() }
}

/// Where a piece begins that has a match at a place: between two words if they are near.
fn begin(chars: &[char], at: usize) -> usize {
    let from = at.saturating_sub(BEFORE);
    let space = chars[from..at].iter().take(SLACK).position(|c| c.is_whitespace());
    let from = space.map_or(from, |space| from + space + 1);
    from + chars[from..at].iter().take_while(|c| is_combining_mark(**c)).count()
}

/// Where a piece ends that may go so far, and has a match that ends at a place.
fn finish(chars: &[char], full: usize, end: usize) -> usize {
    let least = end.max(full - SLACK).min(full);
    let space = chars[least..full].iter().rposition(|c| c.is_whitespace());
    let mut to = space.map_or(full, |space| least + space);
    while to > least && chars.get(to).is_some_and(|c| is_combining_mark(*c)) {
        to -= 1;
    }
    to
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::{CUT, MAX_SNIPPET, Question, Snippet};

    fn snippet(typed: &str, text: &str, names: &[&str]) -> Snippet {
        Snippet::of(&Question::read(typed, &[]).expect("a question"), text, names)
    }

    fn lit(snippet: &Snippet) -> Vec<String> {
        let chars: Vec<char> = snippet.text.chars().collect();
        snippet.highlights.iter().map(|(start, end)| chars[*start..*end].iter().collect()).collect()
    }

    #[test]
    fn a_short_text_is_whole() {
        let found = snippet("\"blue sea\" fish", "The Blue Sea has fishes", &[]);
        assert_eq!(found.text, "The Blue Sea has fishes");
        assert_eq!(lit(&found), ["Blue Sea", "fishes"]);
        assert_eq!(snippet("from:ann", "hello", &[]).highlights, []);
    }

    #[test]
    fn a_long_text_is_cut_around_the_first_match() {
        let text = format!("{}needle {}", "hay ".repeat(200), "straw ".repeat(200));
        let found = snippet("needle", &text, &[]);
        assert!(found.text.starts_with("…hay ") && found.text.ends_with("straw…"), "{}", found.text);
        assert!(found.text.chars().count() <= MAX_SNIPPET);
        assert_eq!(lit(&found), ["needle"]);
    }

    #[test]
    fn a_match_is_lit_wherever_it_stands_in_a_long_text() {
        for before in [0, 100, 150, 199, 200, 1_000] {
            let text = format!("{}needle needle {}", "hay ".repeat(before), "straw ".repeat(1_000));
            assert_eq!(lit(&snippet("needle", &text, &[])), ["needle", "needle"], "behind {before} words");
        }
    }

    #[test]
    fn a_name_is_shown_where_only_that_matches() {
        assert_eq!(snippet("report", "see this", &["a.png", "Report.pdf"]).text, "Report.pdf");
        assert_eq!(snippet("see report", "see this", &["Report.pdf"]).text, "see this");
        assert_eq!(snippet("has:file", "", &["a.png"]).text, "a.png");
    }

    proptest! {
        #[test]
        fn any_snippet_is_short_and_part_of_its_text(text in "[ab \u{301}東ß]{0,600}", typed in "[ab東]{1,3}( [ab]{1,2}){0,3}") {
            let found = snippet(&typed, &text, &[]);
            prop_assert!(found.text.chars().count() <= MAX_SNIPPET);
            prop_assert!(text.contains(found.text.trim_matches(CUT)));
            let mut before = 0;
            for (start, end) in &found.highlights {
                prop_assert!(*start >= before && start < end && *end <= found.text.chars().count());
                before = *end;
            }
            prop_assert_eq!(found.highlights.is_empty(), super::matches(&Question::read(&typed, &[]).unwrap(), &text).is_empty());
        }
    }
}
