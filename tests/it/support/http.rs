//! Whoever else speaks HTTP than the tool: a browser, another program, somebody who forges.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::Url;

use super::server::PATIENCE;

/// What a browser gets.
pub struct Page {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Page {
    /// The type of what it is.
    pub fn content_type(&self) -> String {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-type:"));
        line.and_then(|line| line.split_once(": ")).map_or(String::new(), |(_, value)| value.to_owned())
    }

    /// Where the link with this text leads.
    pub fn link(&self, text: &str) -> String {
        let before = self.body.split(&format!("\">{text}")).next().unwrap();
        before.rsplit("<a href=\"").next().unwrap().replace("&amp;", "&").replace("&#39;", "'")
    }
}

/// Opens an address as a browser does.
pub fn get(url: &str) -> Page {
    send(url, "GET", "")
}

/// Sends a request to an address.
pub fn send(url: &str, method: &str, body: &str) -> Page {
    let url = Url::parse(url).unwrap();
    let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
    let said = say(host, port, request(&format!("{method} {target}"), &format!("Host: {host}:{port}\r\n"), body));
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Page { status, head: head.to_owned(), body: body.to_owned() }
}

/// A request with these lines in its head, each ending in CRLF, and a form.
pub fn request(line: &str, head: &str, form: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\n{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{form}",
        form.len()
    )
}

/// Says something to a port, and hears all that comes back.
pub fn say(host: &str, port: u16, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect((host, port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes.as_ref()).unwrap();
    let (mut answer, mut chunk) = (String::new(), [0; 8192]);
    // A connection that is reset has said what it had to say.
    while let Ok(n @ 1..) = stream.read(&mut chunk) {
        answer.push_str(&String::from_utf8_lossy(&chunk[..n]));
        // Not everybody closes a connection when asked to.
        let Some((head, body)) = answer.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        if length.is_some_and(|length: usize| body.len() >= length) {
            break;
        }
    }
    answer
}

/// The parameters of an address.
pub fn query(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let value = values.next();
    assert!(values.next().is_none(), "{name} is there twice: {url}");
    value
}
