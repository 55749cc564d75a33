//! `--resume`: runs that continue an earlier run.
#![cfg(target_os = "linux")]

use serde_json::{Value, json};

use super::Screens;
use crate::support::jwt;
use crate::support::server::{Reply, Server};

const TENANT: &str = "a1f9d2c4-6b3e-4f70-8d15-92c7e0b4a6d8";
const OTHER_TENANT: &str = "e7b05c33-8d1a-4c52-9f6e-30a4d9f1b27c";
const TEAMVIEWER: &str = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";
const HELPDESK: &str = "c2a7d4e8-1f3b-4a96-8e05-7b9c6d2f1a34";
const RESUME: &str = "intunectl partner disconnect -f ids.txt --resume audit.ndjson";

/// The record of a disconnect in this tenant.
fn record(server: &Server, id: &str, index: usize, tenant: &Value) -> String {
    let root = server.root();
    format!(
        r#"{{"id":"{id}","index":{index},"action":"disconnect","status":"disconnected","http_status":204,"attempts":1,"duration_ms":184,"time":"2026-11-23T10:15:30.123Z","tenant_id":{tenant},"graph_url":"{root}","account":"admin@contoso.com","client_request_id":"4c1f8e6a-0b7d-4a3e-9c52-d8e7f6a5b4c3","request_id":"b1946ac9-2492-4d23-8f6c-5d6a7f1c0e42","error":null}}"#
    ) + "\n"
}

#[test]
fn resume() {
    let server = Server::always(Reply::done);
    let mut screens = Screens::new("07-resume");
    screens.serve(&server);
    screens.mask(server.root(), "https://graph.microsoft.com");
    screens.set("INTUNECTL_TOKEN", &jwt::but(&json!({"tid": TENANT, "upn": "admin@contoso.com"})));
    screens.home.file("ids.txt", format!("{TEAMVIEWER}\n{HELPDESK}\n"));
    let done = record(&server, TEAMVIEWER, 1, &json!(TENANT));
    let all_done = done.clone() + &record(&server, HELPDESK, 2, &json!(TENANT));

    screens.heading("An earlier run was interrupted after the first of two partners. Its records are in audit.ndjson");
    screens.home.file("audit.ndjson", &done);
    screens.sh("cat ids.txt");
    screens.sh("cat audit.ndjson");

    screens.heading("Do the rest");
    screens.sh(RESUME);

    screens.heading("Do the rest, and append the records to the same file");
    screens.sh("intunectl partner disconnect -f ids.txt -o ndjson --resume audit.ndjson >> audit.ndjson");
    screens.sh("grep -o '\"id\":[^,]*\\|\"status\":[^,]*' audit.ndjson");

    screens.heading("Everything is done");
    screens.home.file("audit.ndjson", all_done);
    screens.sh(RESUME);

    screens.heading("The earlier run was killed while it wrote a record");
    screens.home.file("audit.ndjson", done.clone() + "{\"id\":\"c2a7d4e8-1f3b-4a96-8e0");
    screens.sh(RESUME);

    screens.heading("A record is of another tenant");
    screens.home.file("audit.ndjson", record(&server, HELPDESK, 2, &json!(OTHER_TENANT)) + &done);
    screens.sh(RESUME);

    screens.heading("An earlier version of intunectl has written a record");
    let old = json!({"id": HELPDESK, "index": 2, "action": "disconnect", "status": "disconnected", "error": null});
    screens.home.file("audit.ndjson", format!("{done}{old}\n"));
    screens.sh(RESUME);

    screens.heading("Neither the token nor the records name a tenant");
    let token = jwt::but(&json!({"tid": TENANT, "upn": "admin@contoso.com"}));
    screens.set("INTUNECTL_TOKEN", "opaque");
    screens.home.file("audit.ndjson", record(&server, TEAMVIEWER, 1, &Value::Null));
    screens.sh(RESUME);
    screens.set("INTUNECTL_TOKEN", &token);

    screens.heading("The file does not exist");
    screens.sh("intunectl partner disconnect -f ids.txt --resume audit.json");

    screens.heading("The file contains no records");
    screens.sh("intunectl partner disconnect -f ids.txt --resume ids.txt");

    screens.heading("The file is CSV, which is no record");
    screens.home.file("audit.csv", "id,index,action,status\na,1,disconnect,disconnected\n");
    screens.sh("intunectl partner disconnect -f ids.txt --resume audit.csv");

    screens.heading("The shell would empty the file: `>` in place of `>>`");
    screens.home.file("audit.ndjson", &done);
    screens.sh("intunectl partner disconnect -f ids.txt -o ndjson --resume audit.ndjson > audit.ndjson");

    screens.heading("The output that is appended is not records");
    screens.home.file("audit.ndjson", &done);
    screens.sh(&format!("{RESUME} >> audit.ndjson"));
    screens.check();
}
