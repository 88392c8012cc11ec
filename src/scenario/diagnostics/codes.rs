//! Every code a diagnostic can carry, with an explanation for `apollo explain --code`.

/// A code and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code.
    pub code: &'static str,
    /// One line.
    pub title: &'static str,
    /// A paragraph: why it is refused and what to do.
    pub text: &'static str,
}

/// The explanation of a code, in any case of letters.
pub fn explain(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|c| c.code.eq_ignore_ascii_case(code))
}

macro_rules! codes {
    ($($code:literal $title:literal: $text:literal;)*) => {
        /// All codes in order.
        pub const CODES: &[Code] = &[$(Code { code: $code, title: $title, text: $text }),*];
    };
}

codes! {
    "E0001" "the text is not TOML":
        "The file breaks the rules of TOML. The most frequent slip is a quantity without quotes: write \
         `horizon = \"6 h\"`, not `horizon = 6 h`. All syntax errors of a file are shown at once; the rest of the \
         file is checked as far as it can be understood.";
    "E0002" "the file cannot be used":
        "The named file does not exist, is a directory, or is not UTF-8 text. Paths inside a scenario (`extends`, \
         `empirical`) are relative to the file that contains them.";
    "E0003" "the file is too large or nested too deeply":
        "A scenario may have 8 MiB, 24 levels of nesting and 200,000 keys and array elements. These limits are \
         checked before anything is parsed, so that a broken or hostile file fails at once. It may have 10,000 \
         parts of one kind (sites, links, works …).";
    "E0004" "the machine could not read the file":
        "The file exists but reading it failed: permissions, or the disk. Nothing in the scenario is at fault.";
    "E0005" "the format version is missing or unknown":
        "Every scenario starts with `format = 1`. The number changes when the meaning of a key changes, so an old \
         program never misreads a new file.";
    "E0006" "a chain of bases does not end":
        "`extends` names a base file, which may extend another one, at most 8 deep. A file that extends itself, \
         directly or through others, has no meaning.";
    "E0101" "unknown key":
        "The table has no key of this name. `apollo schema` and the reference list the keys of every table.";
    "E0102" "missing key":
        "The table cannot be understood without this key, and there is no honest default for it.";
    "E0103" "unknown table":
        "The language has no table of this name at top level.";
    "E0104" "a value of the wrong kind":
        "The key expects another kind of value: a string with a unit, a number, a list, a table, or a date.";
    "E0105" "part of the language, but not simulated by this version":
        "The name is reserved for something that this version cannot simulate yet. It is refused, because ignoring \
         it would give results for another plan than the one written.";
    "E0106" "a name that cannot be used":
        "Names of sites, links, works and so on have 1 to 64 letters, digits, `-` or `_`. They become parts of KPI \
         names and of addresses, where other characters would be ambiguous.";
    "E0107" "keys that exclude or need one another":
        "Exactly one, or at most one, of a group of keys may be given, for example one of `at_most`, `at_least` and \
         `within` in a target.";
    "E0201" "a quantity that cannot be read":
        "A quantity is a number and a unit in one string: `\"400 Gbps\"`, `\"3 EB\"`, `\"20 ms\"`, `\"92 %\"`. Bits \
         (`b`, `Gbps`) and bytes (`B`, `GB/s`) differ, and so do decimal (`TB`) and binary (`TiB`) prefixes.";
    "E0202" "a bare number where a unit is due":
        "A number without a unit is ambiguous (seconds or minutes, bits or bytes), so it is refused where a unit \
         exists. The message lists the units that fit.";
    "E0203" "a value out of range":
        "The value is not finite, or outside the range that has a meaning for this key.";
    "E0204" "a word that is not among the choices":
        "The key takes one of a few words; the message lists them.";
    "E0205" "a random quantity that cannot be read":
        "A random quantity is a quantity (constant), or a table with exactly one law: exponential { mean }, lognormal \
         { median, p99 }, weibull { scale, shape }, uniform { from, to }, triangular { low, mode, high }, or \
         empirical = \"file.csv\".";
    "E0206" "a date that cannot be used":
        "`start` is a TOML date without quotes and without a time: `start = 2026-01-05`.";
    "E0207" "a data file that cannot be used":
        "An empirical law reads one value per line, each written as a quantity with its unit, or as a bare number \
         under a header that ends in the unit in brackets, e.g. `repair [min]`.";
    "E0208" "measured rows that cannot be used":
        "A file of measured rows is a CSV table with the columns `clients`, `io_size`, `queue_depth`, `read_share` and \
         `rate`, or the output of fio (`--output-format=json`) or elbencho (`--csvfile`). Each row is one experiment \
         that kept its queue full; rates and sizes are above zero.";
    "E0209" "a topology file that cannot be used":
        "A file of links is a CSV table with the columns `link`, `from`, `to`, `gbps` and `metres`, each row one direction of a link; a file of \
         routes has `src`, `dst` and `links`. Ids are unique, capacities above zero, lengths not negative, and the links of a route join. GraphML is read as the \
         Internet Topology Zoo writes it, without a document type; SNDlib in its native format. What a file leaves out follows from `default_capacity` and \
         `default_length`.";
    "E0210" "a trace that cannot be used":
        "A trace is a CSV table with the columns `flow`, `arrival_s`, `src`, `dst` and `bytes`, in order of arrival. Numbers of flows are unique, \
         and keys are sites of the plan or keys of its routes file.";
    "E0301" "a name that is not defined":
        "The value names a site, fleet, link, storage system or risk group that no table defines.";
    "E0302" "an unknown catalogue part":
        "`apollo catalog` lists the parts. A part that differs from a published one is written as the nearest part \
         with the differing figures overridden in the same table.";
    "E0303" "an unknown KPI":
        "`apollo kpi` lists the KPIs. A name is area.entity.measure, optionally followed by a stat: mean, p50, p95, \
         p99, max, min or fraction.";
    "E0304" "a KPI that nothing in this plan produces":
        "The KPI exists, but the entity it names is not in the plan, or is of a kind that has no such KPI, so the \
         target could never be judged.";
    "E0305" "a catalogue part of the wrong kind":
        "The part exists, but it is not of the kind this key needs, for example a storage system where a GPU node \
         is due.";
    "E0306" "a figure that the part does not state":
        "The simulator needs this figure of the part, no source for it is known, and the table does not give it. \
         Write the figure as a key of the same table.";
    "E0401" "an override that cannot be read":
        "An override is ADDRESS=VALUE, for example `--set link.phx-dal.capacity=\"800 Gbps\"`. The value is read as a \
         TOML value, or as a plain string when it is not one.";
    "E0402" "an address that matches nothing":
        "An address is table.name.key. `*` stands for any run of characters in one segment. It must match \
         something that the scenario defines.";
    "E0403" "a calibration that cannot be set up":
        "`apollo calibrate` needs one `io` work and fits figures of the storage system that it loads: quantities such \
         as `read_latency` or `operations`, named alone, as `storage.NAME.KEY` or as `catalog.PART.FIGURE`.";
    "E0501" "a link that goes nowhere":
        "A link joins two different sites.";
    "E0502" "sites that no path joins":
        "The work needs bytes to travel between two sites, but no chain of links joins them.";
    "E0503" "times that contradict one another":
        "The warm-up must end before the horizon, and a work or a link must start before it ends and before the horizon.";
    "E0504" "more GPUs than the fleet has":
        "One work alone asks for more GPUs than the fleet holds, so it could never start.";
    "E0505" "a loop without generators":
        "An RL work needs at least one pool of generators with at least one engine.";
    "E0506" "the same thing twice":
        "A list names the same site, fleet or group more than once.";
    "E0507" "nothing to simulate":
        "The scenario defines no site, or a system without capacity, so there is nothing to simulate.";
    "E0508" "more bytes than the system holds":
        "A copy into a storage system needs more space than the system has; or the full weights of a loop, or the checkpoints that it keeps, need more than its \
         capacity and quotas leave at the start, each alone or all together. What lies there then stays, so they would never fit.";
    "E0509" "stripes wider than the system":
        "A stripe of k data and m parity blocks puts at most blocks_per_node blocks on one node (or enclosure), so k + m is at most that \
         times the nodes. A stripe that is written must fit; the stripe of a catalogue part is narrowed on few nodes, \
         down to one data block.";
    "E0510" "a quota that contradicts the system":
        "A hard quota below what the system, or a tenant or view on it, holds at the start could not have come about, and a soft \
         quota at or above the limit would never warn before bytes are refused. What tenants hold together, and what views do, is \
         part of what the system holds.";
    "E0511" "a namespace that contradicts itself":
        "A namespace is cached on other systems than its home, by at most one cache at a site, and under a policy whose hit \
         ratio is known for its popularity.";
    "E0512" "a demand that no size meets":
        "The demand of 'sized_for' cannot be met by any number of units: a stage does not grow with them, or their number is \
         beyond what is taken seriously.";
    "E0513" "a tier that cannot work":
        "Old bytes move from a system to another one that keeps them: not to itself, and not to one that is tiered in turn. Those \
         that a high mark starts move until a low mark at least a hundredth of the system below it.";
    "E0514" "a reserve that cannot be kept":
        "A cap below the reserve beside it would break the promise, and so would reserves that together need more than a part of the          system carries. Reserves of tenants and of views add up. Bytes that are read and written cross the parts as the layout says, writes with their          migration; reserved bytes need operations of the size that the works have, and reserved operations carry          bytes of that size.";
    "E0515" "a season or window that cannot be followed":
        "The parts of a season begin within their day, week or year, each after the one before it, and there are at least two: \
         one alone would not vary. Windows of a pace lie within their day or week and do not overlap.";
    "E0516" "a loop that cannot turn":
        "A step of an RL loop trains on whole groups, so 'group' divides 'batch'. Users may not ask for more tokens over a day than all \
         engines give: their requests would wait in a line that grows without end. Without a reward for \
         anybody nothing trains. Between two publishes the trainer needs more batches \
         than the lag bound leaves it: with 'sync_every' greater than the largest lag + 1 it waits for ever.";
    "E0517" "maintenance that cannot be":
        "A maintenance window covers at least one link, and one that comes again is over before it begins anew.";
    "E0518" "an upgrade that cannot be followed":
        "Upgrades of a link come in order of time, after it comes into service and before it is taken out. Without 'waves' an upgrade \
         keeps the size of the waves, so the new capacity has to be a whole number of them.";
    "E0519" "a sweep that cannot be made":
        "Every address of `[sweep]` has values, no two addresses set the same value, and addresses that change together have as many values each. Ranges rise; \
         only numbers and quantities have values in between. A sweep has at most a million cells. A condition compares two addresses of the sweep, or one and a value.";
    "W0601" "a site that nothing uses":
        "No fleet, storage system, link or work is at this site.";
    "W0602" "a link that cannot matter":
        "No work sends bytes over a path that could contain this link, so its capacity and failures change no result \
         of a work.";
    "W0603" "more GPUs promised than the fleet has":
        "The works on this fleet ask together for more GPUs than it holds. Priorities decide who gets them.";
    "W0604" "something that nothing uses":
        "The storage system, risk group or catalogue part is defined, but no work, link or table uses it.";
    "W0605" "a sweep that this command does not run":
        "`run` simulates the values written in the tables; the variants of `[sweep]` are run by `apollo sweep`.";
    "W0606" "a number rounded to whole units":
        "GPUs come in whole nodes, and engines in whole groups of GPUs; the number was rounded up or a rest is idle.";
    "W0607" "a stated value that is physically odd":
        "The stated round-trip time is shorter than light needs in fibre between the two locations, or much longer \
         than any usual route.";
    "W0608" "a work that the horizon cuts":
        "The work ends, or is scheduled to end, after the horizon; only the part before it is simulated.";
    "W0609" "a key without effect here":
        "The key has no effect together with the other keys of this table.";
    "W0610" "more than the site offers":
        "The racks or the power of the parts at this site exceed the positions or the power the site states.";
    "W0611" "a node whose loss loses data":
        "A node or enclosure holds more blocks of one stripe than there is parity, so losing it with its media loses data. \
         More nodes, more parity or fewer blocks_per_node prevent that.";
    "W0612" "a system too small for its demand":
        "The stated number of nodes, enclosures, heads or accounts is smaller than 'sized_for' needs; without it the number that \
         is enough would follow.";
    "W0613" "a topology file with gaps":
        "Links of sites without coordinates take `default_length`, and an edge from a node to itself is left out.";
    "W0614" "a network that falls apart":
        "No path joins some sites of the topology file to the others: parts of the map are islands, or a link is missing.";
    "W0615" "users that the engines cannot serve as promised":
        "At the peak of the day users ask for more tokens than all engines give, or an engine with every slot taken gives each answer \
         fewer tokens per second than promised.";
    "W0616" "a loop that holds itself up":
        "The rules of the loop leave most of the engines' slots empty, or make it drop most of what is left of a round: the note says how much.";
    "W0617" "a delta that saves nothing":
        "'changed' x 'bytes_per_changed', for each of the 'sync_every' versions that a publish spans, is no less than the bytes of a parameter: full weights are sent in its place, after the \
         time that building the delta takes.";
    "W0618" "bytes without room":
        "At the start the system has less room under its capacity and its hard quota than the copies to it bring, or than copies, weights and checkpoints bring together. A copy that finds no room for all its bytes \
         never finishes. Or a store has less than the deltas of a loop and the full weights they build on: deltas that find no room are refused, and full weights are sent after them.";
    "W0622" "a name of a routes file that nothing uses":
        "A key of a routes file that is no site stands for the site where its routes begin or end, so that a trace can name a route of its own by it. \
         No trace uses this one: it may be a site with a slip in its name.";
    "W0623" "metrics on some links only":
        "`metric` and the default, the round trip in nanoseconds, are compared with one another: a link without a metric counts as far away as its length, \
         one with a metric of a few as next door.";
    "W0626" "a batch or a step that takes longer than the run":
        "A step, or the environment of a trajectory, takes longer than the loop runs; or all engines together, with every slot taken, need longer for the tokens of a batch than the loop runs; where engines generate for users alone, \
         users need longer to ask for as many answers with a reward.";
    "W0627" "rewards that come after the run":
        "The mean time to the reward is longer than the loop runs: next to nothing trains before it ends.";
    "W0628" "more waves than engines":
        "An engine takes new weights in one wave, so a pool swaps in no more waves than it has engines.";
    "W0629" "a loop slower than its target":
        "At the best, with the network idle and nothing broken, a step and a publish take longer than `feedback_target`, or all engines together take longer to \
         generate a batch. Nothing, or little, is fed back in time. A target that is not stated is a default, and is passed tenfold before there is a word of it.";
    "W0630" "a lag bound that most of what is generated exceeds":
        "By its own rules the loop generates so far ahead, or rewards come so late, that trajectories are older than `max_lag` when they could train: they are dropped. With `admission = \"trained\"` engines \
         may begin as many trajectories as the trainer allows with weights that a slow publish has left behind.";
    "W0631" "a cap below every length":
        "`length_cap` is below the shortest trajectory there can be: all are cut, and all are alike.";
    "W0632" "a timeout that no publish can meet":
        "The bytes of a publish take longer to a site than `timeout`, at the capacity of all links there and with nothing else on them: the site misses every publish \
         and is sent full weights each time.";
    "W0633" "a run too short to judge a loop by":
        "Rewards take so much of the run that fewer than five steps come back to the generators after the warm-up: the times and shares of \
         the loop are those of its beginning. The help says how long a run shows more.";
    "W0634" "a loop that waits for more than is simulated":
        "Rounds without over-generation, a lag bound of 0 and updates that drain wait for the slowest of many trajectories, and the longest of a few is shorter than the \
         longest of many. Such a loop simulates every engine up to 65,536 slots a pool; this pool is larger, or its 'engine.cohort' is more than 1, and its lengths have a long tail. Feedback times come out too \
         short by about as much as the longest trajectory does.";
    "W0635" "a loop with little to spare next to what is simulated as one":
        "An engine that is simulated may stand for many, and each of its trajectories, or groups, for as many. A batch is full with such a lump, half of which it does not need. What a loop \
         may leave unfinished (over-generation, staleness, the batches within its bound) should be 128 times that: then every engine is simulated by default, as far as a pool has no more than 65,536 slots. \
         This pool is larger, or its 'engine.cohort' is stated. Feedback times come out off by the order of half a lump in what is to spare, which is told from 1 % on; in groups, whose slowest counts, up to twice that was seen.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(CODES.windows(2).all(|w| w[0].code < w[1].code));
        assert!(CODES.iter().all(|c| c.text.ends_with('.') && !c.title.ends_with('.')));
        assert_eq!(explain("e0201").map(|c| c.code), Some("E0201"));
        assert_eq!(explain("E9999"), None);
    }
}
