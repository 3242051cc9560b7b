//! A DNS server by which every name leads to this machine, but for those that are lost.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;

const A: u16 = 1;
const HEADER: usize = 12;

pub struct Dns {
    pub port: u16,
    lost: Arc<Mutex<HashSet<String>>>,
}

impl Dns {
    pub async fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let lost = Arc::<Mutex<HashSet<String>>>::default();
        let shared = Arc::clone(&lost);
        tokio::spawn(async move {
            let mut query = [0; 1_500];
            while let Ok((length, from)) = socket.recv_from(&mut query).await {
                let lost = shared.lock().unwrap().clone();
                if let Some(answer) = answer(&query[..length], &lost) {
                    socket.send_to(&answer, from).await.ok();
                }
            }
        });
        Self { port, lost }
    }

    /// Nobody knows this name from now on.
    pub fn loses(&self, name: &str) {
        self.lost.lock().unwrap().insert(name.to_owned());
    }

    pub fn finds(&self, name: &str) {
        self.lost.lock().unwrap().remove(name);
    }
}

/// Of the question, with an address if one was asked for.
fn answer(query: &[u8], lost: &HashSet<String>) -> Option<Vec<u8>> {
    let (mut labels, mut at) = (Vec::new(), HEADER);
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes([*query.get(at)?, *query.get(at + 1)?]);
    let (is_lost, is_address) = (lost.contains(&labels.join(".")), kind == A);
    let mut answer = query.get(..2)?.to_vec();
    // An answer, and whether there is such a name; one question, perhaps an address.
    answer.extend([0x85, if is_lost { 0x83 } else { 0x80 }, 0, 1]);
    answer.extend([0, u8::from(is_address && !is_lost), 0, 0, 0, 0]);
    answer.extend(query.get(HEADER..at + 4)?);
    if is_address && !is_lost {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
    }
    Some(answer)
}
