//! What lies above the page: menus, cards, panels and questions.

use fantoccini::key::Key;
use serde_json::json;

use super::{Look, Village, closes, looks, presses, village, words};
use crate::client::link::an_admins_page;
use crate::client::{Browser, browser_is_here};
use crate::oidc::fireside_of;
use crate::oidc::provider::Provider;
use crate::push::service::PushService;

#[tokio::test]
#[ignore = "takes pictures"]
async fn every_dialog_on_a_phone_and_a_desk() {
    let Some(_turn) = browser_is_here().await else { return };
    let service = PushService::start().await;
    let (fireside, device) = (service.serves(&[]).await, service.device("Phone"));
    let village = village(&fireside).await;
    device.subscribes(&village.ann).await;
    let pinned = village.ann.get(&format!("/messages/api/chats/{}/messages/", village.garden)).await.is(200).results();
    for message in &pinned[..2] {
        village.ann.post(&format!("/messages/api/messages/{}/pin/", message["id"]), &json!({})).await.is(200);
    }
    let page = an_admins_page(&fireside, &village.ann).await;
    for look in looks() {
        look.is_put_on(&page).await;
        page.sees(".chat").await;
        of_messages(look, &page, &village).await;
        of_writing(look, &page).await;
        of_a_group(look, &page).await;
        of_starting(look, &page).await;
        of_settings(look, &page).await;
    }
    page.leaves().await;
}

/// The menu of a message of one's own.
async fn opens_the_menu(page: &Browser) {
    page.does("document.querySelector('.message.mine').focus()").await;
    page.presses(Key::Enter).await;
    page.sees(".menu button").await;
}

async fn of_messages(look: Look, page: &Browser, village: &Village) {
    page.does("document.querySelector('.chat').dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: 120, clientY: 200 }))").await;
    page.sees("[popover] .mutes").await;
    look.takes(page, "mutes").await;
    closes(page).await;
    page.opens_chat(village.garden).await;
    page.sees(".picture img").await;
    page.does("document.querySelector('button.face').click()").await;
    page.sees(".card-of").await;
    look.takes(page, "card").await;
    closes(page).await;
    page.does("document.querySelector('.picture').click()").await;
    page.sees("dialog.lightbox img[src^=blob]").await;
    look.takes(page, "lightbox").await;
    closes(page).await;
    opens_the_menu(page).await;
    look.takes(page, "message-menu").await;
    presses(page, "details").await;
    page.sees("dialog .person").await;
    look.takes(page, "details").await;
    closes(page).await;
    for (words, screen) in [("forward", "forward"), ("delete", "delete-sure")] {
        opens_the_menu(page).await;
        presses(page, words).await;
        page.sees("dialog").await;
        look.takes(page, screen).await;
        closes(page).await;
    }
}

async fn of_writing(look: Look, page: &Browser) {
    page.does("document.querySelector('.message').focus()").await;
    page.keys("r").await;
    page.types("#draft", "@").await;
    page.sees(".names li").await;
    look.takes(page, "composer-names").await;
    page.does("document.querySelector('#draft').value = ''; document.querySelector('#draft').dispatchEvent(new Event('input'))").await;
    page.does("document.querySelector('.about-draft button').click()").await;
    page.clicks(".composer .line [aria-label]:nth-of-type(2)").await;
    page.sees(".emoji-grid button").await;
    look.takes(page, "emoji").await;
    closes(page).await;
    page.does("document.querySelector('.message.mine').focus()").await;
    page.keys("e").await;
    page.sees(".about-draft:not([hidden])").await;
    look.takes(page, "composer-edit").await;
    page.does("document.querySelector('.about-draft button').click()").await;
}

async fn of_a_group(look: Look, page: &Browser) {
    page.clicks(".conversation .about").await;
    page.sees("dialog .pins .person").await;
    page.does("document.querySelector('dialog .body').scrollTop = 9999").await;
    look.takes(page, "group-end").await;
    page.does("[...document.querySelectorAll('dialog .person > button.icon')].at(-1).click()").await;
    page.sees(".menu button").await;
    look.takes(page, "group-member").await;
    page.does("document.querySelector('dialog [popover]').hidePopover(); document.querySelector('dialog .body').scrollTop = 0; document.querySelector('dialog summary').click()")
        .await;
    look.takes(page, "group-change").await;
    presses(page, "group.delete").await;
    look.takes(page, "group-delete").await;
    page.does("[...document.querySelectorAll('dialog')].at(-1).close()").await;
    page.does("document.querySelectorAll('dialog summary')[1].click()").await;
    page.sees("dialog .everybody").await;
    look.takes(page, "group-add").await;
    presses(page, "group.invite").await;
    page.sees("dialog .secret code").await;
    look.takes(page, "group-invite").await;
    closes(page).await;
    page.does("location.hash = ''").await;
}

async fn starts(page: &Browser) {
    presses(page, "new").await;
    page.sees("dialog .everybody .person").await;
}

async fn of_starting(look: Look, page: &Browser) {
    starts(page).await;
    page.does("for (const button of [...document.querySelectorAll('dialog .everybody button.icon')].slice(0, 2)) button.click()").await;
    page.sees("dialog .chosen").await;
    look.takes(page, "new-group").await;
    closes(page).await;
    starts(page).await;
    page.types("dialog [type=search]", "zzz").await;
    page.until("!document.querySelector('dialog .everybody .person')").await;
    look.takes(page, "new-chat-nobody").await;
    presses(page, "browse").await;
    page.sees("dialog .person").await;
    look.takes(page, "browse").await;
    closes(page).await;
    page.keys(&format!("{}k{}", '\u{e009}', '\u{e000}')).await;
    page.sees("dialog.switcher [role=option]").await;
    look.takes(page, "switcher").await;
    closes(page).await;
    starts(page).await;
    presses(page, "invite").await;
    page.sees("dialog .secret code").await;
    look.takes(page, "invite").await;
    presses(page, "invite.qr").await;
    page.sees("dialog svg.qr").await;
    look.takes(page, "invite-qr").await;
    closes(page).await;
}

async fn of_settings(look: Look, page: &Browser) {
    page.clicks(".me").await;
    page.sees("dialog .push .person").await;
    page.sees("dialog [name=quiet]:enabled").await;
    page.does("const box = document.querySelector('dialog [name=quiet]'); if (!box.checked) box.click()").await;
    page.sees("dialog .times:not([hidden])").await;
    page.does("document.querySelector('dialog .push').scrollIntoView()").await;
    look.takes(page, "settings-devices").await;
    page.does("document.querySelector('dialog .stack.quiet').scrollIntoView()").await;
    look.takes(page, "settings-quiet").await;
    presses(page, "token.show").await;
    page.sees("dialog .secret code").await;
    page.does("document.querySelector('dialog .body').scrollTop = 9999").await;
    look.takes(page, "settings-token").await;
    presses(page, "signout.all").await;
    look.takes(page, "settings-sure").await;
    closes(page).await;
    page.clicks(".me").await;
    presses(page, "shortcuts").await;
    page.sees("dialog .keys").await;
    look.takes(page, "keys").await;
    closes(page).await;
    page.clicks(".me").await;
    presses(page, "admin").await;
    page.sees("[role=tab]").await;
    page.does("document.querySelectorAll('[role=tab]')[2].click()").await;
    page.sees("dialog.admin .person > button.icon").await;
    page.does("document.querySelector('dialog.admin .person > button.icon').click()").await;
    page.sees(".menu button").await;
    look.takes(page, "admin-menu").await;
    closes(page).await;
}

#[tokio::test]
#[ignore = "takes pictures"]
async fn a_sign_in_service_on_a_phone_and_a_desk() {
    let Some(_turn) = browser_is_here().await else { return };
    let provider = Provider::start().await;
    let fireside = fireside_of(&provider, &["--oidc-name", "Example ID"]).await;
    let ann = fireside.registers("ann").await;
    let (door, page) = (Browser::at(&fireside).await, Browser::of(&fireside, &ann).await);
    for look in looks() {
        look.is_put_on(&door).await;
        door.sees("a.elsewhere").await;
        look.takes(&door, "oidc").await;
        door.opens_link("/login#oidc-declined").await;
        door.sees("a.elsewhere").await;
        look.takes(&door, "oidc-declined").await;
        door.opens_link("/").await;
        look.is_put_on(&page).await;
        page.clicks(".me").await;
        page.sees("dialog [name=display_name]").await;
        let title = words(&page, "elsewhere").await;
        page.reads("dialog h3", &title).await;
        page.does(&format!("[...document.querySelectorAll('dialog h3')].find((each) => each.textContent === '{title}').scrollIntoView()")).await;
        look.takes(&page, "oidc-settings").await;
        closes(&page).await;
    }
    door.leaves().await;
    page.leaves().await;
}
