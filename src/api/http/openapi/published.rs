//! The documents as they are served: made when they are first asked for, and kept.

use std::collections::HashMap;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::Value;
use sha2::{Digest, Sha256};
use warp::http::StatusCode;
use warp::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, VARY};

use crate::api::http::base::BasePath;
use crate::api::http::conditional::is_known;
use crate::api::http::mount::Mount;
use crate::api::http::reply;
use crate::api::http::reply::{Answer, ApiError, Response};
use crate::api::http::request::Request;
use crate::coding::{Coding, gzip_best};

/// A document in a coding.
#[derive(Clone)]
struct CachedDocument {
    bytes: Bytes,
    etag: String,
    coding: Option<Coding>,
}

/// By mount, name of the dialect and coding: no more than there are documents and codings.
type DocumentCache = HashMap<(Mount, String, Option<Coding>), CachedDocument>;

/// Makes the document of a dialect where it is mounted, or of all of them, for a server at a path.
type Make = fn(Mount, &str, &BasePath) -> Option<Value>;

/// The documents of a server.
pub struct Documents {
    make: Make,
    kept: Mutex<DocumentCache>,
}

impl Documents {
    pub fn new(make: Make) -> Self {
        Self { make, kept: Mutex::default() }
    }

    fn published(
        &self,
        base: &BasePath,
        mount: Mount,
        name: &str,
        coding: Option<Coding>,
    ) -> Result<CachedDocument, ApiError> {
        let mut kept = self.kept.lock();
        let key = (mount, name.to_owned(), coding);
        if let Some(published) = kept.get(&key) {
            return Ok(published.clone());
        }
        let document = (self.make)(mount, name, base).ok_or(ApiError::NOT_FOUND)?;
        let made = publish(&document, coding);
        kept.insert(key, made.clone());
        Ok(made)
    }
}

/// `/openapi.json`: everything, or with `?dialect=` one dialect.
pub async fn whole(request: Request) -> Answer {
    match request.query("dialect") {
        None => answer(&request, Mount::Root, ""),
        Some(name) => answer(&request, Mount::Document, name),
    }
}

/// `/d/{dialect}/openapi.json`.
pub async fn of(request: Request) -> Answer {
    answer(&request, Mount::Document, request.param(0))
}

/// `/c/{dialect}/openapi.json`.
pub async fn of_client(request: Request) -> Answer {
    answer(&request, Mount::Client, request.param(0))
}

fn answer(request: &Request, mount: Mount, name: &str) -> Answer {
    let asked = Coding::asked(&request.headers, &[Coding::Gzip]);
    let CachedDocument { bytes, etag, coding } =
        request.context.documents.published(request.base(), mount, name, asked)?;
    let known = is_known(&request.headers, &etag);
    let mut response = if known { Response::default() } else { reply::kept(bytes) };
    *response.status_mut() = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(coding) = coding.filter(|_| !known) {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(ETAG, etag);
    }
    Ok(response)
}

fn publish(document: &Value, coding: Option<Coding>) -> CachedDocument {
    let plain = Bytes::from(document.to_string());
    let hash = hex::encode(Sha256::digest(&plain));
    let (bytes, coding) = match coding.map(|coding| (coding, gzip_best(&plain))) {
        Some((coding, Ok(smaller))) => (smaller.into(), Some(coding)),
        Some((_, Err(cause))) => {
            tracing::warn!(%cause, "a document is sent as it is");
            (plain, None)
        }
        None => (plain, None),
    };
    let etag = format!("\"{hash}{}\"", coding.map_or(String::new(), |coding| format!("-{}", coding.name())));
    CachedDocument { bytes, etag, coding }
}
