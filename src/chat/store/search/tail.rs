//! The words of messages that are not entered yet: every search looks at each of them, and parts
//! its words once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::chat::model::search::Words;

/// Messages whose words are kept at most: some megabytes. What is beyond is parted by each search.
const MAX_KEPT: usize = if cfg!(test) { 4 } else { 8_192 };

/// What all searches share.
#[derive(Default)]
pub struct Tail(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Up to which message all are entered, as far as it was told.
    upto: i64,
    /// By message: the number of its last change, and its words.
    words: HashMap<i64, (i64, Arc<Words>)>,
}

impl Tail {
    /// Forgets what is entered by now.
    pub fn forget_upto(&self, upto: i64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.upto < upto {
            kept.upto = upto;
            kept.words.retain(|id, _| *id > upto);
        }
    }

    /// The words of a message as it is since this change.
    pub fn words(&self, id: i64, seq: i64, text: &str) -> Arc<Words> {
        if let Some((of, words)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).words.get(&id)
            && *of == seq
        {
            return Arc::clone(words);
        }
        let words = Arc::new(Words::of(text));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Who reads an older state of the database takes nothing from the others.
        let is_newer = kept.words.get(&id).is_none_or(|(of, _)| *of < seq);
        if is_newer && (kept.words.len() < MAX_KEPT || kept.words.contains_key(&id)) {
            kept.words.insert(id, (seq, Arc::clone(&words)));
        }
        words
    }
}
