//! What a record holds, checked like input from outside.

use crate::chat::hasher;
use crate::chat::model::name::rule::Violation;
use crate::chat::model::record::RecordError;
use crate::chat::model::time::Timestamp;

/// Longest message that is taken, in characters.
pub const MAX_TEXT: usize = 100_000;
/// Largest file that is taken, in bytes.
pub const MAX_FILE: u64 = 1024 * 1024 * 1024;
/// How far a time may lie ahead of this machine's clock, in milliseconds: a day.
pub const MAX_AHEAD: i64 = 24 * 60 * 60 * 1000;

type Result<T> = std::result::Result<T, RecordError>;

pub(super) fn refused<T>(why: impl Into<String>) -> Result<T> {
    Err(RecordError::Record(why.into()))
}

/// What a parser says of a field.
pub(super) fn field<T>(name: &str, parsed: std::result::Result<T, Violation>) -> Result<T> {
    parsed.map_err(|Violation(sentence)| RecordError::Record(format!("{name}: {sentence}")))
}

/// A moment that is over, as far as clocks agree.
pub(super) fn time(name: &str, at: Timestamp, now: Timestamp) -> Result<Timestamp> {
    if at.0 < 0 {
        return refused(format!("{name}: it is before 1970"));
    }
    if at.0 > now.0.saturating_add(MAX_AHEAD) {
        return refused(format!("{name}: it is still to come"));
    }
    Ok(at)
}

/// SHA-256 in hex digits.
pub(super) fn sha256(name: &str, text: &str) -> Result<[u8; 32]> {
    let is_small = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    let mut bytes = [0; 32];
    match hex::decode_to_slice(text, &mut bytes) {
        Ok(()) if is_small => Ok(bytes),
        _ => refused(format!("{name}: it is not 64 hex digits, the letters small")),
    }
}

/// Whether a sign-in can check a password by this, at a bounded cost.
pub(super) fn is_usable_hash(hash: &str) -> bool {
    hasher::can_verify(hash)
}

#[cfg(test)]
mod tests {
    use super::{is_usable_hash, sha256};
    use crate::chat::hasher::no_password;

    #[test]
    fn hashes_that_a_sign_in_can_check_are_known_from_those_that_would_hang_it() {
        let ours = "$argon2id$v=19$m=19456,t=2,p=1$Zmlyc3QgbGlnaHQgZGVjbw$2vZyzWkWBH6sP5TKZTzMCpPIgDl0xBeYbqxUnpgnRCM";
        let django = "pbkdf2_sha256$1000000$saltsaltsaltsaltsaltsa$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        for good in [ours, &format!("argon2{ours}"), &no_password(), django] {
            assert!(is_usable_hash(good), "{good}");
        }
        for bad in [
            "",
            "!",
            "password",
            "md5$salt$00",
            &ours.replace("19456", "4194304"),
            &ours.replace("t=2", "t=4000000000"),
            &ours.replace("argon2id", "argon2i"),
            &django.replace("1000000", "4294967295"),
            &django.replace("1000000", "0"),
            "pbkdf2_sha256$1000$salt",
            &"x".repeat(10_000),
        ] {
            assert!(!is_usable_hash(bad), "{bad}");
        }
        assert_ne!(no_password(), no_password());
    }

    #[test]
    fn a_sum_is_written_in_one_way() {
        assert!(sha256("sum", &"ab".repeat(32)).is_ok());
        for bad in ["", "ab", &"AB".repeat(32), &"xy".repeat(32), &"ab".repeat(33)] {
            assert!(sha256("sum", bad).is_err(), "{bad}");
        }
    }
}
