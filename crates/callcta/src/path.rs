//! Where something stands in a request body.

use std::fmt;

/// A place in a request body; becomes text only when there is something to say of it.
pub(crate) enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    pub(crate) fn field<'a>(&'a self, name: &'a str) -> Path<'a> {
        Path::Field(self, name)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
            Path::Field(parent, name) => {
                if !matches!(parent, Path::Root) {
                    write!(f, "{parent}.")?;
                }
                // Some names come from whoever wrote the message.
                if is_name(name, true) {
                    return f.write_str(name);
                }
                write!(f, "[a name of {} characters]", name.chars().count())
            }
        }
    }
}

/// Whether a text looks like one of the platform's names, perhaps with blanks where they
/// have underscores, rather than like something that is said to somebody: only such
/// texts may be quoted.
pub(crate) fn is_name(text: &str, blanks: bool) -> bool {
    const LENGTH_MAX: usize = 40;
    // An id has more.
    const DIGITS_MAX: usize = 5;
    text.len() <= LENGTH_MAX
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || b"_-.".contains(&byte) || blanks && byte == b' '
        })
        && text.bytes().filter(u8::is_ascii_digit).count() <= DIGITS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_in_code() {
        let elements = Path::Field(&Path::Root, "elements");
        let element = Path::Index(&elements, 2);
        assert_eq!(element.field("title").to_string(), "elements[2].title");
        assert_eq!(
            element.field("image url").to_string(),
            "elements[2].image url"
        );
        assert_eq!(Path::Root.to_string(), "");
    }

    #[test]
    fn only_names_are_quoted() {
        let long = "x".repeat(41);
        for name in ["audio-call", "_x", "AUDIO_CALL", "generic2", "a.b"] {
            assert!(is_name(name, false), "{name}");
        }
        for text in [
            "",
            "Hi John",
            "1254477777772919",
            "id1254477777772919",
            "Grüße",
            "\u{1b}[2J",
            &long,
        ] {
            assert!(!is_name(text, false), "{text}");
            let path = Path::Field(&Path::Root, text).to_string();
            assert!(
                text == "Hi John" || !path.contains(text) || text.is_empty(),
                "{path}"
            );
        }
    }
}
