//! The matrix: for every operation of every dialect, what each kind of actor gets.

use crate::world::document::{Place, places};

/// Written by hand, read by people first. `-` is what does not apply; the numbers of
/// a cell are statuses, and words beside them say when.
const TABLE: &str = include_str!("access.csv");

/// Who asks. The first three are about the credential, the others about the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Shows nothing.
    Anon,
    /// Shows what was good once.
    Revoked,
    /// Another site's page, with the victim's cookies.
    Xsite,
    /// Signed in, and in no chat that it is about.
    Outsider,
    Member,
    /// Of the message, the file or the profile.
    Author,
    Admin,
    /// Was a member.
    Removed,
}

pub const ROLES: [Role; 8] =
    [Role::Anon, Role::Revoked, Role::Xsite, Role::Outsider, Role::Member, Role::Author, Role::Admin, Role::Removed];

/// One operation.
#[derive(Debug)]
pub struct Row {
    pub op: String,
    pub method: String,
    pub path: String,
    cells: Vec<String>,
}

pub fn rows() -> Vec<Row> {
    TABLE.lines().skip(1).map(Row::read).collect()
}

/// The rows of one dialect.
pub fn rows_of(dialect: &str) -> Vec<Row> {
    let rows: Vec<Row> = rows().into_iter().filter(|row| row.dialect() == dialect).collect();
    assert!(!rows.is_empty(), "no rows of {dialect}");
    rows
}

impl Row {
    fn read(line: &str) -> Self {
        let mut fields = fields(line).into_iter();
        let mut next = || fields.next().unwrap_or_else(|| panic!("a short row: {line}"));
        let (op, method, path) = (next(), next(), next());
        let cells = ROLES.iter().map(|_| next()).collect();
        Self { op, method, path, cells }
    }

    pub fn dialect(&self) -> &str {
        self.op.rsplit_once('-').unwrap().0
    }

    /// Where it stands: at the root, whole, and as the dialect's own client calls it; what that
    /// client calls beside the document, and what is the server's, where a document has it.
    pub fn places(&self) -> Vec<String> {
        let dialect = self.dialect();
        let is_candidate = |prefix: &str| match dialect.strip_suffix("-client") {
            // Its client knows no path below its host.
            Some("directs") if prefix.is_empty() => true,
            Some(name) => prefix == format!("/c/{name}"),
            None if ["server", "web"].contains(&dialect) => true,
            None => {
                prefix.is_empty() || [format!("/d/{dialect}"), format!("/c/{dialect}")].contains(&prefix.to_owned())
            }
        };
        let stands = |place: &Place| is_candidate(place.prefix) && self.is_at(place);
        places().into_iter().filter(stands).map(|place| place.prefix.to_owned()).collect()
    }

    /// Whether it is an operation of a document.
    fn is_at(&self, place: &Place) -> bool {
        // A stream without an end is asked for its head.
        let method = if ["WS", "HEAD"].contains(&self.method.as_str()) { "GET" } else { self.method.as_str() };
        let path = self.path.split([' ', '?']).next().unwrap();
        place.is_socket == (self.method == "WS") && place.method == method && template(place.path) == template(path)
    }

    /// What stands in a role's cell; one may refer to another.
    pub fn cell(&self, role: Role) -> &str {
        match self.cells[role as usize].as_str() {
            "as outsider" => self.cell(Role::Outsider),
            "as member" => self.cell(Role::Member),
            cell => cell,
        }
    }

    pub fn applies_to(&self, role: Role) -> bool {
        self.cell(role) != "-"
    }

    /// Every status in a role's cell.
    pub fn statuses(&self, role: Role) -> Vec<u16> {
        numbers(self.cell(role))
    }

    /// What a role gets where nothing special is the case, in a public chat or in
    /// any other.
    pub fn expected(&self, role: Role, is_public: bool) -> u16 {
        let cell = self.cell(role);
        let part = match cell.split_once('/') {
            Some((public, private)) if private.contains("private") || is_bare(cell) => {
                if is_public {
                    public
                } else {
                    private
                }
            }
            Some((private, public)) if public.contains("public") => {
                if is_public {
                    public
                } else {
                    private
                }
            }
            _ => cell,
        };
        *numbers(part).first().unwrap_or_else(|| panic!("{}: no status in {cell:?}", self.op))
    }

    /// Asking for it changes nothing.
    pub fn reads(&self) -> bool {
        ["GET", "HEAD", "WS"].contains(&self.method.as_str())
    }
}

/// A path whose parameters have no names.
fn template(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() };
    path.trim_end_matches('/').split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Two numbers without a word.
fn is_bare(cell: &str) -> bool {
    cell.chars().all(|c| c.is_ascii_digit() || "/ ".contains(c))
}

/// The numbers of three digits; close codes have four.
fn numbers(text: &str) -> Vec<u16> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|word| word.len() == 3).map(|word| word.parse().unwrap()).collect()
}

/// The fields of a line, where quotes may hold commas and are doubled inside.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let field = fields.last_mut().unwrap();
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            c => field.push(c),
        }
    }
    fields
}

#[test]
fn every_row_is_walked() {
    let rows = rows();
    assert!(rows.len() > 140, "{}", rows.len());
    for row in &rows {
        assert!(super::WALKED.contains(&row.dialect()), "nobody walks {}", row.op);
    }
    let mut ops: Vec<&str> = rows.iter().map(|row| row.op.as_str()).collect();
    ops.sort_unstable();
    ops.dedup();
    assert_eq!(ops.len(), rows.len(), "each once");
}

#[test]
fn every_operation_of_every_document_has_a_row() {
    let rows: Vec<(Row, Vec<String>)> =
        rows().into_iter().map(|row| (row.places(), row)).map(|(p, r)| (r, p)).collect();
    let has_row =
        |place: &Place| rows.iter().any(|(row, at)| at.iter().any(|at| at == place.prefix) && row.is_at(place));
    let missing: Vec<String> = places()
        .iter()
        .filter(|place| !has_row(place))
        .map(|place| format!("{} {}{}", place.method, place.prefix, place.path))
        .collect();
    assert!(missing.is_empty(), "access.csv does not say who gets these: {missing:#?}");
    // Of frames, and of what is walked by hand, there is no place.
    for (row, at) in &rows {
        assert!(
            !at.is_empty() || row.method == "WSMSG" || row.op == "web-2" || row.op == "web-3",
            "{} is nowhere",
            row.op
        );
    }
}
