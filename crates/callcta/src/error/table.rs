//! What the documents say about each kind, told by the code itself.

use serde_json::{Value, json};

use super::{Delivery, ErrorKind};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/data/errors.json");

fn table() -> Value {
    let kinds: Vec<Value> = ErrorKind::ALL
        .iter()
        .map(|kind| {
            let codes = crate::graph_error::rows()
                .filter(|row| row.kind == *kind)
                .map(|row| json!({"code": row.code, "subcode": row.subcode, "what": row.what}))
                .collect::<Vec<_>>();
            json!({
                "kind": kind.as_str(),
                "number": kind.number(),
                "variant": format!("{kind:?}"),
                "what": kind.what(),
                "advice": kind.advice(),
                "delivery": kind.delivery().map(Delivery::as_str),
                "codes": codes,
            })
        })
        .collect();
    json!({ "kinds": kinds })
}

#[test]
fn every_kind_has_its_page() {
    for kind in ErrorKind::ALL {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let page = std::path::Path::new(root).join(kind.docs());
        assert!(page.exists(), "{} is missing", kind.docs());
    }
}

#[test]
fn the_documents_have_the_table_that_the_code_has() {
    let text = format!("{:#}\n", table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(FILE, &text).expect("the file can be written");
    }
    let kept = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        kept == text,
        "docs/data/errors.json is out of date: UPDATE_DOCS=1 cargo test -p callcta --lib table"
    );
}
