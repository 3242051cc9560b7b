//! What monitoring sends by itself: Alertmanager, Grafana, Uptime Kuma, and whatever has a title and a message.

use serde_json::Value;

use super::colour;
use super::payload::{Object, heading, lines, object, objects, signed, text};

/// Alerts of one notification that are told one by one.
const MAX_ALERTS: usize = 10;

/// Labels that an alert's line has said already.
const SAID: &[&str] = &["alertname", "severity"];

pub fn words(payload: &Object) -> String {
    let title = text(payload, "title").or_else(|| text(payload, "ruleName"));
    let message = text(payload, "message");
    if title.is_none() && message.is_none() && payload.get("alerts").is_some_and(Value::is_array) {
        return alerts(payload);
    }
    if title.is_some() || message.is_some() {
        return notice(payload, title, message);
    }
    heartbeat(payload)
}

/// Alertmanager's.
fn alerts(payload: &Object) -> String {
    let all: Vec<&Object> = objects(payload, "alerts").collect();
    let left_out = payload.get("truncatedAlerts").and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    let more = all.len().saturating_sub(MAX_ALERTS).saturating_add(left_out.unwrap_or(0));
    let more = (more > 0).then(|| format!("… and {more} more"));
    let link = more.as_ref().and_then(|_| text(payload, "externalURL")).map(str::to_owned);
    lines(all.into_iter().take(MAX_ALERTS).map(|alert| Some(words_of_alert(alert))).chain([more, link]))
}

fn words_of_alert(alert: &Object) -> String {
    let part = |of: &str, name: &str| object(alert, of).and_then(|part| text(part, name)).map(str::to_owned);
    let status = text(alert, "status").unwrap_or("firing");
    let name = part("labels", "alertname").unwrap_or_else(|| "Alert".to_owned());
    let severity = part("labels", "severity").map(|severity| format!(" · {severity}")).unwrap_or_default();
    let title = format!("{} {status}{severity}", heading(&name, None));
    let labels = object(alert, "labels").into_iter().flatten();
    let labels = labels.filter(|(name, _)| !SAID.contains(&name.as_str()));
    let labels = labels.filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?)));
    let labels = labels.collect::<Vec<_>>().join(" ");
    let told = [Some(title), part("annotations", "summary"), part("annotations", "description")];
    let body = lines(told.into_iter().chain([Some(labels), text(alert, "generatorURL").map(str::to_owned)]));
    signed(Some(colour::of_state(status)), &body)
}

/// Grafana's, old and new, and plain ones of that kind.
fn notice(payload: &Object, title: Option<&str>, message: Option<&str>) -> String {
    // New ones say both what became of it and what state that is; the first is of all their alerts.
    let state = text(payload, "status").or_else(|| text(payload, "state"));
    let sign = state.map(colour::of_state);
    let url = ["ruleUrl", "externalURL", "url"].iter().find_map(|name| text(payload, name));
    let title = match title {
        Some(title) => Some(heading(title, url)),
        None => url.map(str::to_owned),
    };
    let measured = objects(payload, "evalMatches").filter_map(|found| {
        let value = found.get("value").filter(|value| value.is_number())?;
        Some(Some(format!("{}: {value}", text(found, "metric")?)))
    });
    let image = text(payload, "imageUrl").map(str::to_owned);
    // A template may leave out the message, and then the alerts speak for themselves.
    let alerts = message.is_none().then(|| alerts(payload));
    signed(sign, &lines([title, message.map(str::to_owned), alerts].into_iter().chain(measured).chain([image])))
}

/// Uptime Kuma's, whose message has its own sign.
fn heartbeat(payload: &Object) -> String {
    let msg = text(payload, "msg").map(str::to_owned);
    // A monitor of what has no address is given this one.
    let url = object(payload, "monitor").and_then(|monitor| text(monitor, "url")).filter(|url| *url != "https://");
    lines([msg.clone(), url.filter(|_| msg.is_some()).map(str::to_owned)])
}
