//! Where connections come in: TCP addresses, with TLS or without, and unix sockets.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, UnixListener, UnixSocket};
use tokio::sync::Semaphore;
use tokio_rustls::rustls::ServerConfig;

use super::redirect::Redirect;
use crate::api::http::forwarded::PeerAddress;
use crate::api::http::stream::{NetStream, TlsStream};

/// Connections that the kernel keeps until they are accepted: a crowd that comes at once,
/// as after a restart. What it finds no room for tries again by itself, a second later.
const BACKLOG: u32 = 4096;
/// How long to wait after the system refused a connection, for want of files say.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Talks with whoever is accepted, for ever and with so many at once: one more waits for one of them to end.
pub async fn talk_with_each<S, A, T>(most: usize, who: &str, accept: impl Fn() -> A, talk: impl Fn(S) -> T)
where
    A: Future<Output = io::Result<S>>,
    T: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(most));
    while let Ok(permit) = Arc::clone(&places).acquire_owned().await {
        match accept().await {
            Ok(stream) => {
                let talk = talk(stream);
                tokio::spawn(async move {
                    talk.await;
                    drop(permit);
                });
            }
            Err(cause) => {
                tracing::warn!(%cause, "{who} was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Something that connections come in by.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    /// A TCP address where TLS is spoken alone.
    Tls(TcpListener, Arc<ServerConfig>),
    /// A TCP address from which everybody is sent to HTTPS.
    Redirect(TcpListener, Arc<Redirect>),
    /// A unix socket, and its file if this process made it. Fields are dropped in their order: the file goes while the socket still listens.
    Unix(Option<SocketFile>, UnixListener),
}

/// The file of a unix socket that this process made. It goes when this is dropped.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl Listener {
    /// Listens on a TCP address.
    pub fn tcp(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // What a server that is gone left in the kernel does not keep the next one from starting.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG).map(Self::Tcp)
    }

    /// Makes a unix socket for whoever the mode lets in. A file that is left of a server
    /// which is gone is replaced; one that somebody listens on is `AddrInUse`.
    pub fn unix(path: &Path, mode: u32) -> io::Result<Self> {
        clear(path)?;
        let listener = bind(path, mode, BACKLOG)?;
        let file = SocketFile { path: path.to_owned(), identity: identity(path)? };
        Ok(Self::Unix(Some(file), listener))
    }

    /// The same with TLS, but for a unix socket: behind that stands a proxy of this machine.
    #[must_use]
    pub fn with_tls(self, config: Arc<ServerConfig>) -> Self {
        match self {
            Self::Tcp(listener) | Self::Tls(listener, _) => Self::Tls(listener, config),
            other @ (Self::Unix(..) | Self::Redirect(..)) => other,
        }
    }

    /// The same with nothing but the way to HTTPS.
    #[must_use]
    pub fn with_redirect(self, redirect: Arc<Redirect>) -> Self {
        match self {
            Self::Tcp(listener) => Self::Redirect(listener, redirect),
            other @ (Self::Tls(..) | Self::Redirect(..) | Self::Unix(..)) => other,
        }
    }

    /// Where its clients are sent.
    pub(super) fn redirect(&self) -> Option<Arc<Redirect>> {
        if let Self::Redirect(_, redirect) = self { Some(Arc::clone(redirect)) } else { None }
    }

    /// Waits for the next connection.
    pub(super) async fn accept(&self) -> io::Result<(NetStream, PeerAddress)> {
        match self {
            Self::Tcp(listener) | Self::Redirect(listener, _) => {
                let (stream, peer) = listener.accept().await?;
                Ok((NetStream::Tcp(stream), PeerAddress::Ip(peer.ip().to_canonical())))
            }
            Self::Tls(listener, config) => {
                let (stream, peer) = listener.accept().await?;
                let stream = TlsStream::new(stream, Arc::clone(config))?;
                Ok((NetStream::Tls(Box::new(stream)), PeerAddress::Ip(peer.ip().to_canonical())))
            }
            Self::Unix(_, listener) => Ok((NetStream::Unix(listener.accept().await?.0), PeerAddress::Unix)),
        }
    }

    /// The TCP address, if it has one.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) | Self::Tls(listener, _) | Self::Redirect(listener, _) => listener.local_addr().ok(),
            Self::Unix(..) => None,
        }
    }

    /// How its addresses begin.
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Tcp(_) | Self::Redirect(..) => "http",
            Self::Tls(..) => "https",
            Self::Unix(..) => "unix",
        }
    }

    /// Whether no other machine can reach it, and no proxy of this one needs to.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Tcp(listener) | Self::Tls(listener, _) | Self::Redirect(listener, _) => {
                listener.local_addr().is_ok_and(|address| address.ip().to_canonical().is_loopback())
            }
            // Behind a unix socket stands a proxy, and in front of that anybody.
            Self::Unix(..) => false,
        }
    }
}

/// `http://127.0.0.1:8000`, or `unix:/run/fireside.sock`.
impl fmt::Display for Listener {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(listener) | Self::Tls(listener, _) | Self::Redirect(listener, _) => match listener.local_addr() {
                Ok(address) => write!(out, "{}://{address}", self.scheme()),
                Err(_) => write!(out, "{}://?", self.scheme()),
            },
            Self::Unix(Some(file), _) => write!(out, "unix:{}", file.path.display()),
            Self::Unix(None, listener) => {
                let address = listener.local_addr().ok();
                let path = address.as_ref().and_then(|address| address.as_pathname());
                write!(out, "unix:{}", path.unwrap_or(Path::new("?")).display())
            }
        }
    }
}

/// Makes a unix socket where no file is, for whoever the mode lets in.
pub(super) fn bind(path: &Path, mode: u32, backlog: u32) -> io::Result<UnixListener> {
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    // Before it listens: until then nobody can connect, whatever the umask made of its mode.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    socket.listen(backlog)
}

/// Takes away what a server left behind that is gone, and nothing else.
fn clear(path: &Path) -> io::Result<()> {
    let file = match std::fs::symlink_metadata(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(cause),
    };
    if !file.file_type().is_socket() {
        return Err(io::Error::other("there is a file that is no socket"));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(cause) if cause.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        // Also one that may not be asked: it is somebody's.
        Ok(_) | Err(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    std::fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

/// While it still listens, so that no other server can have taken the place. A file that
/// is not ours any more stays: somebody put it there.
impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity)
            && let Err(cause) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%cause, path = %self.path.display(), "a unix socket's file stays");
        }
    }
}
