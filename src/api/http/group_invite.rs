//! Invitations into a group, for people who have an account: what a request asks for, and
//! where one leads.

use std::time::Duration;

use super::body::{Body, FieldValue, Fields, Within, body};
use super::openapi::shape::{Shape, any_of, string, whole_number};
use super::reply::ApiError;
use super::request::Request;
use crate::chat::model::invite::{GroupInvite, INVITE_LIFE, MAX_LIFE, MAX_USES, MIN_LIFE, NewGroupInvite};
use crate::chat::model::moment::moment;
use crate::chat::model::time::Timestamp;

/// Until when an invitation works.
pub enum Expires {
    /// A time.
    At(Timestamp),
    /// So long from now.
    In(Duration),
}

impl FieldValue for Expires {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        let text = fields.value(name)?.as_str().filter(|text| text.contains('-'));
        let expires = match text.map(moment) {
            Some(at) => at.map(Self::At),
            None => u64::try_from(fields.integer(name)?).ok().map(|seconds| Self::In(Duration::from_secs(seconds))),
        };
        expires.or_else(|| fields.fault(name, out_of_bounds()))
    }

    fn shape() -> Shape {
        any_of([string(), whole_number()])
    }
}

body! {
    /// An invitation that is to be.
    Invited {
        /// How many may join with it; as many as can be unless given.
        uses: Option<Within<1, { MAX_USES as u64 }>>,
        /// A time with its zone, or so many seconds from now. A week unless given.
        expires: Option<Expires>,
    }
}

/// Reads an invitation.
pub fn asked(fields: &mut Fields, now: Timestamp) -> Result<NewGroupInvite, ApiError> {
    let Invited { uses, expires } = Invited::read(fields)?;
    let uses = uses.and_then(|uses| u32::try_from(uses.0).ok()).unwrap_or(MAX_USES);
    let life = match expires {
        None => Some(INVITE_LIFE),
        Some(Expires::At(at)) => u64::try_from(at.0 - now.0).ok().map(Duration::from_millis),
        Some(Expires::In(life)) => Some(life),
    };
    let life = life.filter(|life| (MIN_LIFE..=MAX_LIFE).contains(life));
    let life = life.ok_or_else(|| ApiError::field("expires", out_of_bounds()))?;
    Ok(NewGroupInvite { uses, life })
}

fn out_of_bounds() -> String {
    let (least, most) = (MIN_LIFE.as_secs(), MAX_LIFE.as_secs());
    format!("This is a time with its zone, or {least} to {most} seconds from now.")
}

/// The page of the client that joins with it. The code stands behind the `#`, which a browser sends to nobody.
pub fn address(request: &Request, invite: &GroupInvite) -> String {
    format!("{}/join#{}", request.base_url(), invite.code.as_str())
}
