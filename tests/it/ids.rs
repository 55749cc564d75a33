//! The sources and formats of IDs, tested with `partner disconnect`.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::support::graph::{Graph, PARTNERS, TOKEN};
use crate::support::named_pipe::NamedPipe;
use crate::support::os::{is_a_directory, no_such_file};
use crate::support::redirect::run_piped;
use crate::support::running::Running;
use crate::support::terminal::{ALL, Streams, Terminal};
use crate::support::{Intunectl, Seen, run, run_with};

const GUID: &str = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";

/// A home, and a Graph that accepts every request.
struct Scene {
    home: Intunectl,
    graph: Graph,
}

impl Scene {
    fn new() -> Self {
        Self { home: Intunectl::new(), graph: Graph::that_does_it() }
    }

    /// Disconnects partners one after the other.
    fn run(&self, arguments: &[&str], stdin: impl Into<Vec<u8>>) -> Seen {
        let arguments = [&["partner", "disconnect", "-q", "-j", "1"], arguments].concat();
        run_with(&mut self.graph.command(&self.home, &arguments), stdin)
    }

    /// Asserts that exactly these partners are disconnected.
    #[track_caller]
    fn disconnects(&self, arguments: &[&str], stdin: impl Into<Vec<u8>>, ids: &[&str]) {
        let seen = self.run(arguments, stdin);
        let stdout = ids.iter().map(|id| format!("{id}\tdisconnected\n")).collect();
        assert_eq!(seen, Seen { stdout, stderr: String::new(), code: Some(0) });
        assert_eq!(self.graph.disconnected(), ids);
    }

    /// Asserts exit code 2, no request, and all of `words` on standard error.
    #[track_caller]
    fn refuses(&self, arguments: &[&str], stdin: impl Into<Vec<u8>>, words: &[&str]) {
        let seen = self.run(arguments, stdin);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{seen:?}");
        for word in words {
            assert!(seen.stderr.contains(word), "no {word:?} in {}", seen.stderr);
        }
        assert_eq!(self.graph.lines(), [""; 0]);
    }
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(unit).collect()
}

#[test]
fn ids_can_be_arguments() {
    let scene = Scene::new();
    scene.disconnects(&["b", GUID, "a"], "", &["b", GUID, "a"]);
    for request in scene.graph.came() {
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(request.header("content-length"), Some("0"));
        assert_eq!(request.header("accept"), Some("application/json"));
    }
}

#[test]
fn with_arguments_standard_input_is_not_read() {
    Scene::new().disconnects(&["a"], "b\n", &["a"]);
}

#[test]
fn a_dash_among_the_arguments_inserts_standard_input_there() {
    Scene::new().disconnects(&["a", "-", "d"], "b\nc\n", &["a", "b", "c", "d"]);
}

#[test]
fn what_looks_like_an_option_is_never_an_id() {
    Scene::new().refuses(
        &["--", "-a", "--all"],
        "",
        &["argument 1: `-a` begins with `-`; options go before `--`", "argument 2: `--all` begins with `-`"],
    );
    let scene = Scene::new();
    scene.home.file("ids.txt", "a\n--dry-run\n");
    scene.refuses(&["-f", "ids.txt"], "", &["ids.txt:2: `--dry-run` begins with `-`; options go on the command line"]);
}

#[test]
fn a_file_is_read_with_every_spelling_of_its_option() {
    for option in [&["-f", "ids.txt"][..], &["--from-file", "ids.txt"], &["--from-file=ids.txt"], &["-fids.txt"]] {
        let scene = Scene::new();
        scene.home.file("ids.txt", "a\nb");
        scene.disconnects(option, "not-read\n", &["a", "b"]);
    }
}

#[test]
fn the_file_may_be_a_pipe() {
    let scene = Scene::new();
    let pipe = NamedPipe::new(&scene.home);
    let mut command = scene.home.disconnect(&scene.graph.url());
    let running = Running::start(command.args(["-q", "-j", "1", "-f"]).arg(pipe.path()));
    let mut writer = pipe.writer();
    writer.write("a\nb\n");
    drop(writer);
    let seen = running.end();
    assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)));
    assert_eq!(scene.graph.disconnected(), ["a", "b"]);
}

#[test]
fn the_file_name_dash_means_standard_input() {
    Scene::new().disconnects(&["-f", "-"], "a\nb\n", &["a", "b"]);
}

#[test]
fn arguments_and_a_file_are_both_used() {
    let scene = Scene::new();
    scene.home.file("ids.txt", "b\nc\n");
    scene.disconnects(&["a", "-f", "ids.txt"], "", &["a", "b", "c"]);
}

#[test]
fn a_file_and_standard_input_are_both_used() {
    let scene = Scene::new();
    scene.home.file("ids.txt", "b\n");
    scene.disconnects(&["-", "--from-file", "ids.txt"], "a\n", &["a", "b"]);
}

#[test]
fn commands_that_change_something_read_standard_input_only_if_it_is_named() {
    let scene = Scene::new();
    for verb in ["disconnect", "onboard", "delete"] {
        let seen = run_with(&mut scene.graph.command(&scene.home, &["partner", verb]), "a\nb\n");
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{seen:?}");
        assert!(seen.stderr.starts_with("error: no partner IDs given; nothing was sent\nhint: "), "{seen:?}");
        assert!(seen.stderr.contains(&format!("  intunectl partner {verb} --dry-run - < ids.txt\n")), "{seen:?}");
    }
    assert_eq!(scene.graph.lines(), [""; 0]);
    scene.disconnects(&["-"], "a\nb\n", &["a", "b"]);
}

#[test]
fn show_reads_standard_input_without_a_dash() {
    let graph = Graph::answering(|line| (200, format!(r#"{{"id":"{}"}}"#, line.rsplit('/').next().unwrap())));
    let seen = run_with(&mut graph.command(&Intunectl::new(), &["partner", "show", "-o", "id"]), "a\nb\n");
    assert_eq!(seen, Seen { stdout: "a\nb\n".into(), stderr: String::new(), code: Some(0) });
}

#[test]
fn an_empty_variable_in_a_loop_does_not_disconnect_the_rest_of_the_list() {
    let scene = Scene::new();
    let list = std::fs::File::open(scene.home.file("list", "a\n\nskip b\nc\n")).unwrap();
    // Like `while read -r id; do intunectl partner disconnect $id; done < list`, which reads no byte after its line:
    // the rest of the list is the standard input of the commands in the loop.
    let mut seen = Vec::new();
    for line in BufReader::with_capacity(1, &list).lines().map(Result::unwrap) {
        if line.starts_with("skip ") {
            continue;
        }
        let ids: Vec<_> = line.split_whitespace().collect();
        let mut command = scene.graph.command(&scene.home, &[&["partner", "disconnect"], &ids[..]].concat());
        command.stdin(list.try_clone().unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
        seen.push(Running::with(&mut command).end());
    }
    assert_eq!(scene.graph.disconnected(), ["a", "c"]);
    let stdout: Vec<_> = seen.iter().map(|seen| (seen.stdout.as_str(), seen.code)).collect();
    assert_eq!(stdout, [("a\tdisconnected\n", Some(0)), ("", Some(2)), ("c\tdisconnected\n", Some(0))]);
    assert!(seen[1].stderr.starts_with("error: no partner IDs given; nothing was sent\nhint: "), "{seen:?}");
}

#[test]
fn without_ids_at_a_terminal_it_shows_examples_and_does_not_wait() {
    let scene = Scene::new();
    let command = scene.graph.command(&scene.home, &["partner", "disconnect"]);
    let streams = Streams { stdin: true, stdout: false, stderr: false };
    let Seen { stdout, stderr, code } = Terminal::start(&command, streams, 80).end();
    assert_eq!((stdout.as_str(), code), ("", Some(2)), "{stderr}");
    assert!(stderr.contains("no partner IDs given"), "{stderr}");
    assert!(stderr.contains("intunectl partner disconnect 5f0e1c9a-"), "{stderr}");
    assert_eq!(scene.graph.lines(), [""; 0]);
}

#[test]
fn every_format_and_encoding_is_read() {
    let bom = "\u{feff}";
    let lines = "# names\r\n\r\n  a  \r\n\t\r\nb\r\n#c\r\nd";
    let page = format!(
        "{{\n  \"@odata.context\": \"https://graph.microsoft.com/v1.0/$metadata#x\",\n  \"value\": [\n    {{\n      \
         \"displayName\": \"A\",\n      \"id\": \"a\"\n    }},\n    {{\"id\": \"{GUID}\", \"displayName\": null}}\n  ]\n}}\n"
    );
    let records = concat!(
        r#"{"id":"a","index":1,"status":"disconnected","error":null}"#,
        "\n\n",
        r#"{"displayName":"x","id":"\u0062"}"#
    );
    let forms: &[(Vec<u8>, &[&str])] = &[
        ("a\nb".into(), &["a", "b"]),
        (lines.into(), &["a", "b", "d"]),
        (format!("{bom}{lines}").into(), &["a", "b", "d"]),
        (utf16(lines, u16::to_le_bytes), &["a", "b", "d"]),
        (utf16(lines, u16::to_be_bytes), &["a", "b", "d"]),
        (utf16(&page, u16::to_le_bytes), &["a", GUID]),
        (records.into(), &["a", "b"]),
        (r#"["a", "b"]"#.into(), &["a", "b"]),
        ("[\n  \"a\",\n  {\"id\": \"b\"}\n]\n".into(), &["a", "b"]),
        (page.into(), &["a", GUID]),
        (
            format!("{bom}\n# first\na\r\n[\"b\",\n\"c\"]\n{{\"value\":[{{\"id\":\"d\"}}]}}\n\"e\"\nf").into(),
            &["a", "b", "c", "d", "e", "f"],
        ),
    ];
    for (bytes, ids) in forms {
        Scene::new().disconnects(&["-"], bytes.clone(), ids);
        let scene = Scene::new();
        scene.home.file("ids", bytes);
        scene.disconnects(&["-f", "ids"], "", ids);
    }
}

#[test]
fn after_one_bad_line_nothing_is_sent() {
    let scene = Scene::new();
    scene.home.file("ids.txt", "good\n\n# fine\nnot good\nalso-good\n");
    scene.refuses(
        &["first", "-f", "ids.txt"],
        "",
        &[
            "1 error in the IDs; nothing was sent",
            "ids.txt:4: `not good` contains a space; put each ID on its own line",
        ],
    );
    for (stdin, place) in [
        ("a\n[\"b\",\n\"c/d\"]\n", "standard input:3: `c/d` contains `/`"),
        ("a\n{\"name\":\"b\"}\n", "standard input:2: the object has no `id`"),
        ("a\n{\"id\":7}\n", "standard input:2: `id` is a number"),
        ("a\n{\"id\":\"b\"\n", "standard input:2: incomplete JSON: the end of the value is missing"),
        (
            "{\"error\":{\"code\":\"Forbidden\"}}",
            "standard input:1: this is an error from Graph, not a partner: `Forbidden`",
        ),
        ("a\0b\n", "standard input:1: contains a NUL character"),
        ("a\rb\n", "standard input:1: "),
    ] {
        Scene::new().refuses(&["-"], stdin, &["1 error in the IDs; nothing was sent", place]);
    }
    Scene::new().refuses(&["-"], b"a\nb\xff\n", &["standard input:2: this line is not UTF-8 text"]);
    Scene::new().refuses(&["-"], b"\xff\xfea\0\n", &["standard input:1: this line is not UTF-16 text"]);
}

#[test]
fn a_bad_argument_is_reported_with_its_position() {
    Scene::new().refuses(
        &["good", "not good"],
        "",
        &["1 error in the IDs; nothing was sent", "argument 2: `not good`"],
    );
}

#[test]
fn the_first_ten_bad_lines_are_listed_and_the_others_counted() {
    let scene = Scene::new();
    let lines: String = (1..=13).map(|n| format!("bad {n}\n")).collect();
    scene.home.file("ids.txt", format!("good\n{lines}"));
    let Seen { stderr, .. } = scene.run(&["-f", "ids.txt", "bad argument"], "");
    let told: Vec<_> = stderr.lines().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(told.len(), 11, "{stderr}");
    assert!(
        stderr.starts_with("error: 14 errors in the IDs; nothing was sent:\n  argument 1: `bad argument`"),
        "{stderr}"
    );
    assert!(told[9].starts_with("  ids.txt:10: `bad 9`") && told[10] == "  … and 4 more", "{stderr}");
    assert_eq!(scene.graph.lines(), [""; 0]);
}

#[test]
fn an_id_may_have_256_of_the_characters_of_ids() {
    let id = "aZ0-_.~=+@:x".chars().cycle().take(256).collect::<String>();
    let scene = Scene::new();
    let seen = scene.run(&[&id], "");
    assert_eq!((seen.stdout, seen.code), (format!("{id}\tdisconnected\n"), Some(0)), "{}", seen.stderr);
    let encoded = id.replace('=', "%3D").replace('+', "%2B").replace('@', "%40").replace(':', "%3A");
    assert_eq!(scene.graph.disconnected(), [encoded]);
    Scene::new().refuses(
        &[&"a".repeat(257)],
        "",
        &["argument 1: a text of 257 characters (not shown) is longer than 256"],
    );
}

#[test]
fn a_heading_is_no_id_as_an_argument_or_in_json() {
    Scene::new().refuses(&["a", "Id"], "", &["argument 2: `Id` is a column heading, not an ID"]);
    Scene::new().refuses(&["-"], "[\"id\"]", &["standard input:1: `id` is a column heading, not an ID"]);
}

#[test]
fn a_repeated_id_is_sent_once_and_index_is_its_first_place_in_the_input() {
    let scene = Scene::new();
    let upper = GUID.to_uppercase();
    let stdin = format!("x\n{upper}\nX\nx\n{GUID}\ny\n");
    let Seen { stdout, stderr, code } = scene.run(&[GUID, "-", "-o", "ndjson"], stdin);
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    let records = stdout.lines().map(|line| {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        (record["id"].as_str().unwrap().to_owned(), record["index"].as_u64().unwrap())
    });
    let expected = [(GUID, 1), ("x", 2), ("X", 4), ("y", 7)];
    assert_eq!(records.collect::<Vec<_>>(), expected.map(|(id, index)| (id.to_owned(), index)));
    assert_eq!(scene.graph.disconnected(), [GUID, "x", "X", "y"]);
}

#[test]
fn repeats_are_counted_on_standard_error() {
    let scene = Scene::new();
    let seen = run(&mut scene.graph.command(&scene.home, &["partner", "disconnect", "a", "a", "a"]));
    assert!(seen.stderr.starts_with("ignored 2 duplicate IDs\n"), "{}", seen.stderr);
    assert_eq!(scene.graph.disconnected(), ["a"]);
}

#[test]
fn no_id_at_all_is_a_usage_error() {
    for stdin in ["", "\n \n", "# none\n", "\u{feff}", "[]", "{\"value\":[]}"] {
        for arguments in [&[][..], &["-"], &["-f", "-"]] {
            Scene::new().refuses(arguments, stdin, &["error: no partner IDs ", "hint: "]);
        }
    }
    let scene = Scene::new();
    scene.home.file("empty", "");
    scene.refuses(&["-f", "empty"], "a\n", &["error: no partner IDs found"]);
}

#[test]
fn the_hint_for_empty_input_does_not_suggest_disconnecting_all_partners() {
    let scene = Scene::new();
    scene.home.file("empty", "# none\n");
    for verb in ["show", "onboard", "disconnect", "delete"] {
        for (arguments, stdin) in
            [(&["-"][..], "[]"), (&["-"], ""), (&["-f", "-"], "{\"value\":[]}"), (&["-f", "empty"], "")]
        {
            let arguments = [&["partner", verb], arguments].concat();
            let seen = run_with(&mut scene.graph.command(&scene.home, &arguments), stdin);
            assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{arguments:?}: {seen:?}");
            assert!(seen.stderr.contains("no partner IDs found") && seen.stderr.contains("\nhint: "), "{seen:?}");
            assert!(!seen.stderr.contains("| intunectl") && !seen.stderr.contains("disconnect"), "{seen:?}");
        }
    }
    assert_eq!(scene.graph.lines(), [""; 0]);
}

#[test]
fn a_file_that_cannot_be_read_is_a_usage_error_with_a_hint() {
    // Even root cannot read the memory of a process from address 0.
    for (path, reason) in [
        ("missing", no_such_file()),
        (".", is_a_directory()),
        #[cfg(target_os = "linux")]
        ("/proc/self/mem", "Input/output error".to_owned()),
    ] {
        let message = format!("error: cannot read {path}: {reason}; nothing was sent\n");
        Scene::new().refuses(&["a", "-f", path], "", &[&message, "hint: check the path; -f takes a file"]);
    }
}

#[test]
fn standard_input_cannot_be_named_twice() {
    for arguments in [&["-", "-"][..], &["-", "-f", "-"]] {
        Scene::new().refuses(
            arguments,
            "a\n",
            &["standard input (`-`) is given more than once; nothing was sent", "hint: "],
        );
    }
}

#[test]
fn the_ndjson_output_of_list_is_valid_input() {
    let list = r#"{"value":[{"id":"a","displayName":"A\nB"},{"id":"b","extra":[{"id":"not-this"}]}]}"#;
    let graph = Graph::answering(move |line| match line.starts_with("GET ") {
        true => (200, list.to_owned()),
        false => (204, String::new()),
    });
    let home = Intunectl::new();
    let mut list = graph.command(&home, &["partner", "list", "-o", "ndjson"]);
    let mut disconnect = graph.command(&home, &["partner", "disconnect", "-q", "-j", "1", "-"]);
    let nothing = Seen { stdout: String::new(), stderr: String::new(), code: Some(0) };
    let disconnected =
        Seen { stdout: "a\tdisconnected\nb\tdisconnected\n".to_owned(), stderr: String::new(), code: Some(0) };
    assert_eq!(run_piped(&mut list, &mut disconnect), [nothing, disconnected]);
    let posts = ["a", "b"].map(|id| format!("POST {PARTNERS}/{id}/disconnect"));
    assert_eq!(graph.lines(), [&[format!("GET {PARTNERS}")], &posts[..]].concat());
}

#[test]
fn a_page_printed_by_az_rest_is_valid_input() {
    let scene = Scene::new();
    let page = r#"{
  "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#deviceManagement/remoteAssistancePartners",
  "value": [
    {
      "displayName": "TeamViewer",
      "id": "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10",
      "lastConnectionDateTime": "2026-11-20T00:00:03.6670033Z",
      "onboardingStatus": "onboarded",
      "onboardingUrl": "https://login.teamviewer.com/"
    }
  ]
}
"#;
    let seen = run_with(&mut scene.graph.command(&scene.home, &["partner", "disconnect", "-q", "-"]), page);
    let stdout = format!("{GUID}\tdisconnected\n");
    assert_eq!(seen, Seen { stdout, stderr: String::new(), code: Some(0) });
    assert_eq!(scene.graph.disconnected(), [GUID]);
}

#[test]
fn a_page_that_is_not_the_last_is_accepted_with_a_warning() {
    let scene = Scene::new();
    let page = r#"{"@odata.nextLink":"https://graph.microsoft.com/v1.0/x?$skiptoken=1","value":[{"id":"a"}]}"#;
    let seen = run_with(&mut scene.graph.command(&scene.home, &["partner", "disconnect", "-"]), page);
    assert!(
        seen.stderr.starts_with("warning: standard input:1: Graph has more pages than this one"),
        "{}",
        seen.stderr
    );
    assert_eq!((seen.stdout.as_str(), seen.code), ("a\tdisconnected\n", Some(0)));
    assert_eq!(scene.graph.disconnected(), ["a"]);
}

#[test]
fn if_list_fails_a_disconnect_that_reads_its_output_disconnects_no_partner() {
    let graph = Graph::answering(|_| (403, r#"{"error":{"code":"Forbidden","message":"no"}}"#.to_owned()));
    let home = Intunectl::new();
    let mut list = graph.command(&home, &["partner", "list", "-o", "ndjson"]);
    let mut disconnect = graph.command(&home, &["partner", "disconnect", "-"]);
    let [listed, disconnected] = run_piped(&mut list, &mut disconnect);
    assert_eq!((listed.stdout.as_str(), listed.code), ("", Some(1)));
    assert!(listed.stderr.contains("403 Forbidden: no"), "{listed:?}");
    assert_eq!((disconnected.stdout.as_str(), disconnected.code), ("", Some(2)));
    assert!(disconnected.stderr.contains("no partner IDs found"), "{disconnected:?}");
    assert_eq!(graph.lines(), [format!("GET {PARTNERS}")]);
}

const OTHER: &str = "0b1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e4f";

/// Asserts that exactly these partners are disconnected, whether the text is in a file or on standard input, and also
/// in UTF-16.
#[track_caller]
fn reads(text: &str, ids: &[&str]) {
    for bytes in [text.as_bytes().to_vec(), utf16(text, u16::to_le_bytes)] {
        Scene::new().disconnects(&["-"], bytes.clone(), ids);
        let scene = Scene::new();
        scene.home.file("input", bytes);
        scene.disconnects(&["-f", "input"], "", ids);
    }
}

/// Asserts that nothing is sent, for either source and encoding, and that one error says all of `words`.
#[track_caller]
fn rejects(text: &str, words: &[&str]) {
    for bytes in [text.as_bytes().to_vec(), utf16(text, u16::to_le_bytes)] {
        let words = [&["error: 1 error in the IDs; nothing was sent"], words].concat();
        Scene::new().refuses(&["-"], bytes.clone(), &words);
        let scene = Scene::new();
        scene.home.file("input", bytes);
        scene.refuses(&["-f", "input"], "", &words);
    }
}

#[test]
fn a_list_with_commas_quotes_headings_and_comments_is_read() {
    reads(&format!("{GUID},\n{OTHER},\n"), &[GUID, OTHER]);
    reads(&format!("id\n{GUID}\n{OTHER}\n"), &[GUID, OTHER]);
    reads(&format!("Id\r\n--\r\n{GUID}  # TeamViewer\r\n\r\nId\r\n--\r\n{OTHER}\r\n"), &[GUID, OTHER]);
    reads(&format!("'{GUID}',\n\"{OTHER}\";  # last\n"), &[GUID, OTHER]);
}

#[test]
fn a_guid_in_braces_is_that_guid() {
    reads(&format!("{{{GUID}}}\n{{{OTHER}}}\n"), &[GUID, OTHER]);
    reads(&format!("[\"{{{GUID}}}\", {{\"id\": \"{{{OTHER}}}\"}}]"), &[GUID, OTHER]);
    Scene::new().disconnects(&[&format!("{{{GUID}}}")], "", &[GUID]);
}

#[test]
fn the_json_of_graph_powershell_is_read() {
    let array = format!(
        "[\n  {{\n    \"DisplayName\": \"TeamViewer\",\n    \"Id\": \"{GUID}\",\n    \"LastConnectionDateTime\": \
         \"/Date(1709546400000)/\",\n    \"AdditionalProperties\": {{}}\n  }},\n  {{\n    \"Id\": \"{OTHER}\"\n  }}\n]"
    );
    reads(&array, &[GUID, OTHER]);
    reads(&format!(r#"{{"value":[{{"Id":"{GUID}"}},{{"id":"{OTHER}"}}],"Count":2}}"#), &[GUID, OTHER]);
    reads(&format!(r#"{{"Value":{{"Id":"{GUID}","id":"{GUID}"}}}}"#), &[GUID]);
    rejects(&format!(r#"{{"Id":"{GUID}","id":"{OTHER}"}}"#), &["the object has `id` and `Id` with different values"]);
}

#[test]
fn csv_with_a_column_id_is_read() {
    reads(&format!("id,displayName\n{GUID},TeamViewer\n{OTHER},Other Partner\n"), &[GUID, OTHER]);
    reads(&format!("sep=;\r\nName;ID\r\nTeamViewer;{GUID}\r\n\"A; \"\"B\"\"\r\nC\";{OTHER}\r\n"), &[GUID, OTHER]);
    reads(&format!("#TYPE Microsoft.Graph\r\n\"Id\",\"DisplayName\"\r\n\"{GUID}\",\"A, B\"\r\n"), &[GUID]);
    reads(&format!("displayName\tid\nTeamViewer\t{GUID}\nOther\t{OTHER}\n"), &[GUID, OTHER]);
    // Excel leaves out empty cells at the end of a row, or adds some.
    reads(&format!("id,name,note\n{GUID},A\n{OTHER},B,,,\n"), &[GUID, OTHER]);
}

#[test]
fn csv_that_is_not_clear_sends_nothing() {
    rejects(&format!("{GUID},TeamViewer\n"), &[":1: ", "has columns without headings", "name the column `id`"]);
    rejects(&format!("name,id,x\nA,{GUID},1\n{OTHER}\n"), &[":3: the row has 1 cell, but the header has 3"]);
    rejects(&format!("id,name,id\n{GUID},A,{OTHER}\n"), &[":1: the header names `id` more than once"]);
    rejects(&format!("id,name\n{GUID},A\nname,id\nB,{OTHER}\n"), &[":3: the row looks like another header"]);
    rejects(&format!("name,id\n\"two\nlines\",{GUID}\nB,\n"), &[":4: the ID is empty"]);
}

#[test]
fn csv_may_name_the_tenant_of_each_row() {
    let scene = Scene::new();
    for column in ["tenant_id", "TENANT_ID", "tenantId"] {
        let csv = format!("id,{column}\n{GUID},\n{OTHER},'7c9e6679-7425-40de-944b-e07fc1f90ae7' # other\n");
        let seen = scene.run(&["-"], csv);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(4)), "{seen:?}");
        let told = "standard input:3: this record belongs to tenant 7c9e6679-7425-40de-944b-e07fc1f90ae7, ";
        assert!(seen.stderr.contains(told), "{seen:?}");
    }
    let json = format!(r#"{{"id":"{GUID}","tenantId":"7c9e6679-7425-40de-944b-e07fc1f90ae7"}}"#);
    assert_eq!(scene.run(&["-"], json).code, Some(4));
    assert_eq!(scene.graph.lines(), [""; 0]);
}

#[test]
fn the_text_output_of_list_and_show_is_valid_input() {
    let partner = |id: &str, name: &str| {
        format!(
            r##"{{"id":"{id}","displayName":"{name}","onboardingStatus":"onboarded","onboardingUrl":"https://example.com/","lastConnectionDateTime":"2026-11-20T08:15:03.6670033Z"}}"##
        )
    };
    let graph = Graph::answering(move |line| match (line.starts_with("GET "), line.rsplit_once("/").unwrap().1) {
        (true, "remoteAssistancePartners") => {
            let partners = [partner(GUID, "id # 1, \\\"\\t\\n"), partner("b", "id")].join(",");
            (200, format!(r#"{{"value":[{partners}]}}"#))
        }
        (true, id) => (200, partner(id, "id")),
        (false, _) => (204, String::new()),
    });
    let home = Intunectl::new();
    for read in [&["partner", "list"][..], &["partner", "show", GUID, "b"]] {
        let mut read = graph.command(&home, read);
        let mut disconnect = graph.command(&home, &["partner", "disconnect", "-q", "-j", "1", "-"]);
        let [_, disconnected] = run_piped(&mut read, &mut disconnect);
        let stdout = format!("{GUID}\tdisconnected\nb\tdisconnected\n");
        assert_eq!(disconnected, Seen { stdout, stderr: String::new(), code: Some(0) });
    }
}

#[test]
fn columns_of_another_program_whose_first_is_a_name_send_nothing() {
    rejects(&format!("TeamViewer\t{GUID}\tonboarded\t2026-11-20T08:15:03Z\n"), &["has columns without headings"]);
    rejects("TeamViewer\tHelpdesk\t\t\n", &["has columns without headings"]);
}

#[test]
fn the_document_of_our_json_output_is_rejected_because_it_lists_failures_too() {
    let scene = Scene::new();
    let document = scene.run(&["a", "-o", "json"], "").stdout;
    rejects(&document, &["jq -c '.results[]'"]);
}

#[test]
fn tables_for_people_are_rejected_as_a_whole_with_the_command_that_prints_ids() {
    let powershell = "`| Select-Object -ExpandProperty Id`";
    let ours = "`-o id` if intunectl printed it";
    let format_table = format!(
        "\r\nId                                   DisplayName OnboardingStatus\r\n--                                   \
         ----------- ----------------\r\n{GUID} TeamViewer  onboarded\r\n{OTHER} Other       onboarded\r\n\r\n"
    );
    rejects(&format_table, &[":2: this is a table, made for people", powershell]);
    rejects(
        &format!("\r\nDisplayName : A\r\nId          : {GUID}\r\n"),
        &[":2: this is a list, made for people", powershell],
    );
    let az = format!("Id                                    Name\n{}  ------\n{GUID}  A B\n", "-".repeat(36));
    rejects(&az, &[":1: this is a table, made for people", "--query \"[].id\" -o tsv"]);
    rejects(&format!("┃ id ┃ name ┃\n│ {GUID} │ A │\n"), &["this is a table, made for people", ours]);
    rejects(
        &format!("+----+---+\n| id | n |\n+----+---+\n| {GUID} | A |\n+----+---+\n"),
        &["this is a table, made for people", ours],
    );
    rejects(&format!("| id | name |\n|---|---|\n| {GUID} | A |\n"), &["this is a table, made for people", ours]);
    rejects(&format!("Name\n----\nTeamViewer\n{GUID}\n"), &[":1: `Name` is the heading of a column"]);
}

#[test]
fn our_own_table_on_a_terminal_is_rejected_as_a_table() {
    let list = format!(
        r#"{{"value":[{{"id":"{GUID}","displayName":"A B","onboardingStatus":"onboarded"}},{{"id":"b","onboardingStatus":"onboarded"}}]}}"#
    );
    let graph = Graph::answering(move |_| (200, list.clone()));
    let home = Intunectl::new();
    for width in [120, 40] {
        let command = graph.command(&home, &["partner", "list", "--color", "never"]);
        let seen = Terminal::start(&command, ALL, width).end();
        assert_eq!(seen.code, Some(0), "{seen:?}");
        rejects(&seen.stderr, &["this is a table, made for people", "`-o id` if intunectl printed it"]);
    }
}

#[test]
fn a_file_of_excel_in_a_legacy_encoding_is_rejected_with_the_name_of_the_right_one() {
    let scene = Scene::new();
    scene.home.file("ids.csv", [b"id,displayName\r\na,".as_slice(), b"\x83\x8a\x83\x82\x81\x5b\x83\x67\r\n"].concat());
    scene.refuses(&["-f", "ids.csv"], "", &["ids.csv:2: this line is not UTF-8 text", "`CSV UTF-8`"]);
}

#[test]
fn a_token_among_the_ids_is_not_sent_and_not_shown() {
    let token = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.{}", "c2ln".repeat(9));
    for text in
        [format!("a\n{token}\n"), format!("[\"{token}\"]"), format!("id,x\n{token},y"), format!("Bearer {token}")]
    {
        let scene = Scene::new();
        let seen = scene.run(&["-"], text);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)));
        assert!(seen.stderr.contains("looks like an access token (not shown)") && !seen.stderr.contains("c2ln"));
        assert_eq!(scene.graph.lines(), [""; 0]);
    }
    let seen = Scene::new().run(&[&token], "");
    assert!(seen.code == Some(2) && !seen.stderr.contains("c2ln"), "{seen:?}");
}

#[test]
fn an_option_without_its_hyphens_is_not_an_id() {
    for (word, hint) in [
        ("dry-run", "hint: an option begins with two hyphens: --dry-run\n"),
        ("what-if", "hint: an option begins with two hyphens: --what-if\n"),
        ("help", "hint: for help, add --help\n"),
    ] {
        Scene::new().refuses(&["a", word], "", &[&format!("`{word}` is not a partner ID; nothing was sent\n{hint}")]);
    }
}

#[test]
fn what_programs_print_in_place_of_an_id_is_not_sent() {
    for text in ["null", "None", "System.Collections.Hashtable", "5f0e1c9a...", "====", &format!("id={GUID}")] {
        Scene::new().refuses(&["a", text], "", &["is not an ID; "]);
        Scene::new().refuses(&["-"], format!("a\n{text}\n"), &["standard input:2: ", "is not an ID; "]);
    }
}
