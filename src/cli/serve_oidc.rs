//! Flags of `fireside serve` about who signs people in beside their passwords.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use hyper::http::HeaderName;

use super::flags::Switch;
use super::terminal::CommandError;
use crate::api::http::oidc::configured::Oidc;
use crate::oidc::Config;
use crate::outbound::{Network, Target};

/// Longest file with a secret that is read, in bytes.
const MAX_SECRET_FILE: u64 = 4 * 1024;

#[derive(Debug, Args)]
pub(super) struct OidcFlags {
    /// OpenID Connect provider that signs people in: `https://id.example.org`, or http on this machine
    #[arg(long, env = "FIRESIDE_OIDC_ISSUER", value_name = "URL", requires = "oidc_client_id")]
    oidc_issuer: Option<String>,
    /// As the provider calls this server
    #[arg(long, env = "FIRESIDE_OIDC_CLIENT_ID", value_name = "ID", requires = "oidc_issuer")]
    oidc_client_id: Option<String>,
    /// File with the secret that the provider gave this server
    #[arg(long, env = "FIRESIDE_OIDC_CLIENT_SECRET_FILE", value_name = "FILE", requires = "oidc_issuer")]
    oidc_client_secret_file: Option<PathBuf>,
    /// As people call the provider; its host unless given
    #[arg(long, env = "FIRESIDE_OIDC_NAME", value_name = "NAME", requires = "oidc_issuer")]
    oidc_name: Option<String>,
    /// Domains whose verified addresses get an account at the first sign-in, however registration stands
    #[arg(long, env = "FIRESIDE_OIDC_DOMAINS", value_name = "DOMAIN", value_delimiter = ',', requires = "oidc_issuer")]
    oidc_domains: Vec<String>,
    /// Address or network beside the public Internet where the provider is: 10.0.0.7, 192.168.0.0/16
    #[arg(long, env = "FIRESIDE_OIDC_ALLOW", value_name = "CIDR", value_delimiter = ',', requires = "oidc_issuer")]
    oidc_allow: Vec<Network>,
    /// Header in which a proxy of --trusted-proxy says who asks: Remote-User. It must take it out of what clients send
    #[arg(long, env = "FIRESIDE_USER_HEADER", value_name = "NAME", value_parser = user_header)]
    user_header: Option<HeaderName>,
    /// Whether passwords sign people in, and make accounts
    #[arg(long, env = "FIRESIDE_PASSWORD_LOGIN", value_enum, default_value_t = Switch::On)]
    password_login: Switch,
}

impl OidcFlags {
    /// Whether passwords sign people in.
    pub fn takes_passwords(&self) -> bool {
        self.password_login == Switch::On
    }

    /// Where a trusted proxy says who asks.
    pub fn user_header(&self) -> Option<HeaderName> {
        self.user_header.clone()
    }

    /// Flags that nothing would come of, or too much.
    pub fn check(&self, is_behind_proxy: bool) -> Result<(), CommandError> {
        if self.user_header.is_some() && !is_behind_proxy {
            return Err(wrong("--user-header believes anybody's word without --trusted-proxy"));
        }
        if !self.takes_passwords() && self.oidc_issuer.is_none() && self.user_header.is_none() {
            return Err(wrong("--password-login off lets nobody in without --oidc-issuer or --user-header"));
        }
        Ok(())
    }

    /// The provider, if there is one. Nobody is asked anything yet.
    pub fn provider(&self) -> Result<Option<Arc<Oidc>>, CommandError> {
        let Some(issuer) = self.oidc_issuer.clone() else { return Ok(None) };
        let missing = |flag: &str| wrong(&format!("--oidc-issuer needs {flag}"));
        let client_id = self.oidc_client_id.clone().ok_or_else(|| missing("--oidc-client-id"))?;
        let file = self.oidc_client_secret_file.as_deref().ok_or_else(|| missing("--oidc-client-secret-file"))?;
        let client_secret = secret(file)?;
        let host = || Target::parse(&issuer).map_or_else(|| issuer.clone(), |target| target.authority);
        let name = self.oidc_name.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(host);
        let domains = self.oidc_domains.iter().map(|domain| domain.trim().to_ascii_lowercase());
        let domains = domains.filter(|domain| !domain.is_empty()).collect();
        let config = Config { issuer, client_id, client_secret, name, domains, allowed: self.oidc_allow.clone() };
        Oidc::new(config).map(|oidc| Some(Arc::new(oidc))).map_err(|why| wrong(&format!("--oidc-issuer: {why}")))
    }
}

/// Headers that browsers, proxies and this server's own clients set for something else.
const TAKEN: [&str; 28] = [
    "authorization",
    "cache-control",
    "connection",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "idempotency-key",
    "keep-alive",
    "last-event-id",
    "origin",
    "pragma",
    "priority",
    "range",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "x-csrftoken",
    "x-real-ip",
    "x-request-id",
    "x-requested-with",
    "dnt",
];
/// And how the names of more begin.
const TAKEN_STARTS: [&str; 7] = ["accept", "access-control-", "content-", "if-", "proxy-", "sec-", "x-forwarded-"];
/// But these of them say who somebody is, and oauth2-proxy has no others.
const SAY_WHO: [&str; 3] = ["x-forwarded-email", "x-forwarded-preferred-username", "x-forwarded-user"];

/// The name of a header that says nothing else already.
fn user_header(text: &str) -> Result<HeaderName, String> {
    let name: HeaderName = text.parse().map_err(|_| format!("`{text}` is no name of a header"))?;
    let is_taken = !SAY_WHO.contains(&name.as_str())
        && (TAKEN.contains(&name.as_str()) || TAKEN_STARTS.iter().any(|start| name.as_str().starts_with(start)));
    if is_taken { Err(format!("{text} says something else already")) } else { Ok(name) }
}

fn wrong(sentence: &str) -> CommandError {
    CommandError::new(CommandError::CONFIGURATION, sentence.to_owned())
}

/// The first line of a file.
fn secret(path: &Path) -> Result<String, CommandError> {
    let read = || {
        let mut text = String::new();
        std::fs::File::open(path)?.take(MAX_SECRET_FILE).read_to_string(&mut text)?;
        Ok::<_, std::io::Error>(text)
    };
    let text = read().map_err(|cause| wrong(&format!("--oidc-client-secret-file {}: {cause}", path.display())))?;
    let first = text.lines().next().unwrap_or_default().trim();
    if first.is_empty() {
        return Err(wrong(&format!("--oidc-client-secret-file {}: there is no secret in it", path.display())));
    }
    Ok(first.to_owned())
}
