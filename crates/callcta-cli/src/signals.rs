//! What ends a program that runs until it is told to stop, or as long as another one.

use std::io;
use std::process::{Command, ExitStatus};
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

/// Why a program did not run.
pub enum Failed {
    Signals(io::Error),
    Start(io::Error),
}

/// Runs a program to its end and passes on to it what this one is told to do. To be called once.
#[cfg(unix)]
pub fn run(command: &mut Command) -> Result<ExitStatus, Failed> {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::WithOrigin;
    use signal_hook::low_level::siginfo::Cause;

    let passed_on = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];
    let heard = passed_on.into_iter().chain([SIGCHLD]);
    // Before the program runs, so that its end can't be missed.
    let mut signals = SignalsInfo::<WithOrigin>::new(heard).map_err(Failed::Signals)?;
    let mut child = command.spawn().map_err(Failed::Start)?;
    let pid = Pid::from_raw(child.id().cast_signed());
    loop {
        for origin in signals.wait() {
            if origin.signal == SIGCHLD {
                if let Some(status) = child.try_wait().map_err(Failed::Signals)? {
                    return Ok(status);
                }
            } else if origin.cause != Cause::Kernel {
                // A terminal tells all who run at it by itself. The child is there until it has
                // been waited for, which happens here alone.
                let _ = Signal::try_from(origin.signal).and_then(|signal| kill(pid, signal));
            }
        }
    }
}

#[cfg(not(unix))]
pub fn run(command: &mut Command) -> Result<ExitStatus, Failed> {
    // A console tells the program by itself.
    ctrlc::set_handler(|| ()).map_err(|error| Failed::Signals(io::Error::other(error)))?;
    let mut child = command.spawn().map_err(Failed::Start)?;
    child.wait().map_err(Failed::Start)
}
