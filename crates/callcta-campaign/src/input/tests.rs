#![allow(clippy::format_push_string, reason = "rows are few")]

use super::*;

/// Every row as `line psid key page name=value…`, and every problem as `line rule place`.
fn told(bytes: &[u8], format: Format) -> Result<Vec<String>> {
    let mut source = read(Box::new(io::Cursor::new(bytes.to_vec())), format)?;
    let mut told = Vec::new();
    let mut row = Row::default();
    loop {
        row.clear();
        told.push(match source.next(&mut row)? {
            None => return Ok(told),
            Some(Ok(())) => {
                let mut line = format!("{} {}/{}/{}", row.line, row.psid, row.key, row.page);
                for (name, value) in &row.cells {
                    line += &format!(" {name}={value:?}");
                }
                line
            }
            Some(Err(problem)) => {
                format!("{} {} {}", problem.line, problem.rule, problem.place)
            }
        });
    }
}

fn rows(text: &str) -> Vec<String> {
    told(text.as_bytes(), Format::Auto).unwrap()
}

fn refusal(text: &str) -> String {
    told(text.as_bytes(), Format::Auto).unwrap_err().to_string()
}

#[test]
fn rows_are_read_whatever_separates_their_cells() {
    let expected = ["2 0012/k1/7 name=\"Ada\"", "3 13/k2/7 name=\"a,b;c\""];
    for (separator, quoted) in [(',', "\"a,b;c\""), (';', "\"a,b;c\""), ('\t', "a,b;c")] {
        let text = format!("\u{feff}PSID|key|page|name\n0012|k1|7|Ada\n13|k2|7|{quoted}\n");
        assert_eq!(
            rows(&text.replace('|', &separator.to_string())),
            expected,
            "{separator}"
        );
    }
    let quoted = "\"name, and more\";\"psid\"\n\"x\"\"y\";1\n";
    assert_eq!(rows(quoted), ["2 1// name, and more=\"x\\\"y\""]);
    assert_eq!(rows("psid\n1\n2"), ["2 1//", "3 2//"]);
    assert_eq!(rows("sep=;\npsid;a\n1;2"), ["3 1// a=\"2\""]);
    assert_eq!(
        told(b"psid\ta,b\n1\t2\n", Format::Tsv).unwrap(),
        ["2 1// a,b=\"2\""]
    );
}

#[test]
fn a_row_is_told_by_the_line_in_which_it_begins() {
    for end in ["\n", "\r\n"] {
        let text = "\n\npsid,text\n1,\"a\nb\nc\"\n\n\n2,x\n3,y,z\n4,\"last\nline\"";
        let lines = rows(&text.replace('\n', end));
        let lines: Vec<&str> = lines
            .iter()
            .filter_map(|row| row.split(' ').next())
            .collect();
        assert_eq!(lines, ["4", "9", "10", "11"], "{end:?}");
        // The same with a line end behind the last row.
        let ended = rows(&format!("{text}\n").replace('\n', end));
        assert!(ended[3].starts_with("11 4//"), "{ended:?}");
    }
    let text = "psid,text\r\n1,\"a\r\nb\"\r\n";
    assert_eq!(rows(text), ["2 1// text=\"a\\r\\nb\""]);
}

#[test]
fn a_long_input_keeps_its_lines() {
    let mut text = "psid,text\n".to_owned();
    for number in 0..20_000 {
        text += &format!("{number},\"one\ntwo\"\n\n");
    }
    let rows = rows(&text);
    assert_eq!(rows.len(), 20_000);
    assert!(rows[19_999].starts_with("59999 19999/"), "{}", rows[19_999]);
}

#[test]
fn a_header_that_is_of_no_use_is_refused() {
    assert!(refusal("id;name\n1;2\n").contains("no column psid; the columns are: id, name"));
    assert!(refusal("psid,name,name\n").contains("columns 2 and 3 are both named name"));
    assert!(refusal("psid,PSID\n").contains("both named psid"));
    assert!(refusal(" \n\n").contains("empty"));
    assert!(refusal("").contains("empty"));
    assert!(refusal("psid,a\r1,2\r").contains("carriage returns"));
    assert!(refusal("[{\"psid\": \"1\"}]").contains("one object per line"));
}

#[test]
fn a_row_that_does_not_fit_is_a_problem_of_its_own() {
    let text = "psid,a,\n1,2,\n1\n1,2,3\n1,2,,4\n5,6,\n";
    let expected = [
        "2 1// a=\"2\"",
        "3 ragged_row ",
        "4 unnamed_column ",
        "5 ragged_row ",
        "6 5// a=\"6\"",
    ];
    assert_eq!(rows(text), expected);
}

#[test]
fn a_quotation_mark_that_is_not_closed_takes_no_memory() {
    let mut text = "psid,a\n1,\"open\n".to_owned();
    text += &"2,filler\n".repeat(400_000);
    assert!(refusal(&text).contains("quotation mark"));
}

#[test]
fn ids_that_a_spreadsheet_changed_are_refused() {
    let text = "psid,key,page\n1.25E+15,a,7\n1,7.3E+07,7\n2,b,\"1,000\"\n3,739e05,7\n";
    let expected = [
        "2 excel_changed psid",
        "3 excel_changed key",
        "4 excel_changed page",
        "5 3/739e05/7",
    ];
    assert_eq!(rows(text), expected);
}

#[test]
fn json_lines_keep_digits_as_they_are_written() {
    let text = concat!(
        "{\"psid\": 12544777777729190001, \"key\": \"k\", \"n\": 1.50, \"yes\": true}\n",
        "\n",
        "{\"psid\":\"0012\",\"n\":null,\"more\":\"a\\u00e4\\n\"}\r\n",
    );
    let expected = [
        "1 12544777777729190001/k/ n=\"1.50\" yes=\"true\"",
        "3 0012// more=\"aä\\n\"",
    ];
    assert_eq!(rows(text), expected);
}

#[test]
fn a_line_that_is_no_row_is_a_problem_of_its_own() {
    let text = concat!(
        "{\"psid\":1.0}\n{\"psid\":1e3}\n{\"psid\":-1}\n{\"psid\":\"1\",\"a\":[1]}\n",
        "{\"psid\":\"1\",\"psid\":\"2\"}\nnonsense\n{\"psid\":\"\\ud800\"}\n{\"psid\":true}\n",
        "{\"psid\":\"7\"}",
    );
    let expected = [
        "1 excel_changed psid",
        "2 excel_changed psid",
        "3 excel_changed psid",
        "4 wrong_type a",
        "5 duplicate_key psid",
        "6 malformed_json ",
        "7 malformed_json psid",
        "8 wrong_type psid",
        "9 7//",
    ];
    assert_eq!(rows(text), expected);
}

#[test]
fn what_was_found_out_is_said() {
    let notes = |text: &str| {
        let stream = Box::new(io::Cursor::new(text.as_bytes().to_vec()));
        read(stream, Format::Auto).unwrap().notes()
    };
    let expected = [
        "cells are separated by semicolons, as the header shows",
        "columns: psid, a",
    ];
    assert_eq!(notes("psid;a\n1;2\n"), expected);
}
