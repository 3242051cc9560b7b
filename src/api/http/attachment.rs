//! A file on a message, as both documents with attachments have it.

use schemars::JsonSchema;
use serde::Serialize;

use super::base::BasePath;
use crate::chat::model::file;

/// A file on a message.
#[derive(JsonSchema, Serialize)]
pub struct Attachment<'a> {
    id: i64,
    name: &'a str,
    size: i64,
    content_type: &'a str,
    url: String,
    /// Of a picture, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

impl<'a> Attachment<'a> {
    pub fn new(file: &'a file::File, base: &BasePath) -> Self {
        Self {
            id: file.id.0,
            name: &file.name,
            size: file.size,
            content_type: &file.content_type,
            url: base.download(file.id),
            width: file.dimensions.map(|size| size.width),
            height: file.dimensions.map(|size| size.height),
        }
    }
}
