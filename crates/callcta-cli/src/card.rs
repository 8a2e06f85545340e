//! A template as a person sees it, drawn with characters.

use serde_json::Value;

use crate::output::plain;

const WIDTH: usize = 34;

/// The cards of a `message` object in wire form; nothing for other messages.
pub fn draw(message: &Value) -> String {
    let payload = &message["attachment"]["payload"];
    if payload["template_type"] == "button" {
        return card(&[text(&payload["text"])], &payload["buttons"]);
    }
    let elements = payload["elements"].as_array().into_iter().flatten();
    let cards = elements.map(|element| {
        let lines = ["title", "subtitle"].map(|key| text(&element[key]));
        card(&lines, &element["buttons"])
    });
    cards.collect()
}

fn card(texts: &[String], buttons: &Value) -> String {
    let rule = "─".repeat(WIDTH + 2);
    let mut lines = vec![format!("╭{rule}╮")];
    for line in texts.iter().flat_map(|text| wrap(text)) {
        lines.push(format!("│ {line:<WIDTH$} │"));
    }
    for button in buttons.as_array().into_iter().flatten() {
        let mut label = text(&button["title"]);
        if button["type"] == "audio_call" {
            label.insert_str(0, "☎ ");
        }
        lines.push(format!("├{rule}┤"));
        for line in wrap(&label) {
            lines.push(format!("│ {line:^WIDTH$} │"));
        }
    }
    lines.push(format!("╰{rule}╯\n"));
    lines.join("\n")
}

fn text(value: &Value) -> String {
    plain(value.as_str().unwrap_or_default()).into_owned()
}

/// Lines of at most the card's width, broken at spaces where there are any.
fn wrap(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        for piece in word.chars().collect::<Vec<_>>().chunks(WIDTH) {
            let piece: String = piece.iter().collect();
            match lines.last_mut() {
                Some(line) if line.chars().count() + 1 + piece.chars().count() <= WIDTH => {
                    line.push(' ');
                    line.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_card_stays_in_its_frame() {
        let message = json!({"attachment": {"type": "template", "payload": {
            "template_type": "generic",
            "elements": [{
                "title": "A title that is certainly longer than one line of the card",
                "subtitle": "x".repeat(80),
                "buttons": [
                    {"type": "web_url", "title": "View\u{1b}[2J Website"},
                    {"type": "audio_call", "title": "Call Now"},
                ],
            }],
        }}});
        let card = draw(&message);
        assert!(!card.contains('\u{1b}'));
        assert!(card.contains("☎ Call Now"));
        for line in card.lines() {
            assert_eq!(line.chars().count(), WIDTH + 4, "{line}");
        }
        assert_eq!(card.lines().count(), 2 + 2 + 3 + 2 * 2);
    }

    #[test]
    fn what_is_no_card_is_not_drawn() {
        assert_eq!(draw(&json!({"text": "hello"})), "");
    }
}
