//! Progressive filling: the rates of one connected part, from nothing.
//!
//! Variables: classes *i* of `n` flows with weight `w`, cap `p`, floor `f = min(reserve, p)` and coefficients `a_r`;
//! resources *r* with capacity `C_r`. Every rate is a function of one rising level θ:
//!
//! 1. *Reserves*, from the highest priority to the lowest: `s = f·σ` with σ rising from 0 to 1; a class stops where a
//!    resource of its path is full. So reserves that do not fit shrink in proportion, those of higher priority last.
//! 2. *Shares*, from the highest priority to the lowest, on what higher priorities and all reserves leave:
//!    `x = min(p, max(s, w·θ))` with θ rising from 0; a class stops where a resource of its path is full.
//!
//! The resource that stops a class is its cause; when several are full at the same level the lowest number is, and a
//! resource goes before the cap. Work: (levels) × (resources) + (uses), all of the part that is solved.

/// Below this part of its capacity, what is left of a resource is rounding noise: the resource is full.
const FULL: f64 = 1e-12;
/// Levels closer than this, relatively, are the same level.
const SAME: f64 = 1e-12;

/// A class as the filling sees it.
#[derive(Copy, Clone, Debug)]
pub(super) struct Item {
    /// Number of flows.
    pub count: f64,
    pub weight: f64,
    pub cap: f64,
    pub floor: f64,
    pub priority: u8,
    /// Its part of [`Problem::uses`].
    pub first_use: u32,
    pub end_use: u32,
}

/// A connected part: classes, and resources by local number, in the order of the caller's numbering.
#[derive(Debug, Default)]
pub(super) struct Problem {
    pub capacity: Vec<f64>,
    pub items: Vec<Item>,
    /// Local resource and coefficient, class after class.
    pub uses: Vec<(u32, f64)>,
}

/// What stopped a class.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Resource(u32),
    Cap,
}

/// The rate of a class.
#[derive(Copy, Clone, Debug)]
pub(super) struct Share {
    /// Bytes/s of each flow.
    pub rate: f64,
    /// What the reserve alone grants.
    pub granted: f64,
    pub stop: Stop,
}

/// How one class rises with the level during one filling.
#[derive(Copy, Clone, Debug)]
struct Ramp {
    item: u32,
    /// Rate per level, once it rises.
    weight: f64,
    /// The rate held before, and the level where rising begins.
    held: f64,
    start: f64,
    /// The level where rising ends, and the rate there.
    end: f64,
    top: f64,
    state: State,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Rising,
    Stopped,
}

/// A resource during one filling.
#[derive(Copy, Clone, Debug, Default)]
struct Vessel {
    /// What the filling may use, and what its members use apart from the rising ones.
    left: f64,
    fixed: f64,
    /// Use per level of the rising members, and its value when last summed afresh.
    slope: f64,
    fresh: f64,
    /// Members not stopped yet, and those of them that rise.
    open: u32,
    rising: u32,
}

impl Problem {
    /// Solves the part; one share per item, in order.
    pub fn solve(&self) -> Vec<Share> {
        let mut filling = Filling::new(self);
        let mut priorities: Vec<u8> = self.items.iter().map(|item| item.priority).collect();
        priorities.sort_unstable_by(|a, b| b.cmp(a));
        priorities.dedup();
        if self.items.iter().any(|item| item.floor > 0.0) {
            for &priority in &priorities {
                filling.grant_reserves(priority);
            }
        }
        for &priority in &priorities {
            filling.share_out(priority);
        }
        filling.shares
    }

    fn uses_of(&self, item: usize) -> &[(u32, f64)] {
        let item = &self.items[item];
        &self.uses[item.first_use as usize..item.end_use as usize]
    }
}

struct Filling<'a> {
    problem: &'a Problem,
    /// What earlier steps have left of each resource.
    left: Vec<f64>,
    shares: Vec<Share>,
    vessels: Vec<Vessel>,
    ramps: Vec<Ramp>,
    /// Ramps on each local resource: `members[first[r]..first[r + 1]]`.
    first: Vec<u32>,
    members: Vec<(u32, f64)>,
}

impl<'a> Filling<'a> {
    fn new(problem: &'a Problem) -> Self {
        let unset = Share { rate: 0.0, granted: 0.0, stop: Stop::Cap };
        Self {
            problem,
            left: problem.capacity.clone(),
            shares: vec![unset; problem.items.len()],
            vessels: Vec::new(),
            ramps: Vec::new(),
            first: Vec::new(),
            members: Vec::new(),
        }
    }

    fn items_of(&self, priority: u8) -> impl Iterator<Item = (u32, &'a Item)> + use<'a> {
        let items = self.problem.items.iter().enumerate();
        items.filter(move |(_, item)| item.priority == priority).map(|(index, item)| (index as u32, item))
    }

    fn grant_reserves(&mut self, priority: u8) {
        let ramps = self.items_of(priority).filter(|(_, item)| item.floor > 0.0);
        self.ramps = ramps
            .map(|(index, item)| Ramp {
                item: index,
                weight: item.floor,
                held: 0.0,
                start: 0.0,
                end: 1.0,
                top: item.floor,
                state: State::Waiting,
            })
            .collect();
        self.fill();
        for at in 0..self.ramps.len() {
            let item = self.ramps[at].item as usize;
            self.shares[item].granted = self.shares[item].rate;
            self.take(item, self.shares[item].rate);
        }
    }

    fn share_out(&mut self, priority: u8) {
        let shares = &self.shares;
        let ramp = |(index, item): (u32, &Item)| {
            let held = shares[index as usize].granted;
            let (start, end) = (held / item.weight, item.cap / item.weight);
            let (end, top) = (end.max(start), item.cap);
            Ramp { item: index, weight: item.weight, held, start, end, top, state: State::Waiting }
        };
        self.ramps = self.items_of(priority).map(ramp).collect();
        for at in 0..self.ramps.len() {
            self.take(self.ramps[at].item as usize, -self.ramps[at].held);
        }
        self.fill();
        for at in 0..self.ramps.len() {
            let item = self.ramps[at].item as usize;
            self.take(item, self.shares[item].rate);
        }
    }

    /// Takes what a rate of this class uses out of what is left; what is then mere noise counts as nothing.
    fn take(&mut self, item: usize, rate: f64) {
        for &(resource, coefficient) in self.problem.uses_of(item) {
            let left = &mut self.left[resource as usize];
            *left -= coefficient * self.problem.items[item].count * rate;
            if *left < FULL * self.problem.capacity[resource as usize] {
                *left = 0.0;
            }
        }
    }

    /// Raises the level until every ramp has stopped, writing rate and stop of each.
    fn fill(&mut self) {
        self.set_up();
        let (mut starts, mut ends) = (self.by_level(|ramp| ramp.start), self.by_level(|ramp| ramp.end));
        let mut open = self.ramps.len();
        let mut level = 0.0_f64;
        while open > 0 {
            let start = self.next(&mut starts, |state| state == State::Waiting);
            let end = self.next(&mut ends, |state| state != State::Stopped);
            let start_level = start.map_or(f64::INFINITY, |at| self.ramps[at].start);
            let end_level = end.map_or(f64::INFINITY, |at| self.ramps[at].end);
            let full = self.next_full(level);
            if let Some((full_level, resource)) = full
                && full_level <= start_level
                && full_level <= end_level * (1.0 + SAME)
            {
                level = full_level;
                open -= self.stop_members(resource, level);
            } else if let Some(at) = start.filter(|_| start_level <= end_level) {
                level = level.max(start_level);
                self.begin(at);
            } else {
                let at = end.expect("a flow crosses a resource or has a cap");
                level = level.max(end_level);
                self.stop(at, level, Stop::Cap);
                open -= 1;
            }
        }
    }

    fn set_up(&mut self) {
        let resources = self.left.len();
        self.vessels.clear();
        self.vessels.extend(self.left.iter().map(|&left| Vessel { left, ..Vessel::default() }));
        self.first.clear();
        self.first.resize(resources + 1, 0);
        for ramp in &self.ramps {
            for &(resource, _) in self.problem.uses_of(ramp.item as usize) {
                self.first[resource as usize + 1] += 1;
            }
        }
        for resource in 0..resources {
            self.first[resource + 1] += self.first[resource];
        }
        let mut next = self.first.clone();
        self.members.clear();
        self.members.resize(self.first[resources] as usize, (0, 0.0));
        for (at, ramp) in self.ramps.iter().enumerate() {
            let count = self.problem.items[ramp.item as usize].count;
            for &(resource, coefficient) in self.problem.uses_of(ramp.item as usize) {
                let place = &mut next[resource as usize];
                self.members[*place as usize] = (at as u32, coefficient * count);
                *place += 1;
                let vessel = &mut self.vessels[resource as usize];
                vessel.open += 1;
                vessel.fixed += coefficient * count * ramp.held;
            }
        }
    }

    /// Ramps by falling level, so that the next is at the end.
    fn by_level(&self, level: impl Fn(&Ramp) -> f64) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.ramps.len() as u32).collect();
        order.retain(|&at| level(&self.ramps[at as usize]).is_finite());
        order.sort_by(|&a, &b| {
            level(&self.ramps[b as usize]).total_cmp(&level(&self.ramps[a as usize])).then(b.cmp(&a))
        });
        order
    }

    fn next(&self, order: &mut Vec<u32>, counts: impl Fn(State) -> bool) -> Option<usize> {
        while let Some(&at) = order.last() {
            if counts(self.ramps[at as usize].state) {
                return Some(at as usize);
            }
            order.pop();
        }
        None
    }

    /// The next resource to be full and its level: the lowest number among those of the same level.
    fn next_full(&self, level: f64) -> Option<(f64, usize)> {
        let mut least = f64::INFINITY;
        let mut found = None;
        for (resource, vessel) in self.vessels.iter().enumerate().filter(|(_, vessel)| vessel.open > 0) {
            let at = self.full_at(resource, vessel, level);
            // Strictly lower by more than noise, so that the lowest number of equals stays.
            if at < least * (1.0 - SAME) {
                (least, found) = (at, Some(resource));
            }
        }
        found.map(|resource| (least, resource))
    }

    fn full_at(&self, resource: usize, vessel: &Vessel, level: f64) -> f64 {
        let left = vessel.left - vessel.fixed;
        if left <= FULL * self.problem.capacity[resource] {
            level
        } else if vessel.rising > 0 {
            (left / vessel.slope).max(level)
        } else {
            f64::INFINITY
        }
    }

    fn begin(&mut self, at: usize) {
        let Ramp { item, weight, held, .. } = self.ramps[at];
        self.ramps[at].state = State::Rising;
        let count = self.problem.items[item as usize].count;
        for &(resource, coefficient) in self.problem.uses_of(item as usize) {
            let vessel = &mut self.vessels[resource as usize];
            vessel.rising += 1;
            vessel.slope += coefficient * count * weight;
            vessel.fixed -= coefficient * count * held;
            vessel.fresh = vessel.slope;
        }
    }

    fn stop_members(&mut self, resource: usize, level: f64) -> usize {
        let mut stopped = 0;
        for place in self.first[resource] as usize..self.first[resource + 1] as usize {
            let at = self.members[place].0 as usize;
            if self.ramps[at].state != State::Stopped {
                self.stop(at, level, Stop::Resource(resource as u32));
                stopped += 1;
            }
        }
        stopped
    }

    fn stop(&mut self, at: usize, level: f64, stop: Stop) {
        let Ramp { item, weight, held, top, state, .. } = self.ramps[at];
        self.ramps[at].state = State::Stopped;
        let rising = state == State::Rising;
        let rate = match stop {
            Stop::Cap => top,
            Stop::Resource(_) if rising => (weight * level).clamp(held, top),
            Stop::Resource(_) => held,
        };
        let share = &mut self.shares[item as usize];
        (share.rate, share.stop) = (rate, stop);
        let count = self.problem.items[item as usize].count;
        for &(resource, coefficient) in self.problem.uses_of(item as usize) {
            let vessel = &mut self.vessels[resource as usize];
            vessel.open -= 1;
            if rising {
                vessel.rising -= 1;
                vessel.slope -= coefficient * count * weight;
                vessel.fixed += coefficient * count * rate;
            }
            if vessel.rising == 0 {
                vessel.slope = 0.0;
            } else if vessel.slope < 1e-3 * vessel.fresh {
                self.sum_afresh(resource as usize);
            }
        }
    }

    /// What remains after subtracting nearly all of a sum is mostly rounding error: sum the few again.
    fn sum_afresh(&mut self, resource: usize) {
        let places = self.first[resource] as usize..self.first[resource + 1] as usize;
        let rising = self.members[places].iter().filter(|(at, _)| self.ramps[*at as usize].state == State::Rising);
        let slope = rising.map(|&(at, coefficient)| coefficient * self.ramps[at as usize].weight).sum();
        let vessel = &mut self.vessels[resource];
        (vessel.slope, vessel.fresh) = (slope, slope);
    }
}
