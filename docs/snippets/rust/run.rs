//! Runs a snippet: `callcta-docs TOPIC`, or `callcta-docs errors KIND`.

use std::process::{ExitCode, Termination};

macro_rules! topics {
    ($($topic:ident)*) => {
        $(mod $topic {
            include!(concat!(stringify!($topic), ".rs"));

            pub fn run() -> std::process::ExitCode {
                super::code(main())
            }
        })*

        fn main() -> ExitCode {
            match std::env::args().nth(1).as_deref() {
                $(Some(stringify!($topic)) => $topic::run(),)*
                _ => ExitCode::from(2),
            }
        }
    };
}

topics! {
    batch calling card delivery diagnosis errors json_files logs many many_pages proxy readme retry
    server start webhooks who_called window
}

fn code(outcome: impl Termination) -> ExitCode {
    outcome.report()
}
