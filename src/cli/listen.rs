//! `--listen`: TCP addresses, unix sockets, and sockets that the service manager opened.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use listenfd::ListenFd;

use super::terminal::CommandError;
use crate::server::Listener;

/// Where the server listens unless it is told or handed something else.
const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);

#[derive(Debug, Args)]
pub(super) struct ListenFlags {
    /// Address to listen on, or `unix:PATH`; repeat it for more. `:8000` is every IPv4 address of the machine.
    /// Port 0 takes a free one and prints it
    /// [default: 127.0.0.1:8000, unless --domain is given or systemd hands over sockets]
    #[arg(long, env = "FIRESIDE_LISTEN", value_name = "ADDRESS", value_delimiter = ',')]
    listen: Vec<Address>,
    /// Who may connect to the unix sockets: the mode of their files
    #[arg(long, env = "FIRESIDE_UNIX_MODE", value_name = "MODE", default_value = "0660", value_parser = mode)]
    unix_mode: u32,
}

/// One `--listen`.
#[derive(Clone, Debug)]
enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some("") => Err("`unix:` needs a path behind it".to_owned()),
            Some(path) => Ok(Self::Unix(path.into())),
            None => {
                let wrong = || format!("`{text}` is not like 127.0.0.1:8000, localhost:8000, :8000 or unix:PATH");
                tcp(text).map(Self::Tcp).ok_or_else(wrong)
            }
        }
    }
}

/// An address and a port. Of names only `localhost` is known: another would have to be asked
/// for, and may have several addresses.
fn tcp(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.rsplit_once(':')?;
    let ip = match host {
        "" => Ipv4Addr::UNSPECIFIED,
        _ if host.eq_ignore_ascii_case("localhost") => Ipv4Addr::LOCALHOST,
        _ => return text.parse().ok(),
    };
    let is_plain = port.bytes().all(|digit| digit.is_ascii_digit());
    Some(SocketAddr::new(ip.into(), port.parse().ok().filter(|_| is_plain)?))
}

/// The same for a flag that takes no unix socket.
pub(super) fn tcp_address(text: &str) -> Result<SocketAddr, String> {
    tcp(text).ok_or_else(|| format!("`{text}` is not like [::]:443, 192.0.2.1:443 or :443"))
}

/// Three or four octal digits.
fn mode(text: &str) -> Result<u32, String> {
    let is_octal = matches!(text.len(), 3 | 4) && text.bytes().all(|digit| digit.is_ascii_digit());
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| is_octal && *mode <= 0o777);
    mode.ok_or_else(|| format!("`{text}` is not like 0660"))
}

/// A place to listen at.
pub(super) enum ListenTarget {
    /// To be bound.
    Tcp(SocketAddr),
    /// To be made, for whoever the mode lets in.
    Unix(PathBuf, u32),
    /// Handed over, and listening already.
    HandedTcp(std::net::TcpListener),
    /// The same.
    HandedUnix(std::os::unix::net::UnixListener),
}

impl ListenFlags {
    /// All of them; the default one unless there are others elsewhere. To be called once, before there are other
    /// threads: what was handed over is told in the environment, and is taken out of it.
    pub fn places(&self, has_others: bool) -> Result<Vec<ListenTarget>, CommandError> {
        let told = self.listen.iter().map(|address| match address {
            Address::Tcp(address) => ListenTarget::Tcp(*address),
            Address::Unix(path) => ListenTarget::Unix(path.clone(), self.unix_mode),
        });
        let mut places: Vec<ListenTarget> = told.chain(handed()?).collect();
        if places.is_empty() && !has_others {
            places.push(ListenTarget::Tcp(DEFAULT));
        }
        Ok(places)
    }
}

/// Sockets of the service manager, by `LISTEN_FDS` and `LISTEN_PID`.
fn handed() -> Result<Vec<ListenTarget>, CommandError> {
    let mut sockets = ListenFd::from_env();
    let mut places = Vec::new();
    for number in 0..sockets.len() {
        let place = match sockets.take_tcp_listener(number) {
            Ok(tcp) => tcp.map(ListenTarget::HandedTcp),
            Err(_) => sockets.take_unix_listener(number).map_err(not_a_listener)?.map(ListenTarget::HandedUnix),
        };
        places.extend(place);
    }
    Ok(places)
}

fn not_a_listener(cause: io::Error) -> CommandError {
    let sentence = format!("a socket that was handed over (LISTEN_FDS) is neither TCP nor unix: {cause}");
    CommandError::new(CommandError::CONFIGURATION, sentence)
}

impl ListenTarget {
    /// Whether no other machine can reach it, and no proxy of this one needs to.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            Self::HandedTcp(listener) => listener.local_addr().is_ok_and(|address| address.ip().is_loopback()),
            Self::Unix(..) | Self::HandedUnix(_) => false,
        }
    }

    /// The port of a TCP socket that was handed over.
    pub fn handed_port(&self) -> Option<u16> {
        if let Self::HandedTcp(listener) = self { Some(listener.local_addr().ok()?.port()) } else { None }
    }

    fn open(self) -> io::Result<Listener> {
        match self {
            Self::Tcp(address) => Listener::tcp(address),
            Self::Unix(path, mode) => Listener::unix(&path, mode),
            Self::HandedTcp(listener) => {
                listener.set_nonblocking(true)?;
                tokio::net::TcpListener::from_std(listener).map(Listener::Tcp)
            }
            Self::HandedUnix(listener) => {
                listener.set_nonblocking(true)?;
                tokio::net::UnixListener::from_std(listener).map(|listener| Listener::Unix(None, listener))
            }
        }
    }
}

impl fmt::Display for ListenTarget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(out),
            Self::Unix(path, _) => write!(out, "unix:{}", path.display()),
            Self::HandedTcp(_) | Self::HandedUnix(_) => out.write_str("a socket that was handed over"),
        }
    }
}

/// Opens them all, inside the runtime.
pub(super) fn open(places: Vec<ListenTarget>) -> Result<Vec<Listener>, CommandError> {
    places.into_iter().map(open_one).collect()
}

/// Opens one.
pub(super) fn open_one(place: ListenTarget) -> Result<Listener, CommandError> {
    let name = place.to_string();
    place.open().map_err(|cause| {
        let status = match cause.kind() {
            io::ErrorKind::AddrInUse => CommandError::TRY_AGAIN,
            _ => CommandError::CONFIGURATION,
        };
        CommandError::new(status, format!("cannot listen on {name}: {cause} (--listen names another address)"))
    })
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{Address, mode};

    #[test]
    fn an_address_is_tcp_or_a_path() {
        for good in ["127.0.0.1:0", "[::1]:8000", "unix:/run/fireside.sock", "unix:relative.sock"] {
            assert!(good.parse::<Address>().is_ok(), "{good}");
        }
        for (short, long) in
            [("localhost:8000", "127.0.0.1:8000"), ("LocalHost:0", "127.0.0.1:0"), (":8000", "0.0.0.0:8000")]
        {
            let same = matches!(short.parse(), Ok(Address::Tcp(address)) if address.to_string() == long);
            assert!(same, "{short}");
        }
        for bad in
            ["", "8000", "localhost", "127.0.0.1", ":", ":+80", ":65536", "host:80", "unix:", "/run/fireside.sock"]
        {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mode_is_octal() {
        assert_eq!(mode("0660"), Ok(0o660));
        assert_eq!(mode("666"), Ok(0o666));
        for bad in ["", "0", "0888", "1777", "rw-rw----", "+660", "0o66"] {
            assert!(mode(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_refused(
            noise in any::<String>(), near in "(unix:)?[0-9a-f.:/\\[\\]]{0,24}", tcp in any::<SocketAddr>(), bits in 0_u32..0o1000,
        ) {
            for text in [noise, near] {
                match text.parse::<Address>() {
                    Ok(Address::Tcp(address)) if text.starts_with(':') => prop_assert!(address.ip().is_unspecified()),
                    Ok(Address::Tcp(address)) => prop_assert_eq!(text.parse(), Ok(address)),
                    Ok(Address::Unix(path)) => prop_assert_eq!(format!("unix:{}", path.display()), text.clone()),
                    Err(why) => prop_assert!(why.contains('`'), "{why}"),
                }
                prop_assert!(mode(&text).is_ok_and(|mode| mode <= 0o777) || mode(&text).is_err());
            }
            prop_assert!(matches!(tcp.to_string().parse(), Ok(Address::Tcp(address)) if address.ip() == tcp.ip() && address.port() == tcp.port()));
            prop_assert_eq!((mode(&format!("{bits:03o}")), mode(&format!("{bits:04o}"))), (Ok(bits), Ok(bits)));
        }
    }
}
