//! The operator's provider, as the settings hold it. Nothing here knows requests, which hold the settings.

use super::attempt::Attempts;
use crate::chat::model::identity::{Identity, Stranger, nearest_name};
use crate::chat::model::name::{self, Email};
use crate::oidc::{Config, Profile, Provider};

/// The provider that the operator named, and the sign-ins that are under way there.
#[derive(Debug)]
pub struct Oidc {
    pub provider: Provider,
    /// What is under way.
    pub attempts: Attempts,
}

impl Oidc {
    /// One that nobody has asked yet; else a sentence for the operator.
    pub fn new(config: Config) -> Result<Self, String> {
        Ok(Self { provider: Provider::new(config)?, attempts: Attempts::default() })
    }

    /// Who somebody there is, for the chat.
    pub fn identity(&self, subject: &str) -> Option<Identity> {
        Identity::parse(&self.provider.config().issuer, subject).ok()
    }

    /// A stranger who may have an account: an address of one of the operator's domains stands for an invitation.
    pub fn stranger(&self, profile: &Profile, is_open: bool) -> Option<Stranger> {
        let domains = &self.provider.config().domains;
        let is_invited = profile.verified_domain().is_some_and(|domain| domains.contains(&domain));
        if !is_open && !is_invited {
            return None;
        }
        let wishes = [profile.username(), profile.email(), profile.name(), Some("user")];
        Some(Stranger {
            username: nearest_name(wishes.into_iter().flatten())?,
            display_name: profile.name().and_then(|text| name::display_name(text).ok()).filter(|text| !text.is_empty()),
            email: profile.email().and_then(|text| Email::parse(text).ok()),
        })
    }
}
