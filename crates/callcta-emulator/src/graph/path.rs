//! Paths of Graph.

use http::Method;

/// The path without its version and its leading slash: `123/messages`. A version that never was
/// stays: Graph takes it for an object.
pub(crate) fn strip_version(path: &str) -> &str {
    let path = path.trim_matches('/');
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if read_version(first).is_some() {
        rest
    } else {
        path
    }
}

/// The major number of the version that a path names, if it names any.
pub(super) fn version(path: &str) -> Option<u32> {
    read_version(path.trim_start_matches('/').split('/').next()?)
}

fn read_version(text: &str) -> Option<u32> {
    let (major, minor) = text.strip_prefix('v')?.split_once('.')?;
    let (major, minor) = (major.parse().ok()?, minor.parse::<u32>().ok()?);
    // Newer ones than v26.0 are taken as well, so that the emulator does not age.
    matches!((major, minor), (1 | 4.., 0) | (2, 0..=12) | (3, 0..=3)).then_some(major)
}

/// Whether this is a POST to a messages edge.
pub(crate) fn is_message_post(method: &Method, path: &str) -> bool {
    method == Method::POST
        && strip_version(path)
            .split_once('/')
            .is_some_and(|(_, edge)| edge == "messages")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_stripped() {
        for (path, rest) in [
            ("/v26.0/1/messages", "1/messages"),
            ("/1/messages", "1/messages"),
            ("/v26.0/me/messages/", "me/messages"),
            ("/v26.0", ""),
            ("/", ""),
            ("/v2/1", "v2/1"),
            ("/v2.80/me/messages", "v2.80/me/messages"),
            ("/3.1/me/messages", "3.1/me/messages"),
            ("/v99.0/me", "me"),
            ("/video/1", "video/1"),
        ] {
            assert_eq!(strip_version(path), rest, "{path}");
        }
        assert!(is_message_post(&Method::POST, "/v1.0/7/messages"));
        assert!(!is_message_post(&Method::POST, "/v1.0/7/messages/8"));
        assert!(!is_message_post(&Method::GET, "/7/messages"));
    }
}
