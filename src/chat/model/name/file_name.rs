//! What uploaded files are called.

use super::rule::is_direction_control;

/// Longest name of an uploaded file, in characters; longer ones lose their middle.
pub const MAX_FILE_NAME: usize = 255;

/// A file's name as people see it: the last part of any path, one line, no
/// control characters, never empty. It names nothing on disk.
pub fn file_name(raw: &str) -> String {
    let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control() && !is_direction_control(*c)).collect();
    let name = name.trim();
    match name {
        "" | "." | ".." => "file".to_owned(),
        _ => shortened(name),
    }
}

/// Keeps the end of a long name, where its extension is.
fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= MAX_FILE_NAME {
        return name.to_owned();
    }
    let kept_end = 32;
    let head = name.chars().take(MAX_FILE_NAME - kept_end);
    head.chain(name.chars().skip(length - kept_end)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop_assert, proptest};

    use super::{MAX_FILE_NAME, file_name, is_direction_control};
    use crate::chat::model::name::tests::ODD;

    #[test]
    fn a_file_name_is_never_a_path() {
        assert_eq!(file_name("../../etc/passwd"), "passwd");
        assert_eq!(file_name("C:\\x\\y.png"), "y.png");
        assert_eq!(file_name("a\r\nb.txt"), "ab.txt");
        assert_eq!(file_name(".."), "file");
        assert_eq!(file_name("\u{202e}gpj.exe"), "gpj.exe");
        let long = file_name(&format!("{}.txt", "x".repeat(400)));
        assert_eq!(long.chars().count(), MAX_FILE_NAME);
        assert!(long.ends_with(".txt"));
    }

    proptest! {
        #[test]
        fn a_files_name_is_a_name(raw in proptest::prop_oneof![any::<String>(), ODD.boxed(), "[./\\\\ \u{0}a]{0,40}".boxed()]) {
            let name = file_name(&raw);
            prop_assert!(!name.is_empty() && name != "." && name != ".." && name.chars().count() <= MAX_FILE_NAME);
            let is_bad = |c: char| c.is_control() || matches!(c, '/' | '\\') || is_direction_control(c);
            prop_assert!(!name.contains(is_bad), "it has what leads elsewhere");
        }
    }
}
