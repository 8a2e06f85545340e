//! Names that are misspelt.

/// The name that is likely meant.
pub(crate) fn near<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 5)
        .min()
        .map(|(_, name)| name)
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
