//! How people want to be told of what happens in their chats.

use super::app::App;
use super::group::inside;
use super::model::error::{Error, Result};
use super::model::event::{ChatEvent, Event};
use super::model::id::ChatId;
use super::model::notify::{ChatNotify, NotifyChange};
use super::model::quiet::{NotifySettings, NotifySettingsChange};
use super::model::session::Actor;
use super::store;

impl App {
    /// How the actor wants to be told, in whichever chat.
    pub fn notify_settings(&self, actor: &Actor) -> Result<NotifySettings> {
        self.store.read(|db| store::notify::find(db, actor.user))
    }

    /// Changes how the actor wants to be told.
    pub async fn change_notify_settings(&self, actor: &Actor, change: NotifySettingsChange) -> Result<NotifySettings> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let before = store::notify::find(tx, me)?;
                let settings = NotifySettings {
                    quiet: change.quiet.unwrap_or(before.quiet),
                    preview: change.preview.unwrap_or(before.preview),
                };
                store::notify::set(tx, me.0, &settings)?;
                Ok(settings)
            })
            .await
    }

    /// Changes how the actor is told of what happens in a chat, for all of their devices.
    pub async fn change_chat_notify(&self, actor: &Actor, chat: ChatId, change: NotifyChange) -> Result<ChatNotify> {
        self.check_pace(actor)?;
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| {
                let room = inside(tx, me, chat)?;
                let before = room.membership.ok_or(Error::NotMember)?;
                let level = change.level.unwrap_or(before.level);
                let mute = change.muted_until.unwrap_or(before.mute).filter(|mute| mute.holds(tx.now));
                if (level, mute) != (before.level, before.mute) {
                    store::members::set_notify(tx, chat, me, level, mute)?;
                    tx.publish(Event::Chat(ChatEvent::OwnPartChanged { chat, user: me }));
                }
                Ok(ChatNotify::new(level, mute, room.member_count, tx.now))
            })
            .await
    }
}
