//! `src,dst,links`: fixed routes, the links in order, with blanks between them.
//!
//! A key is a site, or any other name; such a name then stands for the site where its routes begin (or end).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::table::{Form, MOST, Row, lines};
use super::{FileLink, FileRoute};
use crate::scenario::diagnostics::{Diagnostic, Findings, nearest};
use crate::scenario::read::cut;
use crate::scenario::text::source::{Place, Source};

const FORM: Form = Form { code: "E0209", columns: &["src", "dst", "links"] };

/// What is right of links that do not join.
const ORDER: &str = "the links lead from src to dst in order, each in a direction that it has";

/// What routes are checked against.
pub struct Known<'a> {
    /// Links by name.
    pub links: &'a [FileLink],
    /// Whether a name is a site.
    pub is_site: &'a dyn Fn(&str) -> bool,
}

/// Reads routes over links; whatever is wrong is reported.
pub fn read(source: &Arc<Source>, known: &Known<'_>, findings: &mut Findings) -> Vec<FileRoute> {
    let mut lines = lines(&source.text);
    let Some(header) = lines.next() else {
        findings.push(FORM.problem(format!("'{}' is empty", source.name), &Place::start(source)));
        return Vec::new();
    };
    let Some(layout) = FORM.layout(source, header, findings) else { return Vec::new() };
    let before = findings.count();
    let mut reader = Reader { known, stands_for: BTreeMap::new(), seen: BTreeMap::new() };
    let mut out: Vec<FileRoute> = Vec::new();
    for line in lines {
        if findings.count() - before >= MOST {
            break;
        }
        out.extend(reader.row(&FORM.row(source, line, &layout), findings));
    }
    out
}

struct Reader<'a> {
    known: &'a Known<'a>,
    /// Site that each key stands for, and where that was said.
    stands_for: BTreeMap<String, (String, Place)>,
    seen: BTreeMap<(String, String), Place>,
}

impl<'a> Reader<'a> {
    fn row(&mut self, row: &Row<'_>, findings: &mut Findings) -> Option<FileRoute> {
        let (src, dst) = (FORM.name(row, 0, findings), FORM.name(row, 1, findings));
        let links = self.links(row, findings);
        let (src, dst, links) = (src?, dst?, links?);
        let Some(ends) = self.walk(src, dst, &links) else {
            findings.push(self.broken(row, src, dst, &links));
            return None;
        };
        if let Some(first) = self.seen.insert((src.to_owned(), dst.to_owned()), row.place(0)) {
            let message = format!("a second route from '{src}' to '{dst}'");
            let found = FORM.problem(message, &row.place(0)).also(&first, "the first one");
            findings
                .push(found.help("one route a pair; a second name for a site gives its transfers a way of their own"));
            return None;
        }
        let [from, to] = ends;
        for (key, site, column) in [(src, from, 0), (dst, to, 1)] {
            let place = row.place(column);
            let (stands, first) =
                self.stands_for.entry(key.to_owned()).or_insert_with(|| (site.to_owned(), place.clone()));
            if stands != site {
                let message = format!("'{key}' is at site '{stands}' in one route and at '{site}' in another");
                let found = FORM.problem(message, &place).also(first, "at another site here");
                findings.push(
                    found.help("a key that is no site stands for one site, the one where its routes begin or end"),
                );
                return None;
            }
        }
        let places = [row.place(0), row.place(1)];
        Some(FileRoute { src: src.to_owned(), dst: dst.to_owned(), ends: ends.map(str::to_owned), links, places })
    }

    /// The links of a row by index.
    fn links(&self, row: &Row<'_>, findings: &mut Findings) -> Option<Vec<usize>> {
        let cell = row.place(2);
        let mut out = Vec::new();
        for word in row.text(2).split_ascii_whitespace() {
            let start = cell.span.start + (word.as_ptr() as usize - row.text(2).as_ptr() as usize);
            let place = cell.at(start..start + word.len());
            let found = self.known.links.binary_search_by(|link| link.name.as_str().cmp(word));
            match found {
                Ok(index) if out.contains(&index) => {
                    let found = FORM.problem(format!("the route uses link '{word}' twice"), &place);
                    findings.push(found.help("a route goes over each link once at most"));
                    return None;
                }
                Ok(index) => out.push(index),
                Err(_) => {
                    let mut found = FORM.problem(format!("link '{}' is not defined", cut(word)), &place);
                    let near =
                        findings.suggests().then(|| nearest(word, self.known.links.iter().map(|l| l.name.as_str())));
                    found = match near.flatten() {
                        Some(near) => found.instead(&place, near),
                        None => {
                            found.help("a route names links of the topology file, in order, with blanks between them")
                        }
                    };
                    findings.push(found);
                    return None;
                }
            }
        }
        if out.is_empty() {
            let found = FORM.problem("a route without links", &cell);
            findings.push(found.help("write the ids of its links in order, with blanks between them"));
            return None;
        }
        Some(out)
    }

    /// Where a route over these links begins and ends; `None` when the links do not join, or not these sites.
    fn walk(&self, src: &str, dst: &str, links: &[usize]) -> Option<[&'a str; 2]> {
        let known = self.known;
        let first = &known.links[links[0]];
        let starts = first.ends.iter().zip(first.capacity).filter(|(_, capacity)| *capacity > 0.0);
        let fits = |key: &str, site: &str| !(known.is_site)(key) || key == site;
        starts.filter(|(start, _)| fits(src, start)).find_map(|(start, _)| {
            let end = links.iter().try_fold(start.as_str(), |at, link| step(&known.links[*link], at))?;
            fits(dst, end).then_some([start.as_str(), end])
        })
    }

    /// Why a route does not join its ends.
    fn broken(&self, row: &Row<'_>, src: &str, dst: &str, links: &[usize]) -> Diagnostic {
        let all = self.known.links;
        let name = |at: usize| &all[links[at]].name;
        let first = &all[links[0]];
        let starts: Vec<&str> =
            first.ends.iter().zip(first.capacity).filter(|(_, c)| *c > 0.0).map(|(end, _)| end.as_str()).collect();
        if (self.known.is_site)(src) && !starts.contains(&src) {
            let message = format!("the route from '{src}' begins with link '{}', which does not leave it", name(0));
            return FORM.problem(message, &row.place(2)).help(ORDER);
        }
        let starts = starts.into_iter().filter(|start| !(self.known.is_site)(src) || *start == src);
        let furthest = starts.map(|start| {
            let mut at = start;
            let walked = links.iter().take_while(|link| step(&all[**link], at).map(|next| at = next).is_some()).count();
            (walked, at)
        });
        let (walked, at) = furthest.max_by_key(|(walked, _)| *walked).unwrap_or((0, src));
        let message = match walked < links.len() {
            true => format!("the route breaks at '{at}': link '{}' does not leave it", name(walked)),
            false => format!("the route to '{dst}' ends at '{at}'"),
        };
        FORM.problem(message, &row.place(2)).help(ORDER)
    }
}

/// Where a link leads from a site.
fn step<'a>(link: &'a FileLink, at: &str) -> Option<&'a str> {
    let [a, b] = &link.ends;
    if a == at && link.capacity[0] > 0.0 {
        Some(b)
    } else if b == at && link.capacity[1] > 0.0 {
        Some(a)
    } else {
        None
    }
}
