//! SIGINT and SIGTERM, as something to wait for instead of something that kills; and commands that run until one comes.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::cancel::{Cancel, CancelReason};
use crate::exit::{Exit, Signal};
use crate::output::console::Console;

/// How long a second signal leaves for reporting what is known.
const GRACE: Duration = Duration::from_secs(2);
/// How long requests in flight may take after the console of Windows was closed: 5 s after that, Windows ends the process.
/// Source: Microsoft, "HandlerRoutine callback function".
const CLOSING: Duration = Duration::from_secs(3);

/// From the moment this exists, the signals no longer end the process by themselves: the first is for whoever holds
/// it to answer, the second ends the process after 2 s, if it has not ended before. It does so from a thread of its
/// own, so that nothing else can hold it up: not a pipe that nobody reads from, nor a file that nobody writes to.
pub struct Interrupts(UnboundedReceiver<Signal>);

impl Interrupts {
    /// Starts listening.
    pub fn listen() -> anyhow::Result<Self> {
        Self::start().context("the system refuses a handler for Ctrl-C")
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
                // Nobody listens where the process is about to end.
                let _ = ready.send(Ok(()));
                let first = stream.recv().await;
                let _ = signals.send(first);
                let second = match first {
                    // Nobody can insist, and Windows waits no longer.
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

    /// After a signal: nothing new is sent, but `work` goes on until what it has to finish is finished ([`Cancel::shield`]),
    /// or another signal comes.
    pub async fn finish<T>(
        &mut self,
        signal: Signal,
        work: impl Future<Output = T>,
        console: &Console,
        cancel: &Cancel,
    ) {
        cancel.set(CancelReason::Interrupted(signal));
        if cancel.is_shielded() {
            console.note("interrupted: waiting for the sign-in to be renewed. Interrupt again to end at once");
        }
        tokio::select! {
            biased;
            () = cancel.shield_ended() => {}
            _ = work => {}
            _ = self.recv() => {}
        }
    }
}

#[expect(clippy::exit, reason = "the one place where main cannot be waited for")]
fn end(signal: Signal) {
    std::process::exit(Exit::Interrupted(signal).code());
}

/// The signals alone, however many come. From the moment this exists, they no longer end the process.
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

/// The signals alone, however many come. From the moment this exists, they no longer end the process; after the last
/// three, Windows does.
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

/// Runs async code to its end. What it left running on other threads (a read from a pipe, a name that does not
/// resolve, a keyring) is abandoned instead of waited for.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    // One thread: several cost more CPU and were never faster (measured for this tool's load).
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("the system refuses what is needed to wait for the network")?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

/// Runs a command to its end, or to the first signal.
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
