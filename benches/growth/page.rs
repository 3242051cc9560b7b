//! The page: a table for each axis with a small curve in each line, what should be flat
//! and is not, and the table for docs/evidence.md.

use crate::Curve;
use crate::common::line::{self, number};
use crate::rows::{Axis, ROWS, Row};

/// How many times the first figure the last one may be and count as flat: on a shared machine
/// the times of one request vary by a third from run to run.
const FLAT: f64 = 1.5;
/// Eighths of a line's height: the curve of a line is drawn from zero up to its greatest figure.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A line of one axis.
struct Line {
    row: &'static Row,
    axis: Axis,
    values: Vec<f64>,
}

pub fn print(curves: &[Curve]) {
    println!("{}", busy());
    for curve in curves {
        println!();
        table(curve);
    }
    println!("\nshould be flat, within ×{FLAT}, and is not:");
    let mut is_any = false;
    for line in curves.iter().flat_map(lines).filter(|line| line.is_steep() && !line.may_grow()) {
        is_any = true;
        println!("  {}: {}: {}", line.axis.name(), line.row.name, line.verdict());
    }
    if !is_any {
        println!("  nothing");
    }
    println!();
    for_evidence(curves);
    for Curve { axis, steps, figures } in curves {
        for (step, figures) in steps.iter().zip(figures) {
            let figures: Vec<_> = ROWS.iter().map(|row| (row.name, figures[&row.what])).collect();
            line::print("growth", &format!("{} {}", number(*step as f64), axis.name()), &figures);
        }
    }
}

/// How busy the machine was lately, of which at most one or two are the server and the bench.
fn busy() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").expect("the load");
    let lately = load.split_whitespace().nth(1).expect("that of five minutes").to_owned();
    let processors = std::thread::available_parallelism().expect("their number");
    format!("{lately} programs ran at once of late, on {processors} processors")
}

fn table(curve: &Curve) {
    print!("{:<44}", curve.axis.name());
    for step in &curve.steps {
        print!(" {:>11}", number(*step as f64));
    }
    println!();
    for line in lines(curve) {
        print!("  {:<42}", line.row.name);
        for value in &line.values {
            print!(" {:>11}", number(*value));
        }
        println!("  {}  {}", line.curve(), line.verdict());
    }
}

/// A line for each row of docs/evidence.md: the first figure, the curve and the last figure of every axis.
fn for_evidence(curves: &[Curve]) {
    print!("| |");
    for Curve { axis, steps, .. } in curves {
        let steps: Vec<String> = steps.iter().map(|step| number(*step as f64)).collect();
        print!(" {}: {} |", axis.name(), steps.join(" · "));
    }
    println!("\n|---|{}", "---|".repeat(curves.len()));
    for row in ROWS.iter().filter(|row| row.in_evidence) {
        print!("| {} |", row.name);
        for line in curves.iter().map(|curve| Line::new(row, curve)) {
            print!(" {} {} {} |", number(line.values[0]), line.curve(), number(line.last()));
        }
        println!();
    }
}

fn lines(curve: &Curve) -> Vec<Line> {
    ROWS.iter().map(|row| Line::new(row, curve)).collect()
}

impl Line {
    fn new(row: &'static Row, curve: &Curve) -> Self {
        Self { row, axis: curve.axis, values: curve.figures.iter().map(|figures| figures[&row.what]).collect() }
    }

    fn last(&self) -> f64 {
        self.values[self.values.len() - 1]
    }

    /// How many times the first figure the last one is.
    fn factor(&self) -> f64 {
        self.last() / self.values[0]
    }

    /// Worse by more than counts as flat.
    fn is_steep(&self) -> bool {
        let worse = if self.row.what.more_is_better() { 1.0 / self.factor() } else { self.factor() };
        worse > FLAT
    }

    fn may_grow(&self) -> bool {
        self.row.grows_with.contains(&self.axis)
    }

    fn verdict(&self) -> String {
        let factor = self.factor();
        match factor {
            _ if factor > FLAT => format!("grows ×{factor:.1}"),
            _ if factor < 1.0 / FLAT => format!("falls ×{factor:.2}"),
            _ => format!("flat ×{factor:.2}"),
        }
    }

    fn curve(&self) -> String {
        let greatest = self.values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let bar = |value: &f64| {
            let share = value / greatest;
            let below = (1..BARS.len()).filter(|step| share * BARS.len() as f64 > *step as f64);
            BARS[below.count()]
        };
        self.values.iter().map(bar).collect()
    }
}
