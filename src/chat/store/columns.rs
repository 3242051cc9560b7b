//! The columns of queries that are asked all the time: written once, selected in order and read by name. SQLite's own
//! names would have to be looked for in each row, which takes longer than reading it.

/// A macro that selects these columns, and the place of each as a constant.
macro_rules! named_columns {
    ($select:ident, $count:tt: $($name:ident = $sql:literal,)+) => {
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "they are named as the constants are")]
        enum Places { $($name,)+ }
        $(const $name: usize = Places::$name as usize;)+
        /// The place behind them.
        const $count: usize = [$($sql,)+].len();
        macro_rules! $select {
            () => {
                named_columns!(@list $($sql,)+)
            };
        }
    };
    (@list $first:literal, $($rest:literal,)*) => {
        concat!($first $(, ", ", $rest)*)
    };
}
pub(super) use named_columns;
