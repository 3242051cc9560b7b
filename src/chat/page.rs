//! Pages: which part of a list is asked for, and that part with the whole's size.

/// A part of a list, by number. Both fields are at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// 1 is the first.
    pub number: u32,
    /// Items on a full page.
    pub size: u32,
}

impl Page {
    /// How many items stand before this page.
    #[must_use]
    pub fn offset(self) -> i64 {
        i64::from(self.number - 1) * i64::from(self.size)
    }

    /// How many items it holds at most.
    #[must_use]
    pub fn limit(self) -> i64 {
        i64::from(self.size)
    }
}

/// One page of things, and how many there are in all.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    /// Things in the whole list.
    pub count: i64,
    /// Those on this page.
    pub items: Vec<T>,
}
