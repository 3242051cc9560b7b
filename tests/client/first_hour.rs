//! The first hour: one command, a team, and the first message of two people.

use serde_json::json;

use super::{Browser, browser_is_here};
use crate::manage::setup_code;
use crate::world::Fireside;

const PASSWORD: &str = "correct horse";
/// What two people may have to do, in all, until the second has said something to the first.
const MOST_ACTIONS: usize = 6;

/// Somebody at a page, whose steps are counted: to open a link, to fill in a form and send it,
/// to press a button, to write a message and send it.
struct Visitor {
    page: Browser,
    actions: usize,
}

impl Visitor {
    async fn opens(fireside: &Fireside, link: &str) -> Self {
        let page = Browser::at(fireside).await;
        page.does("Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => ({ writeText: async (text) => { window.copied = text; } }) })")
            .await;
        page.opens_link(link.strip_prefix(&fireside.url).unwrap_or(link)).await;
        Self { page, actions: 1 }
    }

    async fn sends(&mut self, form: &[(&str, &str)]) {
        for (name, value) in form {
            self.page.types(&format!("[name={name}]"), value).await;
        }
        self.page.clicks("[type=submit]").await;
        self.actions += 1;
    }

    async fn presses(&mut self, button: &str) {
        self.page.presses_button(button).await;
        self.actions += 1;
    }

    async fn says(&mut self, text: &str) {
        self.page.says(text).await;
        self.actions += 1;
    }
}

#[tokio::test]
async fn two_people_need_at_most_six_actions_to_their_first_message() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let setup = format!("/setup#{}", setup_code(&fireside).unwrap());
    let mut ann = Visitor::opens(&fireside, &setup).await;
    ann.page.reads("h2", "Set up your server").await;
    ann.sends(&[("name", "The Bakery"), ("username", "Ann Lee"), ("password", PASSWORD)]).await;
    // She lands in the room of everybody, and whom to invite is the first thing asked.
    ann.page.reads(".conversation h2", "Everyone").await;
    ann.page.reads("dialog h2", "Invite people").await;
    ann.page.sees("dialog .secret code").await;
    ann.page.does("Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => ({ writeText: async (text) => { window.copied = text; } }) })").await;
    ann.presses("Copy link").await;
    ann.page.until("window.copied").await;
    let link = ann.page.asks("window.copied").await.as_str().unwrap().to_owned();

    let mut bob = Visitor::opens(&fireside, &link).await;
    bob.page.reads("h1", "The Bakery").await;
    bob.sends(&[("username", "bob"), ("password", PASSWORD)]).await;
    bob.page.reads(".conversation h2", "Everyone").await;
    bob.says("good morning").await;
    ann.page.reads(".message:not(.mine) .content", "good morning").await;
    let actions = ann.actions + bob.actions;
    assert!(actions <= MOST_ACTIONS, "{actions} actions");

    // Nobody was asked for an address, and both are called what they said.
    ann.page.presses_button("Close").await;
    ann.page.reads(".message .author", "bob").await;
    ann.page.reads(".me", "Ann Lee").await;
    ann.page.until("document.title.endsWith('The Bakery')").await;
    bob.page.reads(".chat", "Everyone").await;
    ann.page.leaves().await;
    bob.page.leaves().await;
}

#[tokio::test]
async fn the_room_of_everybody_has_its_name_in_the_language_of_the_page() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let setup = format!("/setup#{}", setup_code(&fireside).unwrap());
    let mut ann = Visitor::opens(&fireside, &setup).await;
    ann.page.presses_button("Русский").await;
    ann.page.until("document.documentElement.lang === 'ru'").await;
    ann.sends(&[("username", "ann"), ("password", PASSWORD)]).await;
    ann.page.reads(".conversation h2", "Общий чат").await;
    ann.page.leaves().await;
}

#[tokio::test]
async fn a_server_without_an_administrator_says_so_until_it_has_one() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let page = Browser::at(&fireside).await;
    page.reads("form", "Open the setup link printed in the terminal.").await;
    let code = setup_code(&fireside).unwrap();
    let wish = json!({"code": code, "username": "ann", "password": PASSWORD});
    fireside.anyone().post("/api/server/setup/", &wish).await.is(201);
    page.reloads().await;
    page.until("performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/api/server/'))").await;
    page.sees("[name=password]").await;
    assert_eq!(page.asks("document.body.textContent.includes('terminal')").await, false);
    page.leaves().await;
}

#[tokio::test]
async fn an_invitation_is_a_link_and_a_picture_drawn_when_asked_for() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start_with(&["--registration", "invite"]).await;
    let setup = format!("/setup#{}", setup_code(&fireside).unwrap());
    let mut ann = Visitor::opens(&fireside, &setup).await;
    ann.sends(&[("username", "ann"), ("password", PASSWORD)]).await;
    ann.page.reads("dialog .secret code", "/invite#").await;
    ann.page.reads("dialog", "Good for 50 people until").await;
    ann.page.reads("dialog .local", "on this computer only").await;
    let link = ann.page.asks("document.querySelector('dialog .secret code').textContent").await;
    assert!(!ann.page.loaded().await.iter().any(|name| name.ends_with("/js/qr.js")), "before it is asked for");
    ann.presses("Show QR code").await;
    ann.page.sees("dialog svg.qr path").await;
    assert_eq!(
        ann.page.asks("document.querySelector('svg.qr').getAttribute('aria-label')").await,
        format!("QR code of {}", link.as_str().unwrap())
    );

    let mut bob = Visitor::opens(&fireside, link.as_str().unwrap()).await;
    bob.page.reads(".brand", "ann invites you").await;
    bob.sends(&[("username", "bob"), ("password", PASSWORD)]).await;
    bob.page.reads(".conversation h2", "Everyone").await;
    // Who administers nothing has no links to give away here, and is told whom to ask.
    bob.page.clicks(".me").await;
    bob.page.presses_button("Invite people").await;
    bob.page.reads("dialog:last-of-type", "Ask an administrator for one.").await;
    ann.page.leaves().await;
    bob.page.leaves().await;
}

/// The answer to the first of such requests is lost, after the server has done what was asked.
const ONE_IS_LOST: &str = "const real = window.fetch; let isFirst = true; window.fetch = async (url, ...rest) => { const answer = await real(url, ...rest); if (!isFirst || !/register|setup/.test(String(url))) return answer; isFirst = false; return new Response('', { status: 503 }); }";

#[tokio::test]
async fn an_account_whose_answer_was_lost_is_entered_at_the_next_try_and_nobody_elses_is() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let setup = format!("/setup#{}", setup_code(&fireside).unwrap());
    for (link, name) in [(setup.as_str(), "ann"), ("/#join", "bob")] {
        let mut visitor = Visitor::opens(&fireside, link).await;
        visitor.page.does(ONE_IS_LOST).await;
        visitor.sends(&[("username", name), ("password", PASSWORD)]).await;
        visitor.page.reads("[role=alert]", "Please try again").await;
        visitor.sends(&[]).await;
        visitor.page.reads(".me", name).await;
        visitor.page.leaves().await;
    }
    // The name was somebody's before.
    let mut eve = Visitor::opens(&fireside, "/#join").await;
    eve.page.does(&ONE_IS_LOST.replace("await real(url, ...rest)", "isFirst ? null : await real(url, ...rest)")).await;
    eve.sends(&[("username", "bob"), ("password", "another long secret")]).await;
    eve.page.reads("[role=alert]", "Please try again").await;
    eve.sends(&[]).await;
    eve.page.reads("[data-field=username]", "already exists").await;
    assert_eq!(eve.page.asks("localStorage.getItem('fireside.token')").await, json!(null));
    eve.page.leaves().await;
}
