//! Names that somebody may have meant.

/// Which one of `known` is likely meant by `name`: the one that differs in nothing but
/// case, underscores and hyphens, or else by the fewest slips, which are fewer than a
/// third of its letters.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = folded(name);
    let near = known.into_iter().filter_map(|known| {
        let slips = slips(&name, &folded(known))?;
        Some((slips, known))
    });
    near.min_by_key(|&(slips, _)| slips).map(|(_, known)| known)
}

fn folded(name: &str) -> Vec<char> {
    let letters = name.chars().filter(|letter| !matches!(letter, '_' | '-'));
    letters.flat_map(char::to_lowercase).collect()
}

/// How many letters are missing, too many, wrong, or changed places with their
/// neighbour (optimal string alignment); `None` if that is too many.
fn slips(name: &[char], known: &[char]) -> Option<usize> {
    let most = known.len().max(3) / 3;
    if name.len().abs_diff(known.len()) > most {
        return None;
    }
    // Rows of the table, one for each letter of `name`: to each beginning of `known`.
    let (mut before, mut above) = (Vec::new(), (0..=known.len()).collect::<Vec<_>>());
    for (row, &letter) in name.iter().enumerate() {
        let mut here = vec![row + 1];
        for (column, &wanted) in known.iter().enumerate() {
            let wrong = above[column] + usize::from(letter != wanted);
            let mut fewest = wrong.min(above[column + 1] + 1).min(here[column] + 1);
            if row > 0 && column > 0 && letter == known[column - 1] && wanted == name[row - 1] {
                fewest = fewest.min(before[column - 1] + 1);
            }
            here.push(fewest);
        }
        (before, above) = (above, here);
    }
    above.last().copied().filter(|&slips| slips <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_found() {
        let known = ["timeout", "timeout_ms", "tag", "use_me", "max_delay_ms"];
        for (name, meant) in [
            ("tiemout", Some("timeout")),
            ("timeout", Some("timeout")),
            ("timeoutMs", Some("timeout_ms")),
            ("TIMEOUT-MS", Some("timeout_ms")),
            ("tga", Some("tag")),
            ("tags", Some("tag")),
            ("useme", Some("use_me")),
            ("max_delay", Some("max_delay_ms")),
            ("gat", None),
            ("x", None),
            ("", None),
            ("körper", None),
        ] {
            assert_eq!(nearest(name, known), meant, "{name}");
        }
        assert_eq!(nearest("tag", []), None);
        assert_eq!(nearest(&"x".repeat(1 << 16), known), None);
    }
}
