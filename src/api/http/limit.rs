//! Rate limits: how often who may do what.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use parking_lot::RwLock;
use sha2::{Digest, Sha256};

use super::reply::ApiError;
use super::request::Request;
use crate::chat::model::id::{HookId, UserId};
use crate::chat::model::name::rule::{MAX_LOGIN, fold};
use crate::chat::model::rate::RateUsage;
use crate::chat::model::session::Actor;

/// Attempts from one address over all accounts, as a multiple of those at one account.
const ADDRESS_FACTOR: u32 = 6;
/// Signals of a call for one user.
const SIGNALS: &str = "600/min";
/// Registrations from one address.
const REGISTRATIONS: &str = "10/min";
/// What comes in by one hook, whatever the flags say.
const HOOKED: &str = "60/min";
/// After so many checks, what has recovered is forgotten.
const FORGET_EVERY: u32 = 4_096;

/// Entries of one table. Whoever fills it has thousands of networks, against whom counting by network is no use
/// anyway: the table is emptied, because the other choice is to turn everybody else away.
const MAX_ENTRIES: usize = 100_000;

/// So many in a time, or without limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit(Option<Quota>);

/// `off`, or a number above 0 and one of `/s`, `/min`, `/h`.
impl FromStr for RateLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
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
    #[must_use]
    pub fn quota(self) -> Option<Quota> {
        self.0
    }

    fn times(self, factor: u32) -> Self {
        Self(self.0.map(|quota| {
            let burst = quota.burst_size().saturating_mul(NonZeroU32::MIN.saturating_add(factor - 1));
            let every = quota.replenish_interval() / factor;
            Quota::with_period(every).unwrap_or(quota).allow_burst(burst)
        }))
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

/// What an attempt to sign in is counted at, beside the address that it comes from.
#[derive(Clone, Copy, Debug)]
pub enum Tried<'a> {
    /// What somebody typed for a name, whether or not it leads to an account.
    Name(&'a str),
    /// An account whose password is tried.
    Account(UserId),
    /// New access by what is no refresh token.
    NoToken,
    /// The code of a link.
    Code,
    /// A sign-in by the operator's provider, which is good once: of an address in all they are limited.
    State(&'a str),
}

/// What is kept of a network and of what it tried: as long for a long name as for a short one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key([u8; 16]);

impl Key {
    fn of(network: IpAddr, tried: Tried<'_>) -> Self {
        let mut digest = Sha256::new();
        match network {
            IpAddr::V4(address) => digest.update(address.to_ipv6_mapped().octets()),
            IpAddr::V6(address) => digest.update(address.octets()),
        }
        match tried {
            // Folding makes a text up to eleven times as long, and no account has such a name.
            Tried::Name(name) if name.len() > MAX_LOGIN => digest.update(b"long"),
            Tried::Name(name) => digest.update(format!("name {}", fold(name.trim()))),
            Tried::Account(UserId(id)) => digest.update(format!("account {id}")),
            Tried::NoToken => digest.update(b"token"),
            Tried::Code => digest.update(b"code"),
            Tried::State(state) => digest.update(format!("state {state}")),
        }
        let mut key = [0; 16];
        key.copy_from_slice(&digest.finalize()[..16]);
        Self(key)
    }
}

/// What came of counting.
#[derive(Debug)]
pub struct Counted {
    /// `None`: there is no limit.
    usage: Option<RateUsage>,
    allowed: Result<(), ApiError>,
}

impl Counted {
    const FREE: Self = Self { usage: None, allowed: Ok(()) };

    /// Notes it for the headers of the request's answer.
    pub fn of(self, request: &Request) -> Result<(), ApiError> {
        self.usage.into_iter().for_each(|usage| request.trace.counted(usage));
        self.allowed
    }

    /// For what has no headers.
    pub fn unsaid(self) -> Result<(), ApiError> {
        self.allowed
    }
}

type Limiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

fn limiter<K: Clone + Eq + Hash>(quota: Quota) -> Limiter<K> {
    RateLimiter::keyed(quota).with_middleware()
}

/// How often each of many did something; nobody is counted where there is no limit.
struct Counter<K: Clone + Eq + Hash> {
    name: &'static str,
    limit: Option<(Quota, RwLock<Limiter<K>>)>,
}

impl<K: Clone + Eq + Hash> Counter<K> {
    fn new(name: &'static str, limit: RateLimit) -> Self {
        Self { name, limit: limit.0.map(|quota| (quota, RwLock::new(limiter(quota)))) }
    }

    fn check(&self, key: &K) -> Counted {
        let Some((quota, limiter)) = &self.limit else { return Counted::FREE };
        let (max, one) = (quota.burst_size().get(), quota.replenish_interval());
        let stands = |remaining| Some(RateUsage::new(self.name, max, one, remaining));
        match limiter.read().check_key(key) {
            Ok(after) => Counted { usage: stands(after.remaining_burst_capacity()), allowed: Ok(()) },
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now()).max(Duration::from_secs(1));
                Counted { usage: stands(0), allowed: Err(ApiError::RateLimited(wait)) }
            }
        }
    }

    /// Forgets those who may do as much as if they had never been here, and everybody if they are too many still.
    fn forget(&self, most: usize) {
        let Some((quota, counted)) = &self.limit else { return };
        let counted_now = counted.read();
        counted_now.retain_recent();
        counted_now.shrink_to_fit();
        let is_full = counted_now.len() > most;
        drop(counted_now);
        if is_full {
            *counted.write() = limiter(*quota);
        }
    }
}

/// Who did what how often.
pub struct Limits {
    account: Counter<Key>,
    address: Counter<IpAddr>,
    registration: Counter<IpAddr>,
    api: Counter<UserId>,
    upload: Counter<UserId>,
    message: Counter<UserId>,
    signal: Counter<UserId>,
    hook: Counter<HookId>,
    checks: AtomicU32,
}

impl Limits {
    /// With nobody having done anything yet.
    #[must_use]
    pub fn new(limits: &RateLimits) -> Self {
        let unless_off = |fixed: &str, flag: RateLimit| {
            let fixed = fixed.parse().unwrap_or(RateLimit(None));
            if flag.0.is_some() { fixed } else { RateLimit(None) }
        };
        Self {
            account: Counter::new("sign-in", limits.auth),
            address: Counter::new("address", limits.auth.times(ADDRESS_FACTOR)),
            registration: Counter::new("registration", unless_off(REGISTRATIONS, limits.auth)),
            api: Counter::new("api", limits.api),
            upload: Counter::new("upload", limits.upload),
            message: Counter::new("message", limits.ws),
            signal: Counter::new("signal", unless_off(SIGNALS, limits.ws)),
            hook: Counter::new("hook", HOOKED.parse().unwrap_or(RateLimit(None))),
            checks: AtomicU32::new(0),
        }
    }

    /// Counts something that a user does.
    pub fn check(&self, rate: Rate, actor: &Actor) -> Counted {
        let counter = match rate {
            Rate::Api => &self.api,
            Rate::Upload => &self.upload,
            Rate::Message => &self.message,
            Rate::Signal => &self.signal,
            Rate::Free => return Counted::FREE,
        };
        self.forget_some();
        counter.check(&actor.user)
    }

    /// Counts an attempt to sign in, for the address in all and at what is tried.
    pub fn check_sign_in(&self, address: IpAddr, tried: Tried<'_>) -> Counted {
        let network = network(address);
        self.forget_some();
        let in_all = self.address.check(&network);
        if in_all.allowed.is_err() { in_all } else { self.account.check(&Key::of(network, tried)) }
    }

    /// Counts an attempt at an account by whichever of its names, which was counted as a name before. Whether there
    /// were too many decides what the attempt is worth, and is told to nobody.
    pub fn is_account_spent(&self, address: IpAddr, account: UserId) -> bool {
        self.account.check(&Key::of(network(address), Tried::Account(account))).allowed.is_err()
    }

    /// Counts a registration.
    pub fn check_registration(&self, address: IpAddr) -> Counted {
        self.forget_some();
        self.registration.check(&network(address))
    }

    /// Counts what comes in by a hook.
    pub fn check_hook(&self, hook: HookId) -> Counted {
        self.forget_some();
        self.hook.check(&hook)
    }

    /// Keeps the tables as small as the number of those who were here lately.
    fn forget_some(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.forget();
        }
    }

    pub(super) fn forget(&self) {
        self.account.forget(MAX_ENTRIES);
        self.hook.forget(MAX_ENTRIES);
        [&self.address, &self.registration].iter().for_each(|counter| counter.forget(MAX_ENTRIES));
        [&self.api, &self.upload, &self.message, &self.signal].iter().for_each(|counter| counter.forget(MAX_ENTRIES));
    }
}

/// Whoever has one IPv6 address has 2^64 of them: the network is what counts, in every limit.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.into(),
            None => {
                let [a, b, c, d, ..] = v6.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        },
    }
}

#[cfg(test)]
mod tests;
