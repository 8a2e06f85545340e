//! Paths of Graph.

use http::Method;

/// The path without its version and its leading slash: `123/messages`. A version that never was
/// stays: Graph takes it for an object.
pub(crate) fn strip_version(path: &str) -> &str {
    let path = path.trim_matches('/');
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if is_version(first) { rest } else { path }
}

fn is_version(text: &str) -> bool {
    let Some((major, minor)) = text.strip_prefix('v').and_then(|v| v.split_once('.')) else {
        return false;
    };
    // Newer ones than v26.0 are taken as well, so that the emulator does not age.
    matches!(
        (major.parse::<u32>(), minor.parse::<u32>()),
        (Ok(1 | 4..), Ok(0)) | (Ok(2), Ok(0..=12)) | (Ok(3), Ok(0..=3))
    )
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
