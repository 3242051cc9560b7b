//! Who is there to be written to: everybody, and everybody in a chat.

use super::app::App;
use super::group::inside;
use super::model::error::Result;
use super::model::id::{ChatId, MemberId};
use super::model::member::Seen;
use super::model::name::rule::fold;
use super::model::session::Actor;
use super::model::user::{Person, PersonPlace};
use super::store;

/// So many who are there are looked up one by one; of more, the list by name is walked.
const FEW: usize = 1_000;

impl App {
    /// Everybody but the actor who can sign in: those who are there first, each part by name,
    /// from behind a place on; with `part`, those who have it in their names. One more than
    /// `limit` where there are more.
    pub async fn people(
        &self,
        actor: &Actor,
        part: &str,
        after: Option<PersonPlace>,
        limit: u32,
    ) -> Result<Vec<Person>> {
        let (me, part, present) = (actor.user, fold(part.trim()), self.hub.present());
        let wanted = limit as usize + 1;
        self.store
            .scan_for(me, move |db| {
                let (mut found, mut start) = (Vec::new(), after);
                if start.as_ref().is_none_or(|place| place.is_online) {
                    let is_wanted = |person: &Person| present.contains(&person.user.id) && person.user.id != me;
                    found = if present.len() > FEW {
                        store::people::by_name(db, &part, start.as_ref(), wanted, is_wanted)?
                    } else {
                        store::people::among(db, &present, &part, start.as_ref(), wanted, is_wanted)?
                    };
                    found.iter_mut().for_each(|person| person.is_online = true);
                    start = None;
                }
                if found.len() < wanted {
                    let is_wanted = |person: &Person| !present.contains(&person.user.id) && person.user.id != me;
                    let rest = wanted - found.len();
                    found.extend(store::people::by_name(db, &part, start.as_ref(), rest, is_wanted)?);
                }
                Ok(found)
            })
            .await
    }

    /// Who is in a chat that the actor is in, the longest standing first, from above one on;
    /// with `part`, those who have it in their names. One more than `limit` where there are more.
    pub async fn members_named(
        &self,
        actor: &Actor,
        chat: ChatId,
        part: &str,
        above: MemberId,
        limit: u32,
    ) -> Result<Vec<Seen>> {
        let (me, part) = (actor.user, fold(part.trim()));
        let found = self
            .store
            .scan_for(me, move |db| {
                inside(db, me, chat)?;
                store::members::named(db, chat, &part, above, limit.saturating_add(1))
            })
            .await?;
        let present = self.hub.present_among(found.iter().map(|(member, _)| member.user.id));
        let seen = found.into_iter().map(|(member, last_seen)| {
            let is_online = present.contains(&member.user.id);
            Seen { member, is_online, last_seen }
        });
        Ok(seen.collect())
    }
}
