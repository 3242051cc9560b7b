//! The same without a chat server: bare TCP, and a WebSocket library alone.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;

use crate::common::counter::{self, Board};
use crate::common::wire;
use crate::{PACE, PACED};

/// How long the yardstick is held.
const YARDSTICK: Duration = Duration::from_secs(2);

/// What the kernel alone can do.
pub struct Bare {
    pub deliveries_per_second: f64,
    /// How long after it was due each frame had reached everybody.
    pub paced: Vec<Duration>,
}

/// One thread that writes the frame to every connection in turn, and the same receivers: first at the same pace as
/// the server, then as fast as it goes.
pub async fn bare_writes(receivers: usize, frame: Vec<u8>) -> Bare {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    let board = Board::new(receivers);
    let mut streams = Vec::with_capacity(receivers);
    for _ in 0..receivers {
        let receiver = tokio::net::TcpStream::connect(addr).await.expect("loopback");
        let (stream, _) = listener.accept().expect("loopback");
        stream.set_nodelay(true).unwrap();
        streams.push(stream);
        tokio::task::spawn_local(counter::receive(receiver, Vec::new(), Rc::clone(&board)));
    }
    let writer = tokio::task::spawn_blocking(move || {
        let due: Vec<Instant> = (0..PACED).map(|_| write_when_due(&mut streams, &frame)).collect();
        (streams, frame, due)
    });
    let (mut streams, frame, due) = writer.await.expect("every write succeeds");
    let mut paced = Vec::with_capacity(PACED);
    for (number, due) in due.into_iter().enumerate() {
        paced.push(board.all_heard(number).await - due);
    }
    let (start, before) = (Instant::now(), board.deliveries());
    let writer = std::thread::spawn(move || write_in_turn(&mut streams, &frame));
    sleep(YARDSTICK).await;
    let deliveries_per_second = (board.deliveries() - before) as f64 / start.elapsed().as_secs_f64();
    // Join without holding up the receivers, for the writer may wait for them.
    let join = tokio::task::spawn_blocking(move || writer.join());
    join.await.unwrap().expect("every write succeeds");
    Bare { deliveries_per_second, paced }
}

/// Writes to all after a while; when that was.
fn write_when_due(streams: &mut [TcpStream], frame: &[u8]) -> Instant {
    std::thread::sleep(PACE);
    let due = Instant::now();
    for stream in streams {
        stream.write_all(frame).unwrap();
    }
    due
}

/// What a WebSocket library alone does, without rights, order or a disk: a broadcast to
/// every connection in turn, a task for each that writes all that waits and then flushes.
/// Deliveries a second.
pub async fn bare_tungstenite(receivers: usize, text: String) -> f64 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(broadcast(listener, receivers, text));
    });
    let board = Board::new(receivers);
    for _ in 0..receivers {
        let (stream, first) = wire::connect(addr, 0, "").await;
        tokio::task::spawn_local(counter::receive(stream, first, Rc::clone(&board)));
    }
    let (start, before) = (Instant::now(), board.deliveries());
    sleep(YARDSTICK).await;
    let rate = (board.deliveries() - before) as f64 / start.elapsed().as_secs_f64();
    tokio::task::spawn_blocking(move || server.join()).await.unwrap().expect("the broadcast ends");
    rate
}

async fn broadcast(listener: TcpListener, receivers: usize, text: String) {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let mut queues = Vec::with_capacity(receivers);
    for _ in 0..receivers {
        let (stream, _) = listener.accept().await.expect("loopback");
        stream.set_nodelay(true).unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a handshake");
        let (queue, mut waiting) = tokio::sync::mpsc::channel::<Message>(256);
        tokio::spawn(async move {
            while let Some(message) = waiting.recv().await {
                socket.feed(message).await.expect("a listener");
                while let Ok(message) = waiting.try_recv() {
                    socket.feed(message).await.expect("a listener");
                }
                socket.flush().await.expect("a listener");
            }
        });
        queues.push(queue);
    }
    let message = Message::text(text);
    let start = Instant::now();
    // Somewhat longer than the listeners count.
    while start.elapsed() < YARDSTICK + Duration::from_millis(500) {
        for queue in &queues {
            queue.send(message.clone()).await.expect("a task for each");
        }
    }
}

fn write_in_turn(streams: &mut [TcpStream], frame: &[u8]) {
    let start = Instant::now();
    while start.elapsed() < YARDSTICK {
        for stream in &mut *streams {
            stream.write_all(frame).unwrap();
        }
    }
}
