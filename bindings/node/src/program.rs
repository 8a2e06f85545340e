//! The program `callcta`, in this process.

use std::panic::catch_unwind;

use napi_derive::napi;

/// What Rust's own programs end with.
const PANICKED: u8 = 101;

/// Runs the program and returns its exit code. For a process that does nothing else.
#[napi]
pub fn run_program(arguments: Vec<String>) -> u8 {
    let arguments = arguments.into_iter().map(Into::into);
    catch_unwind(|| {
        pass_on_streams();
        callcta_cli::run(arguments)
    })
    .unwrap_or(PANICKED)
}

/// Node keeps standard input and output from the programs that are started here.
fn pass_on_streams() {
    #[cfg(unix)]
    {
        use rustix::io::{FdFlags, fcntl_setfd};
        // One that isn't open needs nothing.
        let _ = fcntl_setfd(std::io::stdin(), FdFlags::empty());
        let _ = fcntl_setfd(std::io::stdout(), FdFlags::empty());
        let _ = fcntl_setfd(std::io::stderr(), FdFlags::empty());
    }
}
