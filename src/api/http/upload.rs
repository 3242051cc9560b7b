//! Uploads: a multipart body's file, streamed to the core.

use super::body::multipart::{FilePart, Form};
use super::body::{Fields, MAX_BODY};
use super::limit::Rate;
use super::reply::ApiError;
use super::request::Request;
use crate::chat::file::Upload;
use crate::chat::model::file::File;
use crate::chat::model::session::Actor;

/// What the parts' heads and text fields may add to the file.
const OVERHEAD: u64 = MAX_BODY as u64;
/// Parts of a body with a file.
const MAX_PARTS: usize = 64;

/// Reads a multipart body. The file in `field` becomes the actor's, and counts as `rate`
/// beside what the request itself counts as; `None` if there is none.
pub async fn receive(
    actor: &Actor,
    request: &mut Request,
    field: &str,
    rate: Rate,
) -> Result<(Option<File>, Fields), ApiError> {
    let max = request.context.settings.max_upload;
    let mut form = Form::open(request, max + OVERHEAD, MAX_PARTS)?;
    let mut upload: Option<(Upload, String)> = None;
    while let Some(mut file) = form.next_file().await? {
        if file.field == field && upload.is_none() {
            request.context.limits.check(rate, actor)?;
            let mut incoming = request.context.app.begin_upload(actor).await?;
            stream(&mut form, &mut file, &mut incoming, max).await?;
            upload = Some((incoming, file.name));
        } else {
            // Files that nobody asked for are read past, not kept.
            while form.chunk(&mut file).await?.is_some() {}
        }
    }
    let file = match upload {
        Some((upload, name)) => Some(upload.finish(&name).await?),
        None => None,
    };
    Ok((file, form.fields()))
}

async fn stream(form: &mut Form, file: &mut FilePart, upload: &mut Upload, max: u64) -> Result<(), ApiError> {
    while let Some(bytes) = form.chunk(file).await? {
        if upload.size() + bytes.len() as u64 > max {
            return Err(ApiError::TooLarge);
        }
        upload.write(&bytes).await?;
        form.is_to_hurry(upload.is_one_of_many());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
    use warp::http::header::{CONTENT_TYPE, HeaderValue};

    use super::{Fields, File, Rate, receive};
    use crate::api::http::request::tests::bare;
    use crate::api::tests::{core_with_alice, settings};
    use crate::api::{Api, all_routes};
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
        Server { api: Api::new(chat, settings(), all_routes()), alice, _folder: folder, runtime }
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
