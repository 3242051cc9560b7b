//! Uploaded files, and what they are called.

use std::time::Duration;

use super::id::{FileId, UserId};
use super::time::Timestamp;

/// Bytes of files that one user may keep unless the operator says otherwise.
pub const MAX_STORED_BYTES: u64 = 1024 * 1024 * 1024;
/// Uploads stop while fewer bytes than these are free, so that messages go on; unless the
/// operator says otherwise.
pub const MIN_FREE_BYTES: u64 = 256 * 1024 * 1024;
/// Largest file unless the operator says otherwise, in bytes.
pub const MAX_UPLOAD: u64 = 10 * 1024 * 1024;
/// How long an uploaded file waits to be attached.
pub const KEEP_UNUSED_FILES: Duration = Duration::from_hours(24);

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub id: FileId,
    pub uploader: UserId,
    /// What its uploader calls it; names nothing on disk.
    pub name: String,
    pub size: i64,
    /// By its first bytes.
    pub content_type: String,
    /// Hex.
    pub sha256: String,
    /// What it is called on disk.
    pub storage_name: StorageName,
    /// Of a picture, as far as its header tells.
    pub dimensions: Option<Dimensions>,
    pub created_at: Timestamp,
}

/// How large a picture is, in pixels: who shows it can leave room for it before it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimensions {
    /// Across.
    pub width: u32,
    /// Down.
    pub height: u32,
}

/// 32 random hex characters. Never anything that a client said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageName(String);

impl StorageName {
    /// A name that nobody can guess.
    pub fn random() -> Self {
        Self(hex::encode(rand::random::<[u8; 16]>()))
    }

    pub(in crate::chat) fn stored(name: String) -> Self {
        Self(name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a browser may show it in place: raster images, audio and video. Anything
/// that could carry a script is downloaded instead.
pub fn is_inline(content_type: &str) -> bool {
    let raster = matches!(
        content_type,
        "image/png"
            | "image/jpeg"
            | "image/gif"
            | "image/webp"
            | "image/avif"
            | "image/bmp"
            | "image/vnd.microsoft.icon"
    );
    raster || content_type.starts_with("audio/") || content_type.starts_with("video/")
}

/// Whether it is a picture whose header we read, and which we can decode.
pub fn is_measured(content_type: &str) -> bool {
    matches!(content_type, "image/png" | "image/jpeg" | "image/gif" | "image/webp")
}
