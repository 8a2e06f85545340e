//! The plots of a report, as SVG whose colours the page's style replaces.

use plotters::coord::ranged1d::SegmentValue;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::error::{Error, ErrorKind, Result};
use crate::journal::State;

/// Stand for the colours of text and lines, which differ by theme.
const INK: RGBColor = RGBColor(1, 1, 1);
const LINE: RGBColor = RGBColor(2, 2, 2);

/// In the units of the library, which writes a smaller number.
const FONT: u32 = 16;

/// A plot is drawn twice, for screens and for phones, since text in it doesn't wrap.
const WIDTHS: [u32; 2] = [720, 330];

/// The colours of the states, in the order of [`State::ALL`]; each has 3:1 on white.
pub(super) const COLOURS: [RGBColor; 7] = [
    RGBColor(0x80, 0x8a, 0x96),
    RGBColor(0x2a, 0x8f, 0xc4),
    RGBColor(0x0b, 0x66, 0xb0),
    RGBColor(0xcf, 0x4a, 0x00),
    RGBColor(0xa8, 0x70, 0x00),
    RGBColor(0x6b, 0x6b, 0x6b),
    RGBColor(0x00, 0x85, 0x62),
];

/// Where there is no state: how long something took.
pub(super) const OTHER: RGBColor = RGBColor(0x6a, 0x4f, 0xb3);

/// A bar: what it is called, and its parts.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) parts: Vec<(u64, RGBColor)>,
}

impl Bar {
    pub(super) fn of_states(name: String, rows: &[u64; 7]) -> Self {
        let parts = State::ALL.iter().map(|state| *state as usize);
        let parts = parts.map(|state| (rows[state], COLOURS[state]));
        Bar {
            name,
            parts: parts.filter(|(rows, _)| *rows > 0).collect(),
        }
    }

    fn sum(&self) -> u64 {
        self.parts.iter().map(|(rows, _)| rows).sum()
    }
}

/// Both renditions.
pub(super) type Drawn = [String; 2];

fn drawn(draw: impl Fn(u32) -> Result<String>) -> Result<Drawn> {
    Ok([draw(WIDTHS[0])?, draw(WIDTHS[1])?])
}

fn undrawn(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Output, format!("can't draw a plot: {error}"))
}

fn text(colour: RGBColor) -> TextStyle<'static> {
    ("sans-serif", FONT).into_font().color(&colour)
}

fn short(rows: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let rounded = |unit: u64| {
        let text = format!("{:.1}", rows as f64 / unit as f64);
        text.trim_end_matches(".0").to_owned()
    };
    match rows {
        0..10_000 => rows.to_string(),
        10_000..1_000_000 => format!("{}k", rounded(1000)),
        _ => format!("{}M", rounded(1_000_000)),
    }
}

/// Bars that stand, side by side, of which some have a name below.
pub(super) fn standing(bars: &[Bar], names: usize) -> Result<Drawn> {
    drawn(|width| {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (width, 240)).into_drawing_area();
            let most = bars.iter().map(Bar::sum).max().unwrap_or_default().max(1);
            // Room for the top tick.
            let top = most + most.div_ceil(20);
            let mut chart = ChartBuilder::on(&area)
                .margin_top(8)
                .margin_right(if width < 400 { 14 } else { 24 })
                .x_label_area_size(26)
                .y_label_area_size(50)
                .build_cartesian_2d((0..bars.len().max(1) - 1).into_segmented(), 0..top)
                .map_err(undrawn)?;
            let names = if width < 400 {
                names.div_ceil(3)
            } else {
                names
            };
            let every = bars.len().div_ceil(names.max(1)).max(1);
            let name = |segment: &SegmentValue<usize>| match segment {
                SegmentValue::CenterOf(at) if at % every == 0 => bars
                    .get(*at)
                    .map(|bar| bar.name.clone())
                    .unwrap_or_default(),
                _ => String::new(),
            };
            let whole = |rows: &u64| short(*rows);
            chart
                .configure_mesh()
                .disable_x_mesh()
                .bold_line_style(LINE.mix(1.0))
                .light_line_style(TRANSPARENT)
                .axis_style(LINE)
                .x_labels(bars.len().max(1))
                .y_labels(5)
                .x_label_formatter(&name)
                .y_label_formatter(&whole)
                .label_style(text(INK))
                .draw()
                .map_err(undrawn)?;
            let rectangles = bars.iter().enumerate().flat_map(|(at, bar)| {
                let mut from = 0;
                bar.parts.iter().map(move |(rows, colour)| {
                    let end = if at + 1 < bars.len() {
                        SegmentValue::Exact(at + 1)
                    } else {
                        SegmentValue::Last
                    };
                    let corners = [(SegmentValue::Exact(at), from), (end, from + rows)];
                    from += rows;
                    let mut rectangle = Rectangle::new(corners, colour.filled());
                    let gap = u32::from(bars.len() < 80);
                    rectangle.set_margin(0, 0, gap, gap);
                    rectangle
                })
            });
            chart.draw_series(rectangles).map_err(undrawn)?;
            area.present().map_err(undrawn)?;
        }
        Ok(svg)
    })
}

/// Bars that lie, one below the other, each with its name and its sum.
pub(super) fn lying(bars: &[Bar]) -> Result<Drawn> {
    drawn(|width| {
        // On a phone the name stands above its bar.
        let (each, names, bar_top) = if width < 400 {
            (44, 0, 22)
        } else {
            (26, 230, 4)
        };
        let height = each * u32::try_from(bars.len()).unwrap_or_default() + 8;
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
            let most = bars.iter().map(Bar::sum).max().unwrap_or_default().max(1);
            let longest = f64::from(width) - f64::from(names) - 64.0;
            #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
            let x = |rows: u64| names + (longest * rows as f64 / most as f64).round() as i32;
            let right = text(INK).pos(Pos::new(HPos::Right, VPos::Center));
            let left = text(INK).pos(Pos::new(HPos::Left, VPos::Center));
            let mut top = 4;
            for bar in bars {
                let middle = top + bar_top + 9;
                let written = if names == 0 {
                    area.draw_text(&bar.name, &left, (0, top + 11))
                } else {
                    area.draw_text(&bar.name, &right, (names - 8, middle))
                };
                written.map_err(undrawn)?;
                let mut from = 0;
                for (rows, colour) in &bar.parts {
                    // However few they are, they are seen.
                    let right = x(from + rows).max(x(from) + 2);
                    let corners = [(x(from), top + bar_top), (right, top + bar_top + 18)];
                    area.draw(&Rectangle::new(corners, colour.filled()))
                        .map_err(undrawn)?;
                    from += rows;
                }
                area.draw_text(&short(from), &left, (x(from) + 8, middle))
                    .map_err(undrawn)?;
                top += i32::try_from(each).unwrap_or_default();
            }
            area.present().map_err(undrawn)?;
        }
        Ok(svg)
    })
}
