//! A call, from the ring to the lines that it leaves, with media that Chromium makes up.

use super::{Look, Village, looks, presses, village};
use crate::client::{Browser, browser_is_here};
use crate::world::Fireside;

const CONNECTED: &str = ".tile[data-state=connected]";

#[tokio::test]
#[ignore = "takes pictures"]
async fn a_call_on_a_phone_and_a_desk() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let village = village(&fireside).await;
    let (page, his) = (Browser::of(&fireside, &village.ann).await, Browser::of(&fireside, &village.bob).await);
    his.opens_chat(village.quiet).await;
    // A screen that the test makes up: a headless browser has none.
    his.does("navigator.mediaDevices.getDisplayMedia = () => navigator.mediaDevices.getUserMedia({ video: true })")
        .await;
    for look in looks() {
        look.is_put_on(&page).await;
        page.sees(".chat").await;
        rings(look, &page, &his).await;
        with_pictures(look, &page, &his).await;
        without(look, &page, &his, &village).await;
    }
    page.leaves().await;
    his.leaves().await;
}

async fn rings(look: Look, page: &Browser, his: &Browser) {
    his.presses_button("Video call").await;
    page.sees(".ring").await;
    look.takes(page, "call-rings").await;
    page.does("document.querySelector('.me').click()").await;
    page.sees("dialog .ring").await;
    look.takes(page, "call-rings-over").await;
    super::closes(page).await;
}

async fn with_pictures(look: Look, page: &Browser, his: &Browser) {
    presses(page, "call.answer.video").await;
    page.sees(&format!("{CONNECTED}.seen")).await;
    look.takes(page, "call-video").await;
    // As if there were more of them.
    page.does("const tiles = document.querySelector('.tiles'); for (const name of ['Chiara Conti', 'Дмитрий Орлов']) { const more = tiles.lastChild.cloneNode(true); more.className = 'tile more'; more.querySelector('figcaption').textContent = name; tiles.append(more); }")
        .await;
    look.takes(page, "call-four").await;
    page.does("for (const more of document.querySelectorAll('.tile.more')) more.remove()").await;
    presses(page, "call.small").await;
    look.takes(page, "call-small").await;
    presses(page, "call.fill").await;
    look.takes(page, "call-full").await;
    his.presses_button("Share the screen").await;
    page.sees(".tile.screen.seen:not(.own)").await;
    look.takes(page, "call-screen-full").await;
    presses(page, "call.fill").await;
    look.takes(page, "call-screen").await;
    presses(page, "call.small").await;
    look.takes(page, "call-screen-small").await;
    leave(page, his).await;
}

async fn without(look: Look, page: &Browser, his: &Browser, village: &Village) {
    page.opens_chat(village.quiet).await;
    presses(page, "call.audio").await;
    his.sees(".ring").await;
    look.takes(page, "call-calls").await;
    his.presses_button("Decline").await;
    his.until("!document.querySelector('.ring')").await;
    look.takes(page, "call-declined").await;
    presses(page, "call.leave").await;
    page.until("!document.querySelector('.call')").await;
    // He calls, and she looks elsewhere until he is in it.
    his.presses_button("Audio call").await;
    page.sees(".ring").await;
    presses(page, "call.decline").await;
    page.sees(".band .primary").await;
    look.takes(page, "call-runs").await;
    page.clicks(".band .primary").await;
    page.sees(CONNECTED).await;
    look.takes(page, "call-audio").await;
    leave(page, his).await;
    page.sees(".called:last-child").await;
    look.takes(page, "call-lines").await;
}

async fn leave(page: &Browser, his: &Browser) {
    presses(page, "call.leave").await;
    his.presses_button("Leave the call").await;
    for each in [page, his] {
        each.until("!document.querySelector('.call, .calling, .band .primary')").await;
    }
}
