//! Losses of devices and nodes, and the rebuilds that bring protection back.
//!
//! A loss takes hardware out of service until it is replaced, and content out of the stripes until it is rebuilt into
//! the spare space of what is left: two clocks that run side by side. Rebuilds begin after a delay and run one after
//! another. While content is missing, reads of it fetch the blocks it is computed from. More blocks of a stripe missing than it has
//! parity is a loss of data; it is counted, and the run goes on as if the data came back from elsewhere.
//!
//! A node whose devices another takes over is out of service without any content. Where stripes lie in one node each, nodes rebuild side by side,
//! and only losses in the same node meet.
//!
//! All devices and nodes share one timer: candidates arrive at the rate of a system in perfect health and hit each part
//! with equal chance; a hit on a part that is out of service does not count.

use std::collections::VecDeque;

use super::durability::{Chain, Placement};
use crate::engine::Context;
use crate::engine::rng::Stream;
use crate::model::event::{CLASS_FAULT, Event};
use crate::model::ids::StorageId;
use crate::model::paths::Uses;
use crate::stats::{Level, Tally};
use crate::units::{Dist, SimDuration, SimTime};

/// What can be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One media device.
    Device,
    /// A node or enclosure with all its devices.
    Node,
}

/// Parameters. A *media byte* is a byte on media, after data reduction and with parity.
#[derive(Clone, Debug)]
pub struct ProtectionParams {
    /// Nodes or enclosures.
    pub nodes: u64,
    /// Devices of one of them.
    pub devices: u64,
    /// Parity blocks of a stripe.
    pub parity: u32,
    /// Parts of the system that hold stripes of their own and rebuild side by side: 1, or the nodes.
    pub apart: u64,
    /// Most blocks of one stripe that a lost node takes with it; 0 where another node takes its devices over.
    pub node_blocks: u32,
    /// How stripes lie on more nodes than they are wide; none where each spans all.
    pub placement: Option<Placement>,
    /// Losses of one device per second.
    pub device_loss: f64,
    /// Losses of one node per second.
    pub node_loss: f64,
    /// Whether anything is lost during the run.
    pub failures: bool,
    /// Media bytes per client byte held.
    pub media_per_byte: f64,
    /// Blocks read to rebuild one.
    pub rebuild_reads: f64,
    /// What a rebuild uses per media byte rebuilt.
    pub rebuild: Uses,
    /// What a scrub uses per media byte read.
    pub scrub: Uses,
    /// Share of the rate that it would have alone on the system that a rebuild takes at most.
    pub pace: f64,
    /// Priority of a rebuild in fair sharing.
    pub priority: u8,
    /// Seconds in which everything is read once; none without scrubbing.
    pub scrub_s: Option<f64>,
    /// Seconds until a rebuild begins.
    pub delay: Dist,
    /// Seconds until a device and a node are replaced.
    pub replacement: [Dist; 2],
    /// Random stream of losses.
    pub losses: Stream,
    /// Random stream of whether a stripe is hit.
    pub hits: Stream,
    /// Random stream of rebuild delays.
    pub delays: Stream,
    /// Random stream of replacement times.
    pub replacements: Stream,
    /// Random stream of the parts that losses fall on.
    pub places: Stream,
}

/// What changes outside when protection changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ProtectionEffect {
    /// Hardware went out of service or came back: capacities follow.
    Hardware,
    /// Content is missing or whole again: reads follow.
    Content,
    /// A rebuild begins: its number, media bytes.
    Rebuild(u32, f64),
}

/// One loss whose content is not rebuilt.
#[derive(Clone, Copy, Debug)]
struct Job {
    number: u32,
    part: Part,
    /// Which of the parts that are apart it lies in.
    place: u64,
    lost: SimTime,
    bytes: f64,
    ready: bool,
}

/// Everything counted since the warm-up cut.
#[derive(Clone, Debug)]
pub struct ProtectionStats {
    /// Devices and nodes lost.
    pub losses: [u64; 2],
    /// Times that more blocks of a stripe were missing than it has parity.
    pub data_losses: u64,
    /// Exposure windows of devices and nodes, seconds from loss to rebuilt.
    pub windows: [Tally; 2],
    /// Age of what is not rebuilt yet, seconds: devices and nodes.
    pub open: [f64; 2],
    /// Share of the time in which content was missing.
    pub exposed: f64,
}

/// Protection of one system.
#[derive(Clone, Debug)]
pub struct Protection {
    /// Parameters.
    pub params: ProtectionParams,
    id: StorageId,
    out: [u64; 2],
    jobs: VecDeque<Job>,
    /// Rebuilds under way, with their places.
    rebuilding: Vec<(u32, u64)>,
    counter: u32,
    losses: [u64; 2],
    data_losses: u64,
    windows: [Tally; 2],
    exposed: Level,
}

impl Protection {
    /// Everything in service and whole.
    pub fn new(id: StorageId, params: ProtectionParams) -> Self {
        Protection {
            params,
            id,
            out: [0; 2],
            jobs: VecDeque::new(),
            rebuilding: Vec::new(),
            counter: 0,
            losses: [0; 2],
            data_losses: 0,
            windows: [Tally::new(), Tally::new()],
            exposed: Level::new(SimTime::ZERO, 0.0),
        }
    }

    fn device_count(&self) -> f64 {
        (self.params.nodes * self.params.devices) as f64
    }

    /// Candidate losses per second of a system in perfect health.
    fn hazard(&self) -> f64 {
        self.device_count() * self.params.device_loss + self.params.nodes as f64 * self.params.node_loss
    }

    /// Schedules the first candidate.
    pub fn begin(&mut self, ctx: &mut Context<'_, Event>) {
        let rate = self.hazard();
        if self.params.failures && rate > 0.0 {
            let wait = self.params.losses.exponential(1.0 / rate);
            ctx.schedule(after(ctx.now(), wait), CLASS_FAULT, Event::StorageLoss(self.id));
        }
    }

    /// A part may be lost; `held` client bytes are on the system.
    pub fn candidate(&mut self, ctx: &mut Context<'_, Event>, held: f64, effects: &mut Vec<ProtectionEffect>) {
        let devices = self.device_count() * self.params.device_loss;
        let at = self.params.losses.uniform() * self.hazard();
        let part = if at < devices { Part::Device } else { Part::Node };
        let hit = self.params.losses.uniform() < self.healthy(part);
        self.begin(ctx);
        // Without its last node a system is gone, and nothing that follows has a meaning.
        let last = part == Part::Node && self.out[1] + 1 >= self.params.nodes;
        if hit && !last {
            self.lose(ctx, part, held, effects);
        }
    }

    /// Share of the parts of a kind that are in service.
    fn healthy(&self, part: Part) -> f64 {
        let nodes = 1.0 - self.out[1] as f64 / self.params.nodes as f64;
        match part {
            Part::Node => nodes,
            Part::Device if self.params.node_blocks == 0 => 1.0 - self.out[0] as f64 / self.device_count(),
            Part::Device => (nodes - self.out[0] as f64 / self.device_count()).max(0.0),
        }
    }

    /// Shares of node and media capacity in service; the last device of a system is never lost.
    pub fn in_service(&self) -> (f64, f64) {
        (self.healthy(Part::Node), self.healthy(Part::Device).max(1.0 / self.device_count()))
    }

    fn lose(&mut self, ctx: &mut Context<'_, Event>, part: Part, held: f64, effects: &mut Vec<ProtectionEffect>) {
        let kind = part as usize;
        let (now, number) = (ctx.now(), self.counter);
        self.counter = self.counter.wrapping_add(1);
        self.losses[kind] += 1;
        self.out[kind] += 1;
        let back = self.params.replacements.sample(&self.params.replacement[kind]);
        ctx.schedule(after(now, back), CLASS_FAULT, Event::PartReplaced(self.id, part == Part::Node));
        effects.push(ProtectionEffect::Hardware);
        if self.blocks(part) == 0 {
            return;
        }
        let place = match self.params.apart {
            0 | 1 => 0,
            apart => ((self.params.places.uniform() * apart as f64) as u64).min(apart - 1),
        };
        let beside = |job: &&Job| job.place == place;
        let before = [Part::Device, Part::Node]
            .map(|p| self.jobs.iter().filter(beside).filter(|job| job.part == p).count() as u32);
        let bytes = held * self.params.media_per_byte * self.share(part);
        self.jobs.push_back(Job { number, part, place, lost: now, bytes, ready: false });
        self.exposed.set(now, 1.0);
        let missing: u64 = self.jobs.iter().filter(beside).map(|job| u64::from(self.blocks(job.part))).sum();
        let fatal = missing > u64::from(self.params.parity) && self.hits_a_stripe(before, part);
        self.data_losses += u64::from(fatal);
        let delay = self.params.delays.sample(&self.params.delay);
        ctx.schedule(after(now, delay), CLASS_FAULT, Event::RebuildReady(self.id, number));
        effects.push(ProtectionEffect::Content);
    }

    /// Whether some stripe has a block on each part of one set too many, now that `part` is lost beside `before`.
    fn hits_a_stripe(&mut self, [devices, nodes]: [u32; 2], part: Part) -> bool {
        let Some(placement) = self.params.placement else { return true };
        self.params.hits.uniform() < placement.fatal(self.params.parity, (devices, nodes), part == Part::Node)
    }

    /// Share of all content on one part.
    fn share(&self, part: Part) -> f64 {
        match part {
            Part::Device => 1.0 / self.device_count(),
            Part::Node => 1.0 / self.params.nodes as f64,
        }
    }

    fn blocks(&self, part: Part) -> u32 {
        if part == Part::Node { self.params.node_blocks } else { 1 }
    }

    /// Share of all content that is missing.
    pub fn missing(&self) -> f64 {
        self.jobs.iter().map(|job| self.share(job.part)).sum::<f64>().min(1.0)
    }

    /// A replacement is in service.
    pub fn replaced(&mut self, node: bool, effects: &mut Vec<ProtectionEffect>) {
        self.out[usize::from(node)] -= 1;
        effects.push(ProtectionEffect::Hardware);
    }

    /// The rebuild of a loss may begin.
    pub fn ready(&mut self, number: u32, effects: &mut Vec<ProtectionEffect>) {
        for job in self.jobs.iter_mut().filter(|job| job.number == number) {
            job.ready = true;
        }
        self.next(effects);
    }

    fn next(&mut self, effects: &mut Vec<ProtectionEffect>) {
        for job in self.jobs.iter().filter(|job| job.ready) {
            if self.rebuilding.iter().all(|(_, place)| *place != job.place) {
                self.rebuilding.push((job.number, job.place));
                effects.push(ProtectionEffect::Rebuild(job.number, job.bytes));
            }
        }
    }

    /// A rebuild is over.
    pub fn rebuilt(&mut self, now: SimTime, number: u32, effects: &mut Vec<ProtectionEffect>) {
        self.rebuilding.retain(|(under_way, _)| *under_way != number);
        if let Some(at) = self.jobs.iter().position(|job| job.number == number)
            && let Some(job) = self.jobs.remove(at)
        {
            self.windows[job.part as usize].add((now - job.lost).as_secs_f64(), 1.0);
        }
        self.exposed.set(now, f64::from(u8::from(!self.jobs.is_empty())));
        effects.push(ProtectionEffect::Content);
        self.next(effects);
    }

    /// Cuts the warm-up.
    pub fn reset(&mut self, now: SimTime) {
        self.losses = [0; 2];
        self.data_losses = 0;
        self.windows = [Tally::new(), Tally::new()];
        self.exposed.reset(now);
    }

    /// What was counted.
    pub fn stats(&self, now: SimTime) -> ProtectionStats {
        let age = |part: Part| {
            let open = self.jobs.iter().filter(|job| job.part == part);
            open.map(|job| (now - job.lost).as_secs_f64()).sum()
        };
        ProtectionStats {
            losses: self.losses,
            data_losses: self.data_losses,
            windows: self.windows,
            open: [age(Part::Device), age(Part::Node)],
            exposed: self.exposed.mean(now),
        }
    }

    /// Media bytes that a scrub reads per second; none without one, or with nothing to read.
    pub fn scrub_rate(&self, held: f64) -> Option<f64> {
        let rate = held * self.params.media_per_byte / self.params.scrub_s?;
        (rate > 0.0).then_some(rate)
    }

    /// Exposure windows of a device and a node, as planned: the mean delay, then its content in a system that holds
    /// `held` client bytes at `rate` media bytes per second.
    pub fn planned_windows(&self, held: f64, rate: f64) -> [f64; 2] {
        let content = held * self.params.media_per_byte;
        [Part::Device, Part::Node].map(|part| self.params.delay.mean() + content * self.share(part) / rate)
    }

    /// The chain of data loss with these exposure windows.
    pub fn chain(&self, windows: [f64; 2]) -> Chain {
        let p = &self.params;
        Chain {
            apart: p.apart.max(1) as f64,
            devices: self.device_count() / p.apart.max(1) as f64,
            device_loss: p.device_loss,
            device_window: windows[0],
            nodes: p.nodes as f64,
            node_loss: if p.node_blocks == 0 { 0.0 } else { p.node_loss },
            node_window: windows[1],
            parity: p.parity,
            node_blocks: p.node_blocks,
            placement: p.placement,
        }
    }
}

fn after(now: SimTime, seconds: f64) -> SimTime {
    now.saturating_add(SimDuration::from_secs_f64(seconds))
}
