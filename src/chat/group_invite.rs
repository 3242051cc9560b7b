//! Invitations into a group, for people who have an account.

use super::app::App;
use super::group::inside;
use super::member::join_as_guest;
use super::model::chat::Authority;
use super::model::error::{Error, Result};
use super::model::id::{ChatId, InviteId};
use super::model::invite::{GroupInvite, MAX_GROUP_INVITES, NewGroupInvite};
use super::model::session::Actor;
use super::model::token::{Keys, secret_hash};
use super::store::{self, group_invites::GroupInviteRow};

impl App {
    /// Makes an invitation into a group, as one of its admins.
    pub async fn invite_into(&self, actor: &Actor, chat: ChatId, new: NewGroupInvite) -> Result<GroupInvite> {
        self.check_pace(actor)?;
        let (me, keys) = (actor.user, self.keys.clone());
        self.authorized(actor)
            .write(move |tx| {
                Authority::Admin.check(&inside(tx, me, chat)?, me)?;
                store::group_invites::delete_dead(tx, chat)?;
                if store::group_invites::count(tx, chat)? >= i64::from(MAX_GROUP_INVITES) {
                    return Err(Error::LimitReached { what: "invitations into a chat", max: MAX_GROUP_INVITES });
                }
                let mut made = GroupInviteRow {
                    id: InviteId(0),
                    nonce: rand::random::<[u8; 16]>().to_vec(),
                    uses_left: new.uses,
                    created_by: me,
                    created_at: tx.now,
                    expires_at: tx.now.plus(new.life),
                };
                let hash = secret_hash(keys.group_invite_code(&made.nonce).as_str());
                made.id = store::group_invites::insert(tx, chat, &made, &hash)?;
                Ok(shown(&keys, made))
            })
            .await
    }

    /// The invitations into a group that work, for its admins: the newest first, below one.
    pub fn invites_into(&self, actor: &Actor, chat: ChatId, below: InviteId, limit: u32) -> Result<Vec<GroupInvite>> {
        let (me, now) = (actor.user, self.clock.now());
        let kept = self.store.read(|db| {
            Authority::Admin.check(&inside(db, me, chat)?, me)?;
            store::group_invites::of_chat(db, chat, now, below, limit)
        })?;
        Ok(kept.into_iter().map(|kept| shown(&self.keys, kept)).collect())
    }

    /// Takes one back, as an admin of its group.
    pub async fn revoke_invite_into(&self, actor: &Actor, chat: ChatId, code: &str) -> Result<()> {
        let (me, hash) = (actor.user, secret_hash(code));
        self.authorized(actor)
            .write(move |tx| {
                Authority::Admin.check(&inside(tx, me, chat)?, me)?;
                if store::group_invites::delete(tx, chat, &hash)? { Ok(()) } else { Err(Error::NotFound) }
            })
            .await
    }

    /// Joins the group that a code leads into. Who is in it already takes no use of it.
    pub async fn join_by(&self, actor: &Actor, code: &str) -> Result<ChatId> {
        self.check_pace(actor)?;
        let (me, hash) = (actor.user, secret_hash(code));
        self.authorized(actor)
            .write(move |tx| {
                let (invite, chat) = store::group_invites::find(tx, &hash, tx.now)?.ok_or(Error::NotFound)?;
                if !store::members::is_member(tx, chat, me)? {
                    join_as_guest(tx, chat, me)?;
                    store::group_invites::take_use(tx, invite)?;
                }
                Ok(chat)
            })
            .await
    }
}

fn shown(keys: &Keys, kept: GroupInviteRow) -> GroupInvite {
    GroupInvite {
        id: kept.id,
        code: keys.group_invite_code(&kept.nonce),
        uses_left: kept.uses_left,
        created_by: kept.created_by,
        created_at: kept.created_at,
        expires_at: kept.expires_at,
    }
}
