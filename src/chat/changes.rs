//! Catching up: everything that changed in one's chats since a number.

use super::Chat;
use super::error::Result;
use super::id::{ChatId, MessageId, Seq};
use super::message::Message;
use super::receipt::ReadMark;
use super::session::Asker;
#[cfg(test)]
use super::simulation::mutant::{Mutant, current, planted};
use super::store;

/// Changes on one page. In unit tests few, so that there are second pages.
pub const MAX_CHANGES: u32 = if cfg!(test) { 4 } else { 200 };

/// A page of changes, in the order of their numbers.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Ask on from here.
    pub seq: Seq,
    /// Whether there is more right now.
    pub more: bool,
    /// What changed, oldest change first.
    pub items: Vec<Change>,
}

/// One message's newest change.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is new, or was edited, or got reactions: as it is now, with its chat's read marks.
    Message(Box<Message>, Vec<ReadMark>),
    /// It was deleted.
    Deleted {
        /// Which.
        id: MessageId,
        /// Where it stood.
        chat: ChatId,
        /// The change's number.
        seq: Seq,
    },
}

impl Change {
    /// The change's number.
    #[must_use]
    pub fn seq(&self) -> Seq {
        match self {
            Self::Message(message, _) => message.seq,
            Self::Deleted { seq, .. } => *seq,
        }
    }
}

impl Chat {
    /// What changed in the asker's chats after `since` and up to `upto`, a page of it.
    pub async fn changes(&self, asker: &Asker, since: Seq, upto: Option<Seq>) -> Result<Changes> {
        let me = asker.user;
        #[cfg(test)]
        let (since, bug) = (Seq(since.0 + i64::from(planted(Mutant::BoundSkipped))), current());
        self.store
            .scan(move |db| {
                let newest = store::changes::newest(db)?;
                let upto = upto.map_or(newest, |upto| upto.min(newest));
                let mut found = store::changes::of_user(db, me, since, upto, MAX_CHANGES + 1)?;
                let more = found.len() > MAX_CHANGES as usize;
                found.truncate(MAX_CHANGES as usize);
                #[cfg(test)]
                let more = more && bug != Some(Mutant::PageCutShort);
                #[cfg(test)]
                if bug == Some(Mutant::WaitingMissed) {
                    store::simulated::miss_waiting(db, &mut found);
                }
                let seq = found.last().filter(|_| more).map_or(upto.max(since), |(seq, _)| *seq);
                let items = store::changes::load(db, me, found.into_iter().map(|(_, place)| place))?;
                Ok(Changes { seq, more, items })
            })
            .await
    }
}
