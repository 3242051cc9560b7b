//! Sending a stored file: whole, in part, or not again.

use bytes::Bytes;
use futures_util::stream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use warp::Reply;
use warp::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
};
use warp::http::{Method, StatusCode};

use super::conditional::is_known;
use super::reply::{Answer, ApiError, Response};
use super::request::Request;
use crate::chat::App;
use crate::chat::model::error::Error;
use crate::chat::model::file::{File, is_inline};
use crate::chat::model::session::Actor;

/// Bytes read from the disk at once.
const PIECE: usize = 64 * 1024;
/// What RFC 8187 leaves as it is in `filename*`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Sends a file that was found for somebody: for an actor, as long as they may have it;
/// for nobody in particular, to its end. `cache` says who may keep it for how long.
pub async fn send(request: &Request, file: &File, actor: Option<Actor>, cache: &'static str) -> Answer {
    let etag = format!("\"{}\"", file.sha256);
    let size = u64::try_from(file.size).unwrap_or(0);
    if is_known(&request.headers, &etag) {
        return Ok(headed(Response::default(), StatusCode::NOT_MODIFIED, file, &etag, cache));
    }
    let unchanged = request.header("if-range").is_none_or(|known| known == etag);
    let range = match request.header("range").filter(|_| unchanged && request.method == Method::GET) {
        Some(range) => asked_range(range, size)?,
        None => None,
    };
    let (first, length) = range.unwrap_or((0, size));
    let body = if request.method == Method::HEAD {
        Response::default()
    } else {
        open(request, file, actor, first, length).await?
    };
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = headed(body, status, file, &etag, cache);
    set(&mut response, CONTENT_LENGTH, &length.to_string());
    set(&mut response, ACCEPT_RANGES, "bytes");
    if range.is_some() {
        set(&mut response, CONTENT_RANGE, &format!("bytes {first}-{}/{size}", first + length - 1));
    }
    Ok(response)
}

/// Headers that keep a browser from running what somebody uploaded.
pub fn headed(mut response: Response, status: StatusCode, file: &File, etag: &str, cache: &'static str) -> Response {
    *response.status_mut() = status;
    let content_type = match file.content_type.as_str() {
        "text/plain" => "text/plain; charset=utf-8",
        other => other,
    };
    set(&mut response, CONTENT_TYPE, content_type);
    set(&mut response, ETAG, etag);
    set(&mut response, CACHE_CONTROL, cache);
    set(&mut response, CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
    set(&mut response, CONTENT_DISPOSITION, &disposition(file));
    response
}

fn disposition(file: &File) -> String {
    let kind = if is_inline(&file.content_type) { "inline" } else { "attachment" };
    let plain: String =
        file.name.chars().map(|c| if c.is_ascii_alphanumeric() || " ._-".contains(c) { c } else { '_' }).collect();
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(&file.name, PLAIN))
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The one range of the header as first byte and length. Several ranges, or what is no
/// range, mean the whole file; one outside of it cannot be had.
fn asked_range(header: &str, size: u64) -> Result<Option<(u64, u64)>, ApiError> {
    let Some((from, to)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Ok(None);
    };
    let (from, to) = (from.trim(), to.trim());
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (first, last) = match (number(from), number(to)) {
        (Some(first), Some(last)) if first <= last => (first, last),
        (Some(first), None) if to.is_empty() => (first, u64::MAX),
        (None, Some(0)) if from.is_empty() => return Err(ApiError::RangeNotSatisfiable(size)),
        (None, Some(suffix)) if from.is_empty() => (size.saturating_sub(suffix), u64::MAX),
        _ => return Ok(None),
    };
    if first >= size {
        return Err(ApiError::RangeNotSatisfiable(size));
    }
    Ok(Some((first, last.min(size - 1) - first + 1)))
}

/// The part of a file, a piece at a time. One who is signed out or loses the right to it
/// meanwhile gets no further piece: the answer breaks off, and nobody takes it for the whole.
async fn open(request: &Request, file: &File, actor: Option<Actor>, first: u64, length: u64) -> Answer {
    let app = request.context.app.clone();
    app.has_bytes(file).await?;
    let rest = FileStream { app, file: file.clone(), actor, first, left: length };
    Ok(warp::reply::stream(stream::try_unfold(rest, FileStream::next)).into_response())
}

/// What of a file is still to be sent.
struct FileStream {
    app: App,
    file: File,
    actor: Option<Actor>,
    first: u64,
    left: u64,
}

impl FileStream {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        if let Some(actor) = &self.actor {
            self.app.check_signed_in(actor)?;
            self.app.file(actor, self.file.id)?;
        }
        let length = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
        let piece = self.app.read_file(&self.file, self.first, length).await?;
        (self.first, self.left) = (self.first + length as u64, self.left - length as u64);
        Ok(Some((Bytes::from(piece), self)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{ApiError, asked_range};

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        for (header, range) in [
            ("bytes=0-3", Some((0, 4))),
            ("bytes=2-", Some((2, 8))),
            ("bytes=-3", Some((7, 3))),
            ("bytes=-30", Some((0, 10))),
            ("bytes=5-99", Some((5, 5))),
            ("bytes=3-2", None),
            ("bytes=0-1,3-4", None),
            ("bytes=x-", None),
            ("lines=0-1", None),
        ] {
            assert_eq!(asked_range(header, 10).expect(header), range, "{header}");
        }
        for outside in ["bytes=10-", "bytes=99-100", "bytes=-0"] {
            assert!(matches!(asked_range(outside, 10), Err(ApiError::RangeNotSatisfiable(10))), "{outside}");
        }
    }

    proptest! {
        /// A part is never empty and never reaches beyond the file.
        #[test]
        fn a_part_lies_inside_the_file(from in any::<Option<u64>>(), to in any::<Option<u64>>(), size in any::<u64>()) {
            let shown = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
            let header = format!("bytes={}-{}", shown(from), shown(to));
            if let Ok(Some((first, length))) = asked_range(&header, size) {
                prop_assert!(length > 0 && first.checked_add(length).is_some_and(|end| end <= size), "{header} of {size}");
            }
        }

        #[test]
        fn any_header_is_a_range_or_none(header in ".{0,40}", tail in "[0-9x,= -]{0,40}", size in any::<u64>()) {
            for header in [header, format!("bytes={tail}")] {
                if let Ok(Some((first, length))) = asked_range(&header, size) {
                    prop_assert!(length > 0 && first + length <= size, "{header} of {size}");
                }
            }
        }
    }
}
