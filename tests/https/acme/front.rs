//! What stands at an address for good and passes connections on to wherever a server listens now.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// A port that others are told once, whatever listens behind it.
pub struct Front {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    leads_to: Option<SocketAddr>,
    is_away: bool,
    connections: usize,
}

impl Front {
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass_on(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state }
    }

    pub fn leads_to(&self, address: &str) {
        self.state.lock().unwrap().leads_to = Some(address.parse().unwrap());
    }

    /// Whoever comes waits until it leads somewhere again.
    pub fn leads_nowhere(&self) {
        self.state.lock().unwrap().leads_to = None;
    }

    /// Whether whoever comes is hung up on.
    pub fn is_away(&self, is_away: bool) {
        self.state.lock().unwrap().is_away = is_away;
    }

    /// How many have come.
    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

/// Waits for somebody to lead to: who comes early must not be turned away.
async fn pass_on(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    state.lock().unwrap().connections += 1;
    for _ in 0..1_000 {
        let leads_to = {
            let state = state.lock().unwrap();
            if state.is_away {
                return;
            }
            state.leads_to
        };
        if let Some(address) = leads_to {
            let Ok(mut other) = TcpStream::connect(address).await else { return };
            // One of them closes at some time.
            copy_bidirectional(&mut stream, &mut other).await.ok();
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
