//! Every way in which proxies write, and clients lie.

use std::net::IpAddr;

use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_assert_ne, proptest};
use warp::http::HeaderMap;
use warp::http::header::{HeaderName, HeaderValue};

use super::{ClientInfo, Forwarding, PeerAddress, TrustedProxies, TrustedProxy};

fn front(trusted: &[&str], peer: &str, headers: &[(&'static str, &str)]) -> ClientInfo {
    let trusted = trusted.iter().map(|proxy| proxy.parse().expect("a proxy")).collect();
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value")))
        .fold(HeaderMap::new(), |mut all, (name, value)| {
            all.append(name, value);
            all
        });
    let peer = if peer == "unix" { PeerAddress::Unix } else { PeerAddress::Ip(peer.parse().expect("an address")) };
    TrustedProxies(trusted).client_info(peer, false, &headers)
}

fn client(trusted: &[&str], peer: &str, headers: &[(&'static str, &str)]) -> String {
    front(trusted, peer, headers).address.to_string()
}

#[test]
fn networks_addresses_and_unix_sockets_can_be_trusted() {
    for good in ["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "unix"] {
        assert!(good.parse::<TrustedProxy>().is_ok(), "{good}");
    }
    for bad in ["", "localhost", "10.0.0.0/33", "10/8", "unix:/run/x", "*"] {
        assert!(bad.parse::<TrustedProxy>().is_err(), "{bad}");
    }
}

#[test]
fn the_client_is_the_last_hop_that_is_no_proxy_of_ours() {
    let ours = &["127.0.0.1", "10.0.0.0/8"];
    let said = |hops: &str| client(ours, "127.0.0.1", &[("x-forwarded-for", hops)]);
    assert_eq!(said("192.0.2.1"), "192.0.2.1");
    assert_eq!(said("198.51.100.7, 192.0.2.1"), "192.0.2.1", "what the client wrote stands before");
    assert_eq!(said("192.0.2.1, 10.1.2.3, 10.0.0.9"), "192.0.2.1");
    assert_eq!(said("10.0.0.7, 10.0.0.8"), "10.0.0.7", "all are ours: the farthest");
    assert_eq!(said("192.0.2.1, unknown, 10.0.0.9"), "10.0.0.9", "nothing is known beyond a gap");
    assert_eq!(said("unknown"), "127.0.0.1");
    assert_eq!(said("192.0.2.1:4711"), "192.0.2.1");
    assert_eq!(said("[2001:db8::1]:4711"), "2001:db8::1");
    assert_eq!(said("::ffff:192.0.2.1"), "192.0.2.1");
    let lines = [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "192.0.2.1, 10.0.0.9")];
    assert_eq!(client(ours, "127.0.0.1", &lines), "192.0.2.1", "several lines are one list");
}

#[test]
fn nobody_else_is_believed() {
    let lies = [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "for=192.0.2.1;proto=https;host=evil.example"),
        ("host", "chat.example.org"),
    ];
    for (trusted, peer) in
        [(vec![], "203.0.113.5"), (vec!["10.0.0.0/8", "unix"], "203.0.113.5"), (vec!["127.0.0.1"], "unix")]
    {
        let trace = front(&trusted, peer, &lies);
        assert_eq!(trace.forwarding, Forwarding::Ignored);
        assert_ne!(trace.address, IpAddr::from([192, 0, 2, 1]), "{trusted:?}");
        assert!(!trace.is_https);
        assert_eq!(trace.host.as_deref(), Some("chat.example.org"));
    }
    assert_eq!(client(&["unix"], "unix", &lies), "192.0.2.1");
    assert_eq!(front(&[], "unix", &[]).forwarding, Forwarding::Absent);
}

#[test]
fn the_newer_header_is_read_where_the_older_is_absent() {
    let said = |value: &str| {
        let trace = front(&["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", &[("forwarded", value), ("host", "inner")]);
        (trace.address.to_string(), trace.is_https, trace.host.expect("a host"))
    };
    let whole = ("192.0.2.1".to_owned(), true, "chat.example.org".to_owned());
    assert_eq!(said("for=192.0.2.1;proto=https;host=chat.example.org"), whole);
    assert_eq!(said("For=\"192.0.2.1:80\"; Proto=HTTPS ;host=\"chat.example.org\""), whole);
    let hops = "for=198.51.100.7;host=evil, for=192.0.2.1;proto=https;host=chat.example.org, for=10.0.0.9;proto=http";
    assert_eq!(said(hops), whole);
    assert_eq!(said("for=\"[2001:db8::1]:80\"").0, "2001:db8::1");
    assert_eq!(said("for=\"a,b;c=\\\"d\", for=192.0.2.1;proto=https;host=chat.example.org"), whole);
    assert_eq!(said("for=unknown"), ("127.0.0.1".to_owned(), false, "inner".to_owned()));
    assert_eq!(said("for=_hidden, for=10.0.0.9").0, "10.0.0.9");
    assert_eq!(said("garbage"), ("127.0.0.1".to_owned(), false, "inner".to_owned()));
}

#[test]
fn a_client_behind_a_usual_proxy_cannot_use_the_newer_header() {
    let both = [("forwarded", "for=198.51.100.7;host=evil.example"), ("x-forwarded-for", "192.0.2.1")];
    let trace = front(&["127.0.0.1"], "127.0.0.1", &both);
    assert_eq!((trace.address.to_string().as_str(), trace.host), ("192.0.2.1", None));
}

#[test]
fn a_host_that_cannot_stand_in_a_link_is_none() {
    let said = |host: &str| front(&["127.0.0.1"], "127.0.0.1", &[("x-forwarded-host", host), ("host", "inner")]).host;
    assert_eq!(said("chat.example.org:8443").as_deref(), Some("chat.example.org:8443"));
    for bad in ["a/b", "a b", "a@b", "\"a\"", &"a".repeat(300)] {
        assert_eq!(said(bad).as_deref(), Some("inner"), "{bad}");
    }
}

/// Headers of a request, sound or nearly so.
fn headers(said: &[(usize, String)], noise: &[u8]) -> HeaderMap {
    let names = ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "host"];
    let values = said.iter().map(|(name, value)| (names[*name], value.as_bytes())).chain([(names[0], noise)]);
    let mut headers = HeaderMap::new();
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// What may stand in them.
const SAID: &str = "(for=|proto=https|proto=|host=|192[.]0[.]2[.]7|\\[2001:db8::1\\]:80|10[.]0[.]0[.]1|::ffff:10[.]0[.]0[.]2|chat[.]example[.]org:?|[0-9a-z.:\"\\\\,;= \\[\\]]){0,9}";

proptest! {
    /// Whatever is said: an address to count by, a host that can stand in a link, and no word
    /// of it where nobody is trusted.
    #[test]
    fn any_headers_say_who_asks_or_nothing(
        said in proptest::collection::vec((0_usize..5, SAID), 0..6), noise in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let headers = headers(&said, &noise);
        let trusted = TrustedProxies(vec!["10.0.0.0/8".parse().expect("a network"), TrustedProxy::Unix]);
        let stranger = PeerAddress::Ip([192, 0, 2, 1].into());
        for peer in [PeerAddress::Unix, stranger] {
            let client = trusted.client_info(peer, false, &headers);
            if let Some(host) = &client.host {
                let uri = format!("http://{host}/").parse::<warp::http::Uri>();
                prop_assert!(uri.is_ok_and(|uri| uri.host().is_some_and(|name| !name.is_empty())), "{host}");
            }
            prop_assert_eq!(client.address, client.address.to_canonical());
            prop_assert_ne!(client.forwarding, if peer == stranger { Forwarding::Believed } else { Forwarding::Ignored });
            prop_assert!(peer != stranger || (client.address == stranger.ip() && !client.is_https));
        }
    }

    /// However a proxy writes an address, it is the same.
    #[test]
    fn an_address_is_read_as_it_was_written(address in any::<IpAddr>(), port in any::<u16>()) {
        let with_port = std::net::SocketAddr::new(address, port).to_string();
        for text in [address.to_string(), format!("[{address}]"), with_port.clone()] {
            prop_assert_eq!(super::address(&text), Some(address.to_canonical()), "{}", text);
        }
        let hop = format!("for=\"{with_port}\"; proto=HTTPS");
        let client = front(&["unix"], "unix", &[("forwarded", &hop)]);
        prop_assert_eq!((client.address, client.is_https), (address.to_canonical(), true));
        prop_assert!(matches!(address.to_string().parse(), Ok(TrustedProxy::Network(net)) if net.contains(&address)));
    }
}
