//! Running a campaign: claim, send, settle, until nothing is left to do.

mod engine;
mod follower;
mod hours;
mod page;
mod settings;
mod snapshot;
mod suppression;
mod verdict;
mod watch;

pub use self::engine::{Ended, How, run};
pub use self::hours::QuietHours;
pub use self::settings::RunSettings;
pub use self::snapshot::{Control, Hold, Snapshot};
pub use self::watch::Watch;
