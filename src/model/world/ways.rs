//! What each limit alone would allow between the two sites of a work, on the network as it is at the start; and how long pairs of
//! sites had a way.

use super::measures::{Measure, Measured};
use super::{Task, World};
use crate::model::copies::Leg;
use crate::model::ids::{LinkId, SiteId};
use crate::model::paths::{CLIENT_NIC, Course, Route, Transport};
use crate::units::SimTime;

/// A way of a work between two sites.
struct Way {
    ends: (SiteId, SiteId),
    /// Of all that use it side by side.
    transport: Transport,
    /// Payload rate of the network interfaces at its end, where the plan knows them.
    nic: Option<f64>,
}

impl Way {
    fn course(&self) -> Course {
        Course { from: self.ends.0, to: self.ends.1, policy: self.transport.policy }
    }
}

impl World {
    /// Limits of every work between sites as KPIs.
    pub(super) fn limits_of_ways(&mut self) -> Vec<(String, Measure)> {
        let mut out = Vec::new();
        for w in 0..self.works.len() {
            let name = self.works[w].name.clone();
            for way in self.ways_of(w) {
                let (from, to) = (&self.sites[way.ends.0.index()].name, &self.sites[way.ends.1.index()].name);
                let prefix = format!("path.{name}.{from}-to-{to}");
                let route = self.wan.route(way.course());
                self.put_limits(&prefix, &way, route.as_ref(), &mut out);
            }
        }
        out
    }

    /// Statistics of the pairs between which works send, and demands of one pair: a matrix or a trace may have thousands.
    pub(super) fn watch_pairs(&mut self) {
        let of_work = |w| self.ways_of(w).into_iter().map(|way| way.course());
        let mut courses: Vec<Course> = (0..self.works.len()).flat_map(of_work).collect();
        courses.extend(self.demands.iter().filter(|d| d.params.pairs.len() == 1).map(|d| d.course(0)));
        self.wan.watch(courses);
    }

    pub(super) fn measure_pairs(&self, now: SimTime, out: &mut Measured) {
        for pair in self.wan.reached(now) {
            let (from, to) = (&self.sites[pair.ends.0.index()].name, &self.sites[pair.ends.1.index()].name);
            let mut put = |what: &str, x| out.kpis.push((format!("pair.{from}-to-{to}.{what}"), Measure::Value(x)));
            put("availability", pair.availability);
            put("downtime", pair.downtime);
            if self.wan.has_maintenance() {
                put("maintenance", pair.maintained);
                let none = || Measure::None("maintenance all the time".into());
                let unplanned = pair.unplanned.map_or_else(none, Measure::Value);
                out.kpis.push((format!("pair.{from}-to-{to}.availability_unplanned"), unplanned));
            }
        }
    }

    /// How long a link was in service and out of it.
    pub(super) fn measure_link_times(&self, l: LinkId, name: &str, now: SimTime, out: &mut Measured) {
        let times = self.wan.times(l, now);
        let mut put = |what: &str, value: Measure| out.kpis.push((format!("link.{name}.{what}"), value));
        let share = |share: Option<f64>, why: &str| share.map_or_else(|| Measure::None(why.into()), Measure::Value);
        put("downtime", Measure::Value(times.down));
        put("availability", share(times.availability(), "nothing is installed in the measured part"));
        put("degraded", Measure::Value(times.degraded));
        put("capacity_available", share(times.usable, "nothing is installed in the measured part"));
        if self.wan.is_restored(l) {
            put("restored", Measure::Value(times.restored));
        }
        if self.wan.is_maintained(l) {
            put("maintenance", Measure::Value(times.maintained));
            put("availability_unplanned", share(times.unplanned(), "maintenance all the time"));
        }
    }

    /// How long sites were lost to the WAN.
    pub(super) fn measure_site_losses(&self, now: SimTime, out: &mut Measured) {
        let span = now.since(self.wan.since()).as_secs_f64();
        for (site, lost) in self.wan.lost(now) {
            let name = &self.sites[site.index()].name;
            out.kpis.push((format!("site.{name}.wan_downtime"), Measure::Value(lost)));
            out.kpis.push((format!("site.{name}.wan_availability"), Measure::Value((1.0 - lost / span).max(0.0))));
        }
    }

    fn put_limits(&self, prefix: &str, way: &Way, route: Option<&Route>, out: &mut Vec<(String, Measure)>) {
        let mut put = |measure: &str, value: Measure| out.push((format!("{prefix}.{measure}"), value));
        let Some(route) = route else {
            for measure in ["round_trip", "first_byte", "loss", "window_limit", "loss_limit", "link_limit", "nic_limit"]
            {
                put(measure, Measure::None("there is no route at the start".into()));
            }
            return;
        };
        let finite = |x: f64, why: &str| if x.is_finite() { Measure::Value(x) } else { Measure::None(why.into()) };
        let (rtt, loss) = (route.rtt.as_secs_f64(), route.loss);
        let capacity = |&(r, a): &(_, f64)| self.carriage.sharing.capacity(r) / a;
        let sent = route.uses.iter().map(capacity).fold(f64::INFINITY, f64::min);
        put("round_trip", Measure::Value(rtt));
        put("loss", Measure::Value(loss));
        put("window_limit", finite(way.transport.window_limit(rtt), "no window limits it"));
        put("loss_limit", finite(way.transport.loss_limit(rtt, loss), "no loss limits it"));
        put("link_limit", Measure::Value(sent * way.transport.arriving(sent, rtt, loss)));
        put("first_byte", Measure::Value((way.transport.setup_rtts + 0.5) * rtt));
        if way.transport.starts_slowly(0, rtt, loss) {
            let limits = [way.transport.limit(rtt, loss).0, sent, way.nic.unwrap_or(f64::INFINITY)];
            let tightest = limits.into_iter().fold(f64::INFINITY, f64::min);
            put("slow_start", Measure::Value(way.transport.ramp(rtt, tightest, f64::INFINITY).0));
        }
        put("nic_limit", way.nic.map_or(Measure::None("the plan states no network interfaces".into()), Measure::Value));
    }

    /// The ways of a work that cross between sites, each once.
    fn ways_of(&self, w: usize) -> Vec<Way> {
        let of_users = |ends, transport: Transport, users: f64, limit: (f64, u8)| Way {
            ends,
            transport: transport.shared(1.0 / users),
            nic: (limit.1 == CLIENT_NIC).then_some(limit.0 * users),
        };
        let mut ways = match &self.works[w].task {
            Task::Copy(copy) => {
                let transport = copy.params.transport;
                let of_leg = |leg: &Leg| Way { ends: (leg.from.site, leg.to.site), transport, nic: None };
                self.legs_of(&copy.params).iter().map(of_leg).collect()
            }
            Task::Io(io) => {
                let p = &io.params;
                let there = (p.storage_site, p.site);
                let back = (p.site, p.storage_site);
                let of = |ends| of_users(ends, p.transport, p.clients as f64, p.client_limit);
                let (reads, writes) = (p.read_share > 0.0, p.read_share < 1.0);
                reads.then(|| of(there)).into_iter().chain(writes.then(|| of(back))).collect()
            }
            Task::Burst(task) => {
                let (p, b) = (&task.params, &task.burst.params);
                let ends = if b.load { (p.storage_site, p.site) } else { (p.site, p.storage_site) };
                vec![of_users(ends, p.transport, b.ranks as f64, p.limit)]
            }
            Task::Load(task) => {
                let (p, users) = (&task.params, task.loader.params.accelerators as f64);
                vec![of_users((p.storage_site, p.site), p.transport, users, p.limit)]
            }
            // A trace may have thousands of pairs.
            Task::Trace(_) => Vec::new(),
            Task::Rl(task) => {
                let (trainer, transport) = (task.trainer.site, Transport { setup_rtts: 0.0, ..task.transport });
                let senders = self.carriage.sharing.capacity(task.senders);
                let of_pool = |site| {
                    let publish = Way { ends: (trainer, site), transport, nic: Some(senders) };
                    [publish, Way { ends: (site, trainer), transport, nic: None }]
                };
                task.pools.iter().flat_map(|pool| of_pool(pool.site)).collect()
            }
        };
        ways.retain(|way| way.ends.0 != way.ends.1);
        ways.sort_by_key(|way| way.ends);
        ways.dedup_by_key(|way| way.ends);
        ways
    }
}
