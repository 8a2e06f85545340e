//! The handle that starts and asks an emulator.

mod builder;
mod facts;
mod handle;
mod options;
mod runtime;

pub use self::builder::EmulatorBuilder;
pub use self::handle::Emulator;
