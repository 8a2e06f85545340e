//! What ends a program that runs until it is told to stop.

use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// Something comes out when Ctrl-C is pressed or the program is asked to end, and,
/// if `stdin` is set, when standard input ends. To be called once.
pub fn stop(stdin: bool) -> io::Result<Receiver<()>> {
    let (sender, receiver) = channel();
    let on_end = sender.clone();
    // Nobody waits any more when the program is on its way out.
    ctrlc::set_handler(move || _ = sender.send(())).map_err(io::Error::other)?;
    if stdin {
        thread::spawn(move || {
            // An input that breaks has ended, too.
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            let _ = on_end.send(());
        });
    }
    Ok(receiver)
}
