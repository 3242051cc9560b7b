//! A message to be posted, as every API reads it from bodies and frames, and describes it.

use super::body::Fields;
use super::openapi::shape::{Field, attachments, caption, client_id, described, id, may, message_text, need};
use super::reply::ApiError;
use crate::chat::model::id::{FileId, MessageId};
use crate::chat::model::message::{Draft, MAX_ATTACHMENTS};

/// What the parts of a message are called. `client_id` is called so everywhere.
pub struct DraftFields {
    pub text: &'static str,
    /// The files' ids: the first of these that is there counts. Without any, the text may not be blank.
    pub attachments: &'static [&'static str],
    /// The message that it answers.
    pub reply_to: Option<&'static str>,
}

impl DraftFields {
    /// Text alone.
    pub const fn text(name: &'static str) -> Self {
        Self { text: name, attachments: &[], reply_to: None }
    }

    /// Reads a message; `header` is the request's `Idempotency-Key`.
    pub fn read(&self, fields: &mut Fields, header: Option<&str>) -> Result<Draft, ApiError> {
        let attached = self.attachments.iter().find(|name| fields.has(name)).or(self.attachments.last());
        let attachments = attached.and_then(|name| fields.integers(name, MAX_ATTACHMENTS)).unwrap_or_default();
        let text = if self.attachments.is_empty() {
            fields.require_filled_message(self.text)
        } else if attachments.is_empty() && !fields.has(self.text) {
            fields.require_message(self.text)
        } else {
            fields.caption(self.text)
        };
        let reply_to = self.reply_to.and_then(|name| fields.integer(name)).map(MessageId);
        let key = fields.idempotency_key(header);
        let text = fields.complete(text)?;
        let attachments = attachments.into_iter().map(FileId).collect();
        Ok(Draft::of(text, key).with_files(attachments).answering(reply_to))
    }

    /// The same fields, described.
    pub fn described(&self) -> Vec<Field> {
        let text =
            if self.attachments.is_empty() { need(self.text, message_text()) } else { may(self.text, caption()) };
        let files = self.attachments.iter().enumerate().map(|(at, name)| match at {
            0 => may(name, attachments()),
            _ => may(name, described(attachments(), &format!("Another name for `{}`.", self.attachments[0]))),
        });
        let reply_to = self.reply_to.map(|name| may(name, described(id(), "A message of the same chat.")));
        [text].into_iter().chain(files).chain(reply_to).chain([may("client_id", client_id())]).collect()
    }
}
