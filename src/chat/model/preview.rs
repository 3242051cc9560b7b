//! Small pictures of pictures: their sizes, and what they are called on disk.

use super::file::{Dimensions, StorageName};

/// Where they lie in the data folder.
pub const PREVIEWS: &str = "previews";
/// Largest preview, in bytes. Of a picture whose preview would be larger there is none.
pub const MAX_PREVIEW_BYTES: i64 = 512 * 1024;

/// The square that a preview fits into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Beside a name.
    Small,
    /// In a conversation.
    Medium,
    /// As large as a screen.
    Large,
}

impl Side {
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// How long it is.
    pub fn pixels(self) -> u32 {
        match self {
            Self::Small => 64,
            Self::Medium => 320,
            Self::Large => 1_280,
        }
    }

    pub fn of(pixels: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.pixels().to_string() == pixels)
    }

    /// Whether a picture fits into it as it is; one whose size nobody knows does not.
    #[must_use]
    pub fn holds(self, picture: Option<Dimensions>) -> bool {
        picture.is_some_and(|picture| picture.width <= self.pixels() && picture.height <= self.pixels())
    }
}

/// A picture made smaller, as far as it had to be.
#[derive(Clone, Debug)]
pub enum Preview {
    /// The picture is small enough itself.
    AsItIs,
    /// A JPEG, or a PNG where anything shines through.
    Made(Vec<u8>),
}

/// What the preview of a file is called in the folder `previews`.
pub fn file_name(file: &StorageName, side: Side) -> String {
    format!("{}.{}", file.as_str(), side.pixels())
}
