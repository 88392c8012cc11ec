//! Layouts: which resources a system has and how often each client byte crosses them.
//!
//! With N nodes that host head and enclosure roles on one full-duplex NIC, a hop to a peer carries
//! f = (N−1)/N of the bytes. Per client byte, with c buffer copies, migration read μ, data reduction ρ, stripe
//! k+m, client overhead o and internal overhead i (wire bytes per payload byte):
//!
//! | | NIC in | NIC out | media |
//! |---|---|---|---|
//! | read | f·i (media → head) | f·i + o (media → head, head → client) | 1 read |
//! | write | o + c·f·i | c·f·i | c into the buffer |
//! | migration | (μ + (1+m/k)/ρ)·f·i | the same | (1+m/k)/ρ written |
//!
//! A striped file system has no inner hops: a byte passes the NIC of the server that has its target, and parity is computed there.
//!
//! On separate heads and enclosures the same hops cross the client-side NICs of the heads, their fabric side and
//! the enclosures' fabric side. A rebuild fetches the blocks it needs the way a read does (media → head) and stores
//! the rebuilt block (head → media). The *theoretical* rate of a direction is the minimum over stages of the installed
//! rate divided by the crossings that the layout makes unavoidable (read: media → head → client once each;
//! write: client → head → media once each).
//!
//! Flash that serves both at once serves each slower. With a read rate R, a write rate W and the share φ of the time of
//! the media that the two compete for, r/R + w/W ≤ 2 − φ beside r ≤ R and w ≤ W.

use crate::fluid::ResourceId;
use crate::model::paths::{Resources, Uses, merged};

/// How a system is laid out. Rates in bytes per second of *one* unit; factors per client byte.
#[derive(Clone, Debug)]
pub enum LayoutParams {
    /// Head and enclosure roles on one NIC per node.
    SharedNodes {
        /// Nodes.
        nodes: f64,
        /// NIC line rate, each direction.
        nic: f64,
        /// Media read rate.
        media_read: f64,
        /// Media write rate.
        media_write: f64,
    },
    /// Heads that reach enclosures over a fabric.
    HeadsEnclosures {
        /// Heads.
        heads: f64,
        /// Client side of a head.
        head_nic: f64,
        /// Fabric side of a head.
        head_fabric: f64,
        /// Enclosures.
        enclosures: f64,
        /// Fabric side of an enclosure.
        enclosure_fabric: f64,
        /// Media read rate of an enclosure.
        media_read: f64,
        /// Media write rate of an enclosure.
        media_write: f64,
    },
    /// Servers that files are striped over.
    Striped {
        /// Servers.
        servers: f64,
        /// NIC line rate of one, each direction.
        nic: f64,
        /// Media read rate of one.
        media_read: f64,
        /// Media write rate of one.
        media_write: f64,
        /// Bytes on media per client byte.
        written: f64,
    },
    /// An object service with limits per account.
    Accounts {
        /// Accounts.
        accounts: f64,
        /// Evenly used accounts that carry as much.
        even: f64,
        /// Write limit of an account.
        ingress: f64,
        /// Read limit of an account.
        egress: f64,
    },
    /// A service sold by provisioned rate.
    Provisioned {
        /// Provisioned rate of the whole system.
        rate: f64,
        /// Share of it that reads reach.
        read_share: f64,
        /// Share of it that writes reach.
        write_share: f64,
    },
}

/// The write path behind the acknowledgement.
#[derive(Clone, Copy, Debug)]
pub struct WritePathParams {
    /// Write rate of the buffer, all copies counted.
    pub buffer_rate: f64,
    /// Copies written into the buffer.
    pub copies: f64,
    /// Data reduction at migration.
    pub reduction: f64,
    /// Bytes read back from the buffer per client byte.
    pub migration_read: f64,
    /// 1 + m/k.
    pub stripe: f64,
}

/// Wire bytes per payload byte.
#[derive(Clone, Copy, Debug)]
pub struct Overheads {
    /// Between client and head.
    pub client: f64,
    /// On internal hops.
    pub internal: f64,
}

/// An installed stage with the crossings no design of this layout can avoid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Installed rate, bytes per second.
    pub installed: f64,
    /// Unavoidable crossings of a read.
    pub read: f64,
    /// Unavoidable crossings of a write.
    pub write: f64,
}

/// Resources and crossings of one system.
#[derive(Clone, Debug, Default)]
pub struct Crossings {
    /// All resources of the system.
    pub resources: Vec<ResourceId>,
    /// Per client byte read.
    pub read: Uses,
    /// Per client byte written, up to the acknowledgement.
    pub write: Uses,
    /// Per client byte migrated.
    pub migration: Uses,
    /// Stages for the theoretical rate.
    pub stages: Vec<Stage>,
    /// Client-side line rate.
    pub line_rate: Option<f64>,
    /// Provisioned (read, write).
    pub provisioned: Option<(f64, f64)>,
    /// Resources that count bytes written to buffer and media.
    pub written: Vec<ResourceId>,
    /// The write buffer.
    pub buffer: Option<ResourceId>,
    /// Per byte of media read by a head: the first leg of a read.
    pub fetch: Uses,
    /// Per byte of media written by a head.
    pub store: Uses,
    /// Per byte of media read to look for damage.
    pub scrub: Uses,
    /// What a lost unit or device takes along: resource, capacity with nothing lost, and whether it is media.
    pub parts: Vec<(ResourceId, f64, bool)>,
}

impl Crossings {
    /// Whether the rate of the write buffer is what holds writes that carry their migration: then writes alone never
    /// fill it, because what they leave of everything else migrates as much as they bring.
    pub fn narrow_buffer(&self, capacity: impl Fn(ResourceId) -> f64) -> bool {
        let Some(buffer) = self.buffer else { return false };
        let steady = merged(self.write.iter().chain(&self.migration).copied().collect());
        let rate = |&(resource, a): &(ResourceId, f64)| capacity(resource) / a;
        let own = steady.iter().filter(|(resource, _)| *resource == buffer).map(rate).fold(f64::INFINITY, f64::min);
        own.is_finite() && steady.iter().map(rate).all(|other| other >= own)
    }
}

/// The theoretical rate of a load with this share of reads: min over stages of installed ÷ crossings of the mix.
pub fn theoretical(stages: &[Stage], read_share: f64) -> Option<f64> {
    stages
        .iter()
        .map(|s| s.installed / (s.read * read_share + s.write * (1.0 - read_share)))
        .filter(|rate| rate.is_finite())
        .min_by(f64::total_cmp)
}

/// Builds the resources of a system called `name` and the crossings of each kind of I/O.
pub fn build(
    resources: &mut Resources,
    name: &str,
    layout: &LayoutParams,
    write_path: Option<&WritePathParams>,
    over: Overheads,
    media_shared: f64,
) -> Crossings {
    let mut system = Builder { resources, name, media_shared, crossings: Crossings::default() };
    match *layout {
        LayoutParams::SharedNodes { nodes, nic, media_read, media_write } => {
            system.shared_nodes(nodes, nic, media_read, media_write, write_path, over);
        }
        LayoutParams::HeadsEnclosures { .. } => system.heads_enclosures(layout, write_path, over),
        LayoutParams::Striped { servers, nic, media_read, media_write, written } => {
            system.striped(servers, nic, (media_read, media_write), written, over);
        }
        LayoutParams::Accounts { accounts, even, ingress, egress } => {
            system.service(["account-egress", "account-ingress"], even * egress, even * ingress, over);
            system.crossings.provisioned = Some((accounts * egress, accounts * ingress));
        }
        LayoutParams::Provisioned { rate, read_share, write_share } => {
            system.service(["egress", "ingress"], rate * read_share, rate * write_share, over);
            system.crossings.provisioned = Some((rate, rate));
        }
    }
    let Crossings { read, write, migration, fetch, store, scrub, .. } = &mut system.crossings;
    for uses in [read, write, migration, fetch, store, scrub] {
        // A single node has no peers: hops that carry nothing are no crossings.
        uses.retain(|&(_, a)| a > 0.0);
    }
    system.crossings
}

struct Builder<'a> {
    resources: &'a mut Resources,
    name: &'a str,
    media_shared: f64,
    crossings: Crossings,
}

impl Builder<'_> {
    fn add(&mut self, part: &str, capacity: f64) -> ResourceId {
        let id = self.resources.add(format!("storage.{}.{part}", self.name), capacity);
        self.crossings.resources.push(id);
        id
    }

    /// A resource that every node or enclosure has a part of.
    fn part(&mut self, part: &str, capacity: f64) -> ResourceId {
        let id = self.add(part, capacity);
        self.crossings.parts.push((id, capacity, part.starts_with("media")));
        id
    }

    fn stage(&mut self, installed: f64, read: f64, write: f64) {
        self.crossings.stages.push(Stage { installed, read, write });
    }

    fn shared_nodes(
        &mut self,
        nodes: f64,
        nic: f64,
        media_read: f64,
        media_write: f64,
        write_path: Option<&WritePathParams>,
        over: Overheads,
    ) {
        let nic_in = self.part("nic-in", nodes * nic);
        let nic_out = self.part("nic-out", nodes * nic);
        let read = self.part("media-read", nodes * media_read);
        let write = self.part("media-write", nodes * media_write);
        let hop = (nodes - 1.0) / nodes * over.internal;
        self.crossings.read = vec![(nic_in, hop), (nic_out, hop + over.client), (read, 1.0)];
        self.crossings.written = vec![write];
        self.crossings.fetch = vec![(nic_in, hop), (nic_out, hop), (read, 1.0)];
        self.crossings.store = vec![(nic_in, hop), (nic_out, hop), (write, 1.0)];
        // Every node checks its own media.
        self.crossings.scrub = vec![(read, 1.0)];
        match write_path {
            Some(path) => {
                let buffer = self.part("write-buffer", path.buffer_rate);
                self.crossings.written.push(buffer);
                self.crossings.buffer = Some(buffer);
                let stripe = path.stripe / path.reduction;
                let moved = (path.migration_read + stripe) * hop;
                self.crossings.write = vec![
                    (nic_in, over.client + path.copies * hop),
                    (nic_out, path.copies * hop),
                    (buffer, path.copies),
                ];
                self.crossings.migration = vec![(nic_in, moved), (nic_out, moved), (write, stripe)];
            }
            None => self.crossings.write = vec![(nic_in, over.client + hop), (nic_out, hop), (write, 1.0)],
        }
        // Only hops to a peer cross a NIC, and on N nodes one in N is none.
        let peers = (nodes - 1.0) / nodes;
        self.stage(nodes * nic, peers, 1.0 + peers);
        self.stage(nodes * nic, 1.0 + peers, peers);
        self.media(nodes, (read, media_read), (write, media_write));
        self.crossings.line_rate = Some(nodes * nic);
    }

    /// Media of `units`: a stage for reads, one for writes and, where they compete, one for their time. A read of a
    /// byte takes 1/read rate of it and a write 1/write rate, of which there are 2 − `media_shared` seconds a second:
    /// one when all is shared, and two, which never bind, when nothing is.
    fn media(&mut self, units: f64, read: (ResourceId, f64), write: (ResourceId, f64)) {
        self.stage(units * read.1, 1.0, 0.0);
        self.stage(units * write.1, 0.0, 1.0);
        if self.media_shared <= 0.0 {
            return;
        }
        // In bytes read, so that its numbers are of the size of all others.
        let (capacity, cost) = (units * read.1 * (2.0 - self.media_shared), read.1 / write.1);
        self.stage(capacity, 1.0, cost);
        let shared = self.part("media", capacity);
        let Crossings { read: reads, write: writes, migration, fetch, store, scrub, .. } = &mut self.crossings;
        for uses in [reads, writes, migration, fetch, store, scrub] {
            let time = |&(r, a): &(ResourceId, f64)| {
                if r == read.0 {
                    a
                } else if r == write.0 {
                    a * cost
                } else {
                    0.0
                }
            };
            let time: f64 = uses.iter().map(time).sum();
            uses.push((shared, time));
        }
    }

    fn heads_enclosures(&mut self, layout: &LayoutParams, write_path: Option<&WritePathParams>, over: Overheads) {
        let LayoutParams::HeadsEnclosures {
            heads,
            head_nic,
            head_fabric,
            enclosures,
            enclosure_fabric,
            media_read,
            media_write,
        } = *layout
        else {
            return;
        };
        let [nic_in, nic_out] = ["head-nic-in", "head-nic-out"].map(|n| self.add(n, heads * head_nic));
        let [head_in, head_out] = ["head-fabric-in", "head-fabric-out"].map(|n| self.add(n, heads * head_fabric));
        let [box_in, box_out] =
            ["enclosure-fabric-in", "enclosure-fabric-out"].map(|n| self.part(n, enclosures * enclosure_fabric));
        let read = self.part("media-read", enclosures * media_read);
        let write = self.part("media-write", enclosures * media_write);
        let hop = over.internal;
        self.crossings.read = vec![(box_out, hop), (head_in, hop), (nic_out, over.client), (read, 1.0)];
        self.crossings.written = vec![write];
        self.crossings.fetch = vec![(box_out, hop), (head_in, hop), (read, 1.0)];
        self.crossings.store = vec![(head_out, hop), (box_in, hop), (write, 1.0)];
        self.crossings.scrub = self.crossings.fetch.clone();
        match write_path {
            Some(path) => {
                let buffer = self.part("write-buffer", path.buffer_rate);
                self.crossings.written.push(buffer);
                self.crossings.buffer = Some(buffer);
                let stripe = path.stripe / path.reduction;
                let copies = path.copies * hop;
                self.crossings.write =
                    vec![(nic_in, over.client), (head_out, copies), (box_in, copies), (buffer, path.copies)];
                self.crossings.migration = vec![
                    (box_out, path.migration_read * hop),
                    (head_in, path.migration_read * hop),
                    (head_out, stripe * hop),
                    (box_in, stripe * hop),
                    (write, stripe),
                ];
            }
            None => self.crossings.write = vec![(nic_in, over.client), (head_out, hop), (box_in, hop), (write, 1.0)],
        }
        for installed in [heads * head_nic, heads * head_fabric, enclosures * enclosure_fabric] {
            self.stage(installed, 1.0, 0.0);
            self.stage(installed, 0.0, 1.0);
        }
        self.media(enclosures, (read, media_read), (write, media_write));
        self.crossings.line_rate = Some(heads * head_nic);
    }

    fn striped(&mut self, servers: f64, nic: f64, media: (f64, f64), written: f64, over: Overheads) {
        let nic_in = self.part("nic-in", servers * nic);
        let nic_out = self.part("nic-out", servers * nic);
        let read = self.part("media-read", servers * media.0);
        let write = self.part("media-write", servers * media.1);
        self.crossings.read = vec![(nic_out, over.client), (read, 1.0)];
        self.crossings.write = vec![(nic_in, over.client), (write, written)];
        self.crossings.written = vec![write];
        // A stripe of the code lies in one server: nothing of a rebuild crosses its NIC.
        self.crossings.fetch = vec![(read, 1.0)];
        self.crossings.store = vec![(write, 1.0)];
        self.crossings.scrub = vec![(read, 1.0)];
        self.stage(servers * nic, 1.0, 0.0);
        self.stage(servers * nic, 0.0, 1.0);
        self.media(servers, (read, media.0), (write, media.1));
        self.crossings.line_rate = Some(servers * nic);
    }

    /// A service that shows only one limit each way.
    fn service(&mut self, names: [&str; 2], read: f64, write: f64, over: Overheads) {
        let egress = self.add(names[0], read);
        let ingress = self.add(names[1], write);
        self.crossings.read = vec![(egress, over.client)];
        self.crossings.write = vec![(ingress, over.client)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_OVERHEAD: Overheads = Overheads { client: 1.0, internal: 1.0 };

    fn capacity_in(crossings: &Crossings, write: bool, resource: usize) -> f64 {
        let all = if write {
            crossings.write.iter().chain(&crossings.migration).collect::<Vec<_>>()
        } else {
            crossings.read.iter().collect()
        };
        all.iter().filter(|(r, _)| *r == crossings.resources[resource]).map(|(_, a)| a).sum()
    }

    fn shared(copies: f64, reduction: f64) -> Crossings {
        let layout = LayoutParams::SharedNodes { nodes: 1e9, nic: 1.0, media_read: 9.0, media_write: 9.0 };
        let path =
            WritePathParams { buffer_rate: 1e12, copies, reduction, migration_read: 1.0 / reduction, stripe: 1.1 };
        build(&mut Resources::default(), "s", &layout, Some(&path), NO_OVERHEAD, 0.0)
    }

    /// The worked figures of the storage section of the model notes, in the limit of many nodes.
    #[test]
    fn crossings_give_the_worked_write_efficiencies() {
        for (copies, reduction, crossings, efficiency) in
            [(2.0, 2.0, 4.05, 0.49), (4.0 / 3.0, 2.0, 3.38, 0.59), (2.0, 1.0, 5.1, 0.39), (4.0 / 3.0, 1.0, 4.43, 0.45)]
        {
            let system = shared(copies, reduction);
            let nic_in = capacity_in(&system, true, 0);
            assert!((nic_in - crossings).abs() < 0.01, "{nic_in}");
            let theoretical = theoretical(&system.stages, 0.0).unwrap() / 1e9;
            assert!((theoretical - 0.5).abs() < 1e-8, "line rate / 2, in the limit");
            assert!((1.0 / nic_in / theoretical - efficiency).abs() < 0.006);
        }
    }

    #[test]
    fn a_read_crosses_the_nic_out_twice_and_few_nodes_save_a_hop() {
        let many = shared(2.0, 2.0);
        assert!((capacity_in(&many, false, 1) - 2.0).abs() < 1e-6);
        let layout = LayoutParams::SharedNodes { nodes: 8.0, nic: 1.0, media_read: 9.0, media_write: 9.0 };
        let few = build(&mut Resources::default(), "s", &layout, None, NO_OVERHEAD, 0.0);
        assert!((capacity_in(&few, false, 1) - 1.875).abs() < 1e-12);
    }

    /// The theoretical rate counts the peers that this system has: one node reads and writes at line rate.
    #[test]
    fn few_nodes_have_a_higher_theoretical_rate() {
        for (nodes, crossings) in [(1.0, 1.0), (2.0, 1.5), (8.0, 1.875), (400.0, 1.9975)] {
            let layout = LayoutParams::SharedNodes { nodes, nic: 1.0, media_read: 9.0, media_write: 9.0 };
            let stages = build(&mut Resources::default(), "s", &layout, None, NO_OVERHEAD, 0.0).stages;
            for share in [0.0, 1.0] {
                let rate = theoretical(&stages, share).unwrap() / nodes;
                assert!((rate - 1.0 / crossings).abs() < 1e-12, "{nodes} {share} {rate}");
            }
        }
    }

    #[test]
    fn a_single_node_has_no_hops_to_peers() {
        let layout = LayoutParams::SharedNodes { nodes: 1.0, nic: 1.0, media_read: 9.0, media_write: 9.0 };
        let path = WritePathParams { buffer_rate: 9.0, copies: 2.0, reduction: 2.0, migration_read: 0.5, stripe: 1.1 };
        let one = build(&mut Resources::default(), "s", &layout, Some(&path), NO_OVERHEAD, 0.0);
        assert_eq!(one.read, [(one.resources[1], 1.0), (one.resources[2], 1.0)]);
        assert_eq!(one.migration, [(one.resources[3], 0.55)], "a flow uses no resource by nothing");
    }

    /// By hand: 4 nodes of 9 B/s read and 3 B/s written, so a write takes three times the time of a read.
    #[test]
    fn shared_media_give_their_time_to_reads_and_writes() {
        let layout = LayoutParams::SharedNodes { nodes: 4.0, nic: 1e3, media_read: 9.0, media_write: 3.0 };
        let path = WritePathParams { buffer_rate: 9.0, copies: 2.0, reduction: 2.0, migration_read: 0.5, stripe: 1.1 };
        let of = |shared| build(&mut Resources::default(), "s", &layout, Some(&path), NO_OVERHEAD, shared);
        let all = of(1.0);
        let (media, capacity, is_media) = *all.parts.last().unwrap();
        assert!((capacity - 36.0).abs() < 1e-12 && is_media);
        let time = |uses: &Uses| uses.iter().find(|u| u.0 == media).map_or(0.0, |u| u.1);
        assert!((time(&all.read) - 1.0).abs() < 1e-12 && time(&all.write) == 0.0, "writes go into the buffer first");
        assert!((time(&all.migration) - 3.0 * 0.55).abs() < 1e-12);
        assert!((time(&all.store) - 3.0).abs() < 1e-12 && (time(&all.scrub) - 1.0).abs() < 1e-12);
        for (share, rate) in [(1.0, 36.0), (0.0, 12.0), (0.75, 36.0 / (0.75 + 0.25 * 3.0)), (0.5, 18.0)] {
            assert!((theoretical(&all.stages, share).unwrap() - rate).abs() < 1e-9, "{share}");
        }
        let half = theoretical(&of(0.5).stages, 0.75).unwrap();
        assert!((half - 36.0).abs() < 1e-9, "1.5 × 36 / 1.5");
        assert_eq!(of(0.0).resources.len() + 1, all.resources.len(), "nothing shared, nothing to share");
    }

    #[test]
    fn the_theoretical_rate_of_a_mix_lies_between_and_a_service_has_none() {
        let stages = shared(2.0, 2.0).stages;
        let mix = theoretical(&stages, 0.7).unwrap() / 1e9;
        assert!((mix - 1.0 / 1.7).abs() < 1e-8, "NIC out binds: 0.7 × 2 + 0.3 × 1 crossings");
        let layout = LayoutParams::Accounts { accounts: 2.0, even: 2.0, ingress: 3.0, egress: 5.0 };
        let blob = build(&mut Resources::default(), "b", &layout, None, NO_OVERHEAD, 0.0);
        assert_eq!(theoretical(&blob.stages, 1.0), None);
        assert_eq!(blob.provisioned, Some((10.0, 6.0)));
    }
}
