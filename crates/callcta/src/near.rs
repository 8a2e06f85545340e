//! Names that somebody may have meant.

/// Which one of `known` is likely meant by `name`, for those who read settings under names
/// of their own: the one that differs in nothing but case and separators, or else by the
/// fewest slips, which are at most a quarter of its letters, or else the only one that
/// `name` is a part of.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    ranked(name, known).map(|(_, known)| known)
}

/// Like [`nearest`], but only what can hardly be anything else: one slip, or none.
pub(crate) fn surely(name: &str, known: &[&'static str]) -> Option<&'static str> {
    if let Some(same) = known.iter().find(|known| **known == name) {
        return Some(same);
    }
    let ranked = ranked(name, known.iter().copied()).filter(|&(slips, _)| slips <= 1);
    ranked.map(|(_, known)| known)
}

/// Longer names than any that is known, with room for slips and separators.
const LENGTH_MAX: usize = 64;

/// Fewest letters of a part that says something.
const PART_MIN: usize = 3;

/// How many slips away the nearest one is; a part counts as many.
fn ranked<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<(usize, &'a str)> {
    if name.len() > LENGTH_MAX {
        return None;
    }
    let name = folded(name);
    let (mut best, mut whole, mut wholes) = (None, None, 0);
    for known in known {
        let letters = folded(known);
        match slips(&name, &letters) {
            Some(slips) if best.is_none_or(|(fewest, _)| slips < fewest) => {
                best = Some((slips, known));
            }
            _ if name.len() >= PART_MIN && letters.windows(name.len()).any(|part| part == name) => {
                whole = Some((usize::MAX, known));
                wholes += 1;
            }
            _ => {}
        }
    }
    best.or(whole.filter(|_| wholes == 1))
}

fn folded(name: &str) -> Vec<char> {
    let letters = name
        .chars()
        .filter(|letter| !matches!(letter, '_' | '-' | '.' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

/// How many letters are missing, too many, wrong, or changed places with their
/// neighbour (optimal string alignment); `None` if that is too many.
fn slips(name: &[char], known: &[char]) -> Option<usize> {
    let most = known.len().max(4) / 4;
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
            ("max-delay ms", Some("max_delay_ms")),
            ("delay", Some("max_delay_ms")),
            ("time", None),
            ("gat", None),
            ("x", None),
            ("", None),
            ("körper", None),
        ] {
            assert_eq!(nearest(name, known), meant, "{name}");
        }
        assert_eq!(nearest("video_call", ["audio_call"]), None);
        assert_eq!(nearest("tag", []), None);
        assert_eq!(nearest(&"x".repeat(1 << 16), known), None);
    }

    #[test]
    fn what_is_surely_meant_is_nearer() {
        let known = ["audio_call", "web_url"];
        for (name, meant) in [
            ("AUDIO-CALL", Some("audio_call")),
            ("audio_cal", Some("audio_call")),
            ("adio_cal", None),
            ("call", None),
        ] {
            assert_eq!(surely(name, &known), meant, "{name}");
            assert!(nearest(name, known).is_some(), "{name}");
        }
    }
}
