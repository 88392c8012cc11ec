//! A plan with one of everything.

/// Two sites, one link, a small loop: everything that a plan can have, at a size that runs in milliseconds.
pub const SMALL: &str = r#"
format = 1
start = 2026-01-05
horizon = "40 min"
warmup = "5 min"
seed = 3
replications = 3

[site.east]
[site.west]

[fleet.train]
site = "west"
node = "gb200-nvl72"
gpus = 1152

[fleet.serve]
site = "east"
node = "gb200-nvl72"
gpus = 2304

[link.west-east]
between = ["west", "east"]
capacity = "400 Gbps"
waves = 4
rtt = "47 ms"

[storage.west-hot]
site = "west"
system = "vast-ebox-z3-highmem-88"
nodes = 32

[storage.east-base]
site = "east"
system = "azure-blob"
capacity = "50 PB"

[work.loop]
kind = "rl"
priority = 7
model = "moe-1t-fp8"
trainer = { fleet = "train", gpus = 1024 }
generators = [{ fleet = "serve", gpus = 2048 }]
feedback_target = "60 s"
batch = 4096
max_lag = 8
weights = { publish = "delta", full_every = 25 }
checkpoint = { storage = "west-hot", every = "10 min" }

[work.copy]
kind = "copy"
priority = 2
from = "west-hot"
to = "east-base"
bytes = "20 TB"

[work.load]
kind = "io"
priority = 3
storage = "west-hot"
pattern = "mixed"
read_share = "70 %"
clients = 40
starts = "15 min"
ends = "20 min"
"#;
