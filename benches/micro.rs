//! Measures our own code in a run: reading IDs, unwrapping errors, writing records, keeping the rate limit. Each benchmark
//! first checks that the code is correct. It also reports allocations, which do not depend on the load of the machine.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "clippy.toml covers #[test] functions")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher, black_box};
use intunectl::bench::{error_answer, gate, read_ids, record};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

const IDS: usize = 1_000_000;

/// As random as a real one, and the same in each run.
fn guid(number: usize) -> String {
    let half = |seed: u64| {
        // SplitMix64, by Steele, Lea and Flood.
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let seed = (2 * number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let digits = format!("{:016x}{:016x}", half(seed), half(!seed));
    let mut guid = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            guid.push('-');
        }
        guid.push(digit);
    }
    guid
}

/// A form of input.
#[derive(Debug, Clone, Copy)]
enum Form {
    Lines,
    CrlfAndComments,
    Utf16,
    ObjectPerLine,
    StringPerLine,
    ArrayOfStrings,
    ArrayOfObjects,
    GraphPage,
    Csv,
    TextOfList,
}

const FORMS: [Form; 10] = [
    Form::Lines,
    Form::CrlfAndComments,
    Form::Utf16,
    Form::ObjectPerLine,
    Form::StringPerLine,
    Form::ArrayOfStrings,
    Form::ArrayOfObjects,
    Form::GraphPage,
    Form::Csv,
    Form::TextOfList,
];

impl Form {
    /// All IDs in this form.
    fn write(self) -> Vec<u8> {
        let mut text = String::new();
        text.push_str(match self {
            Self::Utf16 => "\u{feff}",
            Self::ArrayOfStrings | Self::ArrayOfObjects => "[",
            Self::Csv => "id,displayName\n",
            Self::GraphPage => "{\n  \"@odata.context\": \"x\",\n  \"value\": [",
            _ => "",
        });
        for number in 0..IDS {
            let id = guid(number);
            let object = || {
                format!("{{\"id\":\"{id}\",\"displayName\":\"Partner {number}\",\"onboardingStatus\":\"onboarded\"}}")
            };
            let comma = if number == 0 { "" } else { "," };
            match self {
                Self::Lines => writeln!(text, "{id}"),
                Self::CrlfAndComments => write!(text, "{id}\r\n# Partner {number}\r\n"),
                Self::Utf16 => write!(text, "{id}\r\n"),
                Self::ObjectPerLine => writeln!(text, "{}", object()),
                Self::StringPerLine => writeln!(text, "\"{id}\""),
                Self::ArrayOfStrings => write!(text, "{comma}\"{id}\""),
                Self::ArrayOfObjects => write!(text, "{comma}{}", object()),
                Self::Csv => writeln!(text, "{id},Partner {number}"),
                Self::TextOfList => writeln!(text, "{id}\tPartner {number}\tonboarded\t2026-11-20T08:15:03.6670033Z"),
                // One field a line, as `az rest` prints it.
                Self::GraphPage => {
                    write!(text, "{comma}\n    {{\n      \"id\": \"{id}\",\n      \"displayName\": \"A B\"\n    }}")
                }
            }
            .unwrap();
        }
        text.push_str(match self {
            Self::ArrayOfStrings | Self::ArrayOfObjects => "]",
            Self::GraphPage => "\n  ]\n}\n",
            _ => "",
        });
        match self {
            Self::Utf16 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            _ => text.into_bytes(),
        }
    }
}

#[divan::bench(args = FORMS, sample_count = 10, sample_size = 1)]
fn a_million_ids(bencher: Bencher, form: Form) {
    let source = form.write();
    assert!(read_ids(&source).unwrap().eq((0..IDS).map(guid)), "{form:?}");
    bencher.counter(ItemsCount::new(IDS)).bench(|| read_ids(black_box(&source)));
}

/// The most bytes of an error's body that are read.
const LARGEST: usize = 64 * 1024;

/// The body of an error.
#[derive(Debug, Clone, Copy)]
enum Body {
    Plain,
    Nested,
    NestedTwice,
    Largest,
}

impl Body {
    /// The HTTP status, the body, and the code, message and request ID in it.
    fn parts(self) -> (u16, String, [String; 3]) {
        let found = |code: &str, message: &str, id: &str| [code, message, id].map(str::to_owned);
        match self {
            Self::Plain => (
                429,
                include_str!("../tests/data/429-intune.json").to_owned(),
                found("TooManyRequests", "An error has occurred.", "44be9ec1-489e-4282-8c72-a77f5b14b0cb"),
            ),
            Self::Nested => (
                403,
                include_str!("../tests/data/403-intune-nested.json").to_owned(),
                found(
                    "Forbidden",
                    "Application is not authorized to perform this operation. Application must have one of the \
                     following scopes: DeviceManagementServiceConfig.ReadWrite.All",
                    "2578f4a3-00e0-4699-bde7-e699fabc1086",
                ),
            ),
            Self::NestedTwice => (
                401,
                include_str!("../tests/data/401-intune-nested-twice.json").to_owned(),
                found("Forbidden", "An error has occurred", "c64ee84a-7c55-46ab-9181-fb075f6457a1"),
            ),
            Self::Largest => {
                let (status, body, [code, message, id]) = Self::NestedTwice.parts();
                let message = message + &". More of it".repeat((LARGEST - body.len()) / ". More of it".len());
                let mut body = body.replace("An error has occurred", &message);
                body.extend(std::iter::repeat_n(' ', LARGEST - body.len()));
                (status, body, [code, message, id])
            }
        }
    }
}

/// As long as a JWT for Graph.
fn token() -> String {
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.".to_owned() + &(0..55).map(guid).collect::<String>()
}

#[divan::bench(args = [Body::Plain, Body::Nested, Body::NestedTwice, Body::Largest], sample_size = 100)]
fn an_error(bencher: Bencher, body: Body) {
    let token = token();
    let (status, body, found) = body.parts();
    let answer = error_answer(status, body.as_bytes(), &token);
    assert_eq!(answer.clone()(), found);
    let [_, said, _] = error_answer(status, body.replace(&found[1], &token).as_bytes(), &token)();
    assert_eq!(said, "[redacted]");
    // The whole body is searched before it is parsed: with its beginning redacted, it is not JSON.
    let [_, said, _] = error_answer(status, body.as_bytes(), r#"{"error": {"code""#)();
    assert_eq!(said, "the answer is not in Graph's format");
    bencher.counter(BytesCount::of_str(&body)).with_inputs(|| answer.clone()).bench_local_values(|answer| answer());
}

const NOT_FOUND: [&str; 2] = ["ResourceNotFound", "this tenant has no partner with this ID"];

fn a_record(bencher: Bencher, error: Option<[&str; 2]>, is_text: bool, words: &[&str]) {
    let id = guid(0);
    let record = record(&id, error, is_text);
    let line = String::from_utf8(record().unwrap()).unwrap();
    assert!(line.contains(&id) && line.ends_with('\n') && words.iter().all(|word| line.contains(word)), "{line}");
    bencher.counter(ItemsCount::new(1_u32)).bench_local(&record);
}

#[divan::bench(sample_size = 1_000)]
fn a_record_as_ndjson_done(bencher: Bencher) {
    a_record(bencher, None, false, &[r#""status":"disconnected","http_status":204"#, r#""error":null"#]);
}

#[divan::bench(sample_size = 1_000)]
fn a_record_as_ndjson_failed(bencher: Bencher) {
    a_record(bencher, Some(NOT_FOUND), false, &[r#""status":"failed","http_status":404"#, NOT_FOUND[0], NOT_FOUND[1]]);
}

#[divan::bench(sample_size = 1_000)]
fn a_record_as_text_done(bencher: Bencher) {
    a_record(bencher, None, true, &["\tdisconnected\n"]);
}

#[divan::bench(sample_size = 1_000)]
fn a_record_as_text_failed(bencher: Bencher) {
    a_record(bencher, Some(NOT_FOUND), true, &["\tfailed\t404 ResourceNotFound: ", NOT_FOUND[1]]);
}

/// At the published 100 in 20 s, one more write is allowed this often.
const STEP: Duration = Duration::from_millis(200);

/// A gate whose window is full, and the time at which the next write is allowed.
fn full_gate() -> (impl FnMut(Instant) -> bool, Instant) {
    let mut gate = gate(true);
    let mut now = Instant::now();
    for _ in 0..100 {
        assert!(gate(now));
        now += STEP;
    }
    assert!(!gate(now - Duration::from_nanos(1)));
    (gate, now)
}

#[divan::bench(sample_size = 10_000)]
fn a_write_that_may_be_sent_at_the_published_rate(bencher: Bencher) {
    let (mut gate, mut now) = full_gate();
    bencher.bench_local(|| {
        let may_be_sent = gate(black_box(now));
        now += STEP;
        assert!(may_be_sent);
    });
}

#[divan::bench(sample_size = 10_000)]
fn a_write_that_has_to_wait_at_the_published_rate(bencher: Bencher) {
    let (mut gate, now) = full_gate();
    let early = now - Duration::from_nanos(1);
    bencher.bench_local(|| assert!(!gate(black_box(early))));
}

#[divan::bench(sample_size = 10_000)]
fn a_write_at_no_rate(bencher: Bencher) {
    let mut gate = gate(false);
    let now = Instant::now();
    assert!((0..1_000).all(|_| gate(now)));
    bencher.bench_local(|| assert!(gate(black_box(now))));
}
