//! Names, help and types of the metrics. A name says its unit; times are in seconds.

use std::sync::atomic::Ordering;

use super::page::{MICROS, Page, scaled};
use super::process::Process;
use crate::api::http::context::Context;
use crate::api::http::hook_clients::HookMeters;
use crate::api::http::meters::Meters;
use crate::chat::ops::gauges::Gauges;
use crate::push::meters::Meters as PushMeters;

/// One look at everything.
pub fn of(context: &Context, core: &Gauges) -> String {
    let mut page = Page::default();
    requests(&mut page, &context.meters);
    sockets(&mut page, &context.meters, core);
    writer(&mut page, core);
    readers(&mut page, core);
    passwords(&mut page, core);
    disk(&mut page, core);
    backups(&mut page, core);
    clock(&mut page, core, context.settings.is_clock_behind(context.app.now()));
    if let Some(sender) = &context.settings.push {
        push(&mut page, sender.meters());
    }
    hooks(&mut page, &context.hook_clients.meters);
    program(&mut page, context);
    process(&mut page);
    page.end()
}

fn requests(page: &mut Page, meters: &Meters) {
    let routes: Vec<_> = meters.routes().collect();
    let mut answers = page.counter("fireside_http_requests", "Answered requests.");
    for route in &routes {
        for (status, count) in &route.statuses {
            let status = status.map_or("other".to_owned(), |status| status.to_string());
            let labels = [
                ("dialect", route.dialect),
                ("method", route.method),
                ("route", route.pattern),
                ("status", status.as_str()),
            ];
            answers.of(&labels, count);
        }
    }
    let help = "Time from a request's head to its answer's.";
    let mut times = page.histogram("fireside_http_request_duration_seconds", help);
    for route in &routes {
        let labels = [("dialect", route.dialect), ("method", route.method), ("route", route.pattern)];
        times.spread(&labels, &route.time, MICROS);
    }
    page.counter("fireside_sign_in_failures", "Sign-ins that were refused.").is(meters.failed_sign_ins.get());
}

fn sockets(page: &mut Page, meters: &Meters, core: &Gauges) {
    let sockets: Vec<_> = meters.sockets().collect();
    let mut open = page.gauge("fireside_sockets_open", "Open sockets.");
    sockets.iter().for_each(|(dialect, sockets, _)| open.of(&[("dialect", dialect)], sockets));
    let mut sent = page.counter("fireside_frames_sent", "Frames written to sockets.");
    sockets.iter().for_each(|(dialect, _, frames)| sent.of(&[("dialect", dialect)], frames));
    let help = "Sockets that ended: the server's close code, or client, or gone.";
    let mut closed = page.counter("fireside_sockets_closed", help);
    meters.closed().for_each(|(reason, count)| closed.of(&[("reason", &reason)], count));
    page.counter("fireside_events", "Events that somebody was to hear of.").is(core.hub.events);
    let help = "The same, once for each socket they were queued for.";
    page.counter("fireside_events_queued", help).is(core.hub.queued);
}

fn writer(page: &mut Page, core: &Gauges) {
    let writer = &core.writer;
    page.gauge("fireside_writer_queue_commands", "Commands that wait for the writer.").is(writer.waiting);
    page.counter("fireside_writer_commits", "Transactions committed.").is(writer.batch.counts.iter().sum::<u64>());
    page.counter("fireside_writer_failures", "Transactions that came to nothing.").is(writer.failed);
    let help = "Commands in a transaction.";
    page.histogram("fireside_writer_batch_commands", help).spread(&[], &writer.batch, 1.0);
    let help = "Time of a transaction, its commit included.";
    page.histogram("fireside_writer_commit_duration_seconds", help).spread(&[], &writer.time, MICROS);
}

fn readers(page: &mut Page, core: &Gauges) {
    let readers = &core.readers;
    page.gauge("fireside_reader_connections_open", "Open connections to read.").is(readers.open);
    page.gauge("fireside_reader_connections_idle", "Those that nobody uses.").is(readers.idle);
    page.counter("fireside_reader_waits", "Reads that found no free connection.").is(readers.waits);
    let waited = scaled(readers.waited_micros, MICROS);
    page.counter("fireside_reader_wait_seconds", "Time that those waited in all.").is(waited);
    page.counter("fireside_reader_refusals", "Reads that waited too long.").is(readers.refused);
}

fn passwords(page: &mut Page, core: &Gauges) {
    let hasher = &core.hasher;
    page.gauge("fireside_password_queue", "Passwords that wait to be hashed.").is(hasher.waiting);
    page.counter("fireside_passwords", "Passwords that were taken to be hashed.").is(hasher.taken);
    page.counter("fireside_password_refusals", "Passwords that found the queue full.").is(hasher.refused);
}

fn disk(page: &mut Page, core: &Gauges) {
    let disk = &core.disk;
    page.gauge("fireside_database_bytes", "Size of the database without its log.").is(disk.database);
    page.gauge("fireside_database_log_bytes", "Size of the write-ahead log.").is(disk.log);
    page.gauge("fireside_files_bytes", "Size of all uploaded files, up to a minute old.").is(disk.files);
    if let Some(free) = disk.free {
        page.gauge("fireside_disk_free_bytes", "Room that is left on the data folder's disk.").is(free);
    }
}

fn backups(page: &mut Page, core: &Gauges) {
    let backups = core.backups.as_ref();
    let failures = backups.map_or(0, |backups| backups.failures);
    page.counter("fireside_backup_failures", "Backups that failed.").is(failures);
    let is_overdue = backups.is_some_and(|backups| backups.is_overdue);
    let help = "1: for twice the time from one to the next there was none.";
    page.gauge("fireside_backup_overdue", help).is(u8::from(is_overdue));
    let Some(last) = backups.and_then(|backups| backups.last) else { return };
    let help = "When the latest backup was made.";
    page.gauge("fireside_backup_last_success_timestamp_seconds", help).is(last.made.seconds());
    page.gauge("fireside_backup_last_size_bytes", "Its size.").is(last.bytes);
    if let Some(took) = last.took {
        page.gauge("fireside_backup_last_duration_seconds", "How long it took.").is(took.as_secs_f64());
    }
}

fn clock(page: &mut Page, core: &Gauges, is_behind: bool) {
    let help = "1: nothing is deleted for its age until the clock is right or confirmed.";
    page.gauge("fireside_clock_doubted", help).is(u8::from(core.clock.is_doubted));
    let help = "1: a certificate has yet to begin by it, or somebody's sign-in at the provider.";
    page.gauge("fireside_clock_behind", help).is(u8::from(is_behind));
    page.counter("fireside_clock_jumps", "Times that the clock was seen to jump.").is(core.clock.jumps);
}

fn push(page: &mut Page, push: &PushMeters) {
    let mut ended = page.counter("fireside_pushes", "Pushes to devices, by what came of them.");
    push.outcomes().for_each(|(outcome, count)| ended.of(&[("outcome", outcome.as_str())], count));
    page.counter("fireside_push_retries", "Attempts that are made again.").is(push.retries());
    page.gauge("fireside_push_waiting", "Pushes under way, or to be tried again.").is(push.waiting());
    let help = "Time from when a push was due until its push service took it.";
    page.histogram("fireside_push_duration_seconds", help).spread(&[], &push.time(), MICROS);
}

fn hooks(page: &mut Page, hooks: &HookMeters) {
    let help = "Attempts of hooks to send an event, by what came of them.";
    let mut ended = page.counter("fireside_hook_deliveries", help);
    ended.of(&[("outcome", "taken")], hooks.taken.get());
    ended.of(&[("outcome", "failed")], hooks.failed.get());
    page.counter("fireside_hooks_given_up", "Hooks that were switched off for it.").is(hooks.given_up.get());
    let help = "Hooks with something to send: under way, waiting for their turn, or to be tried again.";
    page.gauge("fireside_hooks_waiting", help).is(hooks.waiting.load(Ordering::Relaxed));
}

fn program(page: &mut Page, context: &Context) {
    let schema = context.app.schema_version().to_string();
    page.info("fireside_build", "What runs.", &[("version", env!("CARGO_PKG_VERSION")), ("schema", &schema)]);
    page.gauge("fireside_uptime_seconds", "Time since the start.").is(context.since.0.elapsed().as_secs_f64());
    let help = "Lines of the log that were lost since it could not be written.";
    page.counter("fireside_log_lines_lost", help).is(crate::log_queue::lost());
    if let Some(end) = &context.settings.certificate {
        let help = "When the certificate for HTTPS ends.";
        page.gauge("fireside_certificate_end_timestamp_seconds", help).is(end.seconds());
    }
}

fn process(page: &mut Page) {
    let process = Process::snapshot();
    if let Some(bytes) = process.resident_bytes {
        page.gauge("process_resident_memory_bytes", "Memory that the process holds.").is(bytes);
    }
    if let Some(files) = process.open_files {
        page.gauge("process_open_fds", "Files and connections that are open.").is(files);
    }
    if let Some(files) = process.max_files {
        page.gauge("process_max_fds", "How many of those there may be.").is(files);
    }
}
