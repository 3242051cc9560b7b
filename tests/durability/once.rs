//! A send with a key happens once, however often it is tried, and whatever dies between.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use crate::world::machine::{number, say};
use crate::world::{Answer, Fireside, Person, Room, contents};

/// Tries of one key at the same time.
const PARALLEL: usize = 32;
/// Sends between one death of the server and the next.
const BATCH: usize = 50;

/// One send on a line that is cut after so many microseconds.
async fn is_cut(address: String, who: Person, room: Room, number: usize) {
    let (body, header) = keyed(number);
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {}\r\n{header}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        room.messages(),
        who.token,
        body.to_string().len()
    );
    // The server may be dead by now.
    let Ok(mut stream) = tokio::net::TcpStream::connect(&address).await else { return };
    stream.write_all(request.as_bytes()).await.ok();
    let pause = u64::try_from(number * 7919 % 40).unwrap();
    tokio::time::sleep(Duration::from_micros(pause * 150)).await;
    stream.set_zero_linger().ok();
}

/// Every other key comes as a header.
fn keyed(number: usize) -> (Value, String) {
    let text = text(number);
    if number.is_multiple_of(2) {
        (json!({"content": text, "client_id": text}), String::new())
    } else {
        (json!({"content": text}), format!("Idempotency-Key: {text}\r\n"))
    }
}

fn text(number: usize) -> String {
    format!("once-{number}")
}

async fn tries(who: &Person, room: &Room, number: usize) -> Option<Answer> {
    let (body, header) = keyed(number);
    let ask = who.post(&room.messages(), &body);
    match header.is_empty() {
        true => ask.tried().await,
        false => ask.with("Idempotency-Key", &text(number)).tried().await,
    }
}

/// How often each text was broadcast, until the socket ends.
async fn counts(who: &Person, room: &Room) -> JoinHandle<HashMap<String, usize>> {
    let mut socket = who.listens_in(room).await.into_socket();
    tokio::spawn(async move {
        let mut heard = HashMap::new();
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(frame) = message else { continue };
            let frame: Value = serde_json::from_str(&frame).unwrap();
            let Some(text) = frame["data"]["content"].as_str() else { continue };
            if text == "marker" {
                break;
            }
            *heard.entry(text.to_owned()).or_default() += 1;
        }
        heard
    })
}

#[tokio::test]
async fn a_send_with_a_key_happens_once() {
    let sends = number("FIRESIDE_SENDS", 200);
    let mut fireside = Fireside::start().await;
    let mut alice = fireside.registers("alice").await;
    let bob = fireside.registers("bob").await;
    let den = alice.opens_room("den").await;
    bob.joins(&den).await;
    let mut broadcasts: HashMap<String, usize> = HashMap::new();
    let (mut first_came_through, mut deaths) = (0, 0);
    for from in (0..sends).step_by(BATCH) {
        let batch = from..(from + BATCH).min(sends);
        let listeners = counts(&bob.back_to(&fireside), &den).await;
        let address = fireside.address().to_owned();
        let cut = batch.clone().map(|number| tokio::spawn(is_cut(address.clone(), alice.clone(), den.clone(), number)));
        let cut: Vec<_> = cut.collect();
        if from % (2 * BATCH) == BATCH {
            // Dies while the first tries are under way.
            tokio::time::sleep(Duration::from_millis(4)).await;
            fireside = fireside.dies_and_restarts().await;
            alice = alice.back_to(&fireside);
            deaths += 1;
        }
        join_all(cut).await;
        let ears_after = counts(&bob.back_to(&fireside), &den).await;
        for number in batch {
            let tries = join_all((0..PARALLEL).map(|_| tries(&alice, &den, number))).await;
            let answers: Vec<_> = tries.into_iter().map(|answer| answer.expect("an answer")).collect();
            let created = answers.iter().filter(|answer| answer.status == 201).count();
            assert!(answers.iter().all(|answer| [200, 201].contains(&answer.status)), "{answers:?}");
            assert!(created <= 1, "{} was created {created} times", text(number));
            assert!(answers.iter().all(|answer| answer.json() == answers[0].json()), "one message for all");
            first_came_through += usize::from(created == 0);
        }
        alice.posts("marker").in_room(&den).await;
        // Those of the first listener who heard it after the death of the server are none.
        let (early, late) = (listeners.await.unwrap(), ears_after.await.unwrap());
        let dead = from % (2 * BATCH) == BATCH;
        for (text, count) in early {
            *broadcasts.entry(text).or_default() += count;
        }
        for (text, count) in late.into_iter().filter(|_| dead) {
            *broadcasts.entry(text).or_default() += count;
        }
    }
    let stored: Vec<_> =
        contents(&alice.reads_history(&den).await).into_iter().filter(|text| text != "marker").collect();
    let unique: std::collections::HashSet<_> = stored.iter().collect();
    assert_eq!((stored.len(), unique.len()), (sends, sends), "each once");
    assert!(broadcasts.values().all(|count| *count == 1), "{broadcasts:?}");
    // Only what was stored in the moment of a death may not have been broadcast any more.
    assert!(broadcasts.len() + deaths * BATCH >= sends, "{} of {sends}", broadcasts.len());
    if deaths == 0 {
        assert_eq!(broadcasts.len(), sends);
    }
    assert!(first_came_through > 0, "no cut send was ever stored");
    say(&format!(
        "{sends} cut sends, {PARALLEL} tries of each, {deaths} deaths: {} messages, {} broadcasts; \
         {first_came_through} were stored by the cut try",
        stored.len(),
        broadcasts.len()
    ));
}
