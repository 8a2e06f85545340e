//! What a script needs to know.

use serde_json::json;

use crate::platform::State;

/// What the ready line says; fixed at the start.
pub(super) struct Facts {
    pub(super) page_id: String,
    pub(super) access_token: String,
    pub(super) app_secret: String,
    pub(super) psids: Vec<String>,
    pub(super) verify_token: String,
}

impl Facts {
    pub(super) fn of(state: &State, start: i64) -> Self {
        let page_id = state.default_page_id().unwrap_or_default().to_owned();
        let page = state.pages.get(&page_id);
        let token = page.and_then(|p| p.working_token(start));
        Self {
            access_token: token.map(|t| t.token.clone()).unwrap_or_default(),
            app_secret: page.map(|p| p.app_secret.clone()).unwrap_or_default(),
            psids: state.psids_of(&page_id, start),
            verify_token: state.webhook.verify_token.clone(),
            page_id,
        }
    }

    pub(super) fn ready_line(&self, url: &str) -> String {
        // Written by hand to keep this order of the keys.
        format!(
            "{{\"url\":{},\"page_id\":{},\"access_token\":{},\"app_secret\":{},\"psids\":{}}}",
            json!(url),
            json!(self.page_id),
            json!(self.access_token),
            json!(self.app_secret),
            json!(self.psids),
        )
    }
}
