//! Multipart bodies, a part at a time: text fields are gathered on the way, and files handed to
//! whoever takes them. Where nobody does, they are refused.

mod chunks;

use std::time::Duration;

use bytes::Bytes;
use chunks::{HeadLimit, HeadTooLong};
use multer::{Constraints, Field, Multipart, SizeLimit};
use tokio::time::{Instant, timeout};

use super::{BODY_DEADLINE, Fields, MAX_BODY, media_type};
use crate::api::http::reply::ApiError;
use crate::api::http::request::Request;
use crate::chat::model::member::MAX_ADDED;

/// The media type of these bodies.
pub const MULTIPART: &str = "multipart/form-data";
/// Parts of a body without files: the longest list that is taken, one id a part, and fields beside it.
const MAX_PARTS: usize = MAX_ADDED + 64;
/// Bytes of one part's head, and of what stands before the first.
const MAX_PART_HEAD: usize = 16 * 1024;
/// Longest boundary between parts, as RFC 2046 has it.
const MAX_BOUNDARY: usize = 70;
/// Bytes a second that a body has to keep up, after its first moments.
const MIN_RATE: u64 = 4 * 1024;
/// The same while others wait for the place that it holds.
const MIN_RATE_IN_A_HURRY: u64 = 64 * 1024;

/// A multipart body that is being read.
pub struct Form {
    parts: Multipart<'static>,
    heads: HeadLimit,
    pace: MinimumRate,
    /// How many parts there may be yet.
    left: usize,
    texts: Vec<(String, String)>,
    /// Bytes of the texts and their names, which are at most [`MAX_BODY`] together.
    text_bytes: usize,
}

/// A file among the parts.
pub struct FilePart {
    /// The field that it stands in.
    pub field: String,
    /// What its sender calls it.
    pub name: String,
    part: Field<'static>,
}

impl Form {
    /// Begins to read a request's body of at most `max` bytes and so many parts.
    pub fn open(request: &mut Request, max: u64, max_parts: usize) -> Result<Self, ApiError> {
        let header = request.header("content-type");
        if media_type(header) != MULTIPART {
            return Err(ApiError::UnsupportedMediaType);
        }
        let boundary = multer::parse_boundary(header.unwrap_or_default())
            .ok()
            .filter(|boundary| boundary.len() <= MAX_BOUNDARY)
            .ok_or(ApiError::Malformed("The multipart body names no boundary that can be used.".into()))?;
        let announced = request.header("content-length").and_then(|length| length.parse::<u64>().ok());
        if announced.is_some_and(|length| length > max) {
            return Err(ApiError::TooLarge);
        }
        let body = std::mem::replace(&mut request.body, Box::pin(futures_util::stream::empty()));
        let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(max));
        let (body, heads) = chunks::limit_heads(body, MAX_PART_HEAD);
        let parts = Multipart::with_constraints(body, boundary, limits);
        let pace = MinimumRate { begun: Instant::now(), bytes: 0, rate: MIN_RATE };
        Ok(Self { parts, heads, pace, left: max_parts, texts: Vec::new(), text_bytes: 0 })
    }

    /// The next file, with what stands before it gathered; `None` at the end of the body.
    pub async fn next_file(&mut self) -> Result<Option<FilePart>, ApiError> {
        while let Some(part) = self.pace.keep(self.heads.of(self.parts.next_field())).await? {
            let too_many = ApiError::Malformed("The multipart body has too many parts.".into());
            self.left = self.left.checked_sub(1).ok_or(too_many)?;
            let field = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                None => self.gather(field, part).await?,
                // What a browser sends for a file that nobody chose.
                Some(name) if name.is_empty() => self.skip_unchosen(&field, part).await?,
                Some(name) => return Ok(Some(FilePart { field, name, part })),
            }
        }
        Ok(None)
    }

    /// The next bytes of a file.
    pub async fn chunk(&mut self, file: &mut FilePart) -> Result<Option<Bytes>, ApiError> {
        self.pace.keep(file.part.chunk()).await
    }

    /// Whether the rest, and what came before, has to come faster than a slow line brings it.
    pub fn is_to_hurry(&mut self, is_to: bool) {
        self.pace.rate = if is_to { MIN_RATE_IN_A_HURRY } else { MIN_RATE };
    }

    /// The text fields of what was read.
    pub fn fields(self) -> Fields {
        Fields::of_form(self.texts)
    }

    async fn gather(&mut self, name: String, mut part: Field<'static>) -> Result<(), ApiError> {
        let mut text = Vec::new();
        self.text_bytes += name.len();
        while let Some(bytes) = self.pace.keep(part.chunk()).await? {
            self.text_bytes += bytes.len();
            if self.text_bytes > MAX_BODY {
                return Err(ApiError::TooLarge);
            }
            text.extend_from_slice(&bytes);
        }
        let text = String::from_utf8(text).map_err(|_| ApiError::Malformed("A field is not UTF-8.".into()))?;
        self.texts.push((name, text));
        Ok(())
    }

    async fn skip_unchosen(&mut self, field: &str, mut part: Field<'static>) -> Result<(), ApiError> {
        match self.pace.keep(part.chunk()).await? {
            Some(bytes) if !bytes.is_empty() => Err(ApiError::field(field, "The file has no name.")),
            Some(_) | None => Ok(()),
        }
    }
}

/// The fields of a form where no file is taken.
pub(super) async fn fields(request: &mut Request) -> Result<Fields, ApiError> {
    let mut form = Form::open(request, MAX_BODY as u64, MAX_PARTS)?;
    let reading = async {
        match form.next_file().await? {
            Some(file) => Err(ApiError::field(&file.field, "No file is taken here.")),
            None => Ok(form.fields()),
        }
    };
    timeout(BODY_DEADLINE, reading).await.unwrap_or(Err(ApiError::TooSlow))
}

/// Whether the body comes fast enough: a trickle would hold its file and connection open for days.
struct MinimumRate {
    begun: Instant,
    bytes: u64,
    /// Bytes a second.
    rate: u64,
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
        let allowed = BODY_DEADLINE + Duration::from_secs(self.bytes / self.rate);
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
    use tokio::time::sleep;

    use super::{ApiError, Bytes, Duration, Instant, MIN_RATE, MIN_RATE_IN_A_HURRY, MinimumRate};

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_may_go_on_until_others_wait_for_its_place() {
        let mut pace = MinimumRate { begun: Instant::now(), bytes: 0, rate: MIN_RATE };
        let next = async || {
            sleep(Duration::from_secs(1)).await;
            Ok(Some(Bytes::from_static(&[b'x'; 8 * 1024])))
        };
        for _ in 0..300 {
            assert!(pace.keep(next()).await.is_ok_and(|piece| piece.is_some()));
        }
        pace.rate = MIN_RATE_IN_A_HURRY;
        assert!(matches!(pace.keep(next()).await, Err(ApiError::TooSlow)));
    }
}
