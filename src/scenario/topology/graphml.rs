//! GraphML, as the Internet Topology Zoo writes it: nodes with label, latitude and longitude, edges with a speed where it is known.
//!
//! Names come from the labels; a node without coordinates is a site without a location. Edges of an undirected graph are links with
//! two equal directions.

use std::collections::BTreeMap;
use std::sync::Arc;

use roxmltree::{Document, Node, ParsingOptions};

use super::names::Names;
use super::table::MOST;
use super::{FileLink, FileSite, Network};
use crate::scenario::diagnostics::{Diagnostic, Findings};
use crate::scenario::read::cut;
use crate::scenario::text::source::{Place, Source};

const CODE: &str = "E0209";
/// Most elements and texts of a document.
const MOST_NODES: u32 = 4_000_000;
/// Bits in a byte.
const BITS: f64 = 8.0;
/// The largest speed that is taken seriously, bytes per second.
const MOST_SPEED: f64 = 1e18;

/// Reads a graph; `default_capacity` (bytes per second) is for edges without a speed. Whatever is wrong is reported.
pub fn read(source: &Arc<Source>, default_capacity: Option<f64>, findings: &mut Findings) -> Network {
    let whole = Place::start(source);
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = match Document::parse_with_options(&source.text, options) {
        Ok(document) => document,
        Err(error) => {
            findings.push(refused(source, &error));
            return Network::default();
        }
    };
    let graphs: Vec<Node<'_, '_>> = document.descendants().filter(|n| n.has_tag_name_of("graph")).collect();
    let [graph] = graphs[..] else {
        let message = match graphs.len() {
            0 => format!("'{}' has no <graph>", source.name),
            n => format!("'{}' has {n} graphs; one that stands alone can be read", source.name),
        };
        let place = graphs.get(1).map_or_else(|| whole.clone(), |second| whole.at(second.range()));
        findings.push(
            Diagnostic::new(CODE, message).at(&place).help("a file holds one <graph> with <node> and <edge> elements"),
        );
        return Network::default();
    };
    let keys = keys(&document);
    let mut reader = Reader { whole, keys, default_capacity, findings, ids: BTreeMap::new(), bare: 0 };
    reader.network(graph)
}

/// Why a text is refused: its XML, or a document type, whose entities could grow without bound.
fn refused(source: &Arc<Source>, error: &roxmltree::Error) -> Diagnostic {
    let at = error.pos();
    let line = source.line_range((at.row as usize).clamp(1, source.lines()));
    let start = source.floor((line.start + at.col.saturating_sub(1) as usize).min(line.end));
    // The parser does not say where the document type is.
    let doctype = source.text.find("<!DOCTYPE").filter(|_| matches!(error, roxmltree::Error::DtdDetected));
    let span = doctype.map_or(start..start, |at| at..at + "<!DOCTYPE".len());
    let place = Place { source: Arc::clone(source), span };
    let found = Diagnostic::new(CODE, format!("'{}' is not XML that can be read: {error}", source.name)).at(&place);
    match error {
        roxmltree::Error::DtdDetected => found
            .help("documents with a document type (<!DOCTYPE …>) are refused: remove it, and write its entities out"),
        _ => found.help("GraphML is one well-formed XML document: <graphml>, in it <graph>, in it <node> and <edge>"),
    }
}

/// A tag by its local name, whatever its namespace.
trait Tag {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Tag for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

/// Names of the attributes by the ids of their keys.
fn keys(document: &Document<'_>) -> BTreeMap<String, String> {
    let keys = document.descendants().filter(|n| n.has_tag_name_of("key"));
    let pair = |key: Node<'_, '_>| Some((key.attribute("id")?.to_owned(), key.attribute("attr.name")?.to_owned()));
    keys.filter_map(pair).collect()
}

struct Reader<'a> {
    whole: Place,
    keys: BTreeMap<String, String>,
    default_capacity: Option<f64>,
    findings: &'a mut Findings,
    /// Names of sites by the ids of their nodes.
    ids: BTreeMap<String, String>,
    /// Edges without a speed.
    bare: usize,
}

impl Reader<'_> {
    fn network(&mut self, graph: Node<'_, '_>) -> Network {
        let before = self.findings.count();
        let elements: Vec<Node<'_, '_>> = graph.children().filter(Node::is_element).collect();
        let mut names = Names::default();
        let mut sites: BTreeMap<String, FileSite> = BTreeMap::new();
        for node in elements.iter().filter(|n| n.has_tag_name_of("node")) {
            if let Some(site) = self.site(*node, &mut names) {
                sites.insert(site.name.clone(), site);
            }
            if self.findings.count() - before >= MOST {
                break;
            }
        }
        if let Some(odd) = elements.iter().find(|n| n.has_tag_name_of("hyperedge")) {
            self.problem(
                "a <hyperedge> joins more than two nodes".to_owned(),
                odd,
                "write an <edge> for each two nodes that a link joins",
            );
        }
        let directed = graph.attribute("edgedefault") == Some("directed");
        let mut links: BTreeMap<String, FileLink> = BTreeMap::new();
        let mut names = Names::default();
        for edge in elements.iter().filter(|n| n.has_tag_name_of("edge")) {
            if self.findings.count() - before >= MOST {
                break;
            }
            if let Some(link) = self.link(*edge, directed, &mut names) {
                links.insert(link.name.clone(), link);
            }
        }
        if self.bare > 0 && self.default_capacity.is_none() {
            let message = format!("{} edges of '{}' have no LinkSpeedRaw", self.bare, self.whole.source.name);
            let found = Diagnostic::new(CODE, message).at(&self.whole);
            self.findings.push(found.help("state their capacity: 'default_capacity = \"100 Gbps\"' in [topology]"));
        }
        if links.is_empty() && self.findings.count() == before {
            self.findings
                .push(Diagnostic::new(CODE, format!("'{}' has no edges", self.whole.source.name)).at(&self.whole));
        }
        Network { sites: sites.into_values().collect(), links: links.into_values().collect(), demands: Vec::new() }
    }

    fn problem(&mut self, message: String, node: &Node<'_, '_>, help: &str) {
        let place = self.place(node);
        self.findings.push(Diagnostic::new(CODE, message).at(&place).help(help));
    }

    /// The beginning of an element.
    fn place(&self, node: &Node<'_, '_>) -> Place {
        let range = node.range();
        let tag = self.whole.source.text[range.clone()].find('>').map_or(range.end, |at| range.start + at + 1);
        self.whole.at(range.start..tag)
    }

    /// A datum by the name of its key.
    fn datum<'d>(&self, node: Node<'d, 'd>, name: &str) -> Option<Node<'d, 'd>> {
        let named = |key: &str| self.keys.get(key).is_some_and(|known| known == name);
        node.children().find(|d| d.has_tag_name_of("data") && d.attribute("key").is_some_and(named))
    }

    /// A number by the name of its key; a text that is no number is reported.
    fn number(&mut self, node: Node<'_, '_>, name: &str) -> Option<f64> {
        let datum = self.datum(node, name)?;
        let text = datum.text().unwrap_or_default().trim();
        let number = text.parse::<f64>().ok().filter(|x| x.is_finite());
        if number.is_none() {
            self.problem(
                format!("'{name}' takes a number, not '{}'", cut(text)),
                &datum,
                "write it as 47.37, or leave it out",
            );
        }
        number
    }

    fn site(&mut self, node: Node<'_, '_>, names: &mut Names) -> Option<FileSite> {
        let Some(id) = node.attribute("id") else {
            self.problem("a node without 'id'".to_owned(), &node, "edges name the nodes that they join by their id");
            return None;
        };
        if self.ids.contains_key(id) {
            self.problem(format!("a second node '{}'", cut(id)), &node, "every node has an id of its own");
            return None;
        }
        let label = self.datum(node, "label").and_then(|d| d.text()).map(str::trim);
        // The Zoo writes "None" where it knows no label.
        let label = label.filter(|text| !text.is_empty() && *text != "None");
        let fallback = format!("node-{id}");
        let name = names.like(label.unwrap_or(&fallback));
        self.ids.insert(id.to_owned(), name.clone());
        let (latitude, longitude) = (self.number(node, "Latitude"), self.number(node, "Longitude"));
        let location = latitude.zip(longitude);
        if location.is_some_and(|(latitude, longitude)| latitude.abs() > 90.0 || longitude.abs() > 180.0) {
            let help = "a latitude lies between -90 and 90 degrees, a longitude between -180 and 180";
            self.problem("this place is not on Earth".to_owned(), &node, help);
        }
        Some(FileSite { name, location, place: self.place(&node) })
    }

    fn link(&mut self, edge: Node<'_, '_>, directed: bool, names: &mut Names) -> Option<FileLink> {
        let mut ends = Vec::new();
        for key in ["source", "target"] {
            let id = edge.attribute(key).unwrap_or_default();
            match self.ids.get(id) {
                Some(name) => ends.push(name.clone()),
                None => {
                    let message = format!("the edge leads to a node '{}' that does not exist", cut(id));
                    self.problem(message, &edge, "'source' and 'target' of an edge are ids of nodes of the graph");
                    return None;
                }
            }
        }
        let ends: [String; 2] = ends.try_into().ok()?;
        if ends[0] == ends[1] {
            let message = format!("an edge from '{}' to itself is left out", ends[0]);
            let place = self.place(&edge);
            self.findings.push(Diagnostic::new("W0613", message).at(&place));
            return None;
        }
        let speed = self.number(edge, "LinkSpeedRaw").map(|bits| bits / BITS);
        if speed.is_some_and(|speed| !(speed > 0.0 && speed <= MOST_SPEED)) {
            self.problem(
                "a link of this speed carries nothing, or more than any fibre".to_owned(),
                &edge,
                "'LinkSpeedRaw' takes bits per second above zero",
            );
        }
        self.bare += usize::from(speed.is_none());
        // Without a default the edge is reported with all others that lack a speed.
        let capacity = speed.or(self.default_capacity).unwrap_or(1.0);
        let directed = edge.attribute("directed").map_or(directed, |word| word == "true");
        Some(FileLink {
            name: names.like_link(&ends),
            ends,
            capacity: [capacity, if directed { 0.0 } else { capacity }],
            metres: [None, None],
            place: self.place(&edge),
        })
    }
}
