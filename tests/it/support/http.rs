//! HTTP clients other than intunectl: a browser, another program, an attacker.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::Url;

use super::server::PATIENCE;

/// The response that a browser gets.
pub struct Page {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Page {
    pub fn content_type(&self) -> String {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-type:"));
        line.and_then(|line| line.split_once(": ")).map_or(String::new(), |(_, value)| value.to_owned())
    }

    /// The target of the link with this text.
    pub fn link(&self, text: &str) -> String {
        let before = self.body.split(&format!("\">{text}")).next().unwrap();
        before.rsplit("<a href=\"").next().unwrap().replace("&amp;", "&").replace("&#39;", "'")
    }
}

/// Opens a URL like a browser.
pub fn get(url: &str) -> Page {
    send(url, "GET", "")
}

/// Sends a request to a URL.
pub fn send(url: &str, method: &str, body: &str) -> Page {
    let url = Url::parse(url).unwrap();
    let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
    let said = say(host, port, request(&format!("{method} {target}"), &format!("Host: {host}:{port}\r\n"), body));
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Page { status, head: head.to_owned(), body: body.to_owned() }
}

/// A request with these header lines, each ending in CRLF, and a form.
pub fn request(line: &str, head: &str, form: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\n{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{form}",
        form.len()
    )
}

/// Sends bytes to a port, and returns the whole answer.
pub fn say(host: &str, port: u16, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect((host, port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes.as_ref()).unwrap();
    let (mut answer, mut chunk) = (String::new(), [0; 8192]);
    // A reset connection has no more to read.
    while let Ok(n @ 1..) = stream.read(&mut chunk) {
        answer.push_str(&String::from_utf8_lossy(&chunk[..n]));
        // Not every server closes the connection when asked to.
        let Some((head, body)) = answer.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        if length.is_some_and(|length: usize| body.len() >= length) {
            break;
        }
    }
    answer
}

/// The value of a parameter of a URL.
pub fn query(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let value = values.next();
    assert!(values.next().is_none(), "{name} occurs twice: {url}");
    value
}
