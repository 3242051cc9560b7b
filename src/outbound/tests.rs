//! Servers that do what no proper one does.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use hyper::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::lookup::{REST, SILENCE};
use super::{Answer, Call, Failure, Outbound, Rules, Target, retry_after};

/// What a call may take here.
const DEADLINE: Duration = Duration::from_millis(300);

fn outbound(allowed: &[&str]) -> Outbound {
    let allowed = allowed.iter().map(|network| network.parse().expect("a network")).collect();
    Outbound::new(Rules { allowed, may_use_http: true, at_once: 4 })
}

fn call() -> Call {
    let headers = vec![("content-type", "text/plain".to_owned())];
    Call { user: None, headers, body: "hello".into(), deadline: DEADLINE, max_answer: 1_024 }
}

async fn posts(url: &str, allowed: &[&str]) -> Result<Answer, Failure> {
    outbound(allowed).post(&Target::parse(url).expect("a URL"), call()).await
}

/// A server that does `this` with every connection.
async fn server<F>(this: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(this(stream));
        }
    });
    address
}

/// A server that reads a request and says `answer`.
async fn says(answer: &'static str) -> String {
    let address = server(move |mut stream| async move {
        let mut request = vec![0; 4_096];
        let Ok(1..) = stream.read(&mut request).await else { return };
        stream.write_all(answer.as_bytes()).await.ok();
    });
    format!("http://{}/", address.await)
}

#[tokio::test]
async fn what_is_sent_arrives_and_what_is_answered_is_read() {
    let (heard, mut hearing) = tokio::sync::mpsc::channel(1);
    let address = server(move |mut stream| {
        let heard = heard.clone();
        async move {
            let mut request = String::new();
            while !request.ends_with("hello") {
                request.push(char::from(stream.read_u8().await.expect("the whole request")));
            }
            heard.send(request).await.expect("a listener");
            let answer = "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 6\r\n\r\nslower";
            stream.write_all(answer.as_bytes()).await.expect("a listener");
        }
    });
    let answer = posts(&format!("http://{}/a/b?c=d", address.await), &["127.0.0.1"]).await.expect("an answer");
    assert_eq!(answer, Answer { status: 429, retry_after: Some(Duration::from_secs(7)), text: "slower".into() });
    let request = hearing.recv().await.expect("a request");
    assert!(request.starts_with("POST /a/b?c=d HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: text/plain\r\n") && request.contains("content-length: 5\r\n"), "{request}");
    assert!(request.contains("host: 127.0.0.1:") && request.contains("user-agent: Fireside/"), "{request}");
}

#[tokio::test]
async fn a_get_sends_no_body() {
    let (heard, mut hearing) = tokio::sync::mpsc::channel(1);
    let address = server(move |mut stream| {
        let heard = heard.clone();
        async move {
            let mut request = String::new();
            while !request.ends_with("\r\n\r\n") {
                request.push(char::from(stream.read_u8().await.expect("the whole head")));
            }
            heard.send(request).await.expect("a listener");
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await.expect("a listener");
        }
    });
    let target = Target::parse(&format!("http://{}/keys?of=it", address.await)).expect("a URL");
    let answer = outbound(&["127.0.0.1"]).get(&target, call()).await.expect("an answer");
    assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
    let request = hearing.recv().await.expect("a request");
    assert!(request.starts_with("GET /keys?of=it HTTP/1.1\r\n"), "{request}");
    assert!(!request.contains("hello") && !request.contains("content-length: 5"), "{request}");
}

#[tokio::test]
async fn an_address_that_is_not_allowed_is_not_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    for host in ["127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0"]
    {
        let url = format!("http://{host}:{port}/");
        assert!(outbound(&[]).accepts(&url).is_none(), "{host}");
        assert!(matches!(posts(&url, &["10.0.0.0/8"]).await, Err(Failure::Refused)), "{host}");
    }
    let nobody = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(nobody.is_err(), "nobody came");
    assert!(outbound(&["127.0.0.0/8"]).accepts(&format!("http://localhost:{port}/")).is_some());
    assert!(outbound(&[]).accepts("https://push.example.org/x").is_some());
}

#[tokio::test]
async fn http_is_spoken_only_where_that_is_allowed() {
    let url = says("HTTP/1.1 204 Fine\r\n\r\n").await;
    assert_eq!(posts(&url, &["127.0.0.1"]).await.map(|answer| answer.status).ok(), Some(204));
    let allowed = vec!["127.0.0.1".parse().expect("a network")];
    let strict = Outbound::new(Rules { allowed, may_use_http: false, at_once: 1 });
    assert!(strict.accepts(&url).is_none());
    let target = Target::parse(&url).expect("a URL");
    assert!(matches!(strict.post(&target, call()).await, Err(Failure::Refused)));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let elsewhere =
        format!("HTTP/1.1 307 Go\r\nLocation: http://{}/\r\n\r\n", listener.local_addr().expect("an address"));
    let url = says(elsewhere.leak()).await;
    assert_eq!(posts(&url, &["127.0.0.1"]).await.map(|answer| answer.status).ok(), Some(307));
    assert!(tokio::time::timeout(Duration::from_millis(50), listener.accept()).await.is_err(), "nobody came");
}

#[tokio::test]
async fn servers_that_hang_are_given_up_in_time() {
    let silent = server(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    });
    let dripping = server(|mut stream| async move {
        let drops = "HTTP/1.1 200 OK\r\n".bytes().chain(std::iter::repeat(b'x'));
        for drop in drops {
            if stream.write_u8(drop).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let unending = server(|mut stream| async move {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await.ok();
        while stream.write_all(b"1\r\nx\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    for address in [silent.await, dripping.await, unending.await] {
        for scheme in ["http", "https"] {
            let began = Instant::now();
            let answer = posts(&format!("{scheme}://{address}/"), &["127.0.0.1"]).await;
            assert!(answer.is_err(), "{answer:?}");
            assert!(began.elapsed() < DEADLINE * 4, "{:?}", began.elapsed());
        }
    }
}

#[tokio::test]
async fn what_ends_before_the_connection_stands_has_reached_nobody() {
    let silent = server(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    });
    let address = silent.await;
    let unsecured = posts(&format!("https://{address}/"), &["127.0.0.1"]).await;
    assert!(matches!(unsecured, Err(Failure::Unreachable(_))), "{unsecured:?}");
    let unanswered = posts(&format!("http://{address}/"), &["127.0.0.1"]).await;
    assert!(matches!(unanswered, Err(Failure::TimedOut)), "it may have come through: {unanswered:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_name_is_left_alone_for_a_while_and_asked_again() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static GIVES_UP: AtomicBool = AtomicBool::new(false);
    let outbound = outbound(&[]).resolving_by(|_, _| {
        ASKED.fetch_add(1, Ordering::SeqCst);
        while !GIVES_UP.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        Err(io::ErrorKind::TimedOut.into())
    });
    let target = Target::parse("https://silent.example/").expect("a URL");
    let asks = async |asked: usize| {
        let failure = outbound.post(&target, Call { deadline: 10 * SILENCE, ..call() }).await.expect_err("silent");
        assert!(matches!(failure, Failure::Unresolved(_)), "{failure}");
        assert_eq!(ASKED.load(Ordering::SeqCst), asked, "{failure}");
    };
    let passes = async {
        while ASKED.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        tokio::time::advance(SILENCE + Duration::from_millis(1)).await;
        GIVES_UP.store(true, Ordering::SeqCst);
    };
    tokio::join!(asks(1), passes);
    asks(1).await;
    tokio::time::advance(REST - Duration::from_millis(1)).await;
    asks(1).await;
    tokio::time::advance(Duration::from_millis(1)).await;
    asks(2).await;
    asks(3).await;
}

#[tokio::test]
async fn of_gigabytes_the_beginning_is_read() {
    let flood = server(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n").await.ok();
        while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
    });
    let answer = posts(&format!("http://{}/", flood.await), &["127.0.0.1"]).await.expect("its beginning");
    assert_eq!((answer.status, answer.text), (200, "x".repeat(1_024)));
    let endless_head = server(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nX: ").await.ok();
        while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
    });
    let answer = posts(&format!("http://{}/", endless_head.await), &["127.0.0.1"]).await;
    assert!(matches!(answer, Err(Failure::Broken(_))), "{answer:?}");
}

#[tokio::test]
async fn what_is_no_answer_is_said_in_a_sentence() {
    let [noise, cut] =
        [says("hello to you too\r\n\r\n").await, says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await];
    for url in [noise.clone(), cut] {
        assert!(matches!(posts(&url, &["127.0.0.1"]).await, Err(Failure::Broken(_))), "{url}");
    }
    let no_tls = posts(&noise.replace("http:", "https:"), &["127.0.0.1"]).await;
    assert!(matches!(no_tls, Err(Failure::Tls(_))), "{no_tls:?}");
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let nobody = posts(&format!("http://{free}/"), &["127.0.0.1"]).await.expect_err("nobody is there");
    assert!(nobody.to_string().starts_with("not reached: "), "{nobody}");
    let unknown = posts("http://nobody.invalid/", &[]).await.expect_err("no such name");
    assert!(matches!(unknown, Failure::Unresolved(_) | Failure::TimedOut), "{unknown}");
}

#[test]
fn seconds_and_dates_say_when_to_try_again() {
    let after = |text: &str| {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        retry_after(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(text).expect("a value"))]), now)
    };
    assert_eq!(after("120"), Some(Duration::from_secs(120)));
    assert_eq!(after("Sun, 06 Nov 1994 08:50:07 GMT"), Some(Duration::from_secs(30)));
    assert_eq!(after("Sun, 06 Nov 1994 08:49:00 GMT"), Some(Duration::ZERO));
    assert_eq!((after("soon"), after("-1"), after("")), (None, None, None));
}
