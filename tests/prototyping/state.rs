//! `serve --dev`: begin anew, keep a state and go back to it, move the clock, sign anybody in.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use super::Dev;
use super::scene::answer;
use crate::world::home::PATIENCE;
use crate::world::machine::say as tell;
use crate::world::{Answer, Fireside, contents};

const MESSAGES: &str = "/messages/api/chats/1/messages/";

async fn says(dev: &Dev, text: &str) {
    dev.post(MESSAGES, &json!({"content": text})).await.is(201);
}

async fn said(dev: &Dev) -> Vec<String> {
    contents(&dev.get(MESSAGES).await.is(200).results())
}

/// Anybody, who shows no token.
async fn asks(dev: &Dev, path: &str, body: &Value) -> Answer {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    answer(path, client.post(format!("{}/_dev/{path}", dev.url)).json(body)).await
}

async fn listens(dev: &Dev) -> impl StreamExt<Item = Message> + Unpin {
    let url = format!("{}/messages/ws/?token={}", dev.url.replacen("http", "ws", 1), dev.token("bob"));
    let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    Box::pin(socket.map(Result::unwrap))
}

#[tokio::test]
async fn a_reset_begins_anew_and_the_printed_tokens_stay_good() {
    let dev = Dev::start(&[]);
    says(&dev, "before").await;
    let dora = json!({"username": "dora", "email": "dora@example.org", "password": "password123"});
    dev.post("/api/auth/register/", &dora).await.is(201);
    let mut socket = listens(&dev).await;
    let folders = || std::fs::read_dir(&dev.folders()[0]).unwrap().count();
    let at_first = folders();
    asks(&dev, "reset/", &json!({})).await.is(204);
    let closed = async {
        loop {
            if let Some(Message::Close(frame)) = socket.next().await {
                return u16::from(frame.unwrap().code);
            }
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, closed).await.expect("it is closed"), 1012);
    assert!(said(&dev).await.is_empty());
    let login = json!({"username": "dora", "password": "password123"});
    assert!(dev.post("/api/auth/login/", &login).await.status >= 400, "she never was");
    assert_eq!(dev.get("/api/auth/me/").await.is(200).json()["username"], "alice");
    // All works as before: events, files, search, commands.
    let mut socket = listens(&dev).await;
    says(&dev, "after").await;
    let heard = async { while !socket.next().await.is_some_and(|frame| frame.to_string().contains("after")) {} };
    tokio::time::timeout(PATIENCE, heard).await.expect("it is heard");
    let mut taken = Vec::new();
    for _ in 0..30 {
        says(&dev, "again").await;
        let begun = std::time::Instant::now();
        asks(&dev, "reset/", &json!({})).await.is(204);
        taken.push(begun.elapsed());
    }
    taken.sort();
    tell(&format!("30 resets: {:?} at the median, {:?} at most", taken[15], taken[29]));
    assert!(said(&dev).await.is_empty());
    let begun = std::time::Instant::now();
    while folders() > at_first && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(folders(), at_first, "what is over is erased");
}

#[tokio::test]
async fn an_upload_that_a_reset_overtakes_is_told_to_come_again() {
    let dev = Dev::start(&[]);
    let folders = || std::fs::read_dir(&dev.folders()[0]).unwrap().count();
    let at_first = folders();
    let part = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n";
    let (begun, rest) = (format!("{part}begun, "), "and over\r\n--x--\r\n");
    let address = dev.url.strip_prefix("http://").unwrap();
    let head = format!(
        "POST /api/files/upload/ HTTP/1.1\r\nHost: {address}\r\nAuthorization: Token {}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {}\r\n\r\n{begun}",
        dev.token("bob"),
        begun.len() + rest.len()
    );
    let mut line = TcpStream::connect(address).await.unwrap();
    line.write_all(head.as_bytes()).await.unwrap();
    let files = || walkdir(&dev.folders()[0]);
    let waits = async |is_so: &dyn Fn() -> bool| {
        let so = async {
            while !is_so() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, so).await.expect("it never came true");
    };
    waits(&|| files().iter().any(|file| file.ends_with(".part"))).await;
    asks(&dev, "reset/", &json!({})).await.is(204);
    waits(&|| folders() == at_first && !files().iter().any(|file| file.ends_with(".part"))).await;
    line.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, line.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

/// The names of all files in a folder and those in it.
fn walkdir(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let below = entries.flat_map(|entry| {
        let path = entry.path();
        if path.is_dir() { walkdir(&path) } else { vec![path.display().to_string()] }
    });
    below.collect()
}

#[tokio::test]
async fn what_is_over_holds_no_thread_and_no_file() {
    let dev = Dev::start(&[]);
    let open = || {
        let of = |what: &str| std::fs::read_dir(format!("/proc/{}/{what}", dev.pid())).unwrap().count();
        (of("task"), of("fd"))
    };
    let settled = async || {
        let mut least = open();
        for _ in 0..50 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let now = open();
            least = (least.0.min(now.0), least.1.min(now.1));
        }
        least
    };
    for _ in 0..3 {
        asks(&dev, "reset/", &json!({})).await.is(204);
    }
    let (threads, files) = settled().await;
    for _ in 0..20 {
        asks(&dev, "reset/", &json!({})).await.is(204);
    }
    let after = settled().await;
    assert!(after.0 <= threads + 4 && after.1 <= files + 8, "{after:?}, {:?} before", (threads, files));
}

#[tokio::test]
async fn a_state_is_kept_under_a_name_and_comes_back_as_often_as_one_likes() {
    let dev = Dev::start(&[]);
    says(&dev, "one").await;
    asks(&dev, "snapshot/first/", &json!({})).await.is(204);
    says(&dev, "two").await;
    asks(&dev, "snapshot/second/", &json!({})).await.is(204);
    for _ in 0..2 {
        asks(&dev, "restore/first/", &json!({})).await.is(204);
        assert_eq!(said(&dev).await, ["one"]);
        says(&dev, "elsewhere").await;
        asks(&dev, "restore/second/", &json!({})).await.is(204);
        assert_eq!(said(&dev).await, ["two", "one"]);
    }
    // A name may be used again; a reset ends none.
    says(&dev, "three").await;
    asks(&dev, "snapshot/first/", &json!({})).await.is(204);
    asks(&dev, "reset/", &json!({})).await.is(204);
    asks(&dev, "restore/first/", &json!({})).await.is(204);
    assert_eq!(said(&dev).await, ["three", "two", "one"]);
    asks(&dev, "restore/unknown/", &json!({})).await.is(404);
    for wrong in ["a%2Fb", "%00", "x.y", &"x".repeat(65)] {
        asks(&dev, &format!("snapshot/{wrong}/"), &json!({})).await.is(400);
        asks(&dev, &format!("restore/{wrong}/"), &json!({})).await.is(404);
    }
    for number in 0..30 {
        asks(&dev, &format!("snapshot/{number}/"), &json!({})).await.is(204);
    }
    asks(&dev, "snapshot/one-too-many/", &json!({})).await.is(400);
    asks(&dev, "snapshot/first/", &json!({})).await.is(204);
    assert_eq!(said(&dev).await, ["three", "two", "one"], "nothing of that changed anything");
}

#[tokio::test]
async fn the_clock_goes_where_it_is_told() {
    let dev = Dev::start(&[]);
    says(&dev, "now").await;
    let now = |answer: Answer| humantime::parse_rfc3339(answer.json()["now"].as_str().unwrap()).unwrap();
    let ahead = now(asks(&dev, "clock/", &json!({"advance": "3days"})).await.is(200));
    let days = ahead.duration_since(std::time::SystemTime::now()).unwrap().as_secs_f64() / 86_400.0;
    assert!((2.9..3.1).contains(&days), "{days}");
    says(&dev, "later").await;
    let sent = dev.get(MESSAGES).await.results();
    let at = |n: usize| humantime::parse_rfc3339(sent[n]["created_at"].as_str().unwrap()).unwrap();
    assert!(at(0).duration_since(at(1)).unwrap() >= Duration::from_secs(86_400 * 2));
    dev.get("/readyz").await.is(200);
    // What is over by then is over: a JWT is good for 15 minutes.
    let login = json!({"username": "alice", "password": "fireside"});
    let jwt = dev.post("/accounts/api/token/", &login).await.json();
    let jwt = jwt["access"].as_str().unwrap().to_owned();
    let shows = async || {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let asked = client.get(format!("{}/messenger/api/chatrooms/", dev.url));
        answer("with a JWT", asked.header("Authorization", format!("Bearer {jwt}"))).await.status
    };
    assert_eq!(shows().await, 200);
    asks(&dev, "clock/", &json!({"advance": "16min"})).await.is(200);
    assert_eq!(shows().await, 401);
    let set = now(asks(&dev, "clock/", &json!({"set": "2031-05-06T07:08:09Z"})).await.is(200));
    let noon = humantime::parse_rfc3339("2031-05-06T07:08:09Z").unwrap();
    assert!(set.duration_since(noon).unwrap() < PATIENCE);
    for wrong in [
        json!({}),
        json!({"advance": "soon"}),
        json!({"advance": 7}),
        json!({"set": "tomorrow"}),
        json!({"advance": "1h", "set": "2031-05-06T07:08:09Z"}),
        json!({"advance": "9000years"}),
        json!({"advance": "99999999999999999999years"}),
    ] {
        asks(&dev, "clock/", &wrong).await.is(400);
    }
    // A reset ends it.
    asks(&dev, "reset/", &json!({})).await.is(204);
    says(&dev, "today").await;
    let sent = dev.get(MESSAGES).await.results();
    let at = humantime::parse_rfc3339(sent[0]["created_at"].as_str().unwrap()).unwrap();
    assert!(std::time::SystemTime::now().duration_since(at).unwrap_or_default() < Duration::from_secs(3_600));
}

#[tokio::test]
async fn anybody_is_signed_in_by_name() {
    let dev = Dev::start(&[]);
    let token = asks(&dev, "token/", &json!({"username": "Alice"})).await.is(200).json()["token"].clone();
    assert_eq!(token, dev.token("alice"));
    let dora = json!({"username": "dora", "email": "dora@example.org", "password": "password123"});
    dev.post("/api/auth/register/", &dora).await.is(201);
    for _ in 0..2 {
        let token = asks(&dev, "token/", &json!({"username": "dora"})).await.is(200).json()["token"].clone();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let me = client.get(format!("{}/api/auth/me/", dev.url));
        let me = me.header("Authorization", format!("Token {}", token.as_str().unwrap()));
        assert_eq!(answer("me", me).await.is(200).json()["username"], "dora");
    }
    asks(&dev, "token/", &json!({"username": "nobody"})).await.is(404);
    asks(&dev, "token/", &json!({})).await.is(400);
}

#[tokio::test]
async fn no_page_of_another_machine_and_no_other_server_does_this() {
    let dev = Dev::start(&[]);
    says(&dev, "mine").await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (origin, status) in [
        ("https://evil.example", 403),
        ("null", 403),
        ("http://localhost.evil.example", 403),
        ("http://localhost:5173", 204),
        ("http://127.0.0.1:3000", 204),
    ] {
        let asked = client.post(format!("{}/_dev/snapshot/one/", dev.url)).header("Origin", origin);
        answer(origin, asked).await.is(status);
    }
    // Where no origin is named, a browser may still say that the page is another's.
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 204), ("none", 204)] {
        let asked = client.post(format!("{}/_dev/snapshot/one/", dev.url)).header("Sec-Fetch-Site", site);
        answer(site, asked).await.is(status);
    }
    answer("a GET", client.get(format!("{}/_dev/reset/", dev.url))).await.is(405);
    answer("no host of its own", client.post(format!("{}/_dev/reset/", dev.url)).header("Host", "evil.example"))
        .await
        .is(421);
    asks(&dev, "nothing/", &json!({})).await.is(404);
    assert_eq!(said(&dev).await, ["mine"]);
    let fireside = Fireside::start().await;
    for path in ["/_dev/reset/", "/_dev/token/", "/_dev/clock/", "/_dev/snapshot/one/"] {
        fireside.anyone().post(path, &json!({"username": "alice"})).await.is(404);
    }
}

#[tokio::test]
async fn it_may_begin_with_an_export() {
    let fireside = Fireside::start().await;
    let ann = fireside.registers("ann").await;
    let den = ann.opens_room("den").await;
    ann.posts("from before").in_room(&den).await;
    let export = fireside.home.data().with_file_name("export.tar");
    let export = export.to_str().unwrap();
    fireside.home.runs(&["export", export], "").await.succeeded();
    let dev = Dev::start(&[export]);
    let token = asks(&dev, "token/", &json!({"username": "ann"})).await.is(200).json()["token"].clone();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let history = async || {
        let asked = client.get(format!("{}/api/rooms/{}/messages/", dev.url, den.id));
        let asked = asked.header("Authorization", format!("Token {}", token.as_str().unwrap()));
        contents(&answer("the history", asked).await.is(200).results())
    };
    assert_eq!(history().await, ["from before"]);
    asks(&dev, "reset/", &json!({})).await.is(204);
    assert_eq!(asks(&dev, "token/", &json!({"username": "ann"})).await.is(200).json()["token"], token);
    assert_eq!(history().await, ["from before"]);
    asks(&dev, "token/", &json!({"username": "alice"})).await.is(404);
}
