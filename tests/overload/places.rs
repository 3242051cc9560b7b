//! An address has so many connections, and a socket counts as one as long as it is open.

use std::net::{IpAddr, UdpSocket};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::world::machine::{OwnNetworks, say};
use crate::world::{Caller, Fireside, Home};

/// Connections from one address.
const PLACES: usize = 256;
/// Sockets of one user.
const EACH: usize = 20;
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the server waits at least for whoever is turned away.
const WAITED_FOR: Duration = Duration::from_millis(700);

/// An address of this machine that is not the loopback, which is not counted. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

/// Whether a request by a new connection is answered. One too many is closed without a word.
async fn is_answered(address: &str) -> bool {
    let mut tcp = TcpStream::connect(address).await.unwrap();
    // It may be closed already.
    tcp.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.ok();
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).await.ok();
    answer.starts_with(b"HTTP/1.1 200 ")
}

#[tokio::test]
async fn an_open_socket_has_one_of_its_addresss_places() {
    let Some(own) = own_address() else { return say("skipped: no address but the loopback") };
    let fireside = Fireside::start_with(&["--listen", "0.0.0.0:0"]).await;
    let address = format!("{own}:{}", fireside.address().rsplit(':').next().unwrap());
    let mut listeners = Vec::new();
    for person in fireside.registers_crowd(PLACES.div_ceil(EACH)).await {
        let near = person.showing(person.credential.clone());
        let caller = Caller { url: format!("http://{address}"), ..near };
        for _ in 0..EACH.min(PLACES - listeners.len()) {
            listeners.push(caller.handshake("/messages/ws/").enters().await);
        }
    }
    assert_eq!(listeners.len(), PLACES);
    assert!(!is_answered(&address).await, "it has no place more");
    assert!(is_answered(fireside.address()).await, "others do");
    listeners.pop().unwrap().leaves().await;
    is_answered_again(&address).await;
}

/// As few as there may be.
const FEW: usize = 64;

#[tokio::test]
async fn there_are_as_many_connections_as_the_operator_says_and_the_next_waits() {
    let fireside = Fireside::start_with(&["--max-connections", &FEW.to_string()]).await;
    let mut held = Vec::new();
    for _ in 0..FEW {
        held.push(TcpStream::connect(fireside.address()).await.unwrap());
    }
    let mut next = tokio::spawn({
        let address = fireside.address().to_owned();
        async move { is_answered(&address).await }
    });
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut next).await.is_err(), "it waits");
    held.clear();
    assert!(tokio::time::timeout(PATIENCE, next).await.expect("it is its turn").unwrap());
    assert!(!fireside.home.log().contains("fewer connections"), "the machine allows them");
}

#[tokio::test]
async fn a_machine_that_allows_fewer_connections_is_reported_at_the_start() {
    let script = r#"ulimit -n 700; exec "$@""#;
    let fireside = Fireside::start_through(Home::new(), script, &["--max-connections", "1000"]).await;
    let log = fireside.home.log();
    assert!(log.contains("LimitNOFILE") && log.contains("allowed=188") && log.contains("most=1000"), "{log}");
}

async fn is_answered_again(address: &str) {
    let freed = Instant::now();
    while !is_answered(address).await {
        assert!(freed.elapsed() < PATIENCE, "a place is free again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A browser's socket is opened to be told why it is closed, and whoever does not take its
/// leave is waited for: until then it has a place, or there would be no end of them.
#[tokio::test]
async fn a_socket_that_is_turned_away_has_a_place_until_it_is_gone() {
    let Some(own) = own_address() else { return say("skipped: no address but the loopback") };
    let fireside = Fireside::start_with(&["--listen", "0.0.0.0:0"]).await;
    let url = format!("http://{own}:{}", fireside.address().rsplit(':').next().unwrap());
    let address = url.trim_start_matches("http://");
    let begun = Instant::now();
    let stranger = Caller { url: url.clone(), ..fireside.anyone() };
    let handshake = || stranger.handshake("/messages/ws/").with("origin", &url).enters();
    let turned_away = futures_util::future::join_all((0..PLACES).map(|_| handshake())).await;
    if begun.elapsed() > WAITED_FOR {
        return say("skipped: too busy a machine, the first are gone already");
    }
    assert!(!is_answered(address).await, "they have all the places");
    is_answered_again(address).await;
    for mut listener in turned_away {
        listener.is_closed_with(4401).await;
    }
}

/// A connection from an address of ours to it, which has had its answer and stays.
async fn connects(address: std::net::Ipv6Addr, port: u16) -> Option<TcpStream> {
    let socket = TcpSocket::new_v6().unwrap();
    socket.bind((address, 0).into()).unwrap();
    let mut tcp = socket.connect((address, port).into()).await.unwrap();
    // It may be closed already.
    tcp.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.ok();
    let mut begin = [0; 12];
    tcp.read_exact(&mut begin).await.ok()?;
    (&begin == b"HTTP/1.1 200").then_some(tcp)
}

/// Whoever has a network of IPv6 has more addresses in it than there are places.
#[tokio::test]
async fn a_network_of_ipv6_has_the_places_of_one_address() {
    let Some(networks) = OwnNetworks::on_this_machine() else { return };
    let fireside = Fireside::start_with(&["--listen", "[::]:0"]).await;
    let port = fireside.address().rsplit(':').next().unwrap().parse().unwrap();
    let (one, neighbour, other) = (networks.address(1, 1), networks.address(1, 2), networks.address(2, 1));
    let crowd = (0..PLACES).map(|number| connects(if number % 2 == 0 { one } else { neighbour }, port));
    let mut crowd = futures_util::future::join_all(crowd).await;
    assert!(crowd.iter().all(Option::is_some), "each has a place");
    for address in [one, neighbour] {
        assert!(connects(address, port).await.is_none(), "{address} has no place more");
    }
    assert!(connects(other, port).await.is_some(), "another network does");
    crowd.pop();
    let freed = Instant::now();
    while connects(one, port).await.is_none() {
        assert!(freed.elapsed() < PATIENCE, "a place is free again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
