//! Every screen, in both themes, before an accessibility checker: axe-core, which
//! `.ci/run` fetches. Where it is not there this says so; under `FIRESIDE_REQUIRE_AXE=1`
//! that is a failure. And the tree that assistive technology reads.

use serde_json::{Value, json};

use super::browser::say;
use super::link::an_admins_page;
use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::push::service::PushService;
use crate::world::bytes::PNG;
use crate::world::totp::{App, Protected};
use crate::world::{Fireside, Person, Room, id};

/// Where `.ci/run` puts it.
const AXE: &str = "target/axe/package/axe.min.js";

/// The checker, or nothing where it was not fetched.
pub fn axe() -> Option<String> {
    let Ok(script) = std::fs::read_to_string(AXE) else {
        assert!(std::env::var("FIRESIDE_REQUIRE_AXE").as_deref() != Ok("1"), "{AXE} is required");
        say("skipped: no axe-core");
        return None;
    };
    Some(script)
}

pub struct Checker {
    pub script: String,
    pub faults: Vec<String>,
}

impl Checker {
    /// Looks at what is on the screen, in light and dark.
    pub async fn sees(&mut self, page: &Browser, screen: &str) {
        if page.asks("typeof window.axe").await != "object" {
            page.does(&self.script).await;
        }
        for theme in ["light", "dark"] {
            page.does(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
            // Toasts come and go, and what breathes has no colour of its own.
            let found = page
                .waits_for(
                    "axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
                        .then(({ violations }) => done(violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 200)} ${any[0]?.message ?? ''}`).join(' | ')}`)), (error) => done([String(error)]))",
                )
                .await;
            let found: Vec<_> =
                found.as_array().unwrap().iter().map(|fault| format!("{screen}, {theme}: {fault}")).collect();
            self.faults.extend(found);
        }
    }
}

async fn closes(page: &Browser) {
    page.does("for (const open of document.querySelectorAll('dialog')) open.close(); for (const open of document.querySelectorAll('[popover]')) open.remove()").await;
}

/// Some talk in a group and in a direct chat, with everything that a message may have.
async fn talk(alice: &Person, bob: &Person) -> (i64, i64) {
    let pair = direct(alice, bob).await;
    let group = json!({"chat_type": "group", "title": "Garden", "member_ids": [bob.id]});
    let group = id(&alice.post("/messages/api/chats/", &group).await.is(201).json());
    let path = format!("/messages/api/chats/{group}/messages/");
    let first = bob.post(&path, &json!({"content": "Look at https://example.org and `this`"})).await.is(201).json();
    let picture = bob.uploads("dot.png", PNG).await;
    let notes = bob.uploads("notes.txt", b"words").await;
    let files = json!({"content": "@alice ```\nlet x = 1;\n```", "attachments": [picture["id"], notes["id"]], "reply_to": first["id"]});
    bob.post(&path, &files).await.is(201);
    alice.post(&format!("/messages/api/messages/{}/reactions/", id(&first)), &json!({"emoji": "👍"})).await.is(200);
    alice.post(&path, &json!({"content": "fine"})).await.is(201);
    bob.post(&format!("/messages/api/chats/{pair}/messages/"), &json!({"content": "hi"})).await.is(201);
    (pair, group)
}

#[tokio::test]
async fn no_screen_has_a_fault_that_a_checker_finds() {
    let Some(_turn) = browser_is_here().await else { return };
    let Some(script) = axe() else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    bob.opens(&json!({"name": "Bakers"})).await;
    bob.post("/profiles/api/posts/", &json!({"title": "Seeds", "content": "On Saturday"})).await.is(201);
    let (pair, group) = talk(&alice, &bob).await;
    let mut axe = Checker { script, faults: Vec::new() };

    of_the_door(&mut axe, &fireside).await;
    let page = an_admins_page(&fireside, &alice).await;
    of_a_group(&mut axe, &page, group).await;
    of_two(&mut axe, &page, pair, &bob).await;
    of_people(&mut axe, &page).await;
    of_oneself(&mut axe, &page, &alice).await;
    page.leaves().await;
    of_devices(&mut axe).await;
    assert!(axe.faults.is_empty(), "{} faults:\n{}", axe.faults.len(), axe.faults.join("\n"));
}

async fn of_the_door(axe: &mut Checker, fireside: &Fireside) {
    let door = Browser::at(fireside).await;
    door.sees("[name=password]").await;
    axe.sees(&door, "sign in").await;
    door.presses_button("New account").await;
    door.clicks("[type=submit]").await;
    door.sees("[aria-invalid=true]").await;
    axe.sees(&door, "register, refused").await;
    door.opens_link("/setup#x").await;
    door.sees("[name=username]").await;
    axe.sees(&door, "setup").await;
    door.opens_link("/invite#x").await;
    door.sees("[role=alert]").await;
    axe.sees(&door, "dead link").await;
    let carol = Protected::of(fireside, "carol").await.person;
    door.opens_link("/").await;
    door.types("[name=username]", &carol.username).await;
    door.types("[name=password]", &carol.password).await;
    door.clicks("[type=submit]").await;
    door.sees("[name=otp]:enabled").await;
    axe.sees(&door, "sign in, second factor").await;
    door.leaves().await;
}

async fn of_a_group(axe: &mut Checker, page: &Browser, group: i64) {
    page.reads(".chat", "Garden").await;
    axe.sees(page, "chats").await;
    page.opens_chat(group).await;
    page.sees(".picture img").await;
    axe.sees(page, "group").await;
    page.does("document.querySelector('.message').focus()").await;
    page.keys("r").await;
    axe.sees(page, "reply").await;
    page.clicks(".composer [aria-label=Emoji]").await;
    page.sees(".emoji-grid button").await;
    axe.sees(page, "emoji").await;
    closes(page).await;
    page.clicks(".picture").await;
    page.sees("dialog.lightbox img[src^=blob]").await;
    axe.sees(page, "picture").await;
    closes(page).await;
    page.clicks(".conversation .about").await;
    page.reads("dialog h3", "2 members").await;
    axe.sees(page, "group panel").await;
    closes(page).await;
    page.presses_button("Notifications of this chat").await;
    page.sees("[popover] .mutes").await;
    page.presses_button("For ever").await;
    page.sees(".chat.muted").await;
    axe.sees(page, "notifications of a chat").await;
    page.presses_button("Unmute").await;
    closes(page).await;
}

async fn of_two(axe: &mut Checker, page: &Browser, pair: i64, bob: &Person) {
    page.opens_chat(pair).await;
    page.reads(".content", "hi").await;
    axe.sees(page, "direct chat").await;
    page.presses_button("Audio call").await;
    page.sees(".call .tile").await;
    axe.sees(page, "call").await;
    page.presses_button("Leave the call").await;
    page.sees(".called").await;
    let mut calls = bob.listens_in(&Room { id: pair }).await;
    calls.says(&json!({"type": "join_call", "data": {}})).await;
    page.sees(".ring").await;
    axe.sees(page, "ring").await;
    page.presses_button("Decline").await;
    drop(calls);
    page.clicks(".conversation .about").await;
    page.reads("dialog button", "Add as a friend").await;
    axe.sees(page, "person").await;
    closes(page).await;
}

/// What is only there where the server pushes.
async fn of_devices(axe: &mut Checker) {
    let service = PushService::start().await;
    let (fireside, device) = (service.serves(&[]).await, service.device("phone"));
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    device.subscribes(&alice).await;
    let page = Browser::of(&fireside, &alice).await;
    page.opens_chat(chat).await;
    page.until("performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/js/looks.js'))").await;
    page.says("hello").await;
    page.sees(".offer").await;
    axe.sees(&page, "offer").await;
    page.clicks(".me").await;
    page.reads("dialog .push .person", "phone").await;
    axe.sees(&page, "devices").await;
    page.leaves().await;
}

async fn of_people(axe: &mut Checker, page: &Browser) {
    page.presses_button("New chat").await;
    page.sees("dialog .everybody .person").await;
    axe.sees(page, "new chat").await;
    page.presses_button("Choose bob").await;
    page.sees("dialog .chosen").await;
    axe.sees(page, "new chat, chosen").await;
    page.presses_button("Choose bob").await; // and not
    page.presses_button("Browse public groups").await;
    page.reads("dialog .person", "Bakers").await;
    axe.sees(page, "public rooms").await;
    closes(page).await;
    page.presses_button("People and posts").await;
    page.sees("dialog .post").await;
    axe.sees(page, "people and posts").await;
    closes(page).await;
    page.does("document.querySelector('.chats > header .icon').click()").await;
    page.sees("dialog .hit mark").await;
    axe.sees(page, "mentions").await;
    closes(page).await;
    page.keys(&format!("{}k{}", '\u{e009}', '\u{e000}')).await;
    page.sees("dialog.switcher [role=option]").await;
    axe.sees(page, "switcher").await;
    closes(page).await;
}

async fn of_oneself(axe: &mut Checker, page: &Browser, alice: &Person) {
    page.clicks(".me").await;
    page.reads("dialog .person", "This device").await;
    page.clicks("dialog [name=quiet]").await;
    page.sees("dialog .times [name=zone]").await;
    page.presses_button("Show token").await;
    page.sees("dialog .secret").await;
    axe.sees(page, "settings").await;
    page.presses_button("Set up").await;
    page.types("dialog [name=password]", &alice.password).await;
    page.presses_button("Continue").await;
    page.sees("img.qr").await;
    axe.sees(page, "second factor").await;
    let key = page.asks("document.querySelector('dialog form .secret code').textContent.replaceAll(' ', '')").await;
    page.types("dialog [name=otp]", &App::of(key.as_str().unwrap()).code(0)).await;
    page.presses_button("Turn on").await;
    page.sees(".recovery").await;
    axe.sees(page, "recovery codes").await;
    page.presses_button("I have saved them").await;
    page.clicks("dialog details:has([name=password]) summary").await;
    axe.sees(page, "second factor, on").await;
    page.presses_button("Invite people").await;
    page.presses_button("Show QR code").await;
    page.sees("dialog svg.qr").await;
    axe.sees(page, "invite people").await;
    page.does("[...document.querySelectorAll('dialog')].at(-1).close()").await;
    page.presses_button("Keyboard shortcuts").await;
    page.sees("dialog .keys").await;
    axe.sees(page, "keys").await;
    page.does("[...document.querySelectorAll('dialog')].at(-1).close()").await;
    page.presses_button("Administration").await;
    page.sees("dialog .status p").await;
    axe.sees(page, "server").await;
    for (tab, sign) in
        [("Storage", "section"), ("Accounts", ".person"), ("Invitations", ".person"), ("Audit log", ".entry")]
    {
        page.presses_button(tab).await;
        page.sees(&format!("dialog.admin {sign}")).await;
        axe.sees(page, tab).await;
    }
}

/// What assistive technology is told, as `role name`.
async fn tree(page: &Browser) -> Vec<String> {
    page.devtools("Accessibility.enable", json!({})).await;
    let tree = page.devtools("Accessibility.getFullAXTree", json!({})).await;
    let shown = |node: &&Value| node["ignored"] != true;
    let words = |node: &Value| {
        format!("{} {}", node["role"]["value"].as_str().unwrap_or(""), node["name"]["value"].as_str().unwrap_or(""))
    };
    tree["nodes"].as_array().unwrap().iter().filter(shown).map(words).collect()
}

#[tokio::test]
async fn the_tree_has_the_landmarks_the_log_and_a_name_for_everything() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let (_, group) = talk(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(group).await;
    hers.reads(".content", "fine").await;
    let tree = tree(&hers).await;
    for expected in [
        "navigation Chats",
        "main ",
        "log Messages",
        "textbox Message",
        "button Send",
        "heading Garden",
        "searchbox Search",
    ] {
        assert!(tree.iter().any(|node| node.starts_with(expected)), "{expected} in {tree:#?}");
    }
    assert!(tree.iter().any(|node| node.starts_with("article bob,")), "{tree:#?}");
    let nameless = ["button ", "textbox ", "link ", "searchbox ", "checkbox ", "combobox ", "image ", "img "];
    let without: Vec<_> = tree.iter().filter(|node| nameless.contains(&node.as_str())).collect();
    assert!(without.is_empty(), "{without:?} in {tree:#?}");
    hers.leaves().await;
}
