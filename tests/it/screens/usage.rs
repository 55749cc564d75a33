//! Command lines that are incomplete, misspelt or contradictory, and the manual page.

use super::Screens;
use crate::support::jwt::good;
use crate::support::run;

const ID: &str = "5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10";

#[test]
fn usage() {
    let mut screens = Screens::new("02-usage");
    screens.set("COLUMNS", "80");

    screens.heading("You ask for the version");
    screens.sh("intunectl --version");
    screens.sh("intunectl version");

    screens.heading("You mistype a command, or leave it out");
    screens.sh(&format!("intunectl partner disconect {ID}"));
    screens.sh("intunectl partner nonsense");
    screens.sh("intunectl parnter");
    screens.sh("intunectl partner");
    screens.sh("intunectl partner -q");
    screens.sh("intunectl partner list TeamViewer");
    screens.sh("intunectl sandbox bash");

    screens.heading("You type a command without its group, in the wrong group, or by the name that it has elsewhere");
    screens.sh(&format!("intunectl disconnect {ID}"));
    screens.sh(&format!("intunectl --tenant contoso.com disconnect {ID} --dry-run"));
    screens.sh(&format!("intunectl onboard {ID}"));
    screens.sh("intunectl list -o json");
    screens.sh("intunectl login");
    screens.sh("intunectl status");
    screens.sh("intunectl whoami");
    screens.sh("intunectl auth signin");
    screens.sh("intunectl partner login");
    screens.sh(&format!("intunectl partner rm {ID}"));
    screens.sh("intunectl get partners");
    screens.sh(&format!("intunectl partner connect {ID}"));
    screens.sh("intunectl help disconnect");
    screens.sh("intunectl help --help");

    screens.heading("What you typed may be a secret: it is not shown");
    let token = good();
    screens.mask(&token, "eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOi...");
    screens.sh(&format!("intunectl disconnect {ID} --tokn=s3cret"));
    screens.sh(&format!("intunectl disconnect {token}"));
    screens.sh("intunectl auth login AZURE_CLIENT_SECRET=s3cret");
    screens.sh("intunectl auth login --with-token=s3cret");
    screens.sh(&format!("intunectl partner disconnect {ID} --dry-run=client"));

    screens.heading("You mistype an option, or leave out its value");
    screens.sh("intunectl partner disconnect --form-file ids.txt");
    screens.sh(&format!("intunectl partner disconnect {ID} --what"));
    screens.sh(&format!("intunectl partner disconnect {ID} --all"));
    screens.sh(&format!("intunectl --dry-run partner disconnect {ID}"));
    screens.sh("intunectl partner disconnect --from-file");

    screens.heading("You give an option of `partner disconnect` a value that it does not accept");
    screens.sh("intunectl partner disconnect -f ids.txt -j 100");
    screens.sh("intunectl partner disconnect -f ids.txt --rate 100");
    screens.sh("intunectl partner disconnect -f ids.txt --rate 0/20s");
    screens.sh("intunectl partner disconnect -f ids.txt --rate 100/20");
    screens.sh("intunectl partner disconnect -f ids.txt --wait=0s");

    screens.heading("You give a global option a value that it does not accept");
    screens.sh("intunectl partner list --tenant 'contoso com'");
    screens.sh("intunectl partner list --tenant ''");
    screens.sh("intunectl partner list --tenant consumers");
    screens.sh("intunectl partner list --cloud us-gov");
    screens.sh("intunectl partner list --api-version v2.0");
    screens.sh("intunectl partner list -o xml");
    screens.sh("intunectl partner list --color yes");
    screens.sh("intunectl partner list --timeout 30");
    screens.sh("intunectl partner list --timeout 2years");
    screens.sh("intunectl partner list --retries many");

    screens.heading("You give an option of `auth login` a value that it does not accept; a token is not shown");
    screens.sh("intunectl auth login --client-id ''");
    screens.sh(&format!("intunectl auth login --client-id {token}"));

    screens.heading("You give an option of `sandbox` a value that it does not accept");
    screens.sh("intunectl sandbox --partners 2000000");
    screens.sh("intunectl sandbox --latency 50");
    screens.sh("intunectl sandbox --throttle none");
    screens.sh(&format!("intunectl sandbox --fail {ID}"));
    screens.sh(&format!("intunectl sandbox --fail {ID}=204"));
    screens.sh("intunectl sandbox --token-lifetime 500ms");
    screens.sh("intunectl sandbox --port 80000");

    screens.heading("You use options that contradict each other");
    screens.set("TOKEN", &token);
    screens.sh("intunectl partner list --token-file token.txt --token $TOKEN");
    screens.unset("TOKEN");
    screens.sh("intunectl auth login --browser --device-code");

    screens.heading("You name two tenants, or two of anything else that selects a token or a server");
    screens.sh("intunectl --tenant contoso.com partner disconnect -f ids.txt --tenant fabrikam.com");
    screens.sh("intunectl partner list --profile contoso --profile fabrikam");

    screens.heading("You ask for a completion script");
    screens.sh("intunectl completion");
    screens.sh("intunectl completion tcsh");
    screens.sh("intunectl completion bash >/dev/full");

    screens.heading("There is no space for the help");
    screens.sh("intunectl --help >/dev/full");

    screens.heading("You read the manual page; here are the sections that are not in the help");
    let seen = run(screens.command().arg("man"));
    let sections = ["EXIT STATUS", "ENVIRONMENT"].map(|name| section(&seen.stdout, name)).concat();
    screens.show("intunectl man | man -l -", &sections, seen.code);

    screens.heading("You ask for a manual page that does not exist");
    screens.sh("intunectl man disconnect");
    screens.sh(&format!("intunectl man partner disconnect {ID}"));

    screens.check();
}

/// A section of a manual page that consists of terms and their meanings, as a formatter shows it.
fn section(page: &str, name: &str) -> String {
    let heading = format!(".SH {name}");
    let lines = page.lines().skip_while(|line| line.replace('"', "") != heading).skip(1);
    let lines = lines.take_while(|line| !line.starts_with(".SH")).filter(|line| !line.starts_with('.'));
    let lines = lines.map(|line| ["\\fB", "\\fR"].iter().fold(line.to_owned(), |line, mark| line.replace(mark, "")));
    let lines: Vec<_> = lines.map(|line| line.replace("\\-", "-").replace(r"\*(Aq", "'")).collect();
    let mut text = format!("{name}\n");
    for pair in lines.chunks(2) {
        let [term, meaning] = pair else { panic!("{pair:?}") };
        let between = if term.len() < 7 { " ".repeat(7 - term.len()) } else { format!("\n{}", " ".repeat(14)) };
        text.push_str(&format!("       {term}{between}{meaning}\n"));
    }
    text
}
