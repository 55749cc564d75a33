//! The parts of a run: measurements, comparisons and limits.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::measure::{Cost, Job, by_turns, median};
use crate::nginx::Nginx;
use crate::server::{Behaviour, Came, Server};
use crate::support::tls::Identity;
use crate::table::{Row, Table};

/// The file in which Debian keeps the root certificates that the system trusts.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
/// The number of requests in flight at once in parts with many.
const AT_ONCE: usize = 32;
/// Not a JWT.
const TOKEN: &str = "an-opaque-token";
/// About the latency of the service from a place nearby.
const LATENCY: Duration = Duration::from_millis(50);
/// The rate limit of one application in one tenant. Source: the published limits of Intune.
const PUBLISHED: (usize, Duration) = (100, Duration::from_secs(20));

/// A part adds its rows to the table.
pub type Part = fn(&Bench, &mut Table) -> Result<()>;

/// All parts, in the order in which they run.
pub const PARTS: [(&str, Part); 6] = [
    ("start", Bench::start),
    ("one", Bench::one),
    ("latency", Bench::latency),
    ("bulk", Bench::bulk),
    ("pace", Bench::pace),
    ("million", Bench::million),
];

/// The settings and files of all parts.
pub struct Bench {
    runs: usize,
    home: PathBuf,
    /// The intunectl that is measured.
    pub binary: PathBuf,
    curl: PathBuf,
    h2: Identity,
    h1: Identity,
    roots: usize,
}

impl Bench {
    /// Writes the files into a directory.
    ///
    /// # Errors
    /// The system has no root certificates.
    pub fn new(runs: usize, home: &Path, curl: &Path) -> Result<Self> {
        // One protocol each, so that no other is used unnoticed.
        let (h2, h1) = (Identity::new(&["h2"]), Identity::new(&["http/1.1"]));
        let system = std::fs::read_to_string(SYSTEM_ROOTS)
            .with_context(|| format!("{SYSTEM_ROOTS} is missing: install Debian's package ca-certificates"))?;
        for (name, identity) in [("h2.pem", &h2), ("h1.pem", &h1)] {
            // The server's root certificate and the system's, because both programs have to load those.
            std::fs::write(home.join(name), format!("{system}\n{}", identity.pem))?;
            std::fs::write(home.join(format!("alone-{name}")), &identity.pem)?;
        }
        let roots = system.matches("BEGIN CERTIFICATE").count();
        Ok(Self { runs, home: home.to_owned(), binary: PathBuf::new(), curl: curl.to_owned(), h2, h1, roots })
    }

    /// The number of root certificates that the system trusts.
    pub fn system_roots(&self) -> usize {
        self.roots
    }

    /// A job for intunectl, with a token and root certificates.
    fn ours(&self, root: &str, roots: &str, arguments: &[&str], shows: (usize, &'static str)) -> Job {
        Job::new(&self.binary, arguments, shows)
            .variable("INTUNECTL_GRAPH_URL", root)
            .variable("INTUNECTL_TOKEN", TOKEN)
            .variable("SSL_CERT_FILE", self.home.join(roots).to_string_lossy())
    }

    /// The same for curl, which also prints the status of each answer. `id` may be a curl pattern for several.
    fn curl(&self, root: &str, roots: &str, options: &[&str], id: &str, count: usize) -> Job {
        let url = format!("{root}/v1.0/deviceManagement/remoteAssistancePartners/{id}/disconnect");
        let common = [
            "--silent",
            "--show-error",
            "--no-progress-meter",
            "--request",
            "POST",
            "--header",
            &format!("Authorization: Bearer {TOKEN}"),
        ];
        let shown = ["--output", "/dev/null", "--write-out", "%{http_code}\n"];
        let arguments = [&common, options, &shown, &[&url]].concat();
        Job::new(&self.curl, &arguments, (count, "204"))
            .variable("SSL_CERT_FILE", self.home.join(roots).to_string_lossy())
    }

    fn file_of_ids(&self, count: usize) -> Result<String> {
        let mut ids = String::new();
        for n in 1..=count {
            writeln!(ids, "{n:08x}-5f0e-4c8e-9a41-{:012x}", n * 7919)?;
        }
        let path = self.home.join(format!("{count}.txt"));
        std::fs::write(&path, ids)?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// The wall times of both, measured in turns, as a row.
    fn walls(&self, measure: &str, ours: &Job, curl: &Job, done: impl Fn() -> Result<()>) -> Result<Row> {
        let wall = |job: &Job| checked(job.wall(&self.home), &done);
        let (ours, theirs) = by_turns(self.runs, || wall(ours), || wall(curl))?;
        let (ours, theirs) = (median(ours), median(theirs));
        Ok(Row::against(
            measure,
            format!("{:.2} ms", ours * 1e3),
            format!("curl {:.2} ms", theirs * 1e3),
            ours / theirs,
        ))
    }

    /// Starting the program.
    fn start(&self, table: &mut Table) -> Result<()> {
        let ours = Job::new(&self.binary, &["--version"], (1, "intunectl "));
        let curl = Job::new(&self.curl, &["--version"], (1, "Protocols: "));
        table.push(self.walls("`--version`, wall", &ours, &curl, || Ok(()))?.ratio_at_most(0.25));
        for (arguments, shows) in [
            ("--version", (1, "intunectl ")),
            ("--help", (1, "Usage: ")),
            ("completion bash", (1, "_CLAP_COMPLETE_INDEX=${COMP_CWORD}")),
        ] {
            let arguments: Vec<_> = arguments.split(' ').collect();
            let job = Job::new(&self.binary, &arguments, shows);
            let measure = format!("`{}`, instructions", arguments.join(" "));
            table.push(Row::alone(&measure, format!("{:.2} M", job.instructions(&self.home)?)));
        }
        Ok(())
    }

    /// One POST over TLS.
    fn one(&self, table: &mut Table) -> Result<()> {
        const ONE: &[&str] = &["partner", "disconnect", "p-1"];
        const DONE: (usize, &str) = (1, "\tdisconnected");
        let server = Server::start(&self.h2, Behaviour::default())?;
        let done = || server.expect(1);
        let ours = self.ours(server.root(), "h2.pem", ONE, DONE);
        let curl = self.curl(server.root(), "h2.pem", &[], "p-1", 1);
        table.push(self.walls("one POST, file of roots, wall", &ours, &curl, done)?.ratio_at_most(0.20));

        let against_curl = |what: &str, unit: &str, ours: f64, theirs: f64| {
            let (shown, other) = (format!("{ours:.1} {unit}"), format!("curl {theirs:.1} {unit}"));
            Row::against(&format!("one POST, {what}"), shown, other, ours / theirs)
        };
        let counted = |job: &Job| checked(job.instructions(&self.home), done);
        let instructions_of_curl = counted(&curl)?;
        let row = against_curl("file of roots, instructions", "M", counted(&ours)?, instructions_of_curl);
        table.push(row.ratio_at_most(0.06));
        let peak = |job: &Job| checked(job.cost(&self.home), done).map(|cost| cost.peak);
        let (peaks, of_curl) = by_turns(self.runs, || peak(&ours), || peak(&curl))?;
        let row = against_curl("file of roots, peak memory", "MB", median(peaks), median(of_curl));
        table.push(row.ratio_at_most(0.6));

        // As on most machines, no variable names root certificates: the system's file and directory are read.
        let own = self.home.join("alone-h2.pem");
        let own = own.to_string_lossy();
        let named = [ONE, &["--ca-cert", &own]].concat();
        let system = Job::new(&self.binary, &named, DONE)
            .variable("INTUNECTL_GRAPH_URL", server.root())
            .variable("INTUNECTL_TOKEN", TOKEN);
        const DEFAULT: &str = "the system's roots by default";
        table.push(self.walls(&format!("one POST, {DEFAULT}, wall"), &system, &curl, done)?.ratio_at_most(0.20));
        let row = against_curl(&format!("{DEFAULT}, instructions"), "M", counted(&system)?, instructions_of_curl);
        table.push(row.ratio_at_most(0.06));
        let (ours, theirs) = by_turns(self.runs, || peak(&system), || peak(&curl))?;
        let row = against_curl(&format!("{DEFAULT}, peak memory"), "MB", median(ours), median(theirs));
        table.push(row.ratio_at_most(0.6));
        let (ours, curl) = (
            self.ours(server.root(), "alone-h2.pem", ONE, DONE),
            self.curl(server.root(), "alone-h2.pem", &[], "p-1", 1),
        );
        table.push(self.walls("one POST, one root to trust, wall", &ours, &curl, done)?);
        table.push(against_curl("one root to trust, instructions", "M", counted(&ours)?, counted(&curl)?));
        drop(server);

        let server = Server::start(&self.h1, Behaviour::default())?;
        let (ours, curl) =
            (self.ours(server.root(), "h1.pem", ONE, DONE), self.curl(server.root(), "h1.pem", &[], "p-1", 1));
        table.push(self.walls("one POST, HTTP/1.1, wall", &ours, &curl, || server.expect(1))?);

        let nginx = Nginx::start(&self.home, &self.h2)?;
        let (ours, curl) =
            (self.ours(nginx.root(), "h2.pem", ONE, DONE), self.curl(nginx.root(), "h2.pem", &[], "p-1", 1));
        table.push(self.walls("one POST, nginx, wall", &ours, &curl, || Ok(()))?);
        Ok(())
    }

    /// Many IDs with a latency, compared with the ideal: the latency of as many rounds as it takes.
    fn latency(&self, table: &mut Table) -> Result<()> {
        const COUNT: usize = 1000;
        let ideal = LATENCY.as_secs_f64() * COUNT.div_ceil(AT_ONCE) as f64;
        for (protocol, identity, roots) in [("HTTP/2", &self.h2, "h2.pem"), ("HTTP/1.1", &self.h1, "h1.pem")] {
            let server = Server::start(identity, Behaviour { latency: LATENCY, ..Behaviour::default() })?;
            let (ours, curl) = self.many(server.root(), roots, COUNT, "text")?;
            let wall = |job: &Job| checked(job.wall(&self.home), || server.expect(COUNT));
            let (walls, of_curl) = by_turns(self.runs, || wall(&ours), || wall(&curl))?;
            let (wall, of_curl) = (median(walls), median(of_curl));
            let measure = format!("1,000 IDs, 50 ms, {protocol}, wall");
            let shown = format!("{wall:.3} s");
            let row = Row::against(&measure, shown.clone(), format!("ideal {ideal:.3} s"), wall / ideal);
            table.push(row.ratio_at_most(1.10));
            table.push(Row::against(&measure, shown, format!("curl -Z {of_curl:.3} s"), wall / of_curl));
        }
        Ok(())
    }

    /// The cost of many IDs.
    fn bulk(&self, table: &mut Table) -> Result<()> {
        let server = Server::start(&self.h2, Behaviour { latency: LATENCY, ..Behaviour::default() })?;
        let done = |count| server.expect(count);
        let [cpu, wall, peak] = self.costs("10,000 IDs, 50 ms", server.root(), done)?;
        table.extend([cpu.ratio_at_most(0.5), wall, peak]);
        drop(server);
        let nginx = Nginx::start(&self.home, &self.h2)?;
        table.extend(self.costs("10,000 IDs, nginx, no latency", nginx.root(), |_| Ok(()))?);
        Ok(())
    }

    /// Processor time, wall time and memory for 10,000 IDs.
    fn costs(&self, name: &str, root: &str, done: impl Fn(usize) -> Result<()>) -> Result<[Row; 3]> {
        const COUNT: usize = 10_000;
        let (ours, curl) = self.many(root, "h2.pem", COUNT, "text")?;
        let cost = |job: &Job| checked(job.cost(&self.home), || done(COUNT));
        let (costs, of_curl) = by_turns(self.runs, || cost(&ours), || cost(&curl))?;
        let row = |what: &str, unit: &str, of: fn(&Cost) -> f64| {
            let (ours, theirs) = (median(costs.iter().map(of)), median(of_curl.iter().map(of)));
            let (ours_shown, theirs_shown) = (format!("{ours:.2} {unit}"), format!("curl -Z {theirs:.2} {unit}"));
            Row::against(&format!("{name}, {what}"), ours_shown, theirs_shown, ours / theirs)
        };
        Ok([
            row("processor", "s", |cost| cost.cpu),
            row("wall", "s", |cost| cost.wall),
            row("peak memory", "MB", |cost| cost.peak),
        ])
    }

    /// The default rate, against a server with the published limit.
    fn pace(&self, table: &mut Table) -> Result<()> {
        const COUNT: usize = 300;
        const IDEAL: f64 = 40.0;
        let server = Server::start(&self.h2, Behaviour { limit: Some(PUBLISHED), ..Behaviour::default() })?;
        let file = self.file_of_ids(COUNT)?;
        let run = |n: usize| {
            // At the same time, because runs mostly wait. Each has its own token, and therefore its own limit.
            let home = self.home.join(format!("pace-{n}"));
            std::fs::create_dir_all(&home)?;
            self.ours(server.root(), "h2.pem", &["partner", "disconnect", "-f", &file], (COUNT, "\tdisconnected"))
                .variable("INTUNECTL_TOKEN", format!("token-{n}"))
                .wall(&home)
        };
        let walls = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..self.runs).map(|n| scope.spawn(move || run(n))).collect();
            runs.into_iter().map(|run| run.join().map_err(|_| anyhow!("a run panicked"))?).collect::<Result<Vec<_>>>()
        })?;
        let Came { done, throttled, strange } = server.came();
        ensure!((done, strange) == (self.runs * COUNT, 0), "not every run sent all its requests");
        let wall = median(walls);
        let row = Row::against(
            "300 IDs at the default rate limit, wall",
            format!("{wall:.2} s"),
            format!("ideal {IDEAL} s"),
            wall / IDEAL,
        );
        let is_met = (wall / IDEAL - 1.0).abs() <= 0.02 && throttled == 0;
        table.push(row.bar(format!("within 2 %, no 429 ({throttled} came)"), is_met));
        Ok(())
    }

    /// A million IDs, without a rate limit.
    fn million(&self, table: &mut Table) -> Result<()> {
        const COUNT: usize = 1_000_000;
        let server = Server::start(&self.h2, Behaviour::default())?;
        let (ours, _) = self.many(server.root(), "h2.pem", COUNT, "ndjson")?;
        let mut costs = Vec::with_capacity(self.runs);
        for _ in 0..self.runs {
            costs.push(checked(ours.cost(&self.home), || server.expect(COUNT))?);
        }
        let speed = COUNT as f64 / median(costs.iter().map(|cost| cost.wall));
        let peak = median(costs.iter().map(|cost| cost.peak));
        let row = Row::alone("1,000,000 IDs, no latency, IDs a second", format!("{speed:.0}"));
        table.push(row.bar("at least 30,000", speed >= 30_000.0));
        let row = Row::alone("1,000,000 IDs, no latency, peak memory", format!("{peak:.0} MB"));
        table.push(row.bar("at most 160 MB", peak <= 160.0));
        Ok(())
    }

    /// Jobs for this many IDs, `AT_ONCE` at a time.
    fn many(&self, root: &str, roots: &str, count: usize, format: &str) -> Result<(Job, Job)> {
        let (file, at_once) = (self.file_of_ids(count)?, AT_ONCE.to_string());
        let arguments = ["partner", "disconnect", "-f", &file, "-j", &at_once, "--rate", "off", "-o", format];
        let done = if format == "text" { "\tdisconnected" } else { "\"status\":\"disconnected\"" };
        let ours = self.ours(root, roots, &arguments, (count, done));
        // One URL with a range: the cheapest way for curl.
        let ids = format!("p-[1-{count}]");
        Ok((ours, self.curl(root, roots, &["--parallel", "--parallel-max", &at_once], &ids, count)))
    }
}

/// A measurement, if the work was done.
fn checked<T>(measured: Result<T>, done: impl FnOnce() -> Result<()>) -> Result<T> {
    let measured = measured?;
    done().map(|()| measured)
}
