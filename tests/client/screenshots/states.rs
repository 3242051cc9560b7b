//! The first hour, and what is said where something fails.

use super::{Look, Village, closes, looks, presses, village};
use crate::client::faults::{Line, Road};
use crate::client::{Browser, browser_is_here};
use crate::manage::setup_code;
use crate::world::Fireside;

const PASSWORD: &str = "correct horse";

#[tokio::test]
#[ignore = "takes pictures"]
async fn the_first_hour_on_a_phone_and_a_desk() {
    let Some(_turn) = browser_is_here().await else { return };
    for look in looks() {
        let fireside = Fireside::start().await;
        let page = Browser::at(&fireside).await;
        look.is_put_on(&page).await;
        page.until("document.querySelector('form [role=status]')?.textContent").await;
        look.takes(&page, "first-door").await;
        page.opens_link(&format!("/setup#{}", setup_code(&fireside).unwrap())).await;
        page.types("[name=name]", "The Bakery").await;
        page.types("[name=username]", "Ann Lee").await;
        page.types("[name=password]", PASSWORD).await;
        look.takes(&page, "first-setup").await;
        page.clicks("[type=submit]").await;
        page.sees("dialog .secret code").await;
        look.takes(&page, "first-invite").await;
        let link = page.asks("document.querySelector('dialog .secret code').textContent").await;
        closes(&page).await;
        look.takes(&page, "first-chat").await;
        let guest = Browser::at(&fireside).await;
        look.is_put_on(&guest).await;
        guest.opens_link(link.as_str().unwrap().strip_prefix(&fireside.url).unwrap()).await;
        guest.sees("[name=username]").await;
        look.takes(&guest, "first-guest").await;
        guest.types("[name=username]", "bob").await;
        guest.types("[name=password]", PASSWORD).await;
        guest.clicks("[type=submit]").await;
        guest.until("document.querySelector('.conversation')?.checkVisibility()").await;
        guest.says("good morning").await;
        guest.sees(".message.mine:not(.unsent)").await;
        look.takes(&guest, "first-words").await;
        page.sees(".message").await;
        look.takes(&page, "first-answer").await;
        guest.does("location.hash = ''").await;
        look.takes(&guest, "first-list").await;
        page.leaves().await;
        guest.leaves().await;
    }
}

/// Nothing is there of what was seen before or fetched ahead.
const FORGETFUL: &str = "localStorage.removeItem('fireside.kept'); Object.defineProperty(navigator, 'connection', { value: { saveData: true } });";

#[tokio::test]
#[ignore = "takes pictures"]
async fn what_fails_on_a_phone_and_a_desk() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let village = village(&fireside).await;
    let zoe = fireside.registers("zoe").await;
    let road = Road::to(fireside.address().to_owned()).await;
    let page = Browser::on(&format!("http://{}", road.address)).await;
    page.begins_pages_with(FORGETFUL).await;
    page.signs_in(&village.ann).await;
    let alone = Browser::of(&fireside, &zoe).await;
    for look in looks() {
        look.is_put_on(&alone).await;
        alone.sees(".lists .notice:not([hidden])").await;
        look.takes(&alone, "alone").await;
        look.is_put_on(&page).await;
        page.sees(".chat").await;
        without_a_line(look, &page, &village, &road).await;
        refused(look, &page, &village).await;
    }
    page.leaves().await;
    alone.leaves().await;
}

async fn without_a_line(look: Look, page: &Browser, village: &Village, road: &Road) {
    // What is to be opened without the server is loaded.
    page.clicks(".me").await;
    page.sees("dialog [name=quiet]:enabled").await;
    closes(page).await;
    page.types(".search [type=search]", "g").await;
    page.sees(".lists .filters").await;
    page.does("document.querySelector('.search input').value = ''").await;
    page.opens_chat(village.garden).await;
    page.sees(".picture img").await;
    road.becomes(Line::Unavailable);
    road.cut();
    page.until("[...document.querySelectorAll('.link-state')].some((each) => each.checkVisibility())").await;
    page.says("Kept for later").await;
    page.sees(".unsent").await;
    look.takes(page, "lost-waiting").await;
    page.does(&format!("location.hash = 'chat-{}'", village.pair)).await;
    page.sees(".lost").await;
    look.takes(page, "lost-unloaded").await;
    page.does("location.hash = ''").await;
    look.takes(page, "lost-list").await;
    page.types(".search [type=search]", "green").await;
    page.clicks(".me").await;
    page.sees("dialog .refused:not(:empty)").await;
    look.takes(page, "lost-settings").await;
    page.until("!document.querySelector('dialog .skeleton')").await;
    page.does("document.querySelector('dialog .body').scrollTop = 9999").await;
    look.takes(page, "lost-settings-end").await;
    closes(page).await;
    page.sees(".lists [role=status] button").await;
    look.takes(page, "lost-search").await;
    road.becomes(Line::Fair);
    page.reloads().await; // or it would wait a while before it looks again
    page.sees(".chat").await;
    page.opens_chat(village.garden).await;
    page.until("!document.querySelector('.unsent')").await;
}

/// What the server says to the next messages and files.
const REFUSING: &str = "
    const real = window.fetch;
    window.fetch = (url, wish = {}) => wish.method === 'POST' && String(url).endsWith('/messages/')
        ? Promise.resolve(new Response(JSON.stringify({ error: 'insufficient_storage', message: 'There is no space left to store this.' }), { status: 507 }))
        : real(url, wish);
    const answers = [[507, ''], [413, ''], [429, '42']];
    window.XMLHttpRequest = class {
        upload = {};
        open() {}
        setRequestHeader() {}
        abort() {}
        send() { const [status, wait] = answers.shift() ?? [429, '42']; Object.assign(this, { status, responseText: '', getResponseHeader: () => wait }); setTimeout(() => this.onload()); }
    };";

async fn refused(look: Look, page: &Browser, village: &Village) {
    page.does(REFUSING).await;
    page.says("This one is refused").await;
    page.sees(".unsent.failed").await;
    page.does("const files = new DataTransfer(); for (const name of ['Watering plan for the whole of the summer, with all the names.pdf', 'b.txt', 'c.txt', 'd.txt']) files.items.add(new File(['words'], name)); document.querySelector('main').dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }))")
        .await;
    page.until("document.querySelectorAll('.uploads .failed').length === 2").await;
    look.takes(page, "refused").await;
    page.does("for (const button of document.querySelectorAll('.uploads button.icon')) button.click()").await;
    page.does("location.hash = ''").await;
    page.sees(".chat .refused").await;
    look.takes(page, "refused-list").await;
    page.opens_chat(village.garden).await;
    presses(page, "discard").await;
    page.until("!document.querySelector('.unsent')").await;
    page.does("location.hash = ''").await;
}

#[tokio::test]
#[ignore = "takes pictures"]
async fn a_closed_door_on_a_phone_and_a_desk() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start_with_limits(&["--limit-auth", "3/min", "--registration", "invite"]).await;
    let road = Road::to(fireside.address().to_owned()).await;
    let door = Browser::on(&format!("http://{}", road.address)).await;
    for look in looks() {
        look.is_put_on(&door).await;
        let ways = [("/invite#x", "dead-invite"), ("/reset#x", "dead-reset"), ("/nothing/here", "nowhere")];
        for (path, screen) in ways {
            door.opens_link(path).await;
            door.sees("[role=alert]").await;
            look.takes(&door, screen).await;
        }
        door.opens_link("/").await;
        door.types("[name=username]", "ann").await;
        door.types("[name=password]", PASSWORD).await;
        let alert = "document.querySelector('[role=alert]').textContent";
        while !door.asks(&format!("/\\d/.test({alert})")).await.as_bool().unwrap() {
            door.clicks("[type=submit]").await;
            door.until(&format!("{alert} && !document.querySelector('[type=submit]').disabled")).await;
        }
        look.takes(&door, "limit").await;
        road.becomes(Line::Unavailable);
        road.cut();
        let before = door.asks(alert).await;
        door.clicks("[type=submit]").await;
        door.until(&format!("{alert} && {alert} !== {before}")).await;
        look.takes(&door, "unavailable").await;
        road.becomes(Line::Fair);
    }
    door.leaves().await;
}
