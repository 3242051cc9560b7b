//! What Discord's webhooks take: Markdown, and embeds.

use serde_json::Value;

use super::colour;
use super::payload::{Object, heading, lines, link, object, objects, signed, text};

pub fn words(payload: &Object) -> String {
    let content = text(payload, "content").map(str::to_owned);
    lines([content].into_iter().chain(objects(payload, "embeds").map(|embed| Some(words_of(embed)))))
}

fn words_of(embed: &Object) -> String {
    let part = |of: &str, name: &str| object(embed, of).and_then(|part| text(part, name)).map(str::to_owned);
    let author = part("author", "name").map(|name| link(&name, part("author", "url").as_deref()));
    let url = text(embed, "url");
    let title = text(embed, "title").map(|title| heading(title, url));
    let description = text(embed, "description").map(str::to_owned);
    let fields = objects(embed, "fields").map(|field| {
        let value = text(field, "value").unwrap_or_default();
        text(field, "name").map(|name| format!("{}: {value}", heading(name, None)))
    });
    let colour = embed.get("color").and_then(Value::as_u64).and_then(|rgb| u32::try_from(rgb).ok());
    let body = lines(
        [author, title, description].into_iter().chain(fields).chain([part("image", "url"), part("footer", "text")]),
    );
    signed(colour.map(colour::sign), &body)
}
