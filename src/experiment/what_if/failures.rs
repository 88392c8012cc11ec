//! The failures of a study: single links, shared-risk groups, sites, pairs of links.

use crate::scenario::plan::{FailureSet, LinkIx, Plan};

/// One failure: what is down for the whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Address of what fails, e.g. `link.phx-dal`, `risk_group.conduit`, `site.dallas`, `link.a + link.b`.
    pub name: String,
    /// Links that are down, in rising order.
    pub links: Vec<LinkIx>,
}

/// All failures of these sets, in the order of the sets and, within one, of names. Groups and sites without links are
/// left out: nothing would change.
pub fn failures(plan: &Plan, sets: &[FailureSet]) -> Vec<Failure> {
    let mut sets = sets.to_vec();
    sets.sort_unstable();
    sets.dedup();
    let all = sets.into_iter().flat_map(|set| match set {
        FailureSet::Links => links(plan),
        FailureSet::Groups => groups(plan),
        FailureSet::Sites => sites(plan),
        FailureSet::Pairs => pairs(plan),
    });
    all.filter(|failure| !failure.links.is_empty()).collect()
}

fn links(plan: &Plan) -> Vec<Failure> {
    let one = |(l, link): (LinkIx, &crate::scenario::plan::Link)| Failure { name: address(&link.name), links: vec![l] };
    plan.links.iter().enumerate().map(one).collect()
}

fn groups(plan: &Plan) -> Vec<Failure> {
    let one = |(g, group): (usize, &crate::scenario::plan::RiskGroup)| Failure {
        name: format!("risk_group.{}", group.name),
        links: (0..plan.links.len()).filter(|&l| plan.links[l].risk_groups.contains(&g)).collect(),
    };
    plan.risk_groups.iter().enumerate().map(one).collect()
}

fn sites(plan: &Plan) -> Vec<Failure> {
    let ends_at = |l: LinkIx, s: usize| plan.links[l].ends.0 == s || plan.links[l].ends.1 == s;
    let one = |(s, site): (usize, &crate::scenario::plan::Site)| Failure {
        name: format!("site.{}", site.name),
        links: (0..plan.links.len()).filter(|&l| ends_at(l, s)).collect(),
    };
    plan.sites.iter().enumerate().map(one).collect()
}

fn pairs(plan: &Plan) -> Vec<Failure> {
    let name = |l: LinkIx| address(&plan.links[l].name);
    let count = plan.links.len();
    let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
    pairs.map(|(a, b)| Failure { name: format!("{} + {}", name(a), name(b)), links: vec![a, b] }).collect()
}

fn address(link: &str) -> String {
    format!("link.{link}")
}
