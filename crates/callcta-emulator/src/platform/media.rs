//! The sound of calls, for those who bring a media engine.

use std::fmt;

/// The person's side of the media of calls. The emulator has no media engine: without one of
/// these it answers each offer with the same text, and no sound flows.
///
/// It is called while the emulator is locked, so it must be quick and must not ask the emulator
/// for anything.
pub trait Media: fmt::Debug + Send + Sync {
    /// The person's answer (SDP) to the Page's offer in a call; `None` if the offer can't be
    /// used.
    fn answer(&self, call_id: &str, offer: &str) -> Option<String>;

    /// The call is over.
    fn hang_up(&self, call_id: &str);
}

/// What is answered where nobody brings an engine.
pub(super) const ANSWER: &str =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";
