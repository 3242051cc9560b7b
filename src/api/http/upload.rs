//! Multipart bodies: one file streamed to the core, and text fields beside it.

mod chunks;

use std::time::Duration;

use bytes::Bytes;
use chunks::{HeadLimit, HeadTooLong};
use multer::{Constraints, Field, Multipart, SizeLimit};
use tokio::time::{Instant, timeout};

use super::body::{BODY_DEADLINE, Fields, MAX_BODY, media_type};
use super::limit::Rate;
use super::reply::ApiError;
use super::request::Request;
use crate::chat::file::Upload;
use crate::chat::model::file::File;
use crate::chat::model::session::Actor;

/// Bytes a second that an upload has to keep up, after its first moments.
const MIN_RATE: u64 = 4 * 1024;
/// What the parts' heads and text fields may add to the file.
const OVERHEAD: u64 = MAX_BODY as u64;
/// Parts of one body.
const MAX_PARTS: usize = 64;
/// Bytes of one part's head, and of what stands before the first.
const MAX_PART_HEAD: usize = 16 * 1024;
/// Longest boundary between parts, as RFC 2046 has it.
const MAX_BOUNDARY: usize = 70;

/// Reads a multipart body. The file in `field` becomes the actor's, and counts as `rate`
/// beside what the request itself counts as; `None` if there is none.
pub async fn receive(
    actor: &Actor,
    request: &mut Request,
    field: &str,
    rate: Rate,
) -> Result<(Option<File>, Fields), ApiError> {
    let max = request.context.settings.max_upload;
    let (mut parts, heads) = open(request, max)?;
    let (mut texts, mut text_bytes) = (Vec::new(), 0);
    let mut upload: Option<(Upload, String)> = None;
    let mut pace = MinimumRate { begun: Instant::now(), bytes: 0 };
    let mut count = 0;
    while let Some(mut part) = pace.keep(heads.of(parts.next_field())).await? {
        count += 1;
        if count > MAX_PARTS {
            return Err(ApiError::Malformed(format!("A multipart body may have {MAX_PARTS} parts at most.").into()));
        }
        let name = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            Some(file_name) if name == field && upload.is_none() => {
                request.context.limits.check(rate, actor)?;
                let mut incoming = request.context.app.begin_upload(actor).await?;
                stream(&mut part, &mut incoming, max, &mut pace).await?;
                upload = Some((incoming, file_name));
            }
            // Files that nobody asked for are read past, not kept.
            Some(_) => while pace.keep(part.chunk()).await?.is_some() {},
            None => {
                let text = text(&mut part, &mut pace, MAX_BODY - text_bytes).await?;
                text_bytes += text.len();
                texts.push((name, text));
            }
        }
    }
    let file = match upload {
        Some((upload, name)) => Some(upload.finish(&name).await?),
        None => None,
    };
    Ok((file, Fields::of_form(texts)))
}

fn open(request: &mut Request, max: u64) -> Result<(Multipart<'static>, HeadLimit), ApiError> {
    let header = request.header("content-type");
    if media_type(header) != "multipart/form-data" {
        return Err(ApiError::UnsupportedMediaType);
    }
    let boundary = multer::parse_boundary(header.unwrap_or_default())
        .ok()
        .filter(|boundary| boundary.len() <= MAX_BOUNDARY)
        .ok_or(ApiError::Malformed("The multipart body names no boundary that can be used.".into()))?;
    let announced = request.header("content-length").and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > max + OVERHEAD) {
        return Err(ApiError::TooLarge);
    }
    let body = std::mem::replace(&mut request.body, Box::pin(futures_util::stream::empty()));
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(max + OVERHEAD));
    let (body, heads) = chunks::limit_heads(body, MAX_PART_HEAD);
    Ok((Multipart::with_constraints(body, boundary, limits), heads))
}

async fn stream(part: &mut Field<'_>, upload: &mut Upload, max: u64, pace: &mut MinimumRate) -> Result<(), ApiError> {
    while let Some(bytes) = pace.keep(part.chunk()).await? {
        if upload.size() + bytes.len() as u64 > max {
            return Err(ApiError::TooLarge);
        }
        upload.write(&bytes).await?;
    }
    Ok(())
}

/// A text field, of which `max` bytes are left to all of them together.
async fn text(part: &mut Field<'_>, pace: &mut MinimumRate, max: usize) -> Result<String, ApiError> {
    let mut text = Vec::new();
    while let Some(bytes) = pace.keep(part.chunk()).await? {
        text.extend_from_slice(&bytes);
        if text.len() > max {
            return Err(ApiError::TooLarge);
        }
    }
    String::from_utf8(text).map_err(|_| ApiError::Malformed("A field is not UTF-8.".into()))
}

/// Whether the body comes fast enough: a trickle would hold its file and connection open for days.
struct MinimumRate {
    begun: Instant,
    bytes: u64,
}

/// What can be counted of what came.
trait Amount {
    fn amount(&self) -> u64;
}

impl Amount for Option<Bytes> {
    fn amount(&self) -> u64 {
        self.as_ref().map_or(0, |bytes| bytes.len() as u64)
    }
}

impl Amount for Option<Field<'static>> {
    fn amount(&self) -> u64 {
        0
    }
}

impl MinimumRate {
    async fn keep<T: Amount>(&mut self, next: impl Future<Output = multer::Result<T>>) -> Result<T, ApiError> {
        let allowed = BODY_DEADLINE + Duration::from_secs(self.bytes / MIN_RATE);
        let left = allowed.saturating_sub(self.begun.elapsed()).min(BODY_DEADLINE);
        match timeout(left, next).await {
            Ok(Ok(came)) => {
                self.bytes += came.amount();
                Ok(came)
            }
            Ok(Err(cause)) => Err(failure(&cause)),
            Err(_) => Err(ApiError::TooSlow),
        }
    }
}

fn failure(cause: &multer::Error) -> ApiError {
    match cause {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => ApiError::TooLarge,
        multer::Error::StreamReadFailed(cause) if cause.is::<HeadTooLong>() => ApiError::TooLarge,
        _ => ApiError::Malformed("The multipart body cannot be read.".into()),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
    use warp::http::header::{CONTENT_TYPE, HeaderValue};

    use super::{Fields, File, Rate, receive};
    use crate::api::Api;
    use crate::api::http::request::tests::bare;
    use crate::api::tests::{core_with_alice, settings};
    use crate::chat::model::session::Actor;

    struct Server {
        api: Api,
        alice: Actor,
        _folder: tempfile::TempDir,
        runtime: tokio::runtime::Runtime,
    }

    fn server() -> Server {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let (chat, token) = runtime.block_on(core_with_alice(folder.path()));
        let alice = chat.authenticate(token.as_str()).expect("signed in");
        let _guard = runtime.enter();
        Server { api: Api::new(chat, settings()), alice, _folder: folder, runtime }
    }

    impl Server {
        /// What becomes of a body that comes in such pieces.
        fn reads(&self, body: &[u8], piece: usize) -> Option<(Option<File>, Fields)> {
            let mut request = bare(&self.api);
            request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=edge"));
            let pieces: Vec<_> = body.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
            request.body = Box::pin(futures_util::stream::iter(pieces));
            self.runtime.block_on(receive(&self.alice, &mut request, "file", Rate::Free)).ok()
        }
    }

    /// Text fields, and then a file.
    fn written(texts: &[(String, String)], file: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, text) in texts {
            body.extend(
                format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n").into_bytes(),
            );
        }
        body.extend(b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n");
        body.extend(file);
        body.extend(b"\r\n--edge--\r\n");
        body
    }

    #[test]
    fn any_body_is_read_as_it_was_written_or_refused() {
        let server = server();
        proptest!(ProptestConfig::with_cases(64), |(
            texts in proptest::collection::btree_map("[a-e]{1,3}", ".{0,30}", 0..4),
            file in proptest::collection::vec(any::<u8>(), 1..400),
            piece in 1_usize..300, cut in any::<usize>(), at in any::<usize>(), noise in proptest::collection::vec(any::<u8>(), 1..9),
        )| {
            let texts: Vec<(String, String)> = texts.into_iter().collect();
            let body = written(&texts, &file);
            let (stored, mut fields) = server.reads(&body, piece).expect("a sound body");
            prop_assert_eq!(stored.map(|stored| stored.size), i64::try_from(file.len()).ok());
            for (name, text) in texts {
                prop_assert_eq!(fields.text(&name), Some(text));
            }
            // Without its last edge nobody knows whether it is whole.
            prop_assert!(server.reads(&body[..cut % (body.len() - 4)], piece).is_none());
            let mut spoiled = body;
            let at = at % spoiled.len();
            spoiled.splice(at..at, noise.iter().copied());
            drop(server.reads(&spoiled, piece));
            drop(server.reads(&noise, piece));
        });
    }
}
