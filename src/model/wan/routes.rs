//! Routes between sites, computed when they are first asked for and kept until links die or come back.

use std::collections::BTreeMap;

use super::link::Link;
use crate::fluid::ResourceId;
use crate::model::ids::{LinkId, SiteId};
use crate::model::paths::{Route, Uses};
use crate::units::SimDuration;

/// The edge of a site, out and in; none where its links are always full before it.
pub type Edge = (Option<ResourceId>, Option<ResourceId>);

/// Routes over the links that were alive at the last reconvergence.
#[derive(Clone, Debug)]
pub(super) struct Routing {
    /// Each site's edge.
    edges: Vec<Edge>,
    cache: BTreeMap<(SiteId, SiteId), Option<Vec<LinkId>>>,
}

impl Routing {
    pub(super) fn new(edges: Vec<Edge>) -> Self {
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
        let there_and_back = path.iter().all(|l| (0..2).all(|d| links[l.index()].params.goes(d)));
        let way_back = if there_and_back {
            path.iter().rev().copied().collect()
        } else {
            self.path(links, to, from).filter(|way| way.iter().all(|l| links[l.index()].alive())).unwrap_or_default()
        };
        let (uses, rtt) = self.uses(links, from, to, &path);
        let back = if way_back.is_empty() { Uses::new() } else { self.uses(links, to, from, &way_back).0 };
        Some(Route { uses, back, rtt })
    }

    /// Resources of a path from edge to edge, and its round trip.
    fn uses(&self, links: &[Link], from: SiteId, to: SiteId, path: &[LinkId]) -> (Uses, SimDuration) {
        let mut uses: Uses = self.edges[from.index()].0.map(|edge| (edge, 1.0)).into_iter().collect();
        let (mut at, mut rtt) = (from, SimDuration::ZERO);
        for l in path {
            let link = &links[l.index()].params;
            let direction = usize::from(link.ends.0 != at);
            uses.push((link.resources[direction], 1.0 / link.framing));
            at = if direction == 0 { link.ends.1 } else { link.ends.0 };
            rtt = rtt + link.rtt;
        }
        uses.extend(self.edges[to.index()].1.map(|edge| (edge, 1.0)));
        (uses, rtt)
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
            let way = link.params.directions().find(|(_, from, _)| from.index() == here);
            let Some((_, _, there)) = way else { continue };
            let there = there.index();
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
