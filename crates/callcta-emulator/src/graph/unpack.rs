//! Takes a batch apart.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use serde_json::{Map, Value};

use super::auth;
use super::batch::{Batch, Item};
use super::context::{Context, Done, Handled, boolean};
use super::multipart::File;
use super::refusal::{GraphError, Refusal, Refused, shown};
use super::request::Request;

const ITEMS_MAX: usize = 50;

pub(super) fn batch(context: &mut Context<'_>) -> Handled {
    auth::authenticate(context, "", None)?;
    let params = &mut context.params.map;
    let items = match params.remove("batch") {
        Some(Value::Array(items)) => items,
        other => {
            return Err(batch_error(
                "Param batch must be a JSON array.",
                "batch_type",
                format!(
                    "batch is an array of requests; {} was sent",
                    shown(other.as_ref())
                ),
            ));
        }
    };
    if items.len() > ITEMS_MAX {
        return Err(batch_error(
            "Too many requests in batch message. Maximum batch size is 50",
            "batch_size",
            format!("at most {ITEMS_MAX} items; {} were sent", items.len()),
        ));
    }
    let with_headers = params.get("include_headers").and_then(boolean) != Some(false);
    // What the whole batch says goes for each item that does not say otherwise.
    let mut shared = Map::new();
    for name in ["access_token", "appsecret_proof"] {
        if let Some(value) = params.get(name) {
            shared.insert(name.into(), value.clone());
        }
    }
    let items = items
        .iter()
        .map(|item| {
            one(
                item,
                &shared,
                &context.params.files,
                &context.request.headers,
            )
        })
        .collect();
    Ok(Done::Batch(Batch {
        items,
        with_headers,
        counted: None,
    }))
}

fn one(
    item: &Value,
    shared: &Map<String, Value>,
    files: &[File],
    parent: &HeaderMap,
) -> Result<Item, Refused> {
    let request = read_item(item, parent).map_err(|why| {
        let refusal = Refusal {
            rule: "batch_item",
            path: "batch".into(),
            detail: why,
        };
        GraphError::new(100, None, "(#100) Invalid request in batch", refusal)
    })?;
    let mut params = request.params();
    let attached = item.get("attached_files").and_then(Value::as_str);
    let names: Vec<_> = attached
        .into_iter()
        .flat_map(|names| names.split(',').map(str::trim))
        .collect();
    params.files = files
        .iter()
        .filter(|file| names.contains(&file.name.as_str()))
        .cloned()
        .collect();
    let own_token = params.map.contains_key("access_token");
    for (name, value) in shared {
        // The proof belongs to the batch's token.
        if !(own_token && name == "appsecret_proof") {
            params.map.entry(name.clone()).or_insert(value.clone());
        }
    }
    Ok(Item {
        request: Arc::new(request),
        params,
    })
}

fn read_item(item: &Value, parent: &HeaderMap) -> Result<Request, String> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let method = text("method").unwrap_or("GET");
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
        .map_err(|_| format!("{method:?} is not a method"))?;
    let relative = text("relative_url").ok_or("an item needs a relative_url")?;
    let uri: Uri = format!("/{}", relative.trim_start_matches('/'))
        .parse()
        .map_err(|_| format!("{relative:?} is not a relative URL"))?;
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    for name in [header::AUTHORIZATION, header::HOST] {
        if let Some(value) = parent.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let body = text("body").unwrap_or_default().to_owned();
    // An item's own token goes before the batch's header.
    let names_token =
        |text: &str| text.starts_with("access_token=") || text.contains("&access_token=");
    if names_token(&body) || uri.query().is_some_and(names_token) {
        headers.remove(header::AUTHORIZATION);
    }
    Ok(Request {
        method,
        uri,
        headers,
        body: Bytes::from(body),
    })
}

fn batch_error(message: &str, rule: &'static str, detail: String) -> Refused {
    GraphError::new(
        100,
        None,
        message,
        Refusal {
            rule,
            path: "batch".into(),
            detail,
        },
    )
    .kind("GraphBatchException")
}
