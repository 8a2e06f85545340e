//! One side's media of a call: str0m, a socket and a thread.

use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::{Codec, PayloadParams};
use str0m::media::{Direction, Frequency, MediaData, MediaKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig, RtcError};

use crate::sound::{self, FRAME, Sound};

/// Longest wait for anything, so that a hang-up is heard.
const TICK: Duration = Duration::from_millis(20);

/// How many Opus frames went each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sent to the other side.
    pub sent: u64,
    /// Received from it.
    pub received: u64,
}

/// One side's media of a call, while it lasts.
#[derive(Debug)]
pub struct Line {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    now: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    counts: Counts,
    /// The other side is gone, or this one hung up.
    over: bool,
}

/// A line that was offered to the other side, and not answered yet.
#[derive(Debug)]
pub struct Offer {
    rtc: Rtc,
    socket: UdpSocket,
    pending: SdpPendingOffer,
    mid: Mid,
    sound: Sound,
    sdp: String,
}

impl Offer {
    /// Offers a line with this sound.
    ///
    /// # Errors
    ///
    /// If there is no socket.
    pub fn new(sound: Sound) -> io::Result<Self> {
        let (mut rtc, socket) = start()?;
        let mut change = rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().expect("a line was added");
        Ok(Offer {
            sdp: offer.to_sdp_string(),
            rtc,
            socket,
            pending,
            mid,
            sound,
        })
    }

    /// The offer as SDP.
    pub fn sdp(&self) -> &str {
        &self.sdp
    }

    /// The other side takes it with this answer (SDP); `None` if that can't be used.
    pub fn answered(mut self, answer: &str) -> Option<Line> {
        let answer = SdpAnswer::from_sdp_string(answer).ok()?;
        self.rtc
            .sdp_api()
            .accept_answer(self.pending, answer)
            .ok()?;
        Some(Line::start(
            self.rtc,
            self.socket,
            self.sound,
            Some(self.mid),
        ))
    }
}

impl Line {
    /// Takes an offer (SDP) of the other side; the line and the answer. `None` if the offer can't
    /// be used.
    pub fn answering(sound: Sound, offer: &str) -> Option<(Line, String)> {
        let offer = SdpOffer::from_sdp_string(offer).ok()?;
        let (mut rtc, socket) = start().ok()?;
        let answer = rtc.sdp_api().accept_offer(offer).ok()?.to_sdp_string();
        Some((Line::start(rtc, socket, sound, None), answer))
    }

    /// How much went each way so far.
    pub fn counts(&self) -> Counts {
        self.shared.now().counts
    }

    /// Waits until at least so many frames went each way, the line is over, or the time is up;
    /// what went each way then.
    pub fn wait_for(&self, frames: u64, timeout: Duration) -> Counts {
        let waits = |state: &mut State| {
            !state.over && state.counts.sent.min(state.counts.received) < frames
        };
        let waited = (self.shared.changed).wait_timeout_while(self.shared.now(), timeout, waits);
        waited.unwrap_or_else(PoisonError::into_inner).0.counts
    }

    /// Ends this side, without waiting until it has ended.
    pub fn close(&self) {
        self.shared.change(|state| state.over = true);
    }

    /// Ends this side; what went each way.
    pub fn hang_up(mut self) -> Counts {
        self.end();
        self.counts()
    }

    fn start(rtc: Rtc, socket: UdpSocket, sound: Sound, mid: Option<Mid>) -> Self {
        let shared = Arc::<Shared>::default();
        let call = Call {
            rtc,
            socket,
            mid,
            shared: Arc::clone(&shared),
            tone: (sound == Sound::Tone).then(|| Box::new(sound::tone()) as Box<_>),
            connected: None,
            due: None,
        };
        Line {
            shared,
            thread: Some(thread::spawn(move || call.run())),
        }
    }

    fn end(&mut self) {
        self.close();
        if let Some(thread) = self.thread.take() {
            // It has told all it knows.
            let _ = thread.join();
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn now(&self) -> MutexGuard<'_, State> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.now());
        self.changed.notify_all();
    }
}

/// A call on its thread.
struct Call {
    rtc: Rtc,
    socket: UdpSocket,
    mid: Option<Mid>,
    shared: Arc<Shared>,
    tone: Option<Box<dyn Iterator<Item = &'static [u8]> + Send>>,
    connected: Option<Instant>,
    /// When the next frame of the tone is due.
    due: Option<Instant>,
}

impl Call {
    fn run(mut self) {
        // A line that breaks is over, which is all there is to say about it.
        let _ = self.until_over();
        self.rtc.disconnect();
        self.shared.change(|state| state.over = true);
    }

    fn until_over(&mut self) -> Result<(), RtcError> {
        let mut buffer = vec![0; 2000];
        while self.rtc.is_alive() && !self.shared.now().over {
            match self.rtc.poll_output()? {
                Output::Transmit(packet) => {
                    // UDP may lose it, so a failure is nothing else.
                    let _ = self.socket.send_to(&packet.contents, packet.destination);
                }
                Output::Event(event) => self.hear(event)?,
                Output::Timeout(at) => {
                    if self.play()? {
                        continue;
                    }
                    let at = at.min(self.due.unwrap_or(at));
                    let wait = at.saturating_duration_since(Instant::now()).min(TICK);
                    self.listen(&mut buffer, wait)?;
                }
            }
        }
        Ok(())
    }

    /// Takes a packet, or lets time pass.
    fn listen(&mut self, buffer: &mut [u8], wait: Duration) -> Result<(), RtcError> {
        let now = Instant::now();
        if wait.is_zero() {
            return self.rtc.handle_input(Input::Timeout(now));
        }
        self.socket.set_read_timeout(Some(wait))?;
        match self.socket.recv_from(buffer) {
            Ok((length, source)) => {
                let Ok(contents) = buffer[..length].try_into() else {
                    return Ok(());
                };
                let packet = Receive {
                    proto: Protocol::Udp,
                    source,
                    destination: self.socket.local_addr()?,
                    contents,
                };
                self.rtc
                    .handle_input(Input::Receive(Instant::now(), packet))
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                self.rtc.handle_input(Input::Timeout(Instant::now()))
            }
            // What an earlier packet met, such as a port where nobody is yet.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn hear(&mut self, event: Event) -> Result<(), RtcError> {
        match event {
            Event::Connected => {
                let now = Instant::now();
                self.connected = Some(now);
                self.due = self.tone.is_some().then_some(now);
            }
            Event::MediaAdded(added) => self.mid = Some(added.mid),
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                self.shared.change(|state| state.over = true);
            }
            Event::MediaData(heard) => {
                self.shared.change(|state| state.counts.received += 1);
                if self.tone.is_none() {
                    let MediaData { time, data, .. } = heard;
                    self.send(time, data.to_vec())?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends the tone's frame that is due; whether there was one.
    fn play(&mut self) -> Result<bool, RtcError> {
        let (Some(due), Some(connected)) = (self.due, self.connected) else {
            return Ok(false);
        };
        if due > Instant::now() {
            return Ok(false);
        }
        let frame = self.tone.as_mut().and_then(Iterator::next);
        let since = u64::try_from((due - connected).as_millis()).unwrap_or(u64::MAX);
        // 48 samples a millisecond.
        let time = MediaTime::new(since * 48, Frequency::FORTY_EIGHT_KHZ);
        self.due = Some(due + FRAME);
        self.send(time, frame.unwrap_or_default().to_vec())?;
        Ok(true)
    }

    fn send(&mut self, time: MediaTime, frame: Vec<u8>) -> Result<(), RtcError> {
        let Some(writer) = self.mid.and_then(|mid| self.rtc.writer(mid)) else {
            return Ok(());
        };
        let opus = writer
            .payload_params()
            .find(|it| it.spec().codec == Codec::Opus);
        let Some(pt) = opus.map(PayloadParams::pt) else {
            return Ok(());
        };
        writer.write(pt, Instant::now(), time, frame)?;
        self.shared.change(|state| state.counts.sent += 1);
        Ok(())
    }
}

/// An engine that speaks Opus only, and its socket on this machine.
fn start() -> io::Result<(Rtc, UdpSocket)> {
    let mut rtc = RtcConfig::new()
        .clear_codecs()
        .enable_opus(true, false)
        .build(Instant::now());
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let candidate = Candidate::host(socket.local_addr()?, "udp").map_err(io::Error::other)?;
    rtc.add_local_candidate(candidate);
    Ok((rtc, socket))
}
