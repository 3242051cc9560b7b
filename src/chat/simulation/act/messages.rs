//! Posting, sending again, editing, deleting, reacting.

use super::{Act, Done, EMOJI, Operation, What, files};
use crate::chat::app::App;
use crate::chat::message::MayDelete;
use crate::chat::model::id::ChatId;
use crate::chat::model::message::Draft;
use crate::chat::model::name::{Emoji, IdempotencyKey, MessageText};
use crate::chat::model::session::Actor;
use crate::chat::simulation::world::{Fate, Sent, World};

const MAX_TEXT: usize = 1_000_000;
/// Keys are asked for again no later than this after their first use, in milliseconds.
const RESEND: i64 = 20 * 3_600 * 1_000;

fn text(words: &str) -> MessageText {
    MessageText::parse(words, MAX_TEXT).expect("text")
}

fn draft(world: &World, sent: &Sent) -> Draft {
    let ids = sent.files.iter().filter_map(|file| world.files[*file].file.as_ref());
    let attachments = ids.map(|file| file.id).collect();
    let key = sent.key.as_deref().and_then(|key| IdempotencyKey::parse(key).ok());
    Draft { attachments, ..Draft::of(text(&sent.text), key) }
}

pub(super) fn post(world: &mut World, app: &App, login: usize, actor: Actor, room: ChatId) -> Act {
    let number = world.sent.len();
    let key = world.dice.chance(60).then(|| format!("k{number}"));
    let files = files::some(world, world.logins[login].person);
    send(world, app, login, actor, room, (format!("d{number}"), key, files))
}

/// Posts a text that nobody else posts.
pub(in crate::chat::simulation) fn post_text(
    world: &mut World,
    app: &App,
    login: usize,
    actor: Actor,
    room: ChatId,
    text: String,
) -> Act {
    send(world, app, login, actor, room, (text, None, Vec::new()))
}

fn send(
    world: &mut World,
    app: &App,
    login: usize,
    actor: Actor,
    room: ChatId,
    (text, key, files): (String, Option<String>, Vec<usize>),
) -> Act {
    let number = world.sent.len();
    let person = world.logins[login].person;
    let at = world.now();
    world.sent.push(Sent { person, chat: room, text, key, files, at, fates: vec![Fate::Open] });
    attempt(world, app, actor, number)
}

fn attempt(world: &World, app: &App, actor: Actor, sent: usize) -> Act {
    let entry = &world.sent[sent];
    let what = What::Post { sent, attempt: entry.fates.len() - 1, credential: actor.credential };
    let (draft, room, app) = (draft(world, entry), entry.chat, app.clone());
    let label = format!("{} posts d{sent} into {room}, key {:?}, files {:?}", actor.username, entry.key, entry.files);
    let operation: Operation = Box::pin(async move { Done::Posted(app.post(&actor, room, draft).await) });
    (label, what, operation)
}

pub(super) fn resend(world: &mut World, app: &App, login: usize, actor: Actor) -> Option<Act> {
    let (me, now) = (world.logins[login].person, world.now());
    let may = |sent: &Sent| sent.person == me && sent.key.is_some() && (sent.at - now).abs() < RESEND;
    let mine: Vec<_> = (0..world.sent.len()).filter(|at| may(&world.sent[*at])).collect();
    let sent = *world.dice.pick(&mine)?;
    world.sent[sent].fates.push(Fate::Open);
    Some(attempt(world, app, actor, sent))
}

pub(super) fn on_message(world: &mut World, app: &App, choice: usize, actor: Actor) -> Option<Act> {
    let ids = world.sent.iter().flat_map(|sent| &sent.fates).filter_map(|fate| match fate {
        Fate::Stored(id) => Some(*id),
        _ => None,
    });
    let ids: Vec<_> = ids.collect();
    let message = *world.dice.pick(&ids)?;
    let app = app.clone();
    let who = actor.username.clone();
    Some(match choice {
        36..42 => {
            let words = format!("e{}", world.edits.len());
            world.edits.insert(words.clone(), true);
            let edited = text(&words);
            let label = format!("{who} edits {message} to {words}");
            let operation = async move { Done::Posted(app.edit(&actor, message, edited).await) };
            (label, What::Edit { text: words }, Box::pin(operation))
        }
        42..47 => {
            let operation =
                async move { Done::Plain(app.delete_message(&actor, message, MayDelete::AuthorOrOwner).await) };
            (format!("{who} deletes {message}"), What::Delete { message }, Box::pin(operation))
        }
        _ => {
            let user = actor.user;
            // Two at once by one user would be answered in an order that is not the stored one's to tell.
            if !world.moving.insert((ChatId(-message.0), user)) {
                return None;
            }
            let emoji = Emoji::parse(EMOJI).expect("an emoji");
            let operation = async move { Done::Reacted(app.toggle_reaction(&actor, message, emoji).await) };
            (format!("{who} reacts to {message}"), What::React { message, user }, Box::pin(operation))
        }
    })
}
