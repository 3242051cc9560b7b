//! Flags of `fireside serve` for telling devices of messages while no page is open.

use std::sync::Arc;

use clap::Args;

use super::flags::Switch;
use super::terminal::CommandError;
use crate::chat::App;
use crate::outbound::Network;
use crate::push::{PushOptions, PushSender};

#[derive(Debug, Args)]
pub(super) struct PushFlags {
    /// Whether devices are told of messages while no page is open: the server then calls the push services of
    /// browsers
    #[arg(long, env = "FIRESIDE_PUSH", value_enum, default_value_t = Switch::Off)]
    push: Switch,
    /// Whom push services write to when something is wrong: mailto:ann@example.org; the public URL unless given
    #[arg(long, env = "FIRESIDE_PUSH_CONTACT", value_name = "URL", value_parser = contact)]
    push_contact: Option<String>,
    /// Network of a push service of one's own, which may be called though it is not public; repeat it for more
    #[arg(long, env = "FIRESIDE_PUSH_ALLOW", value_name = "CIDR", value_delimiter = ',')]
    push_allow: Vec<Network>,
}

impl PushFlags {
    /// Push services want to know whom to write to. With a domain of its own the server has a public URL.
    pub fn check(&self, public_url: Option<&str>, has_domain: bool) -> Result<(), CommandError> {
        if self.push == Switch::On && !has_domain && self.contact(public_url).is_none() {
            let sentence = "--push on needs --public-url https://… or --push-contact mailto:…, for push services to know whom to write to";
            return Err(CommandError::new(CommandError::CONFIGURATION, sentence.to_owned()));
        }
        Ok(())
    }

    /// What sends pushes, if something does.
    pub async fn sender(&self, app: &App, public_url: Option<&str>) -> Result<Option<Arc<PushSender>>, CommandError> {
        let Some(contact) = self.contact(public_url).filter(|_| self.push == Switch::On) else { return Ok(None) };
        let failed = |cause: String| CommandError::new(CommandError::FAILED, cause);
        let key = app.push_key().await.map_err(|cause| failed(format!("the key of pushes: {cause}")))?;
        let options = PushOptions { key, contact: contact.to_owned(), allowed: self.push_allow.clone() };
        let sender = PushSender::new(options).ok_or_else(|| failed("the key of pushes is none".to_owned()))?;
        Ok(Some(Arc::new(sender)))
    }

    fn contact<'a>(&'a self, public_url: Option<&'a str>) -> Option<&'a str> {
        self.push_contact.as_deref().or(public_url.filter(|url| url.starts_with("https://")))
    }
}

/// As RFC 8292 has it.
fn contact(text: &str) -> Result<String, String> {
    let is_address = |rest: &str| rest.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    let is_plain = !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    let is_contact = text.strip_prefix("mailto:").is_some_and(is_address)
        || text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
    if is_contact && is_plain {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is not like mailto:ann@example.org or https://example.org/contact"))
    }
}

#[cfg(test)]
mod tests {
    use super::contact;

    #[test]
    fn a_contact_is_an_address_or_a_page() {
        for good in ["mailto:ann@example.org", "https://example.org/contact"] {
            assert_eq!(contact(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "ann@example.org",
            "mailto:",
            "mailto:ann",
            "mailto:@b",
            "http://example.org",
            "https://",
            "mailto:a@b c",
        ] {
            assert!(contact(bad).is_err(), "{bad}");
        }
    }
}
