//! A page whose requests fail: it tries again, says so, and loses nothing that was typed.

use serde_json::json;

use super::link::an_admins_page;
use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::prototyping::Dev;
use crate::world::{Fireside, contents};

/// Requests of the kinds named in `window.failing` (a method and a part of the path) fail as
/// they do without a server. However slow the machine is, nothing is there of what was seen before
/// or fetched ahead.
const FAILING: &str = "
    localStorage.removeItem('fireside.kept');
    Object.defineProperty(navigator, 'connection', { value: { saveData: true } });
    window.failing = JSON.parse(sessionStorage.getItem('failing') ?? '[]');
    const real = window.fetch;
    window.fetch = (url, wish = {}) => window.failing.some(([method, part]) => (wish.method ?? 'GET') === method && String(url).includes(part))
        ? Promise.reject(new TypeError('cut')) : real(url, wish);";

async fn with_failures(fireside: &Fireside, person: &crate::world::Person) -> Browser {
    let page = Browser::at(fireside).await;
    page.begins_pages_with(FAILING).await;
    page.reloads().await;
    page.signs_in(person).await;
    page
}

#[tokio::test]
async fn a_chat_whose_first_request_fails_says_so_sends_meanwhile_and_loads_later() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let path = format!("/messages/api/chats/{chat}/messages/");
    bob.post(&path, &json!({"content": "first"})).await.is(201);
    let hers = with_failures(&fireside, &alice).await;
    hers.does("window.failing = [['GET', '/messages/?'], ['GET', '/messages/']]").await;
    hers.sees(".chat").await;
    hers.does(&format!("location.hash = 'chat-{chat}'")).await;
    hers.reads(".lost", "The messages could not be loaded.").await;
    // What is said now is seen at once, and leaves.
    hers.does("window.failing.push(['POST', '/messages/'])").await;
    hers.says("said meanwhile").await;
    hers.reads(".unsent .content", "said meanwhile").await;
    hers.does("window.failing.pop()").await;
    hers.until("!document.querySelector('.unsent')").await;
    let said = contents(&bob.get(&path).await.is(200).results());
    assert_eq!(said, ["said meanwhile", "first"]);
    hers.does("window.failing = []").await;
    hers.presses_button("Try again").await;
    hers.until("document.querySelectorAll('.message').length === 2").await;
    assert_eq!(hers.texts().await, ["first", "said meanwhile"]);
    assert_eq!(hers.asks("document.querySelectorAll('.lost').length").await, 0);
    // Later ones leave, too.
    hers.says("and then").await;
    hers.until("document.querySelectorAll('.message:not(.unsent)').length === 3").await;
    hers.leaves().await;
}

#[tokio::test]
async fn a_chat_that_did_not_load_loads_by_itself() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    bob.post(&format!("/messages/api/chats/{chat}/messages/"), &json!({"content": "first"})).await.is(201);
    let hers = with_failures(&fireside, &alice).await;
    hers.does("window.failing = [['GET', '/messages/'], ['POST', '/messages/'], ['GET', '/messages/api/chats/']]")
        .await;
    hers.does(&format!(
        "sessionStorage.setItem('failing', JSON.stringify(window.failing)); location.hash = 'chat-{chat}'"
    ))
    .await;
    hers.reads(".lost", "The messages could not be loaded.").await;
    // Anew, when even the list of chats fails at first.
    hers.reloads().await;
    hers.until("performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/js/chats.js')) && window.failing.length === 3")
        .await;
    hers.sees(".chats .ghost").await;
    hers.does("window.failing = []").await;
    hers.reads(".message .content", "first").await;
    hers.leaves().await;
}

/// The pauses between two tries are short.
const IN_HASTE: &str = "const set = window.setTimeout; window.setTimeout = (act, ms, ...rest) => set(act, ms > 300 && ms < 4000 ? 50 : ms, ...rest);";

#[tokio::test]
async fn what_did_not_come_is_asked_for_again_where_it_is_missing() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    bob.opens_room("Bakers").await;
    bob.post("/profiles/api/posts/", &json!({"title": "Seeds", "content": "On Saturday"})).await.is(201);
    let page = an_admins_page(&fireside, &alice).await;
    page.begins_pages_with(FAILING).await;
    page.begins_pages_with(IN_HASTE).await;
    page.reloads().await;
    page.sees(".app .me").await;
    let closes = "for (const open of document.querySelectorAll('dialog')) open.close()";
    let fails = async |paths: &[&str]| {
        let failing: Vec<_> = paths.iter().map(|path| json!(["GET", path])).collect();
        page.does(&format!("{closes}; window.failing = {}", json!(failing))).await;
    };
    let comes = async |selector: &str| {
        page.reads("dialog .refused", "The server cannot be reached.").await;
        page.does("window.failing = []").await;
        page.does("for (const button of document.querySelectorAll('dialog .refused button')) button.click()").await;
        page.sees(selector).await;
        page.until("!document.querySelector('dialog .refused:not(:empty)')").await;
    };
    fails(&["/profiles/api/"]).await;
    page.presses_button("People and posts").await;
    comes("dialog .post").await;
    fails(&["/api/rooms/"]).await;
    page.presses_button("New chat").await;
    page.presses_button("Browse public groups").await;
    comes("dialog .person").await;
    fails(&["/api/server/sessions/", "/second-factor/", "/messages/api/notify/"]).await;
    page.clicks(".me").await;
    page.until("document.querySelectorAll('dialog .refused button').length === 3").await;
    comes("dialog [name=quiet]:enabled").await;
    page.reads("dialog .person", "This device").await;
    page.reads("dialog button", "Set up").await;
    for (part, path, sign) in [
        ("Server", "/server/status/", ".status p"),
        ("Storage", "/server/storage/", ".facts"),
        ("Accounts", "/server/users/", ".person"),
    ] {
        fails(&[path]).await;
        page.clicks(".me").await;
        page.presses_button("Administration").await;
        page.presses_button(part).await;
        comes(&format!("dialog.admin {sign}")).await;
    }
    fails(&["/api/search/"]).await;
    page.types(".search input", "quicksilver").await;
    page.reads(".lists [role=status]", "The server cannot be reached.").await;
    let found_nothing = "document.querySelector('.lists').innerText.includes('Nothing found.')";
    assert_eq!(page.asks(found_nothing).await, false);
    page.does("window.failing = []; document.querySelector('.lists [role=status] button').click()").await;
    page.until(found_nothing).await;
    page.leaves().await;
}

#[tokio::test]
async fn in_chaos_every_message_leaves_once_and_in_order() {
    let Some(_turn) = browser_is_here().await else { return };
    let dev = Dev::start(&["--chaos", "30%", "--chaos-seed", "3"]);
    let (alice, count) = (dev.token("alice"), 30);
    let hers = Browser::on(&dev.url).await;
    hers.does(&format!("localStorage.setItem('fireside.token', '{alice}')")).await;
    hers.goes_to("/#chat-1").await;
    hers.reloads().await;
    hers.until("document.querySelector('#draft')?.checkVisibility()").await;
    for number in 0..count {
        hers.says(&format!("number {number}")).await;
    }
    let told = format!(
        "(() => {{ const own = [...document.querySelectorAll('.message.mine:not(.unsent) .content')]; \
         return !document.querySelector('.unsent') && own.filter((each) => each.textContent.startsWith('number')).length === {count}; }})()"
    );
    let start = std::time::Instant::now();
    while hers.asks(&told).await != true {
        assert!(start.elapsed().as_secs() < 120, "they all leave: {:?}", hers.texts().await);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let script = format!(
        "const ask = () => fetch('/messages/api/chats/1/messages/?page_size=100', {{ headers: {{ Authorization: 'Token {alice}' }} }})
            .then((answer) => answer.ok ? answer.json().then(({{ results }}) => done(results.map(({{ content }}) => content).reverse())) : ask()); ask();"
    );
    let stored = hers.waits_for(&script).await;
    let stored: Vec<_> = stored.as_array().unwrap().iter().filter_map(|text| text.as_str()).collect();
    let wanted: Vec<_> = (0..count).map(|number| format!("number {number}")).collect();
    assert_eq!(
        stored.iter().filter(|text| text.starts_with("number")).collect::<Vec<_>>(),
        wanted.iter().collect::<Vec<_>>()
    );
    hers.leaves().await;
}

#[tokio::test]
async fn an_edit_that_is_being_written_survives_another_chat_and_a_reload() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let notes = direct(&alice, &alice).await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.says("a draught").await;
    hers.sees(".message.mine:not(.unsent)").await;
    hers.presses(fantoccini::key::Key::Up).await;
    hers.reads(".about-draft", "Editing").await;
    hers.types("#draft", " of beer").await;
    hers.opens_chat(notes).await;
    hers.until("document.querySelector('#draft').value === '' && document.querySelector('.about-draft').hidden").await;
    hers.opens_chat(chat).await;
    hers.until("document.querySelector('#draft').value === 'a draught of beer'").await;
    hers.reloads().await;
    hers.until("document.querySelector('#draft')?.value === 'a draught of beer'").await;
    hers.clicks(".send").await;
    hers.reads(".message.mine .content", "a draught of beer").await;
    hers.until("document.querySelector('#draft').value === '' && document.querySelector('.about-draft').hidden").await;
    assert_eq!(bob.get(&format!("/messages/api/chats/{chat}/messages/")).await.results().len(), 1);
    hers.leaves().await;
}
