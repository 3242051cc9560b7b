//! `EventSource` in Chromium, on a line that is cut again and again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Dev;
use crate::client::browser::{Browser, browser_is_here};
use crate::world::id;
use crate::world::machine::scale;
use crate::world::site::site;

const MESSAGES: &str = "/messages/api/chats/1/messages/";
/// Told to the browser in the server's place, which says nothing of it: after a cut it comes again at once.
const RETRY: &[u8] = b"b\r\nretry: 10\n\n\r\n";

/// A line to a server that lets a number of bytes of each stream through, and no more until `cuts` were made. Its
/// address, and how many were.
async fn line(server: &str, cuts: usize) -> (String, Arc<AtomicUsize>) {
    let (server, made) = (server.strip_prefix("http://").unwrap().to_owned(), Arc::new(AtomicUsize::new(0)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let counted = Arc::clone(&made);
    tokio::spawn(async move {
        while let Ok((browser, _)) = listener.accept().await {
            let (server, made) = (TcpStream::connect(&server).await.unwrap(), Arc::clone(&counted));
            // A browser also opens connections that it does not use.
            tokio::spawn(carry(browser, server, cuts, made));
        }
    });
    (address, made)
}

/// Carries one request, and of its answer the head and some bytes. `None`: one of both ended it.
async fn carry(mut browser: TcpStream, mut server: TcpStream, cuts: usize, made: Arc<AtomicUsize>) -> Option<()> {
    let mut buffer = vec![0; 16 * 1024];
    let asked = browser.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
    server.write_all(&buffer[..asked]).await.ok()?;
    let mut answer = Vec::new();
    let head = loop {
        if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let read = server.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
        answer.extend_from_slice(&buffer[..read]);
    };
    let mut told = answer.split_off(head);
    browser.write_all(&[&answer, RETRY].concat()).await.ok()?;
    let cut = made.load(Ordering::Relaxed);
    // Behind the greeting or some messages later, in the middle of whatever stands there.
    let mut left = if cut < cuts { 200 + cut * 7_919 % 4_000 } else { usize::MAX };
    loop {
        told.truncate(left);
        browser.write_all(&told).await.ok()?;
        left -= told.len();
        if left == 0 {
            made.fetch_add(1, Ordering::Relaxed);
            return Some(());
        }
        let read = server.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
        told = buffer[..read].to_vec();
    }
}

/// Cuts in the middle of what is told: the browser comes back by itself with the last id that it heard.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_goes_on_behind_the_last_id_after_every_cut() {
    let Some(_turn) = browser_is_here().await else { return };
    let dev = Dev::start(&[]);
    let cuts = scale(50, 1_000);
    let (line, made) = line(&dev.url, cuts).await;
    let page = format!(
        "<!doctype html><title>Elsewhere</title><script>
         window.heard = [];
         const source = new EventSource('{line}/messages/api/events/?token={}&since=0');
         source.onmessage = ({{ data, lastEventId }}) => {{
           const {{ type, seq, message }} = JSON.parse(data);
           if (seq && message) heard.push([Number(lastEventId), type, message.id, message.content]);
         }};
         </script>",
        dev.token("bob")
    );
    let browser = Browser::on(&site(page, "").await).await;
    let (mut written, begun) = (0, Instant::now());
    while made.load(Ordering::Relaxed) < cuts {
        assert!(begun.elapsed() < Duration::from_secs(600), "{} cuts so far", made.load(Ordering::Relaxed));
        written += 1;
        let said = dev.post(MESSAGES, &json!({"content": format!("message {written}")})).await.is(201).json();
        if written % 3 == 0 {
            let path = format!("/messages/api/messages/{}/", id(&said));
            let edit =
                dev.as_alice(|client, url| client.patch(format!("{url}{path}")).json(&json!({"content": "edited"})));
            super::scene::answer("an edit", edit).await.is(200);
        }
    }
    dev.post(MESSAGES, &json!({"content": "the end"})).await.is(201);
    browser.until("heard.length && heard.at(-1)[3] === 'the end'").await;
    let heard = browser.asks("heard").await;
    let heard: Vec<&Vec<Value>> = heard.as_array().unwrap().iter().map(|told| told.as_array().unwrap()).collect();
    let numbers: Vec<i64> = heard.iter().map(|told| told[0].as_i64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "in order, and nothing twice: {numbers:?}");
    let held: BTreeMap<i64, &Value> = heard.iter().map(|told| (told[2].as_i64().unwrap(), &told[3])).collect();
    let mut there = BTreeMap::new();
    let mut before = i64::MAX;
    loop {
        let page = dev.get(&format!("{MESSAGES}?page_size=100&before={before}")).await.is(200).results();
        let Some(oldest) = page.iter().map(id).min() else { break };
        there.extend(page.into_iter().map(|message| (id(&message), message["content"].clone())));
        before = oldest;
    }
    assert_eq!(there.len(), written + 1);
    assert_eq!(held, there.iter().map(|(id, content)| (*id, content)).collect());
    assert_eq!(made.load(Ordering::Relaxed), cuts);
    browser.leaves().await;
}
