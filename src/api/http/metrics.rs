//! The metrics as OpenMetrics text, for Prometheus.
//!
//! The counters are plain numbers of the core and of [`super::meters`]; this takes one
//! look at them all and writes it down. The library writes the format, and is asked
//! only when somebody scrapes.

pub mod process;
mod text;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use warp::http::header::{CONTENT_TYPE, HeaderValue};

use super::context::Context;
use super::hook_clients::HookCounts;
use super::reply::{ApiError, Response};
use crate::chat::model::error::Error;
use crate::chat::model::gauges::Distribution;
use crate::chat::model::session::Actor;
use crate::chat::ops::gauges::Gauges;
use crate::push::meters::Meters;

/// What the text is, as Prometheus asks for it.
pub const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One look at everything.
#[derive(Debug)]
struct MetricsSnapshot {
    core: Gauges,
    uptime_seconds: f64,
    schema: usize,
    failed_sign_ins: u64,
    lost_log_lines: u64,
    /// In seconds since 1970.
    certificate_end: Option<u64>,
    is_clock_behind: bool,
    routes: Vec<RouteAnswers>,
    sockets: Vec<(&'static str, u64, u64)>,
    closed: Vec<(String, u64)>,
    push: Option<PushMetrics>,
    hooks: HookCounts,
    process: process::Process,
}

/// What came of pushes.
#[derive(Debug)]
struct PushMetrics {
    outcomes: Vec<(&'static str, u64)>,
    retries: u64,
    waiting: usize,
    time: Distribution,
}

impl From<&Meters> for PushMetrics {
    fn from(meters: &Meters) -> Self {
        let outcomes = meters.outcomes().map(|(outcome, count)| (outcome.as_str(), count)).collect();
        Self { outcomes, retries: meters.retries(), waiting: meters.waiting(), time: meters.time() }
    }
}

/// The answers of a route.
#[derive(Debug)]
struct RouteAnswers {
    dialect: &'static str,
    method: String,
    route: String,
    statuses: Vec<(String, u64)>,
    time: Distribution,
}

/// The metrics for an administrator of the server.
pub async fn answer_for(context: &Context, actor: &Actor) -> Result<Response, ApiError> {
    let core = context.app.gauges_for(actor).await?;
    write(context, core)
}

/// The metrics for whoever reaches the address that the operator opened for them.
pub async fn answer(context: &Context) -> Result<Response, ApiError> {
    let core = context.app.gauges().await?;
    write(context, core)
}

fn write(context: &Context, core: Gauges) -> Result<Response, ApiError> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(snapshot(context, core)));
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|cause| {
        tracing::error!(%cause, "the metrics could not be written");
        ApiError::Chat(Error::Internal)
    })?;
    let mut response = Response::new(text.into_bytes().into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(FORMAT));
    Ok(response)
}

fn snapshot(context: &Context, core: Gauges) -> MetricsSnapshot {
    let meters = &context.meters;
    let routes = meters.routes().map(|route| RouteAnswers {
        dialect: route.dialect,
        method: route.method.to_owned(),
        route: route.pattern.to_owned(),
        statuses: route
            .statuses
            .into_iter()
            .map(|(status, count)| (status.map_or("other".to_owned(), |status| status.to_string()), count))
            .collect(),
        time: route.time,
    });
    MetricsSnapshot {
        core,
        uptime_seconds: context.since.0.elapsed().as_secs_f64(),
        schema: context.app.schema_version(),
        failed_sign_ins: meters.failed_sign_ins(),
        lost_log_lines: crate::log_queue::lost(),
        certificate_end: context.settings.certificate.as_ref().map(|end| end.seconds()),
        is_clock_behind: context.settings.is_clock_behind(context.app.now()),
        routes: routes.collect(),
        sockets: meters.sockets().collect(),
        closed: meters.closed().collect(),
        push: context.settings.push.as_ref().map(|sender| sender.meters().into()),
        hooks: context.hook_clients.meters.look(),
        process: process::Process::snapshot(),
    }
}
