//! Lists: the newest of something, and searching in it.

use serde_json::Value;

use super::query::Query;
use super::reply::Problem;

/// How many are wanted at most.
pub(super) fn limit(query: &Query) -> Result<usize, Problem> {
    Ok(query
        .number("limit")?
        .map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX)))
}

/// The newest `limit` of what is given, oldest first.
pub(super) fn newest<T>(
    items: impl DoubleEndedIterator<Item = T>,
    limit: usize,
    view: impl Fn(T) -> Value,
) -> Vec<Value> {
    let mut list: Vec<_> = items.rev().take(limit).map(view).collect();
    list.reverse();
    list
}

/// Whether some string in a value contains a text, which is in lower case.
pub(super) fn has_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => string.to_lowercase().contains(text),
        Value::Array(items) => items.iter().any(|item| has_text(item, text)),
        Value::Object(map) => map.values().any(|item| has_text(item, text)),
        _ => false,
    }
}
