//! One link: what of it is there and what of that is down, and what it carries meanwhile.

use super::installed::Installation;
use super::params::LinkParams;
use crate::engine::Key;
use crate::stats::Level;
use crate::units::{SimDuration, SimTime};

/// A process that fails and is mended, while what fails is there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Process {
    /// Whether it is down.
    pub(super) down: bool,
    /// Its next event.
    pub(super) pending: Option<Key>,
    /// Whether spare waves carry it while it is down.
    pub(super) restored: bool,
    /// When they will.
    pub(super) restoring: Option<Key>,
}

/// A link and what is down of it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) params: LinkParams,
    /// What is installed now.
    pub(super) now: Installation,
    /// Each wave that can fail.
    pub(super) waves: Vec<Process>,
    /// Cuts of the link alone.
    pub(super) cut: Process,
    pub(super) waves_down: u16,
    pub(super) cuts_open: u16,
    /// Falls back to a lower rate.
    pub(super) slow: Process,
    /// Whether spare waves carry it while it is cut.
    pub(super) detour: bool,
    /// When they will.
    pub(super) detouring: Option<Key>,
    /// Failed waves that spare ones carry.
    pub(super) waves_restored: u16,
    /// Ends that are lost as whole sites.
    pub(super) ends_lost: u16,
    pub(super) alive_in_routes: bool,
    /// Shares of capacity that the windows open now leave.
    pub(super) windows: Vec<f64>,
    /// 1 while a failure alone leaves it no capacity.
    pub(super) down: Level,
    /// 1 while a window leaves it no capacity.
    pub(super) maintained: Level,
    /// 1 while it carries some, but not all, of what is installed.
    pub(super) degraded: Level,
    /// 1 while spare waves carry some of it.
    pub(super) restored: Level,
    /// Capacity in the direction that it has, wire bytes per second.
    pub(super) usable: Level,
}

/// How long a link was in which state since statistics began, seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkTimes {
    /// Installed.
    pub there: f64,
    /// Without capacity by failures, outside of maintenance.
    pub down: f64,
    /// Without capacity by maintenance, whatever else is down.
    pub maintained: f64,
    /// With some, but not all, of what is installed.
    pub degraded: f64,
    /// With spare waves in use.
    pub restored: f64,
    /// Mean capacity in service over mean capacity installed.
    pub usable: Option<f64>,
}

impl LinkTimes {
    /// Share of the time it was installed with some capacity.
    pub fn availability(&self) -> Option<f64> {
        (self.there > 0.0).then(|| (1.0 - (self.down + self.maintained) / self.there).max(0.0))
    }

    /// The same of the time outside of maintenance.
    pub fn unplanned(&self) -> Option<f64> {
        let left = self.there - self.maintained;
        (left > 0.0).then(|| (1.0 - self.down / left).max(0.0))
    }
}

impl Link {
    /// A link at time zero.
    pub(super) fn new(params: LinkParams) -> Self {
        let now = *params.installed.at(SimTime::ZERO);
        let mut link = Link {
            now,
            waves: vec![Process::default(); params.wave_outages.len()],
            cut: Process::default(),
            waves_down: 0,
            cuts_open: u16::from(params.failed),
            ends_lost: 0,
            slow: Process::default(),
            detour: false,
            detouring: None,
            waves_restored: 0,
            alive_in_routes: false,
            windows: Vec::new(),
            down: Level::new(SimTime::ZERO, 0.0),
            maintained: Level::new(SimTime::ZERO, 0.0),
            degraded: Level::new(SimTime::ZERO, 0.0),
            restored: Level::new(SimTime::ZERO, 0.0),
            usable: Level::new(SimTime::ZERO, 0.0),
            params,
        };
        link.alive_in_routes = link.alive();
        link.down = Level::new(SimTime::ZERO, f64::from(u8::from(link.broken())));
        link.usable = Level::new(SimTime::ZERO, link.capacity()[link.way()]);
        link
    }

    /// Present capacity of both directions.
    pub(super) fn capacity(&self) -> [f64; 2] {
        if !self.alive() {
            return [0.0; 2];
        }
        let up = f64::from(self.now.waves - (self.waves_down - self.waves_restored));
        let (waves, left) = (f64::from(self.now.waves), self.left());
        let spare = self.params.restoration.as_ref().filter(|_| self.cuts_open > 0);
        let slow = self.params.degraded.as_ref().filter(|_| self.slow.down).map_or(1.0, |(_, share)| *share);
        self.now.capacity.map(|installed| match spare {
            Some(spare) => installed * (up / waves).min(spare.share) * left,
            None => installed * up / waves * slow * left,
        })
    }

    /// Round-trip time as it is now.
    pub(super) fn rtt(&self) -> SimDuration {
        let spare = self.params.restoration.as_ref().filter(|_| self.cuts_open > 0 && self.detour);
        spare.map_or(self.params.rtt, |spare| self.params.rtt + spare.extra_rtt)
    }

    /// The direction by which its capacity is reckoned.
    pub(super) fn way(&self) -> usize {
        usize::from(!self.params.goes(0))
    }

    /// Share of capacity that open windows leave: that of the strictest.
    fn left(&self) -> f64 {
        self.windows.iter().copied().fold(1.0, f64::min)
    }

    /// Whether a window leaves it no capacity.
    pub(super) fn closed(&self) -> bool {
        self.left() <= 0.0
    }

    /// Times since `from`, when statistics began.
    pub(super) fn times(&self, from: SimTime, now: SimTime) -> LinkTimes {
        let installed = self.params.installed.integral(self.way(), from, now);
        LinkTimes {
            there: self.params.installed.seconds(from, now),
            down: self.down.integral(now),
            maintained: self.maintained.integral(now),
            degraded: self.degraded.integral(now),
            restored: self.restored.integral(now),
            usable: (installed > 0.0).then(|| self.usable.integral(now) / installed),
        }
    }

    /// Capacity as routes know it: that of a link which died since they last changed is still what is installed.
    pub(super) fn known_capacity(&self) -> [f64; 2] {
        match (self.alive_in_routes, self.alive()) {
            (true, true) => self.capacity(),
            (true, false) => self.now.capacity,
            (false, _) => [0.0; 2],
        }
    }

    /// Whether it carries anything.
    pub(super) fn alive(&self) -> bool {
        self.there() && !self.broken() && !self.closed()
    }

    /// Whether it is installed.
    pub(super) fn there(&self) -> bool {
        self.now.waves > 0
    }

    /// Whether it is installed and a failure leaves it no capacity.
    pub(super) fn broken(&self) -> bool {
        self.there()
            && (self.cuts_open > 0 && !self.detour
                || self.ends_lost > 0
                || self.waves_down - self.waves_restored >= self.now.waves)
    }
}
