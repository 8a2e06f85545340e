//! What is sent: Opus frames of 20 milliseconds.

use std::time::Duration;

/// How long a frame sounds.
pub(crate) const FRAME: Duration = Duration::from_millis(20);

/// A second of 440 Hz: 50 frames, each behind its length in two bytes. Made with libopus at
/// 24 kbit/s.
const TONE: &[u8] = include_bytes!("tone.opus");

/// What one side of a call sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// A tone of 440 Hz.
    Tone,
    /// What is heard.
    Echo,
}

/// The frames of the tone, over and over.
pub(crate) fn tone() -> impl Iterator<Item = &'static [u8]> {
    let mut frames = Vec::new();
    let mut rest = TONE;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (frame, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
        frames.push(frame);
        rest = after;
    }
    frames.into_iter().cycle()
}
