//! Rate limits and usage headers, measured on the emulator's clock.

use std::collections::{BTreeMap, VecDeque};

use serde_json::json;

use crate::clock::DAY;
use crate::graph::Answer;
use crate::refusal::{GraphError, Refusal, Refused};
use crate::state::State;

const MINUTE: i64 = 60_000;

/// What each Page has used.
#[derive(Default)]
pub(crate) struct Usage {
    pages: BTreeMap<String, PageUsage>,
}

#[derive(Default)]
struct PageUsage {
    /// Messages of the last second.
    second: VecDeque<i64>,
    /// Calls by minute, for the last day.
    minutes: VecDeque<(i64, u32)>,
    /// The sum of `minutes`.
    calls: u32,
}

impl PageUsage {
    fn forget(&mut self, now: i64) {
        while self.second.front().is_some_and(|at| now - at >= 1_000) {
            self.second.pop_front();
        }
        while let Some((minute, count)) = self.minutes.front() {
            if now - minute < DAY {
                break;
            }
            self.calls -= count;
            self.minutes.pop_front();
        }
    }
}

impl Usage {
    /// Counts a call for a Page with limits, or refuses it.
    pub(crate) fn count(
        &mut self,
        state: &State,
        page_id: &str,
        now: i64,
        is_message: bool,
    ) -> Result<(), Refused> {
        let Some(page) = state.pages.get(page_id) else {
            return Ok(());
        };
        let limits = &page.rate_limits;
        if limits.messages_per_second.is_none() && limits.calls_per_day.is_none() {
            return Ok(());
        }
        let used = self.pages.entry(page_id.to_owned()).or_default();
        used.forget(now);
        // A refused call counts as well: calling on lengthens the wait.
        let minute = now - now.rem_euclid(MINUTE);
        match used.minutes.back_mut() {
            Some((last, count)) if *last == minute => *count += 1,
            _ => used.minutes.push_back((minute, 1)),
        }
        used.calls += 1;
        let why = if let Some(max) = limits.calls_per_day
            && used.calls > max
        {
            format!("{} calls in 24 hours; {max} are allowed", used.calls)
        } else if let Some(max) = limits.messages_per_second
            && is_message
        {
            if used.second.len() < max as usize {
                used.second.push_back(now);
                return Ok(());
            }
            format!("{max} messages in a second are allowed")
        } else {
            return Ok(());
        };
        let error = state.unverified.rate_limited;
        let text = match error.code {
            4 => "Application request limit reached",
            32 => "Page request limit reached",
            80_001 | 80_006 => {
                "There have been too many calls to this account. Wait a bit and try again."
            }
            _ => "Calls to this api have exceeded the rate limit.",
        };
        let refused = GraphError::new(
            error.code,
            error.subcode,
            format!("(#{}) {text}", error.code),
            Refusal {
                rule: "rate_limit",
                path: "page-id".into(),
                detail: why,
            },
        );
        // Of the samples in the documentation, only this one says so.
        Err(if error.code == 4 {
            refused.transient()
        } else {
            refused
        })
    }

    /// Adds the usage headers of a Page with a daily limit.
    pub(crate) fn headers(&self, state: &State, page_id: &str, answer: &mut Answer) {
        let Some(limit) = state
            .pages
            .get(page_id)
            .and_then(|page| page.rate_limits.calls_per_day)
        else {
            return;
        };
        let Some(used) = self.pages.get(page_id) else {
            return;
        };
        let percent = u64::from(used.calls) * 100 / u64::from(limit.max(1));
        // Minutes until the oldest calls fall out of the day.
        let wait = match used.minutes.front() {
            Some((oldest, _)) if used.calls >= limit => {
                let newest = used.minutes.back().map_or(*oldest, |(minute, _)| *minute);
                (DAY - (newest - oldest)) / MINUTE
            }
            _ => 0,
        };
        let app = json!({"call_count": percent, "total_time": percent, "total_cputime": percent});
        let business = json!({page_id: [{
            "type": "messenger",
            "call_count": percent,
            "total_cputime": percent,
            "total_time": percent,
            "estimated_time_to_regain_access": wait,
        }]});
        answer.header("x-app-usage", &app.to_string());
        answer.header("x-business-use-case-usage", &business.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Page;

    #[test]
    fn limits_follow_the_clock() {
        let mut state = State::empty();
        let mut page = Page::default();
        page.rate_limits.messages_per_second = Some(2);
        page.rate_limits.calls_per_day = Some(4);
        state.pages.insert("1".into(), page);
        let mut usage = Usage::default();
        let mut send = |at: i64| usage.count(&state, "1", at, true).is_ok();
        assert!(send(0));
        assert!(send(500));
        assert!(!send(999));
        assert!(send(1_000));
        assert!(!send(5_000), "the day's limit counts refused calls");
        assert!(send(DAY + MINUTE));

        let mut answer = Answer::json(200, "{}");
        usage.headers(&state, "1", &mut answer);
        let business = answer.headers[1].1.to_str().unwrap();
        assert!(business.contains("\"call_count\":25"), "{business}");
    }
}
