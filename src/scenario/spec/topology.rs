//! `[topology]`, and `kind = "trace"`.

use super::wan::{CUT_REPAIR, CUTS, FAILURES, LOSS, PARTIAL, TRANSPORT, WAVE_FAILURES, WAVE_REPAIR};
use super::work::{COMMON, LATER};
use super::{Kind, MAX_RATE, Need, Rule, TableSpec, assumed, key};
use crate::units::Dimension;

/// `[topology]`
pub static TOPOLOGY: TableSpec = TableSpec {
    header: "[topology]",
    doc: "Sites and links from a file, beside those that the scenario states itself.",
    groups: &[&[
        key(
            "links",
            Kind::File,
            Need::Optional("one of `links`, `graphml` and `sndlib`"),
            "CSV file `link,from,to,gbps,metres`, each row one direction. Two rows of one id, there and back, are one link; a row \
             with an id of its own is a link that goes one way.",
        ),
        key(
            "graphml",
            Kind::File,
            Need::Optional("one of `links`, `graphml` and `sndlib`"),
            "GraphML file as the Internet Topology Zoo has them: sites by label and coordinates, links with `LinkSpeedRaw` where it is known.",
        ),
        key(
            "sndlib",
            Kind::File,
            Need::Optional("one of `links`, `graphml` and `sndlib`"),
            "Network in the native format of SNDlib: installed capacity, or the smallest module where none is installed, each way.",
        ),
        key(
            "default_capacity",
            Kind::Quantity(Dimension::ByteRate),
            Need::Optional("an error where a link states none"),
            "Capacity of links for which the file states none, each way.",
        )
        .positive(MAX_RATE),
        key(
            "default_length",
            Kind::Quantity(Dimension::Distance),
            Need::Optional("an error where a link has none"),
            "Fibre length of links whose sites have no coordinates.",
        )
        .positive(1e9),
        key(
            "unit",
            Kind::Quantity(Dimension::ByteRate),
            assumed("1 Mbps", "SNDlib networks that name their unit count Mbit/s"),
            "What one unit of capacity and demand in an `sndlib` file stands for, where its META section names none.",
        )
        .positive(MAX_RATE),
        key(
            "routes",
            Kind::File,
            Need::Optional("the shortest routes"),
            "CSV file `src,dst,links`: fixed routes, links by id with blanks between them. A route holds while all its links are up. A key that \
             is no site stands for the site where its routes begin or end.",
        ),
        key(
            "latency",
            Kind::Quantity(Dimension::Duration),
            Need::Derived("length x 4.9 us/km; from coordinates, length = wan.route_factor x great circle"),
            "Propagation time of every link of the file, one way.",
        )
        .within(0.0, 30.0),
        key(
            "waves",
            Kind::Whole(Dimension::Count),
            assumed("1", "one wave that fails as a whole"),
            "Waves that make up the capacity of each link of the file.",
        )
        .within(1.0, 10_000.0),
        FAILURES,
        CUTS,
        CUT_REPAIR,
        WAVE_FAILURES,
        WAVE_REPAIR,
        LOSS,
        key("transport", Kind::Part("interconnect"), Need::Wan, "Framing on the wire."),
        key(
            "framing",
            Kind::Quantity(Dimension::Ratio),
            Need::Derived("the framing efficiency of `transport`"),
            "Payload bytes per wire byte.",
        )
        .positive(1.0),
    ], PARTIAL],
    later: &[],
    rules: &[Rule::ExactlyOne(&["links", "graphml", "sndlib"])],
};

/// `kind = "trace"`
pub static WORK_TRACE: TableSpec = TableSpec {
    header: "[work.NAME] kind = \"trace\"",
    doc: "Transfers between sites that a file states one by one.",
    groups: &[
        COMMON,
        &[key(
            "trace",
            Kind::File,
            Need::Required,
            "CSV file `flow,arrival_s,src,dst,bytes` in order of arrival; times count from the start of the work, `src` and `dst` are sites, or \
             keys of the routes file.",
        )],
        TRANSPORT,
    ],
    later: LATER,
    rules: &[],
};
