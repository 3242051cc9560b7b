//! Flags of `fireside serve` that make it get certificates and speak HTTPS by itself.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::listen::{self, ListenTarget};
use super::terminal::CommandError;
use crate::acme::{Acme, DomainName, LETS_ENCRYPT, Options, Proofs};
use crate::api::http::certificate::CertificateEnd;
use crate::outbound::Target;
use crate::server::{Listener, NamedCertificates, Redirect};

/// Where HTTPS is spoken unless it is told: on every address of the machine.
const HTTPS: u16 = 443;
/// Where plain HTTP is answered.
const HTTP: u16 = 80;
/// Bytes that the file of authorities may have.
const MAX_FILE: u64 = 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct DomainFlags {
    /// Name of this server in DNS, like `chat.example.org`: gets a certificate for it by ACME and speaks HTTPS; repeat
    /// it for more. Whoever uses it agrees to the terms of the certificate authority
    #[arg(long, env = "FIRESIDE_DOMAIN", value_name = "NAME", value_delimiter = ',', conflicts_with = "tls_cert")]
    domain: Vec<DomainName>,
    /// Address where HTTPS is spoken for --domain; `[::]:443` unless given
    #[arg(long, env = "FIRESIDE_HTTPS_LISTEN", value_name = "ADDRESS", value_parser = listen::tcp_address, requires = "domain")]
    https_listen: Option<SocketAddr>,
    /// Address where plain HTTP leads to HTTPS and certificate authorities find their proofs, or `off`;
    /// `[::]:80` unless given
    #[arg(long, env = "FIRESIDE_HTTP_LISTEN", value_name = "ADDRESS", requires = "domain")]
    http_listen: Option<HttpListen>,
    /// Directory of the certificate authority
    #[arg(long, env = "FIRESIDE_ACME_DIRECTORY", value_name = "URL", default_value = LETS_ENCRYPT, value_parser = directory)]
    acme_directory: Target,
    /// Where the certificate authority may write to
    #[arg(long, env = "FIRESIDE_ACME_EMAIL", value_name = "ADDRESS", value_parser = email, requires = "domain")]
    acme_email: Option<String>,
    /// File in PEM with who vouches for the certificate authority's own HTTPS, in place of those that the machine trusts
    #[arg(long, env = "FIRESIDE_ACME_CA", value_name = "FILE", requires = "domain")]
    acme_ca: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug)]
enum HttpListen {
    At(SocketAddr),
    Off,
}

impl FromStr for HttpListen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" { Ok(Self::Off) } else { listen::tcp_address(text).map(Self::At) }
    }
}

fn directory(text: &str) -> Result<Target, String> {
    let wrong = || format!("`{text}` is not like {LETS_ENCRYPT}");
    Target::parse(text).filter(|target| target.is_https).ok_or_else(wrong)
}

/// No more than that it can stand in a URL: whether it exists is the authority's question.
fn email(text: &str) -> Result<String, String> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b",?<>\"".contains(&byte));
    let is_one =
        text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.parse::<DomainName>().is_ok());
    if is_plain && is_one { Ok(text.to_owned()) } else { Err(format!("`{text}` is not like ada@example.org")) }
}

/// Listeners for HTTPS whose certificates are still to be got.
pub(super) struct Secured {
    pub listeners: Vec<Listener>,
    pub public_url: String,
    /// Of the other names, whose pages are this server's too.
    pub other_origins: Vec<String>,
    /// What [`begin`] needs once the data folder is open.
    pub acme: (Options, Proofs),
}

impl DomainFlags {
    /// The first name.
    pub fn first(&self) -> Option<&DomainName> {
        self.domain.first()
    }

    /// Whether the public URL can be one of this server.
    pub fn check(&self, public_url: Option<&str>) -> Result<(), CommandError> {
        let Some(url) = public_url.filter(|_| !self.domain.is_empty()) else { return Ok(()) };
        let host = Target::parse(url).filter(|target| target.is_https).map(|target| target.host);
        let is_ours = |name: &DomainName| Target::parse(&format!("https://{name}")).map(|target| target.host) == host;
        if self.domain.iter().any(is_ours) {
            return Ok(());
        }
        Err(misfit(format!("--public-url {url} is not https:// with a name of --domain")))
    }

    /// Listens for the names, if there are any. Of sockets that were handed over, those are taken out of `places` that
    /// have the port of HTTPS or of plain HTTP.
    pub fn listen(
        &self,
        places: &mut Vec<ListenTarget>,
        data: &Path,
        public_url: Option<&str>,
    ) -> Result<Option<Secured>, CommandError> {
        let mut names: Vec<String> = self.domain.iter().map(|name| name.as_str().to_owned()).collect();
        names.dedup();
        let Some(first) = names.first().cloned() else { return Ok(None) };
        let trusted = self.acme_ca.as_deref().map(read).transpose()?;
        let https = bind(places, "--https-listen", self.https_listen, HTTPS)?;
        let http = match self.http_listen {
            Some(HttpListen::Off) => Vec::new(),
            Some(HttpListen::At(address)) => bind(places, "--http-listen", Some(address), HTTP)?,
            None => bind(places, "--http-listen", None, HTTP)?,
        };
        let bound = https.first().and_then(Listener::address).map_or(HTTPS, |address| address.port());
        // Behind a gateway the port is another outside.
        let port = public_url.and_then(Target::parse).map_or(bound, |target| target.port);
        let origin =
            |name: &String| if port == HTTPS { format!("https://{name}") } else { format!("https://{name}:{port}") };
        let public_url = public_url.map_or_else(|| origin(&first), str::to_owned);
        let other_origins = names.iter().map(origin).filter(|origin| *origin != public_url).collect();
        let certificates = Arc::new(NamedCertificates::new(&names));
        let config = certificates.config().map_err(|cause| misfit(format!("HTTPS cannot be served: {cause}")))?;
        let redirect = (!http.is_empty()).then(|| Arc::new(Redirect::new(names.clone(), port)));
        let mut listeners: Vec<Listener> = https.into_iter().map(|https| https.with_tls(Arc::clone(&config))).collect();
        if let Some(redirect) = &redirect {
            listeners.extend(http.into_iter().map(|http| http.with_redirect(Arc::clone(redirect))));
        }
        let (directory, email) = (self.acme_directory.clone(), self.acme_email.clone());
        let options = Options { names, directory, email, trusted, data: data.to_owned() };
        let acme = (options, Proofs { redirect, certificates });
        Ok(Some(Secured { listeners, public_url, other_origins, acme }))
    }
}

/// Takes what is stored, and gets what is not; at once on SIGHUP. Tells when the first certificate ends.
pub(super) fn begin((options, proofs): (Options, Proofs)) -> Result<Arc<CertificateEnd>, CommandError> {
    let failed = |sentence| CommandError::new(CommandError::FAILED, sentence);
    let (end, place) = (proofs.certificates.end(), options.data.clone());
    let acme = Acme::open(options, proofs).map_err(|cause| failed(format!("{}: {cause}", place.display())))?;
    let told = signal(SignalKind::hangup());
    let mut told = told.map_err(|cause| failed(format!("signals cannot be heard: {cause}")))?;
    tokio::spawn(acme.run(async move || {
        told.recv().await;
    }));
    Ok(end)
}

/// What was handed over with this port, all of it: a socket left over would speak plain HTTP where HTTPS is expected.
/// Else every address of the machine unless it is told which; of IPv4 alone where there is no IPv6.
fn bind(
    places: &mut Vec<ListenTarget>,
    flag: &str,
    address: Option<SocketAddr>,
    usual: u16,
) -> Result<Vec<Listener>, CommandError> {
    let first = address.unwrap_or((Ipv6Addr::UNSPECIFIED, usual).into());
    let handed = places.extract_if(.., |place| place.handed_port() == Some(first.port()));
    let handed = handed.map(listen::open_one).collect::<Result<Vec<_>, _>>()?;
    if !handed.is_empty() {
        return Ok(handed);
    }
    let bound = Listener::tcp(first);
    let has_no_ipv6 = |cause: &io::Error| cause.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error());
    let bound = match bound {
        Err(cause) if address.is_none() && has_no_ipv6(&cause) => Listener::tcp((Ipv4Addr::UNSPECIFIED, usual).into()),
        bound => bound,
    };
    bound.map(|listener| vec![listener]).map_err(|cause| {
        let (status, hint) = match cause.kind() {
            io::ErrorKind::AddrInUse => (CommandError::TRY_AGAIN, "something else listens there, perhaps a proxy"),
            io::ErrorKind::PermissionDenied => (
                CommandError::CONFIGURATION,
                "ports below 1024 are root's: let systemd open them (fireside-https.socket), or give CAP_NET_BIND_SERVICE",
            ),
            _ => (CommandError::CONFIGURATION, "is it an address of this machine?"),
        };
        CommandError::new(status, format!("cannot listen on {first}: {cause}; {hint} ({flag} names another address)"))
    })
}

fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path)
        .and_then(|file| io::Read::read_to_end(&mut io::Read::take(file, MAX_FILE), &mut bytes));
    read.map_err(|cause| misfit(format!("{}: {cause} (--acme-ca)", path.display())))?;
    Ok(bytes)
}

fn misfit(sentence: impl AsRef<str>) -> CommandError {
    CommandError::new(CommandError::CONFIGURATION, sentence.as_ref())
}

#[cfg(test)]
mod tests {
    use super::{HttpListen, directory, email};

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert!(directory("https://ca.example/dir").is_ok() && directory("http://ca.example/dir").is_err());
        assert!(email("ada@example.org").is_ok());
        for bad in ["", "ada", "@example.org", "a@b,c@d", "ada@example.org?subject=x", "a b@c.d"] {
            assert!(email(bad).is_err(), "{bad}");
        }
        assert!(matches!("off".parse(), Ok(HttpListen::Off)));
        assert!(matches!("[::]:80".parse(), Ok(HttpListen::At(address)) if address.port() == 80));
        assert!("unix:/run/x".parse::<HttpListen>().is_err());
    }
}
