//! Why HTTPS is not reached: the name, the ports, and what the certificate authority says.

use std::net::IpAddr;

use serde_json::Value;

use super::Finding::{self, Missing, Note};
use super::client::{Client, Site};
use crate::outbound::{Failure, Host, Target};

/// What is behind a failure at `site`, as far as plain HTTP at `port` and DNS tell.
pub(super) async fn explain(site: &Site, cause: &Failure, port: u16) -> Vec<Finding> {
    let Host::Name(name) = &site.target.host else { return Vec::new() };
    if let Failure::Unresolved(_) = cause {
        return vec![Missing(format!(
            "{name} has no address in DNS: give it an A or AAAA record that leads to the server"
        ))];
    }
    let mut findings: Vec<Finding> = leads_to(name).await.into_iter().collect();
    if site.target.is_https {
        findings.push(behind(name, site, cause, port).await);
    }
    findings
}

async fn leads_to(name: &str) -> Option<Finding> {
    let found = tokio::net::lookup_host((name, 0)).await.ok()?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.dedup();
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    Some(Note(format!("by DNS {name} leads to {}: is that the server?", addresses.join(", "))))
}

/// What the server says by plain HTTP, where no certificate is needed.
async fn behind(name: &str, site: &Site, https_failure: &Failure, port: u16) -> Finding {
    let https = site.target.port;
    let Some(target) = Target::parse(&format!("http://{name}:{port}")) else {
        return Missing(format!("{name} cannot be asked by plain http"));
    };
    let plain = Client::new(Site { target, base: site.base.clone() });
    let answer = match plain.get("/readyz", &[]).await {
        Ok(answer) => answer,
        // What answers with a certificate is let in: then the certificate alone is missing.
        Err(_) if matches!(https_failure, Failure::Tls(_)) => {
            return Note(format!(
                "plain http is not answered (port {port}), as it is by a server with --domain {name}"
            ));
        }
        Err(cause) => {
            return Missing(format!(
                "plain http is not reached either (port {port}: {cause}): the name has to lead to the server, \
                 the server to run with --domain {name}, and firewalls to let ports {port} and {https} in"
            ));
        }
    };
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    certificate(&told).unwrap_or_else(|| match told["status"].as_str() {
        Some(_) => {
            Missing(format!("by plain http the server is reached, so port {https} is what does not come through"))
        }
        None => Missing(format!("what answers on port {port} ({}) is not Fireside with --domain", answer.status)),
    })
}

/// What a server says of its certificate, if something is wrong with it.
pub(super) fn certificate(ready: &Value) -> Option<Finding> {
    match (ready["certificate_failure"].as_str(), ready["certificate"].as_str()) {
        (Some(failure), _) => Some(Missing(format!("a certificate: {failure}"))),
        (None, Some("missing")) => {
            Some(Note("the server is getting its first certificate now: ask again in a minute".to_owned()))
        }
        (None, Some("ending")) => Some(Missing("a new certificate: this one ends within a week".to_owned())),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use serde_json::json;

    use super::Finding::{Missing, Note};
    use super::{Failure, Site, certificate, explain};

    #[tokio::test]
    async fn a_name_that_is_not_in_dns_is_told_first() {
        let site = Site::parse("https://chat.example.org").expect("a site");
        let lost = Failure::Unresolved(io::ErrorKind::NotFound.into());
        let told = explain(&site, &lost, 80).await;
        assert!(matches!(&told[..], [Missing(said)] if said.starts_with("chat.example.org has no address in DNS")));
        let address = Site::parse("https://192.0.2.1").expect("a site");
        assert!(explain(&address, &Failure::TimedOut, 80).await.is_empty(), "an address needs no DNS");
    }

    #[test]
    fn a_certificates_trouble_is_told_in_the_authoritys_words() {
        let refused = json!({"certificate": "missing", "certificate_failure": "chat.example.org: no"});
        assert!(matches!(certificate(&refused), Some(Missing(said)) if said == "a certificate: chat.example.org: no"));
        assert!(matches!(certificate(&json!({"certificate": "missing"})), Some(Note(_))));
        assert!(matches!(certificate(&json!({"certificate": "ending"})), Some(Missing(_))));
        assert!(certificate(&json!({"status": "ready"})).is_none());
    }
}
