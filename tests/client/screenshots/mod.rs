//! Pictures of every screen, for those who want to look:
//!
//! `cargo test --test fireside client::screenshots -- --ignored --test-threads=1`
//!
//! writes them to `target/screenshots/`, and the two of the README to `deploy/screenshots/`.
//! `FIRESIDE_LOOKS=360-dark` takes only those whose look begins so.

mod calls;
mod dialogs;
mod found;
mod states;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::hooks::each_screen;
use super::link::an_admins_page;
use super::{Browser, browser_is_here};
use crate::messaging::outgoing::receiver::Receiver;
use crate::world::totp::App;
use crate::world::{Fireside, Person, id};

const WIDTHS: &[(u32, u32)] = &[(360, 720), (768, 1024), (1440, 900)];

/// What a page looks like.
#[derive(Clone, Copy)]
struct Look {
    width: u32,
    height: u32,
    theme: &'static str,
    language: &'static str,
}

/// Each theme in each language, at these sizes.
fn looks_at(sizes: &[(u32, u32)]) -> Vec<Look> {
    let wish = std::env::var("FIRESIDE_LOOKS").unwrap_or_default();
    let mut looks = Vec::new();
    for &(width, height) in sizes {
        for theme in ["light", "dark"] {
            looks.extend(["en", "ru"].map(|language| Look { width, height, theme, language }));
        }
    }
    looks.retain(|look| look.mark().starts_with(&wish));
    looks
}

/// On a phone and on a desk.
fn looks() -> Vec<Look> {
    looks_at(&[WIDTHS[0], WIDTHS[2]])
}

impl Look {
    fn mark(self) -> String {
        let Self { width, theme, language, .. } = self;
        format!("{width}-{theme}-{language}")
    }

    async fn is_put_on(self, page: &Browser) {
        let Self { width, height, theme, language } = self;
        page.is_sized(width, height).await;
        page.does(&format!("localStorage.setItem('fireside.theme', '{theme}'); localStorage.setItem('fireside.language', '{language}'); location.hash = ''")).await;
        page.reloads().await;
    }

    async fn takes(self, page: &Browser, screen: &str) {
        // What comes softly is there by then.
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        let folder = Path::new("target/screenshots");
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(format!("{screen}-{}.png", self.mark())), page.picture().await).unwrap();
    }
}

/// Closes all that lies above the page.
async fn closes(page: &Browser) {
    page.does("for (const open of document.querySelectorAll('dialog')) open.close(); for (const open of document.querySelectorAll('[popover]:not(#toasts)')) open.hidePopover()").await;
    page.until("!document.querySelector('dialog, [popover]:not(#toasts)')").await;
}

/// What the catalog calls so, in the language of the page.
async fn words(page: &Browser, key: &str) -> String {
    let script = format!("import('/js/i18n.js').then(({{ t }}) => done(t('{key}')))");
    page.waits_for(&script).await.as_str().unwrap().to_owned()
}

async fn presses(page: &Browser, key: &str) {
    page.presses_button(&words(page, key).await).await;
}

struct Village {
    ann: Person,
    bob: Person,
    garden: i64,
    pair: i64,
    /// With Bob, who has little to say.
    quiet: i64,
}

async fn say(who: &Person, chat: i64, wish: Value) -> i64 {
    id(&who.post(&format!("/messages/api/chats/{chat}/messages/"), &wish).await.is(201).json())
}

/// A photograph, or what passes for one: a sunset, drawn as a bitmap.
fn sunset() -> Vec<u8> {
    let (width, height) = (480_i32, 320_i32);
    let mut pixels = Vec::new();
    for row in (0..height).rev() {
        for column in 0..width {
            let (x, y) = (column - width / 2, row - height * 3 / 5);
            let sun = x * x + y * y < 2_500 && row < height * 2 / 3;
            let sea = row > height * 2 / 3;
            let fade = u8::try_from((row * 160 / height).clamp(0, 255)).unwrap();
            let colour = match (sun, sea) {
                (true, _) => [120, 200, 255],
                (_, true) => [110 - fade / 4, 70, 60],
                _ => [150 - fade / 2, 110 + fade / 4, 200 + fade / 4],
            };
            pixels.extend(colour);
        }
    }
    let size = u32::try_from(pixels.len()).unwrap();
    let mut bytes = b"BM".to_vec();
    bytes.extend((54 + size).to_le_bytes());
    bytes.extend([0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0]);
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    bytes.extend(pixels);
    bytes
}

async fn village(fireside: &Fireside) -> Village {
    let mut people = Vec::new();
    for (username, name) in
        [("ann", "Ann Weber"), ("bob", "Bob Marsh"), ("chiara", "Chiara Conti"), ("dmitri", "Дмитрий Орлов")]
    {
        let person = fireside.registers(username).await;
        person
            .patch(&format!("/api/users/{}/", person.id), &json!({"display_name": name, "bio": "Tomatoes, mostly."}))
            .await
            .is(200);
        people.push(person);
    }
    let [ann, bob, chiara, dmitri] = people.try_into().unwrap();
    let make = async |who: &Person, title: &str, ids: &[i64]| {
        let wish = json!({"chat_type": "group", "title": title, "member_ids": ids});
        id(&who.post("/messages/api/chats/", &wish).await.is(201).json())
    };
    let choir = make(&dmitri, "Хор по четвергам", &[ann.id, chiara.id]).await;
    say(&dmitri, choir, json!({"content": "Репетиция в семь, как обычно."})).await;
    bob.opens(&json!({"name": "Bread bakers", "description": "Sourdough and patience"})).await;
    bob.post("/profiles/api/posts/", &json!({"title": "Seed swap on Saturday", "content": "Bring what you have, take what you need. From ten, at the greenhouse."})).await.is(201);
    let garden = make(&ann, "Community garden", &[bob.id, chiara.id, dmitri.id]).await;
    let question = say(&bob, garden, json!({"content": "Who has the key to the greenhouse?"})).await;
    say(&chiara, garden, json!({"content": "I do. I can be there at nine, or leave it with @ann."})).await;
    let picture = chiara.uploads("evening.bmp", &sunset()).await;
    say(&chiara, garden, json!({"content": "And look at last night", "attachments": [picture["id"]]})).await;
    let answer =
        say(&ann, garden, json!({"content": "Lovely! Nine is fine, I will bring the coffee.", "reply_to": question}))
            .await;
    bob.post(&format!("/messages/api/messages/{answer}/reactions/"), &json!({"emoji": "❤️"})).await.is(200);
    chiara.post(&format!("/messages/api/messages/{answer}/reactions/"), &json!({"emoji": "☕"})).await.is(200);
    bob.post(&format!("/messages/api/chats/{garden}/mark-as-read/"), &json!({})).await.is(200);
    let notes = bob.uploads("watering plan.txt", b"Monday: Bob").await;
    say(&bob, garden, json!({"content": "Here is the plan. The pump needs `sudo systemctl restart pump` again.", "attachments": [notes["id"]]})).await;
    let pair = super::talk::direct(&ann, &chiara).await;
    say(&chiara, pair, json!({"content": "Are you coming to the choir tonight?"})).await;
    let quiet = super::talk::direct(&ann, &bob).await;
    say(&bob, quiet, json!({"content": "Thanks for the seedlings!"})).await;
    Village { ann, bob, garden, pair, quiet }
}

#[tokio::test]
#[ignore = "takes pictures"]
async fn every_screen_at_every_width_in_both_themes_and_languages() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let village = village(&fireside).await;
    let page = an_admins_page(&fireside, &village.ann).await;
    let door = Browser::at(&fireside).await;
    for look in looks_at(WIDTHS) {
        look.is_put_on(&door).await;
        of_the_door(look, &door).await;
        look.is_put_on(&page).await;
        page.sees(".chat").await;
        of_the_app(look, &page, &village).await;
    }
    for theme in ["light", "dark"] {
        page.is_sized(1280, 800).await;
        page.does(&format!(
            "localStorage.setItem('fireside.theme', '{theme}'); localStorage.setItem('fireside.language', 'en')"
        ))
        .await;
        page.reloads().await;
        page.opens_chat(village.garden).await;
        page.sees(".picture img").await;
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        fs::create_dir_all("deploy/screenshots").unwrap();
        fs::write(format!("deploy/screenshots/{theme}.png"), page.picture().await).unwrap();
    }
    page.leaves().await;
    door.leaves().await;
}

#[tokio::test]
#[ignore = "takes pictures"]
async fn hooks_at_two_widths_in_both_themes_and_languages() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start_with(&["--hook-allow", "127.0.0.1"]).await;
    let (ann, receiver) = (fireside.registers("ann").await, Receiver::opens().await);
    let page = Browser::of(&fireside, &ann).await;
    for look in looks() {
        look.is_put_on(&page).await;
        page.sees(".chats").await;
        each_screen(&page, &ann, &receiver, async |screen: &str| look.takes(&page, screen).await).await;
    }
    page.leaves().await;
}

#[tokio::test]
#[ignore = "takes pictures"]
async fn a_second_factor_at_two_widths_in_both_themes_and_languages() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start_with(&["--require-second-factor", "admins"]).await;
    for look in looks() {
        let ann = fireside.registers(&format!("ann-{}", look.mark())).await;
        let page = Browser::at(&fireside).await;
        look.is_put_on(&page).await;
        page.signs_in(&ann).await;
        fireside.home.runs(&["user", "admin", &ann.username], "").await.succeeded();
        page.sees("main.signin [name=password]").await;
        look.takes(&page, "factor-required").await;
        page.types("[name=password]", &ann.password).await;
        page.clicks("main.signin [type=submit]").await;
        page.until("document.querySelector('img.qr')?.naturalWidth > 100").await;
        look.takes(&page, "factor-scan").await;
        let shown = page.asks("document.querySelector('.secret code').textContent.replaceAll(' ', '')").await;
        page.types("[name=otp]", &App::of(shown.as_str().unwrap()).code(0)).await;
        page.clicks("main.signin [type=submit]").await;
        page.sees(".recovery").await;
        look.takes(&page, "factor-recovery").await;
        page.devtools("Emulation.setEmulatedMedia", json!({"media": "print"})).await;
        look.takes(&page, "factor-printed").await;
        page.devtools("Emulation.setEmulatedMedia", json!({"media": ""})).await;
        page.clicks("dialog .primary").await;
        page.clicks(".me").await;
        page.sees("dialog details summary").await;
        page.does("[...document.querySelectorAll('dialog details summary')].at(-1).click()").await;
        page.does("document.querySelector('dialog details').scrollIntoView()").await;
        look.takes(&page, "factor-settings").await;
        page.does("localStorage.removeItem('fireside.token')").await;
        page.reloads().await;
        page.types("[name=username]", &ann.username).await;
        page.types("[name=password]", &ann.password).await;
        page.clicks("[type=submit]").await;
        page.sees("[name=otp]:enabled").await;
        look.takes(&page, "factor-door").await;
        page.leaves().await;
    }
}

async fn of_the_door(look: Look, door: &Browser) {
    door.reloads().await;
    door.sees("[name=password]").await;
    look.takes(door, "signin").await;
    door.clicks(".tabs button:last-child").await;
    door.clicks("[type=submit]").await;
    door.sees("[aria-invalid=true]").await;
    look.takes(door, "register").await;
    door.opens_link("/setup#x").await;
    door.sees("[name=username]").await;
    look.takes(door, "setup").await;
    door.opens_link("/").await;
}

async fn of_the_app(look: Look, page: &Browser, village: &Village) {
    let close = "for (const open of document.querySelectorAll('dialog')) open.close()";
    look.takes(page, "chats").await;
    page.opens_chat(village.garden).await;
    page.sees(".picture img").await;
    look.takes(page, "group").await;
    page.does("document.querySelector('.conversation .about').click()").await;
    page.sees("dialog .person").await;
    look.takes(page, "group-panel").await;
    page.does(close).await;
    page.opens_chat(village.pair).await;
    look.takes(page, "direct").await;
    page.does("document.querySelector('.conversation .about').click()").await;
    page.sees("dialog .portrait").await;
    look.takes(page, "person").await;
    page.does(&format!("{close}; location.hash = ''")).await;
    page.does("document.querySelectorAll('.chats > header button')[2].click()").await;
    page.sees("dialog .post").await;
    look.takes(page, "people").await;
    page.does(&format!("{close}; document.querySelectorAll('.chats > header button')[1].click()")).await;
    page.sees("dialog .hit, dialog [role=status]:not(:empty)").await;
    look.takes(page, "mentions").await;
    page.does(&format!("{close}; document.querySelectorAll('.chats > header button')[3].click()")).await;
    page.sees("dialog .everybody .person").await;
    look.takes(page, "new-chat").await;
    page.does(&format!("{close}; document.querySelector('.me').click()")).await;
    page.sees("dialog [name=display_name]").await;
    look.takes(page, "settings").await;
    page.does("document.querySelector('dialog .body').scrollTop = 9999").await;
    look.takes(page, "settings-end").await;
    page.does("document.querySelector('dialog .row button').click()").await;
    page.sees("dialog .status p").await;
    look.takes(page, "admin").await;
    for (index, name) in ["storage", "accounts", "invitations", "log"].iter().enumerate() {
        page.does(&format!("document.querySelectorAll('[role=tab]')[{}].click()", index + 1)).await;
        page.sees("dialog.admin :is(.person, .entry)").await;
        look.takes(page, name).await;
    }
    page.does(close).await;
}
