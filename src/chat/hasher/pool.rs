//! argon2id in memory that is kept.
//!
//! A hash works on 19 MiB. Taken from the allocator and given back each time, a few bytes
//! that somebody keeps in the gap are enough that the next hash finds no room in it: a server
//! that saw thousands of sign-ins had grown by hundreds of MiB. So what a hash took is kept for
//! the next, until nobody signs in any more.

use argon2::password_hash::{self, Decimal, Ident, Output, ParamsString, PasswordHash, PasswordHasher, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use parking_lot::Mutex;

/// Blocks that are kept of one hash at most, 1 KiB each: what our own hashes take. A hash that came
/// from elsewhere and takes more has it for the moment.
const MAX_KEPT: usize = Params::DEFAULT_M_COST as usize;

static POOL: Pool = Pool::new();

/// The memory of hashes that are done: of as many as were at work at once, which is one for each
/// hashing thread.
struct Pool(Mutex<Vec<Vec<Block>>>);

impl Pool {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Does something with so many blocks.
    fn lend<T>(&self, needed: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let mut blocks = self.0.lock().pop().unwrap_or_default();
        if blocks.len() < needed {
            blocks.resize(needed, Block::default());
        }
        let done = work(&mut blocks);
        self.0.lock().push(blocks);
        done
    }
}

/// Frees what is kept; the next hash takes its memory anew.
pub(super) fn let_go() {
    drop(std::mem::take(&mut *POOL.0.lock()));
}

/// Hashes as `argon2` does, in memory that is kept.
pub(super) struct PooledArgon2<'a>(pub &'a Argon2<'a>);

impl PooledArgon2<'_> {
    /// Fills `out` with the hash.
    pub fn hash_into(&self, password: &[u8], salt: &[u8], out: &mut [u8]) -> argon2::Result<()> {
        let needed = self.0.params().block_count();
        if needed > MAX_KEPT {
            return self.0.hash_password_into(password, salt, out);
        }
        POOL.lend(needed, |blocks| self.0.hash_password_into_with_memory(password, salt, out, blocks))
    }
}

impl PasswordHasher for PooledArgon2<'_> {
    type Params = Params;

    fn hash_password_customized<'a>(
        &self,
        password: &[u8],
        algorithm: Option<Ident<'a>>,
        version: Option<Decimal>,
        params: Params,
        salt: impl Into<Salt<'a>>,
    ) -> password_hash::Result<PasswordHash<'a>> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let argon2 = Argon2::new(algorithm, version, params);
        let (salt, mut bytes) = (salt.into(), [0; Salt::MAX_LENGTH]);
        let salt_bytes = salt.decode_b64(&mut bytes)?;
        let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let hash = Output::init_with(length, |out| Ok(PooledArgon2(&argon2).hash_into(password, salt_bytes, out)?))?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(argon2.params())?,
            salt: Some(salt),
            hash: Some(hash),
        })
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
    use argon2::{Argon2, Params};

    use super::{Pool, PooledArgon2};

    #[test]
    fn what_is_hashed_in_kept_memory_is_what_argon2_says() {
        let salt = SaltString::encode_b64(b"sixteen bytes ok").expect("a salt");
        // The second takes less than is kept by then, the third more than may be.
        for memory in [1_024, 64, Params::DEFAULT_M_COST + 8] {
            let params = Params::new(memory, 1, 1, None).expect("parameters");
            let argon2 = Argon2::from(params.clone());
            let told = argon2.hash_password(b"correct horse", &salt).expect("hashed").to_string();
            let kept_hash = PooledArgon2(&argon2).hash_password_customized(b"correct horse", None, None, params, &salt);
            assert_eq!(kept_hash.expect("hashed").to_string(), told);
            let told = PasswordHash::new(&told).expect("a hash");
            assert!(PooledArgon2(&argon2).verify_password(b"correct horse", &told).is_ok());
            assert!(PooledArgon2(&argon2).verify_password(b"wrong horse", &told).is_err());
        }
    }

    #[test]
    fn what_was_lent_is_lent_again() {
        let pool = Pool::new();
        let kept = || pool.0.lock().iter().map(Vec::len).collect::<Vec<_>>();
        pool.lend(8, |_| assert_eq!(kept(), [0; 0], "it is lent"));
        pool.lend(4, |blocks| assert_eq!(blocks.len(), 8, "no less than was kept"));
        assert_eq!(kept(), [8]);
        pool.lend(16, |_| pool.lend(8, |_| assert_eq!(kept(), [0; 0])));
        assert_eq!(kept(), [8, 16], "of two at once, both");
    }
}
