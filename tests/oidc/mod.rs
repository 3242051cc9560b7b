//! Signing in by others' word: an OpenID Connect provider, or a proxy that knows.

mod certified;
mod factor;
mod header;
mod lies;
mod link;
mod page;
pub mod provider;
mod sign_in;
mod start;
pub mod visitor;

use serde_json::Value;

use crate::world::{Fireside, Home};
use provider::{Provider, flags_of};

/// A server that takes this provider's word.
pub async fn fireside_of(provider: &Provider, flags: &[&str]) -> Fireside {
    fireside_of_issuer(&provider.url, flags).await
}

/// A server that takes the word of the provider at this address.
async fn fireside_of_issuer(issuer: &str, flags: &[&str]) -> Fireside {
    let home = Home::new();
    let words = flags_of(issuer, &home);
    let words: Vec<&str> = words.iter().map(String::as_str).chain(flags.iter().copied()).collect();
    Fireside::start_in(home, &words).await
}

/// Everybody who has an account.
async fn everybody(fireside: &Fireside) -> Vec<String> {
    let listed = fireside.home.runs(&["user", "list", "--json"], "").await;
    let listed: Vec<Value> = serde_json::from_str(&listed.succeeded().stdout).unwrap();
    listed.iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}
