//! The shared vectors; `tests/vectors/calling/README.md` at the top describes them.

use std::path::Path;
use std::sync::Arc;

use callcta::transport::{HttpResponse, Method, ScriptedTransport};
use serde_json::{Value, json};

use crate::cases::{self, Case};

#[test]
fn every_request_leads_to_what_it_should() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/calling");
    let cases = cases::read(&folder);
    assert!(cases.len() > 80, "{}", cases.len());
    for case in cases {
        let none = json!({});
        let answer = case.object.get("answer").unwrap_or(&none);
        let status = answer["status"].as_u64().unwrap_or(200);
        let body = match answer.get("body") {
            None => r#"{"success": true}"#.to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(body) => body.to_string(),
        };
        let answer = HttpResponse::new(u16::try_from(status).unwrap(), body);
        let transport = Arc::new(ScriptedTransport::new([Ok(answer)]));
        let client = Case::client().transport(transport.clone()).build().unwrap();
        let mut report = case.report(&client);
        let came = report.as_object_mut().unwrap();
        let expected = case.object.get("error").unwrap_or(&Value::Null);
        assert_eq!(
            came.remove("error").unwrap_or_default(),
            *expected,
            "{}",
            case.path()
        );
        let expected = case.object.get("result").unwrap_or(&Value::Null);
        let result = came.remove("result").unwrap_or_default();
        assert_eq!(result, *expected, "{}", case.path());
        let Some(expected) = case.object.get("request") else {
            continue;
        };
        let arrived = transport.requests().pop().map_or(Value::Null, |request| {
            let url = request.url.split_once("/v26.0").unwrap().1.to_owned();
            let (path, query) = url.split_once('?').unwrap_or((&url, ""));
            let query = query.split('&').filter_map(|pair| pair.split_once('='));
            let decoded =
                |(name, value): (&str, &str)| (name.to_owned(), value.replace("%2C", ","));
            let query: std::collections::BTreeMap<_, _> = query.map(decoded).collect();
            let mut arrived = json!({
                "method": request.method.as_str(), "path": path, "query": query});
            if request.method == Method::Post {
                arrived["body"] = serde_json::from_slice(&request.body).unwrap();
            }
            arrived
        });
        assert_eq!(arrived, *expected, "{}", case.path());
    }
}
