//! The web client: embedded in the binary, or read from a folder while one works on it.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use rust_embed::{EmbeddedFile, RustEmbed};
use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH,
};
use warp::http::{Method, StatusCode};

use crate::api::reply::Response;

/// What a page of the client may do: nothing that is not the server's own. No `unsafe-`.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; \
    manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(RustEmbed)]
#[folder = "static/"]
struct Embedded;

/// The client's files.
pub struct Assets {
    folder: Option<PathBuf>,
}

impl Assets {
    /// Those in the binary, or those in `folder`.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The file at a path of the site, for a method that reads.
    pub fn find(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        let name = match path {
            "/" | "/login" | "/login/" => "index.html",
            "/media/user_images/default.jpg" => "img/default.jpg",
            _ => path.strip_prefix('/')?,
        };
        let (bytes, etag) = self.read(name)?;
        let known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
        let mut response = if known { Response::default() } else { Response::new(bytes.into()) };
        *response.status_mut() = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let headers = response.headers_mut();
        let content_type = mime_guess::from_path(name).first_or_octet_stream();
        headers
            .insert(CONTENT_TYPE, header(content_type.essence_str(), content_type.type_() == mime_guess::mime::TEXT));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(ETAG, etag);
        }
        Some(response)
    }

    fn read(&self, name: &str) -> Option<(Bytes, String)> {
        let file = match &self.folder {
            Some(folder) => read_from(folder, name)?,
            None => Embedded::get(name)?,
        };
        let etag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
        let bytes = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        Some((bytes, etag))
    }
}

/// A file below `folder`, and none beside it.
fn read_from(folder: &Path, name: &str) -> Option<EmbeddedFile> {
    let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let path = folder.join(name);
    if !plain || !path.is_file() {
        return None;
    }
    rust_embed::utils::read_file_from_fs(&path).ok()
}

fn header(essence: &str, is_text: bool) -> HeaderValue {
    let charset = if is_text { "; charset=utf-8" } else { "" };
    HeaderValue::from_str(&format!("{essence}{charset}"))
        .unwrap_or(HeaderValue::from_static("application/octet-stream"))
}
