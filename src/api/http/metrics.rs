//! The metrics as OpenMetrics text, for Prometheus.
//!
//! The counters are plain numbers of the core and of [`super::meters`]; they are looked at
//! and written down only when somebody scrapes.

mod page;
pub mod process;
mod text;

use warp::http::header::{CONTENT_TYPE, HeaderValue};

use super::context::Context;
use super::reply::{ApiError, Response};
use crate::chat::model::session::Actor;
use crate::chat::ops::gauges::Gauges;

/// What the text is, as Prometheus asks for it.
pub const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics for an administrator of the server.
pub async fn answer_for(context: &Context, actor: &Actor) -> Result<Response, ApiError> {
    let core = context.app.gauges_for(actor).await?;
    Ok(written(context, &core))
}

/// The metrics for whoever reaches the address that the operator opened for them.
pub async fn answer(context: &Context) -> Result<Response, ApiError> {
    let core = context.app.gauges().await?;
    Ok(written(context, &core))
}

fn written(context: &Context, core: &Gauges) -> Response {
    let mut response = Response::new(text::of(context, core).into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(FORMAT));
    response
}
