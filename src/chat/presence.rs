//! Who is there: told to those who share a chat, when somebody's first socket opens and
//! when the last one closes.

use tokio::time::Instant;

use super::app::App;
use super::model::error::Error;
use super::model::event::Event;
use super::model::id::UserId;
use super::store;

impl App {
    /// Writes down when somebody was last there, and tells it, unless they came back
    /// meanwhile. Whoever comes and goes all the time is told of less often.
    pub(super) fn note_absence(&self, user: UserId) {
        // After the runtime's end nobody is there to be told.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let Some(due) = self.absences.next(user, Instant::now()) else { return };
        let app = self.clone();
        runtime.spawn(async move {
            tokio::time::sleep_until(due).await;
            loop {
                let core = app.clone();
                let noted = app.store.write(move |tx| {
                    // Whoever leaves from here on is told of anew: whether they are back is asked below.
                    core.absences.begin(user);
                    store::users::set_last_seen(tx, user)?;
                    if !core.hub.is_connected(user) {
                        let chats = store::chats::ids_of(tx, user)?;
                        tx.publish(Event::Presence { user, online: false, last_seen: Some(tx.now), chats });
                    }
                    Ok(())
                });
                match noted.await {
                    // Nobody else would say it later, and others would see them there for good.
                    Err(Error::Busy { retry_after }) => tokio::time::sleep(retry_after).await,
                    Err(error) => {
                        app.absences.begin(user);
                        return tracing::debug!(%error, "somebody's leaving was not noted");
                    }
                    Ok(()) => return,
                }
            }
        });
    }
}
