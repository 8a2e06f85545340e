//! Whether a number can be kept as it is.

use serde_json::Value;

/// Most digits of a number that say anything: two neighbours differ in them.
const DIGITS_MAX: usize = 17;

/// What would become of a number that stands in sound JSON: nothing, or why not.
pub(super) fn change(number: &str) -> Option<&'static str> {
    let is_whole = !number.contains(['.', 'e', 'E']);
    if is_whole && (number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok()) {
        return None;
    }
    let same = number.parse::<f64>().is_ok_and(|kept| {
        let read = decimal(number);
        let digits = read.0.len();
        // What is written again (JavaScript writes 1e20 as a whole number), or as near to
        // what is kept as so many digits can be: others write the same number with
        // another last digit.
        decimal(&Value::from(kept).to_string()) == read
            || digits <= DIGITS_MAX
                && decimal(&format!("{kept:.*e}", digits.saturating_sub(1))) == read
    });
    match same {
        true => None,
        false if is_whole => Some("is a whole number of more than 64 bits, which can't be kept,"),
        false => Some("has more digits than can be kept,"),
    }
}

/// Whether a number that stands in sound JSON is larger than any.
pub(super) fn is_too_large(number: &str) -> bool {
    number.parse::<f64>().is_ok_and(f64::is_infinite)
}

/// The digits without zeros around them, and the place of the point before them; zero
/// has no digits. Two numbers without their signs are the same if these are.
fn decimal(number: &str) -> (String, i64) {
    let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let digits = digits.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = [whole, fraction].concat();
    let significant = all.trim_start_matches('0');
    let zeros = all.len() - significant.len();
    let significant = significant.trim_end_matches('0');
    if significant.is_empty() {
        return (String::new(), 0);
    }
    // An exponent that doesn't fit is that of a number that is too large or too small.
    let exponent = exponent.parse::<i64>().unwrap_or(i64::MAX / 2);
    let places = |count: usize| i64::try_from(count).unwrap_or(i64::MAX / 2);
    let point = exponent
        .saturating_add(places(whole.len()))
        .saturating_sub(places(zeros));
    (significant.to_owned(), point)
}
