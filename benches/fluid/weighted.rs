//! Weights, coefficients and caps for the flows of a plain workload, drawn once per kind of flow.

use crate::load::{Kind, Load};
use crate::random::{Random, mix};

/// Splits every kind into `kinds` that differ in all three: weights 0.5…4, a coefficient 1…1.3 for each link, and on three kinds in
/// ten a cap of 0.05…20 GB/s, low enough to bind now and then however crowded the network is.
pub fn all(load: Load, kinds: u32) -> Load {
    let load = Load { name: format!("{}-weighted", load.name), ..load };
    split(load, kinds, |plain, random| {
        let weight = 0.5 * 8_f64.powf(random.unit());
        let uses = plain.uses.iter().map(|&(link, _)| (link, 1.0 + 0.3 * random.unit())).collect();
        let is_capped = random.unit() < 0.3;
        let cap = 0.05e9 * 400_f64.powf(random.unit());
        Kind { uses, weight, cap: if is_capped { cap } else { f64::INFINITY } }
    })
}

/// Splits every kind into `kinds` that differ in weight alone, 0.5…4.
pub fn weights(load: Load, kinds: u32) -> Load {
    split(load, kinds, |plain, random| Kind { weight: 0.5 * 8_f64.powf(random.unit()), ..plain.clone() })
}

fn split(load: Load, kinds: u32, tuned: impl Fn(&Kind, &mut Random) -> Kind) -> Load {
    let of_kind = |(i, plain): (usize, &Kind)| {
        let mut random = Random(mix(20_260_201 + i as u64));
        (0..kinds).map(|_| tuned(plain, &mut random)).collect::<Vec<_>>()
    };
    let tuned = load.kinds.iter().enumerate().flat_map(of_kind).collect();
    let mut random = Random(20_260_202);
    let mut flows = load.flows;
    for flow in &mut flows {
        flow.kind = flow.kind * kinds + random.below(kinds);
    }
    Load { name: load.name, capacity: load.capacity, kinds: tuned, flows }
}
