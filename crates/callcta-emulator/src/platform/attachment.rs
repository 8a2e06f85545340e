//! Uploaded files, of which only what they are is kept.

use serde::{Deserialize, Serialize};

use super::clock::{DAY, START};

/// How long an attachment can be sent.
const LIFE: i64 = 90 * DAY;

/// What can be sent beside texts, templates and stickers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A picture.
    Image,
    /// A recording.
    Audio,
    /// A film.
    Video,
    /// Any other file.
    File,
}

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Attachment {
    /// The id of the Page that it belongs to; empty: the default Page.
    pub page: String,
    /// What it is. Default: `image`.
    #[serde(rename = "type")]
    pub kind: AttachmentKind,
    /// The file's content type; `null` if it came as a URL.
    pub content_type: Option<String>,
    /// The file's size in bytes; `null` if it came as a URL.
    pub size: Option<u64>,
    /// Where it is to be had; `null` if it was uploaded.
    pub url: Option<String>,
    /// Whether it can be sent again. Default: `true`.
    pub reusable: bool,
    /// When it was uploaded. It can be sent for 90 days. Default: when the clock starts.
    pub created_at: i64,
}

impl Default for Attachment {
    fn default() -> Self {
        Self {
            page: String::new(),
            kind: AttachmentKind::Image,
            content_type: None,
            size: None,
            url: None,
            reusable: true,
            created_at: START,
        }
    }
}

impl AttachmentKind {
    /// The kind that Graph calls so.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "image" => Self::Image,
            "audio" => Self::Audio,
            "video" => Self::Video,
            "file" => Self::File,
            _ => return None,
        })
    }
}

impl Attachment {
    /// Whether it can be sent at `now`.
    pub(crate) fn is_usable(&self, now: i64) -> bool {
        self.reusable && now.saturating_sub(self.created_at) < LIFE
    }
}
