//! One link: what of it is there and what of that is down, and what it carries meanwhile.

use super::installed::Installation;
use super::params::LinkParams;
use crate::engine::Key;
use crate::stats::Level;
use crate::units::SimTime;

/// A process that fails and is mended, while what fails is there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Process {
    /// Whether it is down.
    pub(super) down: bool,
    /// Its next event.
    pub(super) pending: Option<Key>,
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
    /// Ends that are lost as whole sites.
    pub(super) ends_lost: u16,
    pub(super) alive_in_routes: bool,
    /// Shares of capacity that the windows open now leave.
    pub(super) windows: Vec<f64>,
    /// 1 while a failure alone leaves it no capacity.
    pub(super) down: Level,
    /// 1 while a window leaves it no capacity.
    pub(super) maintained: Level,
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
            alive_in_routes: false,
            windows: Vec::new(),
            down: Level::new(SimTime::ZERO, 0.0),
            maintained: Level::new(SimTime::ZERO, 0.0),
            params,
        };
        link.alive_in_routes = link.alive();
        link.down = Level::new(SimTime::ZERO, f64::from(u8::from(link.broken())));
        link
    }

    /// Present capacity of both directions.
    pub(super) fn capacity(&self) -> [f64; 2] {
        if !self.alive() {
            return [0.0; 2];
        }
        let up = self.now.waves - self.waves_down;
        let left = self.left();
        self.now.capacity.map(|installed| installed * f64::from(up) / f64::from(self.now.waves) * left)
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
        LinkTimes {
            there: self.params.installed.seconds(from, now),
            down: self.down.integral(now),
            maintained: self.maintained.integral(now),
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
        self.there() && (self.cuts_open > 0 || self.ends_lost > 0 || self.waves_down >= self.now.waves)
    }
}
