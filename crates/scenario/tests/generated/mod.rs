//! Documents that have a bit of everything.

use proptest::prelude::*;
use serde_json::{Value, json};

/// A scenario, as JSON.
pub(crate) fn any_document() -> impl Strategy<Value = Value> {
    let title_and_summary = (any_text(), proptest::option::of(any_text()));
    let steps = proptest::collection::vec(any_step(), 0..6);
    let users = proptest::collection::btree_set("[a-z]{1,6}", 0..4);
    let providers = proptest::collection::vec(any_text(), 0..8);
    let policy = proptest::option::of(0_u32..8);
    (title_and_summary, steps, users, providers, policy).prop_map(
        |((title, summary), steps, users, providers, policy)| {
            let users: Vec<Value> =
                users.into_iter().map(|name| json!({ "name": name, "groups": providers })).collect();
            let mut world = json!({ "extends": "contoso", "user": users, "start": "2026-03-02T08:00:00Z" });
            policy.into_iter().for_each(|value| world["policy"] = json!({ "ae-policy": value }));
            let mut document = json!({
                "scenario": 1, "title": title, "covers": ["R040", "S7.cancel"], "level": "may",
                "switches": { "timer": "off" }, "world": world, "sequences": { "click-and-pin": {
                    "parameters": ["pin"],
                    "steps": [{ "click": "icon" }, { "prompt": "pin.enter", "answer": { "pin": "$pin" } }],
                } },
                "timeline": { "steps": steps },
                "vary": [{ "name": "a", "profile": "windows-10-22h2", "world": { "seed": 7 } }],
            });
            summary.into_iter().for_each(|summary| document["summary"] = json!(summary));
            document
        },
    )
}

fn any_text() -> impl Strategy<Value = String> {
    "[ -~äß\"'\\\\$#]{1,12}"
}

fn any_fact() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        any_text().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from)
    ];
    plain.prop_recursive(2, 6, 3, |inner| proptest::collection::vec(inner, 0..3).prop_map(Value::from))
}

fn any_facts() -> impl Strategy<Value = Value> {
    proptest::collection::btree_map("[a-z][a-z. -]{0,8}", any_fact(), 0..4).prop_map(|facts| json!(facts))
}

fn any_time() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let duration = (1_u64..10_000_000_000_000).prop_map(|ns| Value::from(autoenroll_model::Duration(ns).to_string()));
    let instant = Just(json!("2026-03-05T08:00:00.5Z"));
    let of_day = prop_oneof![Just(json!("09:00")), Just(json!("+12d 23:59"))];
    prop_oneof![
        Just(vec![]),
        duration.clone().prop_map(|duration| vec![("after", duration)]),
        prop_oneof![duration.clone(), instant, of_day].prop_map(|time| vec![("at", time)]),
        duration.prop_map(|duration| vec![("within", duration)]),
    ]
}

fn any_step() -> impl Strategy<Value = Value> {
    let seen = (any_time(), any_facts(), any::<bool>(), proptest::option::of("[a-z]{1,5}")).prop_map(
        |(time, facts, exact, name)| {
            let mut step = json!({ "expect": "issued", "facts": facts, "exact": exact });
            time.into_iter().for_each(|(key, value)| step[key] = value);
            name.into_iter().for_each(|name| step["as"] = json!(name));
            step
        },
    );
    let prompt = (any_facts(), any_text(), any::<bool>()).prop_map(|(facts, pin, hold)| {
        let answer = if hold { json!("hold") } else { json!({ "pin": pin }) };
        json!({ "prompt": "pin.enter", "facts": facts, "answer": answer })
    });
    let done = prop_oneof![
        any_text().prop_map(|name| json!({ "logon": name, "computer": "WKS01", "only": ["a", name] })),
        any_text().prop_map(|name| json!({ "on": "card", "facts": { "op": name }, "who": "alice", "remove": name })),
        any_text().prop_map(|name| json!({ "swap": name, "to": name, "reader": "Reader 0" })),
        any_text().prop_map(|name| json!({ "ca": "approve", "request": name })),
        any_text().prop_map(|name| json!({ "change": "principal", "of": name, "set": { "upn": false, "mail": name } })),
        Just(json!({ "reply": "pin.enter", "with": "cancel" })),
        Just(json!({ "never": "request", "until": "9h" })),
        any_text().prop_map(|pin| json!({ "do": "click-and-pin", "with": { "pin": pin }, "at": "09:00" })),
        any_facts().prop_map(|facts| json!({ "state": "card", "of": "alice-card", "facts": facts })),
    ];
    prop_oneof![seen, prompt, done]
}
