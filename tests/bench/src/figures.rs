//! Medians, and tables of them.

/// The middle one of `values`, which are finite.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which the share `at` of `values` lies; 0 of none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index into few values"
)]
pub fn quantile(values: &[f64], at: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (sorted.len().saturating_sub(1) as f64 * at).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}

/// Nanoseconds and counts; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "none that matters")]
pub fn float(value: u64) -> f64 {
    value as f64
}

/// How many times as long one of ours takes as another client, which should be less
/// than once where it is to be `ahead`; `None` if one of them failed.
pub fn ratio_row(of: String, ratio: Option<f64>, ahead: bool) -> Vec<String> {
    let ratio = ratio.map_or("failed".to_owned(), |ratio| format!("{ratio:.2}"));
    let aim = if ahead { "< 1" } else { "" };
    vec![of, ratio, aim.to_owned()]
}

/// Prints those of [`ratio_row`], if there are any.
pub fn print_ratios(rows: &[Vec<String>]) {
    if !rows.is_empty() {
        println!();
        print_table(&["ratio", "here", "aim"], rows);
    }
}

/// Prints rows below their heads: the first column to the left, the rest to the
/// right.
pub fn print_table(heads: &[&str], rows: &[Vec<String>]) {
    let heads: Vec<String> = heads.iter().map(ToString::to_string).collect();
    let mut widths: Vec<usize> = heads.iter().map(|head| head.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in std::iter::once(&heads).chain(rows) {
        let cells = widths.iter().zip(row).enumerate();
        let line: String = cells
            .map(|(at, (width, cell))| match at {
                0 => format!("{cell:<width$}"),
                _ => format!("  {cell:>width$}"),
            })
            .collect();
        println!("{}", line.trim_end());
    }
}
