//! What goes on behind the requests, for as long as the server works on the folder.

use std::pin::Pin;

use parking_lot::Mutex;
use tokio::task::JoinSet;

/// The tasks that end when the folder is closed: each holds the handle on everything.
#[derive(Default)]
pub struct Background(Mutex<JoinSet<()>>);

impl Background {
    /// Begins one. Needs a tokio runtime around it.
    pub fn begin(&self, task: impl Future<Output = ()> + Send + 'static) {
        // One kind of task for all: the runtime's code is not made anew for each.
        let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(task);
        self.0.lock().spawn(task);
    }

    /// Ends all of them, wherever they wait; what they hold is let go when this returns.
    pub async fn end(&self) {
        let mut tasks = std::mem::take(&mut *self.0.lock());
        tasks.shutdown().await;
    }
}
