//! What the routes beside the documents say of themselves.

use super::{NotReady, Ready, Server};
use crate::api::http::metrics::FORMAT;
use crate::api::http::openapi::doc::Doc;
use crate::api::http::openapi::shape::{Shape, any, described, may, need, object, one_of, word};

pub fn server(doc: &mut Doc) {
    doc.does("Get what this server is and allows")
        .answers::<Server<'_>>(200, "Its version, limits and dialects; to the signed-in, helpers of calls.");
}

pub fn health(doc: &mut Doc) {
    doc.does("Ask whether the process lives").answers_with(200, object(&[need("status", word("ok"))]), "It does.");
}

pub fn ready(doc: &mut Doc) {
    let why = doc.shapes.of::<NotReady<'_>>();
    doc.does("Ask whether requests should be sent here")
        .answers::<Ready>(200, "They should: a write goes through. Where backups are made, how it goes with them; where Litestream follows, how far it may be behind.")
        .also_refuses(503, why);
}

pub fn metrics(doc: &mut Doc) {
    doc.does("Get the metrics")
        .note("For administrators of the server.")
        .answers_text(200, FORMAT, "The metrics, as Prometheus reads them.")
        .refuses(&[403]);
}

fn a_document() -> Shape {
    let parts = ["info", "paths", "components", "tags"].map(|name| need(name, any()));
    let rest = [need("openapi", word("3.1.0")), may("servers", any())];
    object(&rest.into_iter().chain(parts).collect::<Vec<_>>())
}

/// The documents themselves.
pub fn openapi(doc: &mut Doc) {
    let document = a_document();
    doc.does("Get the OpenAPI document")
        .query("dialect", described(one_of(&crate::api::names()), "That of one dialect, as it stands under `/d/`."))
        .answers_with(200, document, "This document.")
        .answers_nothing(304, "`If-None-Match` names what you would get.")
        .refuses(&[404]);
}

pub fn of_dialect(doc: &mut Doc) {
    document_of(doc, "Get the OpenAPI document of one dialect", "Its paths stand below `/d/<dialect>`.");
}

pub fn of_client(doc: &mut Doc) {
    let summary = "Get the OpenAPI document of one dialect as its own client calls it";
    document_of(doc, summary, "Its paths stand below `/c/<dialect>`.");
}

fn document_of(doc: &mut Doc, summary: &'static str, where_it_stands: &str) {
    let document = a_document();
    doc.does(summary)
        .path("dialect", one_of(&crate::api::names()))
        .answers_with(200, document, where_it_stands)
        .answers_nothing(304, "`If-None-Match` names what you would get.")
        .refuses(&[404]);
}
