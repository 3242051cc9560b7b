//! A tab that slept, and a line that died without a word.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::{Fireside, Person, id};

async fn say(person: &Person, chat: i64, text: &str) -> i64 {
    let path = format!("/messages/api/chats/{chat}/messages/");
    id(&person.post(&path, &json!({"content": text})).await.is(201).json())
}

/// What happens while somebody is away: more than one page of news, an edit, a deletion.
async fn much_happens(bob: &Person, chat: i64, edited: i64, deleted: i64) -> Vec<String> {
    let mut texts = vec!["edited".to_owned()];
    bob.patch(&format!("/messages/api/messages/{edited}/"), &json!({"content": "edited"})).await.is(200);
    bob.delete(&format!("/messages/api/messages/{deleted}/")).await.is(204);
    for number in 0..70 {
        let text = format!("news {number}");
        say(bob, chat, &text).await;
        texts.push(text);
    }
    texts
}

#[tokio::test]
async fn a_tab_that_slept_has_missed_nothing() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let first = say(&bob, chat, "first").await;
    let second = say(&bob, chat, "second").await;
    let hers = Browser::of(&fireside, &alice).await;
    hers.opens_chat(chat).await;
    hers.reads(".content", "second").await;
    hers.devtools("Page.setWebLifecycleState", json!({"state": "frozen"})).await;
    let expected = much_happens(&bob, chat, first, second).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    hers.devtools("Page.setWebLifecycleState", json!({"state": "active"})).await;
    hers.reads(".content", "news 69").await;
    assert_eq!(hers.texts().await, expected);
    hers.leaves().await;
}

/// A line to the server that can go dead: what is open then stays open and says nothing.
struct Line {
    address: SocketAddr,
    dead: watch::Sender<bool>,
}

impl Line {
    async fn to(fireside: &Fireside) -> Self {
        let server = fireside.address().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (dead, state) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server.clone(), state.clone()));
            }
        });
        Self { address, dead }
    }
}

async fn carry(mut client: TcpStream, server: String, mut dead: watch::Receiver<bool>) {
    let mut upstream = TcpStream::connect(server).await.unwrap();
    if !*dead.borrow() {
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut upstream) => return,
            _ = dead.wait_for(|dead| *dead) => {}
        }
    }
    // Whoever waits here waits in vain, as behind a router that has forgotten them.
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_line_that_dies_silently_is_noticed_and_caught_up_with() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let chat = direct(&alice, &bob).await;
    let first = say(&bob, chat, "first").await;
    let second = say(&bob, chat, "second").await;
    let line = Line::to(&fireside).await;
    let hers = Browser::on(&format!("http://{}", line.address)).await;
    hers.signs_in(&alice).await;
    hers.opens_chat(chat).await;
    hers.reads(".content", "second").await;
    line.dead.send(true).unwrap();
    let mut expected = much_happens(&bob, chat, first, second).await;
    // Nobody closes anything: the silence alone tells, within the time between two pings.
    let start = std::time::Instant::now();
    while hers.asks("document.querySelector('.link-state').textContent").await == "" {
        assert!(start.elapsed() < Duration::from_secs(45), "the silence is noticed");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(!hers.texts().await.contains(&"news 0".to_owned()), "the line was dead");
    hers.says("said into the void").await;
    hers.sees(".unsent").await;
    line.dead.send(false).unwrap();
    hers.does("window.dispatchEvent(new Event('online'))").await;
    hers.until("document.querySelector('.link-state').textContent === ''").await;
    hers.reads(".content", "news 69").await;
    hers.until("!document.querySelector('.unsent')").await;
    expected.push("said into the void".to_owned());
    assert_eq!(hers.texts().await, expected);
    hers.leaves().await;
}

/// A clock that can be put forward, and looked at often.
const CLOCK: &str = "
    window.ahead = new Date().setHours(12, 0, 0, 0) - Date.now();
    const Real = Date;
    window.Date = class extends Real {
        constructor(...given) { given.length ? super(...given) : super(Real.now() + window.ahead); }
        static now() { return Real.now() + window.ahead; }
    };
    const often = window.setInterval;
    window.setInterval = (act, ms, ...rest) => often(act, ms === 60000 ? 50 : ms, ...rest);";

#[tokio::test]
async fn what_was_said_today_was_said_yesterday_from_midnight_on() {
    let Some(_turn) = browser_is_here().await else { return };
    let fireside = Fireside::start().await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let hers = Browser::at(&fireside).await;
    hers.begins_pages_with(CLOCK).await;
    hers.reloads().await;
    hers.signs_in(&alice).await;
    hers.opens_chat(chat).await;
    hers.says("good night").await;
    hers.sees(".message.mine:not(.unsent)").await;
    hers.reads(".day", "Today").await;
    let time = "document.querySelector('.chat time').textContent";
    assert!(hers.asks(time).await.as_str().unwrap().contains(':'), "a time of the day");
    hers.does("window.ahead += 86_400_000").await;
    hers.reads(".day", "Yesterday").await;
    hers.until(&format!("!{time}.includes(':')")).await;
    hers.leaves().await;
}
