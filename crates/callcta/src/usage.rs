//! How much of the platform's limits is used up, as its answers tell.

use std::time::{Duration, SystemTime};

use serde_json::Value;

/// Figures of `X-App-Usage`: percent of the limit in a rolling hour. May exceed
/// 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppUsage {
    /// Calls made.
    pub call_count: u32,
    /// Time used.
    pub total_time: u32,
    /// Processor time used.
    pub total_cputime: u32,
}

/// One entry of `X-Business-Use-Case-Usage`. Figures are percentages and may
/// exceed 100.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BusinessUsage {
    /// The business object, such as the Page.
    pub object_id: String,
    /// The use case, such as `messenger`.
    pub kind: String,
    /// Calls made.
    pub call_count: u32,
    /// Time used.
    pub total_time: u32,
    /// Processor time used.
    pub total_cputime: u32,
    /// How long until calls are accepted again, when they are not. The header
    /// counts in minutes.
    pub regain_access_after: Option<Duration>,
}

/// The usage figures of one answer; empty when it carried none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// `X-App-Usage`.
    pub app: Option<AppUsage>,
    /// `X-Business-Use-Case-Usage`.
    pub business: Vec<BusinessUsage>,
}

impl Usage {
    /// The highest percentage of all figures, 0 when there are none.
    pub fn highest(&self) -> u32 {
        let app = self
            .app
            .map(|app| app.call_count.max(app.total_time).max(app.total_cputime));
        let business = self.business.iter().map(|usage| {
            usage
                .call_count
                .max(usage.total_time)
                .max(usage.total_cputime)
        });
        business.chain(app).max().unwrap_or(0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.app.is_none() && self.business.is_empty()
    }

    /// Reads the headers; whatever is malformed is left out.
    pub(crate) fn from_headers(headers: &[(String, String)]) -> Self {
        let mut usage = Usage::default();
        for (name, value) in headers {
            match name.as_str() {
                "x-app-usage" => usage.app = parse(value).as_ref().map(read_app),
                "x-business-use-case-usage" => {
                    usage.business = parse(value).map(read_business).unwrap_or_default();
                }
                _ => {}
            }
        }
        usage
    }

    fn regain_access_after(&self) -> Option<Duration> {
        self.business
            .iter()
            .filter_map(|usage| usage.regain_access_after)
            .max()
    }
}

/// How long an answer asks to wait: `Retry-After` (seconds or a date), else the
/// longest time to regain access.
pub(crate) fn retry_after(headers: &[(String, String)], usage: &Usage) -> Option<Duration> {
    let header = headers.iter().find(|(name, _)| name == "retry-after");
    header
        .and_then(|(_, value)| {
            let value = value.trim();
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let seconds = digits.then(|| value.parse().map_or(Duration::MAX, Duration::from_secs));
            seconds.or_else(|| {
                let date = httpdate::parse_http_date(value).ok()?;
                Some(date.duration_since(SystemTime::now()).unwrap_or_default())
            })
        })
        .or_else(|| usage.regain_access_after())
}

fn parse(value: &str) -> Option<Value> {
    serde_json::from_str(value).ok().filter(Value::is_object)
}

fn read_app(value: &Value) -> AppUsage {
    AppUsage {
        call_count: number(value, "call_count"),
        total_time: number(value, "total_time"),
        total_cputime: number(value, "total_cputime"),
    }
}

fn read_business(value: Value) -> Vec<BusinessUsage> {
    let Value::Object(objects) = value else {
        return Vec::new();
    };
    let entries = objects.into_iter().flat_map(|(object_id, entries)| {
        let entries = match entries {
            Value::Array(entries) => entries,
            _ => Vec::new(),
        };
        entries
            .into_iter()
            .map(move |entry| (object_id.clone(), entry))
    });
    entries
        .filter(|(_, entry)| entry.is_object())
        .map(|(object_id, entry)| {
            let minutes = u64::from(number(&entry, "estimated_time_to_regain_access"));
            BusinessUsage {
                object_id,
                kind: entry["type"].as_str().unwrap_or_default().to_owned(),
                call_count: number(&entry, "call_count"),
                total_time: number(&entry, "total_time"),
                total_cputime: number(&entry, "total_cputime"),
                regain_access_after: (minutes > 0).then(|| Duration::from_secs(minutes * 60)),
            }
        })
        .collect()
}

/// A percentage or a count, whole or not; 0 when it is missing or no number.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
fn number(value: &Value, key: &str) -> u32 {
    value[key].as_f64().unwrap_or(0.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(name: &str, value: &str) -> Usage {
        Usage::from_headers(&[(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn app_usage_is_read_with_unknown_and_missing_fields() {
        let read = usage(
            "x-app-usage",
            r#"{"call_count":28,"total_time":208.4,"new":1}"#,
        );
        let app = AppUsage {
            call_count: 28,
            total_time: 208,
            total_cputime: 0,
        };
        assert_eq!(read.app, Some(app));
        assert_eq!(read.highest(), 208);
    }

    #[test]
    fn business_usage_is_read_for_each_object_and_entry() {
        let read = usage(
            "x-business-use-case-usage",
            r#"{"12":[{"type":"messenger","call_count":100,"total_cputime":25,"total_time":30,
                "estimated_time_to_regain_access":19},{"type":"pages","call_count":1}],"13":7}"#,
        );
        assert_eq!(read.business.len(), 2);
        let first = &read.business[0];
        assert_eq!(
            (first.object_id.as_str(), first.kind.as_str()),
            ("12", "messenger")
        );
        assert_eq!(
            first.regain_access_after,
            Some(Duration::from_secs(19 * 60))
        );
        assert_eq!(read.business[1].regain_access_after, None);
        assert_eq!(read.highest(), 100);
    }

    #[test]
    fn what_is_malformed_is_left_out() {
        for value in ["", "{", "[]", "7", r#"{"1":"x"}"#, r#"{"1":[5]}"#] {
            let read = usage("x-business-use-case-usage", value);
            assert_eq!(read, Usage::default(), "{value}");
        }
        assert_eq!(usage("x-app-usage", "[1]"), Usage::default());
        let odd = usage("x-app-usage", r#"{"call_count":"many","total_time":-5}"#);
        assert_eq!(odd.app, Some(AppUsage::default()));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let after = |value: &str| {
            retry_after(
                &[("retry-after".to_owned(), value.to_owned())],
                &Usage::default(),
            )
        };
        assert_eq!(after(" 90 "), Some(Duration::from_secs(90)));
        assert_eq!(after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let hour = SystemTime::now() + Duration::from_secs(3600);
        let wait = after(&httpdate::fmt_http_date(hour)).expect("it is a date");
        assert!(
            wait > Duration::from_secs(3500) && wait <= Duration::from_secs(3600),
            "{wait:?}"
        );
        for value in ["", "-1", "soon", "1.5"] {
            assert_eq!(after(value), None, "{value}");
        }
    }
}
