//! Ids that a spreadsheet has damaged.
//!
//! A PSID has 16 or more digits, of which Excel keeps 15. Whoever opens a file there and
//! saves it has other people's ids, or nobody's.

/// How a spreadsheet writes a number: only those ids are suspected that it could have
/// changed.
pub(super) fn is_changed(id: &str) -> bool {
    id.starts_with('\'') || id.starts_with("=\"") || is_scientific(id) || has_separators(id)
}

/// A key is anybody's text, which may well be `739e05`: only a fraction with an exponent
/// is what Excel makes of a number.
pub(super) fn is_changed_key(key: &str) -> bool {
    key.starts_with("=\"") || is_scientific(key) && key.contains(['.', ','])
}

/// `1.25448E+15` and the like.
fn is_scientific(id: &str) -> bool {
    let Some((digits, exponent)) = id.split_once(['e', 'E']) else {
        return false;
    };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_number = |text: &str, also: &[char]| {
        text.chars()
            .all(|c| c.is_ascii_digit() || also.contains(&c))
    };
    !digits.is_empty()
        && !exponent.is_empty()
        && is_number(digits, &['.', ','])
        && is_number(exponent, &[])
}

/// `1,254,477`, `1.254.477`, `1 254 477`, `1254477.0`.
fn has_separators(id: &str) -> bool {
    let separator = |c: char| matches!(c, ',' | '.' | ' ' | '\u{a0}' | '\u{202f}' | '’' | '\'');
    id.starts_with(|c: char| c.is_ascii_digit())
        && id.contains(separator)
        && id.chars().all(|c| c.is_ascii_digit() || separator(c))
}

/// Counts the long ids that end as Excel's do: all digits after the 15th are zeros.
#[derive(Default)]
pub(crate) struct Rounded {
    long: u64,
    suspect: u64,
    first: Vec<u64>,
}

impl Rounded {
    pub(crate) fn see(&mut self, id: &str, line: u64) {
        let bytes = id.as_bytes();
        if bytes.len() < 16 || !bytes.iter().all(u8::is_ascii_digit) {
            return;
        }
        self.long += 1;
        if bytes[15..].iter().all(|byte| *byte == b'0') {
            self.suspect += 1;
            if self.first.len() < 3 {
                self.first.push(line);
            }
        }
    }

    /// How many there are and where the first ones, if there are more than chance makes.
    pub(crate) fn suspicion(&self) -> Option<(u64, &[u64])> {
        let many = self.suspect >= 3 && self.suspect * 2 > self.long;
        many.then_some((self.suspect, self.first.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_excel_made_of_an_id_is_known() {
        for id in [
            "1.25448E+15",
            "1,25448E+15",
            "1e15",
            "739e05",
            "'1254477777772919",
            "=\"1254477777772919\"",
            "1,254,477,777,772,919",
            "1.254.477.777.772.919",
            "1\u{a0}254\u{a0}477",
            "1254477777772919.0",
        ] {
            assert!(is_changed(id), "{id}");
        }
        for id in ["1254477777772919", "0012", "", "e15", "psid", "12a"] {
            assert!(!is_changed(id), "{id}");
        }
    }

    #[test]
    fn a_key_is_only_suspected_where_nobody_would_write_it() {
        assert!(is_changed_key("7.39E+07") && is_changed_key("=\"12\""));
        for key in ["739e05", "1,200", "12.5", "'quoted", "order 7"] {
            assert!(!is_changed_key(key), "{key}");
        }
    }

    #[test]
    fn rounded_ids_are_suspected_when_they_are_many() {
        let suspicion = |ids: &[&str]| {
            let mut rounded = Rounded::default();
            for (line, id) in (2..).zip(ids) {
                rounded.see(id, line);
            }
            rounded
                .suspicion()
                .map(|(count, first)| (count, first.to_vec()))
        };
        let excel = ["1254477777772910", "1254477777772000", "12544777777720000"];
        assert_eq!(suspicion(&excel), Some((3, vec![2, 3, 4])));
        // One of ten ends in a zero anyway.
        assert_eq!(suspicion(&["1254477777772910"]), None);
        let mixed = [&excel[..], &["1254477777772919"; 4]].concat();
        assert_eq!(suspicion(&mixed), None);
        assert_eq!(suspicion(&["1000", "2000", "3000"]), None);
    }
}
