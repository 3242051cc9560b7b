//! Files: uploaded, described, downloaded.

use super::json::File;
use crate::api::http::body::Fields;
use crate::api::http::limit::Rate;
use crate::api::http::reply::{Answer, ApiError, created, ok};
use crate::api::http::request::Request;
use crate::api::http::{download, preview, upload};
use crate::chat::model::id::FileId;
use crate::chat::model::session::Actor;

pub async fn upload(actor: Actor, mut request: Request) -> Answer {
    let (file, _) = upload::receive(&actor, &mut request, "file", Rate::Free).await?;
    let file = file.ok_or_else(|| ApiError::field("file", "No file was submitted."))?;
    created(true, &File::new(&file, request.base()))
}

pub async fn info(actor: Actor, request: Request) -> Answer {
    ok(&File::new(&request.context.app.file(&actor, FileId(request.id(0)?))?, request.base()))
}

pub async fn download(actor: Actor, request: Request) -> Answer {
    let file = request.context.app.file(&actor, FileId(request.id(0)?))?;
    download::send(&request, &file, Some(actor), "private, no-cache").await
}

pub async fn preview(actor: Actor, request: Request) -> Answer {
    let side = preview::asked(&request)?.ok_or_else(|| ApiError::field("size", "This field is required."))?;
    let file = request.context.app.file(&actor, FileId(request.id(0)?))?;
    preview::send(&request, &file, side, Some(actor), "private, no-cache").await
}

/// A profile's form, and the file in it: an avatar sent as one is an upload like every
/// other, and stands in its field as that file's id.
pub async fn profile_form(actor: &Actor, request: &mut Request) -> Result<(Fields, Option<FileId>), ApiError> {
    let (avatar, mut fields) = upload::receive(actor, request, "avatar", Rate::Upload).await?;
    let avatar = avatar.map(|file| file.id);
    if let Some(FileId(id)) = avatar {
        fields.set("avatar", id);
    }
    Ok((fields, avatar))
}
