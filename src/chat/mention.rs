//! Mentions: whom a message names, and all that names or answers oneself.

use super::app::App;
use super::model::error::Result;
use super::model::id::{ChatId, MessageId};
use super::model::mention::{Mentions, Names};
use super::model::search::{Found, FoundPlace, Question};
use super::model::session::Actor;
use super::search::shown;
use super::store;
use super::store::messages::Sender;
use super::store::search::Hit;

impl App {
    /// What others said that mentions the actor or answers them, of all that they can read now: below a
    /// message, newest first, `limit` at most.
    pub async fn mentions(&self, actor: &Actor, below: Option<MessageId>, limit: u32) -> Result<Vec<Found>> {
        let (me, below) = (actor.user, below.unwrap_or(MessageId(i64::MAX)));
        self.store
            .scan_for(me, move |db| {
                let ids = store::mentions::list(db, me, below, limit)?;
                let hits = ids.into_iter().map(|id| Hit { id, place: FoundPlace { id, rank: None } });
                Ok(shown(db, me, &Question::default(), hits.collect(), || false)?.0)
            })
            .await
    }
}

/// Whom names mean, of those who are in the chat now.
pub(super) fn mentioned(db: &store::Db, chat: ChatId, sender: &Sender, names: &Names) -> Result<Mentions> {
    let mut mentions = Mentions { users: Vec::new(), all: names.all && sender.may_mention_all };
    for key in &names.keys {
        mentions.users.extend(store::mentions::named(db, chat, key)?);
    }
    mentions.users.sort_unstable();
    Ok(mentions)
}
