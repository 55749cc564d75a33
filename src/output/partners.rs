//! Tables of partners.

use anstyle::Style;

use serde::Serialize;

use super::format::{Listed, Tokens};
use super::style::{DIM, GREEN, MAGENTA};
use super::table::{self, Cell, Column};
use super::terminal::{Layout, TextStyle};
use crate::graph::partner::Partner;
use crate::text::sanitize::{one_line, sanitize};

impl Listed for Partner {
    const TOKENS: Tokens = Tokens::Kept;
    /// The fields of the reference (Microsoft Graph v1.0, remoteAssistancePartner).
    const COLUMNS: &'static [&'static str] =
        &["id", "displayName", "onboardingStatus", "onboardingUrl", "lastConnectionDateTime"];

    fn id(&self) -> &str {
        &self.fields.id
    }

    fn table(partners: &[Self], style: TextStyle) -> String {
        let row = |partner| row(partner, style.layout);
        table::text(&HEADINGS, &partners.iter().map(row).collect::<Vec<_>>(), style)
    }
}

/// A partner with its `onboardingUrl` in text, too. In all other formats it is the same.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PartnerWithUrl(pub Partner);

impl Listed for PartnerWithUrl {
    const TOKENS: Tokens = Partner::TOKENS;
    const COLUMNS: &'static [&'static str] = Partner::COLUMNS;

    fn id(&self) -> &str {
        self.0.id()
    }

    /// On a terminal, the URLs are below the table. There they have room.
    fn table(partners: &[Self], style: TextStyle) -> String {
        let url =
            |partner: &Partner| one_line(partner.fields.onboarding_url.as_deref().unwrap_or_default()).into_owned();
        if style.layout == Layout::Tabs {
            let [first, second, third, fourth] = HEADINGS;
            let columns = [first, second, third, fourth, Column::whole("onboarding URL")];
            let row = |Self(partner): &Self| {
                let [id, name, status, last_seen] = row(partner, style.layout);
                [id, name, status, last_seen, url(partner).into()]
            };
            return table::text(&columns, &partners.iter().map(row).collect::<Vec<_>>(), style);
        }
        let rows: Vec<_> = partners.iter().map(|Self(partner)| row(partner, style.layout)).collect();
        let urls: String = partners
            .iter()
            .map(|Self(partner)| (partner, url(partner)))
            .filter(|(_, url)| !url.is_empty())
            .map(|(partner, url)| {
                let Cell { text: name, .. } = name(partner);
                let name = if name.is_empty() { id(partner).text } else { name };
                format!("Onboarding URL of {name}: {url}\n")
            })
            .collect();
        let gap = if urls.is_empty() { "" } else { "\n" };
        table::text(&HEADINGS, &rows, style) + gap + &urls
    }
}

/// With these headings and the known statuses, 80 columns leave 10 for the name.
const HEADINGS: [Column; 4] =
    [Column::whole("id"), Column::cut("name"), Column::whole("status"), Column::whole("last seen (UTC)")];

fn row(partner: &Partner, layout: Layout) -> [Cell; 4] {
    [id(partner), name(partner), status(partner), last_seen(partner, layout)]
}

pub fn id(partner: &Partner) -> Cell {
    sanitize(&partner.fields.id).into_owned().into()
}

pub fn name(partner: &Partner) -> Cell {
    or_empty(partner.fields.display_name.as_deref()).into()
}

pub fn status(partner: &Partner) -> Cell {
    let text = or_empty(partner.fields.onboarding_status.as_deref());
    let style = match text.as_str() {
        "onboarded" => GREEN,
        "onboarding" => MAGENTA,
        "notOnboarded" => DIM,
        _ => Style::new(),
    };
    Cell { text, style }
}

fn or_empty(field: Option<&str>) -> String {
    sanitize(field.unwrap_or_default()).into_owned()
}

/// The last connection: in columns to the minute, with tabs as Graph wrote it.
fn last_seen(partner: &Partner, layout: Layout) -> Cell {
    let time = partner.fields.last_connection_date_time.as_deref();
    match layout {
        Layout::Tabs => or_empty(time),
        Layout::Columns { .. } => or_empty(time.map(to_the_minute).as_deref()),
    }
    .into()
}

/// A time as `2026-11-20 08:15`. Anything but a time in UTC stays unchanged.
fn to_the_minute(time: &str) -> String {
    // Graph writes this for a time that is not set, because the field cannot be null.
    if time == "0001-01-01T00:00:00Z" {
        return "never".to_owned();
    }
    let minutes = time.get(..16).filter(|_| humantime::parse_rfc3339(time).is_ok());
    minutes.map_or_else(|| time.to_owned(), |minutes| minutes.replace('T', " "))
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;
    use proptest::prelude::*;

    use super::*;
    use crate::output::terminal::measure;

    const GUIDS: [&str; 2] = ["5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10", "5a4d0b0c-0002-4000-8000-000000000001"];

    fn partner(id: &str, name: &str, status: &str, time: &str) -> Partner {
        let json = serde_json::json!({
            "id": id, "displayName": name, "onboardingStatus": status, "lastConnectionDateTime": time
        });
        let raw = serde_json::value::to_raw_value(&json).unwrap();
        Partner { fields: serde_json::from_str(raw.get()).unwrap(), raw }
    }

    fn partners() -> Vec<Partner> {
        vec![
            partner(GUIDS[0], "リモートサポート 東京", "onboarded", "2026-11-20T08:15:03.6670033Z"),
            partner(GUIDS[1], "", "notOnboarded", "0001-01-01T00:00:00Z"),
        ]
    }

    fn columns(width: Option<usize>) -> TextStyle {
        TextStyle { layout: Layout::Columns { width }, color: false }
    }

    fn written(partners: &[Partner], shape: TextStyle) -> String {
        Partner::table(partners, shape)
    }

    #[test]
    fn a_table_is_no_wider_than_needed_and_no_wider_than_the_terminal() {
        let natural = "\
ID                                    NAME                   STATUS        LAST SEEN (UTC)
5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10  リモートサポート 東京  onboarded     2026-11-20 08:15
5a4d0b0c-0002-4000-8000-000000000001                         notOnboarded  never
";
        let cut = "\
ID                                    NAME        STATUS        LAST SEEN (UTC)
5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10  リモート…   onboarded     2026-11-20 08:15
5a4d0b0c-0002-4000-8000-000000000001              notOnboarded  never
";
        let blocks = "\
5f0e1c9a-2b7d-4c8e-9a41-6d3b8f2e7c10
  name: リモートサポート 東京
  status: onboarded
  last seen (UTC): 2026-11-20 08:15
5a4d0b0c-0002-4000-8000-000000000001
  status: notOnboarded
  last seen (UTC): never
";
        for (widths, expected) in
            [(&[None, Some(200), Some(91)][..], natural), (&[Some(80)], cut), (&[Some(79), Some(40)], blocks)]
        {
            for width in widths {
                assert_eq!(written(&partners(), columns(*width)), expected, "{width:?}");
            }
        }
    }

    #[test]
    fn a_value_that_does_not_fit_beside_its_label_goes_below_it() {
        let shown = |name, width| written(&[partner("a", name, "", "")], columns(Some(width)));
        let name = "Contoso Remote Assist";
        assert_eq!(shown(name, 29), "a\n  name: Contoso Remote Assist\n");
        assert_eq!(shown(name, 28), "a\n  name:\n    Contoso Remote Assist\n");
        assert_eq!(shown(name, 24), "a\n  name:\n    Contoso Remote Assi…\n");
        // Names stay readable even in a window that is too narrow to work in.
        assert_eq!(shown(name, 1), "a\n  name:\n    Contoso R…\n");
    }

    #[test]
    fn times_are_shown_to_the_minute_and_invalid_times_unchanged() {
        let table = [
            ("2026-11-20T08:15:03.6670033Z", "2026-11-20 08:15"),
            ("2026-11-20T08:15:03Z", "2026-11-20 08:15"),
            ("0001-01-01T00:00:00Z", "never"),
            ("2026-11-20T08:15:03+09:00", "2026-11-20T08:15:03+09:00"),
            ("2026-11-20T08:15:03", "2026-11-20T08:15:03"),
            ("2026-13-20T08:15:03Z", "2026-13-20T08:15:03Z"),
            ("yesterday", "yesterday"),
            ("昨日の午後の三時ごろ", "昨日の午後の三時ごろ"),
            ("", ""),
        ];
        for (time, shown) in table {
            assert_eq!(to_the_minute(time), shown);
        }
    }

    #[test]
    fn colour_adds_no_information() {
        let mut partners = partners();
        partners.push(partner("c", "Wide", "onboarding", ""));
        partners.push(partner("d", "New", "someNewStatus", ""));
        for layout in [Layout::Tabs, columns(None).layout, columns(Some(40)).layout] {
            let plain = written(&partners, TextStyle { layout, color: false });
            let colored = written(&partners, TextStyle { layout, color: true });
            assert!(!plain.contains('\u{1b}'));
            assert_eq!(strip_str(&colored).to_string(), plain);
            for part in
                ["\u{1b}[32monboarded\u{1b}[0m", "\u{1b}[35monboarding\u{1b}[0m", "\u{1b}[2mnotOnboarded\u{1b}[0m"]
            {
                assert!(colored.contains(part), "{colored:?}");
            }
            let is_plain = colored.contains("\tsomeNewStatus\t") || colored.contains(" someNewStatus\n");
            assert!(is_plain, "{colored:?}");
        }
    }

    #[test]
    fn show_has_the_onboarding_urls_below_the_table_or_in_a_fifth_column() {
        let with_url = |mut partner: Partner, url: &str| {
            partner.fields.onboarding_url = Some(url.to_owned());
            PartnerWithUrl(partner)
        };
        let url = "https://partner.example/onboarding/".to_owned() + &"x".repeat(600);
        let shown = || {
            vec![
                with_url(partner("a", "Team\tViewer", "onboarding", "2026-11-20T08:15:03Z"), &url),
                PartnerWithUrl(partner("b", "No URL", "onboarded", "")),
                with_url(partner("c", "", "onboarding", ""), "https://c.example/\u{1b}[2J"),
                with_url(partner("d", "Empty", "onboarding", ""), ""),
            ]
        };
        let text = PartnerWithUrl::table(&shown(), TextStyle::PLAIN);
        let lines: Vec<_> = text.lines().map(|line| line.split('\t').collect::<Vec<_>>()).collect();
        assert_eq!(lines[0], ["a", "Team Viewer", "onboarding", "2026-11-20T08:15:03Z", &url]);
        assert_eq!(lines[1], ["b", "No URL", "onboarded", "", ""]);
        assert_eq!(lines[2][4], "https://c.example/\u{fffd}[2J");
        for width in [80, 20] {
            let partners: Vec<_> = shown().into_iter().map(|PartnerWithUrl(partner)| partner).collect();
            let table = written(&partners, columns(Some(width)));
            let urls =
                format!("\nOnboarding URL of Team Viewer: {url}\nOnboarding URL of c: https://c.example/\u{fffd}[2J\n");
            assert_eq!(PartnerWithUrl::table(&shown(), columns(Some(width))), table + &urls);
        }
        let without = [PartnerWithUrl(partner("b", "No URL", "onboarded", ""))];
        assert!(!PartnerWithUrl::table(&without, columns(Some(80))).contains("\n\n"));
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_the_terminal_and_no_id_is_cut(
            names in proptest::collection::vec("([ -~日本語]|👩‍💻|か\u{3099}){0,60}", 0..6),
            statuses in proptest::collection::vec("[a-zA-Z]{0,20}", 6),
            width in 40_usize..200,
        ) {
            let partners: Vec<_> = names.iter().zip(&statuses).enumerate().map(|(n, (name, status))| {
                partner(&format!("5a4d0b0c-0002-4000-8000-{n:012}"), name, status, "2026-11-20T08:15:03Z")
            }).collect();
            let text = written(&partners, columns(Some(width)));
            for line in text.lines() {
                prop_assert!(measure(line) <= width, "{line:?} in {width}");
            }
            for partner in &partners {
                let id = &partner.fields.id;
                prop_assert!(text.lines().any(|line| line.starts_with(id)));
                let status = partner.fields.onboarding_status.as_deref().unwrap();
                prop_assert!(text.contains(status));
            }
        }
    }
}
