//! Where others reach this machine, for the links that the server prints. Nobody is asked:
//! the addresses are those of its own interfaces.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How networks inside the machine are called, which nobody else is in.
const INSIDE: [&str; 5] = ["br-", "docker", "podman", "veth", "virbr"];

/// The address under which others reach what listens on this one: itself, or one of the
/// machine's where it listens on all of them.
pub(super) fn reachable(subscription: SocketAddr) -> SocketAddr {
    if !subscription.ip().is_unspecified() {
        return subscription;
    }
    let found = if_addrs::get_if_addrs().unwrap_or_default();
    let found: Vec<_> = found.iter().map(|each| (each.name.as_str(), each.ip())).collect();
    let nothing = if subscription.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    SocketAddr::new(best(&found, subscription.is_ipv4()).unwrap_or(nothing), subscription.port())
}

/// IPv4 first, since it is what people can read out; networks inside the machine last.
fn best(found: &[(&str, IpAddr)], only_v4: bool) -> Option<IpAddr> {
    let usable = found.iter().filter(|(_, ip)| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified(),
        IpAddr::V6(ip) => !only_v4 && !ip.is_loopback() && !ip.is_unicast_link_local() && !ip.is_unspecified(),
    });
    let rank = |(name, ip): &&(&str, IpAddr)| (INSIDE.iter().any(|start| name.starts_with(start)), ip.is_ipv6());
    usable.min_by_key(rank).map(|(_, ip)| *ip)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::best;

    #[test]
    fn others_are_sent_where_they_can_go() {
        let ip = |text: &str| text.parse::<IpAddr>().expect(text);
        let of = |found: &[(&'static str, &str)], only_v4| {
            let found: Vec<_> = found.iter().map(|(name, text)| (*name, ip(text))).collect();
            best(&found, only_v4).map(|ip| ip.to_string())
        };
        let all = [
            ("lo", "127.0.0.1"),
            ("docker0", "172.17.0.1"),
            ("eth0", "fe80::1"),
            ("eth0", "2001:db8::7"),
            ("eth1", "169.254.3.4"),
            ("wlan0", "192.168.1.20"),
        ];
        assert_eq!(of(&all, true).as_deref(), Some("192.168.1.20"));
        assert_eq!(of(&all[..4], false).as_deref(), Some("2001:db8::7"));
        assert_eq!(of(&all[..4], true).as_deref(), Some("172.17.0.1"), "better than nobody's");
        assert_eq!(of(&all[..1], false), None);
    }
}
