//! Routes between sites, computed when they are first asked for and kept until links die or come back.

use std::collections::BTreeMap;

use super::link::Link;
use crate::fluid::ResourceId;
use crate::model::ids::{LinkId, SiteId};
use crate::model::paths::Route;
use crate::units::SimDuration;

/// Routes over the links that were alive at the last reconvergence.
#[derive(Clone, Debug)]
pub(super) struct Routing {
    /// Each site's (out, in) edge resources.
    edges: Vec<(ResourceId, ResourceId)>,
    cache: BTreeMap<(SiteId, SiteId), Option<Vec<LinkId>>>,
}

impl Routing {
    pub(super) fn new(edges: Vec<(ResourceId, ResourceId)>) -> Self {
        Routing { edges, cache: BTreeMap::new() }
    }

    /// Links have died or come back: every route is computed anew when it is next asked for.
    pub(super) fn forget(&mut self) {
        self.cache.clear();
    }

    /// The present route from `from` to `to`; `None` when there is none or a link of it is dead.
    pub(super) fn route(&mut self, links: &[Link], from: SiteId, to: SiteId) -> Option<Route> {
        let path = self.path(links, from, to)?;
        if path.iter().any(|l| !links[l.index()].alive()) {
            return None;
        }
        let (here, there) = (self.edges[from.index()], self.edges[to.index()]);
        let (mut uses, mut back) = (vec![(here.0, 1.0)], vec![(here.1, 1.0)]);
        let (mut at, mut rtt) = (from, SimDuration::ZERO);
        for l in &path {
            let link = &links[l.index()].params;
            let direction = usize::from(link.ends.0 != at);
            uses.push((link.resources[direction], 1.0 / link.framing));
            back.push((link.resources[1 - direction], 1.0 / link.framing));
            at = if direction == 0 { link.ends.1 } else { link.ends.0 };
            rtt = rtt + link.rtt;
        }
        uses.push((there.1, 1.0));
        back.push((there.0, 1.0));
        Some(Route { uses, back, rtt })
    }

    /// The present path, links in order from `from`.
    pub(super) fn path(&mut self, links: &[Link], from: SiteId, to: SiteId) -> Option<Vec<LinkId>> {
        if let Some(known) = self.cache.get(&(from, to)) {
            return known.clone();
        }
        let path = shortest(links, self.edges.len(), from, to);
        self.cache.insert((from, to), path.clone());
        path
    }
}

/// Dijkstra on (round-trip time, links, site, link): a total order, so ties never depend on chance.
fn shortest(links: &[Link], sites: usize, from: SiteId, to: SiteId) -> Option<Vec<LinkId>> {
    type Label = (SimDuration, u32);
    let mut best: Vec<Option<(Label, LinkId, SiteId)>> = vec![None; sites];
    let mut done = vec![false; sites];
    let mut label: Vec<Option<Label>> = vec![None; sites];
    label[from.index()] = Some((SimDuration::ZERO, 0));
    while let Some((here, distance)) =
        (0..sites).filter(|&s| !done[s]).filter_map(|s| label[s].map(|d| (s, d))).min_by_key(|&(s, d)| (d, s))
    {
        done[here] = true;
        for (l, link) in links.iter().enumerate().filter(|(_, link)| link.alive_in_routes) {
            let (a, b) = (link.params.ends.0.index(), link.params.ends.1.index());
            let Some(there) = (if a == here {
                Some(b)
            } else if b == here {
                Some(a)
            } else {
                None
            }) else {
                continue;
            };
            let next = (distance.0 + link.params.rtt, distance.1 + 1);
            if !done[there] && label[there].is_none_or(|known| next < known) {
                label[there] = Some(next);
                best[there] = Some((next, LinkId::new(l), SiteId::new(here)));
            }
        }
    }
    let mut path = Vec::new();
    let mut at = to;
    while at != from {
        let (_, link, before) = best[at.index()]?;
        path.push(link);
        at = before;
    }
    path.reverse();
    Some(path)
}
