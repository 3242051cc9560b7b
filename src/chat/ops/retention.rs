//! How long what is said is kept, and how it goes after that.
//!
//! It goes as if it had never been: out of every list and count, with its files, and without
//! a tombstone or a frame for each. A purge may take a hundred thousand messages; nobody's
//! socket is to be flooded by them, and nobody's catching up. Whoever listens to all of their
//! chats hears once for each purge of a chat that the chat changed. Who keeps copies of their
//! own has to keep to the same time.

use std::time::Duration;

use crate::chat::app::App;
use crate::chat::auth::audit;
use crate::chat::file;
use crate::chat::model::admin::Administrator;
use crate::chat::model::audit::AuditAction;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::event::{ChatEvent, Event};
use crate::chat::model::id::{ChatId, MessageId};
use crate::chat::model::retention::RetentionOverride;
use crate::chat::model::time::Timestamp;
use crate::chat::store::retention::Cutoff;
use crate::chat::store::{self, Tx};

/// Messages that go in one transaction: few, since a post may wait behind them.
const PIECE: u32 = 200;
/// Files that go in one transaction.
const FILES_PIECE: u32 = 50;
/// How long the writer is left to others between two pieces.
const PAUSE: Duration = Duration::from_millis(10);
/// Messages of a chat that are too young and are passed, in search of older ones behind them: an
/// import or a clock that was wrong puts some out of order. Those of the future do not count.
const PATIENCE: u32 = 100;
/// One turn of so many looks through all of them: once a day, when nobody sets a time.
const THOROUGH_EVERY: u32 = 24;
/// Chats whose oldest message is looked at in one read.
const CHATS_AT_ONCE: u32 = 500;

impl App {
    /// Sets how long a chat keeps its messages. What is older goes from now on, piece by piece.
    pub async fn set_term(&self, by: &Administrator, chat: ChatId, term: RetentionOverride) -> Result<()> {
        let who = by.clone();
        self.store
            .write(move |tx| {
                who.check(tx)?;
                let before = store::retention::term(tx, chat)?.ok_or(Error::NotFound)?;
                if before != term {
                    store::retention::set_term(tx, chat, term)?;
                    audit::note(tx, who.id(), AuditAction::RetentionSet, &chat.to_string(), &term.in_words())?;
                }
                Ok(())
            })
            .await?;
        let app = self.clone();
        tokio::spawn(async move {
            if let Err(error) = app.retain().await {
                tracing::warn!(%error, "what was kept for its time will go with the hourly maintenance");
            }
        });
        Ok(())
    }

    /// Lets everything go that was kept for its time. One of these works at a time.
    pub(in crate::chat) async fn retain(&self) -> Result<()> {
        let mut turns = self.retaining.lock().await;
        if self.clock_doubt().is_some() {
            return Ok(());
        }
        *turns = turns.wrapping_add(1);
        let patience = if turns.is_multiple_of(THOROUGH_EVERY) { u32::MAX } else { PATIENCE };
        let now = self.now();
        let mut after = ChatId(0);
        loop {
            let (last, due) = self.due(after, now, patience).await?;
            for (chat, than) in due {
                self.purge(chat, Cutoff { than, now }, patience).await?;
            }
            let Some(last) = last else { break };
            after = last;
        }
        if let Some(time) = self.retention.uploads {
            while self.store.write(move |tx| purge_files(tx, now.minus(time))).await? {
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    /// Chats after one that may have messages that are too old, and from when on; and where to go on.
    async fn due(
        &self,
        after: ChatId,
        now: Timestamp,
        patience: u32,
    ) -> Result<(Option<ChatId>, Vec<(ChatId, Timestamp)>)> {
        let server = self.retention;
        self.store
            .scan(move |db| {
                let terms = store::retention::terms(db, after, CHATS_AT_ONCE)?;
                let last = terms.last().map(|(chat, _)| *chat);
                let mut due = Vec::new();
                for (chat, term) in terms {
                    let Some(time) = term.time(server) else { continue };
                    let than = now.minus(time);
                    let first = store::retention::look(db, chat, MessageId(0), Cutoff { than, now }, PIECE)?;
                    let is_passed = first.last.is_some() && first.young <= patience;
                    if !first.old.is_empty() || is_passed {
                        due.push((chat, than));
                    }
                }
                Ok((last, due))
            })
            .await
    }

    async fn purge(&self, chat: ChatId, age: Cutoff, patience: u32) -> Result<()> {
        let (mut after, mut young, mut has_changed) = (MessageId(0), 0_u32, false);
        loop {
            let looked = self.store.scan(move |db| store::retention::look(db, chat, after, age, PIECE)).await?;
            if !looked.old.is_empty() {
                self.store.write(move |tx| purge_messages(tx, chat, after, age)).await?;
                has_changed = true;
                tokio::time::sleep(PAUSE).await;
            }
            young = young.saturating_add(looked.young);
            match looked.last {
                Some(last) if young <= patience => after = last,
                _ => break,
            }
        }
        if !has_changed {
            return Ok(());
        }
        self.store
            .write(move |tx| {
                tx.publish(Event::Chat(ChatEvent::Updated { chat }));
                Ok(())
            })
            .await
    }
}

/// Those of the piece of messages after one that are too old.
fn purge_messages(tx: &mut Tx<'_>, chat: ChatId, after: MessageId, age: Cutoff) -> Result<()> {
    let old = store::retention::look(tx, chat, after, age, PIECE)?.old;
    for message in old.iter().filter(|message| message.has_attachments) {
        file::erase_attachments(tx, message.id)?;
    }
    for message in &old {
        store::hook_events::note_purged(tx, chat, message.id, message.sender)?;
    }
    store::retention::delete(tx, chat, &old)?;
    tx.keep_numbers();
    Ok(())
}

/// Files go from their messages; a message that was nothing else goes with them.
fn purge_files(tx: &mut Tx<'_>, than: Timestamp) -> Result<bool> {
    let old = store::retention::oldest_files(tx, than, FILES_PIECE)?;
    for (file, message) in &old {
        file::erase(tx, file)?;
        if store::retention::count_detached(tx, message.id)? == 0 && message.is_blank {
            store::messages::delete(tx, message.id)?;
            store::hook_events::note_purged(tx, message.chat, message.id, message.sender)?;
            store::chats::count_deleted(tx, message.chat)?;
            store::members::count_deleted(tx, message.chat, message.id, message.sender)?;
            tx.keep_numbers();
        }
    }
    Ok(!old.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::chat::model::retention::{MAX_RETENTION_DAYS, RetentionOverride};

    #[test]
    fn a_term_is_what_is_stored_of_it() {
        for term in [
            RetentionOverride::Server,
            RetentionOverride::Forever,
            RetentionOverride::Days(1),
            RetentionOverride::Days(MAX_RETENTION_DAYS),
        ] {
            assert_eq!(RetentionOverride::stored(term.to_stored()), term);
        }
        assert_eq!(RetentionOverride::of_days(0), Some(RetentionOverride::Forever));
        for wrong in [-1, i64::from(MAX_RETENTION_DAYS) + 1, i64::MAX] {
            assert_eq!(RetentionOverride::of_days(wrong), None);
        }
    }
}
