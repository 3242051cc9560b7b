//! Quiet hours, and what pushes carry.

use serde_json::{Value, json};

use super::words::{NOT_SIGNED_IN, Refused};
use crate::world::{Fireside, people};

const NOTIFY: &str = "/messages/api/notify/";

#[tokio::test]
async fn quiet_hours_are_ones_own_and_stay() {
    let fireside = Fireside::start().await;
    people!(fireside: alice, bob);
    let default = json!({"quiet": null, "preview": true});
    assert_eq!(alice.get(NOTIFY).await.is(200).json(), default);
    let quiet = json!({"from": "22:00", "to": "07:00", "zone": "Europe/Berlin"});
    let set = alice.patch(NOTIFY, &json!({"quiet": quiet})).await.is(200).json();
    assert_eq!(set, json!({"quiet": quiet, "preview": true}));
    let set = alice.patch(NOTIFY, &json!({"preview": false, "user_id": bob.id})).await.is(200).json();
    assert_eq!(set, json!({"quiet": quiet, "preview": false}), "what is not named stays");
    assert_eq!(bob.get(NOTIFY).await.is(200).json(), default);
    let fireside = fireside.restarts().await;
    let alice = alice.back_to(&fireside);
    assert_eq!(alice.get(NOTIFY).await.is(200).json(), set);
    for zone in ["UTC", "Asia/Kolkata", "America/Argentina/Buenos_Aires"] {
        let quiet = json!({"from": "00:00", "to": "23:59", "zone": zone});
        let set = alice.patch(NOTIFY, &json!({"quiet": quiet})).await.is(200).json();
        assert_eq!(set["quiet"], quiet, "{zone}");
    }
    let form = alice.asks(reqwest::Method::PATCH, NOTIFY).form(&[("preview", "yes")]).await.is(200).json();
    assert_eq!(form["preview"], true);
    assert_eq!(alice.patch(NOTIFY, &json!({"quiet": null})).await.is(200).json(), default);
    fireside.anyone().get(NOTIFY).await.denied(401, NOT_SIGNED_IN);
    fireside.anyone().patch(NOTIFY, &json!({"preview": false})).await.denied(401, NOT_SIGNED_IN);
}

#[tokio::test]
async fn hours_that_are_none_are_refused() {
    let fireside = Fireside::start().await;
    let alice = fireside.registers("alice").await;
    let quiet = |from: Value, to: Value, zone: Value| json!({"quiet": {"from": from, "to": to, "zone": zone}});
    let hour = || json!("22:00");
    for wrong in [
        quiet(hour(), hour(), json!("UTC")),
        quiet(json!("24:00"), json!("07:00"), json!("UTC")),
        quiet(json!("7:00"), hour(), json!("UTC")),
        quiet(json!(7), hour(), json!("UTC")),
        quiet(hour(), json!("07:00"), json!("Mars/Olympus")),
        quiet(hour(), json!("07:00"), json!("+02:00")),
        quiet(hour(), json!("07:00"), json!("../../etc/passwd")),
        quiet(hour(), json!("07:00"), Value::Null),
        json!({"quiet": {"from": "22:00", "to": "07:00"}}),
        json!({"quiet": "22:00-07:00"}),
        json!({"quiet": []}),
        json!({"quiet": true}),
    ] {
        alice.patch(NOTIFY, &wrong).await.blames("quiet");
    }
    alice.patch(NOTIFY, &json!({"preview": "perhaps"})).await.blames("preview");
    assert_eq!(alice.get(NOTIFY).await.json(), json!({"quiet": null, "preview": true}));
}
