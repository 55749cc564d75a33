//! A named pipe: a process that opens it for reading waits for the writer.

use std::path::{Path, PathBuf};

use super::Intunectl;
#[cfg(windows)]
use windows::Writer;

pub struct NamedPipe {
    path: PathBuf,
    #[cfg(windows)]
    writer: Writer,
}

impl NamedPipe {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::Write as _;
    use std::process::Command;

    use super::{Intunectl, NamedPipe};

    /// Writes to the pipe. Dropping it closes the pipe.
    pub struct Writer(File);

    impl NamedPipe {
        pub fn new(home: &Intunectl) -> Self {
            let path = home.home().join("pipe");
            assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
            Self { path }
        }

        /// Waits until it is opened for reading.
        pub fn writer(self) -> Writer {
            Writer(File::options().write(true).open(&self.path).unwrap())
        }
    }

    impl Writer {
        /// Writes this text.
        pub fn write(&mut self, text: &str) {
            self.0.write_all(text.as_bytes()).unwrap();
        }
    }
}

#[cfg(windows)]
mod windows {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
    use tokio::runtime::{Builder, Runtime};

    use super::{Intunectl, NamedPipe};

    /// Writes to the pipe. Dropping it closes the pipe.
    pub struct Writer {
        server: NamedPipeServer,
        runtime: Runtime,
    }

    impl NamedPipe {
        pub fn new(home: &Intunectl) -> Self {
            // The name of the home is unique.
            let name = home.home().file_name().unwrap().to_str().unwrap();
            let path = format!(r"\\.\pipe\{name}");
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            let server = {
                let _guard = runtime.enter();
                ServerOptions::new().create(&path).unwrap()
            };
            Self { path: path.into(), writer: Writer { server, runtime } }
        }

        /// Waits until it is opened for reading.
        pub fn writer(self) -> Writer {
            self.writer.runtime.block_on(self.writer.server.connect()).unwrap();
            self.writer
        }
    }

    impl Writer {
        /// Writes this text, and waits until it is read.
        pub fn write(&mut self, text: &str) {
            let Self { server, runtime } = self;
            runtime.block_on(async {
                server.write_all(text.as_bytes()).await.unwrap();
                server.flush().await.unwrap();
            });
        }
    }
}
