//! How often who may do what.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use super::reply::Failure;
use crate::chat::id::UserId;
use crate::chat::name::fold;
use crate::chat::session::Asker;

/// Attempts from one address over all accounts, as a multiple of those at one account.
const ADDRESS_FACTOR: u32 = 6;
/// Signals of a call for one user.
const SIGNALS: &str = "600/min";
/// Registrations from one address.
const REGISTRATIONS: &str = "10/min";
/// After so many checks, what has recovered is forgotten.
const FORGET_EVERY: u32 = 4_096;

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
    /// Requests under `/api/` for a user.
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
    /// A request under `/api/`.
    Api,
    /// An upload.
    Upload,
    /// A message over a socket.
    Message,
    /// A signal of a call.
    Signal,
    /// Nothing that is counted.
    Free,
}

/// The account that a sign-in is tried at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tried {
    /// One that is there, by whichever of its names it was found.
    Account(UserId),
    /// What somebody typed that leads to none, folded.
    Text(String),
}

impl Tried {
    /// What somebody typed.
    #[must_use]
    pub fn text(raw: &str) -> Self {
        Self::Text(fold(raw.trim()))
    }
}

type Keyed<K> = Option<DefaultKeyedRateLimiter<K>>;

/// Who did what how often.
pub struct Limits {
    account: Keyed<(IpAddr, Tried)>,
    address: Keyed<IpAddr>,
    registration: Keyed<IpAddr>,
    api: Keyed<UserId>,
    upload: Keyed<UserId>,
    message: Keyed<UserId>,
    signal: Keyed<UserId>,
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
            account: keyed(limits.auth),
            address: keyed(limits.auth.times(ADDRESS_FACTOR)),
            registration: keyed(unless_off(REGISTRATIONS, limits.auth)),
            api: keyed(limits.api),
            upload: keyed(limits.upload),
            message: keyed(limits.ws),
            signal: keyed(unless_off(SIGNALS, limits.ws)),
            checks: AtomicU32::new(0),
        }
    }

    /// Counts something that a user does.
    pub fn check(&self, rate: Rate, asker: &Asker) -> Result<(), Failure> {
        let limiter = match rate {
            Rate::Api => &self.api,
            Rate::Upload => &self.upload,
            Rate::Message => &self.message,
            Rate::Signal => &self.signal,
            Rate::Free => return Ok(()),
        };
        self.forget_some();
        check(limiter, &asker.user)
    }

    /// Counts an attempt to sign in, at the account that is tried and for the address in all.
    pub fn check_sign_in(&self, address: IpAddr, tried: Tried) -> Result<(), Failure> {
        let network = network(address);
        self.forget_some();
        check(&self.address, &network)?;
        check(&self.account, &(network, tried))
    }

    /// Counts a registration.
    pub fn check_registration(&self, address: IpAddr) -> Result<(), Failure> {
        self.forget_some();
        check(&self.registration, &network(address))
    }

    /// Keeps the tables as small as the number of those who were here lately.
    fn forget_some(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.account.iter().for_each(DefaultKeyedRateLimiter::retain_recent);
            self.address.iter().chain(&self.registration).for_each(DefaultKeyedRateLimiter::retain_recent);
            let by_user = [&self.api, &self.upload, &self.message, &self.signal];
            by_user.into_iter().flatten().for_each(DefaultKeyedRateLimiter::retain_recent);
        }
    }
}

fn keyed<K: Clone + Eq + std::hash::Hash>(limit: RateLimit) -> Keyed<K> {
    limit.0.map(DefaultKeyedRateLimiter::keyed)
}

fn check<K: Clone + Eq + std::hash::Hash>(limiter: &Keyed<K>, key: &K) -> Result<(), Failure> {
    let Some(limiter) = limiter else { return Ok(()) };
    limiter.check_key(key).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        Failure::RateLimited(wait.max(Duration::from_secs(1)))
    })
}

/// Whoever has one IPv6 address has 2^64 of them: the network is what counts.
fn network(address: IpAddr) -> IpAddr {
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
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use std::net::IpAddr;

    use super::{Limits, RateLimit, RateLimits, Tried, network};
    use crate::chat::id::UserId;

    #[test]
    fn limits_are_read_from_words() {
        for good in ["off", "5/min", "1/s", "1000/h"] {
            assert!(good.parse::<RateLimit>().is_ok(), "{good}");
        }
        for bad in ["", "5", "0/min", "-1/s", "5/day", "x/min", "5 per min"] {
            assert!(bad.parse::<RateLimit>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sign_ins_are_counted_by_account_and_by_address() {
        let five: RateLimit = "5/min".parse().expect("a limit");
        let limits = Limits::new(&RateLimits { auth: five, api: five, upload: five, ws: five });
        let home: IpAddr = "192.0.2.1".parse().expect("an address");
        let tries = |account: &str, times| {
            (0..times).filter(|_| limits.check_sign_in(home, Tried::text(account)).is_ok()).count()
        };
        assert_eq!(tries("alice", 9), 5);
        assert_eq!(tries("ALICE ", 1), 0, "the same account, spelled otherwise");
        assert!(limits.check_sign_in(home, Tried::Account(UserId(1))).is_ok(), "an account is no text");
        assert_eq!((0..100).map(|n| tries(&format!("user{n}"), 1)).sum::<usize>(), 19, "30 in all, 11 of them gone");
    }

    #[test]
    fn neighbours_in_one_network_count_as_one() {
        let address = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff"));
        assert_ne!(address("2001:db8:0:1::1"), address("2001:db8:0:2::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    }

    proptest! {
        /// Whatever is taken can be gone by: however often that is, the first time is free.
        #[test]
        fn any_rate_is_taken_or_refused(noise in "[0-9a-z/ +-]{0,14}", number in any::<u32>(), unit in "(s|min|h)") {
            drop(noise.parse::<RateLimit>());
            let rate = format!("{number}/{unit}").parse::<RateLimit>();
            prop_assert_eq!(rate.is_ok(), number > 0);
            let Ok(rate) = rate else { return Ok(()) };
            let limits = Limits::new(&RateLimits { auth: rate, api: rate, upload: rate, ws: rate });
            let home = IpAddr::from([192, 0, 2, 1]);
            let taken = (0..3).filter(|_| limits.check_sign_in(home, Tried::text("alice")).is_ok()).count();
            prop_assert!(taken >= 1 && (number < 3 || taken == 3));
            prop_assert!(unit == "s" || u32::try_from(taken) == Ok(number.min(3)), "{taken} of {number}/{unit}");
        }
    }
}
