//! The kinds of password hash that the database may hold.
//!
//! Ours is argon2id as a PHC string. Accounts that came from a Django project bring
//! theirs: `pbkdf2_sha256$iterations$salt$base64`, or its own spelling of argon2id,
//! `argon2$argon2id$…`. Each is verified as it is and replaced at the first sign-in.
//!
//! A row says how much work it is to verify, and a row may be hostile: all of that has
//! a limit, and a hash beyond it verifies for nobody.

use std::num::NonZeroU32;

use argon2::password_hash::{PasswordHash, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};

use super::pool::PooledArgon2;

/// Iterations of PBKDF2 at most; Django 5.2 takes 1,000,000 and every version some more.
pub const MAX_ITERATIONS: u32 = 3_000_000;
/// Memory of argon2id at most, in KiB; Django takes 100 MiB.
pub const MAX_ARGON2_KIB: u32 = 256 * 1_024;
/// Passes of argon2id over its memory at most; Django makes 2.
pub const MAX_ARGON2_PASSES: u32 = 4;
/// Lanes of argon2id at most; Django has 8.
pub const MAX_ARGON2_LANES: u32 = 16;
/// Bytes of a stored hash at most, its salt and parameters included.
pub const MAX_STORED: usize = 512;
/// Kinds of argon2id that a refusal costs at most, ours among them.
const MAX_KINDS: usize = 4;

/// Django's name for PBKDF2 with HMAC-SHA-256.
const PBKDF2: &str = "pbkdf2_sha256$";
/// What Django puts before the PHC string of argon2.
const DJANGO_ARGON2: &str = "argon2$argon2";
/// Bytes that SHA-256 makes.
const SHA256_LEN: usize = 32;

/// A hash that can be verified within the limits.
pub(super) enum StoredHash<'a> {
    Argon2(Box<PasswordHash<'a>>, Params),
    Pbkdf2 { iterations: NonZeroU32, salt: &'a str, hash: [u8; SHA256_LEN] },
}

impl<'a> StoredHash<'a> {
    /// `None`: of a kind that is not known, or too much work.
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() > MAX_STORED {
            return None;
        }
        if let Some(rest) = text.strip_prefix(PBKDF2) {
            return Self::pbkdf2(rest);
        }
        let phc = if text.starts_with(DJANGO_ARGON2) { text.strip_prefix("argon2")? } else { text };
        let hash = PasswordHash::new(phc).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let is_bounded = params.m_cost() <= MAX_ARGON2_KIB
            && params.t_cost() <= MAX_ARGON2_PASSES
            && params.p_cost() <= MAX_ARGON2_LANES;
        (hash.algorithm == argon2::ARGON2ID_IDENT && hash.hash.is_some() && is_bounded)
            .then(|| Self::Argon2(Box::new(hash), params))
    }

    fn pbkdf2(rest: &'a str) -> Option<Self> {
        let mut parts = rest.split('$');
        let (iterations, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let iterations: NonZeroU32 = iterations.parse().ok()?;
        let hash = BASE64_STANDARD.decode(hash).ok()?.try_into().ok()?;
        let is_whole = parts.next().is_none() && !salt.is_empty() && iterations.get() <= MAX_ITERATIONS;
        is_whole.then_some(Self::Pbkdf2 { iterations, salt, hash })
    }

    /// Whether this is the hash of `password`. Takes the time that the hash says.
    pub fn verify(&self, password: &[u8]) -> bool {
        match self {
            Self::Argon2(hash, _) => PooledArgon2(&Argon2::default()).verify_password(password, hash).is_ok(),
            Self::Pbkdf2 { iterations, salt, hash } => {
                pbkdf2::verify(PBKDF2_HMAC_SHA256, *iterations, salt.as_bytes(), password, hash).is_ok()
            }
        }
    }

    /// Whether it was made as ours are made now.
    pub fn is_made_with(&self, ours: &Params) -> bool {
        matches!(self, Self::Argon2(_, params) if is_same_work(params, ours))
    }
}

/// All that verifying can cost on this server, one kind of hash after the other: a
/// refusal costs it all, whoever it is about, or its time would tell who has an account,
/// and whose came from elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Costs {
    iterations: u32,
    argon2: Vec<Params>,
}

impl Costs {
    /// What our own hashes cost, and these.
    pub fn of(hashes: &[String], ours: &Params) -> Self {
        let mut costs = Self { iterations: 0, argon2: vec![ours.clone()] };
        for stored in hashes.iter().filter_map(|hash| StoredHash::parse(hash)) {
            match stored {
                StoredHash::Pbkdf2 { iterations, .. } => costs.iterations = costs.iterations.max(iterations.get()),
                StoredHash::Argon2(_, params) => {
                    let is_known = costs.argon2.iter().any(|known| is_same_work(known, &params));
                    if !is_known && costs.argon2.len() < MAX_KINDS {
                        costs.argon2.push(params);
                    }
                }
            }
        }
        costs
    }

    /// Does the work of a refusal that verifying `stored` has not done.
    pub fn spend_rest(&self, password: &[u8], stored: Option<&StoredHash<'_>>) {
        let done = match stored {
            Some(StoredHash::Pbkdf2 { iterations, .. }) => iterations.get(),
            _ => 0,
        };
        if let Some(rest) = NonZeroU32::new(self.iterations.saturating_sub(done)) {
            pbkdf2::derive(PBKDF2_HMAC_SHA256, rest, SALT, password, &mut [0; SHA256_LEN]);
        }
        for params in &self.argon2 {
            if !stored.is_some_and(|stored| stored.is_made_with(params)) {
                waste(params, password);
            }
        }
    }
}

/// Salt of hashes that nobody looks at.
const SALT: &[u8] = b"nobody's salt";

/// Hashes for the time that it takes.
fn waste(params: &Params, password: &[u8]) {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    if let Err(cause) = PooledArgon2(&argon2).hash_into(password, SALT, &mut [0; SHA256_LEN]) {
        tracing::debug!(%cause, "a refusal took less time than it should");
    }
}

fn is_same_work(one: &Params, other: &Params) -> bool {
    (one.m_cost(), one.t_cost(), one.p_cost()) == (other.m_cost(), other.t_cost(), other.p_cost())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};
    use rustix::time::{ClockId, clock_gettime};

    use argon2::Params;

    use super::{Costs, StoredHash};

    // What Django 5.2 made of these two passwords.
    const HORSE: &str = "correct horse";
    const HORSE_PBKDF2: &str =
        "pbkdf2_sha256$1000000$mhnaaY0frI0YTZDxhwSlRQ$o4RVKgYQWClLYEigNEvZyHF9o5F68OryhvOxopH+ePA=";
    const HORSE_ARGON2: &str = "argon2$argon2id$v=19$m=102400,t=2,p=8$N1BSdU1LOUdscjhXZ1FCN010dEhLZg$BbLhGzV/9oOycXWQWHX0O2pkLnzf8pU/S/9+KXkSiig";
    const FIRE: &str = "пароль 🔥";
    const FIRE_PBKDF2: &str =
        "pbkdf2_sha256$1000000$lEiTtJ49H0fFVElxPWxqn8$fD/CmGDF537AzI7QMmNlYJ+oHX80YKT8oIRTDVPRWms=";
    const FIRE_ARGON2: &str = "argon2$argon2id$v=19$m=102400,t=2,p=8$dDhjQlJqcFd1dzd4dEZ1anE4N2Y3Zw$JQcRSB+KJXGPnIMetsk41i1Tw7xrrknlkFbvr44g464";
    // Of the same Django, in kinds that are not taken.
    const OTHERS: [&str; 3] = [
        "pbkdf2_sha1$1000000$RfCLjumNME8vQOUBTDbAgG$gs0kRDBbMfkkEH6KSU2jw9Jhgnk=",
        "scrypt$16384$oSWVhpViRPu0xDIfQHNrKa$8$5$wc6bhYsdrxjfwfIR9OoK9VU/bpEIlc5d4Ed3zaiORPsGFWrgrHNuigshhCnhntpkwf2/v79Pd4ahYEIwGQRpgg==",
        "!cFO5qn0nbLirbsY3Y3vYeBqoqEx9MGldJCgGVz3z",
    ];

    fn verifies(stored: &str, password: &str) -> bool {
        StoredHash::parse(stored).expect("a hash that is known").verify(password.as_bytes())
    }

    #[test]
    fn django_s_hashes_verify_as_django_made_them() {
        for (stored, right, wrong) in [
            (HORSE_PBKDF2, HORSE, FIRE),
            (HORSE_ARGON2, HORSE, "correct horse "),
            (FIRE_PBKDF2, FIRE, HORSE),
            (FIRE_ARGON2, FIRE, ""),
        ] {
            assert!(verifies(stored, right), "{stored}");
            assert!(!verifies(stored, wrong), "{stored}");
        }
    }

    #[test]
    fn what_is_not_known_or_too_much_work_is_no_hash() {
        for other in OTHERS {
            assert!(StoredHash::parse(other).is_none(), "{other}");
        }
        let salt_and_hash = "$salt$o4RVKgYQWClLYEigNEvZyHF9o5F68OryhvOxopH+ePA=";
        assert!(StoredHash::parse(&format!("pbkdf2_sha256$3000000{salt_and_hash}")).is_some());
        for iterations in ["3000001", "4294967295", "99999999999999999999", "0", "-1", "1e6", "", "１"] {
            assert!(StoredHash::parse(&format!("pbkdf2_sha256${iterations}{salt_and_hash}")).is_none(), "{iterations}");
        }
        for params in ["m=262145,t=2,p=8", "m=4194304,t=2,p=8", "m=8,t=5,p=1", "m=1024,t=1,p=17", "m=0,t=0,p=0"] {
            let stored = HORSE_ARGON2.replace("m=102400,t=2,p=8", params);
            assert!(StoredHash::parse(&stored).is_none(), "{params}");
        }
        assert!(StoredHash::parse(&HORSE_PBKDF2.replace("mhna", &"x".repeat(500))).is_none());
    }

    #[test]
    fn cut_and_changed_hashes_are_refused_and_never_panic() {
        for stored in [HORSE_PBKDF2, HORSE_ARGON2] {
            for end in 0..stored.len() {
                let cut = &stored[..end];
                assert!(StoredHash::parse(cut).is_none_or(|stored| !stored.verify(b"")), "{cut}");
            }
            assert!(StoredHash::parse(&format!("{stored}$")).is_none());
        }
        for strange in ["argon2$", "argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA", "pbkdf2_sha256$$$", "$", "$$"]
        {
            assert!(StoredHash::parse(strange).is_none(), "{strange}");
        }
    }

    #[test]
    fn a_refusal_costs_the_same_whoever_it_is_about() {
        let ours = Params::default();
        let costs = Costs::of(&[HORSE_PBKDF2.to_owned(), FIRE_ARGON2.to_owned(), OTHERS[0].to_owned()], &ours);
        assert_eq!((costs.iterations, costs.argon2.len()), (1_000_000, 2));
        // In processor time of this thread: others may be busy.
        let time = || {
            let time = clock_gettime(ClockId::ThreadCPUTime);
            (time.tv_sec, time.tv_nsec)
        };
        let spent = |stored: Option<&StoredHash<'_>>| {
            let (begun, begun_nanos) = time();
            costs.spend_rest(b"a password", stored);
            let (end, end_nanos) = time();
            (end - begun) * 1_000_000_000 + end_nanos - begun_nanos
        };
        let pbkdf2 = StoredHash::parse(HORSE_PBKDF2).expect("it parses");
        let argon2 = StoredHash::parse(HORSE_ARGON2).expect("it parses");
        // The rest of who paid a part is less than all of it; by how much is for the
        // test over the wire.
        let all = spent(None);
        assert!(spent(Some(&pbkdf2)) < all);
        assert!(spent(Some(&argon2)) < all);
        let none = Costs::of(&[], &ours);
        assert_eq!((none.iterations, none.argon2.len()), (0, 1));
    }

    proptest! {
        /// A row may say what it likes: what is taken costs no more than the limits say.
        #[test]
        fn any_row_is_a_bounded_hash_or_none(
            noise in any::<String>(), at in any::<usize>(), piece in "[$=,a-z0-9]{0,9}", number in any::<u64>(), other in any::<u64>(),
        ) {
            let mut rows = vec![noise, format!("pbkdf2_sha256${number}$salt$o4RVKgYQWClLYEigNEvZyHF9o5F68OryhvOxopH+ePA=")];
            rows.push(HORSE_ARGON2.replace("m=102400,t=2", &format!("m={number},t={other}")));
            rows.push(HORSE_ARGON2.replace("p=8", &format!("p={number}")));
            for known in [HORSE_PBKDF2, HORSE_ARGON2] {
                let (before, after) = known.split_at(at % known.len());
                rows.extend([format!("{before}{piece}{after}"), format!("{before}{piece}")]);
            }
            for row in rows {
                match StoredHash::parse(&row) {
                    Some(StoredHash::Pbkdf2 { iterations, salt, .. }) => {
                        prop_assert!(iterations.get() <= super::MAX_ITERATIONS && !salt.is_empty(), "{row}");
                    }
                    Some(StoredHash::Argon2(_, params)) => prop_assert!(
                        params.m_cost() <= super::MAX_ARGON2_KIB
                            && params.t_cost() <= super::MAX_ARGON2_PASSES
                            && params.p_cost() <= super::MAX_ARGON2_LANES,
                        "{row}"
                    ),
                    None => {}
                }
            }
        }
    }
}
