//! How OpenMetrics writes metrics.

use std::fmt::Debug;

use crate::chat::model::gauges::Distribution;

/// Names and values. They are the program's own words, so that Rust quotes them as the format does.
pub type Labels<'a> = &'a [(&'static str, &'a str)];

/// Microseconds in a second.
pub const MICROS: f64 = 1_000_000.0;

/// The text as it grows.
#[derive(Default)]
pub struct Page(String);

/// A metric whose samples are being written.
pub struct Metric<'a> {
    page: &'a mut Page,
    name: &'static str,
    suffix: &'static str,
}

impl Page {
    pub fn counter(&mut self, name: &'static str, help: &str) -> Metric<'_> {
        self.begin(name, "counter", "_total", help)
    }

    pub fn gauge(&mut self, name: &'static str, help: &str) -> Metric<'_> {
        self.begin(name, "gauge", "", help)
    }

    pub fn histogram(&mut self, name: &'static str, help: &str) -> Metric<'_> {
        self.begin(name, "histogram", "", help)
    }

    pub fn info(&mut self, name: &'static str, help: &str, labels: Labels<'_>) {
        self.begin(name, "info", "_info", help).of(labels, 1);
    }

    fn begin(&mut self, name: &'static str, kind: &str, suffix: &'static str, help: &str) -> Metric<'_> {
        self.0 += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        Metric { page: self, name, suffix }
    }

    /// All of it.
    pub fn end(self) -> String {
        self.0 + "# EOF\n"
    }
}

impl Metric<'_> {
    /// The only sample of a metric.
    pub fn is(mut self, value: impl Debug) {
        self.of(&[], value);
    }

    /// The sample with these labels. Whole numbers are shown so, and others with their point.
    pub fn of(&mut self, labels: Labels<'_>, value: impl Debug) {
        self.sample(self.suffix, labels, value);
    }

    /// The samples of a histogram whose whole numbers are `unit` times what is written.
    pub fn spread(&mut self, labels: Labels<'_>, values: &Distribution, unit: f64) {
        self.sample("_sum", labels, scaled(values.sum, unit));
        self.sample("_count", labels, values.counts.iter().sum::<u64>());
        let mut upto = 0;
        for (place, count) in values.counts.iter().enumerate() {
            upto += count;
            let bound =
                values.bounds.get(place).map_or("+Inf".to_owned(), |bound| format!("{:?}", scaled(*bound, unit)));
            self.sample("_bucket", &[labels, &[("le", &bound)]].concat(), upto);
        }
    }

    fn sample(&mut self, suffix: &str, labels: Labels<'_>, value: impl Debug) {
        let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.page.0 += &format!("{}{suffix}{labels} {value:?}\n", self.name);
    }
}

/// Whole numbers are shown as fractions of a larger unit. Beyond 2^53 they lose their
/// last digits, which takes microseconds 285 years.
pub fn scaled(number: u64, unit: f64) -> f64 {
    number as f64 / unit
}

#[cfg(test)]
mod tests {
    use super::{Distribution, MICROS, Page};

    #[test]
    fn each_kind_is_written_as_the_format_has_it() {
        let mut page = Page::default();
        let mut answers = page.counter("answers", "Answered.");
        answers.of(&[("route", "/a/{id}/"), ("status", "200")], 3_u64);
        page.gauge("up_seconds", "Time.").is(2.0);
        page.info("build", "What runs.", &[("version", "0.1.0")]);
        let time = Distribution { bounds: &[500, 1_000_000], counts: vec![1, 0, 2], sum: 2_500_000 };
        page.histogram("time", "How long.").spread(&[("a", "b")], &time, MICROS);
        let expected = r#"# HELP answers Answered.
# TYPE answers counter
answers_total{route="/a/{id}/",status="200"} 3
# HELP up_seconds Time.
# TYPE up_seconds gauge
up_seconds 2.0
# HELP build What runs.
# TYPE build info
build_info{version="0.1.0"} 1
# HELP time How long.
# TYPE time histogram
time_sum{a="b"} 2.5
time_count{a="b"} 3
time_bucket{a="b",le="0.0005"} 1
time_bucket{a="b",le="1.0"} 1
time_bucket{a="b",le="+Inf"} 3
# EOF
"#;
        assert_eq!(page.end(), expected);
    }
}
