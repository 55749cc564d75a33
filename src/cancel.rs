//! A flag, set once, that those who wait for something else can wait for too.

use tokio::sync::watch;

/// Tells everybody who holds a reference that no new request may begin.
#[derive(Debug)]
pub struct Cancel(watch::Sender<bool>);

impl Cancel {
    /// Not set.
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Sets it.
    pub fn set(&self) {
        self.0.send_replace(true);
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once it is set.
    pub async fn wait(&self) {
        // The sender lives as long as `self`, so the channel cannot close.
        let _ = self.0.subscribe().wait_for(|set| *set).await;
    }
}
