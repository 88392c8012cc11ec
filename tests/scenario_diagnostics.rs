//! Every kind of bad input gets a clear message with its place: snapshots of what users read, and a check that
//! every code of the list is reachable.

use std::collections::BTreeSet;
use std::path::Path;

use apollo_sim::scenario::diagnostics::CODES;
use apollo_sim::scenario::{Diagnostic, io_work, load, load_text, measured, render_json, render_text};

/// A sound plan that the cases break.
const BASE: &str = r#"format = 1
start = 2026-01-05
horizon = "6 h"

[site.phoenix]
location = [33.45, -112.07]
[site.dallas]
location = [32.78, -96.80]

[fleet.phoenix]
site = "phoenix"
node = "gb200-nvl72"
nodes = 20
[fleet.dallas]
site = "dallas"
node = "gb200-nvl72"
nodes = 20

[link.phx-dal]
between = ["phoenix", "dallas"]
capacity = "400 Gbps"

[storage.hot]
site = "phoenix"
system = "vast-ebox-z3-highmem-88"
nodes = 16
[storage.base]
site = "dallas"
system = "azure-blob"
capacity = "100 PB"

[work.hydrate]
kind = "copy"
from = "base"
to = "hot"
bytes = "100 TB"

[work.online]
kind = "rl"
model = "dense-8b"
trainer = { fleet = "phoenix", gpus = 800 }
generators = [{ fleet = "dallas", gpus = 800 }]

[target.feedback]
kpi = "rl.online.feedback_time.p95"
at_most = "60 s"
"#;

/// The base with one text replaced by another.
fn broken(from: &str, to: &str) -> String {
    assert!(BASE.contains(from), "{from}");
    BASE.replacen(from, to, 1)
}

/// The base with a text added at its end.
fn with(text: &str) -> String {
    format!("{BASE}\n{text}")
}

/// The base whose copy is a tenant's, with promises of its destination.
fn shared(promises: &str) -> String {
    let owned = broken("kind = \"copy\"", "kind = \"copy\"\ntenant = \"me\"");
    format!("{owned}\n[tenant.me]\n[storage.hot.tenant.me]\n{promises}\n")
}

/// Errors, or the warnings where there are none.
fn findings(text: &str, overrides: &[&str]) -> Vec<Diagnostic> {
    let overrides: Vec<String> = overrides.iter().map(|s| (*s).to_owned()).collect();
    match load_text("plan.toml", text, &overrides) {
        Ok((_, sources)) => sources.warnings,
        Err(errors) => errors,
    }
}

fn page(cases: &[(&str, String)]) -> String {
    let mut out = String::new();
    for (title, text) in cases {
        out.push_str(&format!("### {title}\n\n{}", render_text(&findings(text, &[]), false)));
    }
    out
}

fn keys() -> Vec<(&'static str, String)> {
    vec![
        ("unknown key", broken("capacity = \"400", "capcity = \"400")),
        ("unknown table", with("[links.x]\ncapacity = \"1 Gbps\"")),
        ("unknown top-level key", broken("horizon", "horizn = \"1 h\"\nhorizon")),
        ("missing key", broken("bytes = \"100 TB\"\n", "")),
        ("format missing", broken("format = 1\n", "")),
        ("format unknown", broken("format = 1", "format = 2")),
        ("not simulated: table", with("[topology]\nlinks = \"links.csv\"")),
        ("not simulated: kind", with("[work.t]\nkind = \"training\"")),
        ("not simulated: key", broken("bytes", "windows = [\"2026-03-01 6 h\"]\nbytes")),
        ("unknown kind", broken("kind = \"copy\"", "kind = \"cpy\"")),
        ("kind missing", broken("kind = \"copy\"\n", "")),
        ("table expected", broken("[site.dallas]", "[[fleets]]\n[site.dallas]").replace("[[fleets]]", "[work]\nx = 3")),
        (
            "array of tables",
            with("[[site]]\nname = \"x\"").replace(
                "[site.phoenix]\nlocation = [33.45, -112.07]\n[site.dallas]\nlocation = [32.78, -96.80]\n",
                "",
            ),
        ),
        ("both keys", broken("nodes = 20", "nodes = 20\ngpus = \"1k\"")),
        ("neither key", broken("nodes = 20\n", "")),
        ("bad name", with("[site.\"../../x\"]\n[site.\"\"]")),
        ("long name", with(&format!("[site.{}]", "n".repeat(65)))),
    ]
}

fn values() -> Vec<(&'static str, String)> {
    vec![
        ("unknown unit", broken("400 Gbps", "400 Gpbs")),
        ("wrong dimension", broken("400 Gbps", "400 ms")),
        ("bare number", broken("\"400 Gbps\"", "400")),
        ("bare share", broken("nodes = 20", "nodes = 20\nspares = 3")),
        ("zero", broken("400 Gbps", "0 Gbps")),
        ("negative", broken("400 Gbps", "-400 Gbps")),
        ("not a number", broken("400 Gbps", "nan Gbps")),
        ("TOML nan", broken("nodes = 20", "nodes = nan")),
        ("infinite", broken("nodes = 20", "nodes = inf")),
        ("huge", broken("400 Gbps", "1e300 Gbps")),
        ("huge integer", broken("nodes = 20", "nodes = 99999999999999999999999999")),
        ("fraction", broken("nodes = 20", "nodes = 2.5")),
        ("seed too large", broken("horizon", "seed = 99999999999999999999\nhorizon")),
        ("negative seed", broken("horizon", "seed = -1\nhorizon")),
        ("wrong kind", broken("capacity = \"400 Gbps\"", "capacity = [\"400 Gbps\"]")),
        (
            "word",
            broken(
                "[storage.hot]",
                "[work.io]\nkind = \"io\"\nstorage = \"hot\"\npattern = \"reed\"\nclients = 4\n[storage.hot]",
            ),
        ),
        ("flag", broken("capacity = \"400", "failures = \"no\"\ncapacity = \"400")),
        ("date in quotes", broken("start = 2026-01-05", "start = \"2026-01-05\"")),
        ("date with time", broken("start = 2026-01-05", "start = 2026-01-05T10:00:00Z")),
        ("date before the start", broken("bytes", "starts = 2025-12-31\nbytes")),
        ("escaped string", broken("\"400 Gbps\"", "\"400\\u0020Gpbs\"")),
        (
            "requests",
            broken(
                "[storage.hot]",
                "[work.io]\nkind = \"io\"\nstorage = \"hot\"\npattern = \"read\"\nclients = 0\nio_size = \"0 B\"\nqueue_depth = 0\n\
                 [storage.hot]\nread_stream = \"-1 GB/s\"\nclient_slots = 0\nread_operations = \"-5 op/s\"\n\
                 media_shared = \"120 %\"\nwrite_latency = { lognormal = { median = \"2 ms\", p99 = \"1 ms\" } }\n\
                 read_latency = \"-1 ms\"",
            ),
        ),
        ("a service shows no media", broken("capacity = \"100 PB\"", "capacity = \"100 PB\"\nmedia_shared = \"50 %\"")),
        ("off the map", broken("33.45", "133.45")),
        ("rack positions", broken("location = [33.45, -112.07]", "rack_positions = { liquit = 3, air = -1 }")),
    ]
}

fn random() -> Vec<(&'static str, String)> {
    let law = |text: &str| broken("model =", &format!("reward = {text}\nmodel ="));
    vec![
        ("unknown law", law("{ lognornal = { median = \"1 s\", p99 = \"2 s\" } }")),
        ("two laws", law("{ uniform = { from = \"1 s\", to = \"2 s\" }, exponential = { mean = \"1 s\" } }")),
        ("no law", law("{}")),
        ("missing parameter", law("{ lognormal = { median = \"1 s\" } }")),
        ("unknown parameter", law("{ exponential = { men = \"1 s\" } }")),
        ("wrong order", law("{ uniform = { from = \"3 s\", to = \"2 s\" } }")),
        ("no unit", law("{ exponential = { mean = 3 } }")),
        ("shape", law("{ weibull = { scale = \"1 s\", shape = 1e9 } }")),
        ("not a table", law("{ exponential = \"3 s\" }")),
        ("no file", law("{ empirical = \"missing.csv\" }")),
        ("no path", law("{ empirical = 3 }")),
    ]
}

fn names() -> Vec<(&'static str, String)> {
    vec![
        ("fleet", broken("{ fleet = \"dallas\"", "{ fleet = \"dalas\"")),
        ("site", broken("site = \"dallas\"", "site = \"austin\"")),
        ("storage", broken("to = \"hot\"", "to = \"hto\"")),
        ("link end", broken("\"dallas\"]", "\"dallsa\"]")),
        ("part", broken("node = \"gb200-nvl72\"", "node = \"gb200-nv172\"")),
        ("part of another kind", broken("node = \"gb200-nvl72\"", "node = \"azure-blob\"")),
        ("transport that is a wave", broken("capacity = \"400", "transport = \"400zr\"\ncapacity = \"400")),
        ("twice", broken("capacity = \"400", "risk_group = [\"a\", \"a\"]\ncapacity = \"400")),
        ("three ends", broken("\"dallas\"]", "\"dallas\", \"phoenix\"]")),
    ]
}

fn meaning() -> Vec<(&'static str, String)> {
    vec![
        ("link to itself", broken("\"dallas\"]", "\"phoenix\"]")),
        ("no generators", broken("[{ fleet = \"dallas\", gpus = 800 }]", "[]")),
        (
            "less than one engine",
            broken("[{ fleet = \"dallas\", gpus = 800 }]", "[{ fleet = \"dallas\", gpus = 1 }]")
                .replace("dense-8b", "moe-1t-fp8"),
        ),
        ("fleet too small", broken("gpus = 800 }\n", "gpus = \"2k\" }\n")),
        (
            "sites that hand on what each node fetches",
            broken("model =", "weights = { across = \"relay\", fan_out = \"per-node\" }\nmodel ="),
        ),
        ("too many senders", broken("model =", "weights = { senders = 801 }\nmodel =")),
        ("unreachable", broken("[link.phx-dal]\nbetween = [\"phoenix\", \"dallas\"]\ncapacity = \"400 Gbps\"\n", "")),
        ("no length", broken("location = [33.45, -112.07]\n", "")),
        ("warm-up", broken("horizon", "warmup = \"7 h\"\nhorizon")),
        ("late start", broken("bytes", "starts = \"7 h\"\nbytes")),
        ("ends first", broken("bytes", "starts = \"2 h\"\nends = \"1 h\"\nbytes")),
        ("copy onto itself", broken("from = \"base\"", "from = \"hot\"")),
        ("does not fit", broken("bytes = \"100 TB\"", "bytes = \"100 PB\"")),
        ("capacity beyond nodes", broken("nodes = 16", "nodes = 16\ncapacity = \"100 PB\"")),
        ("capacity twice", broken("nodes = 16", "capacity = \"1 PB\"\nsized_for = { capacity = \"1 PB\" }")),
        ("sized for nothing", broken("nodes = 16", "sized_for = { at_once = false }")),
        (
            "operations that no capacity gives",
            broken("nodes = 16", "sized_for = { operations = \"1 Mop/s\" }")
                .replace("vast-ebox-z3-highmem-88", "azure-managed-lustre-125"),
        ),
        ("absurd demand", broken("nodes = 16", "sized_for = { read = \"500 PB/s\", operations = \"1e15 op/s\" }")),
        (
            "cost without a price",
            with(
                "[storage.own]\nsite = \"phoenix\"\nsystem = \"nvme-node\"\nnodes = 8\n[target.cost]\nkpi = \"storage.own.cost\"\nat_most = \"$1 M\"",
            ),
        ),
        (
            "stripes of a server",
            with(
                "[storage.fs]\nsite = \"phoenix\"\nsystem = \"lustre-flash-servers\"\nnodes = 2\nstripe_data = 12\nbuffer = \"1 TB\"\nblocks_per_node = 2",
            ),
        ),
        (
            "soft quota below what it holds",
            broken("nodes = 16", "nodes = 16\nholds = \"700 TB\"\nquota = { soft = \"600 TB\" }"),
        ),
        (
            "rebuilds of a striped system",
            with(
                "[storage.fs]\nsite = \"phoenix\"\nsystem = \"lustre-flash-servers\"\nnodes = 2\n[target.fs]\nkpi = \"storage.fs.node_rebuild_time\"\nat_most = \"1 h\"",
            ),
        ),
        ("accounts of a cluster", with("[target.accounts]\nkpi = \"storage.hot.accounts_needed\"\nat_most = 4")),
        ("zero capacity", broken("capacity = \"100 PB\"", "capacity = \"0 PB\"")),
        ("nodes of a service", broken("capacity = \"100 PB\"", "nodes = 4")),
        ("stage of another layout", broken("capacity = \"100 PB\"", "capacity = \"100 PB\"\nnic = \"1 Gbps\"")),
        (
            "stripe wider than the nodes",
            broken("nodes = 16", "nodes = 16\nstripe_data = 14\nstripe_parity = 4\nblocks_per_node = 1"),
        ),
        ("parity alone is wider", broken("nodes = 16", "nodes = 1")),
        ("holds more than it can", broken("nodes = 16", "nodes = 16\nholds = \"9 PB\"")),
        ("media of a service", broken("capacity = \"100 PB\"", "capacity = \"100 PB\"\nfailures = true\ndevices = 3")),
        ("unknown tenant", broken("kind = \"copy\"", "kind = \"copy\"\ntenant = \"me\"")),
        ("unknown view", broken("kind = \"copy\"", "kind = \"copy\"\nto_view = \"raw\"")),
        ("cap below reserve", shared("write_reserve = \"2 GB/s\"\nwrite_cap = \"1 GB/s\"")),
        ("reserve too large", shared("write_reserve = \"9 TB/s\"")),
        ("quota below use", broken("nodes = 16", "nodes = 16\nholds = \"500 TB\"\nquota = { hard = \"400 TB\" }")),
        ("soft above hard", broken("nodes = 16", "nodes = 16\nquota = { hard = \"400 TB\", soft = \"400 TB\" }")),
        ("empty quota", broken("nodes = 16", "nodes = 16\nquota = {}")),
        (
            "reads that ingest",
            with("[work.io]\nkind = \"io\"\nstorage = \"hot\"\npattern = \"read\"\nclients = 4\ningest = true"),
        ),
        ("negative loss rate", broken("nodes = 16", "nodes = 16\ndevice_loss_rate = \"-1 /year\"")),
        ("units do not divide", broken("nodes = 20", "nodes = 20\ngpus_per_unit = 5")),
        ("no site", "format = 1\nhorizon = \"1 h\"\n[site]\n".to_owned()),
        ("mixed without share", with("[work.io]\nkind = \"io\"\nstorage = \"hot\"\npattern = \"mixed\"\nclients = 4")),
        ("colocated and apart", broken("model =", "colocation = {}\nmodel =")),
        ("no pool at all", broken("generators = [{ fleet = \"dallas\", gpus = 800 }]\n", "")),
        ("more steps than lag", broken("model =", "max_lag = 1\nweights = { sync_every = 3 }\nmodel =")),
        ("users in rounds", broken("model =", "mode = \"synchronous\"\nusers = { rate = \"1 req/s\" }\nmodel =")),
        (
            "no reward",
            broken("model =", "users = { rate = \"1 req/s\", rewarded = \"0 %\", rollouts = false }\nmodel ="),
        ),
        ("far too many users", broken("model =", "users = { rate = \"1M req/s\" }\nmodel =")),
        ("broken groups", broken("model =", "batch = 1000\ngroup = 16\nmodel =")),
        ("weights and checkpoints that never fit", together("120 GB", 14, "")),
        ("weights of two loops that never fit", together("30 GB", 1, SECOND)),
        ("active parameters", broken("model =", "active_parameters = \"9T\"\nmodel =")),
    ]
}

/// Another loop that publishes through the store.
const SECOND: &str = "[work.second]\nkind = \"rl\"\nmodel = \"dense-8b\"\nweights = { store = \"small\", full_every = 3 }\ntrainer = { fleet = \"phoenix\", gpus = 8 }\ngenerators = [{ fleet = \"dallas\", gpus = 8 }]\n";

/// A loop whose weights go through a store of this size, and its checkpoints as well unless another loop shares it. `n` is bytes per parameter of the
/// checkpoints, or every how many publishes the weights are full.
fn together(size: &str, n: u32, second: &str) -> String {
    let own = if second.is_empty() {
        format!(
            "weights = {{ store = \"small\", full_every = 2 }}\ncheckpoint = {{ storage = \"small\", every = \"1 h\", keep = 1, bytes_per_parameter = \"{n} B\" }}"
        )
    } else {
        format!("weights = {{ store = \"small\", full_every = {n} }}")
    };
    let store = format!("[storage.small]\nsite = \"dallas\"\nsystem = \"azure-blob\"\ncapacity = \"{size}\"\n");
    broken("model =", &format!("{own}\nmodel =")) + &store + second
}

fn warnings() -> Vec<(&'static str, String)> {
    vec![
        ("idle site", with("[site.lonely]")),
        (
            "dead end",
            with(
                "[site.tail]\nlocation = [30.0, -95.0]\n[link.tail]\nbetween = [\"dallas\", \"tail\"]\ncapacity = \"1 Gbps\"",
            ),
        ),
        (
            "idle storage and group",
            with("[storage.idle]\nsite = \"dallas\"\nsystem = \"azure-blob\"\ncapacity = \"1 PB\"\n[risk_group.x]"),
        ),
        (
            "contention",
            with(
                "[work.second]\nkind = \"rl\"\nmodel = \"dense-8b\"\ntrainer = { fleet = \"phoenix\", gpus = 800 }\ngenerators = [{ fleet = \"dallas\", gpus = 8 }]",
            ),
        ),
        ("nodes of a copy", broken("bytes =", "clients = 4\nbytes =")),
        (
            "a publish without room",
            broken("model =", "weights = { store = \"small\" }\nmodel =")
                + "[storage.small]\nsite = \"dallas\"\nsystem = \"azure-blob\"\ncapacity = \"1 GB\"\n",
        ),
        (
            "more waves than engines",
            broken("model =", "weights = { swap_waves = 600 }\nengine = { gpus = 8 }\nmodel ="),
        ),
        (
            "further ahead than the bound",
            broken("model =", "admission = \"sync\"\nstaleness = \"900 %\"\nmax_lag = 1\nmodel ="),
        ),
        (
            "trained faster than published",
            broken(
                "model =",
                "admission = \"trained\"\nbatch = 512\nmax_lag = 2\nlength_cap = \"512 tok\"\nlength = \"400 tok\"\nweights = { publish = \"full\", swap = \"1 min\" }\nmodel =",
            ),
        ),
        ("a run too short to judge", broken("model =", "reward = \"359.9 min\"\nmodel =")),
        (
            "a slowest that is not simulated",
            broken(
                "model =",
                "mode = \"synchronous\"\nlength_cap = \"1 Mtok\"\nengine = { gpus = 8, cohort = 50 }\nmodel =",
            ),
        ),
        (
            "rounds one after another in a short run",
            broken("model =", "mode = \"synchronous\"\nreward = \"100 min\"\nmodel ="),
        ),
        (
            "full weights that are published slowly",
            broken(
                "model =",
                "admission = \"trained\"\nbatch = 512\nmax_lag = 4\nlength_cap = \"512 tok\"\nlength = \"400 tok\"\nweights = { full_every = 2 }\nmodel =",
            )
            .replace("400 Gbps", "2 Gbps"),
        ),
        (
            "a slowest reward that is not simulated",
            broken(
                "model =",
                "mode = \"synchronous\"\nlength = 1000\nreward = { lognormal = { median = \"10 s\", p99 = \"5 min\" } }\nengine = { gpus = 8, cohort = 50 }\nmodel =",
            ),
        ),
        (
            "a drain that a bound does not hold up",
            broken(
                "model =",
                "max_lag = 100\nbatch = 6400\nlength_cap = \"1 Mtok\"\nengine = { gpus = 8, cohort = 50 }\nweights = { update = \"drain\" }\nmodel =",
            ),
        ),
        (
            "little to spare in rounds",
            broken(
                "model =",
                "mode = \"synchronous\"\nover_generation = \"5 %\"\nbatch = 6400\nengine = { gpus = 8, cohort = 10 }\nmodel =",
            ),
        ),
        (
            "groups under a tight bound on more slots than are simulated",
            broken(
                "model =",
                "max_lag = 1\nbatch = 6400\ngroup = 64\nengine = { gpus = 1, slots = 128 }\nmodel =",
            ),
        ),
        (
            "deltas that span several versions",
            broken(
                "model =",
                "batch = 512\nlength = 400\nmax_lag = 8\nweights = { store = \"small\", full_every = 4 }\nmodel =",
            )
            .replace("400 Gbps", "1 Gbps")
                + "[storage.small]\nsite = \"dallas\"\nsystem = \"azure-blob\"\ncapacity = \"17 GB\"\n",
        ),
        (
            "weights of two loops of one tenant",
            together("1 TB", 2, SECOND).replace("kind = \"rl\"", "kind = \"rl\"\ntenant = \"me\"")
                + "[tenant.me]\n[storage.small.tenant.me]\nquota = { hard = \"32.3 GB\" }\n",
        ),
        ("weights and checkpoints in one store", together("128.5 GB", 14, "")),
        ("weights of two loops in one store", together("32.3 GB", 2, SECOND)),
        ("cap below every length", broken("model =", "length = \"10k\"\nlength_cap = \"100\"\nmodel =")),
        ("timeout that no publish can meet", broken("model =", "weights = { timeout = \"1 ms\" }\nmodel =")),
        ("target that no step can meet", broken("model =", "feedback_target = \"2 s\"\nmodel =")),
        (
            "deltas that fill their store",
            broken("model =", "weights = { store = \"small\" }\nmodel =")
                + "[storage.small]\nsite = \"dallas\"\nsystem = \"azure-blob\"\ncapacity = \"17 GB\"\n",
        ),
        (
            "a metric on one link",
            broken(
                "[link.phx-dal]",
                "[link.second]\nbetween = [\"phoenix\", \"dallas\"]\ncapacity = \"400 Gbps\"\nmetric = 3\n[link.phx-dal]",
            ),
        ),
        ("a copy without room", broken("nodes = 16", "nodes = 16\nholds = \"700 TB\"\nquota = { hard = \"780 TB\" }")),
        (
            "files open where nothing is striped",
            with("[work.io]\nkind = \"io\"\nstorage = \"hot\"\npattern = \"read\"\nclients = 4\nopen_files = 8"),
        ),
        ("rounded", broken("nodes = 20", "gpus = 1000")),
        ("sweep", with("[sweep]\n\"link.*.capacity\" = [\"400 Gbps\"]")),
        ("faster than light", broken("capacity = \"400", "rtt = \"5 ms\"\ncapacity = \"400")),
        ("shorter than the great circle", broken("capacity = \"400", "length = \"100 km\"\ncapacity = \"400")),
        ("cut by the horizon", broken("bytes", "ends = \"7 h\"\nbytes")),
        (
            "colocated weights",
            broken("generators = [{ fleet = \"dallas\", gpus = 800 }]", "colocation = {}\nweights = {}"),
        ),
        (
            "rounds that drop",
            broken("model =", "mode = \"one-step-off\"\nover_generation = \"10 %\"\nmax_lag = 1\nmodel ="),
        ),
        ("slots for nothing", broken("model =", "batch = 64\nmax_lag = 1\nmodel =")),
        (
            "delta larger than full",
            broken("model =", "weights = { changed = \"60 %\", bytes_per_changed = \"4 B\" }\nmodel ="),
        ),
        ("a batch for days", broken("model =", "batch = \"100M\"\nmodel =")),
        (
            "a batch of users for days",
            broken(
                "model =",
                "users = { rate = \"1 req/s\", rewarded = \"10 %\", reward = \"9 h\", rollouts = false }\nmodel =",
            ),
        ),
        ("a reward after the end", broken("model =", "reward = { exponential = { mean = \"100 d\" } }\nmodel =")),
        (
            "too many users",
            broken(
                "model =",
                "users = { rate = \"2000 req/s\", day = [{ at = \"0 h\", share = \"10 %\" }, { at = \"20 h\", share = \"200 %\" }], token_rate = \"1 ktok/s\" }\nmodel =",
            ),
        ),
        ("one site to hand to", broken("model =", "weights = { across = \"relay\" }\nmodel =")),
        ("no effect", broken("model =", "weights = { publish = \"full\", changed = \"1 %\" }\nmodel =")),
        (
            "too little room",
            broken(
                "location = [33.45, -112.07]",
                "location = [33.45, -112.07]\npower = \"1 MW\"\nrack_positions = { liquid = 2 }",
            ),
        ),
        ("few nodes", broken("nodes = 16", "nodes = 6")),
        (
            "smaller than its demand",
            broken("nodes = 16", "nodes = 16\nsized_for = { capacity = \"100 PB\", at_once = true }"),
        ),
        ("many accounts", broken("capacity = \"100 PB\"", "accounts = 600")),
        (
            "prices without effect",
            broken("nodes = 16", "nodes = 16\nhead_price = \"$1\"\ncooling = \"air\"\n[price]\nlife = \"1 h\""),
        ),
        ("a node with too many blocks", broken("nodes = 16", "nodes = 16\nstripe_data = 140\nblocks_per_node = 9")),
        (
            "limits without effect",
            shared("write_reserve = \"1 GB/s\"\nread_reserve = \"1 GB/s\"\nread_cap = \"2 GB/s\""),
        ),
        ("idle tenant and view", with("[tenant.idle]\n[storage.hot.view.idle]\n[storage.hot.tenant.idle]")),
        ("quota without effect", broken("nodes = 16", "nodes = 16\nquota = { hard = \"4 PB\" }")),
        (
            "retention without ingest",
            with("[work.io]\nkind = \"io\"\nstorage = \"hot\"\npattern = \"write\"\nclients = 4\nretention = \"1 h\""),
        ),
        (
            "nothing is lost",
            broken("nodes = 16", "nodes = 16\nnode_replacement = \"1 h\"\nusable_fraction = \"50 %\"\nspare = \"1 %\""),
        ),
    ]
}

fn targets() -> Vec<(&'static str, String)> {
    let kpi = |name: &str| broken("rl.online.feedback_time.p95", name);
    vec![
        ("slip", kpi("rl.online.feedbck_time.p95")),
        ("stat", kpi("rl.online.feedback_time.p96")),
        ("no such work", kpi("rl.offline.feedback_time.p95")),
        ("work of another kind", kpi("rl.hydrate.feedback_time.p95")),
        ("direction", kpi("link.phx-dal.phoenix-to-austin.utilisation.max").replace("60 s", "60 %")),
        ("no checkpoints", kpi("rl.online.checkpoint_time.p95")),
        ("no such storage", kpi("storage.cold.read_rate").replace("60 s", "60 GB/s")),
        ("no line rate", kpi("storage.base.read_efficiency").replace("60 s", "60 %")),
        ("no media", kpi("storage.base.data_loss_probability").replace("60 s", "1 %")),
        ("no lead time", kpi("storage.hot.order_by").replace("at_most = \"60 s\"", "at_most = \"2026-03-01\"")),
        ("no losses", kpi("storage.hot.exposure_window")),
        ("nobody reads", kpi("storage.hot.read_efficiency").replace("60 s", "60 %")),
        ("unit of another dimension", broken("\"60 s\"", "\"60 GB\"")),
        ("two rules", broken("at_most = \"60 s\"", "at_most = \"60 s\"\nat_least = \"1 s\"")),
        ("no rule", broken("at_most = \"60 s\"\n", "")),
        ("band without width", broken("at_most = \"60 s\"", "within = { of = \"60 s\" }")),
    ]
}

/// A namespace that is read at the other site, with one text replaced by another.
fn namespace(from: &str, to: &str) -> String {
    let text = "[namespace.corpus]\nhome = \"base\"\ndata = \"10 PB\"\n\
        caches = [{ storage = \"hot\", size = \"500 TB\" }]\n\
        [work.read]\nkind = \"io\"\nnamespace = \"corpus\"\nsite = \"phoenix\"\npattern = \"read\"\nclients = 4\n";
    assert!(text.contains(from), "{from}");
    with(&text.replacen(from, to, 1))
}

/// The same with copies in place of the cache.
fn copied(replicas: &str) -> String {
    namespace("caches = [{ storage = \"hot\", size = \"500 TB\" }]", &format!("replicas = [{replicas}]"))
}

fn namespaces() -> Vec<(&'static str, String)> {
    let cache = "{ storage = \"hot\", size = \"500 TB\" }";
    vec![
        ("sound", namespace("10 PB", "10 PB")),
        ("no such home", namespace("home = \"base\"", "home = \"bse\"")),
        ("no such namespace", namespace("namespace = \"corpus\"", "namespace = \"corps\"")),
        ("cache on its home", namespace("storage = \"hot\"", "storage = \"base\"")),
        ("two caches at a site", namespace(cache, &format!("{cache}, {cache}"))),
        ("no closed form", namespace("500 TB\" }", "500 TB\", policy = \"fifo\" }")),
        ("cache larger than its system", namespace("500 TB", "5 PB")),
        ("cache larger than the data", namespace("10 PB", "100 TB")),
        ("data larger than its home", namespace("10 PB", "100.1 PB")),
        ("no data", namespace("10 PB", "0 B")),
        ("negative size", namespace("500 TB", "-1 TB")),
        ("prefetch beyond the cache", namespace("500 TB\" }", "500 TB\", prefetch = \"1 PB\" }")),
        ("pace without prefetch", namespace("500 TB\" }", "500 TB\", prefetch_pace = \"1 Gbps\" }")),
        ("zipf without exponent", namespace("caches", "popularity = \"zipf\"\ncaches")),
        ("exponent without zipf", namespace("caches", "exponent = \"0.9\"\ncaches")),
        ("publishes nothing", namespace("caches", "publish = { every = \"1 h\", changed = \"0 %\" }\ncaches")),
        ("ingest into caches", namespace("pattern = \"read\"", "pattern = \"write\"\ningest = true")),
        ("write-back beyond the cache", namespace("500 TB\" }", "500 TB\", write_back = \"1 PB\" }")),
        ("drain without write-back", namespace("500 TB\" }", "500 TB\", drain_pace = \"1 Gbps\" }")),
        ("system and namespace", namespace("namespace = \"corpus\"", "namespace = \"corpus\"\nstorage = \"hot\"")),
        ("neither of them", namespace("namespace = \"corpus\"\n", "")),
        ("copied to its home", copied("{ to = \"base\" }")),
        ("copied and cached at a site", namespace("caches", "replicas = [{ to = \"hot\" }]\ncaches")),
        ("two copies at a site", copied("{ to = \"hot\" }, { to = \"hot\" }")),
        ("no such system", copied("{ to = \"hott\" }")),
        ("copies nothing", copied("{ to = \"hot\", share = \"0 %\" }")),
        ("copies more than all", copied("{ to = \"hot\", share = \"110 %\" }")),
        ("a copy larger than its system", copied("{ to = \"hot\", share = \"90 %\" }")),
        (
            "keys without effect",
            copied("{ to = \"hot\", part = \"any\", mode = \"sync\", pace = \"1 GB/s\" }").replace("10 PB", "100 TB"),
        ),
        (
            "a copy that nobody uses",
            copied("{ to = \"hot\", share = \"5 %\" }").replace("site = \"phoenix\"\npattern", "pattern"),
        ),
        (
            "synchronous and published",
            copied("{ to = \"hot\", share = \"5 %\", mode = \"sync\" }")
                .replace("replicas", "publish = { every = \"1 h\" }\nreplicas"),
        ),
        (
            "kept differently",
            copied("{ to = \"hot\", share = \"5 %\" }").replace("\"read\"\nclients = 4", "\"write\"\nclients = 4")
                + "[work.more]\nkind = \"io\"\nnamespace = \"corpus\"\npattern = \"write\"\nclients = 4\ningest = true\n",
        ),
        (
            "lag of no copy",
            format!(
                "{}[target.lag]\nkpi = \"namespace.corpus.replica.base.lag.max\"\nat_most = \"1 min\"\n",
                copied("{ to = \"hot\", share = \"5 %\" }")
            ),
        ),
        ("nobody reads at the cache", namespace("site = \"phoenix\"\n", "")),
        ("tiered to itself", broken("nodes = 16", "nodes = 16\ntier = { to = \"hot\", after = \"1 h\" }")),
        (
            "tiers in a circle",
            broken("nodes = 16", "nodes = 16\ntier = { to = \"base\", after = \"1 h\" }")
                .replace("\"100 PB\"", "\"100 PB\"\ntier = { to = \"hot\", after = \"1 h\" }"),
        ),
        (
            "marks upside down",
            broken("nodes = 16", "nodes = 16\ntier = { to = \"base\", high = \"50 %\", low = \"80 %\" }"),
        ),
        ("half of the marks", broken("nodes = 16", "nodes = 16\ntier = { to = \"base\", high = \"50 %\" }")),
        ("a tier that never moves", broken("nodes = 16", "nodes = 16\ntier = { to = \"base\" }")),
        ("a tier of nothing", broken("nodes = 16", "nodes = 16\ntier = { to = \"base\", after = \"1 h\" }")),
        (
            "hit ratio without cache",
            format!(
                "{}[target.hit]\nkpi = \"storage.base.cache_hit\"\nat_least = \"1 %\"\n",
                namespace("10 PB", "10 PB")
            ),
        ),
    ]
}

fn sweeps() -> Vec<(&'static str, String)> {
    let axis = |text: &str| with(&format!("[sweep]\n{text}"));
    vec![
        ("value", axis("\"link.*.capacity\" = [\"400 Gbps\", \"800 Gbp\"]")),
        ("address", axis("\"link.phx-dl.capacity\" = [\"400 Gbps\"]")),
        ("key", axis("\"link.phx-dal.colour\" = [\"400 Gbps\"]")),
        ("unquoted", axis("link.phx-dal.capacity = [\"400 Gbps\"]")),
        ("empty", axis("\"link.*.capacity\" = []")),
        ("whole table", axis("\"link.phx-dal\" = [1]")),
        ("no address", axis("design = \"grid\"")),
        ("slip in a key", axis("desing = \"grid\"\n\"link.*.waves\" = [1]")),
        ("the same value twice", axis("\"link.phx-dal.waves\" = [1]\n\"link.*.waves\" = [1]")),
        ("samples", axis("design = \"sobol\"\n\"link.*.waves\" = [1]")),
        ("samples without effect", axis("samples = 8\n\"link.*.waves\" = [1]")),
        ("range of a grid", axis("\"link.*.rtt\" = { from = \"10 ms\", to = \"20 ms\" }")),
        ("range that falls", axis("\"link.*.rtt\" = { from = \"20 ms\", to = \"10 ms\", steps = 3 }")),
        (
            "range of ratios from zero",
            axis("\"warmup\" = { from = \"0 s\", to = \"10 s\", scale = \"log\", steps = 3 }"),
        ),
        ("range without unit", axis("\"link.*.rtt\" = { from = 10, to = \"20 ms\", steps = 3 }")),
        ("range of words", axis("\"work.online.weights.publish\" = { from = \"full\", to = \"delta\" }")),
        (
            "links of unlike length",
            axis("linked = [[\"link.*.waves\", \"seed\"]]\n\"link.*.waves\" = [1, 2]\nseed = [1, 2, 3]"),
        ),
        (
            "link of something else",
            axis("linked = [[\"link.*.wave\", \"seed\"]]\n\"link.*.waves\" = [1, 2]\nseed = [1, 2]"),
        ),
        (
            "conditions",
            axis(
                "where = [\"link.*.waves\", \"seed <= link.*.rtt\", \"work.online.weights.publish < delta\"]\n\"link.*.waves\" = [1, 2]\nseed = [1, 2]\n\"work.online.weights.publish\" = [\"full\", \"delta\"]",
            ),
        ),
        ("too many cells", axis("seed = { from = 1, to = 1000000, steps = 1000000 }\n\"link.*.waves\" = [1, 2]")),
    ]
}

fn syntax() -> Vec<(&'static str, String)> {
    vec![
        (
            "two errors and a slip",
            broken("\"6 h\"", "6 h").replace("nodes = 16", "nodes = 16\nx = \"open").replace("400 Gbps", "400 Gpbs"),
        ),
        ("deep", format!("format = 1\na = {}", "[".repeat(100_000))),
        ("dotted", format!("a{} = 1", ".a".repeat(100_000))),
        ("many keys", (0..200_001).map(|i| format!("k{i}=1\n")).collect()),
        ("duplicate", with("[site.dallas]")),
        ("control characters", with("x = \"\u{1b}[31m\"")),
        (
            "too many axes",
            with(&format!("[sweep]\n{}", (0..101).map(|i| format!("\"link.{i}*.waves\" = [1]\n")).collect::<String>())),
        ),
        ("long line", with(&format!("y = \"{}\"", "y".repeat(5000)))),
    ]
}

macro_rules! snapshots {
    ($($name:ident),*) => {$(
        mod $name {
            #[test]
            fn reads_well() {
                insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
                    insta::assert_snapshot!(concat!("scenario_", stringify!($name)), super::page(&super::$name()));
                });
            }
        }
    )*};
}
snapshots!(keys, values, random, names, meaning, warnings, targets, sweeps, syntax, namespaces);

#[test]
fn the_base_is_sound() {
    assert!(findings(BASE, &[]).is_empty(), "{}", render_text(&findings(BASE, &[]), false));
}

#[test]
fn overrides_read_well() {
    let cases = [
        "link.phx-dal.capacity=400 Gpbs",
        "link.phx-dl.capacity=1 Tbps",
        "site.new.power=3 MW",
        "nonsense",
        "a..b=1",
        "format=2",
        "warmup=6",
        "work.online.generators.0.gpus=90k",
        "work.online.batch=[1",
        "link.phx-dal=3",
        "work.online.batches=3",
        "link.*.capcity=5",
        "work.online.weights.publsh=full",
        "work.online.generators[0].gpus=5",
    ];
    let mut out = String::new();
    for case in cases {
        out.push_str(&format!("### --set '{case}'\n\n{}", render_text(&findings(BASE, &[case]), false)));
    }
    insta::assert_snapshot!("scenario_overrides", out);
}

#[test]
fn machines_get_the_same_findings_as_json() {
    let json = render_json(&findings(&broken("400 Gbps", "400 Gpbs"), &[]));
    insta::assert_snapshot!("scenario_json", serde_json::to_string_pretty(&json).unwrap());
}

#[test]
fn more_than_fifty_findings_are_counted() {
    let text: String = (0..60).map(|i| format!("k{i} = 1\n")).collect();
    let out = render_text(&findings(&broken("format = 1\n", &format!("format = 1\n{text}")), &[]), false);
    assert!(out.ends_with("… and 10 more\n"), "{out}");
    assert_eq!(out.matches("error[").count(), 50);
}

#[test]
fn every_code_is_reachable() {
    // A failing disk, and a figure that no part of the catalogue lacks today.
    let mut seen = BTreeSet::from(["E0004", "E0306"]);
    let all = [keys(), values(), random(), names(), meaning(), warnings(), targets(), sweeps(), syntax(), namespaces()];
    for (_, text) in all.iter().flatten() {
        seen.extend(findings(text, &[]).iter().map(|d| d.code));
    }
    seen.extend(findings(BASE, &["nonsense"]).iter().map(|d| d.code));
    seen.extend(load(Path::new("no/such/file.toml"), &[]).unwrap_err().iter().map(|d| d.code));
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.toml"), "extends = \"a.toml\"\n").unwrap();
    seen.extend(load(&dir.path().join("a.toml"), &[]).unwrap_err().iter().map(|d| d.code));
    std::fs::write(dir.path().join("laws.csv"), "x\n3 parsecs\n").unwrap();
    let law = broken("model =", "reward = { empirical = \"laws.csv\" }\nmodel =");
    std::fs::write(dir.path().join("b.toml"), law).unwrap();
    seen.extend(load(&dir.path().join("b.toml"), &[]).unwrap_err().iter().map(|d| d.code));
    std::fs::write(dir.path().join("rows.csv"), "clients\n1\n").unwrap();
    seen.extend(measured::read(&[dir.path().join("rows.csv")], None).unwrap_err().iter().map(|d| d.code));
    let replay = "format = 1\nhorizon = \"1 h\"\n[topology]\nlinks = \"links.csv\"\n[work.w]\nkind = \"trace\"\ntrace = \"laws.csv\"\n";
    std::fs::write(dir.path().join("c.toml"), replay).unwrap();
    std::fs::write(dir.path().join("links.csv"), "x\n").unwrap();
    seen.extend(load(&dir.path().join("c.toml"), &[]).unwrap_err().iter().map(|d| d.code));
    let island = "<graphml><graph><node id=\"a\"/><node id=\"b\"/><node id=\"c\"/><edge source=\"a\" target=\"b\"/></graph></graphml>";
    std::fs::write(dir.path().join("island.xml"), island).unwrap();
    let map = "format = 1\nhorizon = \"1 h\"\n[topology]\ngraphml = \"island.xml\"\ndefault_capacity = \"1 Gbps\"\ndefault_length = \"1 km\"\n";
    std::fs::write(dir.path().join("d.toml"), map).unwrap();
    seen.extend(load(&dir.path().join("d.toml"), &[]).unwrap().1.warnings.iter().map(|d| d.code));
    std::fs::write(dir.path().join("ab.csv"), "link,from,to,gbps,metres\nab,a,b,1,1\n").unwrap();
    std::fs::write(dir.path().join("routes.csv"), "src,dst,links\na,bee,ab\n").unwrap();
    std::fs::write(dir.path().join("t.csv"), "flow,arrival_s,src,dst,bytes\n0,0,a,b,1\n").unwrap();
    let alias = replay.replace("links.csv", "ab.csv\"\nroutes = \"routes.csv").replace("laws.csv", "t.csv");
    std::fs::write(dir.path().join("e.toml"), alias).unwrap();
    seen.extend(load(&dir.path().join("e.toml"), &[]).unwrap().1.warnings.iter().map(|d| d.code));
    let windows = "storage.s = { site = \"a\", system = \"azure-blob\", capacity = \"1 PB\" }\nstorage.t = { site = \"a\", system = \"azure-blob\", capacity = \"1 PB\" }\n\
         work.w = { kind = \"copy\", from = \"s\", to = \"t\", bytes = \"1 TB\", pace_windows = [{ from = \"5 h\", to = \"5 h\" }] }\n";
    let night = format!("format = 1\nhorizon = \"1 d\"\nsite.a = {{}}\n{windows}");
    seen.extend(findings(&night, &[]).iter().map(|d| d.code));
    let dated = "link.x = { between = [\"a\", \"b\"], capacity = \"1 Gbps\", rtt = \"1 ms\", waves = 2, upgrades = [{ at = \"1 h\", capacity = \"1.2 Gbps\" }] }";
    let dated = format!("format = 1\nhorizon = \"1 d\"\nsite.a = {{}}\nsite.b = {{}}\n{dated}\n");
    seen.extend(findings(&dated, &[]).iter().map(|d| d.code));
    let window = "maintenance.w = { links = [\"x\"], starts = \"1 h\", duration = \"2 h\", every = \"1 h\" }\n";
    let window = format!("{}{window}", dated.replace(", upgrades = [{ at = \"1 h\", capacity = \"1.2 Gbps\" }]", ""));
    seen.extend(findings(&window, &[]).iter().map(|d| d.code));
    let (plan, _) = load_text("base.toml", BASE, &[]).unwrap();
    seen.insert(io_work(&plan, None).unwrap_err().code);
    let missing: Vec<&str> = CODES.iter().map(|c| c.code).filter(|c| !seen.contains(c)).collect();
    assert!(missing.is_empty(), "no test reaches {missing:?}");
}
