//! Two browsers on a bad line: whatever happens to it, both end with the same talk, and
//! with everything that was typed there, once. `FIRESIDE_FAULTS` says how many faults, 10 of an
//! ordinary run and 200 with `FIRESIDE_SCALE=full`; `FIRESIDE_FAULT_SEED` which.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::talk::direct;
use super::{Browser, browser_is_here};
use crate::world::machine::{number, scale};
use crate::world::{Fireside, Person};

const SEED: usize = 15;
const CHUNK: usize = 16 * 1024;

/// What the line does to whatever comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Line {
    Fair,
    /// A proxy that says 503 for the server behind it.
    Unavailable,
    Slow(Duration),
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Unavailable,
    Cut,
    Slow,
    Restart,
    Sleep,
}

const FAULTS: [Fault; 5] = [Fault::Unavailable, Fault::Cut, Fault::Slow, Fault::Restart, Fault::Sleep];

/// A way to the server on which things go wrong.
pub struct Road {
    pub address: SocketAddr,
    line: watch::Sender<Line>,
    /// Grows when all that is open is cut.
    cuts: watch::Sender<u32>,
}

impl Road {
    pub async fn to(server: String) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (line, state) = watch::channel(Line::Fair);
        let (cuts, cut) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server.clone(), state.clone(), cut.clone()));
            }
        });
        Self { address, line, cuts }
    }

    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    pub fn becomes(&self, line: Line) {
        self.line.send_replace(line);
    }
}

async fn carry(mut client: TcpStream, server: String, line: watch::Receiver<Line>, mut cut: watch::Receiver<u32>) {
    cut.mark_unchanged();
    if *line.borrow() == Line::Unavailable {
        let mut head = vec![0; CHUNK];
        let Ok(1..) = client.read(&mut head).await else { return };
        let answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        client.write_all(answer).await.ok();
        return;
    }
    let Ok(upstream) = TcpStream::connect(server).await else { return };
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), upstream.into_split());
    tokio::select! {
        () = pass(&mut from_client, &mut to_server, &line) => {}
        () = pass(&mut from_server, &mut to_client, &line) => {}
        _ = cut.changed() => {}
    }
}

async fn pass(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    line: &watch::Receiver<Line>,
) {
    let mut chunk = vec![0; CHUNK];
    while let Ok(count @ 1..) = from.read(&mut chunk).await {
        let now = *line.borrow();
        if let Line::Slow(delay) = now {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&chunk[..count]).await.is_err() {
            return;
        }
    }
}

async fn stored(person: &Person, chat: i64) -> Vec<String> {
    let mut texts = Vec::new();
    let mut query = "?after=0".to_owned();
    loop {
        let page = person.get(&format!("/messages/api/chats/{chat}/messages/{query}")).await.is(200).results();
        let Some(last) = page.last() else { return texts };
        query = format!("?after={}", last["id"]);
        texts.extend(page.iter().map(|message| message["content"].as_str().unwrap().to_owned()));
    }
}

/// What the server has stored, once it is so many.
async fn all_of(person: &Person, chat: i64, count: usize) -> Vec<String> {
    let start = Instant::now();
    loop {
        let told = stored(person, chat).await;
        if told.len() >= count {
            return told;
        }
        assert!(start.elapsed() < Duration::from_secs(90), "all arrive: {} of {count}", told.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub fn an_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// The last texts on the page, of as many messages.
async fn ends_with(page: &Browser, expected: &[String]) {
    let tail = &expected[expected.len().saturating_sub(20)..];
    page.until(&format!(
        "(() => {{ const texts = [...document.querySelectorAll('.message:not(.unsent) .content')].map((each) => each.textContent); \
         return !document.querySelector('.unsent') && JSON.stringify(texts.slice(-{})) === JSON.stringify({}); }})()",
        tail.len(),
        json!(tail)
    ))
    .await;
}

#[tokio::test]
async fn two_browsers_on_a_bad_line_end_with_the_same_talk() {
    let Some(_turn) = browser_is_here().await else { return };
    let address = an_address();
    let mut fireside = Fireside::start_with(&["--listen", &address]).await;
    let (alice, bob) = (fireside.registers("alice").await, fireside.registers("bob").await);
    let chat = direct(&alice, &bob).await;
    let road = Road::to(address).await;
    let url = format!("http://{}", road.address);
    let (hers, his) = (Browser::on(&url).await, Browser::on(&url).await);
    for (page, person) in [(&hers, &alice), (&his, &bob)] {
        page.signs_in(person).await;
        page.opens_chat(chat).await;
    }
    let mut chance = StdRng::seed_from_u64(number("FIRESIDE_FAULT_SEED", SEED) as u64);
    let mut typed = Vec::new();
    for round in 0..number("FIRESIDE_FAULTS", scale(10, 200)) {
        let fault = FAULTS[if round < FAULTS.len() { round } else { chance.random_range(0..FAULTS.len()) }];
        match fault {
            Fault::Unavailable => road.becomes(Line::Unavailable),
            Fault::Slow => road.becomes(Line::Slow(Duration::from_millis(chance.random_range(50..400)))),
            Fault::Sleep => drop(his.devtools("Page.setWebLifecycleState", json!({"state": "frozen"})).await),
            Fault::Restart => fireside = fireside.dies_and_restarts().await,
            Fault::Cut => {}
        }
        if matches!(fault, Fault::Unavailable | Fault::Cut) {
            road.cut();
        }
        for (page, name) in [(&hers, "alice"), (&his, "bob")] {
            if name == "bob" && matches!(fault, Fault::Sleep) {
                continue;
            }
            let text = format!("{name} {round}");
            page.says(&text).await;
            typed.push(text);
        }
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..500))).await;
        road.becomes(Line::Fair);
        if matches!(fault, Fault::Sleep) {
            his.devtools("Page.setWebLifecycleState", json!({"state": "active"})).await;
        }
    }
    // They all arrive, each once, and those of one person in the order of typing.
    let alice = alice.back_to(&fireside);
    let told = all_of(&alice, chat, typed.len()).await;
    for name in ["alice", "bob"] {
        let own = |texts: &[String]| texts.iter().filter(|text| text.starts_with(name)).cloned().collect::<Vec<_>>();
        assert_eq!(own(&told), own(&typed));
    }
    ends_with(&hers, &told).await;
    ends_with(&his, &told).await;
    let shown = hers.texts().await;
    assert_eq!(shown, his.texts().await[..]);
    assert!(told.ends_with(&shown), "{shown:?}");
    hers.leaves().await;
    his.leaves().await;
}
