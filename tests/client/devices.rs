//! Devices that the server pushes to: turned on, tested, offered and ended in the page.

use serde_json::{Value, json};

use super::devtools::Devtools;
use super::push::{ELSEWHERE, goes_elsewhere, press, says, until_shown};
use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::push::service::{Device, PushService, Reply};
use crate::world::{Fireside, Person};

/// Has a browser subscribe with this device's keys, in place of the push service that its maker runs.
fn subscribing(device: &Device) -> String {
    format!(
        "const place = 'test.subscription'; const made = {};
         const subscription = () => (localStorage.getItem(place) ? {{ toJSON: () => made, unsubscribe: async () => {{ localStorage.removeItem(place); return true; }} }} : null);
         PushManager.prototype.subscribe = async ({{ applicationServerKey, userVisibleOnly }}) => {{
             if (window.serviceIsAway) throw new DOMException('Registration failed', 'AbortError');
             localStorage.setItem(place, JSON.stringify([applicationServerKey, userVisibleOnly]));
             return subscription();
         }};
         PushManager.prototype.getSubscription = async () => subscription();",
        device.json()
    )
}

/// A browser that subscribes with this device, where notifications are allowed.
async fn with_device(fireside: &Fireside, person: &Person, device: &Device) -> Browser {
    let page = Browser::at(fireside).await;
    page.begins_pages_with(&subscribing(device)).await;
    page.devtools("Browser.grantPermissions", json!({"origin": fireside.url, "permissions": ["notifications"]})).await;
    page.reloads().await;
    page.signs_in(person).await;
    page.sees(".chat").await;
    page
}

async fn devices(person: &Person) -> usize {
    person.get("/api/server/push/").await.is(200).results().len()
}

const SUBSCRIPTION: &str = "localStorage.getItem('test.subscription')";

/// The name that a headless browser has among devices.
const TEST: &str = "Send a test notification to Chrome on Linux";

#[tokio::test]
async fn a_device_is_turned_on_tested_and_removed_in_the_settings_and_ends_with_signing_out() {
    let Some(_turn) = browser_is_here().await else { return };
    let service = PushService::start().await;
    let (fireside, device) = (service.serves(&[]).await, service.device("laptop"));
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    direct(&alice, &bob).await;
    let hers = with_device(&fireside, &alice, &device).await;
    hers.clicks(".me").await;
    hers.reads("dialog .push", "No device notifies you yet.").await;
    hers.does("window.serviceIsAway = true").await;
    hers.presses_button("Turn on notifications").await;
    hers.reads("#toasts", "The browser could not subscribe with its push service.").await;
    assert_eq!(devices(&alice).await, 0);
    hers.does("window.serviceIsAway = false").await;
    hers.presses_button("Turn on notifications").await;
    hers.reads("dialog .push", "This device notifies you, even while Fireside is closed.").await;
    hers.reads("dialog .push .person", "Chrome on Linux").await;
    hers.reads("dialog .push .person", "This device").await;
    let asked: Value = serde_json::from_str(hers.asks(SUBSCRIPTION).await.as_str().unwrap()).unwrap();
    let key = fireside.anyone().get("/api/server/").await.is(200).json()["push"]["public_key"].clone();
    assert_eq!(asked, json!([key, true]));

    // The test says what the push service said.
    device.will(&[Reply::Says(201, "Created here"), Reply::Says(429, "Not so fast")]);
    for said in ["201: Created here", "429: Not so fast"] {
        hers.presses_button(TEST).await;
        hers.reads("dialog .push [role=status]", &format!("The push service answered {said}")).await;
    }
    assert_eq!(device.is_told(2).await[1].push["test"], true);

    // Removed, and turned on again.
    hers.presses_button("Remove Chrome on Linux").await;
    hers.until("!document.querySelector('dialog .push .person')").await;
    assert_eq!((devices(&alice).await, hers.asks(SUBSCRIPTION).await), (0, Value::Null));
    hers.presses_button("Turn on notifications").await;
    hers.reads("dialog .push .person", "This device").await;
    hers.presses_button("Sign out").await;
    hers.sees("[name=password]").await;
    hers.until(&format!("!{SUBSCRIPTION} && !localStorage.getItem('fireside.push')")).await;
    // What is asked with another credential: hers has ended, and the device with it.
    assert_eq!(devices(&alice).await, 0);
    hers.leaves().await;
    service.is_content();
}

#[tokio::test]
async fn what_the_server_sends_is_shown_without_its_text_where_she_does_not_want_it() {
    let Some(_turn) = browser_is_here().await else { return };
    let service = PushService::start().await;
    let (fireside, device) = (service.serves(&[]).await, service.device("laptop"));
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let pair = direct(&alice, &bob).await;
    let hers = with_device(&fireside, &alice, &device).await;
    hers.until("localStorage.getItem('fireside.kept')").await;
    hers.clicks(".me").await;
    hers.presses_button("Turn on notifications").await;
    hers.reads("dialog .push .person", "This device").await;
    let mut tools = Devtools::of(&hers).await;
    for (number, text) in [(1, "psst"), (2, "New message")] {
        goes_elsewhere(&hers, &mut tools).await;
        let message = says(&bob, pair, "psst").await;
        let told = device.hears(number).await.push;
        tools.pushes(&fireside.url, &told).await;
        until_shown(&hers, &json!([["bob", text, format!("chat-{pair}")]])).await;
        let opened = tools.in_worker(&press(&format!("chat-{pair}"))).await;
        assert_eq!(opened, json!([format!("{}/#chat-{pair}/m-{message}", fireside.url)]));
        hers.goes_to("/").await;
        hers.clicks(".me").await;
        hers.sees("dialog [name=preview]:not(:disabled)").await;
        if number == 1 {
            assert_eq!(hers.asks("document.querySelector('[name=preview]').checked").await, true);
            hers.clicks("dialog [name=preview]").await;
        }
        let start = std::time::Instant::now();
        while alice.get("/messages/api/notify/").await.is(200).json()["preview"] != false {
            assert!(start.elapsed().as_secs() < 20, "the preview is off");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    hers.leaves().await;
    service.is_content();
}

#[tokio::test]
async fn notifications_are_offered_after_the_first_message_and_a_refusal_holds_for_good() {
    let Some(_turn) = browser_is_here().await else { return };
    let service = PushService::start().await;
    let fireside = service.serves(&[]).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let (chat, laptop, phone) = (direct(&alice, &bob).await, service.device("laptop"), service.device("phone"));
    let knows_server = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/js/looks.js'))";
    for (person, device, accepts) in [(&alice, &laptop, false), (&bob, &phone, true)] {
        let page = with_device(&fireside, person, device).await;
        page.opens_chat(chat).await;
        page.until(knows_server).await;
        assert!(page.asks("document.querySelector('.offer')").await.is_null(), "never before one has said something");
        page.says("hello").await;
        page.reads(".offer", "Would you like to be notified of answers").await;
        page.presses_button(if accepts { "Turn on notifications" } else { "No, thanks" }).await;
        page.until("!document.querySelector('.offer')").await;
        assert_eq!(devices(person).await, usize::from(accepts));
        page.reloads().await;
        page.opens_chat(chat).await;
        page.until(knows_server).await;
        page.says("hello again").await;
        page.until("document.querySelectorAll('.mine:not(.unsent)').length === 2").await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await; // it would be there by now
        assert!(page.asks("document.querySelector('.offer')").await.is_null(), "once is enough");
        page.leaves().await;
    }
}

#[tokio::test]
async fn an_iphone_is_told_how_to_put_the_app_on_its_home_screen() {
    let Some(_turn) = browser_is_here().await else { return };
    let service = PushService::start().await;
    let fireside = service.serves(&[]).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::at(&fireside).await;
    let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
    hers.devtools("Emulation.setUserAgentOverride", json!({"userAgent": safari, "platform": "iPhone"})).await;
    hers.begins_pages_with("delete window.PushManager; delete window.Notification;").await;
    hers.reloads().await;
    hers.signs_in(&alice).await;
    hers.opens_chat(chat).await;
    hers.until("performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/js/looks.js'))").await;
    hers.says("hello").await;
    hers.reads(".offer li", "Choose “Add to Home Screen”.").await;
    hers.presses_button("Got it").await;
    hers.until("!document.querySelector('.offer')").await;
    hers.clicks(".me").await;
    hers.reads("dialog .push li", "Tap the Share button of the browser.").await;
    hers.leaves().await;
}

/// Until then it is decided who is told of a message: in two seconds, and some for a slow machine.
const DECIDED: std::time::Duration = std::time::Duration::from_secs(4);

#[tokio::test]
async fn while_somebody_looks_at_a_page_none_of_their_devices_is_told() {
    let Some(_turn) = browser_is_here().await else { return };
    let service = PushService::start().await;
    let (fireside, phone) = (service.serves(&[]).await, service.device("phone"));
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let pair = direct(&alice, &bob).await;
    phone.subscribes(&alice).await;
    let hers = Browser::at(&fireside).await;
    hers.begins_pages_with(
        "window.said = []; const send = WebSocket.prototype.send; WebSocket.prototype.send = function (text) { const { type, visible } = JSON.parse(text); if (type === 'visible') window.said.push(visible); return send.call(this, text); };
         window.looks = true; document.hasFocus = () => window.looks; const turn = (looks) => { window.looks = looks; window.dispatchEvent(new Event(looks ? 'focus' : 'blur')); }; window.turn = turn;",
    )
    .await;
    hers.reloads().await;
    hers.signs_in(&alice).await;
    hers.until("window.said.length === 1").await;
    says(&bob, pair, "while she looks").await;
    hers.until("document.title.startsWith('(1)')").await;
    tokio::time::sleep(DECIDED).await;
    // She looks elsewhere: the phone is told of what comes then, and of nothing before.
    hers.does("turn(false)").await;
    hers.until("JSON.stringify(window.said) === '[true,false]'").await;
    says(&bob, pair, "while she does not").await;
    assert_eq!(phone.hears(1).await.push["text"], "while she does not");
    hers.does("turn(true)").await;
    hers.until("JSON.stringify(window.said) === '[true,false,true]'").await;
    tokio::time::sleep(DECIDED).await; // the server has heard it, too
    says(&bob, pair, "while she looks again").await;
    hers.until("document.title.startsWith('(3)')").await;
    tokio::time::sleep(DECIDED).await;
    // And when the page is closed, that is its end.
    hers.opens_link(ELSEWHERE).await;
    says(&bob, pair, "after she has left").await;
    assert_eq!(phone.hears(2).await.push["text"], "after she has left");
    hers.leaves().await;
    service.is_content();
}
