//! A row's cells as they are kept here: a JSON object in the order of the columns, which
//! needs no agreement between those who load at the same time.

use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer as _};
use serde::{Deserialize, Deserializer};

/// A NUL, for which PostgreSQL has no place, is written as JSON has it.
pub(super) fn encode(cells: &[(Arc<str>, String)]) -> String {
    let mut text = Vec::new();
    let mut writer = serde_json::Serializer::new(&mut text);
    let written = writer
        .serialize_map(Some(cells.len()))
        .and_then(|mut object| {
            for (name, value) in cells {
                object.serialize_entry(name.as_ref(), value)?;
            }
            object.end()
        });
    written.expect("texts can be written");
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// `None` if the text isn't what was written.
pub(super) fn decode(text: &str) -> Option<Vec<(Arc<str>, String)>> {
    serde_json::from_str::<Cells>(text)
        .ok()
        .map(|cells| cells.0)
}

struct Cells(Vec<(Arc<str>, String)>);

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Cells;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells, A::Error> {
                let mut cells = Vec::with_capacity(map.size_hint().unwrap_or_default());
                while let Some((name, value)) = map.next_entry::<String, String>()? {
                    cells.push((name.into(), value));
                }
                Ok(Cells(cells))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_were() {
        for cells in [
            vec![],
            vec![
                ("z".into(), "1".to_owned()),
                ("a".into(), "ä\"\n\0".to_owned()),
            ],
        ] {
            let kept = encode(&cells);
            assert!(!kept.contains('\0'), "{kept}");
            assert_eq!(decode(&kept), Some(cells));
        }
        assert_eq!(decode("[]"), None);
        assert_eq!(decode("{\"a\":1}"), None);
    }
}
