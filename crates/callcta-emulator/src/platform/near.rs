//! Names that are misspelt.

/// The name that is likely meant.
pub(crate) fn near<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 5)
        .min()
        .map(|(_, name)| name)
}

/// What serde says of JSON that is wrong, and the name that is likely meant.
pub(crate) fn with_hint(text: String) -> String {
    // Between backticks stand the name that was sent and those that are known.
    let mut names = text.split('`').skip(1).step_by(2);
    let sent = names.next().unwrap_or_default();
    match near(sent, names) {
        Some(near) if text.starts_with("unknown ") => format!("{text}; did you mean `{near}`?"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_near() {
        let known = ["messages", "messenger_profile", "calls"];
        let near = |written| near(written, known.into_iter());
        assert_eq!(near("message"), Some("messages"));
        assert_eq!(near("mesages"), Some("messages"));
        assert_eq!(near("messenger_profiles"), Some("messenger_profile"));
        assert_eq!(near("photos"), None);
    }
}
