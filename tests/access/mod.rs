//! Who gets what: every row of the matrix in `access.csv`, asked by everybody who may
//! and who may not, with every kind of credential.
//!
//! Each status in a cell must come up, no other may, and what is refused must change
//! nothing. The dialects' own modules say what the answers look like.

mod assignment;
mod cast;
mod frames;
mod matrix;
mod object;
mod open;
mod oracle;
mod outlived;
mod rounds;
mod scene;
mod special;
mod walk;
mod wish;

use scene::Sort;
use walk::walks;

/// The dialects that the tests below walk.
const WALKED: [&str; 10] = [
    "inbox",
    "messaging",
    "directs",
    "rooms",
    "messenger",
    "web",
    "rooms-client",
    "directs-client",
    "messenger-client",
    "server",
];

#[tokio::test]
async fn inbox_keeps_to_the_matrix() {
    walks(WALKED[0], &[Sort::Direct]).await;
}

#[tokio::test]
async fn messaging_keeps_to_the_matrix() {
    walks(WALKED[1], &[Sort::Public, Sort::Private]).await;
}

#[tokio::test]
async fn directs_keeps_to_the_matrix() {
    walks(WALKED[2], &[Sort::Direct]).await;
}

#[tokio::test]
async fn rooms_keeps_to_the_matrix() {
    walks(WALKED[3], &[Sort::Public, Sort::Private]).await;
}

#[tokio::test]
async fn messenger_keeps_to_the_matrix() {
    walks(WALKED[4], &[Sort::Public, Sort::Private, Sort::Direct]).await;
}

#[tokio::test]
async fn the_web_client_keeps_to_the_matrix() {
    walks(WALKED[5], &[]).await;
}

#[tokio::test]
async fn what_the_client_of_rooms_calls_keeps_to_the_matrix() {
    walks(WALKED[6], &[Sort::Public, Sort::Private]).await;
}

#[tokio::test]
async fn what_the_client_of_directs_calls_keeps_to_the_matrix() {
    walks(WALKED[7], &[Sort::Direct]).await;
}

#[tokio::test]
async fn what_the_client_of_messenger_calls_keeps_to_the_matrix() {
    walks(WALKED[8], &[Sort::Public, Sort::Private, Sort::Direct]).await;
}

#[tokio::test]
async fn the_server_itself_keeps_to_the_matrix() {
    walks(WALKED[9], &[Sort::Server]).await;
}
