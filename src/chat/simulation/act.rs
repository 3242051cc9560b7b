//! What people do: each act is a call of the core's public method, begun and not awaited.

use std::pin::Pin;

use super::super::Chat;
use super::super::admin::{By, UserChange};
use super::super::error::{Error, Result};
use super::super::event::Event;
use super::super::hub::Scope;
use super::super::id::{ChatId, CredentialId, MessageId, Seq, UserId};
use super::super::listen::Listening;
use super::super::message::{self, Draft, MayDelete, Message, Posted};
use super::super::name::{Emoji, IdempotencyKey, MessageText};
use super::super::password::Password;
use super::super::room::{Authority, inside};
use super::super::session::Asker;
use super::super::store;
use super::super::token::Token;
use super::super::user::UserRef;
use super::mutant::{Mutant, planted};
use super::template::group;
use super::world::{Fate, Life, Sent, World};

/// The one emoji that is used.
pub(super) const EMOJI: &str = "👍";
const MAX_TEXT: usize = 1_000_000;
/// Keys are asked for again no later than this after their first use, in milliseconds.
const RESEND: i64 = 20 * 3_600 * 1_000;

/// What a call was, for whoever judges its answer.
#[derive(Debug)]
pub(super) enum What {
    Post {
        sent: usize,
        attempt: usize,
        credential: CredentialId,
    },
    Edit {
        text: String,
    },
    Delete {
        message: MessageId,
    },
    React {
        message: MessageId,
        user: UserId,
    },
    Enter {
        chat: ChatId,
        user: UserId,
    },
    Exit {
        chat: ChatId,
        user: UserId,
    },
    DeleteRoom {
        chat: ChatId,
    },
    Listen {
        login: usize,
        room: usize,
        hangs: bool,
    },
    SignIn {
        person: usize,
        endings: usize,
        must_fail: bool,
    },
    End {
        person: usize,
        logins: Vec<usize>,
    },
    Password {
        person: usize,
        new: String,
        old: Option<String>,
        logins: Vec<usize>,
    },
    /// In the name of a credential that is over.
    Stale,
    Make,
    Other,
}

/// What a call came to.
#[expect(clippy::large_enum_variant, reason = "one at a time, in a test")]
pub(super) enum Done {
    Posted(Result<Posted>),
    Reacted(Result<bool>),
    Opened(Result<Box<Listening>>),
    SignedIn(Result<Token>),
    Made(Result<ChatId>),
    Plain(Result<()>),
}

pub(super) type Call = Pin<Box<dyn Future<Output = Done>>>;

/// A call that is under way.
pub(super) struct Pending {
    pub what: What,
    pub call: Call,
    pub begun: usize,
}

/// Something that somebody begins to do now; `None` if it cannot be done.
pub(super) fn begin(world: &mut World, chat: &Chat) -> Result<Option<Pending>, String> {
    let choice = world.dice.below(100);
    let act = match choice {
        86..88 => sign_in(world, chat),
        92 => set_password(world, chat),
        93 => end_by_operator(world, chat),
        98 => upkeep(world, chat),
        _ => {
            let is_late = choice < 30 && world.dice.chance(25);
            let lives = if is_late { Life::Ending } else { Life::Live };
            let some: Vec<_> = (0..world.logins.len()).filter(|at| world.logins[*at].life == lives).collect();
            let Some(login) = world.dice.pick(&some).copied() else {
                return Ok(sign_in(world, chat).map(|act| begun(world, act)));
            };
            let token = world.logins[login].token.clone();
            let asker = match chat.authenticate(token.as_str()) {
                Ok(asker) => asker,
                // It ended, and nobody was told yet.
                Err(_) if is_late => return Ok(None),
                Err(error) => return Err(format!("login {login} is live, but: {error}")),
            };
            as_somebody(world, chat, choice, login, asker)
        }
    };
    Ok(act.map(|act| begun(world, act)))
}

fn begun(world: &mut World, (label, what, call): Act) -> Pending {
    world.note(label);
    Pending { what, call, begun: world.step }
}

type Act = (String, What, Call);

fn as_somebody(world: &mut World, chat: &Chat, choice: usize, login: usize, asker: Asker) -> Option<Act> {
    let rooms = world.rooms.clone();
    let room = *world.dice.pick(&rooms)?;
    match choice {
        0..30 => Some(post(world, chat, login, asker, room)),
        30..36 => resend(world, chat, login, asker),
        36..53 | 57 => on_message(world, chat, choice, asker),
        53..57 => {
            let (label, chat) = (format!("{} reads {room}", asker.username), chat.clone());
            Some((label, What::Other, Box::pin(async move { plain(chat.mark_read(&asker, room, None).await) })))
        }
        58..74 => moving(world, chat, choice, asker, room),
        74..86 => Some(listen(world, chat, login, asker, room)),
        88..90 => {
            let person = world.logins[login].person;
            end_begins(world, person);
            world.logins[login].life = Life::Ending;
            let (label, chat) = (format!("login {login} of {} signs out", asker.username), chat.clone());
            let call = async move { Done::Plain(chat.sign_out(&asker).await) };
            Some((label, What::End { person, logins: vec![login] }, Box::pin(call)))
        }
        90 => {
            let person = world.logins[login].person;
            let logins = end_all(world, person, None);
            let (label, chat) = (format!("{} signs out everywhere", asker.username), chat.clone());
            let call = async move { Done::Plain(chat.sign_out_everywhere(&asker).await) };
            Some((label, What::End { person, logins }, Box::pin(call)))
        }
        91 => change_password(world, chat, login, asker),
        94..96 => stale(world, chat, room),
        96 => make(world, chat, asker),
        97 => {
            let (label, chat) = (format!("{} deletes room {room}", asker.username), chat.clone());
            let call = async move { Done::Plain(chat.delete_room(&asker, room, Authority::Owner).await) };
            Some((label, What::DeleteRoom { chat: room }, Box::pin(call)))
        }
        _ => direct(world, chat, asker),
    }
}

fn plain<T>(result: Result<T>) -> Done {
    Done::Plain(result.map(drop))
}

fn text(words: &str) -> MessageText {
    MessageText::parse(words, MAX_TEXT).expect("text")
}

fn draft(sent: &Sent) -> Draft {
    Draft::of(text(&sent.text), sent.key.as_deref().and_then(|key| IdempotencyKey::parse(key).ok()))
}

fn post(world: &mut World, chat: &Chat, login: usize, asker: Asker, room: ChatId) -> Act {
    let number = world.sent.len();
    let key = world.dice.chance(60).then(|| format!("k{number}"));
    post_text(world, chat, login, asker, room, format!("d{number}"), key)
}

/// Posts a text that nobody else posts.
pub(super) fn post_text(
    world: &mut World,
    chat: &Chat,
    login: usize,
    asker: Asker,
    room: ChatId,
    text: String,
    key: Option<String>,
) -> Act {
    let number = world.sent.len();
    let person = world.logins[login].person;
    let at = world.now();
    world.sent.push(Sent { person, chat: room, text, key, at, fates: vec![Fate::Open] });
    attempt(world, chat, asker, number)
}

fn attempt(world: &World, chat: &Chat, asker: Asker, sent: usize) -> Act {
    let entry = &world.sent[sent];
    let what = What::Post { sent, attempt: entry.fates.len() - 1, credential: asker.credential };
    let (draft, room, chat) = (draft(entry), entry.chat, chat.clone());
    let label = format!("{} posts d{sent} into {room}, key {:?}", asker.username, entry.key);
    let call: Call = if planted(Mutant::CheckedOutside) && draft.key.is_none() {
        Box::pin(async move { Done::Posted(post_checked_outside(&chat, &asker, room, draft).await) })
    } else if planted(Mutant::CredentialUnchecked) {
        let me = asker.user;
        Box::pin(async move { Done::Posted(chat.store.write(move |tx| message::post(tx, me, room, &draft)).await) })
    } else {
        Box::pin(async move { Done::Posted(chat.post(&asker, room, draft).await) })
    };
    (label, what, call)
}

fn resend(world: &mut World, chat: &Chat, login: usize, asker: Asker) -> Option<Act> {
    let (me, now) = (world.logins[login].person, world.now());
    let may = |sent: &Sent| sent.person == me && sent.key.is_some() && (sent.at - now).abs() < RESEND;
    let mine: Vec<_> = (0..world.sent.len()).filter(|at| may(&world.sent[*at])).collect();
    let sent = *world.dice.pick(&mine)?;
    world.sent[sent].fates.push(Fate::Open);
    Some(attempt(world, chat, asker, sent))
}

fn on_message(world: &mut World, chat: &Chat, choice: usize, asker: Asker) -> Option<Act> {
    let ids = world.sent.iter().flat_map(|sent| &sent.fates).filter_map(|fate| match fate {
        Fate::Stored(id) => Some(*id),
        _ => None,
    });
    let ids: Vec<_> = ids.collect();
    let message = *world.dice.pick(&ids)?;
    let chat = chat.clone();
    let who = asker.username.clone();
    Some(match choice {
        36..42 => {
            let words = format!("e{}", world.edits.len());
            world.edits.insert(words.clone(), true);
            let edited = text(&words);
            let label = format!("{who} edits {message} to {words}");
            let call = async move { Done::Posted(chat.edit(&asker, message, edited).await) };
            (label, What::Edit { text: words }, Box::pin(call))
        }
        42..47 => {
            let call = async move { Done::Plain(chat.delete_message(&asker, message, MayDelete::AuthorOrOwner).await) };
            (format!("{who} deletes {message}"), What::Delete { message }, Box::pin(call))
        }
        _ => {
            let user = asker.user;
            // Two at once by one user would be answered in an order that is not the stored one's to tell.
            if !world.moving.insert((ChatId(-message.0), user)) {
                return None;
            }
            let emoji = Emoji::parse(EMOJI).expect("an emoji");
            let call = async move { Done::Reacted(chat.toggle_reaction(&asker, message, emoji).await) };
            (format!("{who} reacts to {message}"), What::React { message, user }, Box::pin(call))
        }
    })
}

/// Joining, leaving, adding, removing: of one person and chat, one at a time.
fn moving(world: &mut World, chat: &Chat, choice: usize, asker: Asker, room: ChatId) -> Option<Act> {
    let person = world.dice.below(world.people.len());
    let other = world.people[person].id;
    let user = if choice < 65 { asker.user } else { other };
    if !world.moving.insert((room, user)) {
        return None;
    }
    world.places.remove(&(room, user));
    let (chat, who) = (chat.clone(), asker.username.clone());
    Some(match choice {
        58..62 => {
            let call = async move { plain(chat.join(&asker, room).await) };
            (format!("{who} joins {room}"), What::Enter { chat: room, user }, Box::pin(call))
        }
        62..65 => {
            let call = async move { plain(chat.leave(&asker, room).await) };
            (format!("{who} leaves {room}"), What::Exit { chat: room, user }, Box::pin(call))
        }
        65..69 => {
            let call = async move { plain(chat.add_members(&asker, room, vec![user]).await) };
            (format!("{who} adds {user} to {room}"), What::Enter { chat: room, user }, Box::pin(call))
        }
        _ => {
            let call = async move { plain(chat.remove_member(&asker, room, user).await) };
            (format!("{who} removes {user} from {room}"), What::Exit { chat: room, user }, Box::pin(call))
        }
    })
}

fn listen(world: &mut World, chat: &Chat, login: usize, asker: Asker, room: ChatId) -> Act {
    let people = world.people.len();
    let other = world.people[world.dice.below(people)].id;
    let scope = match world.dice.below(10) {
        0..4 => Scope::Chat(room),
        4 => Scope::Pair(other),
        _ => Scope::All,
    };
    let room = match world.dice.below(10) {
        0..6 => usize::MAX,
        6..9 => world.dice.below(4),
        _ => 0,
    };
    let hangs = world.dice.chance(10);
    listen_at(chat, login, asker, scope, room, hangs)
}

/// Opens a socket whose connection takes `room` events before it is full.
pub(super) fn listen_at(chat: &Chat, login: usize, asker: Asker, scope: Scope, room: usize, hangs: bool) -> Act {
    let label = format!("login {login} of {} listens to {scope:?}, room for {room}", asker.username);
    let chat = chat.clone();
    let call = async move { Done::Opened(chat.listen(&asker, scope).await.map(Box::new)) };
    (label, What::Listen { login, room, hangs }, Box::pin(call))
}

fn end_begins(world: &mut World, person: usize) {
    world.people[person].endings += 1;
    world.people[person].ending_now += 1;
}

/// All of somebody's credentials but one are about to end.
fn end_all(world: &mut World, person: usize, kept: Option<usize>) -> Vec<usize> {
    end_begins(world, person);
    let mut ending = world.logins_of(person, Life::Live);
    ending.retain(|login| Some(*login) != kept);
    for login in &ending {
        world.logins[*login].life = Life::Ending;
    }
    ending
}

fn change_password(world: &mut World, chat: &Chat, login: usize, asker: Asker) -> Option<Act> {
    let person = world.logins[login].person;
    if world.people[person].is_changing {
        return None;
    }
    let old = world.people[person].password.take()?;
    world.people[person].is_changing = true;
    let new = format!("password {}", world.step);
    let logins = end_all(world, person, Some(login));
    let (chat, before, after) = (chat.clone(), Password::attempt(&old), Password::attempt(&new));
    let label = format!("login {login} of {} changes the password to {new:?}", asker.username);
    let call = async move { Done::Plain(chat.change_password(&asker, before, after).await) };
    Some((label, What::Password { person, new, old: Some(old), logins }, Box::pin(call)))
}

fn set_password(world: &mut World, chat: &Chat) -> Option<Act> {
    let person = world.dice.below(world.people.len());
    if world.people[person].is_changing {
        return None;
    }
    let old = world.people[person].password.take();
    world.people[person].is_changing = true;
    let new = format!("password {}", world.step);
    let logins = end_all(world, person, None);
    let (chat, after, user) = (chat.clone(), Password::attempt(&new), world.people[person].id);
    let label = format!("the operator sets the password of {} to {new:?}", world.people[person].name);
    let call = async move { Done::Plain(chat.set_password(user, after).await) };
    Some((label, What::Password { person, new, old, logins }, Box::pin(call)))
}

/// Disables somebody and lets them in again, or ends their sessions.
fn end_by_operator(world: &mut World, chat: &Chat) -> Option<Act> {
    let person = world.dice.below(world.people.len());
    let logins = end_all(world, person, None);
    let (chat, user, name) = (chat.clone(), world.people[person].id, world.people[person].name);
    if world.dice.chance(50) {
        let call = async move { Done::Plain(chat.end_sessions_of(&By::CommandLine, user).await) };
        return Some((
            format!("the operator ends the sessions of {name}"),
            What::End { person, logins },
            Box::pin(call),
        ));
    }
    let call = async move {
        let change = |is_disabled| UserChange { is_disabled: Some(is_disabled), is_admin: None };
        let disabled = chat.change_user(&By::CommandLine, user, change(true)).await;
        Done::Plain(match disabled {
            Ok(_) => chat.change_user(&By::CommandLine, user, change(false)).await.map(drop),
            Err(error) => Err(error),
        })
    };
    Some((format!("the operator disables {name} and enables them"), What::End { person, logins }, Box::pin(call)))
}

fn sign_in(world: &mut World, chat: &Chat) -> Option<Act> {
    let person = world.dice.below(world.people.len());
    let somebody = &world.people[person];
    let right = somebody.password.clone().filter(|_| somebody.ending_now == 0)?;
    let (name, endings) = (somebody.name, somebody.endings);
    let must_fail = world.dice.chance(20);
    let password = if must_fail { Password::attempt("an old one") } else { Password::attempt(&right) };
    let (chat, login) = (chat.clone(), [name.to_owned()]);
    let call = async move {
        Done::SignedIn(match chat.check_password(&login, password).await {
            Ok(who) => chat.sign_in(who).await,
            Err(error) => Err(error),
        })
    };
    let label = format!("{name} signs in, with the wrong password: {must_fail}");
    Some((label, What::SignIn { person, endings, must_fail }, Box::pin(call)))
}

/// Tries a token that is over, and acts in the name of whom it was.
fn stale(world: &mut World, chat: &Chat, room: ChatId) -> Option<Act> {
    let dead: Vec<_> = (0..world.logins.len()).filter(|at| world.logins[*at].life == Life::Dead).collect();
    let login = *world.dice.pick(&dead)?;
    let (chat, token) = (chat.clone(), world.logins[login].token.clone());
    let call = async move {
        Done::Plain(match chat.authenticate(token.as_str()) {
            Ok(asker) => chat.mark_read(&asker, room, None).await.map(drop),
            Err(error) => Err(error),
        })
    };
    Some((format!("login {login} is over and tries again"), What::Stale, Box::pin(call)))
}

fn make(world: &mut World, chat: &Chat, asker: Asker) -> Option<Act> {
    if world.rooms.len() >= 4 {
        return None;
    }
    let people = world.people.len();
    let other = world.people[world.dice.below(people)].id;
    let (chat, label) = (chat.clone(), format!("{} makes a group with {other}", asker.username));
    let call =
        async move { Done::Made(chat.create_group(&asker, group("more", vec![other])).await.map(|room| room.id)) };
    Some((label, What::Make, Box::pin(call)))
}

fn direct(world: &mut World, chat: &Chat, asker: Asker) -> Option<Act> {
    let people = world.people.len();
    let other = world.people[world.dice.below(people)].id;
    let (chat, label) = (chat.clone(), format!("{} hides or opens the chat with {other}", asker.username));
    let hides = world.dice.chance(40);
    let call = async move {
        Done::Made(match chat.open_direct(&asker, UserRef::Id(other)).await {
            Ok((room, _)) if hides => chat.hide_direct(&asker, room.id).await.map(|()| room.id),
            Ok((room, _)) => Ok(room.id),
            Err(error) => Err(error),
        })
    };
    Some((label, What::Make, Box::pin(call)))
}

fn upkeep(_: &mut World, chat: &Chat) -> Option<Act> {
    let chat = chat.clone();
    let call = async move { Done::Plain(chat.forget_expired().await) };
    Some(("upkeep".into(), What::Other, Box::pin(call)))
}

/// A planted bug: as `Chat::post`, but who may is asked before the transaction.
async fn post_checked_outside(chat: &Chat, asker: &Asker, room: ChatId, draft: Draft) -> Result<Posted> {
    let me = asker.user;
    let sender = chat.store.read(|db| {
        inside(db, me, room)?;
        store::users::find(db, me)?.ok_or(Error::NotFound)
    })?;
    chat.by(asker)
        .write(move |tx| {
            let id = tx.next_message();
            let message = Message {
                id,
                chat: room,
                seq: Seq(id.0),
                sender,
                text: draft.text.as_str().to_owned(),
                reply_to: None,
                attachments: Vec::new(),
                reactions: Vec::new(),
                created_at: tx.now,
                updated_at: tx.now,
                is_edited: false,
            };
            store::messages::insert(tx, &message)?;
            tx.publish(Event::MessagePosted { message: message.clone(), pair: None, key: None });
            Ok(Posted { message, pair: None, marks: Vec::new(), is_new: true })
        })
        .await
}
