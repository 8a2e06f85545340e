//! Under which name and picture a Page may write.

use serde::{Deserialize, Serialize};

/// A persona.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Persona {
    /// The name people see.
    pub name: String,
    /// The picture beside it.
    pub profile_picture_url: String,
}
