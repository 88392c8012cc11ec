//! Random scenarios: as texts, so that reading them is tested too.

use std::fmt::Write;

use apollo_sim::engine::rng::{Stream, Streams};

/// A scenario drawn from `seed`: one to four sites, links that fail, fleets that fail, storage, works of every kind.
pub fn scenario(seed: u64) -> String {
    let streams = Streams::root(seed).child("random");
    let (stream, modes, turns) = (streams.stream("scenario"), streams.stream("modes"), streams.stream("turns"));
    let text = Draw { stream, modes, turns, out: String::new() }.scenario();
    let routing = ["shortest", "ecmp", "disjoint"][(seed % 3) as usize];
    text.replace("[wan]\n", &format!("[wan]\nrouting = \"{routing}\"\n"))
}

struct Draw {
    stream: Stream,
    /// Of its own, so that what else is drawn stays as it is.
    modes: Stream,
    turns: Stream,
    out: String,
}

const HORIZON_S: f64 = 900.0;
const NODES: [(&str, u64); 3] = [("generic-8gpu", 8), ("gb200-nvl72", 72), ("h100-dgx", 8)];
const SYSTEMS: [(&str, &str); 5] = [
    ("vast-ebox-z3-highmem-88", "nodes = 16"),
    ("shared-everything-racks", "enclosures = 3"),
    ("nvme-node", "nodes = 5"),
    ("azure-blob", "capacity = \"12 PB\""),
    ("azure-managed-lustre-250", "capacity = \"200 TB\""),
];

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.stream.below(n)
    }

    fn chance(&mut self, p: f64) -> bool {
        self.stream.uniform() < p
    }

    /// Log-uniform: every power of ten is as likely as another.
    fn scale(&mut self, from: f64, to: f64) -> f64 {
        from * (to / from).powf(self.stream.uniform())
    }

    fn one<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        self.out.write_fmt(text).expect("writing to a text cannot fail");
        self.out.push('\n');
    }

    fn scenario(mut self) -> String {
        let warmup = if self.chance(0.5) { 0.0 } else { self.stream.uniform() * HORIZON_S / 2.0 };
        let (seed, wan) = (self.below(1000), self.scale(0.01, 30.0));
        self.line(format_args!(
            "format = 1\nstart = 2026-01-05\nhorizon = \"{HORIZON_S} s\"\nwarmup = \"{warmup} s\"\nseed = {seed}\n\
             replications = 1"
        ));
        let streams = self.scale(1.0, 300.0).round();
        self.line(format_args!("[wan]\nreconvergence = \"{wan} s\"\nstreams = {streams}"));
        let sites = 1 + self.below(4);
        for s in 0..sites {
            self.line(format_args!("[site.s{s}]"));
            if self.chance(0.3) {
                let (edge, fabric) = (self.scale(1e9, 1e13), self.scale(1e10, 1e14));
                self.line(format_args!("wan_edge = \"{edge:.0} bps\"\nfabric = \"{fabric:.0} bps\""));
            }
        }
        self.links(sites);
        let fleets = self.fleets(sites);
        let storages = self.storages(sites);
        self.works(sites, &fleets, storages);
        self.out
    }

    fn links(&mut self, sites: u64) {
        for s in 1..sites {
            let other = self.below(s);
            self.link(&format!("tree{s}"), s, other);
        }
        for extra in 0..self.below(3) {
            let (a, b) = (self.below(sites), self.below(sites));
            if a != b {
                self.link(&format!("more{extra}"), a, b);
            }
        }
    }

    fn link(&mut self, name: &str, a: u64, b: u64) {
        let (capacity, waves, rtt) = (self.scale(1e9, 1e13), 1 + self.below(6), self.scale(1e-4, 0.2));
        self.line(format_args!(
            "[link.{name}]\nbetween = [\"s{a}\", \"s{b}\"]\ncapacity = \"{capacity:.0} bps\"\nwaves = {waves}\n\
             rtt = \"{rtt} s\""
        ));
        match self.below(4) {
            0 => self.line(format_args!("failures = false")),
            1 => {
                let (up, down) = (self.scale(20.0, 2000.0), self.scale(0.05, 300.0));
                self.line(format_args!(
                    "mtbf = {{ exponential = {{ mean = \"{up} s\" }} }}\n\
                     cut_repair = {{ exponential = {{ mean = \"{down} s\" }} }}"
                ));
            }
            2 => self.line(format_args!("risk_group = [\"conduit\"]\nwave_repair = \"40 s\"")),
            _ => {}
        }
    }

    fn fleets(&mut self, sites: u64) -> Vec<u64> {
        let count = 1 + self.below(3);
        let mut all = Vec::new();
        for f in 0..count {
            let (site, (node, each), nodes) = (self.below(sites), self.one(&NODES), 1 + self.below(40));
            let spares = self.one(&["0 %", "3 %", "20 %"]);
            self.line(format_args!(
                "[fleet.f{f}]\nsite = \"s{site}\"\nnode = \"{node}\"\nnodes = {nodes}\nspares = \"{spares}\""
            ));
            if self.chance(0.5) {
                let (rate, detect, replace) = (self.scale(0.01, 20.0), self.scale(0.1, 100.0), self.scale(0.1, 300.0));
                let health = self.one(&["new", "steady"]);
                self.line(format_args!(
                    "failure_rate_per_8_gpus = \"{rate} /h\"\nrepair_reset = \"{replace} s\"\nrepair_swap = \"5 min\"\n\
                     repair_rma = \"10 min\"\ndetection = {{ exponential = {{ mean = \"{detect} s\" }} }}\n\
                     replacement = \"{replace} s\"\nhealth = \"{health}\""
                ));
            }
            all.push(each * nodes);
        }
        all
    }

    fn storages(&mut self, sites: u64) -> u64 {
        let count = 1 + self.below(4);
        for s in 0..count {
            let (site, (system, size)) = (self.below(sites), self.one(&SYSTEMS));
            self.line(format_args!("[storage.x{s}]\nsite = \"s{site}\"\nsystem = \"{system}\"\n{size}"));
            if self.chance(0.3) && !system.starts_with("azure") {
                let (buffer, low) = (self.scale(1e3, 1e11), self.below(99));
                self.line(format_args!("buffer = \"{buffer:.0} B\"\nlow_water = \"{low} %\""));
            }
            if self.chance(0.4) && !system.starts_with("azure") {
                self.losses();
            }
            if self.chance(0.4) {
                let hard = self.scale(2e14, 1e17);
                self.line(format_args!("quota = {{ hard = \"{hard:.0} B\" }}\nsnapshots = \"20 s\""));
            }
        }
        count
    }

    /// Losses of devices and nodes by the minute, rebuilds at any pace and priority, scrubs.
    fn losses(&mut self) {
        let (devices, nodes) = (self.scale(0.01, 100.0), self.scale(0.01, 30.0));
        let (delay, pace, priority) = (self.scale(0.01, 300.0), 1 + self.below(100), self.below(10));
        let holds = self.scale(1.0, 1e14);
        self.line(format_args!(
            "failures = true\nholds = \"{holds:.0} B\"\ndevice_loss_rate = \"{devices} /day\"\n\
             node_loss_rate = \"{nodes} /day\"\nrebuild_delay = \"{delay} s\"\nrebuild_pace = \"{pace} %\"\n\
             rebuild_priority = {priority}\nnode_replacement = \"100 s\"\nscrub_every = \"30 min\""
        ));
    }

    fn works(&mut self, sites: u64, fleets: &[u64], storages: u64) {
        for w in 0..self.below(3) {
            self.common(&format!("rl{w}"), "rl");
            self.rl(fleets, storages);
        }
        for w in 0..self.below(4) {
            let (from, to) = (self.below(storages), self.below(storages));
            if from == to {
                continue;
            }
            self.common(&format!("copy{w}"), "copy");
            let bytes = self.scale(1.0, 1e15);
            let third = (0..storages).find(|&third| third != from && third != to).filter(|_| w % 2 == 1);
            let to = third.map_or(format!("\"x{to}\""), |third| {
                let fan_out = self.one(&["unicast", "relay", "relay-nearest", "tree"]);
                format!("[\"x{to}\", \"x{third}\"]\nfan_out = \"{fan_out}\"")
            });
            self.line(format_args!("from = \"x{from}\"\nto = {to}\nbytes = \"{bytes:.0} B\""));
            if self.chance(0.3) {
                let pace = self.scale(1e6, 1e13);
                self.line(format_args!("pace = \"{pace:.0} bps\""));
            }
        }
        for w in 0..1 + self.below(3) {
            self.common(&format!("io{w}"), "io");
            let (storage, site, clients) = (self.below(storages), self.below(sites), 1 + self.below(60));
            let pattern =
                self.one(&["pattern = \"read\"", "pattern = \"write\"", "pattern = \"mixed\"\nread_share = \"37 %\""]);
            self.line(format_args!("storage = \"x{storage}\"\nsite = \"s{site}\"\nclients = {clients}\n{pattern}"));
            if self.chance(0.4) {
                let rate = self.scale(1e6, 1e12);
                self.line(format_args!("rate = \"{rate:.0} B/s\""));
            }
            if pattern == "pattern = \"write\"" && self.chance(0.7) {
                let retention = self.scale(1.0, 1e4);
                self.line(format_args!("ingest = true\nretention = \"{retention} s\""));
            }
        }
    }

    fn common(&mut self, name: &str, kind: &str) {
        let priority = self.below(10);
        self.line(format_args!("[work.{name}]\nkind = \"{kind}\"\npriority = {priority}"));
        if self.chance(0.5) {
            let starts = self.stream.uniform() * 0.9 * HORIZON_S;
            let ends = starts + 1.0 + self.stream.uniform() * (HORIZON_S - starts - 1.0);
            self.line(format_args!("starts = \"{starts} s\"\nends = \"{ends} s\""));
        }
    }

    /// A mode with its rules; returns keys of `weights` that fit it.
    fn modes(&mut self, lag: u64, users: bool) -> String {
        let pick = self.modes.below(if users { 3 } else { 6 });
        let allowed = match pick {
            0 => lag,
            1 => {
                self.line(format_args!("admission = \"trained\""));
                lag
            }
            2 => {
                let staleness = self.modes.below(150);
                self.line(format_args!("admission = \"sync\"\nstaleness = \"{staleness} %\""));
                lag
            }
            pick => {
                let (mode, off) = [("steps-off", lag), ("one-step-off", 1), ("synchronous", 0)][pick as usize - 3];
                self.line(format_args!("mode = \"{mode}\""));
                if self.modes.uniform() < 0.6 {
                    let (over, keep) = (self.modes.below(80), self.modes.uniform() < 0.5);
                    let leftover = if keep { "keep" } else { "drop" };
                    self.line(format_args!("over_generation = \"{over} %\"\nleftover = \"{leftover}\""));
                }
                off
            }
        };
        let every = 1 + self.modes.below(allowed + 1);
        let update = ["in-flight", "drain", "abort-and-resume"][self.modes.below(3) as usize];
        let waves = 1 + self.modes.below(3);
        format!(", update = \"{update}\", sync_every = {every}, swap_waves = {waves}")
    }

    /// Turns, environments and prompts for some.
    fn turns(&mut self) {
        if self.turns.uniform() < 0.4 {
            let (time, hold, said) =
                (0.1 + 60.0 * self.turns.uniform(), self.turns.below(2) == 0, self.turns.below(300));
            let turns = ["\"1\"", "\"3\"", "{ uniform = { from = \"1\", to = \"6\" } }"][self.turns.below(3) as usize];
            self.line(format_args!(
                "prompt = \"{said}\"\n\
                 environment = {{ turns = {turns}, time = {{ exponential = {{ mean = \"{time} s\" }} }}, observation = \"{said}\", hold = {hold} }}"
            ));
        }
    }

    fn rl(&mut self, fleets: &[u64], storages: u64) {
        let model = self.one(&["dense-8b", "dense-70b", "moe-1t-fp8"]);
        let trainer = self.below(fleets.len() as u64) as usize;
        let gpus = 1 + self.below(fleets[trainer] / 2);
        self.line(format_args!("model = \"{model}\"\ntrainer = {{ fleet = \"f{trainer}\", gpus = {gpus} }}"));
        let pools: Vec<String> = (0..1 + self.below(2))
            .map(|_| {
                let fleet = self.below(fleets.len() as u64) as usize;
                let gpus = 1 + self.below(fleets[fleet] / 4);
                format!("{{ fleet = \"f{fleet}\", gpus = {gpus} }}")
            })
            .collect();
        let (batch, lag, cohort) = (self.scale(1.0, 3000.0).round(), self.below(5), self.below(40));
        self.line(format_args!("generators = [{}]\nbatch = {batch}\nmax_lag = {lag}", pools.join(", ")));
        let slots = 1 + self.below(40);
        self.line(format_args!("engine = {{ gpus = 1, slots = {slots}, cohort = {cohort} }}"));
        self.line(format_args!(
            "length = {{ lognormal = {{ median = \"300 tok\", p99 = \"3 ktok\" }} }}\nstep = {{ mfu = \"40 %\" }}"
        ));
        self.turns();
        let users = self.chance(0.3);
        if users {
            let (rate, rewarded, rollouts) = (self.scale(0.01, 2.0), self.below(101), self.chance(0.7));
            let delay = self.one(&["\"2 s\"", "{ exponential = { mean = \"10 min\" } }"]);
            self.line(format_args!(
                "users = {{ rate = \"{rate} req/s\", length = \"20\", reward = {delay}, rewarded = \"{rewarded} %\", rollouts = {rollouts} }}"
            ));
        }
        let publish = self.one(&["publish = \"full\"", "publish = \"delta\"", "publish = \"delta\", overlap = true"]);
        let fan_out = self.one(&["tree", "peer", "per-node", "per-engine"]);
        let store = if self.chance(0.3) { format!(", store = \"x{}\"", self.below(storages)) } else { String::new() };
        let across = match (fan_out, store.is_empty()) {
            ("tree" | "peer", true) => {
                format!(", across = \"{}\"", self.one(&["unicast", "relay", "relay-nearest", "tree"]))
            }
            _ => String::new(),
        };
        let timeout =
            if self.chance(0.4) { format!(", timeout = \"{} s\"", self.scale(0.1, 60.0)) } else { String::new() };
        let update = self.modes(lag, users);
        self.line(format_args!("weights = {{ {publish}, fan_out = \"{fan_out}\"{across}{store}{timeout}{update} }}"));
        if self.chance(0.6) {
            let (storage, every, blocking) = (self.below(storages), self.scale(0.5, 300.0), self.chance(0.5));
            self.line(format_args!(
                "checkpoint = {{ storage = \"x{storage}\", every = \"{every} s\", blocking = {blocking} }}"
            ));
        }
    }
}
