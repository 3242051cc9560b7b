//! How often somebody may try to sign in, or make an account.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::Quota;
use sha2::{Digest, Sha256};

use crate::chat::memory::pace::Pace;
use crate::chat::model::error::Result;
use crate::chat::model::id::UserId;
use crate::chat::model::name::rule::{MAX_LOGIN, fold};
use crate::chat::model::network::network;

/// Attempts from one address over all accounts, as a multiple of those at one account.
const ADDRESS_FACTOR: u32 = 6;
/// Registrations from one address in a minute.
const REGISTRATIONS: NonZeroU32 = NonZeroU32::new(10).unwrap();

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

/// Who tried what how often.
pub struct Attempts {
    account: Pace<Key>,
    address: Pace<IpAddr>,
    registration: Pace<IpAddr>,
}

impl Attempts {
    /// So many at one account from one address; `None`: as many as they like, and registrations too.
    pub fn new(limit: Option<Quota>) -> Self {
        Self {
            account: Pace::new("sign-in", limit),
            address: Pace::new("address", limit.map(of_address)),
            registration: Pace::new("registration", limit.map(|_| Quota::per_minute(REGISTRATIONS))),
        }
    }

    /// Counts an attempt to sign in, for the address in all and at what is tried.
    pub fn check(&self, address: IpAddr, tried: Tried<'_>) -> Result<()> {
        let network = network(address);
        let in_all = self.address.count(&network, NonZeroU32::MIN);
        if in_all.is_too_often() { in_all.told() } else { self.account.check(&Key::of(network, tried)) }
    }

    /// Counts an attempt at an account by whichever of its names, which was counted as a name before. Whether there
    /// were too many decides what the attempt is worth, and is told to nobody.
    pub fn is_account_spent(&self, address: IpAddr, account: UserId) -> bool {
        self.account.count(&Key::of(network(address), Tried::Account(account)), NonZeroU32::MIN).is_too_often()
    }

    pub fn check_registration(&self, address: IpAddr) -> Result<()> {
        self.registration.check(&network(address))
    }

    /// Keeps the tables as small as the number of those who were here lately.
    pub fn forget(&self) {
        self.account.forget();
        [&self.address, &self.registration].iter().for_each(|pace| pace.forget());
    }
}

fn of_address(limit: Quota) -> Quota {
    let burst = limit.burst_size().saturating_mul(NonZeroU32::MIN.saturating_add(ADDRESS_FACTOR - 1));
    let every = limit.replenish_interval() / ADDRESS_FACTOR;
    Quota::with_period(every).unwrap_or(limit).allow_burst(burst)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::num::NonZeroU32;

    use governor::Quota;
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Attempts, Tried};
    use crate::chat::model::id::UserId;

    fn five_a_minute() -> Attempts {
        Attempts::new(NonZeroU32::new(5).map(Quota::per_minute))
    }

    #[test]
    fn sign_ins_are_counted_by_what_is_tried_and_by_address() {
        let attempts = five_a_minute();
        let home: IpAddr = "192.0.2.1".parse().expect("an address");
        let tries = |name: &str, times| (0..times).filter(|_| attempts.check(home, Tried::Name(name)).is_ok()).count();
        assert_eq!(tries("alice", 9), 5);
        assert_eq!(tries("ALICE ", 1), 0, "the same name, spelled otherwise");
        assert!(attempts.check(home, Tried::Account(UserId(1))).is_ok(), "an account is no name");
        assert_eq!((0..100).map(|n| tries(&format!("user{n}"), 1)).sum::<usize>(), 19, "30 in all, 11 of them gone");
    }

    #[test]
    fn an_account_is_spent_for_one_network_after_as_many_attempts_as_a_name() {
        let attempts = five_a_minute();
        let [home, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse::<IpAddr>().expect("an address"));
        assert_eq!((0..9).filter(|_| !attempts.is_account_spent(home, UserId(1))).count(), 5);
        assert!(!attempts.is_account_spent(home, UserId(2)) && !attempts.is_account_spent(other, UserId(1)));
        assert!(attempts.check(home, Tried::Account(UserId(1))).is_err(), "by its owner, too");
        assert!(attempts.check(home, Tried::NoToken).is_ok(), "which tries no account");
    }

    proptest! {
        /// However often that is, the first time is free.
        #[test]
        fn any_rate_can_be_gone_by(number in any::<NonZeroU32>(), unit in 0..3) {
            let quota = [Quota::per_second, Quota::per_minute, Quota::per_hour][usize::try_from(unit).unwrap_or(0)];
            let attempts = Attempts::new(Some(quota(number)));
            let home = IpAddr::from([192, 0, 2, 1]);
            let taken = (0..3).filter(|_| attempts.check(home, Tried::Name("alice")).is_ok()).count();
            prop_assert!(taken >= 1 && (number.get() < 3 || taken == 3));
            prop_assert!(unit == 0 || u32::try_from(taken) == Ok(number.get().min(3)), "{taken} of {number}");
        }
    }
}
