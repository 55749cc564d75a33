//! Help, version and usage errors.

use std::path::Path;

use crate::support::helper::link_program;
use crate::support::jwt::good;
use crate::support::{BINARY, Intunectl, Seen, TOKEN, run};

fn seen(arguments: &[&str]) -> Seen {
    run(Intunectl::new().command().args(arguments))
}

#[test]
fn version_and_help_go_to_standard_output() {
    let Seen { stdout, stderr, code } = seen(&["--version"]);
    assert_eq!((stdout.as_str(), stderr.as_str(), code), ("intunectl 0.1.0\n", "", Some(0)));
    for command in [&["--help"][..], &["partner", "--help"], &["partner", "disconnect", "--help"], &["sandbox", "-h"]] {
        let Seen { stdout, stderr, code } = seen(command);
        assert!(stdout.contains("Usage: intunectl"), "{stdout}");
        assert_eq!((stderr.as_str(), code), ("", Some(0)));
    }
}

/// The commands below a command, as its help lists them.
fn below(path: &[&str]) -> Vec<String> {
    let Seen { stdout, .. } = seen(&[path, &["--help"]].concat());
    let listed = stdout.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.split_whitespace().next());
    // clap's command `help` has no help.
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// All commands without subcommands.
fn commands() -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    for first in below(&[]) {
        match below(&[&first]) {
            none if none.is_empty() => commands.push(vec![first]),
            second => commands.extend(second.into_iter().map(|second| vec![first.clone(), second])),
        }
    }
    assert!(commands.len() >= 11, "{commands:?}");
    commands
}

fn help(command: &[String]) -> String {
    let path: Vec<_> = command.iter().map(String::as_str).collect();
    seen(&[&path[..], &["--help"]].concat()).stdout
}

#[test]
fn the_long_help_of_every_command_has_an_example() {
    for command in commands() {
        let stdout = help(&command);
        let example = stdout.split_once("\nExample").map(|(_, examples)| examples).unwrap_or_default();
        assert!(example.contains(&format!("intunectl {}", command.join(" "))), "{command:?}: {stdout}");
    }
}

/// Checks that it is a usage error, and returns the message and the hint.
fn usage_error(arguments: &[&str]) -> (String, String) {
    let Seen { stdout, stderr, code } = seen(arguments);
    assert_eq!((stdout.as_str(), code), ("", Some(2)), "{arguments:?}: {stderr}");
    let text = stderr.strip_prefix("error: ").and_then(|text| text.strip_suffix('\n')).unwrap();
    // clap's own pointers and tips.
    for other in ["tip:", "Usage:", "For more information", "error: ", "'-- "] {
        assert!(!text.contains(other), "{arguments:?}: {stderr}");
    }
    let (error, hint) = text.split_once("\nhint: ").unwrap_or((text, ""));
    (error.to_owned(), hint.to_owned())
}

#[test]
fn an_unknown_or_incomplete_word_is_a_usage_error() {
    for (arguments, word, hint) in [
        (&["--nonsense"][..], "`--nonsense`", "`intunectl --help` lists the options"),
        (&["nonsense"], "`intunectl nonsense`", "commands of `intunectl`: partner, auth, "),
        (&["partner", "nonsense"], "`intunectl partner nonsense`", "commands of `intunectl partner`: list, show, "),
        (&["help", "nonsense"], "`intunectl nonsense`", "commands of `intunectl`: partner, auth, "),
        (&["help", "--help"], "`intunectl help` has no options", "run `intunectl --help`"),
        (&["help", "partner", "list", "show"], "`intunectl partner list show`", "run `intunectl partner list --help`"),
        (&["partner", "list", "nonsense"], "`nonsense`", "run `intunectl partner list --help`"),
        (
            &["partner", "disconnect", "a", "--nonsense"],
            "`--nonsense`",
            "`intunectl partner disconnect --help` lists the options",
        ),
        (&["partner", "disconnect", "a", "-Nonsense"], "`-Nonsense`", "`intunectl partner disconnect --help` lists"),
        (&["partner", "disconnect", "a", "--from-file"], "--from-file", ""),
        (&["auth", "logout", "--with-token"], "`--with-token`", "`intunectl auth logout --help` lists the options"),
        (&["partner", "disconnect", "a", "-px1"], "`-p`", "`intunectl partner disconnect --help` lists"),
        (&["completion"], "`intunectl completion` needs <SHELL>", "run `intunectl completion --help`"),
        (&["sandbox", "bash"], "`bash`", "put `--` before the command, for example: intunectl sandbox -- bash"),
        (
            &["--dry-run", "partner", "disconnect", "a"],
            "`--dry-run`",
            "put --dry-run after `intunectl partner disconnect`",
        ),
        (&["partner", "-q"], "`intunectl partner` needs a command", "commands of `intunectl partner`: list, show, "),
        (&["--tenant", "a.example"], "`intunectl` needs a command", "commands of `intunectl`: partner, auth, "),
    ] {
        let (error, found) = usage_error(arguments);
        assert!(error.contains(word), "{arguments:?}: {error}");
        assert!(found.starts_with(hint) && found.is_empty() == hint.is_empty(), "{arguments:?}: {found}");
    }
}

#[test]
fn a_misspelt_command_gets_a_suggestion() {
    for (words, meant) in [
        ("partner disconect a", "the command is `intunectl partner disconnect`"),
        ("disconnetc a", "the command is `intunectl partner disconnect`"),
        ("partner List", "the command is `intunectl partner list`"),
        ("partners list", "the command is `intunectl partner`"),
        ("auth stat", "the command is `intunectl auth status`"),
        ("auth log", "the commands are `intunectl auth login` and `intunectl auth logout`"),
    ] {
        assert_eq!(usage_error(&split(words)).1, meant, "{words}");
    }
}

fn split(words: &str) -> Vec<&str> {
    words.split(' ').filter(|word| !word.is_empty()).collect()
}

#[test]
fn a_misplaced_command_gets_the_command_that_was_meant() {
    let remove = &["partner disconnect", "partner delete"][..];
    let read = &["partner list", "partner show"][..];
    let table: [(&str, &[&str]); 37] = [
        ("disconnect ID", &["partner disconnect"]),
        ("onboard ID", &["partner onboard"]),
        ("show ID", &["partner show"]),
        ("list", &["partner list", "auth list"]),
        ("list partners", &["partner list", "auth list"]),
        ("ls", &["partner list"]),
        ("login", &["auth login"]),
        ("login --device-code", &["auth login"]),
        ("logout", &["auth logout"]),
        ("status", &["auth status"]),
        ("token", &["auth token"]),
        ("whoami", &["auth status"]),
        ("auth signin", &["auth login"]),
        ("auth ls", &["auth list"]),
        ("auth disconnect ID", &["partner disconnect"]),
        ("partner login", &["auth login"]),
        ("partner sandbox", &["sandbox"]),
        ("partner connect ID", &["partner onboard"]),
        ("delete partner ID", &["partner delete"]),
        ("disconnect ID --dry-run", &["partner disconnect"]),
        ("--tenant a.example disconnect ID", &["partner disconnect"]),
        ("--profile login login", &["auth login"]),
        ("help disconnect", &["help partner disconnect"]),
        ("help remove", &["help partner disconnect", "help partner delete", "help auth logout"]),
        ("get partners", read),
        ("partner get", read),
        ("describe ID", read),
        ("partner view ID", read),
        ("info ID", read),
        ("rm ID", remove),
        ("remove partner ID", remove),
        ("partner remove ID", remove),
        ("partner del ID", remove),
        ("destroy ID", remove),
        ("offboard ID", remove),
        ("partner unboard ID", remove),
        ("partner uninstall", remove),
    ];
    for (words, meant) in table {
        let (error, found) = usage_error(&split(words));
        assert!(error.ends_with("` is not a command"), "{words}: {error}");
        let verb = if meant.len() == 1 { "command is" } else { "commands are" };
        assert!(found.starts_with(&format!("the {verb} `intunectl ")), "{words}: {found}");
        let named: Vec<_> = found.split('`').skip(1).step_by(2).map(|name| &name["intunectl ".len()..]).collect();
        assert_eq!(named, meant, "{words}");
    }
}

#[test]
fn a_hint_never_leads_from_a_harmless_intention_to_a_change() {
    let dry_run = "--dry-run shows what would happen, and changes nothing";
    for option in
        ["--what", "--whatiff", "-What", "--dry", "--dryrun", "-dry-run", "--preview", "--simulate", "--no-op"]
    {
        for verb in ["disconnect", "onboard"] {
            let (error, hint) = usage_error(&["partner", verb, "a", option]);
            assert!(error.contains(option), "{error}");
            assert_eq!(hint, dry_run, "{option}");
        }
    }
    // Not even similar to `--wait`, `--yes` or `disconnect`.
    for option in ["--all", "--watch", "--confirm", "--list", "--check", "--no-yes", "--w", "--y"] {
        let (_, hint) = usage_error(&["partner", "disconnect", "a", option]);
        assert_eq!(hint, "`intunectl partner disconnect --help` lists the options", "{option}");
    }
    for word in ["disconnected", "reconnect", "onboarded", "offboarded"] {
        let (_, hint) = usage_error(&["partner", word, "a"]);
        assert!(hint.starts_with("commands of `intunectl partner`: "), "{word}: {hint}");
    }
    let similar = [("--form-file", "from-file"), ("--yess", "yes"), ("--wiat", "wait"), ("--conc", "concurrency")];
    for (typed, option) in similar {
        let (_, hint) = usage_error(&["partner", "disconnect", "a", typed]);
        assert_eq!(hint, format!("a similar option is --{option}"));
    }
}

#[test]
fn a_usage_error_shows_no_text_that_may_be_a_secret() {
    let jwt = good();
    let secrets = [
        jwt.as_str(),
        TOKEN,
        &"x".repeat(33),
        "Ab18Q~x",
        "AZURE_CLIENT_SECRET=Ab18",
        "Bearer Ab18",
        "@file1",
        "hunter2",
    ];
    for secret in secrets {
        let glued = |option: &str| format!("{option}={secret}");
        for words in [
            &[secret][..],
            &["help", secret],
            &["partner", secret],
            &["partner", "list", secret],
            &["auth", "login", secret],
            &["login", "-p", secret],
            &["disconnect", secret],
            &["disconnect", "ID", &glued("--tokn")],
            &["list", "--graph-url", &format!("https://u:{secret}@h")],
            &["--token", secret, "list"],
            &["list", &glued("--token")],
            &["partner", "list", &glued("--tokn")],
            &["partner", "list", "-o", secret],
            &["partner", "list", "--cloud", secret],
            &["partner", "list", "--timeout", secret],
            &["partner", "list", "--retries", &format!("{secret}\u{1b}[1m")],
            &["auth", "login", &glued("--with-token")],
            &["auth", "logout", &glued("--all")],
            &["completion", secret],
            &["man", secret],
        ] {
            let (error, hint) = usage_error(words);
            assert!(!error.contains(secret) && !hint.contains(secret), "{words:?}: {error} {hint}");
        }
    }
}

#[test]
fn an_option_that_takes_no_value_says_so() {
    for option in ["--yes=x", "--dry-run=client", "--dry-run=false", "--fail-fast=true", "--quiet=1", "--verbose=2"] {
        let name = option.split('=').next().unwrap();
        let found = usage_error(&["partner", "disconnect", "ID", option]);
        assert_eq!(found, (format!("{name} takes no value"), String::new()), "{option}");
    }
    let (error, hint) = usage_error(&["auth", "login", "--with-token=Ab18"]);
    assert_eq!(error, "--with-token takes no value");
    assert_eq!(hint, "pipe the token: `intunectl auth login --with-token < token.txt`");
}

#[test]
fn intunectl_alone_shows_the_commands_and_succeeds() {
    let Seen { stdout, stderr, code } = seen(&[]);
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    let listed = stdout.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let listed: Vec<_> = listed.filter(|line| line.chars().nth(2) != Some(' ')).collect();
    for command in commands() {
        let name = format!("  {} ", command.join(" "));
        assert_eq!(listed.iter().filter(|line| line.starts_with(&name)).count(), 1, "{name}: {stdout}");
    }
    assert_eq!(listed.len(), commands().len());
    for more in ["intunectl --help ", "intunectl help environment ", "intunectl help exit-codes "] {
        assert!(stdout.contains(more), "{stdout}");
    }
    assert!(!stdout.contains("--token") && stdout.lines().count() < 40, "{stdout}");
}

#[test]
fn a_group_alone_shows_its_help_and_is_a_usage_error() {
    for group in ["partner", "auth"] {
        let Seen { stdout, stderr, code } = seen(&[group]);
        // In a script, the variable with the command may be empty.
        assert_eq!((stderr.as_str(), code), ("", Some(2)), "{group}");
        assert_eq!(stdout, seen(&[group, "-h"]).stdout);
    }
}

#[test]
fn the_command_version_equals_the_option() {
    assert_eq!(seen(&["version"]), seen(&["--version"]));
    assert!(!seen(&["--help"]).stdout.contains("  version"));
}

#[test]
fn partner_ls_is_partner_list() {
    assert_eq!(seen(&["partner", "ls", "--help"]), seen(&["partner", "list", "--help"]));
    assert!(seen(&["partner", "--help"]).stdout.contains("[alias: ls]"));
}

#[test]
fn a_commands_help_has_its_own_options_and_one_line_for_the_global_ones() {
    const GLOBAL: &str = "\n\nGlobal options (--tenant, --profile, -o, -q, -v, ...): `intunectl --help`\n\
                          Variables: `intunectl help environment`\n";
    let groups = [vec!["partner".to_owned()], vec!["auth".to_owned()]];
    for command in commands().into_iter().chain(groups) {
        let path: Vec<_> = command.iter().map(String::as_str).collect();
        for flag in ["-h", "--help"] {
            let Seen { stdout, .. } = seen(&[&path[..], &[flag]].concat());
            assert_eq!(stdout.matches(GLOBAL).count(), 1, "{command:?}: {stdout}");
            for option in ["--token <", "--tenant <", "--output <", "--quiet"] {
                assert!(!stdout.contains(option), "{command:?}: {stdout}");
            }
            assert!(stdout.contains(" [OPTIONS]"), "{stdout}");
        }
    }
    let own = help(&["partner".to_owned(), "disconnect".to_owned()]);
    assert!(own.contains("\n  -f, --from-file <PATH>\n") && own.contains("\n      --wait[=<DURATION>]\n"), "{own}");
    for flag in ["-h", "--help"] {
        let Seen { stdout, .. } = seen(&[flag]);
        assert!(stdout.contains("\nGlobal options:\n") && stdout.contains("--tenant <ID|DOMAIN>"), "{stdout}");
    }
}

#[test]
fn the_command_help_shows_the_help_of_commands() {
    assert_eq!(seen(&["help"]), seen(&["--help"]));
    for words in ["partner", "partner disconnect", "auth login", "completion"] {
        let words = split(words);
        let help = seen(&[&["help"], &words[..]].concat());
        assert_eq!(help, seen(&[&words[..], &["--help"]].concat()));
        assert_eq!(help.code, Some(0));
    }
    assert_eq!(seen(&["partner", "help", "show"]), seen(&["partner", "show", "--help"]));
}

#[test]
fn help_environment_explains_the_variables_of_the_manual_page() {
    let Seen { stdout, stderr, code } = seen(&["help", "environment"]);
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    let terms = |text: &str, indent: &str| -> Vec<String> {
        let terms = text.lines().filter_map(|line| line.strip_prefix(indent)).filter(|line| !line.starts_with(' '));
        terms.map(str::to_owned).collect()
    };
    let page = seen(&["man"]).stdout;
    let section = page.split_once(".SH ENVIRONMENT\n").unwrap().1.split_once(".SH ").unwrap().0;
    let on_page: Vec<_> = terms(section, "\\fB").iter().map(|name| name.trim_end_matches("\\fR").to_owned()).collect();
    assert_eq!(terms(&stdout, "  "), on_page);
    assert!(on_page.len() > 15 && on_page[0] == "INTUNECTL_TOKEN");
    assert_eq!(seen(&["environment"]), seen(&["help", "environment"]));
}

#[test]
fn help_exit_codes_explains_every_exit_code() {
    let Seen { stdout, stderr, code } = seen(&["help", "exit-codes"]);
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    let codes = stdout.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    assert_eq!(codes.map(str::trim).collect::<Vec<_>>(), ["0", "1", "2", "4", "130, 143"]);
    for command in commands().iter().filter(|command| command[0] == "partner" && command[1] != "list") {
        assert!(help(command).ends_with("\n\nExit codes: `intunectl help exit-codes`\n"), "{command:?}");
    }
    assert_eq!(seen(&["exit-codes"]), seen(&["help", "exit-codes"]));
}

#[test]
fn help_lists_the_topics() {
    let Seen { stdout, .. } = seen(&["help"]);
    let (_, topics) = stdout.split_once("\nMore help:\n").unwrap();
    assert!(
        topics.contains("intunectl help environment ") && topics.contains("intunectl help exit-codes "),
        "{topics}"
    );
}

/// All help pages.
fn pages() -> Vec<Vec<String>> {
    let words = ["", "--help", "-h", "help environment", "help exit-codes", "partner", "auth --help", "man --help"];
    let mut pages: Vec<Vec<String>> =
        words.iter().map(|words| split(words).into_iter().map(str::to_owned).collect()).collect();
    for command in commands() {
        pages.extend(["-h", "--help"].map(|flag| [&command[..], &[flag.to_owned()]].concat()));
    }
    pages
}

#[test]
fn help_fits_the_width() {
    let home = Intunectl::new();
    for page in pages() {
        for columns in [80, 40] {
            let Seen { stdout, .. } = run(home.command().args(&page).env("COLUMNS", columns.to_string()));
            // Lines to type are not wrapped: half of a command must not look like a command.
            let headings = ["\nExample", "\nTry it", "\nMore help:", "\nExit codes:"];
            let end = headings.iter().filter_map(|heading| stdout.find(heading)).min().unwrap_or(stdout.len());
            let (text, to_type) = stdout.split_at(end);
            let is_one_word = |line: &str| line.split_whitespace().count() == 1;
            let may_be_long = |line: &str| columns < 80 && (line.starts_with("Usage: ") || is_one_word(line));
            for line in text.lines() {
                assert!(line.len() <= columns || may_be_long(line), "{page:?} at {columns}: {line}");
            }
            assert!(to_type.lines().all(|line| line.len() < 80), "{page:?}: {to_type}");
        }
        let [narrow, wide] = [40, 80].map(|columns: usize| {
            let Seen { stdout, .. } = run(home.command().args(&page).env("COLUMNS", columns.to_string()));
            stdout.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        });
        assert_eq!(narrow, wide, "{page:?}");
    }
}

#[test]
fn a_number_that_is_not_valid_gets_the_range() {
    for (arguments, range) in [
        (&["partner", "disconnect", "a", "--concurrency=many"][..], "from 1 to 64"),
        (&["partner", "disconnect", "a", "--concurrency=65"], "from 1 to 64"),
        (&["partner", "list", "--retries=99999999999999999999"], "from 0 to 1000"),
        (&["sandbox", "--port=-1"], "from 0 to 65535"),
        (&["sandbox", "--partners=1.5"], "from 0 to 1000000"),
    ] {
        let (error, hint) = usage_error(arguments);
        assert!(error.ends_with(&format!(": must be a number {range}")), "{error}");
        assert_eq!(hint, "");
    }
}

#[test]
fn a_value_out_of_range_is_a_usage_error() {
    for option in [
        "--concurrency=0",
        "--concurrency=65",
        "--rate=0/20s",
        "--rate=100",
        "--timeout=0s",
        "--timeout=soon",
        "--retries=-1",
        "--retries=many",
        "--output=xml",
        "--cloud=mars",
        "--api-version=v2.0",
        "--color=green",
    ] {
        let Seen { stdout, stderr, code } = seen(&["partner", "disconnect", "a", "--token", "t", option]);
        assert_eq!((stdout.as_str(), code), ("", Some(2)), "{option}");
        let name = option.split('=').next().unwrap();
        assert!(stderr.starts_with("error: invalid value") && stderr.contains(name), "{stderr}");
    }
}

#[test]
fn examples_fit_80_columns_so_that_they_can_be_copied() {
    for command in commands() {
        let help = help(&command);
        let examples = help.lines().skip_while(|line| !line.starts_with("Example")).skip(1);
        for line in examples.take_while(|line| line.starts_with("  ")) {
            assert!(line.len() < 80, "{command:?}: {line}");
        }
    }
}

#[test]
fn usage_errors_follow_the_color_option() {
    let table: [(&[&str], &str, bool); 6] = [
        (&["--color", "always"], "NO_COLOR", true),
        (&["--color=always"], "NO_COLOR", true),
        (&["--color", "never"], "CLICOLOR_FORCE", false),
        (&["--color=never"], "CLICOLOR_FORCE", false),
        (&[], "CLICOLOR_FORCE", true),
        // Words after `--` are not options.
        (&["completion", "--", "--color=always"], "NO_COLOR", false),
    ];
    for (arguments, variable, colored) in table {
        let home = Intunectl::new();
        let mut command = home.command();
        let output = command.args(arguments).arg("--no-such-option").env(variable, "1").output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.contains('\u{1b}'), colored, "{arguments:?} {stderr:?}");
    }
}

#[test]
fn help_follows_the_color_option() {
    for (arguments, variable, colored) in [
        (&["--color", "always", "--help"][..], "NO_COLOR", true),
        (&["partner", "list", "-h", "--color=never"], "CLICOLOR_FORCE", false),
        (&["partner"], "CLICOLOR_FORCE", true),
        (&["help", "partner"], "NO_COLOR", false),
    ] {
        let Seen { stdout, .. } = run(Intunectl::new().command().args(arguments).env(variable, "1"));
        assert_eq!(stdout.contains('\u{1b}'), colored, "{arguments:?} {stdout:?}");
    }
}

#[test]
fn usage_shows_the_name_intunectl_even_if_the_file_is_renamed() {
    let home = Intunectl::new();
    let renamed = link_program(Path::new(BINARY), home.home(), "renamed");
    for arguments in [
        &[][..],
        &["--help"],
        &["-h"],
        &["--version"],
        &["--nonsense"],
        &["nonsense"],
        &["help", "partner", "disconnect"],
        &["partner"],
        &["partner", "--help"],
        &["partner", "list", "-h"],
        &["partner", "list", "nonsense"],
        &["partner", "disconnect"],
        &["partner", "disconnect", "a", "--from-file"],
        &["auth", "login", "--version"],
        &["completion"],
        &["sandbox", "--help"],
    ] {
        let seen = run(home.command_of(&renamed).args(arguments));
        assert_eq!(seen, self::seen(arguments));
        let text = seen.stdout + &seen.stderr;
        assert!(!text.contains("renamed") && !text.contains("intunectl.exe"), "{arguments:?}: {text}");
        let mut usages = text.split("Usage: ").skip(1);
        assert!(usages.all(|usage| usage.starts_with("intunectl ")), "{arguments:?}: {text}");
    }
}
