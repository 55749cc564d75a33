//! What the scripts offer at a TAB in real shells.

use crate::support::Seen;
use crate::support::graph::{TOKEN, Unspoken};
use crate::support::shell::beside;
use crate::support::tab::in_time;
use crate::support::{Intunectl, run};

use super::{listing, partners};

/// What bash offers for the last word of `line`, after the script and `setup`, with the IDs of a Graph server.
fn in_bash(home: &Intunectl, root: &str, setup: &str, line: &str) -> Vec<String> {
    // Bash sets these at a TAB; it also splits words at = and :.
    let script = r#"
        source "$1"; eval "$2"; shift; compopt() { :; }; COMP_LINE=$2 COMP_TYPE=9 word=$3; shift 3
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_POINT=${#COMP_LINE}
        by=$(complete -p intunectl); by=${by##*-F }
        "${by% *}" intunectl "$word" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let mut words = vec![String::new()];
    for c in line.chars() {
        let is_break = |c: char| "=:".contains(c);
        let last = words.last_mut().unwrap();
        let was_break = last.chars().next_back().map(is_break);
        match c {
            ' ' => words.push(String::new()),
            c if was_break.is_some_and(|was_break| was_break != is_break(c)) => words.push(c.into()),
            c => last.push(c),
        }
    }
    let word = words.last().filter(|word| !word.starts_with(['=', ':'])).cloned().unwrap_or_default();
    let mut command = home.command();
    command.env("INTUNECTL_GRAPH_URL", root).env("INTUNECTL_TOKEN", TOKEN);
    let mut bash = beside(&command, "bash");
    bash.args(["--norc", "-c", script, "bash"]).arg(super::script("bash")).args([setup, line, &word]).args(words);
    let Seen { stdout, stderr, code } = run(&mut bash);
    assert_eq!((stderr.as_str(), code), ("", Some(0)), "{line}");
    stdout.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_offers_commands_values_files_and_ids() {
    let graph = listing(&partners(&["id-1", "id-2"]));
    let home = Intunectl::new();
    for name in ["ids.txt", "idéal *", "$(touch trap)"] {
        home.file(name, "");
    }
    let root = graph.url();
    let offered = |line: &str| in_bash(&home, &root, "", &format!("intunectl {line}"));
    assert_eq!(offered("partner dis"), ["disconnect"]);
    assert_eq!(offered("--cloud d"), ["dod"]);
    // Bash inserts only the part after the =.
    assert_eq!(offered("--cloud=d"), ["dod"]);
    assert_eq!(offered("--cloud="), ["global", "gcc-high", "dod", "china"]);
    assert_eq!(offered("partner disconnect -f id"), ["ids.txt", "idéal *"]);
    assert_eq!(offered("partner disconnect --from-file=$"), ["$(touch trap)"]);
    assert!(!home.home().join("trap").exists());
    let with_ids = |line: &str| in_time(|| offered(line), |offers| offers.iter().any(|offer| offer.starts_with("id")));
    assert_eq!(with_ids("partner disconnect i"), ["id-1", "id-2"]);
    assert_eq!(with_ids("partner disconnect id-1 i"), ["id-2"]);
    let other = Unspoken::new();
    for option in [format!("--graph-url {root}"), format!("--graph-url={root}")] {
        let line = format!("intunectl partner disconnect {option} i");
        in_time(|| in_bash(&home, &other.url(), "", &line), |offers| offers == &["id-1", "id-2"]);
    }
    other.assert_unspoken();
}

#[test]
fn bash_offers_no_file_that_would_be_a_command() {
    let home = Intunectl::new();
    for name in ["zebra", "z;touch trap", "z$(touch trap)", "z&x", "z x", "z'", "z>x"] {
        home.file(name, "");
    }
    // In a word with an option, bash does not see the file name, and quotes nothing.
    for line in ["intunectl partner show -fz", "intunectl partner show -qfz"] {
        let (_, glued) = line.rsplit_once(' ').unwrap();
        assert_eq!(in_bash(&home, "http://127.0.0.1:1", "", line), [format!("{glued}ebra")]);
    }
}

#[test]
fn bash_looks_up_nothing_if_an_alias_contains_options() {
    let home = Intunectl::new();
    let other = Unspoken::new();
    let line = "intunectl partner disconnect ";
    let offered = in_bash(&home, &other.url(), "alias intunectl='intunectl --profile b'", line);
    assert!(offered.iter().all(|offer| offer.starts_with('-')) && !offered.is_empty(), "{offered:?}");
    other.assert_unspoken();
    let graph = listing(&partners(&["id-1"]));
    in_time(
        || in_bash(&home, &graph.url(), "alias intunectl=intunectl", line),
        |offers| offers.iter().any(|offer| offer == "id-1"),
    );
}

#[test]
fn bash_completes_an_empty_word_if_the_cursor_is_before_a_word() {
    let graph = listing(&partners(&["id-1"]));
    let (home, other) = (Intunectl::new(), Unspoken::new());
    // As bash sets it: the current word is the one after the cursor, and none of it is typed.
    let script = r#"
        source "$1"
        COMP_LINE="intunectl partner disconnect  --graph-url $2" COMP_TYPE=9 COMP_POINT=29
        COMP_WORDS=(intunectl partner disconnect --graph-url http : "${2#http:}") COMP_CWORD=3
        _intunectl intunectl '' disconnect 2>/dev/null
        echo "${COMPREPLY[0]}""#;
    let mut command = home.command();
    command.env("INTUNECTL_GRAPH_URL", other.url()).env("INTUNECTL_TOKEN", TOKEN);
    let offered = || {
        let mut bash = beside(&command, "bash");
        run(bash.args(["--norc", "-c", script, "bash"]).arg(super::script("bash")).arg(graph.url())).stdout
    };
    in_time(offered, |offered| offered == "id-1\n");
    other.assert_unspoken();
}

#[test]
fn bash_shows_no_messages_of_the_program() {
    // `in_bash` checks that standard error is empty.
    let function = r#"intunectl() { echo noise >&2; command intunectl "$@"; }"#;
    let offered = in_bash(&Intunectl::new(), "http://127.0.0.1:1", function, "intunectl partner dis");
    assert_eq!(offered, ["disconnect"]);
}

#[test]
#[ignore = "needs fish; .ci/run runs it"]
fn fish_looks_up_nothing_unless_it_sees_the_whole_line_and_shows_no_messages() {
    let home = Intunectl::new();
    let in_fish = |root: &str, script: &str, line: &str| {
        let mut command = home.command();
        command.env("INTUNECTL_GRAPH_URL", root).env("INTUNECTL_TOKEN", TOKEN);
        let mut fish = beside(&command, "fish");
        fish.args(["--no-config", "-c", &format!("source $argv[1]; {script}")]).arg(super::script("fish"));
        let Seen { stdout, stderr, code } = run(fish.arg(line));
        assert_eq!((stderr.as_str(), code), ("", Some(0)), "{line}");
        stdout
    };
    // What fish reports if the cursor is after "disconnect ".
    let cursor = r#"
        set -g behind $argv[2]
        function commandline
            switch "$argv"
                case '--current-process --tokenize --cut-at-cursor'
                    printf '%s\n' intunectl partner disconnect
                case '--current-process --cut-at-cursor'
                    echo 'intunectl partner disconnect '
                case --current-buffer
                    echo "intunectl partner disconnect $behind"
                case --current-token
                    echo
                case '*'
                    echo "what is $argv?" >&2
            end
        end
        __intunectl_complete"#;
    let other = Unspoken::new();
    let complete = "complete --do-complete $argv[2]";
    assert!(in_fish(&other.url(), cursor, " --profile b").contains("--profile\t"));
    in_fish(&other.url(), complete, "set -x INTUNECTL_PROFILE b; intunectl partner disconnect ");
    in_fish(&other.url(), complete, "echo a | intunectl partner disconnect ");
    other.assert_unspoken();
    let graph = listing(&partners(&["id-1"]));
    in_time(|| in_fish(&graph.url(), cursor, " "), |offers| offers.starts_with("id-1\t"));
    // fish sets variables that are before the command.
    let line = format!("INTUNECTL_GRAPH_URL={} intunectl partner disconnect i", graph.url());
    in_time(|| in_fish(&other.url(), complete, &line), |offers| offers.starts_with("id-1\t"));
    let noisy = format!("function intunectl; echo noise >&2; command intunectl $argv; end; {complete}");
    assert!(in_fish("http://127.0.0.1:1", &noisy, "intunectl partner dis").starts_with("disconnect\t"));
}

#[test]
#[ignore = "needs fish; .ci/run runs it"]
fn fish_offers_commands_values_and_ids() {
    let graph = listing(&partners(&["id-1", "id-2"]));
    let home = Intunectl::new();
    let mut command = home.command();
    command.env("INTUNECTL_GRAPH_URL", graph.url()).env("INTUNECTL_TOKEN", TOKEN);
    let offered = |line: &str| {
        let mut fish = beside(&command, "fish");
        fish.args(["--no-config", "-c", "source $argv[1]; complete --do-complete $argv[2]"]).arg(super::script("fish"));
        let Seen { stdout, stderr, code } = run(fish.arg(line));
        assert_eq!((stderr.as_str(), code), ("", Some(0)), "{line}");
        stdout
    };
    assert_eq!(offered("intunectl auth logi"), "login\tSign in, and save the sign-in to the system keyring\n");
    assert_eq!(offered("intunectl --cloud=d"), "--cloud=dod\n");
    let line = "intunectl partner disconnect id-1 i";
    in_time(|| offered(line), |offers| offers == "id-2\tA name, onboarded\n");
}

#[test]
#[ignore = "needs zsh; .ci/run runs it"]
fn zsh_offers_commands_and_ids_from_the_first_tab_on() {
    let graph = listing(&partners(&["id-1"]));
    let home = Intunectl::new();
    let mut command = home.command();
    command.env("INTUNECTL_TOKEN", TOKEN).env("TERM", "dumb");
    // zsh completes only on a terminal. At a TAB, this one saves the completed line.
    let script = r#"
        zmodload zsh/zpty; zpty shell zsh -fi
        zpty -w shell "PS1=; fpath+=($1); autoload -Uz compinit; compinit -Du"
        zpty -w shell "alias il='intunectl --retries 0' ip='INTUNECTL_PROFILE=b intunectl'"
        zpty -w shell 'tab() { zle complete-word; print -r -- "$BUFFER" >line; exit }; zle -N tab; bindkey "^I" tab'
        zpty -w shell "print rea''dy"; zpty -r shell out '*ready*'
        zpty -w -n shell "$2"$'\t'
        while zpty -r shell out; do :; done
        cat line"#;
    let fpath = super::script("zsh").parent().unwrap().to_owned();
    let offered = |root: &str, line: &str| {
        let mut zsh = beside(&command, "zsh");
        zsh.env("INTUNECTL_GRAPH_URL", root).args(["-f", "-c", script, "zsh"]).arg(&fpath).arg(line);
        run(&mut zsh).stdout
    };
    assert_eq!(offered(&graph.url(), "intunectl auth logi"), "intunectl auth login \n");
    for command in ["intunectl", " intunectl", "il"] {
        let whole = format!("{command} partner disconnect id-1 \n");
        in_time(|| offered(&graph.url(), &format!("{command} partner disconnect i")), |line| *line == whole);
    }
    // The words of a command do not include what is before it.
    let other = Unspoken::new();
    for command in ["INTUNECTL_PROFILE=b intunectl", "sudo intunectl", "export INTUNECTL_PROFILE=b; intunectl", "ip"] {
        let line = format!("{command} partner disconnect i");
        assert_eq!(offered(&other.url(), &line), format!("{line}\n"));
        // Commands are offered anyway.
        let line = format!("{command} partner disconn");
        assert_eq!(offered(&other.url(), &line), format!("{line}ect \n"));
    }
    other.assert_unspoken();
}
