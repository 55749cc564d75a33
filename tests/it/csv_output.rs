//! `-o csv`: a heading, then a row for every result.

use crate::support::server::{Reply, Server};
use crate::support::{Intunectl, Seen, TOKEN, ids, jwt, run};

/// A service that accepts every request except for `p-0002`, and has the partner of every ID but that.
fn service() -> Server {
    Server::start(|request, _| match request.id() {
        "p-0002" => Reply::not_found(),
        id if request.is_post() => Reply::done().header("request-id", &format!("r-of-{id}")),
        id => Reply::partner(id, "onboarded"),
    })
}

/// A service whose list has these partners.
fn listing(partners: &[&str]) -> Server {
    let page = format!(r#"{{"value":[{}]}}"#, partners.join(","));
    Server::always(move || Reply::status(200).body(page.clone()))
}

fn partner(server: &Server, verb: &str, arguments: &[&str]) -> Seen {
    run(Intunectl::new().partner(verb, server.root()).args(["-o", "csv"]).args(arguments))
}

/// The heading and the rows. Each must be one line that ends in LF.
fn rows(seen: &Seen) -> (Vec<String>, Vec<Vec<String>>) {
    assert!(seen.stdout.ends_with('\n') && !seen.stdout.contains(['\r', '\u{feff}']), "{seen:?}");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(seen.stdout.as_bytes());
    let row = |row: csv::Result<csv::StringRecord>| row.unwrap().iter().map(str::to_owned).collect();
    let mut rows: Vec<Vec<_>> = reader.records().map(row).collect();
    assert_eq!(rows.len(), seen.stdout.lines().count(), "{seen:?}");
    (rows.remove(0), rows)
}

/// The cells of a column.
fn column(seen: &Seen, name: &str) -> Vec<String> {
    let (heading, rows) = rows(seen);
    let at = heading.iter().position(|column| column == name).unwrap();
    rows.into_iter().map(|row| row[at].clone()).collect()
}

const HEADING: &str = "id,index,action,status,http_status,attempts,duration_ms,time,tenant_id,graph_url,account,\
                       client_request_id,request_id,error_code,error_message,error_kind";

#[test]
fn every_result_is_a_row_with_the_fields_of_its_record() {
    let server = service();
    let seen = partner(&server, "disconnect", &["p-0001", "p-0002", "p-0003", "-j1"]);
    assert_eq!((seen.stdout.lines().next(), seen.code), (Some(HEADING), Some(1)));
    assert_eq!(column(&seen, "id"), ids(3));
    assert_eq!(column(&seen, "index"), ["1", "2", "3"]);
    assert_eq!(column(&seen, "status"), ["disconnected", "failed", "disconnected"]);
    assert_eq!(column(&seen, "http_status"), ["204", "404", "204"]);
    assert_eq!(column(&seen, "graph_url"), [server.root(); 3]);
    assert_eq!(column(&seen, "tenant_id"), [""; 3]);
    assert_eq!(column(&seen, "request_id"), ["r-of-p-0001", "r-404", "r-of-p-0003"]);
    assert_eq!(column(&seen, "error_code"), ["", "ResourceNotFound", ""]);
    assert_eq!(column(&seen, "error_message"), ["", "no such partner", ""]);
    assert_eq!(column(&seen, "error_kind"), ["", "http", ""]);
    // As in ndjson, there is no summary.
    assert_eq!(seen.stderr.lines().count(), 1, "{seen:?}");
    assert!(seen.stderr.starts_with("hint: 404: "), "{seen:?}");
}

#[test]
fn a_dry_run_has_the_partner_and_an_onboarding_the_url_in_the_last_columns() {
    let server = service();
    let seen = partner(&server, "disconnect", &["p-0001", "p-0002", "-j1", "--dry-run"]);
    let heading = format!("{HEADING},dry_run,displayName,onboardingStatus");
    assert_eq!(seen.stdout.lines().next(), Some(heading.as_str()));
    assert_eq!(column(&seen, "status"), ["would_disconnect", "failed"]);
    assert_eq!(column(&seen, "dry_run"), ["true", "true"]);
    assert_eq!(column(&seen, "displayName"), ["Name of p-0001", ""]);
    assert_eq!(column(&seen, "onboardingStatus"), ["onboarded", ""]);
    server.assert_only_read();
    let seen = partner(&server, "onboard", &["p-0001"]);
    assert_eq!(seen.stdout.lines().next(), Some(format!("{HEADING},onboarding_url").as_str()));
    assert_eq!(column(&seen, "onboarding_url"), [""]);
}

#[test]
fn list_and_show_have_the_known_fields_first_and_then_all_others() {
    const FIRST: &str = r#"{"@odata.etag":"e","new":{"n": 1.50, "b":[1,"x"]},"id":"a","displayName":"Ltd., \"A\"","onboardingStatus":"onboarded","flag":true}"#;
    const SECOND: &str = r#"{"id":"b","displayName":null,"onboardingUrl":"https://p.example/?a=b,c","other":2,"lastConnectionDateTime":"2026-11-20T00:00:03Z","new@odata.type":"x"}"#;
    let known = "id,displayName,onboardingStatus,onboardingUrl,lastConnectionDateTime";
    let first = "a,\"Ltd., \"\"A\"\"\",onboarded,,,\"{\"\"n\"\":1.50,\"\"b\"\":[1,\"\"x\"\"]}\",true";
    let second = "b,,,\"https://p.example/?a=b,c\",2026-11-20T00:00:03Z,,";
    let expected = format!("{known},new,flag,other\n{first},\n{second},2\n");
    let seen = partner(&listing(&[FIRST, SECOND]), "list", &[]);
    assert_eq!((seen.stdout.as_str(), seen.code), (expected.as_str(), Some(0)));
    let server = Server::start(|request, _| Reply::status(200).body(if request.id() == "a" { FIRST } else { SECOND }));
    assert_eq!(partner(&server, "show", &["a", "b"]).stdout, expected);
    assert_eq!(partner(&server, "show", &["b"]).stdout, format!("{known},other\n{second}2\n").replace(",,2", ",2"));
}

#[test]
fn the_heading_is_printed_even_if_there_is_no_row() {
    let known = "id,displayName,onboardingStatus,onboardingUrl,lastConnectionDateTime\n";
    let seen = partner(&listing(&[]), "list", &[]);
    assert_eq!((seen.stdout.as_str(), seen.stderr.as_str(), seen.code), (known, "", Some(0)));
    let seen = partner(&service(), "show", &["p-0002"]);
    assert_eq!((seen.stdout.as_str(), seen.code), (known, Some(1)));
}

#[test]
fn text_from_a_server_cannot_add_rows_or_act_on_a_terminal() {
    let hostile = r#"{"id":"a","displayName":"x\r\nb,1\u001b[2J\u202e\u0085","new":["\n\u009b"]}"#;
    let seen = partner(&listing(&[hostile]), "list", &[]);
    assert_eq!(rows(&seen).1, [["a", "x b,1\u{fffd}[2J\u{fffd} ", "", "", "", r#"["\n\u009b"]"#]]);
    let error = r#"{"error":{"code":"Bad\nCode","message":"a\u001b[2J\r\n\"b\",c"}}"#;
    let server = Server::always(move || Reply::status(400).body(error));
    let seen = partner(&server, "disconnect", &["a"]);
    assert_eq!(column(&seen, "error_code"), ["Bad Code"]);
    assert_eq!(column(&seen, "error_message"), ["a\u{fffd}[2J \"b\",c"]);
}

#[test]
fn a_token_that_the_server_sends_back_is_in_no_cell() {
    let body =
        format!(r#"{{"id":"a","displayName":"{TOKEN}","onboardingUrl":"https://p.example/{TOKEN}","new":"{TOKEN}"}}"#);
    let server = Server::always(move || Reply::status(200).body(body.clone()));
    for (verb, options) in [("show", &["a"][..]), ("disconnect", &["a", "--dry-run"])] {
        let seen = partner(&server, verb, options);
        assert_eq!((seen.code, seen.stdout.contains(TOKEN)), (Some(0), false), "{seen:?}");
        assert_eq!(column(&seen, "displayName"), ["[redacted]"]);
    }
}

#[test]
fn auth_status_is_one_row_and_lists_are_joined_with_a_space() {
    let home = Intunectl::new();
    let status = |token: &str| {
        let mut command = home.command();
        run(command
            .args(["auth", "status", "--graph-url", "http://127.0.0.1:9"])
            .env("INTUNECTL_TOKEN", token)
            .env("INTUNECTL_OUTPUT", "csv"))
    };
    let seen = status(&jwt::good());
    assert_eq!((column(&seen, "usable"), seen.code), (vec!["true".to_owned()], Some(0)), "{seen:?}");
    assert!(column(&seen, "permissions")[0].split(' ').any(|name| name.starts_with("DeviceManagement")), "{seen:?}");
    assert_eq!(column(&seen, "error_message"), [""]);
    assert!(!seen.stdout.contains("eyJ"), "{seen:?}");
}

#[test]
fn the_variable_selects_it_and_the_option_overrides_the_variable() {
    let server = service();
    let home = Intunectl::new();
    let mut command = home.disconnect(server.root());
    let seen = run(command.arg("p-0001").env("INTUNECTL_OUTPUT", "csv"));
    assert_eq!((column(&seen, "status"), seen.code), (vec!["disconnected".to_owned()], Some(0)));
    let seen = run(command.args(["-o", "id"]));
    assert_eq!((seen.stdout.as_str(), seen.code), ("p-0001\n", Some(0)));
}

#[test]
fn a_csv_file_is_no_file_to_resume_from() {
    let server = service();
    let home = Intunectl::new();
    let written = partner(&server, "disconnect", &["p-0001"]).stdout;
    let file = home.file("audit.csv", written);
    let seen = run(home.disconnect(server.root()).arg("p-0003").arg("--resume").arg(&file));
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{seen:?}");
    assert!(seen.stderr.contains("audit.csv") && seen.stderr.contains("-o ndjson"), "{seen:?}");
    assert_eq!(server.ids(), ["p-0001"]);
}

#[test]
fn a_value_that_looks_like_a_formula_is_written_as_it_is() {
    for name in ["=1+1", "+1", "-1", "@a"] {
        let body = format!(r#"{{"id":"a","displayName":"{name}"}}"#);
        let server = Server::always(move || Reply::status(200).body(body.clone()));
        let seen = run(Intunectl::new().partner("show", server.root()).args(["a", "-o", "csv"]));
        assert_eq!((column(&seen, "displayName"), seen.code), (vec![name.to_owned()], Some(0)), "{seen:?}");
    }
}
