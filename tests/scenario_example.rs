//! The example of the language reference, from text to plan.

use apollo_sim::scenario::plan::{Layout, Rule, WorkKind};
use apollo_sim::scenario::{load_text, render_text};

const EXAMPLE: &str = r#"#:schema ./scenario.schema.json
format = 1
title = "Falcon: online RL across three sites"
start = 2026-01-05
horizon = "6 h"
warmup = "20 min"
seed = 7
replications = 8

[site.phoenix]
location = [33.45, -112.07]
power = "120 MW"
pue = 1.2
rack_positions = { liquid = 620, air = 260 }

[site.dallas]
location = [32.78, -96.80]

[site.richmond]
location = [37.54, -77.44]

[fleet.phoenix]
site = "phoenix"
node = "gb200-nvl72"
gpus = "40k"
spares = "3 %"

[fleet.dallas]
site = "dallas"
node = "gb200-nvl72"
gpus = "40k"

[fleet.richmond]
site = "richmond"
node = "gb200-nvl72"
gpus = "40k"

[link.phx-dal]
between = ["phoenix", "dallas"]
capacity = "1.6 Tbps"
waves = 4
rtt = "20 ms"
risk_group = ["i10-conduit"]

[link.dal-rch]
between = ["dallas", "richmond"]
capacity = "1.6 Tbps"
waves = 4

[storage.phx-hot]
site = "phoenix"
system = "vast-ebox-z3-highmem-88"
nodes = 400

[storage.phx-base]
site = "phoenix"
system = "azure-blob"
capacity = "1 EB"

[work.online]
kind = "rl"
model = "moe-1t-fp8"
trainer = { fleet = "phoenix", gpus = "8k" }
generators = [{ fleet = "dallas", gpus = "30k" }, { fleet = "richmond", gpus = "30k" }]
feedback_target = "60 s"
weights = { publish = "delta", changed = "1.2 %", full_every = 25, fan_out = "tree" }
max_lag = 4
checkpoint = { storage = "phx-hot", every = "30 min" }

[work.hydrate]
kind = "copy"
from = "phx-base"
to = "phx-hot"
bytes = "2 PB"
priority = 2

[target.feedback]
kpi = "rl.online.feedback_time.p95"
at_most = "60 s"

[sweep]
"link.*.capacity" = ["400 Gbps", "800 Gbps", "1.6 Tbps"]
"work.online.weights.publish" = ["full", "delta"]
"#;

#[test]
fn the_example_becomes_a_plan() {
    let (plan, sources) = load_text("scenarios/example.toml", EXAMPLE, &[])
        .unwrap_or_else(|errors| panic!("{}", render_text(&errors, false)));
    assert_eq!(plan.name, "example");
    assert_eq!(plan.sites.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["dallas", "phoenix", "richmond"]);
    assert_eq!(plan.fleets[0].nodes, 556, "40,000 GPUs are 555.6 racks of 72");
    assert!((plan.links[1].rtt.as_secs_f64() - 0.020).abs() < 1e-12);
    assert!((plan.links[0].rtt.as_secs_f64() - 0.0261).abs() < 5e-4, "{:?}", plan.links[0].rtt);
    assert_eq!(plan.risk_groups.len(), 1);
    assert!(plan.links[1].cuts.is_none() && plan.links[0].cuts.is_some());
    assert!(matches!(plan.storages[0].layout, Layout::Accounts { accounts: 178, .. }));
    let WorkKind::Rl(rl) = &plan.works[1].kind else { panic!("works are sorted by name") };
    assert_eq!(rl.generators.len(), 2);
    assert_eq!(plan.targets[0].rule, Rule::AtMost(60.0));
    assert_eq!(sources.digest.len(), 64);
}
