//! A row's cells as they are kept: a JSON list in the order of the columns.

use std::collections::HashMap;
use std::sync::Arc;

/// The columns that fill placeholders, each with its place in the list.
#[derive(Default)]
pub(super) struct Columns {
    names: Vec<Arc<str>>,
    places: HashMap<Arc<str>, usize>,
}

impl Columns {
    pub(super) fn new(names: impl IntoIterator<Item = Arc<str>>) -> Self {
        let mut columns = Columns::default();
        for name in names {
            columns.place(&name);
        }
        columns
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    fn place(&mut self, name: &Arc<str>) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.places.insert(Arc::clone(name), self.names.len());
        self.names.push(Arc::clone(name));
        self.names.len() - 1
    }

    pub(super) fn encode(&mut self, cells: &[(Arc<str>, String)]) -> String {
        let mut list: Vec<Option<&str>> = Vec::with_capacity(self.names.len());
        for (index, (name, value)) in cells.iter().enumerate() {
            let next = self
                .names
                .get(index)
                .is_some_and(|known| Arc::ptr_eq(known, name));
            let place = if next { index } else { self.place(name) };
            if list.len() <= place {
                list.resize(place + 1, None);
            }
            list[place] = Some(value);
        }
        serde_json::to_string(&list).expect("texts can be written")
    }

    /// `None` if the text isn't what was written.
    pub(super) fn decode(&self, text: &str) -> Option<Vec<(Arc<str>, String)>> {
        let list: Vec<Option<String>> = serde_json::from_str(text).ok()?;
        if list.len() > self.names.len() {
            return None;
        }
        let cells = self.names.iter().zip(list);
        let cells = cells.filter_map(|(name, value)| Some((Arc::clone(name), value?)));
        Some(cells.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_were() {
        let names: Vec<Arc<str>> = ["a", "b", "c"].map(Arc::from).into();
        let mut columns = Columns::default();
        let cell = |at: usize, value: &str| (Arc::clone(&names[at]), value.to_owned());
        let rows = [
            vec![cell(0, "1"), cell(1, "")],
            vec![cell(1, "ä\"\n")],
            vec![],
            vec![cell(0, "x"), cell(1, "y"), cell(2, "z")],
        ];
        let kept: Vec<String> = rows.iter().map(|row| columns.encode(row)).collect();
        assert_eq!(kept[0], "[\"1\",\"\"]");
        let again = Columns::new(columns.names().map(Arc::from));
        for (row, kept) in rows.iter().zip(&kept) {
            assert_eq!(&again.decode(kept).unwrap(), row);
        }
        assert_eq!(again.decode("[1]"), None);
        assert_eq!(Columns::default().decode("[\"1\"]"), None);
    }
}
