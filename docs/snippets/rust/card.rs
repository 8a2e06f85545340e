use callcta::{Button, Element, Message};

fn main() {
    // [begin generic]
    let card = Message::generic([Element::new("Your order is ready")
        .subtitle("We are there from 9 to 5.")
        .image_url("https://example.com/order.png")
        .button(Button::audio_call("Call Now").expires_in_days(3))
        .button(Button::postback("Not Now", "LATER"))]);
    // [end]
    // [begin button]
    let question =
        Message::buttons("Shall we talk about it?", [Button::audio_call("Call Now")]);
    // [end]
    // [begin check]
    let wrong = Message::buttons("", [Button::audio_call("Call Now").expires_in_days(8)]);
    for message in [card, question, wrong] {
        for violation in message.validate() {
            println!("{} {}", violation.path, violation.message);
        }
    }
    // [end]
}
