//! An address of its own for the metrics, without a credential: who may reach it is the
//! operator's firewall's to say.

use std::convert::Infallible;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use warp::http::header::{ALLOW, CONNECTION, HeaderValue};
use warp::http::{Method, StatusCode};

use super::current::Current;
use super::listener::talk_with_each;
use crate::api::http::backlog::Backlog;
use crate::api::http::context::Context;
use crate::api::http::reply::Response;
use crate::api::http::stream::NetStream;
use crate::api::http::wire::{Progress, Wire};
use crate::api::http::{envelope, metrics};

/// Connections at once: a few scrapers. One more waits for one of them to end.
const MAX_CONNECTIONS: usize = 16;

/// Answers scrapers for ever.
pub(super) async fn serve(listener: TcpListener, current: Current, answer_timeout: Duration) {
    let talk = |(tcp, _)| talk(tcp, current.clone(), answer_timeout);
    talk_with_each(MAX_CONNECTIONS, "a scraper", || listener.accept(), talk).await;
}

async fn talk(tcp: TcpStream, current: Current, answer_timeout: Duration) {
    let progress = Progress::default();
    let wire = Wire::new(NetStream::Tcp(tcp), progress.clone(), (Backlog::new(u64::MAX), answer_timeout), None);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (api, progress) = (current.get(), progress.clone());
        let answering = progress.begin(!request.body().is_end_stream());
        async move {
            let mut response = answer(api.context(), &request).await;
            drop(answering);
            if progress.is_unread() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut http = http1::Builder::new();
    // One scrape a connection: a scraper that idled between two would keep a place that another waits for. The first
    // request has the ordinary deadline, which the wire holds.
    http.keep_alive(false);
    if let Err(cause) = http.serve_connection(TokioIo::new(wire), service).await {
        tracing::debug!(%cause, "a scraper's connection ended early");
    }
}

async fn answer(context: &Context, request: &hyper::Request<Incoming>) -> Response {
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => {
            metrics::answer(context).await.unwrap_or_else(|failure| envelope::envelope(&failure))
        }
        (_, "/metrics") => {
            let mut response = bare(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            response
        }
        _ => bare(StatusCode::NOT_FOUND),
    }
}

fn bare(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
