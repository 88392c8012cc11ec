//! The library, driven as a simulator drives it: what comes first, an arrival or an end?

use crate::load::{Arrival, Kind, Load};
use crate::measure::{Outcome, cpu_seconds};
use apollo_sim::fluid::{FlowKind, FlowSpec, OwnerId, ResourceId, Sharing};

/// A kind with the links as resources of the library.
pub struct Prepared {
    uses: Vec<(ResourceId, f64)>,
    weight: f64,
    cap: f64,
}

impl Prepared {
    /// What the library is told of a flow of this kind.
    pub fn spec(&self, owner: OwnerId, bytes: f64, tag: u64) -> FlowSpec<'_> {
        FlowSpec { weight: self.weight, cap: self.cap, tag, ..FlowSpec::new(owner, &self.uses, bytes) }
    }
}

/// A sharing with the links, and the kinds over them.
pub fn prepare(capacity: &[f64], kinds: &[Kind]) -> (Sharing, OwnerId, Vec<Prepared>) {
    let mut sharing = Sharing::new();
    let owner = sharing.add_owner();
    let resources: Vec<ResourceId> = capacity.iter().map(|&capacity| sharing.add_resource(capacity)).collect();
    let prepared = |kind: &Kind| Prepared {
        uses: kind.uses.iter().map(|&(link, coefficient)| (resources[link], coefficient)).collect(),
        weight: kind.weight,
        cap: kind.cap,
    };
    let kinds = kinds.iter().map(prepared).collect();
    (sharing, owner, kinds)
}

/// The workload on the library.
pub fn run(load: &Load) -> Outcome {
    let (mut sharing, owner, prepared) = prepare(&load.capacity, &load.kinds);
    let kinds: Vec<FlowKind> = prepared.iter().map(|kind| sharing.prepare(&kind.spec(owner, 0.0, 0))).collect();
    let mut finish = vec![f64::NAN; load.flows.len()];
    let begin = cpu_seconds();
    run_shared(&mut sharing, &kinds, &load.flows, &mut finish);
    Outcome { cpu_s: cpu_seconds() - begin, finish, fallbacks: sharing.fallbacks() }
}

/// The run phase. Never inlined, so that a profiler can be told to count just this function and what it calls.
#[inline(never)]
fn run_shared(sharing: &mut Sharing, kinds: &[FlowKind], flows: &[Arrival], finish: &mut [f64]) {
    let mut next = 0;
    let mut done = Vec::new();
    loop {
        let arrival = flows.get(next).map_or(i64::MAX, |flow| flow.arrival_ns);
        match sharing.next_finish() {
            Some(at) if at <= arrival => {
                sharing.advance(at);
                sharing.take_finished(&mut done);
                for flow in done.drain(..) {
                    finish[flow.tag as usize] = flow.exact.0 as f64 * 1e-9 + flow.exact.1 * 1e-9;
                }
            }
            _ => {
                let Some(flow) = flows.get(next) else { return };
                sharing.start_kind(arrival, kinds[flow.kind as usize], flow.bytes, next as u64);
                next += 1;
            }
        }
    }
}
