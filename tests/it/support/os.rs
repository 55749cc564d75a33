//! The differences between operating systems.

/// The PATH of the tests.
pub const PATH: &str = if cfg!(windows) { r"C:\Windows\System32" } else { "/usr/bin:/bin" };

/// The exit code of a process that was ended by `SIGKILL` or its equivalent.
pub const KILLED: Option<i32> = if cfg!(windows) { Some(137) } else { None };

/// The system's text for an error, without its number. The numbers are those of Unix and of Windows.
fn sentence(unix: i32, windows: i32) -> String {
    let number = if cfg!(windows) { windows } else { unix };
    let sentence = std::io::Error::from_raw_os_error(number).to_string();
    sentence.strip_suffix(&format!(" (os error {number})")).unwrap().to_owned()
}

/// The file does not exist, but its directory does.
pub fn no_such_file() -> String {
    sentence(2, 2)
}

/// The program does not exist. On Windows, the standard library searches for it.
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

/// The other end of a pipe is closed.
pub fn broken_pipe() -> String {
    sentence(32, 232)
}

/// JSON as intunectl writes it to a pipe: on Windows, all non-ASCII characters are escaped.
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
