//! What C is given to keep, and how it comes back.

use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A handle or a record for C.
pub(crate) fn new<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// The body of a function that ends the life of what [`new`] made, or of what that
/// really is.
macro_rules! free {
    ($made:ident $(as $real:ty)?) => {
        // SAFETY: by contract it is NULL or came from `new`, and nobody uses it any more.
        unsafe { $crate::memory::free($made $(.cast::<$real>())?) }
    };
}

pub(crate) unsafe fn free<T>(made: *mut T) {
    if !made.is_null() {
        // SAFETY: by contract.
        let made = unsafe { Box::from_raw(made) };
        // Nobody can be told of a panic.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(made)));
    }
}

/// A text for C. C can't have a NUL inside a text, so it becomes U+FFFD.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| {
        CString::new(text.replace('\0', "\u{fffd}")).expect("it has no NUL any more")
    })
}

/// Frees a text that a function gave through an output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn callcta_string_free(string: *mut c_char) {
    if !string.is_null() {
        // SAFETY: by contract it came from `CString::into_raw`.
        drop(unsafe { CString::from_raw(string) });
    }
}
