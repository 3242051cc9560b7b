//! Told while no page is looked at: pushes in the service worker, and what leads to them in the page.

use serde_json::{Value, json};

use super::devtools::Devtools;
use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, Person, id};

/// The notifications that are shown: title, text and tag of each.
const SHOWN: &str = "navigator.serviceWorker.getRegistration('/').then((registration) => registration.getNotifications()).then((all) => done(all.map(({ title, body, tag }) => [title, body, tag])), (error) => done(String(error)))";

pub async fn until_shown(page: &Browser, wish: &Value) {
    let start = std::time::Instant::now();
    loop {
        let shown = page.waits_for(SHOWN).await;
        if shown == *wish {
            return;
        }
        assert!(start.elapsed().as_secs() < 20, "{shown} and never {wish}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

pub async fn says(who: &Person, chat: i64, text: &str) -> i64 {
    id(&who.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": text})).await.is(201).json())
}

/// A browser that may notify, whose page has its worker and knows who is signed in.
async fn notified(fireside: &Fireside, person: &Person) -> Browser {
    let page = Browser::of(fireside, person).await;
    page.devtools("Browser.grantPermissions", json!({"origin": fireside.url, "permissions": ["notifications"]})).await;
    page.sees(".chat").await;
    page.until("localStorage.getItem('fireside.kept')").await;
    page.waits_for("navigator.serviceWorker.ready.then(() => done(true))").await;
    page
}

/// The page listens to its worker; it begins to once it has settled.
const HAS_WORKER: &str = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/js/worker.js'))";

/// A page of the site that is none of the client's.
pub const ELSEWHERE: &str = "/favicon.svg";

/// Goes there, until the worker knows of no page of the client's: it tells nothing to whoever looks at one.
pub async fn goes_elsewhere(page: &Browser, tools: &mut Devtools) {
    page.opens_link(ELSEWHERE).await; // which wakes the worker
    let start = std::time::Instant::now();
    while tools.in_worker("pages().then((all) => all.length)").await != 0 {
        assert!(start.elapsed().as_secs() < 20, "the page is still open");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// How many databases the site keeps in the browser: that of what was last seen, or none.
const DATABASES: &str = "indexedDB.databases().then((all) => done(all.length))";

/// Keeps that database from being erased, with a page that does not let go of it: whoever opens it now waits.
const HOLDS_DATABASE: &str = "const asked = indexedDB.open('fireside.seen');
    asked.onsuccess = () => {
        window.held = asked.result;
        indexedDB.deleteDatabase('fireside.seen').onblocked = () => done(true);
    }";

/// Presses the notification with this tag, as far as a script can: the window that would open is noted, and
/// that an open one gets the focus.
pub fn press(tag: &str) -> String {
    format!(
        "(async () => {{
            self.opened = [];
            self.clients.openWindow = async (url) => {{ self.opened.push(url); return null; }};
            const focus = (self.focusing ??= WindowClient.prototype.focus);
            WindowClient.prototype.focus = function () {{ self.opened.push('focus'); return focus.call(this); }};
            const [notification] = await self.registration.getNotifications({{ tag: '{tag}' }});
            const event = new NotificationEvent('notificationclick', {{ notification }});
            let done;
            event.waitUntil = (until) => {{ done = until; }};
            self.dispatchEvent(event);
            await done;
            return self.opened;
        }})()"
    )
}

#[tokio::test]
async fn a_push_is_shown_and_leads_to_its_message_in_a_page_that_is_open_or_in_one_that_opens() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let pair = direct(&alice, &bob).await;
    let wish = json!({"chat_type": "group", "title": "Garden", "member_ids": [bob.id]});
    let garden = id(&alice.post("/messages/api/chats/", &wish).await.is(201).json());
    let hers = notified(&fireside, &alice).await;
    let mut tools = Devtools::of(&hers).await;
    goes_elsewhere(&hers, &mut tools).await;

    // One of each chat, the newest; a direct chat has the name of the other.
    let first = says(&bob, pair, "are you there?").await;
    let push = |chat: i64, message: i64, title: &str, more: Value| {
        let mut push =
            json!({"chat": chat, "message": message, "seq": message, "title": title, "sender": "bob", "badge": 1});
        push.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        push
    };
    tools.pushes(&fireside.url, &push(pair, first, "bob", json!({"text": "are you there?"}))).await;
    let of_pair = json!(["bob", "are you there?", format!("chat-{pair}")]);
    until_shown(&hers, &json!([of_pair])).await;
    tools.in_worker("self.navigator.setAppBadge = async (count) => { self.badge = count; }").await;
    let second = says(&bob, garden, "tea?").await;
    tools.pushes(&fireside.url, &push(garden, second, "Garden", json!({"text": "tea?", "badge": 2}))).await;
    let third = says(&bob, garden, "a secret").await;
    tools.pushes(&fireside.url, &push(garden, third, "Garden", json!({"badge": 3}))).await;
    // Without its text, where that is not to be shown.
    let of_garden = json!(["bob · Garden", "New message", format!("chat-{garden}")]);
    until_shown(&hers, &json!([of_pair, of_garden])).await;
    assert_eq!(tools.in_worker("self.badge").await, 3);

    // No page is open: one opens. A page that is no page of the client's is none.
    let opened = tools.in_worker(&press(&format!("chat-{garden}"))).await;
    assert_eq!(opened, json!([format!("{}/#chat-{garden}/m-{third}", fireside.url)]));
    until_shown(&hers, &json!([of_pair])).await;

    // One is open: it goes there, and no other opens.
    hers.goes_to("/").await;
    hers.reads(".chat .badge", "1").await;
    hers.until(HAS_WORKER).await;
    assert_eq!(tools.in_worker(&press(&format!("chat-{pair}"))).await, json!(["focus"]));
    hers.until(&format!("location.hash === '#chat-{pair}/m-{first}'")).await;
    hers.until(&format!("document.activeElement?.dataset.id === '{first}'")).await;
    assert_eq!(tools.pages().await, 1);
    until_shown(&hers, &json!([])).await;

    // Whoever looks at a page needs no notification of it; what is asked for is shown all the same.
    let fourth = says(&bob, garden, "still there?").await;
    tools.pushes(&fireside.url, &push(garden, fourth, "Garden", json!({"text": "still there?"}))).await;
    tools.pushes(&fireside.url, &json!({"test": true, "title": "Fireside"})).await;
    until_shown(&hers, &json!([["Fireside", "Notifications work on this device.", "fireside"]])).await;
    hers.leaves().await;
}

#[tokio::test]
async fn a_notification_goes_when_its_message_is_read_and_none_tells_who_signed_out_anything() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let pair = direct(&alice, &bob).await;
    let hers = notified(&fireside, &alice).await;
    let mut tools = Devtools::of(&hers).await;
    goes_elsewhere(&hers, &mut tools).await;
    let message = says(&bob, pair, "for alice alone").await;
    let push = json!({"chat": pair, "message": message, "seq": 1, "title": "bob", "sender": "bob", "text": "for alice alone", "badge": 1});
    let shown = json!([["bob", "for alice alone", format!("chat-{pair}")]]);
    tools.pushes(&fireside.url, &push).await;
    until_shown(&hers, &shown).await;
    // It stays while it is unread, and goes when another device has read it.
    hers.goes_to("/").await;
    hers.reads(".chat .badge", "1").await;
    hers.until(HAS_WORKER).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await; // it would be gone by now
    assert_eq!(hers.waits_for(SHOWN).await, shown);
    alice.post(&format!("/messages/api/chats/{pair}/mark-as-read/"), &json!({})).await.is(200);
    until_shown(&hers, &json!([])).await;

    // Signed out, what is still under way says nothing of it.
    hers.clicks(".me").await;
    hers.presses_button("Sign out").await;
    hers.sees("[name=password]").await;
    hers.until("!localStorage.getItem('fireside.kept')").await;
    let start = std::time::Instant::now();
    while hers.waits_for(DATABASES).await != 0 {
        assert!(start.elapsed().as_secs() < 20, "what was seen is still kept");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    goes_elsewhere(&hers, &mut tools).await;
    let of_nobody = json!([["Fireside", "New message", "fireside"]]);
    tools.pushes(&fireside.url, &push).await;
    until_shown(&hers, &of_nobody).await;

    // Nor while it cannot be read who is signed in: the browser asks that each push is shown.
    hers.waits_for("navigator.serviceWorker.getRegistration('/').then((registration) => registration.getNotifications()).then((all) => { all.forEach((each) => each.close()); done(); })").await;
    until_shown(&hers, &json!([])).await;
    hers.waits_for(HOLDS_DATABASE).await;
    tools.pushes(&fireside.url, &push).await;
    until_shown(&hers, &of_nobody).await;
    hers.leaves().await;
}

#[tokio::test]
async fn where_the_server_does_not_push_nothing_of_it_is_shown() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.until(HAS_WORKER).await;
    hers.says("hello").await;
    hers.sees(".mine:not(.unsent)").await;
    hers.clicks(".me").await;
    hers.sees("dialog [name=quiet]:not(:disabled)").await;
    hers.reads("dialog .person", "This device").await;
    assert_eq!(hers.asks("document.querySelector('.push').checkVisibility()").await, false);
    assert!(hers.asks("document.querySelector('.offer')").await.is_null());
    let loaded = hers.loaded().await;
    assert!(
        !loaded.iter().any(|name| name.ends_with("/looks.js") || name.ends_with("/api/server/push/")),
        "{loaded:?}"
    );
    hers.leaves().await;
}
