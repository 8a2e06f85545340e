//! Graph batches: many requests in one.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Answer;
use super::params::Params;
use super::refusal::Refused;
use super::request::Request;

/// A batch whose items have still to be run.
pub(crate) struct Batch {
    pub(crate) items: Vec<Result<Item, Refused>>,
    pub(super) with_headers: bool,
    /// The Page whose usage the answer's headers tell.
    pub(super) counted: Option<String>,
}

/// A request in a batch.
pub(crate) struct Item {
    pub(crate) request: Arc<Request>,
    pub(crate) params: Params,
}

impl Batch {
    /// What is answered to the whole: an item that was left unfinished is `null`.
    pub(super) fn answer(&self, answers: &[Option<Answer>]) -> Answer {
        let list = answers
            .iter()
            .map(|answer| match answer {
                Some(answer) => item_answer(answer, self.with_headers),
                None => Value::Null,
            })
            .collect();
        Answer::json(200, Value::Array(list).to_string())
    }
}

fn item_answer(answer: &Answer, with_headers: bool) -> Value {
    let body = String::from_utf8_lossy(&answer.body);
    if !with_headers {
        return json!({"code": answer.status, "body": body});
    }
    let mut headers = vec![json!({
        "name": "Content-Type",
        "value": String::from_utf8_lossy(answer.content_type.as_bytes()),
    })];
    headers.extend(answer.headers.iter().map(|(name, value)| {
        json!({
            "name": name.as_str(),
            "value": String::from_utf8_lossy(value.as_bytes()),
        })
    }));
    json!({"code": answer.status, "headers": headers, "body": body})
}
