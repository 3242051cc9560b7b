use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{of, whole};
use crate::api::dialects;
use crate::api::http::base::BasePath;
use crate::api::http::mount::Mount;
use crate::api::http::route::{Dialect, pattern};

/// Where the document of a dialect has all of it.
fn home(dialect: &Dialect) -> Mount {
    if dialect.name.is_empty() { Mount::Root } else { Mount::Document }
}

/// `(pattern, method)` of every operation of a document.
fn documented(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object().expect("an item").keys().map(move |method| (pattern(path), method.to_uppercase()))
    });
    operations.collect()
}

#[test]
fn what_is_routed_is_documented_and_nothing_else() {
    let dialects = dialects();
    let routed = |all: &[&Dialect], mount| -> BTreeSet<(String, String)> {
        let routes = all.iter().flat_map(|dialect| dialect.mounted(mount));
        routes.map(|mounted| (pattern(mounted.route.pattern), mounted.route.method.to_string())).collect()
    };
    assert_eq!(
        documented(&whole(&dialects, &BasePath::default())),
        routed(&dialects.iter().collect::<Vec<_>>(), Mount::Root)
    );
    for dialect in dialects.iter().filter(|dialect| !dialect.name.is_empty()) {
        let whole = documented(&of(dialect, Mount::Document, &BasePath::default()));
        assert_eq!(whole, routed(&[dialect], Mount::Document));
        let client = documented(&of(dialect, Mount::Client, &BasePath::default()));
        assert_eq!(client, routed(&[dialect], Mount::Client));
        assert!(client.is_superset(&whole), "{} under /c/", dialect.name);
    }
}

#[test]
fn every_operation_says_what_it_does_and_answers() {
    let mut ids = BTreeSet::new();
    for (dialect, mount) in dialects().iter().flat_map(|dialect| [(dialect, home(dialect)), (dialect, Mount::Client)]) {
        let document = of(dialect, mount, &BasePath::default());
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("an item") {
                let place = format!("{method} {path} of {} ({mount:?})", dialect.name);
                assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "no .doc(…): {place}");
                let responses = operation["responses"].as_object().expect("responses");
                assert!(responses.keys().any(|status| status < &"400".to_owned()), "never succeeds: {place}");
                assert!(
                    ids.insert((mount == Mount::Client, operation["operationId"].to_string())),
                    "an id that is taken: {place}"
                );
                let takes_body = operation.get("requestBody").is_some();
                assert!(!takes_body || method != "get", "a body that is not read: {place}");
            }
        }
    }
}

#[test]
fn a_name_means_one_schema() {
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for dialect in dialects() {
        let document = of(&dialect, home(&dialect), &BasePath::default());
        for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
            let other = known.insert(name.clone(), schema.clone());
            assert!(other.is_none_or(|other| other == *schema), "{name} is two things");
        }
    }
}

#[test]
fn every_reference_leads_to_a_schema() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = whole(&dialects(), &BasePath::default());
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a place in the document");
        assert!(document.pointer(pointer).is_some_and(Value::is_object), "{reference}");
    }
}

#[test]
fn where_two_documents_meet_the_root_shows_what_answers_there() {
    let document = whole(&dialects(), &BasePath::default());
    let users = &document["paths"]["/api/users/"]["get"];
    let list = &users["responses"]["200"]["content"]["application/json"]["schema"]["anyOf"];
    assert_eq!(list.as_array().expect("two shapes").len(), 2, "the page of rooms and the list of directs");
    let sockets = &document["paths"]["/ws/chat/{username}/"]["get"]["x-websocket"];
    let names: Vec<&Value> = sockets.as_array().expect("two").iter().map(|socket| &socket["dialect"]).collect();
    assert_eq!(names, ["inbox", "directs"]);
    // Nothing tells the two logins apart, so the first answers both.
    let login = &document["paths"]["/api/auth/login/"]["post"];
    assert_eq!(login["tags"].as_array().expect("two").len(), 2);
    let answer = &login["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(answer["$ref"], "#/components/schemas/rooms.SignedIn");
}
