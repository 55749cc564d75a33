//! nginx, as a server that is not our own.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::measure::command;
use crate::support::tls::Identity;

const PATIENCE: Duration = Duration::from_secs(10);

/// nginx with TLS and HTTP/2, which answers every POST with 204.
pub struct Nginx {
    child: Child,
    root: String,
}

impl Nginx {
    /// Starts it, with its files in a directory.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(directory: &Path, identity: &Identity) -> Result<Self> {
        // This port was free a moment ago; nginx cannot choose one itself.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        std::fs::write(directory.join("nginx.crt"), &identity.pem)?;
        std::fs::write(directory.join("nginx.key"), &identity.key)?;
        let config = format!(
            "daemon off; master_process off; pid nginx.pid; error_log nginx.log;
            events {{ worker_connections 1024; }}
            http {{
                access_log off;
                client_body_temp_path nginx; proxy_temp_path nginx; fastcgi_temp_path nginx;
                uwsgi_temp_path nginx; scgi_temp_path nginx;
                server {{
                    listen 127.0.0.1:{port} ssl http2;
                    ssl_certificate nginx.crt;
                    ssl_certificate_key nginx.key;
                    if ($server_protocol != HTTP/2.0) {{ return 505; }}
                    if ($request_method != POST) {{ return 405; }}
                    location / {{ return 204; }}
                }}
            }}"
        );
        std::fs::write(directory.join("nginx.conf"), config)?;
        // Ends nginx however this process ends: on a hang-up, nginx only reloads its configuration.
        let child = command("setpriv")
            .args(["--pdeathsig", "KILL", "nginx", "-p"])
            .arg(directory)
            .args(["-c", "nginx.conf", "-e", "nginx.log"])
            .stderr(Stdio::null())
            .spawn()
            .context("nginx does not start")?;
        let mut nginx = Self { child, root: format!("https://127.0.0.1:{port}") };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = nginx.child.try_wait()?;
            let log = || std::fs::read_to_string(directory.join("nginx.log")).unwrap_or_default();
            ensure!(ended.is_none() && started.elapsed() < PATIENCE, "nginx does not listen: {}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(nginx)
    }

    /// The address.
    pub fn root(&self) -> &str {
        &self.root
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
