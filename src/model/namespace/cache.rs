//! What share of requests a cache serves: closed forms in the number of requests since it was cold.
//!
//! **Independent references.** Let an object be named by a request with probability p, and let a cache hold C
//! objects. Under LRU an object is in the cache when it was named among the last T requests, where T is the one
//! number for which the expected content, Σ 1 − e^(−pT), is C (Che, Tung and Wang 2002; why it is so exact: Fricker,
//! Robert and Roberts 2012). After n requests to a cold cache T is n until the cache is full: a cache warms along its
//! own curve and is in its steady state when it has filled. A cache that keeps what came first (`Static`) holds the
//! first C distinct objects, which are distributed like the last C. Under RANDOM, and under FIFO, whose steady state
//! is the same (Gelenbe 1973), each request evicts a held object with probability μ: an object that is named at rate p
//! is held with probability p/(p + μ) · (1 − e^(−(p + μ)n)), and μ is the number for which the content is C. That is exact
//! while the cache fills (μ = 0) and in the steady state; in between μ is taken as constant.
//!
//! **Epochs.** When everything is read once an epoch, with c the share of the data that fits: read in the same order,
//! LRU and FIFO serve nothing for c < 1 (what is needed next was evicted last), `Static` serves c, and RANDOM serves the h with h = e^(−(1 − h)/c).
//! Shuffled anew each epoch, an object at position u of one epoch and v of the next is a hit under LRU when fewer than C others
//! were read in between, which is u(1 − v) > 1 − c: h = c + (1 − c) ln(1 − c). RANDOM gives h = −c ln(c e^(−1/c) + 1 − c):
//! with M(v) the misses up to v as a share of the data, M′ = 1 − c·e^(−M/c), because a share c of what is read is held when the
//! epoch begins. The first epoch serves nothing.

use super::popularity::{Class, Popularity};

/// A cache's hit ratio is followed in steps of this much: uses of flows change at most a hundred times on the way from
/// cold to warm. Inside a step the mean of its ends holds, so it is never off by more than half a step.
pub const STEP: f64 = 0.01;
/// Nearer than this to its limit a hit ratio is taken to have arrived.
const ARRIVED: f64 = 0.1 * STEP;

/// More parts of the data with histories of their own are joined, the oldest first.
const MOST_COHORTS: usize = 24;

/// Which object makes room for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The one that was not read for longest.
    Lru,
    /// The one that came first.
    Fifo,
    /// Any.
    Random,
    /// None: what came first stays.
    Static,
}

/// A part of the data with a history of its own in this cache.
#[derive(Clone, Copy, Debug)]
struct Cohort {
    /// Share of the objects.
    share: f64,
    /// Requests to the cache when none of it was there (or, when it was loaded, all of it).
    since: f64,
    /// It was loaded as a whole at that time.
    loaded: bool,
}

/// The content of a cache at some number of requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Content {
    /// Share of requests that it serves.
    pub hit: f64,
    /// Share of the data that it holds.
    pub held: f64,
}

/// A cache of a namespace.
#[derive(Clone, Debug)]
pub struct Cache {
    policy: Policy,
    popularity: Popularity,
    classes: Vec<Class>,
    objects: f64,
    /// Objects that fit.
    room: f64,
    cohorts: Vec<Cohort>,
    /// Requests so far.
    requests: f64,
    /// The share of requests that counts as served until the next step.
    hit: f64,
    /// Requests at which the next step is due; infinite when there is none.
    next: f64,
}

impl Cache {
    /// A cold cache of `size` bytes for `data` bytes in objects of `object` bytes.
    pub fn new(size: f64, data: f64, object: f64, popularity: Popularity, policy: Policy) -> Self {
        let objects = (data / object).round().max(1.0);
        let room = (size / data).min(1.0) * objects;
        let classes = popularity.classes(objects);
        let cold = Cohort { share: 1.0, since: 0.0, loaded: false };
        let mut cache = Cache {
            policy,
            popularity,
            classes,
            objects,
            room,
            cohorts: vec![cold],
            requests: 0.0,
            hit: 0.0,
            next: 0.0,
        };
        cache.step(0.0);
        cache
    }

    /// The share of requests that is served until the next step.
    pub fn hit(&self) -> f64 {
        self.hit
    }

    /// Share of the data read at which the next step is due, counted from the start; infinite when there is none.
    pub fn next(&self) -> f64 {
        self.next / self.objects
    }

    /// Takes in how much was read so far, as a multiple of the data. Returns whether the hit ratio has changed.
    pub fn advance(&mut self, read: f64) -> bool {
        self.requests = self.requests.max(read * self.objects);
        if self.requests < self.next * (1.0 - 1e-12) {
            return false;
        }
        let before = self.hit;
        self.step(self.requests);
        before.to_bits() != self.hit.to_bits()
    }

    /// A share of the data, whichever it is, is out of date: the cache holds none of it any more.
    pub fn invalidate(&mut self, share: f64) {
        for cohort in &mut self.cohorts {
            cohort.share *= 1.0 - share;
        }
        self.cohorts.push(Cohort { share, since: self.requests, loaded: false });
        self.join_cohorts();
        self.step(self.requests);
    }

    /// `bytes` more, as a share of the data, were loaded of what the cache did not hold yet.
    pub fn load(&mut self, bytes: f64) {
        // Loading goes through the data and skips what is there: so much of the missing is so much of the whole.
        let (share, missing) = self.unloaded();
        let moved = share * (bytes / missing.max(1e-12)).min(1.0);
        for cohort in self.cohorts.iter_mut().filter(|c| !c.loaded) {
            cohort.share *= if share > 0.0 { 1.0 - moved / share } else { 1.0 };
        }
        match self.cohorts.iter_mut().find(|c| c.loaded) {
            Some(cohort) => cohort.share += moved,
            None => self.cohorts.push(Cohort { share: moved, since: self.requests, loaded: true }),
        }
        self.cohorts.retain(|c| c.share > 1e-12);
        self.step(self.requests);
    }

    /// Share of the data that was loaded or found there while loading.
    pub fn loaded(&self) -> f64 {
        self.cohorts.iter().filter(|c| c.loaded).map(|c| c.share).sum()
    }

    /// Bytes, as a share of the data, that have to come until a share `target` of it is loaded.
    pub fn to_load(&self, target: f64) -> f64 {
        let (share, missing) = self.unloaded();
        if share > 0.0 { (target - self.loaded()).max(0.0) * missing / share } else { 0.0 }
    }

    /// Share of the data that was not loaded, and what of it the cache does not hold.
    fn unloaded(&self) -> (f64, f64) {
        let read = |c: &Cohort| match self.popularity.is_independent() {
            true => self.seen(self.requests - c.since).held / self.objects,
            false => ((self.requests - c.since) / self.objects).min(1.0),
        };
        let open = self.cohorts.iter().filter(|c| !c.loaded);
        open.fold((0.0, 0.0), |(share, missing), c| (share + c.share, missing + c.share * (1.0 - read(c)).max(0.0)))
    }

    /// Bounds the number of cohorts: the two that were cold longest ago become one, in the mean.
    fn join_cohorts(&mut self) {
        self.cohorts.sort_by(|a, b| a.loaded.cmp(&b.loaded).then(a.since.total_cmp(&b.since)));
        self.cohorts.retain(|c| c.share > 1e-12);
        while self.cohorts.len() > MOST_COHORTS {
            let (first, second) = (self.cohorts[0], self.cohorts[1]);
            let share = first.share + second.share;
            let since = (first.share * first.since + second.share * second.since) / share;
            self.cohorts[1] = Cohort { share, since, loaded: false };
            self.cohorts.remove(0);
        }
    }

    /// What it serves and holds now.
    pub fn content(&self) -> Content {
        self.content_at(self.requests)
    }

    /// The share of requests it serves when nothing disturbs it any more.
    pub fn steady(&self) -> f64 {
        self.content_at(f64::INFINITY).hit
    }

    /// Looks at the curve from `n` on: the hit ratio that holds until the next step, and when that is due.
    fn step(&mut self, n: f64) {
        let now = self.content_at(n).hit;
        if !self.popularity.is_independent() {
            let ends = self.cohorts.iter().map(|c| c.since + self.objects).filter(|end| *end > n * (1.0 + 1e-12));
            (self.hit, self.next) = (now, ends.fold(f64::INFINITY, f64::min));
            return;
        }
        let limit = self.steady();
        let rest = limit - now;
        if rest.abs() <= ARRIVED {
            (self.hit, self.next) = (limit, f64::INFINITY);
            return;
        }
        // Close to the limit a step goes three quarters of the way, so that the last ones are few.
        let target = now + rest.signum() * STEP.min(0.75 * rest.abs());
        (self.hit, self.next) = (0.5 * (now + target), self.reaches(n, target, rest > 0.0));
    }

    /// The number of requests beyond `n` at which the hit ratio is `target`.
    fn reaches(&self, n: f64, target: f64, rising: bool) -> f64 {
        let there = |n: f64| (self.content_at(n).hit >= target) == rising;
        let (mut low, mut high) = (n, n + 1.0_f64.max(n * 1e-3));
        while !there(high) && high < 1e30 {
            (low, high) = (high, n + 2.0 * (high - n));
        }
        while high - low > 1e-3 * (high - n) {
            let middle = 0.5 * (low + high);
            if there(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    fn content_at(&self, n: f64) -> Content {
        if !self.popularity.is_independent() {
            return self.epochs_at(n);
        }
        match self.policy {
            Policy::Lru | Policy::Static => self.recent_at(n),
            Policy::Fifo | Policy::Random => self.random_at(n),
        }
    }

    /// Objects named in `t` requests, and the share of requests that goes to them.
    fn seen(&self, t: f64) -> Content {
        let (mut held, mut hit) = (0.0, 0.0);
        for class in &self.classes {
            let seen = -libm::expm1(-class.each * t) * class.count;
            held += seen;
            hit += seen * class.each;
        }
        Content { hit, held }
    }

    /// LRU: an object is there when it was named in the last T requests.
    fn recent_at(&self, n: f64) -> Content {
        let ages: Vec<(f64, Cohort, Content)> =
            self.cohorts.iter().map(|c| (n - c.since, *c, self.seen(n - c.since))).collect();
        let sum = |at: &dyn Fn(&(f64, Cohort, Content)) -> Content| {
            ages.iter().fold(Content { hit: 0.0, held: 0.0 }, |sum, one| {
                let part = at(one);
                Content { hit: sum.hit + one.1.share * part.hit, held: sum.held + one.1.share * part.held }
            })
        };
        let all = sum(&|(_, _, seen)| *seen);
        if all.held <= self.room * (1.0 + 1e-12) {
            // What was loaded and never named since is the first to go.
            let unread = sum(&|(_, cohort, seen)| {
                let loaded = f64::from(u8::from(cohort.loaded));
                Content { hit: loaded * (1.0 - seen.hit), held: loaded * (self.objects - seen.held) }
            });
            let kept = if unread.held > 0.0 { ((self.room - all.held) / unread.held).min(1.0) } else { 0.0 };
            let held = (all.held + kept * unread.held) / self.objects;
            return Content { hit: all.hit + kept * unread.hit, held };
        }
        // The content is concave in T, so Newton's method climbs to the root from below and never passes it.
        let mut time = self.room;
        for _ in 0..100 {
            let last = self.seen(time);
            let now = sum(&|(age, _, seen)| if *age < time { *seen } else { last });
            let slope: f64 =
                ages.iter().filter(|(age, ..)| *age >= time).map(|(_, c, _)| c.share * (1.0 - last.hit)).sum();
            let missing = self.room - now.held;
            if slope <= 0.0 || missing <= 1e-10 * self.room {
                return Content { hit: now.hit, held: now.held / self.objects };
            }
            time += missing / slope;
        }
        let last = self.seen(time);
        let now = sum(&|(age, _, seen)| if *age < time { *seen } else { last });
        Content { hit: now.hit, held: now.held / self.objects }
    }

    /// RANDOM and FIFO: a held object goes with probability μ at each request.
    fn random_at(&self, n: f64) -> Content {
        let at = |mu: f64| {
            let (mut held, mut hit) = (0.0, 0.0);
            for class in &self.classes {
                for cohort in &self.cohorts {
                    let rate = class.each + mu;
                    let gone = libm::exp(-rate * (n - cohort.since));
                    let first = if cohort.loaded { gone } else { 0.0 };
                    let there = class.each / rate * (1.0 - gone) + first;
                    held += cohort.share * class.count * there;
                    hit += cohort.share * class.count * class.each * there;
                }
            }
            Content { hit, held }
        };
        let mut found = at(0.0);
        if found.held > self.room * (1.0 + 1e-12) {
            // With every request a miss, one of the held goes each time: μ is at most that.
            let (mut low, mut high) = (0.0, 2.0 / self.room);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                found = at(middle);
                if found.held > self.room {
                    low = middle;
                } else {
                    high = middle;
                }
            }
        }
        Content { hit: found.hit, held: found.held / self.objects }
    }

    /// Everything once an epoch: a part serves when it was read through once since it was cold.
    fn epochs_at(&self, n: f64) -> Content {
        let fits = self.room / self.objects;
        let steady = steady_epoch(fits, self.popularity, self.policy);
        let (mut hit, mut held) = (0.0, 0.0);
        for cohort in &self.cohorts {
            let read = ((n - cohort.since) / self.objects).min(1.0);
            if read >= 1.0 - 1e-12 {
                hit += cohort.share * steady;
                held += cohort.share;
            } else if cohort.loaded {
                hit += cohort.share * steady / fits;
                held += cohort.share;
            } else {
                held += cohort.share * read;
            }
        }
        Content { hit: hit.min(1.0), held: held.min(fits) }
    }
}

/// The share of an epoch's reads that a cache for a share `fits` of the data serves, from the second epoch on.
pub fn steady_epoch(fits: f64, popularity: Popularity, policy: Policy) -> f64 {
    if fits >= 1.0 {
        return 1.0;
    }
    match (popularity, policy) {
        (_, Policy::Static) => fits,
        (Popularity::Scan, Policy::Random) => {
            // The other root of h = e^(−(1 − h)/c) beside h = 1; the iteration from 0 climbs to it.
            let mut hit: f64 = 0.0;
            for _ in 0..10_000 {
                let next = libm::exp(-(1.0 - hit) / fits);
                if next - hit < 1e-15 {
                    break;
                }
                hit = next;
            }
            hit
        }
        (Popularity::Scan, _) => 0.0,
        (_, Policy::Random) => -fits * libm::log(fits * libm::exp(-1.0 / fits) + 1.0 - fits),
        (_, _) => fits + (1.0 - fits) * libm::log(1.0 - fits),
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
