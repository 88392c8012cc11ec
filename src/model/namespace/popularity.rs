//! How often each object of a namespace is read.
//!
//! Independent references are kept as *classes*: so many objects, each the target of a request with the same
//! probability. A Zipf law over billions of objects becomes some two hundred classes; the rest has one or two.

/// The first ranks of a Zipf law have classes of their own.
const EXACT_RANKS: f64 = 256.0;
/// Ranks beyond them share classes, so many to a doubling of the rank: the popularity inside one differs by some 4 %
/// of itself either way, which moves a hit ratio by less than 0.01 points (second order in that width).
const CLASSES_PER_DOUBLING: f64 = 8.0;

/// The law by which objects are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Popularity {
    /// Every request names any object with the same probability.
    Uniform,
    /// The object of rank i is named with probability proportional to `i^-exponent`.
    Zipf {
        /// Exponent, ≥ 0.
        exponent: f64,
    },
    /// A share of the objects gets a share of the requests; uniform inside each part.
    WorkingSet {
        /// Share of the objects, 0…1.
        hot: f64,
        /// Share of the requests that goes to them, 0…1.
        requests: f64,
    },
    /// Everything is read once an epoch, in an order that is shuffled anew each time.
    Epochs,
    /// Everything is read once an epoch, always in the same order.
    Scan,
}

/// Objects of one popularity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class {
    /// Objects.
    pub count: f64,
    /// Probability that a request names a given one of them.
    pub each: f64,
}

impl Popularity {
    /// Whether requests are independent of one another; otherwise data is read epoch by epoch.
    pub fn is_independent(self) -> bool {
        !matches!(self, Popularity::Epochs | Popularity::Scan)
    }

    /// Share of the requests that goes to the `share` of the objects that is read most.
    pub fn top(self, objects: f64, share: f64) -> f64 {
        let mut classes = self.classes(objects);
        classes.sort_by(|a, b| b.each.total_cmp(&a.each));
        let (mut left, mut asked) = (share * objects, 0.0);
        for class in classes {
            let taken = class.count.min(left);
            (left, asked) = (left - taken, asked + taken * class.each);
        }
        asked.min(1.0)
    }

    /// Share of the requests to objects that were read within the last `requests` requests to `objects` objects, and the share of the objects that
    /// were, in the steady state: a cache that keeps an object until it was not read for so long (TTL with renewal).
    ///
    /// Independent requests: Σ p (1 − e^(−pn)) and Σ (1 − e^(−pn)) ÷ objects. Scans read an object every epoch; in shuffled epochs two reads
    /// of it lie 1 + v − u epochs apart (u, v uniform): P(≤ x) = x²/2 up to one epoch, 1 − (2 − x)²/2 up to two, and ∫ P(> t) dt of the objects were read
    /// within x.
    pub fn read_within(self, objects: f64, requests: f64) -> (f64, f64) {
        let x = requests / objects;
        match self {
            Popularity::Scan => (if x >= 1.0 { 1.0 } else { 0.0 }, x.min(1.0)),
            Popularity::Epochs if x >= 2.0 => (1.0, 1.0),
            Popularity::Epochs if x >= 1.0 => (1.0 - (2.0 - x).powi(2) / 2.0, 1.0 - (2.0 - x).powi(3) / 6.0),
            Popularity::Epochs => (x * x / 2.0, x - x * x * x / 6.0),
            _ => self.classes(objects).into_iter().fold((0.0, 0.0), |(hit, held), class| {
                let seen = -libm::expm1(-class.each * requests) * class.count;
                (hit + seen * class.each, held + seen / objects)
            }),
        }
    }

    /// The classes of `objects` objects; their probabilities sum to 1.
    pub fn classes(self, objects: f64) -> Vec<Class> {
        match self {
            Popularity::Zipf { exponent } => zipf(objects, exponent),
            Popularity::WorkingSet { hot, requests } => {
                let part = |share: f64, asked: f64| Class { count: share * objects, each: asked / (share * objects) };
                vec![part(hot, requests), part(1.0 - hot, 1.0 - requests)]
            }
            _ => vec![Class { count: objects, each: 1.0 / objects }],
        }
    }
}

/// `∫ x^-a dx` from `from` to `to`.
fn mass(from: f64, to: f64, a: f64) -> f64 {
    let e = 1.0 - a;
    if e.abs() < 1e-9 { libm::log(to / from) } else { (libm::pow(to, e) - libm::pow(from, e)) / e }
}

fn zipf(objects: f64, exponent: f64) -> Vec<Class> {
    let exact = objects.min(EXACT_RANKS).floor();
    let mut classes: Vec<Class> =
        (1..=exact as u64).map(|rank| Class { count: 1.0, each: libm::pow(rank as f64, -exponent) }).collect();
    // Ranks a…b are the integral from a − ½ to b + ½ (the midpoint rule, whose error at rank 256 is below 1e-6).
    let (mut from, last) = (exact + 0.5, objects.floor() + 0.5);
    while from < last {
        let to = (from * libm::pow(2.0, 1.0 / CLASSES_PER_DOUBLING)).min(last);
        let count = to - from;
        classes.push(Class { count, each: mass(from, to, exponent) / count });
        from = to;
    }
    let sum: f64 = classes.iter().map(|c| c.count * c.each).sum();
    for class in &mut classes {
        class.each /= sum;
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_all_objects_and_all_requests() {
        let laws = [
            Popularity::Uniform,
            Popularity::Zipf { exponent: 0.8 },
            Popularity::Zipf { exponent: 1.0 },
            Popularity::Zipf { exponent: 1.2 },
            Popularity::WorkingSet { hot: 0.1, requests: 0.9 },
        ];
        for law in laws {
            for objects in [1.0, 2.0, 300.0, 1e6, 1e10] {
                let classes = law.classes(objects);
                let count: f64 = classes.iter().map(|c| c.count).sum();
                let sum: f64 = classes.iter().map(|c| c.count * c.each).sum();
                assert!((count / objects - 1.0).abs() < 1e-9, "{law:?} {objects}: {count}");
                assert!((sum - 1.0).abs() < 1e-9, "{law:?} {objects}: {sum}");
            }
        }
    }

    #[test]
    fn the_objects_read_most_get_their_requests() {
        assert!((Popularity::Epochs.top(1e6, 0.3) - 0.3).abs() < 1e-12);
        let hot = Popularity::WorkingSet { hot: 0.1, requests: 0.8 };
        assert!((hot.top(1e6, 0.05) - 0.4).abs() < 1e-12);
        assert!((hot.top(1e6, 0.1 + 0.9 * 0.5) - 0.9).abs() < 1e-12);
        // Eight of ten are hot with a tenth of the requests: the other two are read more.
        assert!((Popularity::WorkingSet { hot: 0.8, requests: 0.1 }.top(1e6, 0.2) - 0.9).abs() < 1e-12);
        // Ranks 1…100 of 10,000 under Zipf with exponent 1: H(100)/H(10,000).
        let zipf = Popularity::Zipf { exponent: 1.0 }.top(1e4, 0.01);
        assert!((zipf - 5.187_377_5 / 9.787_606).abs() < 1e-5, "{zipf}");
        assert!((Popularity::Zipf { exponent: 1.0 }.top(1e4, 1.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_was_read_within_a_while_has_its_closed_forms() {
        let close = |found: (f64, f64), hit: f64, held: f64| {
            assert!((found.0 - hit).abs() < 1e-9 && (found.1 - held).abs() < 1e-9, "{found:?}, not {hit} and {held}");
        };
        let e = |x: f64| (-x).exp();
        close(Popularity::Uniform.read_within(1e6, 7e5), 1.0 - e(0.7), 1.0 - e(0.7));
        // A tenth of the objects gets 0.8 of 1e6 requests, 8 each; the others 0.2 / 0.9 each.
        let set = Popularity::WorkingSet { hot: 0.1, requests: 0.8 };
        let (hot, cold) = (1.0 - e(8.0), 1.0 - e(0.2 / 0.9));
        close(set.read_within(1e6, 1e6), 0.8 * hot + 0.2 * cold, 0.1 * hot + 0.9 * cold);
        close(Popularity::Scan.read_within(1e6, 9e5), 0.0, 0.9);
        close(Popularity::Scan.read_within(1e6, 1e6), 1.0, 1.0);
        close(Popularity::Epochs.read_within(1e6, 5e5), 0.125, 0.5 - 0.125 / 6.0);
        close(Popularity::Epochs.read_within(1e6, 1.5e6), 0.875, 1.0 - 0.125 / 6.0);
        close(Popularity::Epochs.read_within(1e6, 3e6), 1.0, 1.0);
    }

    /// Objects shuffled anew each epoch, one by one: how many reads come within 0.6 and 1.3 epochs of the one before.
    #[test]
    fn gaps_of_shuffled_epochs_are_those_of_the_closed_form() {
        let objects = 2_000_usize;
        let mut order: Vec<usize> = (0..objects).collect();
        let (mut state, mut last, mut within, mut reads) =
            (88_172_645_463_325_252_u64, vec![None; objects], [0.0; 2], 0.0);
        for epoch in 0..30 {
            for i in (1..objects).rev() {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                order.swap(i, (state % (i as u64 + 1)) as usize);
            }
            for (at, &object) in order.iter().enumerate() {
                let now = epoch as f64 + at as f64 / objects as f64;
                if let Some(before) = last[object].replace(now) {
                    reads += 1.0;
                    for (count, x) in within.iter_mut().zip([0.6, 1.3]) {
                        *count += f64::from(u8::from(now - before <= x));
                    }
                }
            }
        }
        for (count, x) in within.iter().zip([0.6, 1.3]) {
            let expected = Popularity::Epochs.read_within(1e6, x * 1e6).0;
            assert!((count / reads - expected).abs() < 0.01, "{x}: {} and {expected}", count / reads);
        }
    }

    #[test]
    fn the_classes_of_a_zipf_law_are_its_ranks() {
        let (objects, exponent) = (20_000_u64, 0.9);
        let all: f64 = (1..=objects).map(|i| (i as f64).powf(-exponent)).sum();
        let classes = Popularity::Zipf { exponent }.classes(objects as f64);
        assert!((classes[0].each - 1.0 / all).abs() < 1e-6);
        // Requests to the first 256 ranks, and what an exact sum over ranks gives for a saturating function.
        let head: f64 = (1..=256).map(|i| (i as f64).powf(-exponent)).sum::<f64>() / all;
        let ours: f64 = classes[..256].iter().map(|c| c.each).sum();
        assert!((head - ours).abs() < 1e-6, "{head} {ours}");
        let seen = |p: f64| 1.0 - (-p * 5_000.0).exp();
        let exact: f64 = (1..=objects).map(|i| seen((i as f64).powf(-exponent) / all)).sum();
        let ours: f64 = classes.iter().map(|c| c.count * seen(c.each)).sum();
        assert!((ours / exact - 1.0).abs() < 1e-4, "{exact} {ours}");
    }
}
