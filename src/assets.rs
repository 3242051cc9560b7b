//! The web client: embedded in the binary, or read from a folder while one works on it.

use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use warp::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use warp::http::{Method, StatusCode};

use crate::api::http::base::BasePath;
use crate::api::http::conditional::is_known;
use crate::api::http::reply;
use crate::api::http::reply::Response;
use crate::coding::{Coding, gzip_best};

/// What a page of the client may do: nothing that is not the server's own. No `unsafe-`.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; \
    manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Of which version of the client a file is. Its service worker never mixes two of them in a page.
const BUILD: HeaderName = HeaderName::from_static("x-fireside-build");

/// The files in the binary, as `build.rs` has made them: compressed alone, but for pictures, which are so in themselves.
const EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

struct Embedded {
    name: &'static str,
    /// SHA-256 in hex.
    hash: &'static str,
    form: Form<&'static [u8]>,
}

/// How there is a file.
enum Form<T> {
    Plain(T),
    Compressed { gzip: T, brotli: T },
}

/// The client's files.
pub struct Assets {
    folder: Option<PathBuf>,
    /// The version of those in the binary.
    build: OnceLock<HeaderValue>,
}

impl Assets {
    /// Those in the binary, or those in `folder`.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, build: OnceLock::new() }
    }

    /// The file at a path of the site, for a method that reads.
    pub fn find(&self, method: &Method, path: &str, headers: &HeaderMap, base: &BasePath) -> Option<Response> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        let name = match path {
            "/" | "/login" | "/login/" => "index.html",
            "/docs" | "/docs/" => "docs/index.html",
            "/setup" | "/setup/" | "/invite" | "/invite/" | "/join" | "/join/" | "/reset" | "/reset/" => "index.html",
            // What browsers ask for where a page names no icon, or is none of ours.
            "/favicon.ico" => "img/icon-192.png",
            // As a document prints it, below the root or a place of its own.
            path if path.ends_with("/media/user_images/default.jpg") => "img/default.jpg",
            _ => path.strip_prefix('/')?,
        };
        let content_type = match name.strip_suffix(".ts") {
            Some(_) => mime_guess::mime::TEXT_PLAIN, // a video, to those who guess by names
            None => mime_guess::from_path(name).first_or_octet_stream(),
        };
        let (mut form, mut hash) = self.read(name)?;
        if content_type.subtype() == "html" && !base.is_root() {
            (form, hash) = based(&form.plain().ok()?, base.prefix());
        }
        let is_text = content_type.type_() == mime_guess::mime::TEXT;
        let there_are = match form {
            Form::Compressed { .. } => &[Coding::Brotli, Coding::Gzip][..],
            Form::Plain(_) if is_text || content_type.subtype() == "svg" => &[Coding::Gzip],
            Form::Plain(_) => &[],
        };
        let coding = Coding::asked(headers, there_are);
        let etag = format!("\"{hash}{}\"", coding.map_or(String::new(), |coding| format!("-{}", coding.name())));
        let known = is_known(headers, &etag);
        let mut response = if known { Response::default() } else { reply::kept(form.coded(coding).ok()?) };
        *response.status_mut() = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, header(content_type.essence_str(), is_text));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(BUILD, self.build());
        if let Some(coding) = coding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(ETAG, etag);
        }
        Some(response)
    }

    /// The page for a browser that was sent to an address where there is nothing. It says so.
    pub fn missing(&self, headers: &HeaderMap, base: &BasePath) -> Option<Response> {
        let mut headers = headers.clone();
        headers.remove(IF_NONE_MATCH); // what it has, it has of another address
        let mut response = self.find(&Method::GET, "/", &headers, base)?;
        *response.status_mut() = StatusCode::NOT_FOUND;
        response.headers_mut().remove(ETAG);
        Some(response)
    }

    /// The version of all files together: those of a folder may change at any time.
    fn build(&self) -> HeaderValue {
        match &self.folder {
            Some(folder) => version(stamps(folder)),
            None => self.build.get_or_init(|| version(embedded())).clone(),
        }
    }

    /// A file and its hash.
    fn read(&self, name: &str) -> Option<(Form<Bytes>, String)> {
        match &self.folder {
            Some(folder) => read_from(folder, name),
            None => {
                let file = EMBEDDED.iter().find(|file| file.name == name)?;
                let form = match file.form {
                    Form::Plain(bytes) => Form::Plain(Bytes::from_static(bytes)),
                    Form::Compressed { gzip, brotli } => {
                        Form::Compressed { gzip: Bytes::from_static(gzip), brotli: Bytes::from_static(brotli) }
                    }
                };
                Some((form, file.hash.to_owned()))
            }
        }
    }
}

impl Form<Bytes> {
    /// The file's own bytes. Few ask for those: every browser takes a coding.
    fn plain(self) -> io::Result<Bytes> {
        match self {
            Self::Plain(bytes) => Ok(bytes),
            Self::Compressed { gzip, .. } => {
                let mut bytes = Vec::new();
                GzDecoder::new(&*gzip).read_to_end(&mut bytes)?;
                Ok(bytes.into())
            }
        }
    }

    /// The bytes in a coding that there is.
    fn coded(self, coding: Option<Coding>) -> io::Result<Bytes> {
        match (coding, self) {
            (None, form) => form.plain(),
            (Some(Coding::Brotli), Self::Compressed { brotli, .. }) => Ok(brotli),
            (Some(Coding::Gzip), Self::Compressed { gzip, .. }) => Ok(gzip),
            (Some(_), Self::Plain(bytes)) => gzip_best(&bytes).map(Bytes::from),
        }
    }
}

/// What tells one version of the files in the binary from another.
fn embedded() -> Vec<String> {
    EMBEDDED.iter().map(|file| format!("{} {}", file.name, file.hash)).collect()
}

/// The same of a folder, which is asked for with each file: names, sizes and times will do.
fn stamps(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(about) if about.is_dir() => folders.push(entry.path()),
                Ok(about) => {
                    found.push(format!("{} {} {:?}", entry.path().display(), about.len(), about.modified().ok()));
                }
                Err(_) => {} // it has just gone
            }
        }
    }
    found
}

/// A short name of a version.
fn version(mut files: Vec<String>) -> HeaderValue {
    files.sort_unstable();
    let digest = hex::encode(Sha256::digest(files.join("\n")));
    HeaderValue::from_str(&digest[..16]).unwrap_or(HeaderValue::from_static("0"))
}

/// A page whose links begin at the server's own place, and its hash: they are written for a
/// server that has a host of its own. Scripts find the place by where they were loaded from.
fn based(page: &[u8], prefix: &str) -> (Form<Bytes>, String) {
    let text = String::from_utf8_lossy(page);
    let text = ["href", "src"]
        .iter()
        .fold(text.into_owned(), |text, name| text.replace(&format!("{name}=\"/"), &format!("{name}=\"{prefix}/")));
    let hash = hex::encode(Sha256::digest(&text));
    (Form::Plain(text.into()), hash)
}

/// A file below `folder`, and none beside it.
fn read_from(folder: &Path, name: &str) -> Option<(Form<Bytes>, String)> {
    let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let path = folder.join(name);
    if !plain || !path.is_file() {
        return None;
    }
    let bytes = std::fs::read(&path).ok()?;
    let hash = hex::encode(Sha256::digest(&bytes));
    Some((Form::Plain(bytes.into()), hash))
}

fn header(essence: &str, is_text: bool) -> HeaderValue {
    let charset = if is_text { "; charset=utf-8" } else { "" };
    HeaderValue::from_str(&format!("{essence}{charset}"))
        .unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sha2::{Digest, Sha256};
    use warp::http::Method;
    use warp::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue};

    use super::{Assets, BUILD, EMBEDDED, Form, based};
    use crate::api::http::base::BasePath;

    fn asked(accepts: &'static str) -> (Option<HeaderValue>, HeaderValue) {
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accepts))]);
        let response = Assets::new(None).find(&Method::GET, "/", &headers, &BasePath::default()).expect("the page");
        (response.headers().get(CONTENT_ENCODING).cloned(), response.headers()[ETAG].clone())
    }

    #[test]
    fn the_page_is_sent_as_small_as_the_browser_takes_it() {
        assert_eq!(asked("gzip, deflate, br").0.expect("a coding"), "br");
        assert_eq!(asked("gzip;q=0.5, br;q=0").0.expect("a coding"), "gzip");
        assert_eq!(asked("identity").0, None);
        assert_ne!(asked("br").1, asked("gzip").1, "other bytes, other tag");
    }

    #[test]
    fn every_embedded_file_is_the_one_in_the_folder_in_each_coding() {
        for file in EMBEDDED {
            let written = std::fs::read(Path::new("static").join(file.name)).expect("a file of the client");
            assert_eq!(file.hash, hex::encode(Sha256::digest(&written)), "{}", file.name);
            let (form, _) = Assets::new(None).read(file.name).expect("embedded");
            let mut unpacked = Vec::new();
            if let Form::Compressed { brotli, .. } = file.form {
                brotli::BrotliDecompress(&mut &*brotli, &mut unpacked).expect("brotli");
                assert_eq!(unpacked, written, "{}", file.name);
            }
            assert_eq!(form.plain().expect("gzip"), written, "{}", file.name);
        }
    }

    #[test]
    fn every_file_says_of_which_version_of_the_client_it_is() {
        let of = |assets: &Assets, path: &str| {
            let response = assets.find(&Method::GET, path, &HeaderMap::new(), &BasePath::default()).expect("a file");
            response.headers()[BUILD].clone()
        };
        let embedded = Assets::new(None);
        assert_eq!(of(&embedded, "/"), of(&embedded, "/sw.js"));
        assert_eq!(of(&embedded, "/"), of(&Assets::new(None), "/js/main.js"), "after a restart, too");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.txt"), "x").expect("written");
        std::fs::write(folder.path().join("b.txt"), "x").expect("written");
        let copied = Assets::new(Some(folder.path().to_owned()));
        let before = of(&copied, "/a.txt");
        assert_eq!(before, of(&copied, "/b.txt"));
        std::fs::write(folder.path().join("b.txt"), "changed").expect("written");
        assert_ne!(before, of(&copied, "/a.txt"), "another file has changed");
    }

    #[test]
    fn an_icon_is_where_every_browser_looks_for_one() {
        let response = Assets::new(None)
            .find(&Method::GET, "/favicon.ico", &HeaderMap::new(), &BasePath::default())
            .expect("an icon");
        assert_eq!(response.headers()[CONTENT_TYPE], "image/png");
    }

    #[test]
    fn a_page_below_a_path_links_to_its_own_things() {
        let page = br#"<link href="/css/a.css"><script src="/js/b.js"></script><a href="https://x/">/css</a>"#;
        let (form, hash) = based(page, "/chat");
        let text = r#"<link href="/chat/css/a.css"><script src="/chat/js/b.js"></script><a href="https://x/">/css</a>"#;
        assert_eq!(form.plain().expect("plain"), text.as_bytes());
        assert_ne!(based(page, "/team").1, hash, "other bytes, other tag");
    }

    #[test]
    fn nothing_beside_the_client_is_a_file_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("static")).expect("made");
        std::fs::write(folder.path().join("secret"), "x").expect("written");
        std::fs::write(folder.path().join("static/page.txt"), "x").expect("written");
        for assets in [Assets::new(None), Assets::new(Some(folder.path().join("static")))] {
            for path in ["/../secret", "/..%2fsecret", "//etc/passwd", "/./../secret", "/css", "/nothing"] {
                assert!(assets.find(&Method::GET, path, &HeaderMap::new(), &BasePath::default()).is_none(), "{path}");
            }
        }
        let assets = Assets::new(Some(folder.path().join("static")));
        assert!(assets.find(&Method::GET, "/page.txt", &HeaderMap::new(), &BasePath::default()).is_some());
        assert!(assets.find(&Method::POST, "/page.txt", &HeaderMap::new(), &BasePath::default()).is_none());
    }
}
