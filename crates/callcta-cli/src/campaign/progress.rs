//! What is shown while a campaign runs. A thread of its own draws, so that neither a pipe
//! that nobody reads nor a slow terminal holds anything up.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use callcta_campaign::{Hold, Snapshot, State};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::number;
use crate::args::campaign::Progress;
use crate::output::plain;

/// When lines are written where there is no terminal; the last interval repeats.
const LINES: [u64; 6] = [5, 10, 30, 60, 120, 300];

/// How long the last line may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// The drawing of one run.
pub struct Drawing {
    end: Sender<()>,
    ended: Receiver<()>,
}

impl Drawing {
    /// Draws what `look` tells.
    pub fn start(how: Progress, look: impl Fn() -> Snapshot + Send + 'static) -> Self {
        let (end, asked) = channel();
        let (done, ended) = channel();
        let how = match how {
            Progress::Auto if io::stderr().is_terminal() => How::Bar,
            Progress::Auto | Progress::Plain => How::Lines,
            Progress::Json => How::Json,
            Progress::None => How::Nothing,
        };
        thread::spawn(move || {
            match how {
                How::Bar => bar(&look, &asked),
                How::Lines => lines(&look, &asked, false),
                How::Json => lines(&look, &asked, true),
                How::Nothing => {}
            }
            // The program may be past waiting.
            let _ = done.send(());
        });
        Drawing { end, ended }
    }

    /// Draws for the last time.
    pub fn end(self) {
        let _ = self.end.send(());
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}

enum How {
    Bar,
    Lines,
    Json,
    Nothing,
}

/// Whether the run has ended within this time.
fn ends_within(asked: &Receiver<()>, time: Duration) -> bool {
    !matches!(asked.recv_timeout(time), Err(RecvTimeoutError::Timeout))
}

fn bar(look: &dyn Fn() -> Snapshot, asked: &Receiver<()>) {
    let style = "{spinner} {bar:24} {percent:>3}%  {wide_msg}";
    let style = ProgressStyle::with_template(style).expect("the template is well-formed");
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    loop {
        let ended = ends_within(asked, Duration::from_millis(200));
        let snapshot = look();
        if snapshot.rows > 0 {
            bar.set_length(snapshot.rows);
            bar.set_position(snapshot.done());
            bar.set_message(words(&snapshot));
        }
        if ended {
            bar.finish_and_clear();
            return;
        }
    }
}

fn lines(look: &dyn Fn() -> Snapshot, asked: &Receiver<()>, json: bool) {
    let began = Instant::now();
    let mut interval = 0;
    loop {
        let wait = if json { 1 } else { LINES[interval] };
        interval = (interval + 1).min(LINES.len() - 1);
        let ended = ends_within(asked, Duration::from_secs(wait));
        let snapshot = look();
        let line = if json {
            in_json(&snapshot)
        } else {
            format!("{} s: {}", began.elapsed().as_secs(), words(&snapshot))
        };
        // A reader that went away is no reason to stop sending.
        let _ = writeln!(io::stderr(), "{line}");
        if ended {
            return;
        }
    }
}

/// One line whose counts add up.
fn words(snapshot: &Snapshot) -> String {
    let always = |state| matches!(state, State::Queued | State::InFlight | State::Sent);
    let states = State::ALL
        .iter()
        .filter(|state| always(**state) || snapshot.of(**state) > 0);
    let states = states.map(|state| {
        let name = state.as_str().replace('_', " ");
        format!(", {name} {}", number(snapshot.of(*state)))
    });
    let (done, rows) = (number(snapshot.done()), number(snapshot.rows));
    let mut parts = vec![format!("{done} of {rows}{}", states.collect::<String>())];
    let pace = snapshot.pace.map(|pace| format!(" (pace {pace})"));
    let left = snapshot
        .left
        .map(|left| format!(", about {} left", span(left)));
    let (pace, left) = (pace.unwrap_or_default(), left.unwrap_or_default());
    parts.push(format!("{:.1}/s{pace}{left}", snapshot.rate));
    parts.extend(snapshot.workers.iter().map(|worker| {
        let pages = worker.pages.len();
        let pages = format!("{pages} {}", if pages == 1 { "Page" } else { "Pages" });
        let settled = number(worker.settled.unwrap_or_default());
        let host = plain(&worker.host);
        format!("{host} {} has {pages}, settled {settled}", worker.pid)
    }));
    if snapshot.draining {
        parts.push("stopping".to_owned());
    }
    parts.extend(
        snapshot
            .journal
            .as_deref()
            .map(|why| plain(why).into_owned()),
    );
    let left = |until: &SystemTime| until.duration_since(SystemTime::now()).unwrap_or_default();
    parts.extend(snapshot.held.iter().map(|(page_id, hold)| match hold {
        Hold::LimitedUntil(until) => {
            format!("Page {page_id} is limited for {}", span(left(until)))
        }
        Hold::StartsAt(at) => format!("Page {page_id} starts in {}", span(left(at))),
        Hold::QuietUntil(until) => {
            format!("Page {page_id} has quiet hours for {}", span(left(until)))
        }
        Hold::Paused(why) => {
            let why = why.split(':').next().unwrap_or_default();
            format!("Page {page_id} is paused: {}", plain(why))
        }
        _ => format!("Page {page_id} is held up"),
    }));
    parts.join("; ")
}

fn in_json(snapshot: &Snapshot) -> String {
    serde_json::to_string(snapshot).expect("a snapshot has only string keys")
}

/// A time as people say it.
fn span(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    match seconds {
        0..90 => format!("{seconds} s"),
        90..5400 => format!("{} min", (seconds + 30) / 60),
        5400..172_800 => format!("{:.1} h", time.as_secs_f64() / 3600.0),
        _ => format!("{:.1} days", time.as_secs_f64() / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use callcta_campaign::Control;

    use super::*;

    #[test]
    fn the_counts_of_a_line_add_up() {
        let control = Control::new();
        let mut snapshot = control.snapshot();
        snapshot.rows = 12_345;
        snapshot.states = [12_000, 5, 300, 30, 4, 6, 0];
        snapshot.rate = 39.96;
        snapshot.pace = Some(40.0);
        snapshot.left = Some(Duration::from_secs(300));
        assert_eq!(
            words(&snapshot),
            "340 of 12,345, queued 12,000, in flight 5, sent 300, rejected 30, unknown 4, \
             skipped 6; 40.0/s (pace 40), about 5 min left"
        );
        let told: serde_json::Value = serde_json::from_str(&in_json(&snapshot)).unwrap();
        let states = told["states"].as_object().unwrap();
        let sum: u64 = states.values().filter_map(serde_json::Value::as_u64).sum();
        assert_eq!(sum, 12_345);
    }

    #[test]
    fn what_is_waited_for_is_said() {
        let mut snapshot = Control::new().snapshot();
        snapshot.rows = 2;
        snapshot.states = [2, 0, 0, 0, 0, 0, 0];
        let until = SystemTime::now() + Duration::from_secs(3600);
        let why = "authentication: it is expired".to_owned();
        snapshot.held = vec![
            ("7".to_owned(), Hold::LimitedUntil(until)),
            ("8".to_owned(), Hold::Paused(why)),
            ("9".to_owned(), Hold::QuietUntil(until)),
            ("10".to_owned(), Hold::StartsAt(until)),
        ];
        snapshot.journal = Some("the disk is full".to_owned());
        let told = words(&snapshot);
        for text in [
            "Page 7 is limited for 60 min",
            "Page 8 is paused: authentication",
            "Page 9 has quiet hours for 60 min",
            "Page 10 starts in 60 min",
            "; the disk is full",
        ] {
            assert!(told.contains(text), "{told}");
        }
    }

    #[test]
    fn times_are_said_as_people_do() {
        let said =
            [0, 1, 89, 90, 3600, 7200, 259_200].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(
            said,
            ["0 s", "1 s", "89 s", "2 min", "60 min", "2.0 h", "3.0 days"]
        );
    }
}
