//! Who asks, and for what address, when a proxy stands between.
//!
//! What a proxy says about its client is believed if the connection comes from a proxy
//! that the operator named, and from nobody else: anybody can write these headers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use warp::http::HeaderMap;

/// Longest host that a proxy may name: a DNS name and a port.
const MAX_HOST: usize = 253 + 6;

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerAddress {
    /// A machine.
    Ip(IpAddr),
    /// A process of this machine, by a unix socket.
    Unix,
}

impl PeerAddress {
    /// As an address: a process of this machine is this machine.
    pub fn ip(self) -> IpAddr {
        match self {
            Self::Ip(address) => address,
            Self::Unix => Ipv4Addr::LOCALHOST.into(),
        }
    }
}

/// One `--trusted-proxy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedProxy {
    /// Everybody in a network.
    Network(IpNet),
    /// Whoever may open the server's unix sockets.
    Unix,
}

impl FromStr for TrustedProxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "unix" {
            return Ok(Self::Unix);
        }
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self::Network).map_err(|_| format!("`{text}` is not like 127.0.0.1, 10.0.0.0/8 or unix"))
    }
}

/// The proxies whose word is taken.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub Vec<TrustedProxy>);

/// What became of a proxy's words about its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwarding {
    /// There were none.
    Absent,
    /// They were taken.
    Believed,
    /// They came from an address that is not trusted.
    Ignored,
}

/// How a request was made, as far as it can be believed.
#[derive(Clone, Debug)]
pub struct ClientInfo {
    /// Who asks.
    pub address: IpAddr,
    /// Whether over TLS, up to the proxy.
    pub is_https: bool,
    /// The host that was asked for, with its port if it has one to name.
    pub host: Option<String>,
    /// Whether a proxy's words are in this.
    pub forwarding: Forwarding,
    /// Whether the connection is a trusted proxy's, whatever it says.
    pub is_by_proxy: bool,
}

/// What a proxy says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Headers {
    address: Option<IpAddr>,
    is_https: Option<bool>,
    host: Option<String>,
}

impl TrustedProxies {
    /// Whether this end of a connection is a proxy that the operator named.
    #[must_use]
    pub fn trusts(&self, peer: PeerAddress) -> bool {
        self.0.iter().any(|trusted| match (trusted, peer) {
            (TrustedProxy::Unix, PeerAddress::Unix) => true,
            (TrustedProxy::Network(network), PeerAddress::Ip(address)) => network.contains(&address),
            (TrustedProxy::Unix, PeerAddress::Ip(_)) | (TrustedProxy::Network(_), PeerAddress::Unix) => false,
        })
    }

    /// How a request was made that came from `peer`, over TLS or not.
    pub fn client_info(&self, peer: PeerAddress, is_tls: bool, headers: &HeaderMap) -> ClientInfo {
        let host = headers.get("host").and_then(|name| name.to_str().ok()).and_then(host);
        let (forwarding, is_by_proxy) = (Forwarding::Absent, self.trusts(peer));
        let mut client = ClientInfo { address: peer.ip(), is_https: is_tls, host, forwarding, is_by_proxy };
        let is_said = NAMES.iter().any(|name| headers.contains_key(*name));
        if is_said && is_by_proxy {
            let said = self.said(headers);
            client.forwarding = Forwarding::Believed;
            client.address = said.address.unwrap_or(client.address);
            client.is_https = said.is_https.unwrap_or(is_tls);
            client.host = said.host.or(client.host);
        } else if is_said {
            client.forwarding = Forwarding::Ignored;
        }
        client
    }

    /// A proxy that writes one kind of header passes the other kind on as its client wrote
    /// it. `X-Forwarded-…` goes first because nearly every proxy writes that; one that
    /// writes `Forwarded` has to take the others out.
    fn said(&self, headers: &HeaderMap) -> Headers {
        if NAMES[1..].iter().any(|name| headers.contains_key(*name)) {
            let hops = list(headers, "x-forwarded-for");
            let last = |name| list(headers, name).last().copied();
            Headers {
                address: self.client(hops.iter().rev().copied().map(address)).map(|(_, client)| client),
                is_https: last("x-forwarded-proto").and_then(is_https),
                host: last("x-forwarded-host").and_then(host),
            }
        } else {
            self.said_by_rfc_7239(headers)
        }
    }

    /// `Forwarded: for=192.0.2.1;proto=https;host=chat.example.org, for=…`. The hop that
    /// names the client also says how the client asked.
    fn said_by_rfc_7239(&self, headers: &HeaderMap) -> Headers {
        let lines: Vec<&str> = headers.get_all(NAMES[0]).iter().filter_map(|line| line.to_str().ok()).collect();
        let lines = lines.join(",");
        let hops: Vec<&str> = split_unquoted(&lines, ',');
        let named = hops.iter().rev().map(|hop| parameter(hop, "for").as_deref().and_then(address));
        let (back, client) = match self.client(named) {
            Some((back, client)) => (back, Some(client)),
            None => (0, None),
        };
        let Some(hop) = hops.iter().rev().nth(back) else { return Headers::default() };
        Headers {
            address: client,
            is_https: parameter(hop, "proto").as_deref().and_then(is_https),
            host: parameter(hop, "host").as_deref().and_then(host),
        }
    }

    /// The first hop, from the last one on, that is no proxy of ours; the farthest proxy if
    /// all are. What stands before a hop that names nobody could be anybody's invention.
    fn client(&self, hops: impl Iterator<Item = Option<IpAddr>>) -> Option<(usize, IpAddr)> {
        let mut found = None;
        for (back, hop) in hops.enumerate() {
            let Some(address) = hop else { return found };
            found = Some((back, address));
            if !self.trusts(PeerAddress::Ip(address)) {
                return found;
            }
        }
        found
    }
}

/// RFC 7239's, and what was there before it.
const NAMES: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];

/// The members of a header's list, over all its lines.
fn list<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.split(',')).map(str::trim).collect()
}

/// An address as proxies write it: some add the port, and IPv6 may stand in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// Some proxies name the scheme of the socket that a request asks for.
fn is_https(scheme: &str) -> Option<bool> {
    match scheme.to_ascii_lowercase().as_str() {
        "https" | "wss" => Some(true),
        "http" | "ws" => Some(false),
        _ => None,
    }
}

/// A host that can stand in a link, in lower case: a name, an IPv4 address or an IPv6
/// address in brackets, and perhaps a port.
pub fn host(text: &str) -> Option<String> {
    let (is_sound, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map(|(address, port)| (address.parse::<Ipv6Addr>().is_ok(), port))?,
        None => {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            (!name.is_empty() && name.bytes().all(is_plain), port)
        }
    };
    let is_number = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let has_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_number);
    (is_sound && has_port && text.len() <= MAX_HOST).then(|| text.to_ascii_lowercase())
}

/// Whether a host, with or without a port, names this machine to itself alone, whoever is asked what it means.
pub fn is_loopback(host: &str) -> bool {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.parse::<Ipv6Addr>().is_ok_and(|address| address.to_canonical().is_loopback());
    }
    let name = host.split(':').next().unwrap_or_default();
    match name.parse::<Ipv4Addr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// A parameter of one hop, its quotes taken off.
fn parameter(hop: &str, name: &str) -> Option<String> {
    let pairs = split_unquoted(hop, ';').into_iter().filter_map(|pair| pair.split_once('='));
    let (_, value) =
        pairs.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    match value.strip_prefix('"') {
        None => Some(value.to_owned()),
        Some(quoted) => Some(quoted.strip_suffix('"')?.replace('\\', "")),
    }
}

/// Cuts at a separator, but not inside quotes.
fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let cut = |c: char| {
        let separates = c == separator && !quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        separates
    };
    text.split(cut).collect()
}

#[cfg(test)]
mod tests;
