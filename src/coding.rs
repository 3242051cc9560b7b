//! Sending answers smaller, as far as who asks takes it.

use std::io::{self, Write};

use warp::http::header::{ACCEPT_ENCODING, HeaderMap};

/// How an answer may be sent smaller, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    /// The best that the request takes, if any.
    pub(crate) fn asked(headers: &HeaderMap) -> Option<Self> {
        let accepted = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
        let takes = |name: &str| {
            accepted.split(',').any(|one| {
                let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
                coding.trim() == name && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
            })
        };
        [Self::Brotli, Self::Gzip].into_iter().find(|coding| takes(coding.name()))
    }

    /// As `Content-Encoding` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The bytes in this coding.
    pub(crate) fn compress(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Brotli => {
                let mut out = Vec::new();
                // 9 of 11: the last steps cost ten times the time for a hundredth of the size.
                brotli::BrotliCompress(
                    &mut &*bytes,
                    &mut out,
                    &brotli::enc::BrotliEncoderParams { quality: 9, ..Default::default() },
                )?;
                Ok(out)
            }
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
                encoder.write_all(bytes)?;
                encoder.finish()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use warp::http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};

    use super::Coding;

    fn asked(accepted: &[u8]) -> Option<Coding> {
        let value = HeaderValue::from_bytes(accepted).ok()?;
        Coding::asked(&HeaderMap::from_iter([(ACCEPT_ENCODING, value)]))
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
            let (mut out, mut gunzipped) = (Vec::new(), Vec::new());
            let brotli = Coding::Brotli.compress(&bytes).expect("in memory");
            brotli::BrotliDecompress(&mut brotli.as_slice(), &mut out).expect("brotli");
            let gzip = Coding::Gzip.compress(&bytes).expect("in memory");
            flate2::read::GzDecoder::new(gzip.as_slice()).read_to_end(&mut gunzipped).expect("gzip");
            prop_assert_eq!((&out, &gunzipped), (&bytes, &bytes));
        }
    }
}
