//! `link,from,to,gbps,metres`: each row one direction.
//!
//! Two rows of one id, there and back, are the two directions of one link, which fail together; a row with an id of its own is a
//! link that goes one way.

use std::collections::{BTreeMap, btree_map};
use std::sync::Arc;

use super::table::{Bounds, Form, MOST, Row, lines};
use super::{FileLink, FileSite, Network};
use crate::scenario::diagnostics::{Diagnostic, Findings};
use crate::scenario::text::source::{Place, Source};

const FORM: Form = Form { code: "E0209", columns: &["link", "from", "to", "gbps", "metres"] };
/// Bytes per second of one Gb/s.
const BYTES_PER_GBIT: f64 = 1e9 / 8.0;
const GBPS: Bounds = Bounds {
    high: 8e9,
    open: true,
    unit: "Gb/s",
    help: "capacity of this direction in 10^9 bits a second, for example 400; a direction that does not exist has no row",
};
const METRES: Bounds = Bounds { high: 1e9, open: false, unit: "metres", help: "fibre length in metres, 0 or more" };

/// Reads links; whatever is wrong is reported.
pub fn read(source: &Arc<Source>, findings: &mut Findings) -> Network {
    let mut lines = lines(&source.text);
    let Some(header) = lines.next() else {
        let found = FORM.problem(format!("'{}' is empty", source.name), &Place::start(source));
        findings.push(found.help(format!("the first line names the columns: {}", FORM.columns.join(","))));
        return Network::default();
    };
    let Some(layout) = FORM.layout(source, header, findings) else { return Network::default() };
    let mut reader = Reader { links: BTreeMap::new(), sites: BTreeMap::new() };
    let before = findings.count();
    for line in lines {
        if findings.count() - before >= MOST {
            break;
        }
        reader.row(&FORM.row(source, line, &layout), findings);
    }
    if reader.links.is_empty() && findings.count() == before {
        let found = FORM.problem(format!("'{}' has no links", source.name), &Place::start(source));
        findings.push(found.help("rows follow the names of the columns: a link in one direction each"));
    }
    Network {
        sites: reader.sites.into_values().collect(),
        links: reader.links.into_values().collect(),
        demands: Vec::new(),
    }
}

struct Reader {
    links: BTreeMap<String, FileLink>,
    sites: BTreeMap<String, FileSite>,
}

impl Reader {
    fn row(&mut self, row: &Row<'_>, findings: &mut Findings) {
        let names: Vec<Option<&str>> = (0..3).map(|column| FORM.name(row, column, findings)).collect();
        let gbps = FORM.number(row, 3, GBPS, findings);
        let metres = FORM.number(row, 4, METRES, findings);
        let ([Some(name), Some(from), Some(to)], Some(gbps), Some(metres)) = (&names[..], gbps, metres) else { return };
        if from == to {
            let message = format!("link '{name}' leads from '{from}' to itself");
            findings.push(FORM.problem(message, &row.place(2)).help("a link joins two different sites"));
            return;
        }
        for (site, column) in [(*from, 1), (*to, 2)] {
            let named = || FileSite { name: site.to_owned(), location: None, place: row.place(column) };
            self.sites.entry(site.to_owned()).or_insert_with(named);
        }
        let ends = [(*from).to_owned(), (*to).to_owned()];
        match self.links.entry((*name).to_owned()) {
            btree_map::Entry::Vacant(free) => {
                free.insert(FileLink {
                    name: (*name).to_owned(),
                    ends,
                    capacity: [gbps * BYTES_PER_GBIT, 0.0],
                    metres: [Some(metres), None],
                    place: row.place(0),
                });
            }
            btree_map::Entry::Occupied(mut taken) => {
                let link = taken.get_mut();
                let back = link.ends[0] == ends[1] && link.ends[1] == ends[0];
                if back && link.metres[1].is_none() {
                    (link.capacity[1], link.metres[1]) = (gbps * BYTES_PER_GBIT, Some(metres));
                } else {
                    findings.push(twice(link, back, row));
                }
            }
        }
    }
}

fn twice(link: &FileLink, back: bool, row: &Row<'_>) -> Diagnostic {
    let name = &link.name;
    let message = match back || (link.ends[0] == row.text(1) && link.ends[1] == row.text(2)) {
        true => format!("link '{name}' is stated twice in the direction from '{}' to '{}'", row.text(1), row.text(2)),
        false => format!("link '{name}' joins '{}' and '{}' already", link.ends[0], link.ends[1]),
    };
    let found = FORM.problem(message, &row.place(0)).also(&link.place, "stated here");
    found.help("an id stands for one link: at most one row there and one row back")
}
