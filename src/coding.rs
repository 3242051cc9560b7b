//! Sending answers smaller, as far as who asks takes it.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use warp::http::header::{ACCEPT_ENCODING, HeaderMap};

/// How an answer may be sent smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Coding {
    /// Of the web client's files alone, compressed when the program was built.
    Brotli,
    Gzip,
}

impl Coding {
    /// The best of those that there are that the request takes, if any.
    pub(crate) fn asked(headers: &HeaderMap, there_are: &[Self]) -> Option<Self> {
        there_are.iter().copied().find(|coding| coding.is_taken(headers))
    }

    /// Whether the request takes it.
    pub(crate) fn is_taken(self, headers: &HeaderMap) -> bool {
        let accepted = headers.get(ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
        accepted.split(',').any(|one| {
            let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
            coding.trim() == self.name() && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        })
    }

    /// As `Content-Encoding` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// The bytes in gzip, as few as they can be.
pub(crate) fn gzip_best(bytes: &[u8]) -> io::Result<Vec<u8>> {
    gzip(bytes, Compression::best())
}

/// The bytes in gzip, in the least time: for what is made for one reader alone.
pub(crate) fn gzip_fast(bytes: &[u8]) -> io::Result<Vec<u8>> {
    gzip(bytes, Compression::fast())
}

fn gzip(bytes: &[u8], level: Compression) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use warp::http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};

    use super::{Coding, gzip_best, gzip_fast};

    fn asked(accepted: &[u8]) -> Option<Coding> {
        let value = HeaderValue::from_bytes(accepted).ok()?;
        Coding::asked(&HeaderMap::from_iter([(ACCEPT_ENCODING, value)]), &[Coding::Brotli, Coding::Gzip])
    }

    #[test]
    fn the_best_that_is_taken_is_chosen() {
        assert_eq!(asked(b"gzip, deflate, br"), Some(Coding::Brotli));
        assert_eq!(asked(b"br;q=0, gzip;q=0.5"), Some(Coding::Gzip));
        assert_eq!((asked(b""), asked(b"identity"), asked(b"gzip; q=0")), (None, None, None));
    }

    proptest! {
        /// No coding that was not named, whatever was said.
        #[test]
        fn any_header_names_a_coding_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..30), near in "(br|gzip|;|q=0|q=1|,| |[.]0){0,9}") {
            for accepted in [bytes.as_slice(), near.as_bytes()] {
                if let Some(coding) = asked(accepted) {
                    prop_assert!(String::from_utf8_lossy(accepted).contains(coding.name()));
                }
            }
        }

        /// What is sent smaller is the same when it is read.
        #[test]
        fn what_is_compressed_is_read_again(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let mut gunzipped = Vec::new();
            for gzip in [gzip_best(&bytes), gzip_fast(&bytes)] {
                gunzipped.clear();
                flate2::read::GzDecoder::new(gzip.expect("in memory").as_slice()).read_to_end(&mut gunzipped).expect("gzip");
                prop_assert_eq!(&gunzipped, &bytes);
            }
        }
    }
}
