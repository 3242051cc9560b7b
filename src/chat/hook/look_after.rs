//! Looking after a hook that sends: what it sent, sending it again, and a test.

use tokio::sync::oneshot;

use super::check_keeper;
use crate::chat::app::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::delivery::{Attempt, PastDelivery, SigningKey};
use crate::chat::model::error::{Error, Result};
use crate::chat::model::id::{ChatId, DeliveryId, HookId, Seq};
use crate::chat::store::outgoing_hooks::Sending;
use crate::chat::store::{self, Db};

/// What a test is called in the list.
pub const TEST: &str = "test";

impl App {
    /// The last attempts of a hook that sends: the newest first, below one.
    pub fn deliveries(
        &self,
        by: &Administrator,
        chat: ChatId,
        hook: HookId,
        below: DeliveryId,
        limit: u32,
    ) -> Result<Vec<PastDelivery>> {
        self.store.read(|db| {
            check_keeper(db, by, chat, self.now())?;
            sending(db, chat, hook)?;
            store::deliveries::of_hook(db, hook, below, limit)
        })
    }

    /// Sends what happened after a number again, and what comes next behind that. Switches the hook on, if it is off.
    pub async fn replay_hook(&self, by: &Administrator, chat: ChatId, hook: HookId, since: Seq) -> Result<()> {
        self.check_pace_of_keeper(by)?;
        let by = by.clone();
        self.store
            .write(move |tx| {
                check_keeper(tx, &by, chat, tx.now)?;
                sending(tx, chat, hook)?;
                store::hooks::switch(tx, hook, None)?;
                store::outgoing_hooks::rewind(tx, hook, since)
            })
            .await?;
        self.send_in(chat);
        Ok(())
    }

    /// Where a test of a hook goes, and what signs it.
    pub fn hook_to_test(&self, by: &Administrator, chat: ChatId, hook: HookId) -> Result<(String, SigningKey)> {
        self.check_pace_of_keeper(by)?;
        self.store.read(|db| {
            check_keeper(db, by, chat, self.now())?;
            let sending = sending(db, chat, hook)?;
            Ok((sending.url, self.keys.hook_secret(&sending.nonce)))
        })
    }

    /// Has a test of a hook sent, and waits for what comes of it: only where a server runs.
    pub async fn order_hook_test(&self, by: &Administrator, chat: ChatId, hook: HookId) -> Result<Attempt> {
        self.hook_to_test(by, chat, hook)?;
        self.hook_wakes.order_test(chat, hook).await.map_err(|_| Error::Internal)
    }

    /// The tests that were ordered, and where what comes of each goes.
    pub fn ordered_hook_tests(&self) -> Vec<(ChatId, HookId, oneshot::Sender<Attempt>)> {
        self.hook_wakes.take_tests()
    }

    /// Lists what came of a test.
    pub async fn note_hook_test(&self, hook: HookId, webhook_id: String, attempt: Attempt) -> Result<()> {
        self.store
            .write(move |tx| match store::outgoing_hooks::find(tx, hook)? {
                Some(_) => store::deliveries::insert(tx, hook, &webhook_id, None, TEST, &attempt),
                None => Ok(()),
            })
            .await
    }
}

/// A hook of a group that sends.
fn sending(db: &Db, chat: ChatId, hook: HookId) -> Result<Sending> {
    let found = store::outgoing_hooks::find(db, hook)?.filter(|sending| sending.chat == chat);
    found.ok_or(Error::NotFound)
}
