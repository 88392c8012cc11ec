//! The hand-written loop: one variable per kind of flow, a heap of finish marks for each, and at every event all rates
//! computed from nothing by progressive filling. Only kinds and links with flows are looked at.

use crate::load::{Arrival, Load};
use crate::measure::{Outcome, cpu_seconds};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// The bytes per flow at which a flow ends, in a standard binary heap.
#[derive(PartialEq)]
struct Mark(f64, usize);

impl Eq for Mark {}

impl Ord for Mark {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Mark {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// No class.
const NONE: u32 = u32::MAX;

/// The flows of one kind.
struct KindClass {
    marks: BinaryHeap<Reverse<Mark>>,
    /// Bytes that each flow has carried since the class had its first flow.
    service: f64,
    rate: f64,
    weight: f64,
    /// The level at which the cap binds.
    cap_level: f64,
    frozen: bool,
    /// Position among the active ones.
    position: usize,
}

/// A link while rates are computed.
#[derive(Clone, Default)]
struct Link {
    capacity: f64,
    /// Active classes that cross it.
    classes: Vec<u32>,
    left: f64,
    /// Weight × coefficient of all flows that are not frozen, and how many classes these are.
    open: f64,
    open_classes: usize,
}

struct PerClass<'a> {
    load: &'a Load,
    classes: Vec<KindClass>,
    links: Vec<Link>,
    /// Classes with flows; those of them with a cap, by level.
    active: Vec<u32>,
    capped: Vec<u32>,
    /// Links with flows.
    used: Vec<u32>,
    /// Links that are not full yet while rates are computed.
    open: Vec<u32>,
    /// After how many seconds a flow ends, and in which class.
    next: (f64, u32),
}

/// The workload in the hand-written loop.
pub fn run(load: &Load) -> Outcome {
    let class = |kind: &crate::load::Kind| KindClass {
        marks: BinaryHeap::new(),
        service: 0.0,
        rate: 0.0,
        weight: kind.weight,
        cap_level: kind.cap / kind.weight,
        frozen: false,
        position: 0,
    };
    let mut state = PerClass {
        load,
        classes: load.kinds.iter().map(class).collect(),
        links: load.capacity.iter().map(|&capacity| Link { capacity, ..Link::default() }).collect(),
        active: Vec::new(),
        capped: Vec::new(),
        used: Vec::new(),
        open: Vec::new(),
        next: (f64::INFINITY, NONE),
    };
    let mut finish = vec![f64::NAN; load.flows.len()];
    let begin = cpu_seconds();
    state.run(&mut finish);
    Outcome { cpu_s: cpu_seconds() - begin, finish, fallbacks: 0 }
}

impl PerClass<'_> {
    #[inline(never)]
    fn run(&mut self, finish: &mut [f64]) {
        let load = self.load;
        let (mut next, mut now) = (0, 0.0);
        loop {
            let arrival = load.flows.get(next).map_or(f64::INFINITY, |flow| flow.arrival_ns as f64 * 1e-9);
            let (wait, class) = self.next;
            if class != NONE && now + wait <= arrival {
                self.pass(wait);
                now += wait;
                finish[self.end(class)] = now;
            } else {
                let Some(flow) = load.flows.get(next) else { return };
                self.pass(arrival - now);
                now = arrival;
                self.begin(next, flow);
                next += 1;
            }
            self.fill();
        }
    }

    fn pass(&mut self, seconds: f64) {
        for &class in &self.active {
            let class = &mut self.classes[class as usize];
            class.service += class.rate * seconds;
        }
    }

    fn begin(&mut self, index: usize, flow: &Arrival) {
        if self.classes[flow.kind as usize].marks.is_empty() {
            self.activate(flow.kind);
        }
        let class = &mut self.classes[flow.kind as usize];
        class.marks.push(Reverse(Mark(class.service + flow.bytes, index)));
    }

    /// Ends the first flow of a class; gives its number.
    fn end(&mut self, class: u32) -> usize {
        let marks = &mut self.classes[class as usize].marks;
        let Reverse(mark) = marks.pop().expect("the class has a next end");
        if marks.is_empty() {
            self.deactivate(class);
        }
        mark.1
    }

    fn activate(&mut self, number: u32) {
        let class = &mut self.classes[number as usize];
        class.service = 0.0;
        class.position = self.active.len();
        self.active.push(number);
        if class.cap_level < f64::INFINITY {
            let level = class.cap_level;
            let at = self.capped.partition_point(|&other| self.classes[other as usize].cap_level < level);
            self.capped.insert(at, number);
        }
        for &(link, _) in &self.load.kinds[number as usize].uses {
            if self.links[link].classes.is_empty() {
                self.used.push(link as u32);
            }
            self.links[link].classes.push(number);
        }
    }

    fn deactivate(&mut self, number: u32) {
        let position = self.classes[number as usize].position;
        self.active.swap_remove(position);
        if let Some(&moved) = self.active.get(position) {
            self.classes[moved as usize].position = position;
        }
        self.capped.retain(|&other| other != number);
        for &(link, _) in &self.load.kinds[number as usize].uses {
            self.links[link].classes.retain(|&other| other != number);
            if self.links[link].classes.is_empty() {
                self.used.retain(|&other| other != link as u32);
            }
        }
    }

    /// Raises all levels together; classes over a full link or at their cap stop.
    fn fill(&mut self) {
        self.next = (f64::INFINITY, NONE);
        self.open.clear();
        for &link in &self.used {
            self.open.push(link);
            let link = &mut self.links[link as usize];
            (link.left, link.open, link.open_classes) = (link.capacity, 0.0, link.classes.len());
        }
        for &number in &self.active {
            let class = &mut self.classes[number as usize];
            class.frozen = false;
            let weight = class.weight * class.marks.len() as f64;
            for &(link, coefficient) in &self.load.kinds[number as usize].uses {
                self.links[link].open += weight * coefficient;
            }
        }
        let mut unfrozen = self.active.len();
        let mut capped = 0;
        while unfrozen > 0 {
            let (level, link) = self.least();
            // A class that stops at its cap leaves the others more, so no link is full below this level yet.
            let before = unfrozen;
            while let Some(&class) = self.capped.get(capped)
                && self.classes[class as usize].cap_level <= level
            {
                capped += 1;
                unfrozen -= self.freeze(class, self.classes[class as usize].cap_level);
            }
            if unfrozen == before {
                let classes = std::mem::take(&mut self.links[link].classes);
                for &class in &classes {
                    unfrozen -= self.freeze(class, level);
                }
                self.links[link].classes = classes;
            }
        }
    }

    /// The lowest level at which a link is full; forgets links on which nothing rises any more.
    fn least(&mut self) -> (f64, usize) {
        let mut least = (f64::INFINITY, usize::MAX);
        let mut i = 0;
        while let Some(&number) = self.open.get(i) {
            let link = &self.links[number as usize];
            if link.open_classes == 0 {
                self.open.swap_remove(i);
                continue;
            }
            let level = link.left / link.open;
            if level < least.0 {
                least = (level, number as usize);
            }
            i += 1;
        }
        least
    }

    /// Gives a class its rate unless it has one; tells how many got one.
    fn freeze(&mut self, number: u32, level: f64) -> usize {
        let class = &mut self.classes[number as usize];
        if std::mem::replace(&mut class.frozen, true) {
            return 0;
        }
        class.rate = class.weight * level;
        let weight = class.weight * class.marks.len() as f64;
        for &(link, coefficient) in &self.load.kinds[number as usize].uses {
            let link = &mut self.links[link];
            link.left -= weight * coefficient * level;
            link.open -= weight * coefficient;
            link.open_classes -= 1;
        }
        let Reverse(mark) = class.marks.peek().expect("an active class has flows");
        let wait = (mark.0 - class.service).max(0.0) / class.rate;
        if wait < self.next.0 {
            self.next = (wait, number);
        }
        1
    }
}
