//! Sockets: the knock at the door, and the listener that listens behind it.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};

use super::document;

/// How long a listener waits for what must come.
const WAIT: Duration = Duration::from_secs(5);
/// The same of one that had stopped to read: the other end asks only now and then whether it
/// has room again.
const WAIT_AFTER_REST: Duration = Duration::from_secs(60);

/// A handshake that has not been made yet.
#[derive(Clone)]
pub struct Handshake {
    address: String,
    path: String,
    query: Vec<String>,
    headers: Vec<(String, String)>,
    small_window: bool,
    config: WebSocketConfig,
}

/// How the server refused the handshake.
#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Refusal {
    /// All that an outsider could tell two refusals apart by.
    pub fn as_seen_by_a_prober(&self) -> (u16, Vec<(String, String)>, String) {
        let mut headers = self.headers.clone();
        headers.retain(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
        headers.sort();
        (self.status, headers, self.body.clone())
    }
}

impl Handshake {
    pub fn new(url: &str, path: &str) -> Self {
        let place = url.trim_start_matches("http://");
        let (address, base) = place.split_at(place.find('/').unwrap_or(place.len()));
        Self {
            address: address.to_owned(),
            path: format!("{base}{path}"),
            query: Vec::new(),
            headers: Vec::new(),
            small_window: false,
            config: WebSocketConfig::default(),
        }
    }

    pub fn with(mut self, header: &str, value: &str) -> Self {
        self.headers.push((header.to_owned(), value.to_owned()));
        self
    }

    pub fn with_query(mut self, pair: &str) -> Self {
        self.query.push(pair.to_owned());
        self
    }

    /// The kernel holds little for us, so that not reading is soon felt.
    pub fn with_small_window(mut self) -> Self {
        self.small_window = true;
        self
    }

    /// A longer frame is an error, though a message may be of several.
    pub fn with_frames_up_to(mut self, bytes: usize) -> Self {
        self.config = self.config.max_frame_size(Some(bytes));
        self
    }

    fn request(&self) -> Request {
        let mut url = format!("ws://{}{}", self.address, self.path);
        if !self.query.is_empty() {
            url = format!("{url}?{}", self.query.join("&"));
        }
        let mut request = url.into_client_request().unwrap();
        for (name, value) in &self.headers {
            request.headers_mut().append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        request
    }

    async fn connect(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        if self.small_window {
            socket.set_recv_buffer_size(4096).unwrap();
        }
        let stream = socket.connect(self.address.parse().unwrap()).await.unwrap();
        // As browsers do: else each second frame waits 40 ms for the first to be acknowledged.
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// The open socket, or the HTTP answer that refused it.
    pub async fn tried(self) -> Result<Listener, Refusal> {
        let stream = self.connect().await;
        match tokio_tungstenite::client_async_with_config(self.request(), stream, Some(self.config)).await {
            Ok((socket, response)) => Ok(Listener {
                socket,
                path: self.path.clone(),
                protocol: response
                    .headers()
                    .get("sec-websocket-protocol")
                    .map(|value| value.to_str().unwrap().to_owned()),
            }),
            Err(tungstenite::Error::Http(refusal)) => Err(Refusal {
                status: refusal.status().as_u16(),
                headers: refusal
                    .headers()
                    .iter()
                    .map(|(name, value)| (name.to_string(), format!("{value:?}")))
                    .collect(),
                body: String::from_utf8(refusal.body().clone().unwrap_or_default()).unwrap(),
            }),
            Err(error) => panic!("{} failed: {error:?}", self.path),
        }
    }

    /// The handshake succeeds.
    pub async fn enters(self) -> Listener {
        let path = self.path.clone();
        self.tried().await.unwrap_or_else(|refusal| panic!("{path} was refused: {refusal:?}"))
    }

    /// The handshake is refused with an HTTP status.
    pub async fn turned_away(self) -> Refusal {
        let path = self.path.clone();
        match self.tried().await {
            Ok(_) => panic!("{path} was let in"),
            Err(refusal) => refusal,
        }
    }

    /// The handshake is refused with this HTTP status.
    pub async fn turned_away_with(self, status: u16) {
        let refusal = self.turned_away().await;
        assert_eq!(refusal.status, status, "{refusal:?}");
    }
}

/// What a listener may hear next.
#[derive(Debug)]
pub enum Heard {
    Frame(Value),
    /// The close code; 1006 when the line was cut without one.
    Closed(u16),
}

/// One open socket.
pub struct Listener {
    socket: WebSocketStream<TcpStream>,
    path: String,
    /// The subprotocol that the server chose.
    pub protocol: Option<String>,
}

impl Listener {
    pub async fn says(&mut self, frame: &Value) {
        self.sends(Message::text(frame.to_string())).await;
    }

    pub async fn sends(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// For those who go on until the server dies.
    pub async fn tries_to_say(&mut self, frame: &Value) -> Result<(), tungstenite::Error> {
        self.socket.send(Message::text(frame.to_string())).await
    }

    pub async fn says_message(&mut self, text: &str) {
        self.says(&json!({"type": "chat_message", "data": {"content": text}})).await;
    }

    /// The next frame or the close, whichever comes.
    pub async fn next(&mut self) -> Heard {
        self.next_within(WAIT).await
    }

    async fn next_within(&mut self, wait: Duration) -> Heard {
        loop {
            let next = tokio::time::timeout(wait, self.socket.next()).await.expect("a frame in time");
            match next {
                Some(Ok(Message::Text(text))) => {
                    let frame = serde_json::from_str(&text).unwrap();
                    document::check_frame(&self.path, &frame);
                    return Heard::Frame(frame);
                }
                Some(Ok(Message::Close(frame))) => {
                    return Heard::Closed(frame.map_or(1005, |frame| frame.code.into()));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => panic!("an unexpected {other:?}"),
                Some(Err(_)) | None => return Heard::Closed(1006),
            }
        }
    }

    /// The next frame.
    pub async fn frame(&mut self) -> Value {
        match self.next().await {
            Heard::Frame(frame) => frame,
            Heard::Closed(code) => panic!("closed with {code}"),
        }
    }

    /// The `data` of the next frame, which is of this type.
    pub async fn hears(&mut self, kind: &str) -> Value {
        let frame = self.frame().await;
        assert_eq!(frame["type"], kind, "{frame}");
        frame["data"].clone()
    }

    /// The next frame is a chat message with this text.
    pub async fn hears_message(&mut self, text: &str) -> Value {
        let data = self.hears("chat_message").await;
        assert_eq!(data["content"], text, "{data}");
        data
    }

    /// The next frames are of these types, in any order; their data in the
    /// order of `kinds`.
    pub async fn hears_all(&mut self, kinds: &[&str]) -> Vec<Value> {
        let mut frames = Vec::new();
        for _ in kinds {
            frames.push(self.frame().await);
        }
        kinds
            .iter()
            .map(|kind| {
                let at = frames
                    .iter()
                    .position(|frame| frame["type"] == *kind)
                    .unwrap_or_else(|| panic!("no {kind} in {frames:?}"));
                frames.remove(at)["data"].clone()
            })
            .collect()
    }

    /// The next frame is an error with this code and words for a human.
    pub async fn hears_error(&mut self, code: &str) -> Value {
        let data = self.hears("error").await;
        assert_eq!(data["code"], code, "{data}");
        let message = data["message"].as_str().unwrap_or_default();
        assert!(!message.trim().is_empty(), "{data}");
        data
    }

    /// Nothing is on its way. Two round trips: what was published before now
    /// has long been queued when the second one is answered.
    pub async fn hears_nothing(&mut self) {
        for _ in 0..2 {
            self.says(&json!({"type": "ping"})).await;
            let frame = self.frame().await;
            assert_eq!(frame["type"], "pong", "unexpected: {frame}");
        }
    }

    /// The same where there is no ping, but nonsense is answered with an error.
    pub async fn stays_silent(&mut self) {
        for _ in 0..2 {
            self.says(&json!({})).await;
            let frame = self.frame().await;
            assert!(frame["error"].is_string(), "unexpected: {frame}");
        }
    }

    /// The next thing is the close with this code: no event comes before.
    pub async fn is_closed_with(&mut self, code: u16) {
        match self.next().await {
            Heard::Closed(got) => assert_eq!(got, code, "the close code"),
            Heard::Frame(frame) => panic!("not closed, but told {frame}"),
        }
    }

    /// What was heard until the close, and its code.
    pub async fn hears_until_closed(&mut self) -> (Vec<Value>, u16) {
        let mut frames = Vec::new();
        loop {
            match self.next_within(WAIT_AFTER_REST).await {
                Heard::Frame(frame) => frames.push(frame),
                Heard::Closed(code) => return (frames, code),
            }
        }
    }

    /// Leaves in order. When it returns, the server has let go of the socket.
    pub async fn leaves(mut self) {
        self.socket.close(None).await.unwrap();
        let gone = async { while let Some(Ok(_)) = self.socket.next().await {} };
        tokio::time::timeout(WAIT, gone).await.expect("the server lets go within 5 s");
    }

    /// Leaves as a browser does when its page is closed.
    pub async fn hangs_up(mut self) {
        self.socket.close(None).await.unwrap();
    }

    /// Sends and hears at once, for floods.
    pub fn into_socket(self) -> WebSocketStream<TcpStream> {
        self.socket
    }
}
