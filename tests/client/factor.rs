//! Two-factor authentication in the browser, with an authenticator app beside it.

use serde_json::json;

use super::{Browser, browser_is_here};
use crate::manage::root_of;
use crate::world::totp::{App, Protected};
use crate::world::{Fireside, Person};

/// What a person copies or prints is kept on the page.
async fn watches(page: &Browser) {
    page.begins_pages_with(
        "Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => ({ writeText: async (text) => { window.copied = text; } }) });
         window.print = () => { window.printed = [...document.querySelectorAll('.recovery code')].map((each) => each.checkVisibility()); };",
    )
    .await;
    page.reloads().await;
}

/// From the password to the recovery codes.
async fn sets_it_up(page: &Browser, person: &Person) -> (App, Vec<String>) {
    page.types("[name=password]", &person.password).await;
    page.presses_button("Continue").await;
    page.until("document.querySelector('img.qr')?.naturalWidth > 100").await;
    page.presses_button("Copy").await;
    page.until("window.copied").await;
    let secret = page.asks("window.copied").await.as_str().unwrap().to_owned();
    let shown = page.asks("document.querySelector('.secret code').textContent").await;
    assert_eq!(shown.as_str().unwrap().replace(' ', ""), secret);
    let app = App::of(&secret);
    page.types("[name=otp]", &app.wrong_code()).await;
    page.presses_button("Turn on").await;
    page.reads("[data-field=otp]", "This code is wrong").await;
    page.does("document.querySelector('[name=otp]').value = ''").await;
    page.types("[name=otp]", &app.code(0)).await;
    page.presses_button("Turn on").await;
    page.sees(".recovery li:nth-child(10)").await;
    let codes = page.asks("[...document.querySelectorAll('.recovery code')].map((each) => each.textContent)").await;
    let codes: Vec<String> = serde_json::from_value(codes).unwrap();
    page.does("window.copied = ''").await;
    page.does("[...document.querySelectorAll('dialog:has(.recovery) button')].find((each) => each.textContent === 'Copy').click()").await;
    page.until("window.copied").await;
    assert_eq!(page.asks("window.copied").await, json!(codes.join("\n")));
    page.presses_button("Print").await;
    page.until("window.printed?.length === 10").await;
    // Neither Escape nor a click beside them takes them away.
    page.presses(fantoccini::key::Key::Escape).await;
    page.does("document.querySelector('dialog:has(.recovery)').click()").await;
    assert_eq!(page.asks("document.querySelectorAll('.recovery').length").await, 1);
    page.presses_button("I have saved them").await;
    page.until("!document.querySelector('.recovery')").await;
    (app, codes)
}

async fn signs_in(page: &Browser, person: &Person) {
    page.types("[name=username]", &person.username).await;
    page.types("[name=password]", &person.password).await;
    page.clicks("[type=submit]").await;
    page.until("document.querySelector('[name=otp]:enabled')?.checkVisibility()").await;
}

async fn forgets(page: &Browser) {
    page.does("localStorage.removeItem('fireside.token')").await;
    page.reloads().await;
    page.sees("[name=password]").await;
}

#[tokio::test]
async fn it_is_set_up_in_the_settings_asked_for_at_the_door_and_turned_off() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let hers = Browser::of(&fireside, &alice).await;
    watches(&hers).await;
    hers.clicks(".me").await;
    hers.presses_button("Set up").await;
    let outside = "performance.getEntriesByType('resource').filter(({ name }) => !name.startsWith(location.origin) && !name.startsWith('data:')).length";
    let (app, codes) = sets_it_up(&hers, &alice).await;
    assert_eq!(hers.asks(outside).await, 0, "no third party draws anything");
    hers.reads("dialog", "It is on. 10 recovery codes are left.").await;

    // By the app's next code, after a wrong one.
    forgets(&hers).await;
    signs_in(&hers, &alice).await;
    assert_eq!(hers.asks("document.querySelector('[name=password]').checkVisibility()").await, false);
    hers.types("[name=otp]", &app.wrong_code()).await;
    hers.clicks("[type=submit]").await;
    hers.reads("[data-field=otp]", "This code is wrong, or was used already.").await;
    hers.does("document.querySelector('[name=otp]').value = ''").await;
    hers.types("[name=otp]", &app.code(1)).await;
    hers.clicks("[type=submit]").await;
    hers.sees(".app .me").await;
    // By a recovery code, with a look back before.
    forgets(&hers).await;
    signs_in(&hers, &alice).await;
    hers.presses_button("Back").await;
    hers.until(
        "document.querySelector('[name=password]').checkVisibility() && document.querySelector('[name=otp]').disabled",
    )
    .await;
    hers.clicks("[type=submit]").await;
    hers.until("document.querySelector('[name=otp]:enabled')?.checkVisibility()").await;
    hers.types("[name=otp]", &codes[0]).await;
    hers.clicks("[type=submit]").await;
    hers.sees(".app .me").await;

    hers.clicks(".me").await;
    hers.reads("dialog", "It is on. 9 recovery codes are left.").await;
    hers.clicks("dialog details:has([name=password]) summary").await;
    hers.types("dialog details [name=password]", &alice.password).await;
    hers.clicks("dialog details [type=submit]").await;
    hers.clicks("dialog:last-of-type .row .danger").await;
    hers.reads("#toasts", "Two-factor authentication is off.").await;
    let login = json!({"username": "alice", "password": alice.password});
    fireside.anyone().post("/api/auth/login/", &login).await.is(200);
    hers.leaves().await;
}

#[tokio::test]
async fn where_it_is_required_setting_it_up_comes_first() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start_with(&["--require-second-factor", "all"]).await;
    let alice = fireside.registers("alice").await;
    let hers = Browser::at(&fireside).await;
    watches(&hers).await;
    hers.types("[name=username]", "alice").await;
    hers.types("[name=password]", &alice.password).await;
    hers.clicks("[type=submit]").await;
    hers.reads("main.signin", "This server asks you for a second factor.").await;
    assert_eq!(hers.asks("document.querySelectorAll('.app').length").await, 0);
    // A reload leads to the same page, and one may leave it.
    hers.reloads().await;
    hers.reads("main.signin", "This server asks you for a second factor.").await;
    hers.presses_button("Sign out").await;
    hers.until("document.querySelector('[name=username]:not([hidden])')").await;
    hers.types("[name=username]", "alice").await;
    hers.types("[name=password]", &alice.password).await;
    hers.clicks("[type=submit]").await;
    hers.reads("main.signin", "This server asks you for a second factor.").await;
    sets_it_up(&hers, &alice).await;
    hers.sees(".app .me").await;
    // Whose factor is taken away while they are there meets the page again.
    let root = root_of(&fireside).await.turns_on_second_factor().await.person;
    root.delete(&format!("/api/server/users/{}/second-factor/", alice.id)).await.is(204);
    hers.reads("main.signin", "This server asks you for a second factor.").await;
    hers.leaves().await;
}

#[tokio::test]
async fn an_administrator_takes_it_away() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let root = root_of(&fireside).await;
    let alice = Protected::of(&fireside, "alice").await;
    let page = Browser::of(&fireside, &root).await;
    page.clicks(".me").await;
    page.presses_button("Administration").await;
    page.presses_button("Accounts").await;
    page.clicks("[aria-label='More about root']").await;
    page.sees("[popover] .menu button").await;
    let has = "[...document.querySelectorAll('[popover] .menu button')].some((each) => each.textContent === 'Remove second factor')";
    assert_eq!(page.asks(has).await, false, "root has none");
    page.presses(fantoccini::key::Key::Escape).await;
    page.clicks("[aria-label='More about alice']").await;
    page.presses_button("Remove second factor").await;
    page.clicks("dialog:last-of-type .row .danger").await;
    page.until(&format!("!document.querySelector('dialog:last-of-type .row .danger') && !({has})")).await;
    alice.tries(&fireside, "/api/auth/login/", serde_json::Value::Null).await.is(200);
    page.presses_button("Audit log").await;
    page.reads("dialog", "root removed the second factor of alice.").await;
    page.leaves().await;
}
