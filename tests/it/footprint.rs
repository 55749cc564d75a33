//! The cost of a command: its instructions, and the files, sockets and threads that it needs. (Time varies too much to
//! be tested.) The tests build and measure the program as it is shipped:
//! `cargo test --test it -- --ignored footprint::`.
#![cfg_attr(
    not(target_arch = "x86_64"),
    allow(dead_code, unused_imports, reason = "the recorded numbers are for x86_64")
)]

use std::path::Path;
use std::process::{Command, Output};

use crate::support::callgrind::{instructions, under};
use crate::support::http2::Server;
use crate::support::{TOKEN, shipped_program};

/// The number of root certificates besides the server's own: about as many as a system trusts.
const ROOTS: usize = 140;

/// The instructions of each command, on x86_64. A commit that raises a number says why.
const RECORDED: [(&str, u64); 5] = [
    ("--version", 748_000),
    ("--help", 1_517_000),
    ("completion bash", 987_000),
    ("auth list", 1_265_000),
    ("partner disconnect", 7_254_000),
];

/// The allowed difference in per cent. The number depends on the compiler, the C library, valgrind and the processor,
/// and on the random numbers of TLS (under 1 %).
const SLACK: u64 = 10;

/// A command at the home of a TLS server, which trusts the root certificates in `own.pem`.
fn command(server: &Server, arguments: &[&str]) -> Command {
    let mut command = server.home.command_of(shipped_program());
    command.args(arguments).env("SSL_CERT_FILE", server.home.home().join("own.pem"));
    command
}

/// Root certificates that have signed nothing, in PEM.
fn other_roots() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let root = |n| {
        let mut params = rcgen::CertificateParams::default();
        // Different names: each root with the server's name would be tried.
        params.distinguished_name.push(rcgen::DnType::CommonName, format!("Root {n}"));
        params.self_signed(&key).unwrap().pem()
    };
    (0..ROOTS).map(root).collect()
}

/// `partner disconnect` of one ID at that home.
fn disconnect(server: &Server, root: &str) -> Command {
    let mut command = command(server, &["partner", "disconnect", "a", "--graph-url", root]);
    command.env("INTUNECTL_TOKEN", TOKEN);
    command
}

fn has_disconnected(output: &Output) -> bool {
    output.stdout == b"a\tdisconnected\n"
}

/// A number with underscores, as in code.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join("_")
}

/// Reports that a command's number of instructions has changed, and what to do about it.
fn complaint(name: &str, recorded: u64, measured: u64) -> Option<String> {
    let (more, advice) = if measured * 100 > recorded * (100 + SLACK) {
        ("more", "find the cause with callgrind_annotate and fix it, or record the number in a commit that says why")
    } else if measured * 100 < recorded * (100 - SLACK) {
        ("fewer", "record the number, or a later increase goes unnoticed")
    } else {
        return None;
    };
    let per_cent = measured.abs_diff(recorded) as f64 * 100.0 / recorded as f64;
    let [recorded, rounded] = [recorded, measured.next_multiple_of(1000)].map(grouped);
    let measured = grouped(measured);
    Some(format!(
        "`intunectl {name}` takes {measured} instructions, {per_cent:.1} % {more} than the recorded {recorded}: {advice}:\n    \
         (\"{name}\", {rounded}),"
    ))
}

#[test]
fn a_difference_of_up_to_a_tenth_is_accepted() {
    for within in [900, 1000, 1100] {
        assert_eq!(complaint("x", 1000, within), None);
    }
    let more = "`intunectl x` takes 1_101_000 instructions, 10.1 % more than the recorded 1_000_000: find ";
    assert!(complaint("x", 1_000_000, 1_101_000).unwrap().starts_with(more));
    let fewer = complaint("x", 1_000_000, 899_001).unwrap();
    assert!(fewer.contains("10.1 % fewer than") && fewer.ends_with("\n    (\"x\", 900_000),"), "{fewer}");
}

#[test]
#[cfg(target_arch = "x86_64")]
#[ignore = "needs valgrind and a release build; .ci/run runs it"]
fn every_command_takes_about_the_recorded_number_of_instructions() {
    let server = Server::start(|_| None);
    let own = std::fs::read_to_string(server.home.home().join("own.pem")).unwrap();
    server.home.file("own.pem", own + &other_roots());
    let check = |name: &str, command: &Command, code, is_right: &dyn Fn(&Output) -> bool| {
        let (_, recorded) = RECORDED.iter().find(|(recorded, _)| *recorded == name).unwrap();
        complaint(name, *recorded, instructions(command, code, is_right).unwrap_or_else(|error| panic!("{error}")))
    };
    let alone = |name: &str, code, is_right: &dyn Fn(&Output) -> bool| {
        let words: Vec<_> = name.split(' ').collect();
        check(name, &command(&server, &words), code, is_right)
    };
    let version = concat!("intunectl ", env!("CARGO_PKG_VERSION"), "\n");
    let script = include_bytes!("../../completions/intunectl.bash");
    let no_keyring = b"error: the keyring cannot be used: ";
    // By its address, to leave out the instructions of the resolver.
    let by_address = server.root.replace("localhost", "127.0.0.1");
    let complaints: [_; RECORDED.len()] = [
        alone("--version", 0, &|output| output.stdout == version.as_bytes()),
        alone("--help", 0, &|output| String::from_utf8_lossy(&output.stdout).contains("\nUsage: intunectl ")),
        alone("completion bash", 0, &|output| output.stdout == script),
        alone("auth list", 1, &|output| output.stdout.is_empty() && output.stderr.starts_with(no_keyring)),
        check("partner disconnect", &disconnect(&server, &by_address), 0, &has_disconnected),
    ];
    assert_eq!(server.came().len(), 1);
    let complaints: Vec<_> = complaints.into_iter().flatten().collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Something that only commands with a network need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    /// The file of root certificates is opened or looked for.
    RootFile,
    /// The directory of root certificates, likewise.
    RootDirectory,
    /// An async runtime waits.
    Runtime,
    /// A thread or a process starts.
    Thread,
    /// An internet socket is opened.
    Socket,
    /// A file of the resolver is read.
    Names,
}

/// What is loaded according to a line of `strace`. The root certificates are in this home.
fn load(line: &str, home: &Path) -> Option<Load> {
    let (_process, call) = line.split_once(' ')?;
    let (name, arguments) = call.trim_start().split_once('(')?;
    let names = |path: &Path| arguments.contains(path.to_str().unwrap());
    match name {
        "epoll_create" | "epoll_create1" | "eventfd" | "eventfd2" => Some(Load::Runtime),
        "clone" | "clone3" | "fork" | "vfork" => Some(Load::Thread),
        "socket" if arguments.starts_with("AF_INET") => Some(Load::Socket),
        _ if names(&home.join("own.pem")) => Some(Load::RootFile),
        _ if names(&home.join("roots")) => Some(Load::RootDirectory),
        _ if ["resolv.conf", "hosts", "nsswitch.conf"].iter().any(|file| names(&Path::new("/etc").join(file))) => {
            Some(Load::Names)
        }
        _ => None,
    }
}

/// Everything that a command loads, each with its line of `strace`; and the output of the command.
fn loads(server: &Server, mut command: Command) -> (Vec<(Load, String)>, Output) {
    let home = server.home.home();
    let trace = home.join("trace");
    std::fs::create_dir_all(home.join("roots")).unwrap();
    command.env("SSL_CERT_DIR", home.join("roots"));
    let mut traced = under("strace", ["-f", "-o", "trace"], &command).unwrap_or_else(|error| panic!("{error}"));
    let output = traced.output().unwrap();
    let trace = std::fs::read_to_string(trace).unwrap();
    assert!(trace.contains(" execve("), "{trace}");
    let loads = trace.lines().filter_map(|line| Some((load(line, home)?, line.to_owned())));
    (loads.collect(), output)
}

#[test]
#[ignore = "needs strace and a release build; .ci/run runs it"]
fn a_command_without_a_network_loads_nothing_for_one() {
    let server = Server::start(|_| None);
    for (arguments, code, needed) in [
        (&["--help"][..], 0, &[][..]),
        (&["--version"], 0, &[]),
        (&["completion", "bash"], 0, &[]),
        (&["man"], 0, &[]),
        // The keyring is called on a thread, so that a keyring that does not answer can be abandoned.
        (&["auth", "list"], 1, &[Load::Thread]),
    ] {
        let (loads, output) = loads(&server, command(&server, arguments));
        assert_eq!(
            (output.status.code(), output.stdout.is_empty()),
            (Some(code), code != 0),
            "{arguments:?}: {output:?}"
        );
        let found: Vec<_> = loads.iter().map(|(load, _)| *load).collect();
        assert_eq!(found, needed, "{arguments:?}: {loads:#?}");
    }
    assert_eq!(server.came().len(), 0);
}

#[test]
#[ignore = "needs strace and a release build; .ci/run runs it"]
fn the_trace_shows_what_is_loaded_for_a_network() {
    let server = Server::start(|_| None);
    let (loads, output) = loads(&server, disconnect(&server, &server.root));
    assert!(has_disconnected(&output), "{output:?}");
    for load in [Load::RootFile, Load::RootDirectory, Load::Runtime, Load::Thread, Load::Socket] {
        assert!(loads.iter().any(|(found, _)| *found == load), "no {load:?}: {loads:#?}");
    }
    // `localhost` needs no lookup. Another name does, whether it is found or not.
    assert!(loads.iter().all(|(found, _)| *found != Load::Names), "{loads:#?}");
    let mut elsewhere = disconnect(&server, "https://graph.invalid");
    elsewhere.args(["--retries", "0", "--timeout", "1s"]);
    let (loads, _) = self::loads(&server, elsewhere);
    assert!(loads.iter().any(|(found, _)| *found == Load::Names), "{loads:#?}");
}
