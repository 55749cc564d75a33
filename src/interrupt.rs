//! SIGINT and SIGTERM as events to wait for, and running a command until one arrives.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::cancel::{Cancel, CancelReason};
use crate::exit::{Exit, Signal};
use crate::output::console::Console;

/// How long the process may still report results after a second signal.
const GRACE: Duration = Duration::from_secs(2);
/// How long requests in flight may take after the console of Windows was closed: 5 s after that, Windows ends the
/// process. Source: Microsoft, "HandlerRoutine callback function".
const CLOSING: Duration = Duration::from_secs(3);

/// As soon as this exists, signals no longer end the process directly. The owner handles the first one; the second one
/// ends the process after 2 s. A separate thread does that, so that nothing can delay it, such as a pipe that nobody
/// reads or a named pipe that nobody writes to.
pub struct Interrupts(UnboundedReceiver<Signal>);

impl Interrupts {
    pub fn listen() -> anyhow::Result<Self> {
        Self::start().context("cannot set up the handler for Ctrl-C")
    }

    fn start() -> io::Result<Self> {
        let (signals, received) = unbounded_channel();
        let (ready, started) = mpsc::sync_channel(1);
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let listen = async {
                let mut stream = match Signals::listen() {
                    Ok(stream) => stream,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                // The receiver is gone if the process is about to end.
                let _ = ready.send(Ok(()));
                let first = stream.recv().await;
                let _ = signals.send(first);
                let second = match first {
                    // There will be no second signal, and Windows does not wait longer.
                    Signal::Terminate if cfg!(windows) => {
                        tokio::time::sleep(CLOSING).await;
                        first
                    }
                    _ => stream.recv().await,
                };
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

    /// After a signal: sends no new requests, but lets `work` continue until its shielded part ([`Cancel::shield`]) is
    /// finished, or until a second signal.
    pub async fn finish<T>(
        &mut self,
        signal: Signal,
        work: impl Future<Output = T>,
        console: &Console,
        cancel: &Cancel,
    ) {
        cancel.set(CancelReason::Interrupted(signal));
        if cancel.is_shielded() {
            console.note("interrupted: waiting until the sign-in is renewed. Interrupt again to stop at once");
        }
        tokio::select! {
            biased;
            () = cancel.shield_ended() => {}
            _ = work => {}
            _ = self.recv() => {}
        }
    }
}

#[expect(clippy::exit, reason = "the only place that cannot return to main")]
fn end(signal: Signal) {
    std::process::exit(Exit::Interrupted(signal).code());
}

/// All signals, without a limit. As soon as this exists, they no longer end the process.
#[cfg(unix)]
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Starts listening; needs a runtime.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
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

/// All signals, without a limit. As soon as this exists, they no longer end the process; but Windows ends it soon after
/// one of the last three.
#[cfg(windows)]
pub struct Signals {
    ctrl_c: tokio::signal::windows::CtrlC,
    ctrl_break: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    logoff: tokio::signal::windows::CtrlLogoff,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    /// Starts listening; needs a runtime.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
        Ok(Self {
            ctrl_c: ctrl_c()?,
            ctrl_break: ctrl_break()?,
            close: ctrl_close()?,
            logoff: ctrl_logoff()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    /// The next signal.
    pub async fn recv(&mut self) -> Signal {
        tokio::select! {
            Some(()) = self.ctrl_c.recv() => Signal::Interrupt,
            Some(()) = self.ctrl_break.recv() => Signal::Interrupt,
            Some(()) = self.close.recv() => Signal::Terminate,
            Some(()) = self.logoff.recv() => Signal::Terminate,
            Some(()) = self.shutdown.recv() => Signal::Terminate,
            else => std::future::pending().await,
        }
    }
}

/// Runs async code to its end. Work that is still running on other threads (a read from a pipe, a name that does not
/// resolve, a keyring) is abandoned.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    // One thread: more cost more CPU time and were never faster, as measured with this tool's load.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot set up the network")?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

/// Runs a command to its end, or until the first signal.
pub fn run_until_interrupted(
    console: &Console,
    cancel: &Cancel,
    command: impl Future<Output = anyhow::Result<Exit>>,
) -> anyhow::Result<Exit> {
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        tokio::pin!(command);
        tokio::select! {
            exit = &mut command => exit,
            signal = interrupts.recv() => {
                console.end_progress();
                interrupts.finish(signal, command, console, cancel).await;
                console.error("interrupted");
                Ok(Exit::Interrupted(signal))
            }
        }
    })
}
