//! Names, help and types of the metrics. A name says its unit; times are in seconds.

use std::fmt::{Error, Result};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;

use super::MetricsSnapshot;
use crate::chat::model::gauges::Distribution;

/// Microseconds in a second.
const MICROS: f64 = 1_000_000.0;
const NO_EXEMPLAR: Option<&Exemplar<NoLabelSet, f64>> = None;

impl Collector for MetricsSnapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result {
        let mut page = Page(encoder);
        self.requests(&mut page)?;
        self.sockets(&mut page)?;
        self.writer(&mut page)?;
        self.readers(&mut page)?;
        self.passwords(&mut page)?;
        self.disk(&mut page)?;
        self.backups(&mut page)?;
        self.clock(&mut page)?;
        self.push(&mut page)?;
        self.hooks(&mut page)?;
        self.process(&mut page)
    }
}

impl MetricsSnapshot {
    fn requests(&self, page: &mut Page<'_>) -> Result {
        let mut counter = page.begin("fireside_http_requests", "Answered requests.", MetricType::Counter)?;
        for route in &self.routes {
            for (status, count) in &route.statuses {
                let labels = [
                    ("dialect", route.dialect),
                    ("method", route.method.as_str()),
                    ("route", route.route.as_str()),
                    ("status", status.as_str()),
                ];
                counter.encode_family(&labels)?.encode_counter(count, NO_EXEMPLAR)?;
            }
        }
        let help = "Time from a request's head to its answer's.";
        let mut times = page.begin("fireside_http_request_duration_seconds", help, MetricType::Histogram)?;
        for route in &self.routes {
            let labels =
                [("dialect", route.dialect), ("method", route.method.as_str()), ("route", route.route.as_str())];
            distribution(&mut times.encode_family(&labels)?, &route.time, MICROS)?;
        }
        page.count("fireside_sign_in_failures", "Sign-ins that were refused.", self.failed_sign_ins)
    }

    fn sockets(&self, page: &mut Page<'_>) -> Result {
        let mut open = page.begin("fireside_sockets_open", "Open sockets.", MetricType::Gauge)?;
        for (dialect, sockets, _) in &self.sockets {
            open.encode_family(&[("dialect", *dialect)])?.encode_gauge(sockets)?;
        }
        let mut sent = page.begin("fireside_frames_sent", "Frames written to sockets.", MetricType::Counter)?;
        for (dialect, _, frames) in &self.sockets {
            sent.encode_family(&[("dialect", *dialect)])?.encode_counter(frames, NO_EXEMPLAR)?;
        }
        let help = "Sockets that ended: the server's close code, or client, or gone.";
        let mut closed = page.begin("fireside_sockets_closed", help, MetricType::Counter)?;
        for (reason, count) in &self.closed {
            closed.encode_family(&[("reason", reason.as_str())])?.encode_counter(count, NO_EXEMPLAR)?;
        }
        let hub = &self.core.hub;
        page.count("fireside_events", "Events that somebody was to hear of.", hub.events)?;
        page.count("fireside_events_queued", "The same, once for each socket they were queued for.", hub.queued)
    }

    fn writer(&self, page: &mut Page<'_>) -> Result {
        let writer = &self.core.writer;
        page.gauge("fireside_writer_queue_commands", "Commands that wait for the writer.", &writer.waiting)?;
        page.count("fireside_writer_commits", "Transactions committed.", writer.batch.counts.iter().sum())?;
        page.count("fireside_writer_failures", "Transactions that came to nothing.", writer.failed)?;
        let mut batch =
            page.begin("fireside_writer_batch_commands", "Commands in a transaction.", MetricType::Histogram)?;
        distribution(&mut batch, &writer.batch, 1.0)?;
        let help = "Time of a transaction, its commit included.";
        let mut time = page.begin("fireside_writer_commit_duration_seconds", help, MetricType::Histogram)?;
        distribution(&mut time, &writer.time, MICROS)
    }

    fn readers(&self, page: &mut Page<'_>) -> Result {
        let readers = &self.core.readers;
        page.gauge("fireside_reader_connections_open", "Open connections to read.", &readers.open)?;
        page.gauge("fireside_reader_connections_idle", "Those that nobody uses.", &readers.idle)?;
        page.count("fireside_reader_waits", "Reads that found no free connection.", readers.waits)?;
        let help = "Time that those waited in all.";
        let mut seconds = page.begin("fireside_reader_wait_seconds", help, MetricType::Counter)?;
        seconds.encode_counter(&scaled(readers.waited_micros, MICROS), NO_EXEMPLAR)?;
        page.count("fireside_reader_refusals", "Reads that waited too long.", readers.refused)
    }

    fn passwords(&self, page: &mut Page<'_>) -> Result {
        let hasher = &self.core.hasher;
        page.gauge("fireside_password_queue", "Passwords that wait to be hashed.", &hasher.waiting)?;
        page.count("fireside_passwords", "Passwords that were taken to be hashed.", hasher.taken)?;
        page.count("fireside_password_refusals", "Passwords that found the queue full.", hasher.refused)
    }

    fn disk(&self, page: &mut Page<'_>) -> Result {
        let disk = &self.core.disk;
        page.gauge("fireside_database_bytes", "Size of the database without its log.", &disk.database)?;
        page.gauge("fireside_database_log_bytes", "Size of the write-ahead log.", &disk.log)?;
        page.gauge("fireside_files_bytes", "Size of all uploaded files, up to a minute old.", &disk.files)?;
        match &disk.free {
            Some(free) => page.gauge("fireside_disk_free_bytes", "Room that is left on the data folder's disk.", free),
            None => Ok(()),
        }
    }

    fn backups(&self, page: &mut Page<'_>) -> Result {
        let backups = self.core.backups.as_ref();
        let failures = backups.map_or(0, |backups| backups.failures);
        page.count("fireside_backup_failures", "Backups that failed.", failures)?;
        let overdue = i64::from(backups.is_some_and(|backups| backups.is_overdue));
        let help = "1: for twice the time from one to the next there was none.";
        page.gauge("fireside_backup_overdue", help, &overdue)?;
        let Some(last) = backups.and_then(|backups| backups.last) else { return Ok(()) };
        let help = "When the latest backup was made.";
        page.gauge("fireside_backup_last_success_timestamp_seconds", help, &last.made.seconds())?;
        page.gauge("fireside_backup_last_size_bytes", "Its size.", &last.bytes)?;
        match last.took {
            Some(took) => page.gauge("fireside_backup_last_duration_seconds", "How long it took.", &took.as_secs_f64()),
            None => Ok(()),
        }
    }

    fn clock(&self, page: &mut Page<'_>) -> Result {
        let clock = &self.core.clock;
        let help = "1: nothing is deleted for its age until the clock is right or confirmed.";
        page.gauge("fireside_clock_doubted", help, &i64::from(clock.is_doubted))?;
        let help = "1: a certificate has yet to begin by it, or somebody's sign-in at the provider.";
        page.gauge("fireside_clock_behind", help, &i64::from(self.is_clock_behind))?;
        page.count("fireside_clock_jumps", "Times that the clock was seen to jump.", clock.jumps)
    }

    fn push(&self, page: &mut Page<'_>) -> Result {
        let Some(push) = &self.push else { return Ok(()) };
        let mut ended =
            page.begin("fireside_pushes", "Pushes to devices, by what came of them.", MetricType::Counter)?;
        for (outcome, count) in &push.outcomes {
            ended.encode_family(&[("outcome", *outcome)])?.encode_counter(count, NO_EXEMPLAR)?;
        }
        page.count("fireside_push_retries", "Attempts that are made again.", push.retries)?;
        page.gauge("fireside_push_waiting", "Pushes under way, or to be tried again.", &push.waiting)?;
        let help = "Time from when a push was due until its push service took it.";
        let mut time = page.begin("fireside_push_duration_seconds", help, MetricType::Histogram)?;
        distribution(&mut time, &push.time, MICROS)
    }

    fn hooks(&self, page: &mut Page<'_>) -> Result {
        let hooks = &self.hooks;
        let help = "Attempts of hooks to send an event, by what came of them.";
        let mut ended = page.begin("fireside_hook_deliveries", help, MetricType::Counter)?;
        for (outcome, count) in [("taken", hooks.taken), ("failed", hooks.failed)] {
            ended.encode_family(&[("outcome", outcome)])?.encode_counter(&count, NO_EXEMPLAR)?;
        }
        page.count("fireside_hooks_given_up", "Hooks that were switched off for it.", hooks.given_up)?;
        let help = "Hooks with something to send: under way, waiting for their turn, or to be tried again.";
        page.gauge("fireside_hooks_waiting", help, &hooks.waiting)
    }

    fn process(&self, page: &mut Page<'_>) -> Result {
        let schema = self.schema.to_string();
        let labels = [("version", env!("CARGO_PKG_VERSION")), ("schema", schema.as_str())];
        let mut build = page.begin("fireside_build", "What runs.", MetricType::Info)?;
        build.encode_info(&labels)?;
        page.gauge("fireside_uptime_seconds", "Time since the start.", &self.uptime_seconds)?;
        let help = "Lines of the log that were lost since it could not be written.";
        page.count("fireside_log_lines_lost", help, self.lost_log_lines)?;
        if let Some(end) = &self.certificate_end {
            page.gauge("fireside_certificate_end_timestamp_seconds", "When the certificate for HTTPS ends.", end)?;
        }
        if let Some(bytes) = &self.process.resident_bytes {
            page.gauge("process_resident_memory_bytes", "Memory that the process holds.", bytes)?;
        }
        if let Some(files) = &self.process.open_files {
            page.gauge("process_open_fds", "Files and connections that are open.", files)?;
        }
        match &self.process.max_files {
            Some(files) => page.gauge("process_max_fds", "How many of those there may be.", files),
            None => Ok(()),
        }
    }
}

/// The text as it grows.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn begin<'b>(
        &'b mut self,
        name: &'b str,
        help: &str,
        kind: MetricType,
    ) -> std::result::Result<MetricEncoder<'b>, Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }

    fn count(&mut self, name: &str, help: &str, value: u64) -> Result {
        self.begin(name, help, MetricType::Counter)?.encode_counter(&value, NO_EXEMPLAR)
    }

    fn gauge(&mut self, name: &str, help: &str, value: &impl EncodeGaugeValue) -> Result {
        self.begin(name, help, MetricType::Gauge)?.encode_gauge(value)
    }
}

/// A histogram whose whole numbers are `unit` times what is written.
fn distribution(into: &mut MetricEncoder<'_>, values: &Distribution, unit: f64) -> Result {
    let mut buckets = Vec::with_capacity(values.counts.len());
    for (place, count) in values.counts.iter().enumerate() {
        let bound = values.bounds.get(place).map_or(f64::INFINITY, |bound| scaled(*bound, unit));
        buckets.push((bound, *count));
    }
    into.encode_histogram::<NoLabelSet>(scaled(values.sum, unit), values.counts.iter().sum(), &buckets, None)
}

/// Whole numbers are shown as fractions of a larger unit. Beyond 2^53 they lose their
/// last digits, which takes microseconds 285 years.
fn scaled(number: u64, unit: f64) -> f64 {
    number as f64 / unit
}
