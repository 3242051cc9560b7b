//! Invitations into a group, for people who have an account: what a request asks for, and
//! where one leads.

use std::time::{Duration, SystemTime};

use super::body::Fields;
use super::reply::ApiError;
use super::request::Request;
use crate::chat::model::invite::{GroupInvite, INVITE_LIFE, MAX_LIFE, MAX_USES, MIN_LIFE, NewGroupInvite};
use crate::chat::model::time::Timestamp;

/// Reads `uses` and `expires`.
pub fn asked(fields: &mut Fields, now: Timestamp) -> Result<NewGroupInvite, ApiError> {
    let uses = match fields.integer("uses") {
        None => Some(MAX_USES),
        Some(uses) => u32::try_from(uses)
            .ok()
            .filter(|uses| (1..=MAX_USES).contains(uses))
            .or_else(|| fields.fault("uses", format!("This is a number from 1 to {MAX_USES}."))),
    };
    let life = life(fields, now);
    let (uses, life) = fields.complete((uses, life))?;
    Ok(NewGroupInvite { uses, life })
}

/// `expires`: a time with its zone, or so many seconds from now.
fn life(fields: &mut Fields, now: Timestamp) -> Option<Duration> {
    let value = fields.value("expires").cloned();
    let life = match value.as_ref() {
        None => return Some(INVITE_LIFE),
        Some(value) => match value.as_str().filter(|text| text.contains('-')) {
            Some(text) => time(text).and_then(|at| u64::try_from(at.0 - now.0).ok()).map(Duration::from_millis),
            None => fields.integer("expires").and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs),
        },
    };
    life.filter(|life| (MIN_LIFE..=MAX_LIFE).contains(life)).or_else(|| {
        let (least, most) = (MIN_LIFE.as_secs(), MAX_LIFE.as_secs());
        fields.fault("expires", format!("This is a time with its zone, or {least} to {most} seconds from now."))
    })
}

fn time(text: &str) -> Option<Timestamp> {
    let at = humantime::parse_rfc3339(text.trim()).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(at.as_millis()).ok().map(Timestamp)
}

/// The page of the client that joins with it. The code stands behind the `#`, which a browser sends to nobody.
pub fn address(request: &Request, invite: &GroupInvite) -> String {
    format!("{}/join#{}", request.base_url(), invite.code.as_str())
}
