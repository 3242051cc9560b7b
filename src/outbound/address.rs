//! Which addresses may be called: those of the public Internet, and the networks that the operator allows.
//!
//! A URL that a user gives must not lead to what only this machine or its network reaches: a database without a
//! password, a router's page, a cloud's metadata.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A network in a flag: `192.168.1.7`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// This machine, to itself.
    #[must_use]
    pub fn loopback() -> [Self; 2] {
        [Self(v4(127, 0, 0, 0, 8).into()), Self(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128).into())]
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| format!("`{text}` is not like 192.168.1.7, 10.0.0.0/8 or fd00::/8"))
    }
}

/// What the IPv4 registry of special addresses (RFC 6890 and after) does not call globally reachable.
const SPECIAL_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// The one block of IPv6 that is given out; outside of it nothing is public.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);
/// What inside of it is not: protocols (Teredo among them) and documentation.
const SPECIAL_V6: [Ipv6Net; 3] = [v6(0x2001, 0, 23), v6(0x2001, 0xdb8, 32), v6(0x3fff, 0, 20)];
/// 6to4: the IPv4 address stands behind these bits.
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 16);
/// NAT64: the IPv4 address stands at the end.
const NAT64: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(first: u16, second: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), bits)
}

/// Whether an address may be called.
pub(super) fn may_be_called(address: IpAddr, allowed: &[Network]) -> bool {
    let (address, inside) = (address.to_canonical(), embedded(address));
    let is_allowed = |address: &IpAddr| allowed.iter().any(|network| network.0.contains(address));
    let is_public = |address: IpAddr| match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !SPECIAL_V6.iter().any(|network| network.contains(&address))
        }
    };
    is_allowed(&address) || inside.as_ref().is_some_and(is_allowed) || is_public(inside.unwrap_or(address))
}

/// The IPv4 address that a gateway passes an IPv6 address on to.
fn embedded(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(address) = address.to_canonical() else { return None };
    let [_, _, a, b, c, d, .., e, f, g, h] = address.octets();
    if SIX_TO_FOUR.contains(&address) {
        Some(Ipv4Addr::new(a, b, c, d).into())
    } else if NAT64.contains(&address) {
        Some(Ipv4Addr::new(e, f, g, h).into())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Network, may_be_called};

    fn may(address: &str, allowed: &[&str]) -> bool {
        let allowed: Vec<Network> = allowed.iter().map(|network| network.parse().expect("a network")).collect();
        may_be_called(address.parse().expect("an address"), &allowed)
    }

    #[test]
    fn public_addresses_may_be_called_and_no_others() {
        for public in ["8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
        {
            assert!(may(public, &[]), "{public}");
        }
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::8.8.8.8",
            "2002:7f00:1::",
            "2002:0a00:1::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "5f00::1",
            "100::1",
        ] {
            assert!(!may(special, &[]), "{special}");
        }
    }

    #[test]
    fn an_allowed_network_is_allowed_in_any_spelling_and_no_other_is() {
        for spelling in ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::"] {
            assert!(may(spelling, &["127.0.0.0/8"]), "{spelling}");
        }
        assert!(may("fd12::1", &["10.0.0.1", "fd00::/8"]) && may("10.0.0.1", &["10.0.0.1"]));
        assert!(!may("10.0.0.2", &["10.0.0.1"]) && !may("::1", &["127.0.0.0/8"]));
        assert!("localhost".parse::<Network>().is_err() && "10.0.0.0/33".parse::<Network>().is_err());
    }
}
