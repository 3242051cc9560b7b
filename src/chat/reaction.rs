//! Reactions: an emoji that one puts on a message, or takes back.

use super::app::App;
use super::model::error::{Error, Result, Rule};
use super::model::event::Event;
use super::model::id::MessageId;
use super::model::message::MAX_EMOJI_ON_MESSAGE;
use super::model::name::Emoji;
use super::model::session::Actor;
use super::store;

impl App {
    /// Puts an emoji on a message, or takes one's own back. `true`: it is there now.
    pub async fn toggle_reaction(&self, actor: &Actor, id: MessageId, emoji: Emoji) -> Result<bool> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let message = store::messages::find(tx, me, id)?.ok_or(Error::NotFound)?;
                let added = !store::reactions::delete(tx, id, me, &emoji)?;
                if added {
                    let known = message.reactions.iter().any(|reaction| reaction.emoji == emoji.as_str());
                    if !known && message.reactions.len() >= MAX_EMOJI_ON_MESSAGE {
                        return Err(Error::Invalid(Rule::Reactions));
                    }
                    store::reactions::insert(tx, id, me, &emoji)?;
                }
                let seq = tx.next_seq();
                store::reactions::count(tx, id, if added { 1 } else { -1 }, seq)?;
                let reactions = store::reactions::of_message(tx, id)?;
                let cleared_by = store::members::cleared_by(tx, message.chat, id)?;
                tx.publish(Event::ReactionsChanged { chat: message.chat, message: id, reactions, cleared_by, seq });
                Ok(added)
            })
            .await
    }
}
