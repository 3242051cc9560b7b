//! From an accepted connection to answers: the HTTP library around the warp filter
//! around the API.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use warp::Filter;
use warp::http::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, HeaderValue, STRICT_TRANSPORT_SECURITY};
use warp::http::{HeaderMap, Method, Uri, Version};

use super::access_log::{log, told, user_of};
use super::connection_limit::{ConnectionLimit, ConnectionPermit};
use super::current::Current;
use super::dev::DevServer;
use super::listener::{ACCEPT_PAUSE, Listener};
use super::redirect::Redirect;
use super::{dev, headers, request_id};
use crate::api::Api;
use crate::api::http::backlog::{self, Backlog, MeteredBody, Reader};
use crate::api::http::base::BasePath;
use crate::api::http::compression::Compression;
use crate::api::http::forwarded::{self, ClientInfo, PeerAddress, TrustedProxies};
use crate::api::http::meters::PAGE;
use crate::api::http::reply::{self, ApiError, Response, SharedBytes};
use crate::api::http::request::{BodyStream, Peer, Request, pairs};
use crate::api::http::stream::NetStream;
use crate::api::http::trace::{Permit, RequestTrace};
use crate::api::http::wire::{Progress, Wire};
use crate::api::http::{conditional, envelope};
use crate::api::ws::event_stream::EVENT_STREAM;
use crate::assets::Assets;
use crate::chat::model::error::Error;
use crate::dev_feed::DevEvent;

/// Bytes that a request's head may have.
const MAX_HEAD: usize = 16 * 1024;
/// Headers of a request.
const MAX_HEADERS: usize = 64;
/// How long a connection may wait for its next request.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// Connections that are accepted before those that are there have a turn: whoever asks for
/// something must not wait behind a crowd that comes at once.
const LONGEST_TURN: usize = 16;

/// Everything that can be asked for here.
pub(super) struct Server {
    pub current: Current,
    pub dev: Option<DevServer>,
    pub trusted_proxies: TrustedProxies,
    pub assets: Assets,
    pub backlog: Arc<Backlog>,
    pub compression: Compression,
    /// How long the bytes of an answer may make no progress.
    pub answer_timeout: Duration,
}

/// How connections learn that the server stops, and how it learns that they are gone.
#[derive(Clone)]
pub(super) struct Shutdown {
    /// Becomes true.
    pub told: watch::Receiver<bool>,
    /// Closes when the last connection has dropped its end.
    pub _alive: mpsc::Sender<()>,
}

/// Accepts connections for ever.
pub(super) async fn accept(listener: Listener, server: Arc<Server>, connections: ConnectionLimit, stopping: Shutdown) {
    let mut turn = 0;
    let redirect = listener.redirect();
    while let Some(permit) = connections.wait().await {
        turn = (turn + 1) % LONGEST_TURN;
        if turn == 0 {
            tokio::task::yield_now().await;
        }
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(permit) = connections.admit(peer.ip(), server.trusted_proxies.trusts(peer), permit) {
                    let places = (Arc::clone(&server), redirect.clone());
                    tokio::spawn(serve(stream, peer, places, permit, stopping.clone()));
                }
            }
            Err(cause) => {
                tracing::warn!(%cause, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve(
    stream: NetStream,
    peer: PeerAddress,
    (server, redirect): (Arc<Server>, Option<Arc<Redirect>>),
    permit: ConnectionPermit,
    mut stopping: Shutdown,
) {
    // Answers are written whole: waiting for more would only delay them.
    if let Some(tcp) = stream.tcp()
        && let Err(cause) = tcp.set_nodelay(true)
    {
        tracing::debug!(%cause, "a connection is gone already");
    }
    let (progress, permit): (_, Permit) = (Progress::default(), Arc::new(permit));
    let come_by =
        Peer { address: peer, is_tls: stream.is_tls(), progress, permit: Some(permit), version: Version::HTTP_11 };
    let waiting = (Arc::clone(&server.backlog), server.answer_timeout);
    let io = TokioIo::new(Wire::new(stream, come_by.progress.clone(), waiting, come_by.permit.clone()));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(KEEP_ALIVE)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .serve_connection(io, service(server, redirect, come_by))
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = async { stopping.told.wait_for(|told| *told).await.is_ok() } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(cause) = ended {
        tracing::debug!(%cause, "a connection ended early");
    }
}

/// The warp filter as a service, with the peer's address put where the filter finds it.
fn service(
    server: Arc<Server>,
    redirect: Option<Arc<Redirect>>,
    come_by: Peer,
) -> impl Service<
    hyper::Request<Incoming>,
    Response = hyper::Response<impl Body<Data = Bytes, Error = warp::Error>>,
    Error = Infallible,
    Future: Send,
> {
    let backlog = Arc::clone(&server.backlog);
    let routes = TowerToHyperService::new(warp::service(routes(server, redirect)));
    service_fn(move |mut request: hyper::Request<Incoming>| {
        let progress = come_by.progress.clone();
        let answering = progress.begin(!request.body().is_end_stream());
        // Meant for a proxy, like `CONNECT host:1`: where there is no path warp panics.
        if request.uri().path_and_query().is_none() {
            *request.uri_mut() = Uri::from_static("*");
        }
        let peer = Peer { version: request.version(), ..come_by.clone() };
        request.extensions_mut().insert(peer);
        let (answered, backlog) = (routes.call(request), Arc::clone(&backlog));
        async move {
            let mut answer = answered.await?;
            // A stream has no end, and is to notice when whoever listened is gone.
            let answering = Some(answering).filter(|_| !is_event_stream(answer.headers()));
            if progress.is_unread() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            let reader = answer.extensions().get::<Reader>().copied();
            Ok(answer.map(|body| MeteredBody::new(body, reader.map(|reader| (backlog, reader)), answering)))
        }
    })
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind == EVENT_STREAM)
}

fn routes(server: Arc<Server>, redirect: Option<Arc<Redirect>>) -> warp::filters::BoxedFilter<(Response,)> {
    warp::method()
        .and(warp::path::full())
        .and(warp::query::raw().or_else(|_| async { Ok::<_, warp::Rejection>((String::new(),)) }))
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Peer>())
        .and(warp::ext::optional::<OnUpgrade>())
        .and(warp::body::stream().map(boxed))
        .then(
            move |method,
                  path: warp::path::FullPath,
                  query: String,
                  headers,
                  peer: Option<Peer>,
                  upgrade,
                  body: BodyStream| {
                let Peer { address: peer, is_tls, progress, permit, version } = peer.unwrap_or_default();
                let whole = stream::poll_fn(move |_| {
                    progress.read_body();
                    Poll::Ready(None)
                });
                let client = server.trusted_proxies.client_info(peer, is_tls, &headers);
                let id = request_id::of(&headers, server.trusted_proxies.trusts(peer));
                let trace = Arc::new(RequestTrace::new(id).by(permit));
                let path = path.as_str().to_owned();
                let redirect = redirect.clone();
                let head = Head { method, version, path, query, headers, client, upgrade, trace, redirect };
                // In a box, since each filter around it moves it.
                Box::pin(answer(Arc::clone(&server), head, Box::pin(body.chain(whole))))
            },
        )
        .boxed()
}

fn boxed<B: Buf>(body: impl Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static) -> BodyStream {
    Box::pin(body.map_ok(|mut piece| piece.copy_to_bytes(piece.remaining())))
}

struct Head {
    method: Method,
    version: Version,
    path: String,
    query: String,
    headers: HeaderMap,
    client: ClientInfo,
    upgrade: Option<OnUpgrade>,
    trace: Arc<RequestTrace>,
    /// Of a listener beside HTTPS.
    redirect: Option<Arc<Redirect>>,
}

/// Answers a request whatever happens: a panic ends it alone. Then come the headers of
/// every answer, and its line in the log.
async fn answer(server: Arc<Server>, head: Head, body: BodyStream) -> Response {
    let begun = Instant::now();
    let trace = Arc::clone(&head.trace);
    let (method, path, address) = (head.method.clone(), head.path.clone(), head.client.address);
    let request_headers = head.headers.clone();
    let is_redirector = head.redirect.is_some();
    let api = server.current.get();
    if let Some(faults) = &api.context().settings.faults {
        faults.wait().await;
    }
    let refuse = |error| api.refuse(api.context().base().inside(&path).unwrap_or(&path), &ApiError::Chat(error));
    let answered = AssertUnwindSafe(find_within(&server, &api, head, &request_headers, body)).catch_unwind().await;
    let answered = answered.unwrap_or_else(|_| {
        tracing::error!(request = trace.id, "a request panicked");
        Err(Error::Internal)
    });
    let mut response = answered.unwrap_or_else(refuse);
    headers::add(&mut response, &method, &request_headers, &api.context().settings, &trace);
    if is_redirector {
        // It is said over TLS alone (RFC 6797, 7.2).
        response.headers_mut().remove(STRICT_TRANSPORT_SECURITY);
    }
    api.context().meters.answered(trace.route(), response.status(), begun.elapsed());
    log(&method, &path, address, &response, begun, &trace);
    if let Some(feed) = &api.context().settings.dev_feed
        && trace.route() != PAGE
        && !path.starts_with(dev::PREFIX)
    {
        feed.tell(|| DevEvent::Request {
            method: method.to_string(),
            path: told(&path).into_owned(),
            status: response.status().as_u16(),
            ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            user: user_of(&response, &trace),
        });
    }
    response
}

/// Answers a request, unless too much waits to be written already.
async fn find_within(
    server: &Server,
    api: &Api,
    head: Head,
    headers: &HeaderMap,
    body: BodyStream,
) -> Result<Response, Error> {
    let method = head.method.clone();
    let reader = Reader::at(head.client.address).by(&method);
    let busy = Error::Busy { retry_after: backlog::BUSY_RETRY };
    if !server.backlog.takes(reader) {
        return Err(busy);
    }
    let response = find(server, api, head, body).await;
    let response = conditional::apply(&method, headers, response).await;
    let mut response = server.compression.apply(&method, headers, response).await;
    let is_kept = response.extensions().get::<SharedBytes>().is_some();
    if !is_kept && !server.backlog.holds(reader, response.body()) {
        if reader.has_written() {
            // It is done: to say that it is not would have it done again.
            return Ok(backlog::cut(response));
        }
        return Err(busy);
    }
    if !is_kept {
        response.extensions_mut().insert(reader);
    }
    Ok(response)
}

async fn find(server: &Server, api: &Api, head: Head, body: BodyStream) -> Response {
    let base = api.context().base();
    // `OPTIONS *`, and what is meant for a proxy.
    if !head.path.starts_with('/') {
        return api.refuse(&head.path, &ApiError::Malformed("A request names a path.".into()));
    }
    if let Some(redirect) = &head.redirect {
        let paths = (head.path.as_str(), base.inside(&head.path).unwrap_or_default());
        if let Some(response) = redirect.answer(&head.method, paths, &head.query, head.client.host.as_deref()) {
            return response;
        }
    }
    let Some(path) = base.inside(&head.path) else { return outside(&head, base) };
    if !names_its_host(&head) {
        return api.refuse(path, &ApiError::Malformed("A request has one Host header.".into()));
    }
    if api.context().settings.any_origin && !names_this_machine(&head) {
        return api.refuse(path, &ApiError::ForeignHost);
    }
    if let Some(page) = server.assets.find(&head.method, path, &head.headers, base) {
        head.trace.found(PAGE);
        return page;
    }
    if is_visit(&head)
        && !api.routes().has(path)
        && !api.routes().lives_around(path)
        && let Some(page) = server.assets.missing(&head.headers, base)
    {
        return page;
    }
    let request = Request {
        path: path.to_owned(),
        method: head.method,
        query: pairs(head.query.as_bytes()),
        headers: head.headers,
        params: Vec::new(),
        peer: head.client.address,
        client: head.client,
        named: None,
        body,
        upgrade: head.upgrade,
        trace: head.trace,
        dialect: 0,
        codec: 0,
        context: Arc::clone(api.context()),
    };
    match &server.dev {
        Some(dev) if request.path.starts_with(dev::PREFIX) => dev.answer(request, &server.current).await,
        _ => api.answer(request).await,
    }
}

/// Whether it has the one Host header that RFC 9112 (3.2) asks for: of two, a proxy may have gone by the other.
/// HTTP/1.0 knew none.
fn names_its_host(head: &Head) -> bool {
    match head.headers.get_all(HOST).iter().count() {
        0 => head.version < Version::HTTP_11,
        count => count == 1,
    }
}

/// Whether the name that was asked means this machine to itself alone. A stranger's name may lead here too, and then
/// his page is of the same host as everybody's tokens: what a proxy says of the name counts for nothing.
fn names_this_machine(head: &Head) -> bool {
    let mut hosts = head.headers.get_all(HOST).iter();
    hosts.all(|name| name.to_str().ok().and_then(forwarded::host).is_some_and(|host| forwarded::is_loopback(&host)))
}

/// Whether a person's browser goes there, and no program or script.
fn is_visit(head: &Head) -> bool {
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    let accepts = head.headers.get(ACCEPT).and_then(|accepts| accepts.to_str().ok());
    reads && accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

/// Beside the place where the server lives there is nothing, but the way to it.
fn outside(head: &Head, base: &BasePath) -> Response {
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    if reads && head.path == base.prefix() {
        return reply::moved(&base.at("/"));
    }
    envelope::envelope(&ApiError::NoSuchPath)
}

#[cfg(test)]
mod tests;
