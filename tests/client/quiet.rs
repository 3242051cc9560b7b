//! Quiet hours: set by the page, kept by the server, and held by the page too.

use serde_json::{Value, json};

use super::attention::RECORDER;
use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, Person};

const PATH: &str = "/messages/api/notify/";

async fn quiet_of(who: &Person) -> Value {
    who.get(PATH).await.is(200).json()["quiet"].clone()
}

async fn until_quiet_is(who: &Person, wish: &Value) {
    let start = std::time::Instant::now();
    while quiet_of(who).await != *wish {
        assert!(start.elapsed().as_secs() < 20, "{} is never {wish}", quiet_of(who).await);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Chooses a value as hands do, and leaves the box.
fn chosen(selector: &str, value: &str) -> String {
    format!(
        "const box = document.querySelector('{selector}'); box.value = '{value}'; box.dispatchEvent(new Event('change'))"
    )
}

#[tokio::test]
async fn quiet_hours_are_set_changed_and_ended_in_the_settings() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let hers = Browser::at(&fireside).await;
    hers.devtools("Emulation.setTimezoneOverride", json!({"timezoneId": "Asia/Tokyo"})).await;
    hers.signs_in(&alice).await;
    hers.clicks(".me").await;
    hers.sees("dialog [name=quiet]:not(:disabled)").await;
    assert_eq!(hers.asks("document.querySelector('.times').checkVisibility()").await, false);
    hers.clicks("dialog [name=quiet]").await;
    until_quiet_is(&alice, &json!({"from": "22:00", "to": "07:00", "zone": "Asia/Tokyo"})).await;
    hers.does(&chosen(".times [type=time]", "23:15")).await;
    hers.does(&chosen(".times [name=zone]", "Europe/Berlin")).await;
    let wish = json!({"from": "23:15", "to": "07:00", "zone": "Europe/Berlin"});
    until_quiet_is(&alice, &wish).await;
    // The same twice is no time between: it is said, and what was set stays.
    hers.does(&chosen(".times [type=time]", "07:00")).await;
    hers.reads(".quiet [role=alert]", "Choose two different times.").await;
    assert_eq!(quiet_of(&alice).await, wish);
    hers.reloads().await;
    hers.clicks(".me").await;
    hers.until("document.querySelector('dialog [name=quiet]')?.checked").await;
    assert_eq!(
        hers.asks("[...document.querySelectorAll('.times :is(input, select)')].map(({ value }) => value)").await,
        json!(["23:15", "07:00", "Europe/Berlin"])
    );
    hers.clicks("dialog [name=quiet]").await;
    until_quiet_is(&alice, &Value::Null).await;
    hers.until("!document.querySelector('.times').checkVisibility()").await;
    hers.leaves().await;
}

#[tokio::test]
async fn nothing_chimes_or_pops_up_in_quiet_hours_and_everything_counts() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::at(&fireside).await;
    hers.begins_pages_with(RECORDER).await;
    hers.begins_pages_with("localStorage.setItem('fireside.desktop', 'on'); document.hasFocus = () => false").await;
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 60;
    let at = |minute: u64| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
    alice.patch(PATH, &json!({"quiet": {"from": at(now() - 60), "to": at(now() + 60), "zone": "UTC"}})).await.is(200);
    hers.reloads().await;
    hers.signs_in(&alice).await;
    hers.reads(".chat", "bob").await;
    hers.does("Notification.permission = 'granted'").await;
    let path = format!("/messages/api/chats/{chat}/messages/");
    bob.post(&path, &json!({"content": "in the night"})).await.is(201);
    hers.until("document.title.startsWith('(1)')").await;
    hers.until("performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/api/notify/'))").await;
    // They end, by the settings of this page.
    hers.clicks(".me").await;
    hers.until("document.querySelector('dialog [name=quiet]')?.checked").await;
    hers.clicks("dialog [name=quiet]").await;
    until_quiet_is(&alice, &Value::Null).await;
    hers.until("!document.querySelector('.times').checkVisibility()").await;
    bob.post(&path, &json!({"content": "in the morning"})).await.is(201);
    hers.until("window.shown.length === 1 && window.played === 2").await;
    assert_eq!(hers.asks("window.shown[0][1]").await, "in the morning");
    hers.until("document.title.startsWith('(2)')").await;
    hers.leaves().await;
}
