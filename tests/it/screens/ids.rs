//! Every way to give partner IDs, and every reason why input is rejected.
#![cfg(target_os = "linux")]

use serde_json::json;

use super::Screens;
use crate::support::jwt;
use crate::support::server::{Reply, Server};
use crate::support::terminal::{ALL, Terminal};

const TENANT: &str = "a1f9d2c4-6b3e-4f70-8d15-92c7e0b4a6d8";
const OTHER_TENANT: &str = "e7b05c33-8d1a-4c52-9f6e-30a4d9f1b27c";
const TEAMVIEWER: &str = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";
const HELPDESK: &str = "c2a7d4e8-1f3b-4a96-8e05-7b9c6d2f1a34";

#[test]
fn ids() {
    let server = Server::start(|request, _| {
        if request.is_post() {
            return Reply::done();
        }
        let (id, name) = match request.id() {
            id @ HELPDESK => (id, "Contoso Helpdesk"),
            id => (id, "TeamViewer"),
        };
        Reply::status(200).body(json!({"id": id, "displayName": name, "onboardingStatus": "onboarded"}).to_string())
    });
    let mut screens = Screens::new("03-ids");
    screens.serve(&server);
    screens.set("INTUNECTL_TOKEN", &jwt::but(&json!({"tid": TENANT, "upn": "admin@contoso.com"})));
    ways_to_give_ids(&mut screens);
    no_ids(&mut screens);
    unreadable_input(&mut screens);
    bad_ids(&mut screens);
    bad_json(&mut screens);
    bad_csv(&mut screens);
    tables(&mut screens);
    other_tenants(&mut screens);
    screens.check();
}

/// Writes a file, and shows what it contains and what a command does with it.
fn with_file(screens: &mut Screens, name: &str, text: &str, line: &str) {
    screens.home.file(name, text);
    screens.sh(&format!("cat {name}"));
    screens.sh(line);
}

fn ways_to_give_ids(screens: &mut Screens) {
    screens.heading("Give IDs as arguments");
    screens.sh(&format!("intunectl partner disconnect {TEAMVIEWER}"));
    screens.sh(&format!("intunectl partner show {TEAMVIEWER} {HELPDESK}"));

    screens.heading("Give IDs in a file: one per line");
    let list = format!("# Partners to check\n{TEAMVIEWER}\n\n{HELPDESK}\n");
    with_file(screens, "ids.txt", &list, "intunectl partner show -f ids.txt");

    screens.heading("Give IDs on standard input");
    screens.sh("grep -v '^#' ids.txt | intunectl partner show -");

    screens.heading("Give records, for example of an earlier run: they need an `id`");
    let records =
        format!("{{\"id\":\"{TEAMVIEWER}\",\"status\":\"failed\"}}\n{{\"id\":\"{HELPDESK}\",\"status\":\"failed\"}}\n");
    with_file(screens, "failed.ndjson", &records, "intunectl partner show -f failed.ndjson -o id");

    screens.heading("Give a JSON array");
    let array = format!("[\"{TEAMVIEWER}\", \"{HELPDESK}\"]\n");
    with_file(screens, "ids.json", &array, "intunectl partner show -f ids.json -o id");

    screens.heading("Give an answer of Graph");
    let page = json!({"value": [{"id": TEAMVIEWER, "displayName": "TeamViewer"}]});
    with_file(screens, "page.json", &format!("{page:#}\n"), "intunectl partner show -f page.json -o id");

    screens.heading("Give the JSON of Graph PowerShell");
    let json = json!([{"DisplayName": "TeamViewer", "Id": TEAMVIEWER, "AdditionalProperties": {}}]);
    with_file(screens, "powershell.json", &format!("{json}\n"), "intunectl partner show -f powershell.json -o id");

    screens.heading("Give a list with a heading, quotes, commas and comments");
    let list = format!("Id\n--\n'{TEAMVIEWER}',\n{{{HELPDESK}}}  # Contoso Helpdesk\n");
    with_file(screens, "list.txt", &list, "intunectl partner show -f list.txt -o id");

    screens.heading("Give CSV with a column `id`");
    let csv = format!("displayName;id\nTeamViewer;{TEAMVIEWER}\n\"Contoso; Helpdesk\";{HELPDESK}\n");
    with_file(screens, "partners.csv", &csv, "intunectl partner show -f partners.csv -o id");

    screens.heading("Give what `partner list` and `partner show` print for programs");
    screens.sh("intunectl partner show -f ids.txt | intunectl partner show -o id");

    screens.heading("Graph has more partners than this answer");
    let page = json!({
        "@odata.nextLink": "https://graph.microsoft.com/v1.0/deviceManagement/remoteAssistancePartners?$skiptoken=1",
        "value": [{"id": TEAMVIEWER}],
    });
    with_file(screens, "page.json", &format!("{page:#}\n"), "intunectl partner show -f page.json -o id");
}

fn no_ids(screens: &mut Screens) {
    screens.heading("No ID is given. Standard input is read only with `-`");
    screens.sh("intunectl partner disconnect < ids.txt");
    let terminal = Terminal::start(screens.command().args(["partner", "show"]), ALL, 80);
    screens.heading("The same at a terminal, for a command that only reads");
    screens.show_seen("intunectl partner show", &terminal.end());

    screens.heading("The input contains no ID");
    screens.home.file("empty.txt", "");
    screens.sh("intunectl partner disconnect -f empty.txt");
    screens.sh("grep teamviewer ids.txt | intunectl partner disconnect -");
}

fn unreadable_input(screens: &mut Screens) {
    screens.heading("The file does not exist");
    screens.sh("intunectl partner disconnect -f idx.txt");

    screens.heading("Standard input cannot be read");
    screens.sh("intunectl partner disconnect - < .");

    screens.heading("Standard input is named twice");
    screens.sh("intunectl partner disconnect - -f - < ids.txt");

    screens.heading("The file is not UTF-8: it is in Latin 1");
    let latin1 = [format!("{TEAMVIEWER}\n# M").as_bytes(), b"\xfcnchen\n"].concat();
    screens.home.file("latin1.txt", latin1);
    screens.sh("iconv -f LATIN1 -t UTF-8 latin1.txt");
    screens.sh("intunectl partner disconnect -f latin1.txt");

    screens.heading("The file is UTF-16 without a byte order mark");
    screens.sh("iconv -f UTF-8 -t UTF-16LE ids.txt | intunectl partner disconnect -");

    screens.heading("The file has line ends of Mac OS 9");
    screens.sh(&format!(r"printf '{TEAMVIEWER}\r{HELPDESK}\r' | intunectl partner disconnect -"));
}

/// Writes a file, and shows what it contains, with escapes, and what `disconnect` says.
fn with_bad_file(screens: &mut Screens, name: &str, text: &str) {
    screens.home.file(name, text);
    screens.sh(&format!("cat -A {name} | cut -c 1-80"));
    screens.sh(&format!("intunectl partner disconnect -f {name}"));
}

fn bad_ids(screens: &mut Screens) {
    screens.heading("Arguments are names or options, not IDs");
    screens.sh("intunectl partner disconnect 'Contoso Helpdesk' '' id -- --all");

    screens.heading("An argument is an option without its hyphens, or asks for help");
    screens.sh(&format!("intunectl partner disconnect {TEAMVIEWER} dry-run"));
    screens.sh(&format!("intunectl partner disconnect {TEAMVIEWER} help"));

    screens.heading("Some lines of a file are not just an ID");
    let lines = format!(
        "{TEAMVIEWER}\n{HELPDESK} the old helpdesk\nremoteAssistancePartners/{TEAMVIEWER}\ndeviceManagement/TeamViewer\n\
         {TEAMVIEWER},{HELPDESK}\n{TEAMVIEWER},TeamViewer\nTeam%20Viewer\nTeamViewer#old\n--dry-run\n..\n"
    );
    with_bad_file(screens, "bad.txt", &lines);

    screens.heading("Characters that no ID has");
    let lines = format!(
        "Team\u{200b}Viewer\n{HELPDESK}\u{1b}[0m\n{HELPDESK}\u{7}\n5f0e1c9a-2b7d-4c8e-9a…\n\u{201c}TeamViewer\u{201d}\n\
         TeamViewer\"\n{{TeamViewer}}\nTeam\u{2013}Viewer\nTeam*Viewer\nTeam\u{a0}Viewer\n"
    );
    with_bad_file(screens, "characters.txt", &lines);

    screens.heading("An empty ID, backticks, what a program prints in place of an ID, a long text, and the separator and header of CSV after IDs");
    let lines = format!(
        "{TEAMVIEWER}\n''\n`Helpdesk`\nnull\n5f0e1c9a...\nid={HELPDESK}\n{}\nsep=;\nid;name\n",
        "x".repeat(257)
    );
    with_bad_file(screens, "rest.txt", &lines);

    screens.heading("Every line is bad: the first ten are listed");
    let list: String = (1..=14).map(|n| format!("Helpdesk {n}\n")).collect();
    screens.home.file("names.txt", list);
    screens.sh("intunectl partner disconnect -f names.txt");

    screens.heading("The file contains an access token");
    screens.sh("echo eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9/ | intunectl partner disconnect -");
}

fn bad_json(screens: &mut Screens) {
    screens.heading("JSON without IDs");
    let lines = concat!(
        "{\"displayName\":\"TeamViewer\"}\n",
        "{\"id\":7}\n",
        "{\"id\":\"a\",\"id\":\"b\"}\n",
        "{\"id\":\"a\",\"Id\":\"b\"}\n",
        "{\"id\":\"a\",\"value\":[\"b\"]}\n",
        "{\"id\":\"a\",\"tenant_id\":7}\n",
        "[{\"value\":[\"a\"]}]\n",
        "[[\"a\"], \"Contoso Helpdesk\"]\n",
        "{\"id\":\"a\"}, {\"id\":\"b\"}\n",
    );
    with_file(screens, "bad.ndjson", lines, "intunectl partner disconnect -f bad.ndjson");
    let lines = concat!(
        "{\"value\":[\"a\"],\"Value\":[\"b\"]}\n",
        "{\"error\":{\"code\":\"Forbidden\",\"message\":\"Access denied\"}}\n",
        "[\"a\\nb\", \"a\\tb\"]\n",
    );
    with_file(screens, "error.json", lines, "intunectl partner disconnect -f error.json");

    screens.heading("Our own document, which also lists failures");
    screens.sh(&format!("intunectl partner disconnect -q -o json {TEAMVIEWER} | intunectl partner disconnect -"));

    screens.heading("Invalid JSON");
    screens.sh(&format!(r#"echo '["{TEAMVIEWER}",]' | intunectl partner disconnect -"#));

    screens.heading("The JSON ends too early");
    screens.sh(&format!(r#"echo '["{TEAMVIEWER}",' | intunectl partner disconnect -"#));
}

fn bad_csv(screens: &mut Screens) {
    screens.heading("Rows of CSV that are not clear");
    let csv = format!(
        "displayName,id\nTeamViewer\nContoso, Helpdesk,{HELPDESK}\nContoso,a b\n#1 Helpdesk,{HELPDESK}\nid,status\nsep=;\n\
         \"Contoso\"Helpdesk,{HELPDESK}\n \"Contoso\",{HELPDESK}\nTeam\rViewer,{TEAMVIEWER}\n\"Contoso,{HELPDESK}\n"
    );
    with_bad_file(screens, "bad.csv", &csv);
    with_bad_file(screens, "quoted.csv", &format!("id,displayName\n\"{HELPDESK},Contoso\"\n"));

    screens.heading("Headers of CSV that are not clear");
    screens.sh(r"printf 'id,name,ID\na,A,b\n' | intunectl partner disconnect -");
    screens.sh(r"printf 'id;name,id\na;A,b\n' | intunectl partner disconnect -");
}

fn tables(screens: &mut Screens) {
    screens.heading("Tables for people");
    let table = format!(
        "Id                                   DisplayName\n--                                   -----------\n{TEAMVIEWER} TeamViewer\n"
    );
    with_file(screens, "table.txt", &table, "intunectl partner disconnect -f table.txt");
    let list = format!("DisplayName : TeamViewer\nId          : {TEAMVIEWER}\n");
    with_file(screens, "list.txt", &list, "intunectl partner disconnect -f list.txt");
    let table = format!(
        "Id                                    Name\n{}  ----------\n{TEAMVIEWER}  TeamViewer\n",
        "-".repeat(36)
    );
    with_file(screens, "az.txt", &table, "intunectl partner disconnect -f az.txt");
    let table = format!("| id | name |\n| --- | --- |\n| {TEAMVIEWER} | TeamViewer |\n");
    with_file(screens, "table.md", &table, "intunectl partner disconnect -f table.md");
    let table = format!("{TEAMVIEWER}  TeamViewer  onboarded  2026-11-20 08:15\n");
    with_file(screens, "ours.txt", &table, "intunectl partner disconnect -f ours.txt");
    with_file(screens, "names.txt", "Name\n----\nTeamViewer\n", "intunectl partner disconnect -f names.txt");
}

fn other_tenants(screens: &mut Screens) {
    screens.heading("A record belongs to another tenant than the token");
    let record = json!({"id": TEAMVIEWER, "status": "failed", "tenant_id": OTHER_TENANT});
    with_file(screens, "failed.ndjson", &format!("{record}\n"), "intunectl partner disconnect -f failed.ndjson");

    screens.heading("The same with a token that does not name its tenant");
    screens.set("INTUNECTL_TOKEN", "opaque");
    screens.sh("intunectl partner disconnect -f failed.ndjson");
}
