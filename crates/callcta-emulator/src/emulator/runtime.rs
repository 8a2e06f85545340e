//! The threads that serve.

use std::io;

pub(super) fn runtime(threads: usize) -> io::Result<tokio::runtime::Runtime> {
    let mut builder = if threads > 1 {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(threads);
        builder
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    builder
        .thread_name("callcta-emulator")
        .enable_io()
        .enable_time()
        .build()
}
