use proptest::prelude::*;

use super::*;
use crate::usage::AppUsage;

const MS: Duration = Duration::from_millis(1);
/// A pace that starts a message every 25 ms, and one for every 100 ms.
const QUICK: f64 = 40.0 * SPREAD;
const SLOW: f64 = 10.0 * SPREAD;

/// When messages start that are all there from the beginning, in ms, if each is written
/// at once.
fn starts(state: &mut State, per_second: f64, from: Instant, count: usize) -> Vec<u128> {
    let mut now = from;
    let mut starts = Vec::new();
    while starts.len() < count {
        match state.start(per_second, now) {
            Ok(()) => {
                state.written(now);
                starts.push((now - from).as_millis());
            }
            Err(wait) => now += wait,
        }
    }
    starts
}

fn used(percent: u32) -> Usage {
    Usage {
        app: Some(AppUsage {
            call_count: percent,
            ..AppUsage::default()
        }),
        ..Usage::default()
    }
}

#[test]
fn starts_keep_their_distance() {
    let (mut state, begin) = (State::new(), Instant::now());
    let first = starts(&mut state, QUICK, begin, 5);
    assert_eq!(first, [0, 25, 50, 75, 100]);
    // Nobody saves up what wasn't used.
    let later = begin + 60_000 * MS;
    assert_eq!(starts(&mut state, SLOW, later, 4), [0, 100, 200, 300]);
}

#[test]
fn however_long_a_wait_is_it_is_one() {
    let begin = Instant::now();
    for per_second in [1e-9, 1e-15, 1e-30, 1e-300] {
        let mut state = State::new();
        state.start(per_second, begin).expect("the first may start");
        assert!(state.start(per_second, begin).is_err(), "{per_second}");
    }
    let mut state = State::new();
    state.observe(&Usage::default(), Some(Duration::MAX), begin);
    assert!(state.start(QUICK, begin).is_err());
}

#[test]
fn however_high_a_pace_is_it_is_one() {
    let (mut state, begin) = (State::new(), Instant::now());
    assert_eq!(starts(&mut state, 1e300, begin, 3), [0, 0, 0]);
}

#[test]
fn another_pace_holds_from_the_next_message_on() {
    let (mut state, begin) = (State::new(), Instant::now());
    starts(&mut state, 0.001, begin, 1);
    assert_eq!(starts(&mut state, QUICK, begin, 3), [25, 50, 75]);
}

#[test]
fn somebody_late_catches_up_step_by_step() {
    let (mut state, begin) = (State::new(), Instant::now());
    starts(&mut state, QUICK, begin, 1);
    let late = starts(&mut state, 3.0 * SLOW, begin + 100 * MS, 6);
    assert_eq!(late, [0, 11, 22, 33, 66, 99]);
    let stopped = begin + 10_000 * MS;
    assert_eq!(starts(&mut state, QUICK, stopped, 3), [0, 25, 50]);
}

#[test]
fn what_has_not_been_written_may_arrive_at_any_moment() {
    let (mut state, begin) = (State::new(), Instant::now());
    state.start(1.0, begin).expect("the first may start");
    let hours = begin + 3_600_000 * MS;
    assert_eq!(state.start(1.0, hours), Err(UNKNOWN));
    state.written(hours);
    let wait = state.start(1.0, hours).expect_err("it is written now");
    assert_eq!(wait, seconds(SHORTEST_SPREAD));
    state.start(1.0, hours + wait).expect("a second later");
    // What was never written takes nobody's place.
    state.unwritten -= 1;
    assert_eq!(starts(&mut state, 1.0, hours + 3 * wait, 1), [0]);
}

#[test]
fn the_platforms_figures_slow_it_down_and_let_it_go_again() {
    let (mut state, begin) = (State::new(), Instant::now());
    let mut at = |percent, from: u32| {
        let now = begin + from * 600_000 * MS;
        state.observe(&used(percent), None, now);
        let starts = starts(&mut state, QUICK, now, 9);
        starts[8] - starts[7]
    };
    assert_eq!(at(75, 0), 25);
    assert_eq!(at(95, 1), 125);
    assert_eq!(at(100, 2), 250);
    assert_eq!(at(250, 3), 250);
    assert_eq!(at(1, 4), 25);
}

#[test]
fn old_figures_slow_nothing_down() {
    let (mut state, begin) = (State::new(), Instant::now());
    state.observe(&used(100), None, begin);
    assert_eq!(starts(&mut state, QUICK, begin, 3)[2], 500);
    let later = begin + 2 * LAPSES;
    assert_eq!(starts(&mut state, QUICK, later, 9)[8], 200);
}

#[test]
fn a_wait_that_is_asked_for_holds_everything() {
    let (mut state, begin) = (State::new(), Instant::now());
    state.observe(&Usage::default(), Some(5000 * MS), begin);
    state.observe(&Usage::default(), Some(2000 * MS), begin);
    assert_eq!(starts(&mut state, QUICK, begin, 2), [5000, 5025]);
}

/// A sender whose process stands still every now and then.
struct Sender {
    /// From when to when, in order.
    stalls: Vec<(Duration, Duration)>,
    /// How late it is woken, in turn, and how long a message takes from its start to being
    /// written.
    late: Vec<Duration>,
    writing: Vec<Duration>,
}

impl Sender {
    /// The moment at which something happens that is to happen then.
    fn awake(&self, at: Duration) -> Duration {
        let stall = self
            .stalls
            .iter()
            .find(|(from, to)| (*from..*to).contains(&at));
        stall.map_or(at, |(_, to)| *to)
    }

    /// When messages start and when they are written, if as many as there may be are.
    fn send(&self, per_second: f64, count: usize) -> Vec<(Duration, Duration)> {
        let (mut state, begin) = (State::new(), Instant::now());
        let mut now = Duration::ZERO;
        let mut sent = Vec::new();
        let mut being_written: Vec<Duration> = Vec::new();
        while sent.len() < count {
            being_written.sort();
            while being_written.first().is_some_and(|at| *at <= now) {
                state.written(begin + being_written.remove(0));
            }
            match state.start(per_second, begin + now) {
                Ok(()) => {
                    let writing = self.writing[sent.len() % self.writing.len()];
                    let written = self.awake(now + writing);
                    sent.push((now, written));
                    being_written.push(written);
                }
                Err(wait) => now = self.awake(now + wait + self.late[sent.len() % self.late.len()]),
            }
        }
        sent
    }
}

/// Of the messages before each, how many may arrive within `window` before it at most,
/// however long each is on its way between its start and its being written.
fn most_before(sent: &[(Duration, Duration)], window: Duration) -> usize {
    let before = |(index, (start, _)): (usize, &(Duration, Duration))| {
        let near = sent[..index]
            .iter()
            .filter(|(_, written)| *written + window > *start);
        near.count()
    };
    sent.iter()
        .enumerate()
        .map(before)
        .max()
        .unwrap_or_default()
}

fn millis(most: u64) -> impl Strategy<Value = Duration> {
    (0..most * 1000).prop_map(Duration::from_micros)
}

fn stalls() -> impl Strategy<Value = Vec<(Duration, Duration)>> {
    prop::collection::vec((millis(900), millis(300)), 0..20).prop_map(|stalls| {
        let mut at = Duration::ZERO;
        let stalls = stalls.into_iter().map(|(pause, length)| {
            let from = at + pause;
            at = from + length;
            (from, at)
        });
        stalls.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn no_second_holds_more_whatever_stalls(
        per_second in prop_oneof![Just(1.0), Just(40.0), Just(300.0), 0.2..300.0],
        stalls in stalls(),
        late in prop::collection::vec(millis(8), 1..9),
        writing in prop::collection::vec(prop_oneof![4 => millis(2), 1 => millis(400)], 1..9),
    ) {
        let per_second: f64 = per_second;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let most = per_second.ceil() as usize;
        let sent = Sender { stalls, late, writing }.send(per_second, 3 * most + 20);
        let period = seconds(per_second.ceil() / per_second * 1.0149);
        let others = most_before(&sent, period);
        prop_assert!(others < most, "one more than {others} within {period:?}");
        // And they don't come in heaps either.
        for pair in sent.windows(2) {
            let gap = pair[1].0.saturating_sub(pair[0].0).as_secs_f64();
            prop_assert!(gap * per_second >= 0.33, "{gap} s between two");
        }
    }
}

#[test]
fn stalls_cost_little() {
    let us = Duration::from_micros;
    let late: Vec<Duration> = [60, 90, 3000, 75, 200].map(us).into();
    let sender = |stalls| Sender {
        stalls,
        late: late.clone(),
        writing: vec![us(150), us(900), us(100)],
    };
    let every = |period: u32, length: u32| -> Vec<_> {
        let stalls = 0..80_000 / period;
        let stall = |round: u32| (round * period * MS, (round * period + length) * MS);
        stalls.map(stall).collect()
    };
    for (stalls, longest) in [
        (Vec::new(), 34.1),
        (every(1000, 90), 34.1),
        (every(400, 50), 34.3),
        (every(400, 90), 35.1),
    ] {
        let sent = sender(stalls).send(300.0, 10_000);
        let took = sent[9_999].0.as_secs_f64();
        assert!(took < longest, "{took} s");
    }
}
