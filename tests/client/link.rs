//! The pages that an administrator's links open, and the administrator's own.

use serde_json::json;

use super::{Browser, browser_is_here};
use crate::manage::{knocks, root_of, setup_code, signs_in};
use crate::world::{Fireside, Person};

const PASSWORD: &str = "correct horse";
const NEW_PASSWORD: &str = "battery staple";
const BY_INVITATION: &[&str] = &["--registration", "invite"];

/// A browser that has come by a link.
async fn by_link(fireside: &Fireside, link: &str) -> Browser {
    let page = Browser::at(fireside).await;
    page.opens_link(link.strip_prefix(&fireside.url).unwrap_or(link)).await;
    page
}

/// The page of somebody who administers the server, where an invitation is open already.
pub async fn an_admins_page(fireside: &Fireside, person: &Person) -> Browser {
    let root = root_of(fireside).await;
    root.patch(&format!("/api/server/users/{}/", person.id), &json!({"is_admin": true})).await.is(200);
    root.post("/api/server/invites/", &json!({"label": "Neighbours", "uses": 3})).await.is(201);
    Browser::of(fireside, person).await
}

/// Opens the administrator's page at one of its parts.
async fn administers(page: &Browser, part: &str) {
    if page.asks("document.querySelector('dialog.admin')").await.is_null() {
        page.clicks(".me").await;
        page.presses_button("Administration").await;
    }
    page.presses_button(part).await;
}

/// The link that is shown this once; its box is closed.
async fn handed(page: &Browser) -> String {
    page.sees("dialog:last-of-type .secret code").await;
    let link = page.asks("document.querySelector('dialog:last-of-type .secret code').textContent").await;
    page.does("[...document.querySelectorAll('dialog')].at(-1).close()").await;
    link.as_str().unwrap().to_owned()
}

async fn invites(page: &Browser, label: &str) -> String {
    administers(page, "Invitations").await;
    page.types("dialog.admin [name=label]", label).await;
    page.clicks("dialog.admin [type=submit]").await;
    let link = handed(page).await;
    page.reads("dialog.admin .person", label).await;
    link
}

/// Does something to an account, by the menu behind its name.
async fn does_to(page: &Browser, name: &str, deed: &str) {
    page.presses_button(&format!("More about {name}")).await;
    page.presses_button(deed).await;
}

/// Whoever sets up is asked first whom to invite.
async fn closes_the_invitation(page: &Browser) {
    page.sees("dialog .secret code").await;
    page.presses_button("Close").await;
    page.until("!document.querySelector('dialog')").await;
}

async fn fills(page: &Browser, username: &str, password: &str) {
    page.types("[name=username]", username).await;
    page.types("[name=password]", password).await;
    page.clicks("[type=submit]").await;
}

async fn account(page: &Browser, name: &str) -> String {
    let line = format!(
        "[...document.querySelectorAll('dialog.admin .person')].find((line) => line.querySelector('.clip').textContent === {})",
        json!(name)
    );
    page.until(&line).await;
    page.asks(&format!("({line}).textContent")).await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_setup_link_makes_the_first_account_which_administers() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let link = format!("/setup#{}", setup_code(&fireside).unwrap());
    let page = by_link(&fireside, &link).await;
    page.reads("h2", "Set up your server").await;
    fills(&page, "alice", "short").await;
    page.sees("[name=password][aria-invalid=true]").await;
    page.types("[name=password]", PASSWORD).await;
    page.clicks("[type=submit]").await;
    page.sees(".app .me").await;
    closes_the_invitation(&page).await;
    let address = page.asks("location.pathname + location.hash").await;
    assert!(address.as_str().unwrap().starts_with("/#chat-"), "the code does not stay: {address}");
    administers(&page, "Audit log").await;
    page.reads("dialog.admin .entry", "alice set up the server.").await;
    administers(&page, "Server").await;
    page.reads("dialog .status", "has been running for less than a minute.").await;
    page.reads("dialog .status", "1 person has an account. 1 of them is online.").await;
    page.reads("dialog .status", "It stores 0 messages in 1 chat.").await;
    page.reads("dialog .status", "The server makes no backups by itself.").await;

    // It was good for one.
    let late = by_link(&fireside, &link).await;
    fills(&late, "eve", PASSWORD).await;
    late.reads("[role=alert]", "has been used already").await;
    signs_in(&fireside, "eve", PASSWORD).await.is(401);
    late.leaves().await;
    page.leaves().await;
}

#[tokio::test]
async fn an_administrator_sees_what_fills_the_disk_and_says_how_long_a_chat_is_kept() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start_with(&["--quota-all", "5GiB", "--retain-uploads", "90d"]).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (garden, shed) = (alice.opens_room("garden").await, alice.opens_room("the secret shed").await);
    alice.makes_private(&shed).await;
    let photo = bob.uploads("photo.bin", &[1; 3 * 1024]).await;
    bob.joins(&garden).await;
    bob.posts("look").with_file(&photo).in_room(&garden).await;
    for words in ["one", "two", "three"] {
        alice.posts(words).in_room(&shed).await;
    }
    let page = an_admins_page(&fireside, &alice).await;
    administers(&page, "Storage").await;
    page.reads("dialog.admin .facts", "3\u{a0}KB of 5\u{a0}GB").await;
    page.reads("dialog.admin .facts", "Kept for 90 days").await;
    let list = |name: &str| {
        format!(
            "[...document.querySelectorAll('dialog.admin ul[aria-label=\"{name}\"] li')].map((line) => [...line.querySelectorAll('.clip, .soft')].map((part) => part.textContent).join(': '))"
        )
    };
    let private = format!("Private group {}", shed.id);
    let by_messages = page.asks(&list("Chats with the most messages")).await;
    assert_eq!(by_messages, json!([format!("{private}: 3 messages"), "garden: 1 message\u{a0}· 3\u{a0}KB"]));
    assert_eq!(page.asks(&list("Chats with the largest files")).await, json!(["garden: 1 message\u{a0}· 3\u{a0}KB"]));
    assert_eq!(page.asks(&list("People who store the most")).await, json!(["@bob: 3\u{a0}KB", "@alice: 11\u{a0}B"]));
    let titles = page.asks("document.querySelector('dialog.admin .part').textContent").await;
    assert!(!titles.as_str().unwrap().contains("shed"), "{titles}");

    page.presses_button(&format!("How long messages are kept: {private}")).await;
    page.presses_button("Kept for ever").await;
    page.until(&format!(
        "{}[0] === '{private}: 3 messages\u{a0}· Kept for ever'",
        list("Chats with the most messages")
    ))
    .await;
    page.presses_button(&format!("How long messages are kept: {private}")).await;
    page.presses_button("Kept for 30 days").await;
    page.reads("dialog:last-of-type", "older than 30 days").await;
    page.does("[...document.querySelectorAll('dialog')].at(-1).querySelector('button.danger').click()").await;
    page.until(&format!(
        "{}[0] === '{private}: 3 messages\u{a0}· Kept for 30 days'",
        list("Chats with the most messages")
    ))
    .await;
    assert_eq!(alice.reads(&shed).await, ["three", "two", "one"]);
    page.leaves().await;
}

#[tokio::test]
async fn a_dead_link_says_so_and_leads_on() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let page = by_link(&fireside, "/invite#x").await;
    page.reads("[role=alert]", "invitation is no longer valid").await;
    page.opens_link("/reset#x").await;
    page.reads("[role=alert]", "Ask your administrator for a new one").await;
    page.opens_link("/setup#x").await;
    fills(&page, "alice", PASSWORD).await;
    page.reads("[role=alert]", "has been used already").await;
    page.presses_button("Go to the start page").await;
    page.reads("[type=submit]", "Sign in").await;
    assert_eq!(page.asks("location.pathname").await, "/");
    page.leaves().await;
}

#[tokio::test]
async fn a_colleague_comes_by_invitation_and_nobody_else() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start_with(BY_INVITATION).await;
    let page = by_link(&fireside, &format!("/setup#{}", setup_code(&fireside).unwrap())).await;
    fills(&page, "alice", PASSWORD).await;
    closes_the_invitation(&page).await;
    let link = invites(&page, "For Bob").await;

    let his = by_link(&fireside, &link).await;
    his.reads(".brand", "alice invites you").await;
    his.types("[name=email]", "bob@example.com").await;
    fills(&his, "bob", PASSWORD).await;
    his.reads(".conversation h2", "Everyone").await;
    let address = his.asks("location.pathname + location.hash").await;
    assert!(address.as_str().unwrap().starts_with("/#chat-"), "the code does not stay: {address}");
    administers(&page, "Accounts").await;
    assert!(account(&page, "bob").await.contains("bob@example.com"));

    // It was for one; without any there is no way in, and the page offers none.
    let hers = by_link(&fireside, &link).await;
    hers.reads("[role=alert]", "invitation is no longer valid").await;
    hers.presses_button("Go to the start page").await;
    hers.reads("form", "New accounts need an invitation.").await;
    assert_eq!(hers.asks("document.querySelector('.tabs').checkVisibility()").await, false);

    // One that was taken back is dead like one that was used.
    let link = invites(&page, "A mistake").await;
    page.presses_button("Revoke: A mistake").await;
    page.until("![...document.querySelectorAll('dialog.admin .person')].some((line) => line.textContent.includes('A mistake'))").await;
    hers.opens_link(link.strip_prefix(&fireside.url).unwrap()).await;
    hers.reads("[role=alert]", "invitation is no longer valid").await;
    for page in [page, his, hers] {
        page.leaves().await;
    }
}

#[tokio::test]
async fn who_forgot_the_password_sets_a_new_one_by_a_link() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let page = an_admins_page(&fireside, &alice).await;
    administers(&page, "Accounts").await;
    does_to(&page, "bob", "Password reset link").await;
    let link = handed(&page).await;

    let his = by_link(&fireside, &link).await;
    his.reads("form", "For bob").await;
    his.types("[name=password]", NEW_PASSWORD).await;
    his.clicks("[type=submit]").await;
    his.reads("[role=alert]", "Your password has been changed").await;
    fills(&his, "bob", NEW_PASSWORD).await;
    his.sees(".app .me").await;
    bob.get("/api/auth/me/").await.is(401);
    signs_in(&fireside, "bob", &bob.password).await.is(401);

    his.opens_link(link.strip_prefix(&fireside.url).unwrap()).await;
    his.reads("[role=alert]", "Ask your administrator for a new one").await;
    his.leaves().await;
    page.leaves().await;
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once_until_enabled() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let page = an_admins_page(&fireside, &alice).await;
    let his = Browser::of(&fireside, &bob).await;
    administers(&page, "Accounts").await;
    assert!(!account(&page, "bob").await.contains("disabled"));
    does_to(&page, "bob", "Disable account").await;
    page.clicks("dialog:last-of-type .danger").await;
    page.reads("dialog.admin .person.off", "disabled").await;
    his.reads("[role=alert]", "session has ended").await;
    fills(&his, "bob", &bob.password).await;
    his.until("document.querySelector('[role=alert]').textContent && !document.querySelector('[role=alert]').textContent.includes('session has ended')").await;
    assert!(his.asks("document.querySelector('.app')").await.is_null());

    does_to(&page, "bob", "Enable account").await;
    page.until("!document.querySelector('dialog.admin .person.off')").await;
    his.clicks("[type=submit]").await;
    his.sees(".app .me").await;
    administers(&page, "Audit log").await;
    page.reads("dialog.admin .entry", "alice disabled the account bob.").await;
    page.reads("dialog.admin .entry", "alice enabled the account bob.").await;
    his.leaves().await;
    page.leaves().await;
}

#[tokio::test]
async fn who_is_no_administrator_is_shown_no_way_there() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let bob = fireside.registers("bob").await;
    let his = Browser::of(&fireside, &bob).await;
    his.clicks(".me").await;
    // The sessions are asked for when the panel opens: by their answer all of it is there.
    his.reads("dialog .person", "This device").await;
    let offers = "[...document.querySelectorAll('dialog button')].some((each) => each.textContent === 'Administration' && each.checkVisibility())";
    assert_eq!(his.asks(offers).await, false);
    let alice = fireside.registers("alice").await;
    let hers = an_admins_page(&fireside, &alice).await;
    hers.clicks(".me").await;
    hers.until(offers).await;
    his.leaves().await;
    hers.leaves().await;
}

#[tokio::test]
async fn a_session_of_another_device_is_ended() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    knocks(&fireside, "alice", None).await.is(201);
    let login = json!({"username": "alice", "password": PASSWORD});
    let phone = fireside.anyone().post("/api/auth/login/", &login).with("User-Agent", "Old phone").await.is(200);
    let phone = Person::of(fireside.anyone(), &phone.json(), PASSWORD.into());
    let page = Browser::of(&fireside, &phone).await;
    page.clicks(".me").await;
    page.reads("dialog .person", "This device").await;
    page.reads("dialog .person", "Chrome on Linux").await;
    page.reads("dialog .person", "The API token").await;
    let mine = page.asks("[...document.querySelectorAll('dialog .person')].filter((line) => line.textContent.includes('This device') && line.querySelector('button')).length").await;
    assert_eq!(mine, 0, "one's own ends by signing out");
    phone.get("/api/auth/me/").await.is(200);
    page.presses_button("End the session Old phone").await;
    page.until("!document.querySelector('[aria-label=\"End the session Old phone\"]')").await;
    phone.get("/api/auth/me/").await.is(401);
    page.sees(".app .me").await;
    page.leaves().await;
}

#[tokio::test]
async fn until_when_a_link_holds_is_said_in_the_right_case() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let page = Browser::at(&fireside).await;
    let told = page
        .waits_for(
            "import('/js/i18n.js').then(async ({ load, t, endTime }) => {
                 await load('ru');
                 done(t('invite.until', { n: 3, time: endTime(new Date(2026, 11, 1, 21, 28)) }));
             });",
        )
        .await;
    assert_eq!(told, "Рассчитано на 3 человек. Действует до 1 декабря 2026 г. в 21:28.");
    let days = page
        .waits_for(
            "import('/js/i18n.js').then(({ shortly }) => done([new Date(2026, 1, 3), new Date(2024, 1, 3)].map((at) => shortly(at, new Date(2026, 10, 25)))));",
        )
        .await;
    assert_eq!(days, json!(["3 февр.", "03.02.2024"]), "with its year where that is another");
    page.leaves().await;
}
