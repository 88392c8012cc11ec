//! The table of units: every word a quantity may be written with, for every dimension.
//!
//! One table drives the parser, the suggestions, the help texts and the patterns of the JSON schema, so they cannot
//! disagree. Words are case-sensitive (`Gb/s` is an eighth of `GB/s`), decimal prefixes are powers of ten and
//! `Ki Mi Gi …` powers of 1024.

use std::sync::LazyLock;

/// What a quantity measures, and the base unit in which [`parse`](super::parse()) returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// An amount of data, in bytes: `3 EB`, `16 GiB`, `800 Gb`.
    Bytes,
    /// A network data rate, in bytes per second, printed in bits: `400 Gbps`, `50 GB/s`.
    ByteRate,
    /// A storage data rate, in bytes per second, the same words as [`Dimension::ByteRate`] but printed in bytes.
    Throughput,
    /// Data rate per stored amount, as provisioned file systems are sold, in per second: `125 MB/s/TiB`.
    RatePerCapacity,
    /// A fixed length of time, in seconds: `60 s`, `1h30m`, `6 weeks`, `PT90M`. Months and years are not fixed: see
    /// [`parse_duration_or_calendar`](super::parse_duration_or_calendar).
    Duration,
    /// A plain number: `4000`, `40k`, `1.2 T`, `405B` (billion).
    Count,
    /// A number of GPUs, in GPUs: `40k`, `40k GPUs`.
    Gpus,
    /// A number of policy versions, in versions: `4`, `4 versions`.
    Versions,
    /// A number of tokens, in tokens: `32k`, `32k tokens`, `1.5 Mtok`.
    Tokens,
    /// Tokens per second: `35 tok/s`.
    TokenRate,
    /// Operations per second: `40 kop/s`, `40k IOPS`, `20k req/s`.
    OpRate,
    /// A share: `92 %`, or plain `0.92` when it is from 0 to 1.
    Ratio,
    /// A plain factor without unit, such as a PUE, a data reduction or an overhead: `1.33`.
    Factor,
    /// Power, in watts: `142 kW`.
    Power,
    /// Energy, in joules: `3 MWh`.
    Energy,
    /// Money, in US dollars: `$3 M`.
    Money,
    /// Money per hour, in US dollars per hour: `$2.10/h`.
    MoneyPerHour,
    /// Price of storage, in US dollars per byte and month: `$0.018/GB-month`.
    MoneyPerByteMonth,
    /// Price of energy, in US dollars per joule: `$0.07/kWh`.
    MoneyPerEnergy,
    /// Distance, in metres: `1931 km`, `1200 mi`.
    Distance,
    /// Floating-point operations per second: `2.5 PFLOP/s`.
    Flops,
    /// Events per length and time, in per metre and second, as fibre cuts are counted: `2.7 /1000km-year`.
    PerDistanceTime,
    /// Events per time, in per second, such as a hazard: `3.5e-3 /day`.
    PerTime,
    /// A date or an instant in UTC, in seconds since 1970-01-01T00:00:00Z: `2026-03-01`, `2026-03-01T12:00:00Z`.
    Date,
}

/// One unit word: a value of `x word` is `x · mul / div` base units. Both factors are exact doubles, which keeps
/// `20 ms` the double nearest to 0.02 instead of a product of two rounded numbers.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub word: String,
    pub mul: f64,
    pub div: f64,
    pub role: Role,
}

/// What a unit word is used for besides parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Printed by [`print`](super::print()) and [`display`](super::display()), listed in help.
    Print,
    /// Printed only where it gives the shortest exact text; listed in help.
    PrintExact,
    /// Listed in help.
    Listed,
    /// Accepted.
    Alias,
}

/// The units of one dimension.
pub(super) struct Table {
    /// The dimension in the plural, as error messages call it.
    pub what: &'static str,
    /// Two or three examples, shown in help.
    pub examples: &'static str,
    /// A number without a unit is allowed.
    pub bare: bool,
    /// Written with a leading dollar sign.
    pub dollar: bool,
    /// Unit words; where [`Table::bare`] holds, the first is the empty word.
    pub units: Vec<Unit>,
}

/// All dimensions in the order of their declaration.
pub(super) const ALL: [Dimension; 24] = [
    Dimension::Bytes,
    Dimension::ByteRate,
    Dimension::Throughput,
    Dimension::RatePerCapacity,
    Dimension::Duration,
    Dimension::Count,
    Dimension::Gpus,
    Dimension::Versions,
    Dimension::Tokens,
    Dimension::TokenRate,
    Dimension::OpRate,
    Dimension::Ratio,
    Dimension::Factor,
    Dimension::Power,
    Dimension::Energy,
    Dimension::Money,
    Dimension::MoneyPerHour,
    Dimension::MoneyPerByteMonth,
    Dimension::MoneyPerEnergy,
    Dimension::Distance,
    Dimension::Flops,
    Dimension::PerDistanceTime,
    Dimension::PerTime,
    Dimension::Date,
];

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| ALL.iter().map(|&dim| build(dim)).collect());

impl Dimension {
    pub(super) fn table(self) -> &'static Table {
        &TABLES[self as usize]
    }

    /// The units that fit, as one line of help: `data rates: bps, kbps, … (e.g. "400 Gbps")`.
    pub fn help(self) -> String {
        let table = self.table();
        let words: Vec<&str> = table
            .units
            .iter()
            .filter(|u| u.role != Role::Alias && !u.word.is_empty())
            .map(|u| u.word.as_str())
            .collect();
        let bare = if table.bare { "plain numbers" } else { "" };
        let list = [bare, &words.join(", ")].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(", ");
        let list = if list.is_empty() { String::new() } else { format!(": {list}") };
        format!("{}{list} (e.g. {})", table.what, table.examples)
    }

    /// Whether a number without a unit is a value of this dimension.
    pub fn allows_bare(self) -> bool {
        self.table().bare
    }
}

const SI: [(&str, f64); 8] =
    [("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("E", 1e18), ("Z", 1e21)];
const IEC: [(&str, f64); 6] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
];
/// Suffixes of plain numbers. `B` is billion here, the way model sizes are written.
const COUNT: [(&str, f64, Role); 9] = [
    ("", 1.0, Role::Print),
    ("k", 1e3, Role::Print),
    ("M", 1e6, Role::Print),
    ("B", 1e9, Role::Print),
    ("T", 1e12, Role::Print),
    ("K", 1e3, Role::Alias),
    ("G", 1e9, Role::Alias),
    ("P", 1e15, Role::Alias),
    ("E", 1e18, Role::Alias),
];
/// Seconds in a day.
const DAY: f64 = 86_400.0;
/// Seconds in a Julian year of 365.25 days, the year of rates such as cuts per year.
const YEAR: f64 = 31_557_600.0;

fn unit(word: &str, mul: f64, div: f64, role: Role) -> Unit {
    Unit { word: word.to_owned(), mul, div, role }
}

/// `base` under the first `upto` decimal prefixes.
fn si(base: &str, upto: usize, div: f64, role: Role) -> Vec<Unit> {
    SI[..upto].iter().map(|(p, f)| unit(&format!("{p}{base}"), *f, div, role)).collect()
}

/// `base` under the binary prefixes.
fn iec(base: &str, div: f64, role: Role) -> Vec<Unit> {
    IEC.iter().map(|(p, f)| unit(&format!("{p}{base}"), *f, div, role)).collect()
}

/// Plain numbers with suffixes, each followed by any of `nouns` or by nothing.
fn counted(nouns: &[&str]) -> Vec<Unit> {
    let plain = COUNT.iter().map(|(w, f, role)| unit(w, *f, 1.0, *role));
    let with_noun = nouns.iter().enumerate().flat_map(|(n, noun)| {
        COUNT.iter().map(move |(w, f, _)| {
            let role = if n == 0 && w.is_empty() { Role::Listed } else { Role::Alias };
            unit(&format!("{w}{noun}"), *f, 1.0, role)
        })
    });
    plain.chain(with_noun).collect()
}

/// Rates per second of a counted thing: `spellings[0]` is printed, the others accepted.
fn per_second(spellings: &[&str]) -> Vec<Unit> {
    let role = |i: usize| if i == 0 { Role::Print } else { Role::Alias };
    spellings.iter().enumerate().flat_map(|(i, s)| si(s, 5, 1.0, role(i))).collect()
}

fn data_rate(bits: Role, bytes: Role) -> Vec<Unit> {
    let binary = if bytes == Role::Print { Role::PrintExact } else { Role::Alias };
    [
        si("bps", 7, 8.0, bits),
        si("B/s", 7, 1.0, bytes),
        iec("B/s", 1.0, binary),
        si("b/s", 7, 8.0, Role::Alias),
        si("bit/s", 7, 8.0, Role::Alias),
        si("Bps", 7, 1.0, Role::Alias),
        iec("b/s", 8.0, Role::Alias),
        iec("bit/s", 8.0, Role::Alias),
    ]
    .concat()
}

fn bytes() -> Vec<Unit> {
    [
        si("B", 8, 1.0, Role::Print),
        iec("B", 1.0, Role::PrintExact),
        si("b", 7, 8.0, Role::Alias),
        si("bit", 7, 8.0, Role::Alias),
        vec![unit("byte", 1.0, 1.0, Role::Alias), unit("bytes", 1.0, 1.0, Role::Alias)],
    ]
    .concat()
}

fn rate_per_capacity() -> Vec<Unit> {
    let mut units = vec![unit("/s", 1.0, 1.0, Role::PrintExact)];
    for (amount, size) in [("TiB", IEC[3].1), ("TB", 1e12), ("GiB", IEC[2].1), ("GB", 1e9)] {
        for (rate, f) in [("MB/s", 1e6), ("GB/s", 1e9), ("kB/s", 1e3), ("MiB/s", IEC[1].1), ("GiB/s", IEC[2].1)] {
            let role = if rate == "MB/s" && size > 1e11 { Role::Print } else { Role::Alias };
            units.push(unit(&format!("{rate}/{amount}"), f, size, role));
        }
    }
    units
}

fn durations() -> Vec<Unit> {
    let mut units = vec![
        unit("ns", 1.0, 1e9, Role::Print),
        unit("us", 1.0, 1e6, Role::Print),
        unit("ms", 1.0, 1e3, Role::Print),
        unit("s", 1.0, 1.0, Role::Print),
        unit("min", 60.0, 1.0, Role::Print),
        unit("h", 3600.0, 1.0, Role::Print),
        unit("d", DAY, 1.0, Role::Print),
        unit("weeks", 7.0 * DAY, 1.0, Role::Listed),
    ];
    let aliases: [(&[&str], f64, f64); 6] = [
        (&["µs", "μs"], 1.0, 1e6),
        (&["sec", "secs", "second", "seconds"], 1.0, 1.0),
        (&["mins", "minute", "minutes"], 60.0, 1.0),
        (&["hr", "hrs", "hour", "hours"], 3600.0, 1.0),
        (&["day", "days"], DAY, 1.0),
        (&["w", "wk", "week"], 7.0 * DAY, 1.0),
    ];
    for (words, mul, div) in aliases {
        units.extend(words.iter().map(|w| unit(w, mul, div, Role::Alias)));
    }
    units
}

fn power() -> Vec<Unit> {
    let mut units = si("W", 5, 1.0, Role::Print);
    units.push(unit("watts", 1.0, 1.0, Role::Alias));
    units
}

fn energy() -> Vec<Unit> {
    let mut units = vec![unit("J", 1.0, 1.0, Role::PrintExact)];
    units.extend(SI[..5].iter().map(|(p, f)| unit(&format!("{p}Wh"), f * 3600.0, 1.0, Role::Print)));
    units.extend(SI[1..5].iter().map(|(p, f)| unit(&format!("{p}J"), *f, 1.0, Role::Alias)));
    units
}

fn money() -> Vec<Unit> {
    COUNT[..6].iter().map(|(w, f, role)| unit(w, *f, 1.0, *role)).collect()
}

fn money_per_hour() -> Vec<Unit> {
    let mut units = vec![unit("/h", 1.0, 1.0, Role::Print), unit("/day", 1.0, 24.0, Role::Listed)];
    units.extend(["/hr", "/hour", "/GPU-h"].iter().map(|w| unit(w, 1.0, 1.0, Role::Alias)));
    units.push(unit("/month", 1.0, 730.5, Role::Listed));
    units.push(unit("/d", 1.0, 24.0, Role::Alias));
    units.extend([("k/h", 1e3), ("M/h", 1e6)].iter().map(|(w, f)| unit(w, *f, 1.0, Role::Alias)));
    units
}

fn money_per_byte_month() -> Vec<Unit> {
    let mut units = vec![unit("/GB-month", 1.0, 1e9, Role::Print), unit("/B-month", 1.0, 1.0, Role::PrintExact)];
    for (p, f) in &SI[4..7] {
        units.push(unit(&format!("/{p}B-month"), 1.0, *f, Role::Listed));
    }
    units.push(unit("/GiB-month", 1.0, IEC[2].1, Role::Listed));
    units.push(unit("/TiB-month", 1.0, IEC[3].1, Role::Listed));
    units
}

fn distance() -> Vec<Unit> {
    let mut units = vec![unit("m", 1.0, 1.0, Role::Print), unit("km", 1e3, 1.0, Role::Print)];
    units.push(unit("mi", 1_609.344, 1.0, Role::Listed));
    units.extend(
        [("miles", 1_609.344), ("mile", 1_609.344), ("ft", 0.304_8)].map(|(w, f)| unit(w, f, 1.0, Role::Alias)),
    );
    units
}

fn per_distance_time() -> Vec<Unit> {
    let mut units = vec![unit("/m-s", 1.0, 1.0, Role::PrintExact)];
    for (word, metres, role) in [
        ("/1000km-year", 1e6, Role::Print),
        ("/1000mi-year", 1_609_344.0, Role::Listed),
        ("/km-year", 1e3, Role::Listed),
        ("/mi-year", 1_609.344, Role::Alias),
        ("/1000km-yr", 1e6, Role::Alias),
        ("/1000mi-yr", 1_609_344.0, Role::Alias),
        ("/km-yr", 1e3, Role::Alias),
    ] {
        units.push(unit(word, 1.0, metres * YEAR, role));
    }
    units
}

fn per_time() -> Vec<Unit> {
    let mut units = vec![];
    for (word, seconds, role) in [
        ("/s", 1.0, Role::Print),
        ("/min", 60.0, Role::Listed),
        ("/h", 3600.0, Role::Listed),
        ("/day", DAY, Role::Print),
        ("/week", 7.0 * DAY, Role::Listed),
        ("/year", YEAR, Role::Listed),
        ("/hour", 3600.0, Role::Alias),
        ("/d", DAY, Role::Alias),
        ("/yr", YEAR, Role::Alias),
    ] {
        units.push(unit(word, 1.0, seconds, role));
    }
    units
}

fn flops() -> Vec<Unit> {
    [si("FLOP/s", 8, 1.0, Role::Print), si("FLOPS", 8, 1.0, Role::Alias)].concat()
}

fn build(dim: Dimension) -> Table {
    let table = |what, examples, units| Table { what, examples, bare: false, dollar: false, units };
    let plain = |what, examples, units| Table { what, examples, bare: true, dollar: false, units };
    let dollars = |what, examples, units| Table { what, examples, bare: false, dollar: true, units };
    match dim {
        Dimension::Bytes => table("sizes", r#""3 EB", "16 GiB""#, bytes()),
        Dimension::ByteRate => table("data rates", r#""400 Gbps", "50 GB/s""#, data_rate(Role::Print, Role::Listed)),
        Dimension::Throughput => table("data rates", r#""50 GB/s", "400 Gbps""#, data_rate(Role::Listed, Role::Print)),
        Dimension::RatePerCapacity => table("data rates per size", r#""125 MB/s/TiB""#, rate_per_capacity()),
        Dimension::Duration => table("durations", r#""60 s", "1h30m", "6 weeks""#, durations()),
        Dimension::Count => plain("numbers", r#""4000", "40k", "1.2 T""#, counted(&[])),
        Dimension::Gpus => plain("GPUs", r#""40k", "512 GPUs""#, counted(&["GPUs", "GPU"])),
        Dimension::Versions => plain("versions", r#""4", "4 versions""#, counted(&["versions", "version"])),
        Dimension::Tokens => plain("tokens", r#""32k", "32k tokens""#, counted(&["tokens", "token", "tok"])),
        Dimension::TokenRate => table("token rates", r#""35 tok/s""#, per_second(&["tok/s", "tokens/s", "token/s"])),
        Dimension::OpRate => table(
            "operation rates",
            r#""40 kop/s", "20k IOPS""#,
            per_second(&["op/s", "IOPS", "ops/s", "req/s", "iops"]),
        ),
        Dimension::Ratio => plain(
            "shares",
            r#""92 %", or "0.92" from 0 to 1"#,
            vec![unit("", 1.0, 1.0, Role::PrintExact), unit("%", 1.0, 100.0, Role::Print)],
        ),
        Dimension::Factor => {
            plain("factors", r#""1.33""#, vec![unit("", 1.0, 1.0, Role::Print), unit("x", 1.0, 1.0, Role::Alias)])
        }
        Dimension::Power => table("power", r#""142 kW", "120 MW""#, power()),
        Dimension::Energy => table("energy", r#""3 MWh""#, energy()),
        Dimension::Money => dollars("amounts of money", r#""$2.10", "$3 M""#, money()),
        Dimension::MoneyPerHour => dollars("prices per hour", r#""$2.10/h""#, money_per_hour()),
        Dimension::MoneyPerByteMonth => dollars("storage prices", r#""$0.018/GB-month""#, money_per_byte_month()),
        Dimension::MoneyPerEnergy => dollars(
            "energy prices",
            r#""$0.07/kWh""#,
            vec![
                unit("/kWh", 1.0, 3.6e6, Role::Print),
                unit("/MWh", 1.0, 3.6e9, Role::Listed),
                // Leases of power: a kilowatt for an average month of 730.5 hours.
                unit("/kW-month", 1.0, 2.6298e9, Role::Listed),
                unit("/J", 1.0, 1.0, Role::PrintExact),
            ],
        ),
        Dimension::Distance => table("distances", r#""1931 km", "1200 mi""#, distance()),
        Dimension::Flops => table("computing rates", r#""2.5 PFLOP/s""#, flops()),
        Dimension::PerDistanceTime => {
            table("events per distance and time", r#""2.7 /1000km-year""#, per_distance_time())
        }
        Dimension::PerTime => table("events per time", r#""3.5e-3 /day""#, per_time()),
        Dimension::Date => table("dates", r#""2026-03-01", "2026-03-01T12:00:00Z""#, vec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_list_of_dimensions_matches_their_discriminants() {
        for (i, dim) in ALL.iter().enumerate() {
            assert_eq!(*dim as usize, i);
        }
    }

    #[test]
    fn no_word_means_two_things_in_one_dimension() {
        for dim in ALL {
            let words: BTreeSet<&str> = dim.table().units.iter().map(|u| u.word.as_str()).collect();
            assert_eq!(words.len(), dim.table().units.len(), "{dim:?} has a word twice");
        }
    }

    #[test]
    fn every_dimension_prints_its_base_unit_exactly() {
        for dim in ALL.into_iter().filter(|d| *d != Dimension::Date) {
            let exact = |u: &Unit| {
                (u.mul / u.div - 1.0).abs() < f64::EPSILON && matches!(u.role, Role::Print | Role::PrintExact)
            };
            let bits = |u: &Unit| u.word == "bps" && u.role == Role::Print;
            assert!(dim.table().units.iter().any(|u| exact(u) || bits(u)), "{dim:?}");
        }
    }
}
