//! The words of messages that are not entered yet: every search looks at each of them, and parts
//! its words once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::chat::model::search::Words;

/// Messages whose words are kept at most. What is beyond is parted by each search.
const MAX_KEPT: usize = if cfg!(test) { 4 } else { 8_192 };
/// What those may take in memory: the words of a text are up to twenty times as long as the text.
const MAX_KEPT_BYTES: usize = if cfg!(test) { 64 * 1024 } else { 16 * 1024 * 1024 };

/// What all searches share.
#[derive(Default)]
pub struct Tail(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Up to which message all are entered, as far as it was told.
    upto: i64,
    /// By message: the number of its last change, and its words.
    words: HashMap<i64, (i64, Arc<Words>)>,
    /// What they take.
    bytes: usize,
}

impl Kept {
    fn put(&mut self, id: i64, seq: i64, words: &Arc<Words>) {
        // Who reads an older state of the database takes nothing from the others.
        let before = match self.words.get(&id) {
            Some((of, _)) if *of >= seq => return,
            Some((_, older)) => Some(older.bytes()),
            None => None,
        };
        let has_place = before.is_some() || self.words.len() < MAX_KEPT;
        let bytes = self.bytes - before.unwrap_or(0) + words.bytes();
        if has_place && bytes <= MAX_KEPT_BYTES {
            self.words.insert(id, (seq, Arc::clone(words)));
            self.bytes = bytes;
        }
    }

    fn forget_upto(&mut self, upto: i64) {
        self.upto = upto;
        self.words.retain(|id, _| *id > upto);
        self.words.shrink_to_fit();
        self.bytes = self.words.values().map(|(_, words)| words.bytes()).sum();
    }
}

impl Tail {
    /// Forgets what is entered by now.
    pub fn forget_upto(&self, upto: i64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.upto < upto {
            kept.forget_upto(upto);
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(id, seq, &words);
        words
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_KEPT, MAX_KEPT_BYTES, Tail};

    fn kept(tail: &Tail) -> (usize, usize) {
        let kept = tail.0.lock().expect("whole");
        assert_eq!(kept.bytes, kept.words.values().map(|(_, words)| words.bytes()).sum::<usize>());
        (kept.words.len(), kept.bytes)
    }

    #[test]
    fn words_are_kept_until_they_are_entered() {
        let tail = Tail::default();
        for id in 1..=MAX_KEPT as i64 + 1 {
            tail.words(id, id, "a few words");
        }
        assert_eq!(kept(&tail).0, MAX_KEPT);
        let words = tail.words(1, 1, "is not read again");
        assert_eq!(words, tail.words(1, 1, ""));
        assert_eq!(tail.words(1, 9, "changed").len(), 1, "it is another text since");
        tail.forget_upto(2);
        assert_eq!(kept(&tail).0, MAX_KEPT - 2);
        tail.forget_upto(9);
        assert_eq!(kept(&tail), (0, 0));
    }

    #[test]
    fn the_words_of_long_texts_are_kept_as_far_as_there_is_room() {
        let (tail, long) = (Tail::default(), "a ".repeat(MAX_KEPT_BYTES / 120));
        for id in 1..=MAX_KEPT as i64 {
            assert_eq!(tail.words(id, id, &long).len(), MAX_KEPT_BYTES / 120, "they are told all the same");
        }
        let (messages, bytes) = kept(&tail);
        assert!((1..MAX_KEPT).contains(&messages) && bytes <= MAX_KEPT_BYTES, "{messages}, {bytes}");
        // Of a text that has become longer there may be no room any more, and what was kept is as it was.
        tail.words(1, 9, &long.repeat(3));
        assert_eq!(kept(&tail), (messages, bytes));
    }
}
