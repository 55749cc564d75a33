//! SIGINT and SIGTERM, as something to wait for instead of something that kills.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::exit::{Exit, Signal};

/// How long a second signal leaves for reporting what is known.
const GRACE: Duration = Duration::from_secs(2);

/// From the moment this exists, the signals no longer end the process by themselves: the first is for whoever holds
/// it to answer, the second ends the process after 2 s, if it has not ended before. It does so from a thread of its
/// own, so that nothing else can hold it up: not a pipe that nobody reads from, nor a file that nobody writes to.
pub struct Interrupts(UnboundedReceiver<Signal>);

impl Interrupts {
    /// Starts listening.
    ///
    /// # Errors
    /// The system refuses a handler or a thread.
    pub fn listen() -> io::Result<Self> {
        let (signals, received) = unbounded_channel();
        let (ready, started) = mpsc::sync_channel(1);
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let listen = async {
                let mut stream = match Signals::listen() {
                    Ok(stream) => stream,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                // Nobody listens where the process is about to end.
                let _ = ready.send(Ok(()));
                let _ = signals.send(stream.recv().await);
                let second = stream.recv().await;
                let _ = signals.send(second);
                tokio::time::sleep(GRACE).await;
                end(second);
            };
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(listen),
                Err(error) => drop(ready.send(Err(error))),
            }
        })?;
        started.recv().map_err(io::Error::other)??;
        Ok(Self(received))
    }

    /// The next signal.
    pub async fn recv(&mut self) -> Signal {
        match self.0.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

#[expect(clippy::exit, reason = "the one place where main cannot be waited for")]
fn end(signal: Signal) {
    std::process::exit(i32::from(Exit::Interrupted(signal).code()));
}

/// The signals alone, however many come. From the moment this exists, they no longer end the process.
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
    #[cfg(windows)]
    terminate: tokio::signal::windows::CtrlClose,
}

impl Signals {
    /// Starts listening; needs a runtime.
    ///
    /// # Errors
    /// The system refuses a handler.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Starts listening for Ctrl-C and for the closing of the console; needs a runtime.
    ///
    /// # Errors
    /// The system refuses a handler.
    #[cfg(windows)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_c, ctrl_close};
        Ok(Self { interrupt: ctrl_c()?, terminate: ctrl_close()? })
    }

    /// The next signal.
    pub async fn recv(&mut self) -> Signal {
        tokio::select! {
            Some(()) = self.interrupt.recv() => Signal::Interrupt,
            Some(()) = self.terminate.recv() => Signal::Terminate,
            else => std::future::pending().await,
        }
    }
}
