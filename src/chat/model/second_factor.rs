//! A second factor: the codes of an authenticator app (RFC 6238), and those for when it is lost.

use std::fmt;
use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::error::Unspecified;
use sha1::Sha1;

use super::error::{Error, Result};
use super::id::UserId;
use super::seal::SealKey;
use super::session::Actor;
use super::time::Timestamp;
use super::token::secret_hash;

/// How long a code is shown.
const STEP: Duration = Duration::from_secs(30);
/// Codes have six digits.
const CODES: u32 = 1_000_000;
const DIGITS: usize = 6;
/// Steps that an app's clock may be away from the server's, either way.
const DRIFT: i64 = 1;
/// Bytes of a secret that is made here.
const SECRET_BYTES: usize = 20;
/// Bytes of a secret that comes from elsewhere.
const SECRET_RANGE: std::ops::RangeInclusive<usize> = 10..=64;

/// Recovery codes that somebody gets.
pub const RECOVERY_CODES: usize = 10;
/// Bytes of one: so many that its hash cannot be tried out.
const RECOVERY_BYTES: usize = 10;
/// Letters of one, without what parts them.
const RECOVERY_LETTERS: usize = 16;

/// Wrong codes in a row, from wherever they come, after which those of the app rest. Whoever tries them knows the
/// password, and has as many networks as they like: the limits by network alone would let them through in the end.
pub const MAX_WRONG_CODES: u32 = 10;
/// How long they rest. Recovery codes go on, since nobody guesses those.
pub const CODE_PAUSE: Duration = Duration::from_mins(15);

/// Characters of the server's name that an app is told: a QR code has to hold all of it.
const MAX_ISSUER: usize = 32;

/// Who has to have a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FactorRequirement {
    /// Whoever wants one.
    #[default]
    Nobody,
    /// Administrators of the server.
    Admins,
    /// Everybody but programs.
    All,
}

impl FactorRequirement {
    /// Whether it is asked of an account.
    #[must_use]
    pub fn concerns(self, is_admin: bool, is_bot: bool) -> bool {
        match self {
            Self::Nobody => false,
            Self::Admins => is_admin && !is_bot,
            Self::All => !is_bot,
        }
    }

    /// Whether somebody lacks what is asked of them.
    pub fn is_missed_by(self, actor: &Actor) -> bool {
        !actor.has_factor && self.concerns(actor.is_admin, actor.is_bot)
    }
}

/// Whether somebody has a second factor, and what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorState {
    /// Sign-ins with the password ask for a code.
    pub is_on: bool,
    /// Recovery codes that were not used yet.
    pub recovery_codes_left: u32,
}

/// What an app shares with the server. It prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct FactorSecret(Vec<u8>);

impl FactorSecret {
    /// A new one.
    pub fn random() -> Self {
        Self(rand::random::<[u8; SECRET_BYTES]>().to_vec())
    }

    /// One in base32, as people type it into an app.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE32_NOPAD.decode(text.trim_end_matches('=').as_bytes()).ok()?;
        SECRET_RANGE.contains(&bytes.len()).then_some(Self(bytes))
    }

    pub fn to_base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// What an app reads off a QR code: who it is for, at which server.
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        // A colon parts the two.
        let issuer: String = issuer.chars().filter(|c| *c != ':').take(MAX_ISSUER).collect();
        let [issuer, account] = [issuer.as_str(), account].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
        format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", self.to_base32())
    }

    /// The step that a code is of: one near `now`, later than the last that was used.
    fn step_of(&self, code: u32, now: Timestamp, last: i64) -> Option<i64> {
        let current = step_at(now);
        let steps = (current - DRIFT..=current + DRIFT).filter(|step| *step > last);
        steps.into_iter().find(|step| self.code_at(*step) == Some(code))
    }

    /// The code of a step, as the app shows it.
    pub(in crate::chat) fn code_at(&self, step: i64) -> Option<u32> {
        let counter = u64::try_from(step).ok()?;
        Some(self.truncated(counter)? % CODES)
    }

    /// RFC 4226, 5.3: four bytes of the MAC, from where its last half byte says.
    fn truncated(&self, counter: u64) -> Option<u32> {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).ok()?;
        mac.update(&counter.to_be_bytes());
        let mac = mac.finalize().into_bytes();
        let at = usize::from(mac.last()? & 0xf);
        let bytes: [u8; 4] = mac.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes) & 0x7fff_ffff)
    }

    /// For the database, which alone is to tell nobody a code: its key is not in there. For one user, so that no row
    /// opens as another's.
    pub(in crate::chat) fn sealed(&self, key: &SealKey, user: UserId) -> Result<Vec<u8>> {
        key.seal(&self.0, &user.0.to_be_bytes()).map_err(|Unspecified| Error::Internal)
    }

    /// `None`: the key is another server's, or the row somebody else's.
    pub(in crate::chat) fn unsealed(sealed: &[u8], key: &SealKey, user: UserId) -> Option<Self> {
        key.open(sealed, &user.0.to_be_bytes()).map(Self)
    }
}

impl fmt::Debug for FactorSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactorSecret(…)")
    }
}

/// The step that a moment is in.
pub fn step_at(now: Timestamp) -> i64 {
    now.0.div_euclid(i64::try_from(STEP.as_millis()).unwrap_or(i64::MAX))
}

/// A code that somebody typed, of the app or for recovery.
#[derive(Clone, PartialEq, Eq)]
pub enum Otp {
    /// Of the app.
    App(u32),
    /// For recovery: its hash.
    Recovery([u8; 32]),
    /// What cannot be any.
    Wrong,
}

impl Otp {
    /// Reads one, with blanks and dashes wherever people put them. `None`: nothing was typed.
    pub fn parse(text: &str) -> Option<Self> {
        let is_letter = |c: &char| !c.is_whitespace() && *c != '-';
        let letters: String = text.chars().filter(is_letter).take(RECOVERY_LETTERS + 1).collect();
        if letters.is_empty() {
            return None;
        }
        let is_number = letters.len() == DIGITS && letters.bytes().all(|byte| byte.is_ascii_digit());
        Some(match letters.parse() {
            Ok(code) if is_number => Self::App(code),
            _ if letters.len() == RECOVERY_LETTERS && letters.is_ascii() => Self::Recovery(recovery_hash(&letters)),
            _ => Self::Wrong,
        })
    }

    /// The step that it is of, if it is the app's, near `now` and newer than the last.
    pub fn step(&self, secret: &FactorSecret, now: Timestamp, last: i64) -> Option<i64> {
        match self {
            Self::App(code) => secret.step_of(*code, now, last),
            Self::Recovery(_) | Self::Wrong => None,
        }
    }
}

impl fmt::Debug for Otp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Otp(…)")
    }
}

/// A new recovery code, in four groups of letters, and what is kept of it.
pub fn recovery_code() -> (String, [u8; 32]) {
    let letters = BASE32_NOPAD.encode(&rand::random::<[u8; RECOVERY_BYTES]>()).to_lowercase();
    let groups: Vec<&str> = [0, 4, 8, 12].iter().map(|at| &letters[*at..at + 4]).collect();
    (groups.join("-"), recovery_hash(&letters))
}

fn recovery_hash(letters: &str) -> [u8; 32] {
    secret_hash(&letters.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{FactorRequirement, FactorSecret, MAX_ISSUER, Otp, SealKey, recovery_code, step_at};
    use crate::chat::model::id::UserId;
    use crate::chat::model::time::Timestamp;

    /// RFC 6238, appendix B: of eight digits, of which ours are the last six.
    const VECTORS: [(i64, u32); 6] = [
        (59, 94_287_082),
        (1_111_111_109, 7_081_804),
        (1_111_111_111, 14_050_471),
        (1_234_567_890, 89_005_924),
        (2_000_000_000, 69_279_037),
        (20_000_000_000, 65_353_130),
    ];

    fn secret() -> FactorSecret {
        FactorSecret::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").expect("the RFC's")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000)
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        assert_eq!(secret().0, b"12345678901234567890");
        for (seconds, code) in VECTORS {
            let step = step_at(at(seconds));
            let counter = u64::try_from(step).expect("later than 1970");
            assert_eq!(secret().truncated(counter).map(|all| all % 100_000_000), Some(code), "at {seconds}");
            assert_eq!(secret().code_at(step), Some(code % 1_000_000));
        }
        // RFC 4226, appendix D.
        let hotp: Vec<u32> = (0..10).filter_map(|step| secret().code_at(step)).collect();
        let expected = [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        assert_eq!(hotp, expected);
    }

    #[test]
    fn a_code_counts_one_step_either_way_and_once() {
        let now = at(1_234_567_890);
        let (step, code) = (step_at(now), Otp::parse("005924").expect("a code"));
        for (away, counts) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let found = code.step(&secret(), at(1_234_567_890 + away), -1);
            assert_eq!(found, counts.then_some(step), "{away} s");
        }
        assert_eq!(code.step(&secret(), now, step - 1), Some(step));
        assert_eq!(code.step(&secret(), now, step), None, "it was used");
        assert_eq!(code.step(&secret(), now, step + 1), None, "a later one was used");
        assert_eq!(Otp::parse("005925").expect("a code").step(&secret(), now, -1), None);
        assert_eq!(code.step(&secret(), Timestamp(i64::MIN), -1), None, "no time is too strange");
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        for typed in ["005924", " 005 924\n", "005-924"] {
            assert!(Otp::parse(typed) == Some(Otp::App(5_924)), "{typed}");
        }
        for blank in ["", " ", "-"] {
            assert!(Otp::parse(blank).is_none());
        }
        for wrong in ["5924", "0059240", "+05924", "００５９２４", "abcdefg", "абвгдежз", &"7".repeat(17)]
        {
            assert!(Otp::parse(wrong) == Some(Otp::Wrong), "{wrong}");
        }
        let (code, hash) = recovery_code();
        assert_eq!(code.len(), 19);
        for typed in [code.clone(), code.to_uppercase(), code.replace('-', ""), code.replace('-', " ")] {
            assert!(Otp::parse(&typed) == Some(Otp::Recovery(hash)), "{typed}");
        }
        assert_ne!(recovery_code().0, code);
    }

    #[test]
    fn a_sealed_secret_opens_by_its_key_for_its_user_alone() {
        let (key, other) = (SealKey::new([1; 32]), SealKey::new([2; 32]));
        let seal = || secret().sealed(&key, UserId(7)).expect("sealed");
        let sealed = seal();
        assert_eq!(FactorSecret::unsealed(&sealed, &key, UserId(7)), Some(secret()));
        assert_eq!(FactorSecret::unsealed(&sealed, &other, UserId(7)), None);
        assert_eq!(FactorSecret::unsealed(&sealed, &key, UserId(8)), None);
        assert_eq!(FactorSecret::unsealed(&sealed[..20], &key, UserId(7)), None);
        assert_eq!(FactorSecret::unsealed(b"short", &key, UserId(7)), None);
        assert!(!sealed.windows(8).any(|part| secret().0.windows(8).any(|clear| clear == part)));
        assert_ne!(sealed, seal(), "each time anew");
    }

    #[test]
    fn the_address_for_an_app_names_the_server_and_the_account() {
        let uri = secret().uri("Bob & co: “us”", "ann.lee");
        assert_eq!(
            uri,
            "otpauth://totp/Bob%20%26%20co%20%E2%80%9Cus%E2%80%9D:ann%2Elee\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bob%20%26%20co%20%E2%80%9Cus%E2%80%9D"
        );
        let long = secret().uri(&"я".repeat(255), "ann");
        assert_eq!(long.matches("%D1%8F").count(), 2 * MAX_ISSUER);
        assert!(!format!("{:?}", secret()).contains("GEZD"));
    }

    #[test]
    fn whom_it_is_asked_of() {
        use FactorRequirement::{Admins, All, Nobody};
        let asked = |of: FactorRequirement| {
            [(false, false), (true, false), (false, true), (true, true)].map(|(admin, bot)| of.concerns(admin, bot))
        };
        assert_eq!(asked(Nobody), [false; 4]);
        assert_eq!(asked(Admins), [false, true, false, false]);
        assert_eq!(asked(All), [true, true, false, false]);
    }
}
