//! What a bench brought, as a line for people and one of JSON for `benches/compare` and `benches/evidence`.

use serde_json::json;

/// Prints both. `case` says of which bench and of which of its cases they are.
pub fn print(bench: &str, case: &str, figures: &[(&str, f64)]) {
    let words: Vec<_> = figures.iter().map(|(name, value)| format!("{name} {}", number(*value))).collect();
    println!("{bench}: {case} | {}", words.join(" | "));
    let figures: serde_json::Map<_, _> =
        figures.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    println!("{}", json!({ "bench": bench, "case": case, "figures": figures }));
}

/// With three digits that say something, and commas between thousands.
pub fn number(value: f64) -> String {
    let decimals = match value {
        _ if value >= 100.0 => return grouped(&format!("{value:.0}")),
        _ if value >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    text.strip_suffix(".00").or(text.strip_suffix(".0")).map_or(text.clone(), str::to_owned)
}

fn grouped(digits: &str) -> String {
    let first = digits.len() % 3;
    let mut groups: Vec<&str> = (first..digits.len()).step_by(3).map(|at| &digits[at..at + 3]).collect();
    if first > 0 {
        groups.insert(0, &digits[..first]);
    }
    groups.join(",")
}
