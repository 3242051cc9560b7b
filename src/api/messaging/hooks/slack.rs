//! What Slack's incoming webhooks take: text in its own markup, attachments and blocks.

use std::borrow::Cow;

use serde_json::Value;

use super::colour;
use super::payload::{Object, heading, lines, link, object, objects, signed, text};

/// Blocks stand for the text, which then is what a notification would say.
pub fn words(payload: &Object) -> String {
    let shown = blocks(payload);
    let said = if shown.is_empty() { text(payload, "text").map(markdown) } else { Some(shown) };
    lines([said].into_iter().chain(objects(payload, "attachments").map(|one| Some(attachment(one)))))
}

fn attachment(one: &Object) -> String {
    let marked = |name| text(one, name).map(markdown);
    let title = text(one, "title").map(|title| heading(&markdown(title), text(one, "title_link")));
    let author = text(one, "author_name").map(|name| link(&plain(name), text(one, "author_link")));
    let fields = objects(one, "fields").map(|field| {
        let value = text(field, "value").map(markdown);
        match (text(field, "title"), value) {
            (Some(title), value) => Some(format!("{}: {}", heading(&plain(title), None), value.unwrap_or_default())),
            (None, value) => value,
        }
    });
    let inner = Some(blocks(one));
    let body = lines([author, title, marked("text"), inner].into_iter().chain(fields));
    let image = text(one, "image_url").map(str::to_owned);
    let rest = lines([Some(body), image, marked("footer")]);
    let rest = if rest.is_empty() { marked("fallback").unwrap_or_default() } else { rest };
    lines([marked("pretext"), Some(signed(text(one, "color").and_then(colour::named), &rest))])
}

fn blocks(payload: &Object) -> String {
    lines(objects(payload, "blocks").map(|block| Some(words_of_block(block))))
}

fn words_of_block(block: &Object) -> String {
    let own = || block.get("text").map(composed);
    match text(block, "type").unwrap_or_default() {
        "header" => own().filter(|words| !words.is_empty()).map(|words| heading(&words, None)).unwrap_or_default(),
        "divider" => "---".to_owned(),
        "context" => list(block, "elements").map(composed).collect::<Vec<_>>().join(" "),
        "image" => picture(block),
        "actions" => {
            list(block, "elements").map(composed).filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" · ")
        }
        "rich_text" => lines(objects(block, "elements").map(|element| Some(rich(element)))),
        _ => {
            let fields = list(block, "fields").map(|field| Some(composed(field)));
            let accessory = block.get("accessory").map(composed);
            lines([own()].into_iter().chain(fields).chain([accessory]))
        }
    }
}

/// A text, a picture or a button that leads somewhere.
fn composed(value: &Value) -> String {
    let Some(one) = value.as_object() else { return value.as_str().map(markdown).unwrap_or_default() };
    match text(one, "type") {
        Some("mrkdwn") => text(one, "text").map(markdown).unwrap_or_default(),
        Some("image") => picture(one),
        // Only what leads somewhere is of use where nothing can be pressed.
        Some("button") => text(one, "url").map(|url| link(&label_of(one), Some(url))).unwrap_or_default(),
        _ => text(one, "text").map(plain).unwrap_or_default().into(),
    }
}

fn label_of(button: &Object) -> String {
    object(button, "text").and_then(|label| text(label, "text")).unwrap_or_default().to_owned()
}

fn picture(one: &Object) -> String {
    link(text(one, "alt_text").unwrap_or_default(), text(one, "image_url"))
}

/// Sections, lists and quotes of what is formatted already. As deep as JSON may nest.
fn rich(element: &Object) -> String {
    let parts = || objects(element, "elements").map(rich);
    match text(element, "type").unwrap_or_default() {
        "rich_text_list" => lines(parts().map(|item| Some(format!("- {item}")))),
        "rich_text_quote" => lines(parts().collect::<String>().lines().map(|line| Some(format!("> {line}")))),
        "rich_text_preformatted" => format!("```\n{}\n```", parts().collect::<String>()),
        "rich_text_section" => parts().collect(),
        "link" => link(text(element, "text").unwrap_or_default(), text(element, "url")),
        "emoji" => format!(":{}:", text(element, "name").unwrap_or_default()),
        "user" => format!("@{}", text(element, "user_id").unwrap_or_default()),
        "broadcast" => format!("@{}", text(element, "range").unwrap_or_default()),
        _ => {
            let words = element.get("text").and_then(Value::as_str).unwrap_or_default();
            let is_bold = object(element, "style").is_some_and(|style| style.get("bold") == Some(&Value::Bool(true)));
            if is_bold && !words.trim().is_empty() { format!("**{words}**") } else { words.to_owned() }
        }
    }
}

fn list<'a>(block: &'a Object, name: &str) -> impl Iterator<Item = &'a Value> {
    block.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Slack's markup as ours: links, names, bold and struck words, outside of code.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (number, part) in text.split('`').enumerate() {
        if number > 0 {
            out.push('`');
        }
        // Every other part stands in code.
        if number % 2 == 1 {
            out.push_str(&plain(part));
        } else {
            out.push_str(&plain(&double(&double(&linked(part), '*'), '~')));
        }
    }
    out
}

/// `<url|label>`, `<@id|name>`, `<#id|name>` and `<!here>`. None has another `<` in it: so each character is looked
/// at once, however many begin and never end.
fn linked(text: &str) -> String {
    let (before, pieces) = text.split_once('<').map_or((text, None), |(before, rest)| (before, Some(rest.split('<'))));
    let mut out = String::with_capacity(text.len());
    out.push_str(before);
    for piece in pieces.into_iter().flatten() {
        match piece.split_once('>').filter(|(inside, _)| is_reference(inside)) {
            Some((inside, after)) => out.extend([&reference(inside), after]),
            None => out.extend(["<", piece]),
        }
    }
    out
}

fn is_reference(inside: &str) -> bool {
    inside.starts_with(['@', '#', '!']) || inside.starts_with("mailto:") || inside.contains("://")
}

fn reference(inside: &str) -> String {
    let (target, label) = inside.split_once('|').map_or((inside, None), |(target, label)| (target, Some(label)));
    let named = |sign: char, id: &str| {
        let name = label.unwrap_or(id);
        format!("{sign}{}", name.trim_start_matches(sign))
    };
    if let Some(id) = target.strip_prefix('@') {
        named('@', id)
    } else if let Some(id) = target.strip_prefix('#') {
        named('#', id)
    } else if let Some(word) = target.strip_prefix('!') {
        match label {
            Some(label) => label.to_owned(),
            None => format!("@{}", word.split('^').next().unwrap_or_default()),
        }
    } else if let Some(address) = target.strip_prefix("mailto:") {
        label.unwrap_or(address).to_owned()
    } else {
        link(label.unwrap_or_default(), Some(target))
    }
}

/// A sign that stands once around words, twice.
fn double(text: &str, sign: char) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        double_in_line(line, sign, &mut out);
    }
    out
}

fn double_in_line(line: &str, sign: char, out: &mut String) {
    let signs: Vec<usize> = line.match_indices(sign).map(|(at, _)| at).collect();
    let before = |at: usize| line[..at].chars().next_back();
    let after = |at: usize| line[at + 1..].chars().next();
    let opens = |at: usize| {
        before(at).is_none_or(|c| !c.is_alphanumeric() && c != sign)
            && after(at).is_some_and(|c| !c.is_whitespace() && c != sign)
    };
    let closes = |at: usize| {
        before(at).is_some_and(|c| !c.is_whitespace() && c != sign)
            && after(at).is_none_or(|c| !c.is_alphanumeric() && c != sign)
    };
    let (mut done, mut opened) = (0, None);
    let mut doubled = Vec::new();
    for at in signs {
        match opened {
            Some(first) if closes(at) => {
                doubled.extend([first, at]);
                opened = None;
            }
            None if opens(at) => opened = Some(at),
            _ => {}
        }
    }
    for at in doubled {
        out.push_str(&line[done..=at]);
        out.push(sign);
        done = at + 1;
    }
    out.push_str(&line[done..]);
}

/// The three signs that Slack writes as entities.
fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('&') {
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::markdown;

    #[test]
    fn slacks_markup_becomes_ours() {
        for (slack, ours) in [
            ("<https://example.com|the docs> &amp; more", "the docs (https://example.com) & more"),
            ("<https://example.com>", "https://example.com"),
            ("*bold* and ~gone~", "**bold** and ~~gone~~"),
            ("**bold** already, 2*3*4, a * b * c", "**bold** already, 2*3*4, a * b * c"),
            ("*<https://example.com|both>*", "**both (https://example.com)**"),
            ("`*code* <https://a.example|b>` *bold*", "`*code* <https://a.example|b>` **bold**"),
            ("<!here> <@U123|ann> <#C1|general> <mailto:a@example.com|a>", "@here @ann #general a"),
            ("1 &lt; 2, a <b> c < d", "1 < 2, a <b> c < d"),
            ("<<https://example.com|b> <@", "<b (https://example.com) <@"),
        ] {
            assert_eq!(markdown(slack), ours);
        }
    }

    #[test]
    fn texts_made_to_be_slow_are_read_at_once() {
        let begun = std::time::Instant::now();
        for piece in ["<", "<@", "<a://", "< >", "<|", "*", "*a", " *x*", "~ ~", "`", "`*", "&", "&lt;"] {
            let text = piece.repeat(240_000 / piece.len());
            std::hint::black_box((markdown(&text), markdown(&format!("{text}>"))));
        }
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }
}
