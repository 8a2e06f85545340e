//! Another Rust library, to be linked beside callcta's: it has a thread, a panic and a
//! standard library of its own.

use std::ffi::{CStr, c_char};
use std::panic::catch_unwind;
use std::thread;

/// The number that a text says, or -1.
///
/// # Safety
///
/// It ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn other_number(text: *const c_char) -> i64 {
    std::panic::set_hook(Box::new(|_| {}));
    // SAFETY: by contract.
    let text = unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned();
    let parse = move || catch_unwind(|| text.parse().expect("it is a number"));
    thread::spawn(parse).join().expect("it ends").unwrap_or(-1)
}
