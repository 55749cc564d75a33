//! What differs between systems, in one place.

/// Where programs are.
pub const PATH: &str = if cfg!(windows) { r"C:\Windows\System32" } else { "/usr/bin:/bin" };

/// The exit code of a process that `SIGKILL`, or what comes closest, has ended.
pub const KILLED: Option<i32> = if cfg!(windows) { Some(137) } else { None };

/// What the system says of an error, given its number on Unix and on Windows, without that number.
fn sentence(unix: i32, windows: i32) -> String {
    let number = if cfg!(windows) { windows } else { unix };
    let sentence = std::io::Error::from_raw_os_error(number).to_string();
    sentence.strip_suffix(&format!(" (os error {number})")).unwrap().to_owned()
}

/// There is no such file, in a directory that is there.
pub fn no_such_file() -> String {
    sentence(2, 2)
}

/// There is no such program. Windows leaves it to the standard library to look for it.
pub fn no_such_program() -> String {
    if cfg!(windows) { "program not found".to_owned() } else { no_such_file() }
}

/// A directory cannot be read as a file.
pub fn is_a_directory() -> String {
    sentence(21, 5)
}

/// Another process listens on a port.
pub fn address_in_use() -> String {
    sentence(if cfg!(target_os = "macos") { 48 } else { 98 }, 10048)
}

/// Nobody reads the other end of a pipe any more.
pub fn broken_pipe() -> String {
    sentence(32, 232)
}

/// JSON as it comes out of a pipe: on Windows all is escaped there that is not ASCII.
pub fn json_in_pipe(json: &str) -> String {
    if cfg!(unix) {
        return json.to_owned();
    }
    let escape = |unit| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    json.encode_utf16().map(escape).collect()
}
