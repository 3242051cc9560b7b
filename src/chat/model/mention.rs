//! Mentions: which names stand behind an `@` in a text, and whom a message addresses.

use unicode_normalization::char::is_combining_mark;

use super::id::UserId;
use super::name::rule::{MAX_LOGIN, fold};
use super::name::{ALL, MAX_USERNAME};

/// Different names that are looked up for one message; those behind them are text.
pub const MAX_MENTIONS: usize = 100;
/// Members of the largest group in which everybody may mention all, and of whose members each is told
/// of everything unless they say otherwise.
pub const MAX_SMALL_GROUP: i64 = 20;
/// Messages of one chat that count as mentions of one reader; more count as this many.
pub const MAX_MENTIONS_COUNTED: u32 = 1_000;

/// Whom a message names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// By their names, by id.
    pub users: Vec<UserId>,
    /// Everybody in its group.
    pub all: bool,
}

/// The names behind each `@` of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// As usernames are looked up, each once, in the order of the text; at most [`MAX_MENTIONS`].
    pub keys: Vec<String>,
    /// `@all` is among them.
    pub all: bool,
}

impl Names {
    /// Of a text, which is read once from its beginning to its end.
    pub fn of(text: &str) -> Self {
        let mut names = Self::default();
        // Most texts have none.
        if text.as_bytes().contains(&b'@') {
            Scanner { text, at: 0, joins: false, unclosed: Unclosed::default() }.collect(&mut names);
        }
        names
    }

    fn add(&mut self, run: &str) {
        let name = run.trim_end_matches(['.', '+', '-']);
        if name.is_empty() || name.len() > MAX_LOGIN {
            return;
        }
        let key = fold(name);
        if key == ALL {
            self.all = true;
        } else if self.keys.len() < MAX_MENTIONS && key.chars().count() <= MAX_USERNAME && !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }
}

/// A walk through a text.
struct Scanner<'a> {
    text: &'a str,
    /// Where the next character stands, in bytes.
    at: usize,
    /// An `@` here would belong to what stands before it.
    joins: bool,
    unclosed: Unclosed,
}

/// What is known to have no end, so that nothing is looked through twice.
#[derive(Default)]
struct Unclosed {
    fence: bool,
    /// Up to where on this line no span of one backtick, and of two, ends.
    spans: [usize; 2],
}

impl<'a> Scanner<'a> {
    fn collect(mut self, names: &mut Names) {
        while let Some(c) = self.rest().chars().next() {
            match c {
                '`' => self.skip_code(),
                ':' if self.joins && self.rest().starts_with("://") => self.skip_url(),
                '@' => {
                    let is_mention = !self.joins;
                    self.step(c);
                    let run = self.run();
                    // What goes on behind a second one is an address.
                    if is_mention && !self.rest().starts_with('@') {
                        names.add(run);
                    }
                }
                _ => self.step(c),
            }
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn step(&mut self, c: char) {
        self.at += c.len_utf8();
        self.joins = match c {
            // What makes an emoji of the character before.
            '\u{fe0f}' | '\u{20e3}' => false,
            _ if is_combining_mark(c) => self.joins,
            _ => c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '@' | '-' | '+' | '='),
        };
    }

    /// Passes over the longest run of a name's characters.
    fn run(&mut self) -> &'a str {
        let start = self.at;
        let is_within = |c: char| {
            c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-') || is_combining_mark(c) && c != '\u{fe0f}'
        };
        while let Some(c) = self.rest().chars().next().filter(|c| is_within(*c)) {
            self.step(c);
        }
        &self.text[start..self.at]
    }

    /// Goes to the end of an address of the web.
    fn skip_url(&mut self) {
        let is_end = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '`');
        self.at += self.rest().find(is_end).unwrap_or(self.rest().len());
        self.joins = true;
    }

    /// Goes behind what begins with these backticks, or behind them where it has no end. Three are a
    /// fence, up to the next three; fewer a span, up to as many on the same line.
    fn skip_code(&mut self) {
        let ticks = ticks(self.rest());
        let from = self.at + ticks;
        let end = if ticks >= 3 { self.fence_end(from) } else { self.span_end(from, ticks) };
        self.at = end.unwrap_or(from);
        self.joins = false;
    }

    fn fence_end(&mut self, from: usize) -> Option<usize> {
        if self.unclosed.fence {
            return None;
        }
        let close = self.text[from..].find("```").map(|place| from + place);
        self.unclosed.fence = close.is_none();
        close.map(|close| close + ticks(&self.text[close..]))
    }

    fn span_end(&mut self, from: usize, wanted: usize) -> Option<usize> {
        if from < self.unclosed.spans[wanted - 1] {
            return None;
        }
        let mut at = from;
        while let Some(place) = self.text[at..].find(['`', '\n']) {
            at += place;
            let found = ticks(&self.text[at..]);
            if found == wanted {
                return Some(at + found);
            }
            if found == 0 {
                break;
            }
            at += found;
        }
        let line_end = self.text[at..].find('\n').map_or(self.text.len(), |place| at + place);
        self.unclosed.spans[wanted - 1] = line_end;
        None
    }
}

fn ticks(text: &str) -> usize {
    text.len() - text.trim_start_matches('`').len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{MAX_MENTIONS, Names};

    /// The names, with an `@all` last.
    fn names(text: &str) -> Vec<String> {
        let Names { mut keys, all } = Names::of(text);
        keys.extend(all.then(|| "ALL".to_owned()));
        keys
    }

    #[test]
    fn names_are_the_whole_of_what_stands_behind_an_at_sign() {
        for (text, found) in [
            ("@ann", vec!["ann"]),
            ("@Ann and @BOB", vec!["ann", "bob"]),
            ("@ann @ann", vec!["ann"]),
            ("@ann.lee", vec!["ann.lee"]),
            ("@ann's", vec!["ann"]),
            ("@ann’s", vec!["ann"]),
            ("(@ann)", vec!["ann"]),
            ("@ann.", vec!["ann"]),
            ("@ann...", vec!["ann"]),
            ("@ann-", vec!["ann"]),
            ("@ann_", vec!["ann_"]),
            ("@ann, @bob; @eve: @dan! @kim?", vec!["ann", "bob", "eve", "dan", "kim"]),
            ("@ann\n@bob", vec!["ann", "bob"]),
            ("\"@ann\" '@bob' «@eve» **@dan** [@kim] #@zoe", vec!["ann", "bob", "eve", "dan", "kim", "zoe"]),
            ("👍@ann ❤️@bob 1️⃣@eve", vec!["ann", "bob", "eve"]),
            ("@ann👍", vec!["ann"]),
            ("> @ann", vec!["ann"]),
            ("@Ольга, привет", vec!["ольга"]),
            ("@李雷", vec!["李雷"]),
            ("@ａｎｎ", vec!["ann"]),
            ("@jose\u{301}", vec!["josé"]),
            ("@ann/pkg", vec!["ann"]),
            ("@all", vec!["ALL"]),
            ("@ALL @ann", vec!["ann", "ALL"]),
            ("@all.", vec!["ALL"]),
            ("@allan", vec!["allan"]),
        ] {
            assert_eq!(names(text), found, "{text}");
        }
    }

    #[test]
    fn what_belongs_to_something_else_names_nobody() {
        for text in [
            "",
            "@",
            "@ ann",
            "@.",
            "ann@example.org",
            "x.@ann",
            "x_@ann",
            "_@ann_",
            "x-@ann",
            "x+@ann",
            "x=@ann",
            "@ann@host",
            "@ann@",
            "@@ann",
            "é@ann",
            "e\u{301}@ann",
            "7@ann",
            "https://example.org/@ann",
            "https://example.org/?@ann",
            "https://example.org/?u=@ann&to=@bob",
            "https://example.org/#@ann",
            "see http://a.org/x?(@ann)",
            "`@ann`",
            "``@ann ` @bob``",
            "a `b @ann` c",
            "```\n@ann\n```",
            "```@ann```",
            "```js\n@ann\n``` ````@bob````",
            &format!("@{}", "x".repeat(65)),
        ] {
            assert_eq!(names(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn code_and_addresses_end() {
        for (text, found) in [
            ("`@ann", vec!["ann"]),
            ("`@ann\n`", vec!["ann"]),
            ("```\n@ann", vec!["ann"]),
            ("``@ann`", vec!["ann"]),
            ("`a` @ann `b`", vec!["ann"]),
            ("`a`@ann", vec!["ann"]),
            ("```a``` @ann", vec!["ann"]),
            ("` ``` @bob` @ann", vec!["ann"]),
            ("https://example.org/ @ann", vec!["ann"]),
            ("<https://example.org/>@ann", vec!["ann"]),
            ("a@b.org, @ann", vec!["ann"]),
            ("://@ann", vec![]),
        ] {
            assert_eq!(names(text), found, "{text}");
        }
    }

    #[test]
    fn a_text_names_so_many_and_no_more() {
        let text: String = (0..MAX_MENTIONS + 5).map(|number| format!("@p{number} ")).collect();
        assert_eq!(Names::of(&text).keys.len(), MAX_MENTIONS);
    }

    #[test]
    fn texts_made_to_be_slow_are_read_at_once() {
        let begun = std::time::Instant::now();
        for piece in ["`", "``a`", "`a``b", "```", "@", "@a", "a://", "`\n", "e\u{301}", "@a`", "``` ` `` "] {
            std::hint::black_box(Names::of(&format!("{}@ann", piece.repeat(100_000 / piece.len()))));
        }
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }

    proptest! {
        #[test]
        fn any_text_is_safe(text in any::<String>(), near in "[@a-c`:/ .+\n]{0,60}") {
            std::hint::black_box(Names::of(&text));
            for key in Names::of(&near).keys {
                prop_assert!(near.contains(&format!("@{key}")), "{key}");
            }
        }

        /// A name alone is found as it is looked up, whatever stands around it that is no part of a word.
        #[test]
        fn a_name_is_found(name in "[a-zA-Zа-я0-9_][a-zа-я0-9_.+-]{0,20}[a-z_]", before in "[ (\"*«,!?👍]?", behind in "[ ,)!?'\":;…]?") {
            let text = format!("{before}@{name}{behind}");
            let expected = if name.to_lowercase() == "all" { vec!["ALL".to_owned()] } else { vec![name.to_lowercase()] };
            prop_assert_eq!(names(&text), expected);
        }

        #[test]
        fn code_names_nobody(words in "[a-z@ .]{1,30}") {
            prop_assert_eq!(names(&format!("`{words}`")), Vec::<String>::new());
            prop_assert_eq!(names(&format!("```\n{words}\n```")), Vec::<String>::new());
        }
    }
}
