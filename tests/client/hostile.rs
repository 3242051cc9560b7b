//! Hostile texts are texts, and the page's policy holds.

use serde_json::json;

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, id};

const SEEDS: &[&str] = &[
    "<img src=x onerror=window.pwned=1>",
    "<script>window.pwned=1</script>",
    "<svg onload=window.pwned=1>",
    "<iframe srcdoc='<script>top.pwned=1</script>'>",
    "javascript:window.pwned=1",
    "https://example.org/\"onmouseover=window.pwned=1//",
    "http://<img src=x onerror=window.pwned=1>",
    "`<img src=x onerror=window.pwned=1>`",
    "```\n<script>window.pwned=1</script>\n```",
    "@<b>alice</b>",
    "\u{202e}txet desrever \u{2066}",
    "&lt;img src=x onerror=window.pwned=1&gt;",
    "{{constructor.constructor('window.pwned=1')()}}",
    "'\"><img src=x onerror=window.pwned=1>",
    "<a href='javascript:window.pwned=1'>press</a>",
    "<style>*{display:none}</style>",
    "<base href='https://example.org/'>",
    "<form action='https://example.org'><input name=x>",
    "[x](javascript:window.pwned=1)",
    "data:text/html,<script>window.pwned=1</script>",
];

/// A hundred of them: each seed plain, and within other things.
fn hostile_texts() -> Vec<String> {
    let around = |seed: &&str| {
        [
            (*seed).to_owned(),
            format!("a {seed} b"),
            format!("`{seed}` {seed}"),
            format!("https://example.org/{seed}"),
            format!("{seed}\n{seed}"),
        ]
    };
    SEEDS.iter().flat_map(around).collect()
}

const WATCH: &str = "window.violations = []; document.addEventListener('securitypolicyviolation', \
    (event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));";

#[tokio::test]
async fn a_hundred_hostile_texts_make_no_element_and_start_no_script() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let nasty = "<img src=x onerror=window.pwned=1>";
    let profile = json!({"display_name": nasty, "bio": nasty});
    bob.patch(&format!("/api/users/{}/", bob.id), &profile).await.is(200);
    let chat = direct(&alice, &bob).await;
    let group = json!({"chat_type": "group", "title": nasty, "member_ids": [alice.id]});
    let group = id(&bob.post("/messages/api/chats/", &group).await.is(201).json());
    let hers = Browser::of(&fireside, &alice).await;
    hers.does(WATCH).await;
    hers.opens_chat(chat).await;
    let texts = hostile_texts();
    assert_eq!(texts.len(), 100);
    for text in &texts {
        bob.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": text})).await.is(201);
    }
    hers.until("document.querySelectorAll('.message').length === 100").await;
    let strange = ".message :is(img, script, iframe, style, base, form, input), .chat :is(img, script), .content :not(a, code, pre, div, strong, button)";
    assert_eq!(hers.asks(&format!("document.querySelectorAll({}).length", json!(strange))).await, 0);
    let schemes = "[...document.querySelectorAll('.content a')].every((link) => /^https?:$/.test(link.protocol))";
    assert_eq!(hers.asks(schemes).await, true);
    // Everything else that shows these names.
    hers.opens_chat(group).await;
    hers.clicks(".about").await;
    hers.reads("dialog[open] .person", nasty).await;
    assert_eq!(hers.asks("document.querySelectorAll('dialog :is(img, script)').length").await, 0);
    hers.presses(fantoccini::key::Key::Escape).await;
    hers.does("document.querySelector('#draft').focus()").await;
    assert_eq!(hers.asks("window.pwned ?? null").await, json!(null));
    assert_eq!(hers.asks("window.violations").await, json!([]));
    hers.leaves().await;
}
