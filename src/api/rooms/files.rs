//! Files: uploaded, described, downloaded.

use super::json::File;
use crate::api::http::body::Fields;
use crate::api::http::limit::Rate;
use crate::api::http::reply::{Answer, Failure, created, ok};
use crate::api::http::request::Request;
use crate::api::http::{download, upload};
use crate::chat::model::id::FileId;
use crate::chat::model::session::Asker;

pub async fn upload(asker: Asker, mut request: Request) -> Answer {
    let (file, _) = upload::receive(&asker, &mut request, "file", Rate::Free).await?;
    let file = file.ok_or_else(|| Failure::field("file", "No file was submitted."))?;
    created(true, &File::from(&file))
}

pub async fn info(asker: Asker, request: Request) -> Answer {
    ok(&File::from(&request.context.chat.file(&asker, FileId(request.id(0)?))?))
}

pub async fn download(asker: Asker, request: Request) -> Answer {
    let file = request.context.chat.file(&asker, FileId(request.id(0)?))?;
    download::send(&request, &file, Some(asker), "private, no-cache").await
}

/// A profile's form, and the file in it: an avatar sent as one is an upload like every
/// other, and stands in its field as that file's id.
pub async fn profile_form(asker: &Asker, request: &mut Request) -> Result<(Fields, Option<FileId>), Failure> {
    let (avatar, mut fields) = upload::receive(asker, request, "avatar", Rate::Upload).await?;
    let avatar = avatar.map(|file| file.id);
    if let Some(FileId(id)) = avatar {
        fields.set("avatar", id);
    }
    Ok((fields, avatar))
}
