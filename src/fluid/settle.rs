//! Time: what has happened up to now, completions at their exact instants.

use super::exact::{Instant, Sum};
use super::marks::Mark;
use super::node::Head;
use super::sharing::Sharing;
use super::types::{Cause, Finished};

/// Flows on one clock that end within this time of each other, in seconds, end together. Far below a tick, and above
/// the rounding error of an instant.
const TOGETHER_S: f64 = 1e-15;

impl Sharing {
    /// Settles everything up to `now`: flows that end until then end at their exact instants, and whoever stays
    /// gets new rates from there on.
    pub fn advance(&mut self, now: i64) {
        self.settle(now);
    }

    /// Appends the flows that have finished since the last call, by exact time, then by order of start.
    pub fn take_finished(&mut self, out: &mut Vec<Finished>) {
        let by_time = |a: &Finished, b: &Finished| {
            let (x, y) = (a.exact, b.exact);
            x.0.cmp(&y.0).then(x.1.total_cmp(&y.1)).then(a.key.start.cmp(&b.key.start))
        };
        if self.finished.len() > 1 {
            self.finished.sort_by(by_time);
            out.append(&mut self.finished);
        } else if let Some(finished) = self.finished.pop() {
            out.push(finished);
        }
    }

    /// The tick at which the next flow will have finished if nothing changes; none if no flow moves towards its end.
    pub fn next_finish(&mut self) -> Option<i64> {
        self.solve();
        self.next_completion().map(|(at, _)| at.tick().max(self.now.tick()))
    }

    pub(super) fn settle(&mut self, now: i64) {
        let target = Instant::at(now).max(self.now);
        loop {
            if self.is_dirty() {
                // No time passes between here and the target, so rates need not be known yet.
                if self.now >= target {
                    return;
                }
                self.solve();
            }
            match self.next_completion() {
                Some((at, id)) if at <= target => self.complete(at, id),
                _ => break,
            }
        }
        self.set_now(target);
    }

    #[inline]
    fn set_now(&mut self, now: Instant) {
        self.now = now;
        self.moment = now.into();
    }

    /// Ends what ends at this instant, first what stands in the queue as `id`.
    fn complete(&mut self, at: Instant, mut id: u32) {
        self.set_now(at.max(self.now));
        loop {
            if id.is_multiple_of(2) {
                self.complete_on_node(id / 2)
            } else {
                self.complete_alone(id / 2)
            }
            if self.queue.first().is_some_and(|(_, first)| first == id) {
                // What has ended may stay in the queue until the next solve has timed what follows it.
                if self.queue.second() > at {
                    return;
                }
                self.queue.remove(id);
            }
            match self.next_completion() {
                Some((next, other)) if next <= at => id = other,
                _ => return,
            }
        }
    }

    fn complete_on_node(&mut self, number: u32) {
        let node = &self.nodes[number as usize];
        let clock = node.clock.read(node.level, self.moment);
        let margin = node.level * TOGETHER_S;
        let due = clock.plus(margin);
        // The first is due by its place in the queue, whatever rounding makes of its mark.
        let mut forced = true;
        if !node.has_row {
            if node.hanging > 0 {
                let class = node.lone;
                self.finish_flows(class, clock.and(self.classes[class].offset), margin);
            }
            self.front.time(number, &mut self.nodes[number as usize]);
            return;
        }
        while let Some(&head) = self.nodes[number as usize].books.heads.peek() {
            if self.classes.stamp(head.class) == head.stamp {
                if !forced && head.at > due {
                    break;
                }
                forced = false;
                let offset = self.classes[head.class].offset;
                if let Some(mark) = self.finish_flows(head.class, clock.and(offset), margin) {
                    let stamp = self.classes.new_stamp(head.class);
                    let next = Head { at: mark.at().less(offset), class: head.class, stamp };
                    if let Some(mut top) = self.nodes[number as usize].books.heads.peek_mut() {
                        *top = next;
                    }
                    self.front.time(number, &mut self.nodes[number as usize]);
                    continue;
                }
            }
            let heads = &mut self.nodes[number as usize].books.heads;
            if heads.peek() == Some(&head) {
                heads.pop();
            }
        }
        self.front.time(number, &mut self.nodes[number as usize]);
    }

    fn complete_alone(&mut self, class: u32) {
        self.finish_flows(class, self.service(class), self.classes[class].level * TOGETHER_S);
        if self.classes[class].count > 0 {
            self.new_head(class);
        }
    }

    /// Ends the first flow of a class, and with it those whose marks are not above the service by more than a margin;
    /// gives the mark that comes next.
    fn finish_flows(&mut self, class: u32, service: Sum, margin: f64) -> Option<Mark> {
        let due = service.plus(margin);
        let mut head = self.live_head(class);
        while let Some(mark) = head {
            let marks = &mut self.classes[class].marks;
            let length = marks.row().len();
            marks.pop();
            if marks.row().len() > length {
                self.fetch_flows(class);
            }
            self.leave(mark.flow, class, service);
            let top_cause = if self.records_causes { Some(self.top_cause(mark.flow, class)) } else { None };
            self.free_flow(mark.flow, top_cause);
            head = self.live_head(class);
            if head.is_none_or(|mark| mark.at() > due) {
                break;
            }
        }
        head
    }

    /// Reads the flows that end next. Far more flows than a cache holds may be present, and to wait for some dozens at once
    /// takes hardly longer than to wait for one.
    #[inline(never)]
    fn fetch_flows(&self, class: u32) {
        let row = self.classes[class].marks.row();
        std::hint::black_box(row.iter().fold(0, |read, mark| read ^ self.flows[mark.flow as usize].class));
    }

    /// The cause that held a flow longest, lowest first among equals; the class's present one if nothing was kept.
    fn top_cause(&self, flow: u32, class: u32) -> Cause {
        let history = &self.histories[flow as usize];
        let top = history.iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
        top.map_or(self.classes[class].cause, |(cause, _)| *cause)
    }
}
