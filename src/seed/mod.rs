//! Believable worlds, for whoever writes or tries a client: people, chats, weeks of talk.
//!
//! [`Plan`] decides everything from a number; [`run`] does it, each thing by the person
//! and at the time that the plan says, through the same operations that a request goes
//! through. So nothing here is anything that the rules forbid. Only the clock is moved.

mod conversation;
mod people;
mod picture;
mod plan;
mod talk;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::chat::App;
use crate::chat::model::chat::NewGroup;
use crate::chat::model::error::{Error, Result};
use crate::chat::model::id::{ChatId, FileId, MessageId};
use crate::chat::model::message::{Draft, MAX_MESSAGE};
use crate::chat::model::name::rule::Violation;
use crate::chat::model::name::{Email, Emoji, MessageText, Username};
use crate::chat::model::password::Password;
use crate::chat::model::session::Actor;
use crate::chat::model::time::{Clock, Timestamp};
use crate::chat::model::user::{NewUser, ProfileChange, UserRef};
use plan::{Action, Room, Step};
pub use plan::{Plan, Size};

/// Names that are tried for one person where others are taken.
const MAX_TRIES: u32 = 10_000;

/// A clock that stands until it is set.
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Set to a moment.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(moment.0)))
    }

    #[must_use]
    pub fn clock(&self) -> Clock {
        let Self(now) = self.clone();
        Clock::new(move || Timestamp(now.load(Ordering::Relaxed)))
    }

    fn set(&self, moment: Timestamp) {
        self.0.store(moment.0, Ordering::Relaxed);
    }
}

/// Does what is planned, one thing after the other, and tells after each. Returns the
/// usernames of whom it made. `hands` are those of the chat's clock.
pub async fn run(
    app: &App,
    hands: &ManualClock,
    plan: Plan,
    password: &Password,
    mut done: impl FnMut(),
) -> Result<Vec<Username>> {
    let Plan { people, rooms, steps } = plan;
    let mut world = Progress {
        app,
        password,
        people: &people,
        rooms: &rooms,
        actors: Vec::new(),
        chats: vec![ChatId(0); rooms.len()],
        messages: Vec::new(),
    };
    for Step { at, what } in steps {
        hands.set(at);
        world.happens(what).await?;
        done();
    }
    for actor in &world.actors {
        app.sign_out(actor).await?;
    }
    Ok(world.actors.into_iter().map(|actor| actor.username).collect())
}

/// What came of the plan so far.
struct Progress<'a> {
    app: &'a App,
    password: &'a Password,
    people: &'a [people::Newcomer],
    rooms: &'a [Room],
    actors: Vec<Actor>,
    chats: Vec<ChatId>,
    messages: Vec<MessageId>,
}

impl Progress<'_> {
    async fn happens(&mut self, what: Action) -> Result<()> {
        let app = self.app;
        match what {
            Action::Arrive(person) => return self.arrive(person).await,
            Action::Open(room) => return self.open(room).await,
            Action::Say { room, by, text, reply_to, picture } => {
                return self.say((room, by), &text, reply_to, picture).await;
            }
            Action::Befriend(one, other) => {
                app.add_friend(&self.actors[one], self.actors[other].username.as_str()).await.map(drop)
            }
            Action::Publish { by, title, content } => {
                app.publish_post(&self.actors[by], title, content).await.map(drop)
            }
            Action::Edit { by, message, text } => {
                app.edit(&self.actors[by], self.messages[message], words(&text)?).await.map(drop)
            }
            Action::React { by, message, emoji } => {
                let emoji = Emoji::parse(emoji).map_err(unlawful)?;
                app.toggle_reaction(&self.actors[by], self.messages[message], emoji).await.map(drop)
            }
            Action::Read { by, room } => app.mark_read(&self.actors[by], self.chats[room], None).await.map(drop),
        }
    }

    async fn arrive(&mut self, person: usize) -> Result<()> {
        let newcomer = &self.people[person];
        let username = self.register(&newcomer.username, &newcomer.display_name).await?;
        let token = self.app.sign_in(self.app.user_by_login(username.as_str())?).await?;
        let actor = self.app.authenticate(token.as_str())?;
        let change = ProfileChange { bio: Some(newcomer.bio.clone()), ..ProfileChange::default() };
        self.app.change_profile(&actor, change).await?;
        self.actors.push(actor);
        Ok(())
    }

    /// Under the planned name, or the first free one like it.
    async fn register(&self, name: &str, display_name: &str) -> Result<Username> {
        for number in 1..=MAX_TRIES {
            let name = if number == 1 { name.to_owned() } else { format!("{name}{number}") };
            let new = NewUser {
                username: Username::parse(&name).map_err(unlawful)?,
                email: Some(Email::parse(&format!("{name}@example.org")).map_err(unlawful)?),
                password: self.password.clone(),
                display_name: Some(display_name.to_owned()),
                is_admin: false,
            };
            match self.app.create_user(new).await {
                Err(Error::UsernameTaken | Error::EmailTaken) => {}
                made => return made.map(|account| account.user.username),
            }
        }
        Err(Error::UsernameTaken)
    }

    async fn open(&mut self, room: usize) -> Result<()> {
        let Room { members, group, .. } = &self.rooms[room];
        let ids: Vec<_> = members.iter().map(|member| self.actors[*member].user).collect();
        let (owner, others) = (&self.actors[members[0]], &ids[1..]);
        self.chats[room] = match group {
            None => self.app.open_direct(owner, UserRef::Id(others[0])).await?.0.id,
            Some((title, description, is_public)) => {
                let new = NewGroup {
                    title: title.clone(),
                    description: description.clone(),
                    is_private: !is_public,
                    max_members: None,
                    members: others.to_vec(),
                };
                self.app.create_group(owner, new).await?.id
            }
        };
        Ok(())
    }

    async fn say(
        &mut self,
        (room, by): (usize, usize),
        text: &str,
        reply_to: Option<usize>,
        picture: Option<u64>,
    ) -> Result<()> {
        let actor = &self.actors[by];
        let mut draft = Draft::of(words(text)?, None);
        draft.reply_to = reply_to.map(|message| self.messages[message]);
        if let Some(number) = picture {
            draft.attachments.push(self.upload(actor, number).await?);
        }
        let posted = self.app.post(actor, self.chats[room], draft).await?;
        self.messages.push(posted.message.id);
        Ok(())
    }

    async fn upload(&self, actor: &Actor, number: u64) -> Result<FileId> {
        let bytes = picture::png(number).map_err(|cause| {
            tracing::error!(%cause, "a picture was not drawn");
            Error::Internal
        })?;
        let mut upload = self.app.begin_upload(actor).await?;
        upload.write(&bytes).await?;
        Ok(upload.finish(&format!("picture-{}.png", number % 1_000)).await?.id)
    }
}

fn words(text: &str) -> Result<MessageText> {
    MessageText::parse_filled(text, MAX_MESSAGE).map_err(unlawful)
}

/// The grammars hold nothing that a rule forbids; should one, it is our fault.
fn unlawful(Violation(sentence): Violation) -> Error {
    tracing::error!(sentence, "something that was to be said breaks a rule");
    Error::Internal
}
