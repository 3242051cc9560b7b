//! What the replay of a socket costs while nobody reads it.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use parking_lot::Mutex;

use super::{AllChats, Backlog};
use crate::api::tests::{core_with_alice, settings};
use crate::api::ws::socket::{Codec, MAX_PIECE};
use crate::api::{Api, all_routes};
use crate::chat::model::event::Scope;
use crate::chat::model::id::Seq;
use crate::chat::model::message::Draft;
use crate::chat::model::name::MessageText;
use crate::chat::tests::group;

#[tokio::test]
async fn what_was_missed_comes_in_pieces_that_count_what_json_makes_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, token) = core_with_alice(folder.path()).await;
    let alice = app.authenticate(token.as_str()).expect("signed in");
    let den = group(&app, &alice, &[]).await;
    let text = MessageText::parse(&format!("a{}b", "\u{1}".repeat(9_000)), 10_000).expect("text");
    let many = 9;
    for _ in 0..many {
        app.post(&alice, den, Draft::of(text.clone(), None)).await.expect("posted");
    }
    let subscription = app.subscribe(&alice, Scope::All, AllChats::HEARS).await.expect("listens");
    let api = Api::new(app, settings(), all_routes());
    let codec = AllChats {
        context: Arc::clone(api.context()),
        subscriber: subscription.subscriber().clone(),
        seen_upto: Seq(0),
        past: Mutex::new(Backlog::ChangesAfter(Seq(0))),
        replayed: AtomicI64::new(0),
    };
    let (mut told, mut pieces) = (Vec::new(), 0);
    loop {
        let piece = codec.catch_up().await;
        let Some(last) = piece.last() else { break };
        let size: usize = piece.iter().map(String::len).sum();
        assert!(size < MAX_PIECE + last.len(), "{size} bytes wait at once");
        told.extend(piece.iter().filter_map(|frame| codec.number(frame)));
        pieces += 1;
    }
    assert!(pieces > 1, "that is more than one piece holds");
    assert_eq!(told.len(), many, "everything is told");
    assert!(told.is_sorted_by(|one, next| one < next), "and nothing twice: {told:?}");
}
