//! The panel of a group's hooks, and the mark of those who are programs.

use serde_json::{Value, json};

use super::axe::{Checker, axe};
use super::{Browser, browser_is_here};
use crate::messaging::outgoing::receiver::{Mood, Receiver};
use crate::world::{Fireside, Person, id};

async fn server() -> Fireside {
    Fireside::start_with(&["--hook-allow", "127.0.0.1"]).await
}

async fn group(admin: &Person, others: &[&Person]) -> i64 {
    let others: Vec<i64> = others.iter().map(|person| person.id).collect();
    let wish = json!({"chat_type": "group", "title": "Garden", "member_ids": others});
    id(&admin.post("/messages/api/chats/", &wish).await.is(201).json())
}

async fn opens_the_panel(page: &Browser, chat: i64) {
    page.opens_chat(chat).await;
    assert_eq!(
        page.asks("performance.getEntriesByType('resource').some(({ name }) => /hooks/.test(name))").await,
        false
    );
    page.clicks(".conversation .about").await;
    page.presses_button("Hooks").await;
    page.reads(".hooks", "There are no hooks yet.").await;
}

async fn opens(page: &Browser, summary: &str) {
    let found =
        format!("[...document.querySelectorAll('.hooks summary')].find((each) => each.textContent === '{summary}')");
    page.does(&format!("{found}.click()")).await;
}

#[tokio::test]
async fn a_hook_is_made_shown_once_tried_and_deleted() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = server().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = group(&alice, &[&bob]).await;
    let hers = Browser::of(&fireside, &alice).await;
    opens_the_panel(&hers, chat).await;
    opens(&hers, "Let a program write here").await;
    hers.clicks(".hooks details[open] [type=submit]").await;
    hers.sees(".hooks [aria-invalid=true]").await;
    hers.types(".hooks details[open] [name=label]", "The Build").await;
    hers.clicks(".hooks details[open] [type=submit]").await;
    hers.reads(".once", "Copy the address of “The Build” now.").await;
    let [url, line] = [0, 1].map(|place| format!("document.querySelectorAll('.once code')[{place}].textContent"));
    let (url, line) = (hers.asks(&url).await, hers.asks(&line).await);
    let (url, line) = (url.as_str().unwrap(), line.as_str().unwrap());
    assert!(url.starts_with(&format!("{}/hooks/", fireside.url)), "{url}");
    // The line is one that a shell takes as it is.
    let shell = std::process::Command::new("sh").args(["-c", line]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&shell.stdout), "ok", "{line}");
    hers.reads(".message .content", "Hello from the terminal").await;
    hers.reads(".message .author", "The Buildbot").await;
    hers.reads(".hook", "Writes as The Build").await;
    hers.presses_button("Delete: The Build").await;
    hers.clicks("dialog:last-of-type .danger").await;
    hers.reads(".hooks", "There are no hooks yet.").await;
    assert_eq!(hers.asks("document.querySelector('.once')").await, Value::Null, "its address is gone, too");
    assert!(alice.get(&format!("/messages/api/chats/{chat}/hooks/")).await.results().is_empty());
    // Whoever is no admin has no such button.
    let his = Browser::of(&fireside, &bob).await;
    his.opens_chat(chat).await;
    his.clicks(".conversation .about").await;
    his.reads("dialog button", "Leave group").await;
    assert_eq!(
        his.asks("[...document.querySelectorAll('dialog button')].some((each) => each.textContent === 'Hooks')").await,
        false
    );
    hers.leaves().await;
    his.leaves().await;
}

#[tokio::test]
async fn what_a_hook_sends_is_listed_tested_and_sent_again() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = server().await;
    let alice = fireside.registers("alice").await;
    let chat = group(&alice, &[]).await;
    let receiver = Receiver::opens().await;
    let hers = Browser::of(&fireside, &alice).await;
    opens_the_panel(&hers, chat).await;
    opens(&hers, "Send what happens here").await;
    hers.types(".hooks details[open] [name=label]", "To CI").await;
    hers.types(".hooks details[open] [name=url]", "http://10.1.2.3/").await;
    hers.clicks(".hooks details[open] [value=member_added]").await;
    hers.clicks(".hooks details[open] [type=submit]").await;
    hers.reads(".hooks [data-field=url]", "public address").await;
    hers.does("document.querySelector('.hooks details[open] [name=url]').value = ''").await;
    hers.types(".hooks details[open] [name=url]", &receiver.url()).await;
    hers.clicks(".hooks details[open] [type=submit]").await;
    hers.reads(".once", "Copy the secret of “To CI” now.").await;
    let secret = hers.asks("document.querySelector('.once code').textContent").await;
    receiver.knows(&json!({"secret": secret}));
    let made = alice.get(&format!("/messages/api/chats/{chat}/hooks/")).await.results();
    assert_eq!(made[0]["events"], json!(["message_created", "member_added"]));
    hers.reads(".hook", &receiver.url()).await;
    alice.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": "first"})).await.is(201);
    receiver.hears(1).await;
    // The list is of what was noted when it was asked for.
    let deliveries = format!("/messages/api/chats/{chat}/hooks/{}/deliveries/", made[0]["id"]);
    let noted = async {
        while alice.get(&deliveries).await.is(200).results().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(crate::world::home::PATIENCE, noted).await.expect("it is noted");
    hers.presses_button("Deliveries: To CI").await;
    hers.reads(".delivery", "New message").await;
    hers.reads(".delivery .status", "204").await;
    receiver.is(Mood::Answers(503, String::new()));
    hers.presses_button("Send a test").await;
    hers.reads("dialog [role=status]", "The server answered 503.").await;
    hers.reads(".delivery.failed", "it answered 503").await;
    receiver.is(Mood::Answers(200, String::new()));
    hers.clicks(".delivery .plain").await;
    hers.clicks("dialog:last-of-type .danger").await;
    hers.reads("dialog [role=status]", "Sending again.").await;
    let again = async {
        while receiver.heard().len() < 3 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(crate::world::home::PATIENCE, again).await.expect("it is sent again");
    assert_eq!(receiver.story(), ["message_created first", "test "]);
    hers.leaves().await;
}

#[tokio::test]
async fn programs_are_marked_where_people_stand() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = server().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = group(&alice, &[&bob]).await;
    let hook = alice.post(&format!("/messages/api/chats/{chat}/hooks/"), &json!({"label": "Weather"})).await.is(201);
    let url = hook.json()["url"].as_str().unwrap().to_owned();
    fireside.anyone().post(&url, &json!({"text": "sunny"})).await.is(200);
    bob.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": "fine"})).await.is(201);
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.reads(".message .content", "sunny").await;
    hers.reads(".message .content", "fine").await;
    let marked = "[...document.querySelectorAll('.message .author')].map((each) => [each.firstChild.textContent, each.querySelector('.bot')?.textContent ?? ''])";
    assert_eq!(hers.asks(marked).await, json!([["Weather", "bot"], ["bob", ""]]));
    hers.clicks(".message .face").await;
    hers.reads(".card-of", "Weather").await;
    hers.reads(".card-of .bot", "bot").await;
    hers.does("document.querySelector('[popover]').hidePopover()").await;
    hers.clicks(".conversation .about").await;
    hers.reads("dialog .person .bot", "bot").await;
    assert_eq!(hers.asks("document.querySelectorAll('dialog .person .bot').length").await, 1, "people are not");
    hers.leaves().await;
}

/// The screens of the panel, one after the other, of a group with a hook of either kind; in whichever language.
pub async fn each_screen(page: &Browser, admin: &Person, receiver: &Receiver, mut shown: impl AsyncFnMut(&str)) {
    let chat = group(admin, &[]).await;
    let hooks = format!("/messages/api/chats/{chat}/hooks/");
    let out = json!({"label": "To CI", "url": receiver.url(), "events": ["message_created", "member_added"]});
    receiver.knows(&admin.post(&hooks, &out).await.is(201).json());
    let messages = format!("/messages/api/chats/{chat}/messages/");
    receiver.is(Mood::Answers(503, String::new()));
    admin.post(&messages, &json!({"content": "/build main"})).await.is(201);
    page.opens_chat(chat).await;
    page.clicks(".conversation .about").await;
    let opener =
        "[...document.querySelectorAll('dialog button')].find((each) => /^(Hooks|Хуки)$/.test(each.textContent))";
    page.until(&format!("!!{opener}")).await;
    page.does(&format!("{opener}.click()")).await;
    page.sees(".hooks .hook").await;
    shown("hooks").await;
    page.does("document.querySelectorAll('.hooks summary')[1].click()").await;
    shown("hooks-out").await;
    page.does("document.querySelectorAll('.hooks summary')[1].click(); document.querySelectorAll('.hooks summary')[0].click()").await;
    page.types(".hooks details[open] [name=label]", "A build with a rather long name, as builds have").await;
    page.clicks(".hooks details[open] [type=submit]").await;
    page.sees(".once").await;
    shown("hooks-once").await;
    page.does("[...document.querySelectorAll('.hook button')].find((each) => /To CI/.test(each.ariaLabel) && /^(Deliveries|Отправки)/.test(each.textContent)).click()").await;
    page.sees(".delivery.failed").await;
    page.clicks("dialog:last-of-type .primary").await;
    page.reads("dialog:last-of-type [role=status]", "503").await;
    shown("hooks-deliveries").await;
    page.does("for (const open of document.querySelectorAll('dialog')) open.close(); location.hash = ''").await;
}

#[tokio::test]
async fn the_panel_is_for_everybody_on_a_phone_and_a_desk_in_both_languages() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = server().await;
    let (alice, receiver) = (fireside.registers("alice").await, Receiver::opens().await);
    let mut checker = axe().map(|script| Checker { script, faults: Vec::new() });
    for (width, height, language) in [(360, 720, "ru"), (1440, 900, "en")] {
        let page = Browser::of(&fireside, &alice).await;
        page.is_sized(width, height).await;
        page.does(&format!("localStorage.setItem('fireside.language', '{language}')")).await;
        page.reloads().await;
        page.sees(".chats").await;
        each_screen(&page, &alice, &receiver, async |screen: &str| {
            let wide = "[...document.querySelectorAll('dialog[open] .hooks *')].filter((each) => each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.outerHTML.slice(0, 120))";
            assert_eq!(page.asks(wide).await, json!([]), "{screen} at {width}");
            if let Some(checker) = &mut checker {
                checker.sees(&page, &format!("{screen} at {width}")).await;
            }
        })
        .await;
        page.leaves().await;
    }
    if let Some(checker) = checker {
        assert_eq!(checker.faults, Vec::<String>::new());
    }
}
