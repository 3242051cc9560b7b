//! What people do beside searching.

use std::sync::atomic::Ordering;

use super::question::DAY;
use super::{Stage, World};
use crate::chat::app::App;
use crate::chat::message::MayDelete;
use crate::chat::model::chat::{Authority, ChatChange};
use crate::chat::model::error::Result;
use crate::chat::model::id::{ChatId, FileId};
use crate::chat::model::message::Draft;
use crate::chat::model::name::MessageText;
use crate::chat::model::retention::RetentionOverride;
use crate::chat::model::session::Actor;
use crate::chat::model::user::UserRef;
use crate::chat::simulation::template::group;
use crate::chat::store;

const TITLES: &[&str] = &["Book club", "7", "Ёжики", "den"];
const FILE_NAMES: &[&str] = &["Report tea.pdf", "東京.png", "cafe\u{301}_work", "x"];
/// The first bytes of a picture.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

impl World {
    /// Somebody does something else than searching, if they may.
    pub async fn act(&mut self, stage: &Stage) {
        let who = self.dice.below(stage.actors.len());
        let (app, actor) = (&stage.app, &stage.actors[who]);
        let name = self.people[who].1;
        let chat = *self.dice.pick(&self.chats).expect("the den");
        let other = self.people[self.dice.below(self.people.len())];
        let (label, done) = match self.dice.below(60) {
            0..30 => return self.say(app, who, actor, chat).await,
            30..38 => return self.change(app, actor).await,
            38..42 => (format!("{name} joins"), app.join(actor, chat).await.map(drop)),
            42..44 => (format!("{name} leaves"), app.leave(actor, chat).await),
            44..47 => (format!("{name} adds {}", other.1), app.add_members(actor, chat, vec![other.0]).await.map(drop)),
            47 => (format!("{name} removes {}", other.1), app.remove_member(actor, chat, other.0).await),
            48..50 if self.chats.len() < 7 => {
                let title = *self.dice.pick(TITLES).expect("some");
                let made = app.create_group(actor, group(title, vec![other.0])).await;
                self.chats.extend(made.iter().map(|chat| chat.id));
                (format!("{name} makes {title}"), made.map(drop))
            }
            50 if self.dice.chance(40) => {
                (format!("{name} deletes chat {chat}"), app.delete_chat(actor, chat, Authority::Owner).await)
            }
            51 => {
                let title = self.dice.pick(TITLES).map(|title| (*title).to_owned());
                let change = ChatChange { title, ..ChatChange::default() };
                (
                    format!("{name} renames {chat}"),
                    app.change_chat(actor, chat, change, Authority::Admin).await.map(drop),
                )
            }
            52..56 => {
                let opened = app.open_direct(actor, UserRef::Id(other.0)).await;
                let opened = opened.map(|(chat, _)| chat.id);
                self.chats.extend(opened.iter().filter(|chat| !self.chats.contains(chat)).copied().collect::<Vec<_>>());
                match opened {
                    Ok(chat) if self.dice.chance(40) => {
                        (format!("{name} hides {chat}"), app.hide_direct(actor, chat).await)
                    }
                    other => (format!("{name} opens a chat"), other.map(drop)),
                }
            }
            56 => {
                self.time.fetch_add(DAY, Ordering::Relaxed);
                let days = RetentionOverride::Days(1 + u32::try_from(self.dice.below(3)).expect("few"));
                let kept = app.store.write(move |tx| store::retention::set_term(tx, chat, days)).await;
                kept.expect("kept");
                (format!("{days:?}: so many days are kept in {chat}"), app.retain().await)
            }
            _ => {
                let hours = 1 + i64::try_from(self.dice.below(30)).expect("few");
                self.time.fetch_add(hours * 3_600_000, Ordering::Relaxed);
                (format!("{hours} hours pass"), Ok(()))
            }
        };
        self.note(format!("{label}: {}", said(&done)));
    }

    async fn say(&mut self, app: &App, who: usize, actor: &Actor, chat: ChatId) {
        let mut draft = Draft::of(message_text(&self.words.text(&mut self.dice)), None);
        if self.has_files && self.dice.chance(25) {
            draft.attachments.extend(self.upload(app, actor).await);
        }
        let label = format!("{} says {:?} in {chat}", self.people[who].1, draft.text.as_str());
        let with = if draft.attachments.is_empty() { "" } else { " with a file" };
        let done = app.post(actor, chat, draft).await;
        self.messages.extend(done.iter().map(|posted| (posted.message.id, who)));
        self.note(format!("{label}{with}: {}", said(&done)));
    }

    async fn upload(&mut self, app: &App, actor: &Actor) -> Option<FileId> {
        let mut upload = app.begin_upload(actor).await.ok()?;
        upload.write(if self.dice.chance(50) { PNG } else { b"words" }).await.ok()?;
        Some(upload.finish(self.dice.pick(FILE_NAMES)?).await.ok()?.id)
    }

    /// Somebody changes what they said, or takes it back.
    async fn change(&mut self, app: &App, somebody: &Actor) {
        let Some((message, _)) = self.dice.pick(&self.messages).copied() else { return };
        let (label, done) = if self.dice.chance(60) {
            let text = self.words.text(&mut self.dice);
            (format!("edits {message} to {text:?}"), app.edit(somebody, message, message_text(&text)).await.map(drop))
        } else {
            let needs = MayDelete::AuthorOrOwner;
            (format!("deletes message {message}"), app.delete_message(somebody, message, needs).await)
        };
        self.note(format!("{} {label}: {}", somebody.username, said(&done)));
    }
}

fn message_text(text: &str) -> MessageText {
    MessageText::parse(text, 1_000).expect("text")
}

fn said<T>(done: &Result<T>) -> String {
    done.as_ref().map_or_else(|error| format!("{error:?}"), |_| "done".into())
}
