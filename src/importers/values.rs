//! How many values stand in JSON, told by its signs before any of them takes memory: `{},` is
//! three bytes of a file, and some hundreds once it is read.

/// Counts over a text that may come in pieces.
#[derive(Default)]
pub(super) struct ValueCounter {
    is_in_text: bool,
    is_escaped: bool,
}

impl ValueCounter {
    /// How many values begin behind a sign of these bytes, at most.
    pub fn count(&mut self, bytes: &[u8]) -> u64 {
        bytes.iter().map(|byte| u64::from(self.begins_value(*byte))).sum()
    }

    fn begins_value(&mut self, byte: u8) -> bool {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = self.is_in_text,
            b'"' => self.is_in_text = !self.is_in_text,
            b'[' | b'{' | b',' => return !self.is_in_text,
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::ValueCounter;

    #[test]
    fn what_stands_in_texts_is_no_value() {
        for (text, values) in
            [("7", 0), ("[]", 1), (r#"{"a": 1, "b": [2, {}]}"#, 5), (r#"["a, [b", "\", {", "\\", 3]"#, 4)]
        {
            assert_eq!(ValueCounter::default().count(text.as_bytes()), values, "{text}");
            let mut in_pieces = ValueCounter::default();
            assert_eq!(text.bytes().map(|byte| in_pieces.count(&[byte])).sum::<u64>(), values, "{text}");
        }
    }
}
