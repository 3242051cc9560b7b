//! What a proxy and a browser say in headers and paths.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use fireside::fuzzing::{Forwarding, PeerAddress, TrustedProxies, decode, pairs};
use libfuzzer_sys::fuzz_target;
use warp::http::header::{HeaderMap, HeaderName, HeaderValue};

const NAMES: [&str; 6] = ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "host"];

fuzz_target!(|input: Vec<(u8, Vec<u8>)>| {
    let mut headers = HeaderMap::new();
    for (name, value) in &input {
        let name = NAMES[usize::from(*name) % NAMES.len()];
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(HeaderName::from_static(name), value);
        }
        drop(pairs(value));
        if let Ok(text) = std::str::from_utf8(value) {
            drop(decode(text));
        }
    }
    let stranger = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
    let front = TrustedProxies::default().front(PeerAddress::Ip(stranger), &headers);
    assert_eq!(front.address, stranger, "a stranger's word is not believed");
    assert!(!front.is_https);
    assert_ne!(front.forwarding, Forwarding::Believed);
    let trusting = TrustedProxies(vec!["127.0.0.1".parse().expect("an address")]);
    let front = trusting.front(PeerAddress::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST)), &headers);
    assert!(front.host.is_none_or(|host| !host.contains(['/', '\\', '@', ' '])), "a host is a host");
});
