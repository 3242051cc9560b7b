//! The API that answers now.

use std::sync::Arc;

use parking_lot::RwLock;

use crate::api::Api;

/// The API that answers now: with `--dev` another may take its place.
#[derive(Clone)]
pub(super) struct Current(Arc<RwLock<Arc<Api>>>);

impl Current {
    pub fn new(api: Api) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(api))))
    }

    pub fn get(&self) -> Arc<Api> {
        Arc::clone(&self.0.read())
    }

    /// Lets another answer from now on; the one before.
    pub fn replace(&self, api: Api) -> Arc<Api> {
        std::mem::replace(&mut self.0.write(), Arc::new(api))
    }
}
