//! Rate limits: how often who may do what.

use std::num::NonZeroU32;
use std::str::FromStr;

use governor::Quota;

use crate::chat::auth::attempts::Attempts;
use crate::chat::model::error::Result;
use crate::chat::model::id::{HookId, UserId};
use crate::chat::model::session::Actor;
use crate::chat::pace::Pace;

/// Signals of a call for one user in a minute.
const SIGNALS: NonZeroU32 = NonZeroU32::new(600).unwrap();
/// What comes in by one hook in a minute, whatever the flags say.
const HOOKED: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// So many in a time, or without limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit(Option<Quota>);

/// `off`, or a number above 0 and one of `/s`, `/min`, `/h`.
impl FromStr for RateLimit {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let wrong = || format!("`{text}` is neither `off` nor like `100/min`");
        let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
        let number: NonZeroU32 = number.trim().parse().map_err(|_| wrong())?;
        match unit.trim() {
            "s" => Ok(Self(Some(Quota::per_second(number)))),
            "min" => Ok(Self(Some(Quota::per_minute(number)))),
            "h" => Ok(Self(Some(Quota::per_hour(number)))),
            _ => Err(wrong()),
        }
    }
}

impl RateLimit {
    /// What it allows; `None`: everything.
    pub fn quota(self) -> Option<Quota> {
        self.0
    }
}

/// The limits that flags set.
#[derive(Clone, Copy, Debug)]
pub struct RateLimits {
    /// Sign-in attempts for an address and account. Off also takes the limit off registration.
    pub auth: RateLimit,
    /// Requests to the paths of rooms for a user.
    pub api: RateLimit,
    /// Uploads for a user.
    pub upload: RateLimit,
    /// Messages over a rooms socket for a user. Off also takes the limit off signals.
    pub ws: RateLimit,
}

impl RateLimits {
    /// Everybody may do everything as often as they like.
    pub const OFF: Self =
        Self { auth: RateLimit(None), api: RateLimit(None), upload: RateLimit(None), ws: RateLimit(None) };
}

/// What a user's requests count as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// A request to a path of rooms, whose document alone has such a limit.
    Api,
    Upload,
    /// A message over a socket.
    Message,
    /// A signal of a call.
    Signal,
    /// Nothing that is counted.
    Free,
}

/// Who did what how often.
pub struct Limits {
    /// Signing in, and making accounts.
    pub attempts: Attempts,
    api: Pace<UserId>,
    upload: Pace<UserId>,
    message: Pace<UserId>,
    signal: Pace<UserId>,
    hook: Pace<HookId>,
}

impl Limits {
    /// With nobody having done anything yet.
    pub fn new(limits: &RateLimits) -> Self {
        Self {
            attempts: Attempts::new(limits.auth.0),
            api: Pace::new("api", limits.api.0),
            upload: Pace::new("upload", limits.upload.0),
            message: Pace::new("message", limits.ws.0),
            signal: Pace::new("signal", limits.ws.0.map(|_| Quota::per_minute(SIGNALS))),
            hook: Pace::new("hook", Some(Quota::per_minute(HOOKED))),
        }
    }

    /// Counts something that a user does.
    pub fn check(&self, rate: Rate, actor: &Actor) -> Result<()> {
        let pace = match rate {
            Rate::Api => &self.api,
            Rate::Upload => &self.upload,
            Rate::Message => &self.message,
            Rate::Signal => &self.signal,
            Rate::Free => return Ok(()),
        };
        pace.check(&actor.user)
    }

    /// Counts what comes in by a hook.
    pub fn check_hook(&self, hook: HookId) -> Result<()> {
        self.hook.check(&hook)
    }

    /// Keeps the tables as small as the number of those who were here lately.
    pub(super) fn forget(&self) {
        self.attempts.forget();
        self.hook.forget();
        [&self.api, &self.upload, &self.message, &self.signal].iter().for_each(|pace| pace.forget());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::RateLimit;

    #[test]
    fn limits_are_read_from_words() {
        for good in ["off", "5/min", "1/s", "1000/h"] {
            assert!(good.parse::<RateLimit>().is_ok(), "{good}");
        }
        for bad in ["", "5", "0/min", "-1/s", "5/day", "x/min", "5 per min"] {
            assert!(bad.parse::<RateLimit>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_rate_is_taken_or_refused(noise in "[0-9a-z/ +-]{0,14}", number in any::<u32>(), unit in "(s|min|h)") {
            drop(noise.parse::<RateLimit>());
            let rate = format!("{number}/{unit}").parse::<RateLimit>();
            prop_assert_eq!(rate.is_ok(), number > 0);
        }
    }
}
