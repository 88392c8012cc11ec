//! The bookkeeping of the nodes against the same sums from nothing.

use crate::fluid::Sharing;
use crate::fluid::node::{Entry, LABELS, LOWER, METERS, NONE, Timing};
use crate::fluid::sharing::{ENDLESS, is_live};
use std::collections::BTreeMap;

fn near(a: f64, b: f64, scale: f64) -> bool {
    (a - b).abs() <= 1e-9 * scale.abs().max(a.abs()).max(b.abs()).max(1e-3)
}

/// Says what is wrong with the sums, levels and bounds of a solved sharing.
pub(super) fn audit(sharing: &mut Sharing) -> Result<(), String> {
    sharing.solve();
    // A capacity may have been cut to nothing under what still passes: rounding errors are of the order of others'.
    let largest = sharing.resources.iter().map(|resource| resource.capacity).fold(1.0, f64::max);
    for number in 0..sharing.nodes.len() as u32 {
        let node = &sharing.nodes[number as usize];
        let books = &node.books;
        let capacity = sharing.resources[node.resource as usize].capacity;
        let (mut weight, mut foreign, mut hanging, mut held, mut highest) = (0.0, 0.0, 0, 0, 0.0_f64);
        for member in &sharing.nodes[number as usize].members {
            let class = &sharing.classes[member.class];
            let use_per_level = member.factor * class.mass;
            let rate = use_per_level * sharing.rate_level(member.class);
            if class.hang != number {
                let level = sharing.level(member.class);
                if sharing.overpromised == 0 && class.hang == NONE && !near(level, class.cap_level, 1.0) {
                    return Err(format!("class {} has its own clock but not its cap", member.class));
                }
                foreign += rate;
                highest = highest.max(level);
                continue;
            }
            hanging += 1;
            if class.held {
                held += 1;
                foreign += rate;
                if class.floor_level < node.level * (1.0 - 1e-9) {
                    return Err(format!("node {number}: a class is held below its share {}", class.floor_level));
                }
            } else {
                weight += use_per_level;
                if class.cap_level < node.level * (1.0 - 1e-9) {
                    return Err(format!("node {number}: a class hangs above its cap {}", class.cap_level));
                }
                if class.floor_level > node.level * (1.0 + 1e-9) {
                    return Err(format!("node {number}: a class hangs below its reserve {}", class.floor_level));
                }
                if class.cap_level < node.high * (1.0 - 1e-12) || class.floor_level > node.low * (1.0 + 1e-12) {
                    return Err(format!("node {number}: a class is outside {} to {}", node.low, node.high));
                }
            }
        }
        // Where reserves do not fit, filling from nothing knows what they get.
        let counts = if sharing.overpromised > 0 { 0.0 } else { 1.0 };
        let mut left = capacity;
        if books.upper != NONE {
            let upper = &sharing.nodes[books.upper as usize];
            left = upper.left + counts * sharing.nodes[books.upper as usize].books.terms.below - upper.load();
        }
        left -= counts * books.terms.below;
        let level = if hanging > 0 { node.level } else { f64::INFINITY };
        let facts = [
            ("hanging", f64::from(node.hanging), f64::from(hanging), 1.0),
            ("held", f64::from(node.held), f64::from(held), 1.0),
            ("weight", node.weight, weight, 1.0),
            ("foreign", node.foreign, foreign, largest),
            ("left", node.left, left, capacity),
            ("level", if hanging > 0 { node.target() } else { 0.0 }, if hanging > 0 { level } else { 0.0 }, 1.0),
        ];
        for (what, kept, afresh, scale) in facts {
            if !near(kept, afresh, scale) {
                return Err(format!("node {number}: {what} is kept as {kept} and afresh {afresh}"));
            }
        }
        let claims = node.members.iter().filter(|member| {
            let class = &sharing.classes[member.class];
            class.hang != number && (member.step < class.hang_step || class.floor_level > 0.0)
        });
        if node.claims as usize != claims.count() {
            return Err(format!("node {number}: {} claims are counted", node.claims));
        }
        let alarm = if node.hanging > 0 || node.watched & (LABELS | LOWER) != 0 {
            f64::NEG_INFINITY
        } else {
            node.left - node.noise
        };
        if node.place.is_waiting() || node.alarm.total_cmp(&alarm).is_ne() {
            return Err(format!("node {number}: the alarm is at {} instead of {alarm}", node.alarm));
        }
        if highest > node.ceiling * (1.0 + 1e-9) {
            return Err(format!("node {number}: a class at {highest} is above the ceiling {}", node.ceiling));
        }
        if foreign > left * (1.0 + 1e-9) + 1e-9 {
            return Err(format!("node {number}: passing classes take {foreign} of {left}"));
        }
        if sharing.overpromised == 0 && highest > level * (1.0 + 1e-9) + 1e-9 {
            return Err(format!("node {number}: a class passes at {highest}, above the level {level}"));
        }
    }
    audit_lists(sharing)?;
    audit_completions(sharing)
}

/// Rows, places, meters and labels against the same from nothing.
fn audit_lists(sharing: &Sharing) -> Result<(), String> {
    let present = || sharing.classes.numbers().filter(|&class| sharing.classes[class].count > 0);
    for (number, node) in (0..).zip(&sharing.nodes) {
        let labelled = present().filter(|&class| sharing.classes[class].label == number).count();
        if node.books.labelled as usize != labelled || (node.watched & LABELS != 0) != (labelled > 0) {
            return Err(format!("node {number}: {} of {labelled} labels are counted", node.books.labelled));
        }
        if (node.watched & LOWER != 0) != (node.books.lower != NONE) {
            return Err(format!("node {number}: the lower priority is {}", node.books.lower));
        }
        let (mut row, mut meters, mut hanging) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for member in &node.members {
            let class = &sharing.classes[member.class];
            let step = &class.path[member.step as usize];
            if step.node != number || node.members[step.place as usize].class != member.class {
                return Err(format!("node {number}: class {} stands elsewhere", member.class));
            }
            if class.hang != number {
                continue;
            }
            hanging.push(member.class);
            class.spec.meters.iter().for_each(|(meter, _)| *meters.entry(meter.0).or_insert(0) += 1);
            for step in class.path.iter().filter(|step| step.node != number) {
                let entry = row.entry(step.node).or_insert(0.0);
                *entry += if class.held { 0.0 } else { step.factor * class.mass };
            }
        }
        let entries = &sharing.rows[number as usize].0;
        if !node.has_row
            && (!entries.is_empty() || hanging.len() > 1 || hanging.iter().any(|&class| class != node.lone))
        {
            return Err(format!("node {number}: {hanging:?} hang without a row"));
        }
        let is_same = |entry: &Entry| row.get(&entry.target).is_some_and(|&weight| near(entry.weight, weight, 1.0));
        if node.has_row && (entries.len() != row.len() || !entries.iter().all(is_same)) {
            return Err(format!("node {number}: the row is {entries:?} instead of {row:?}"));
        }
        let kept: BTreeMap<u32, u32> = node.books.terms.meters.iter().copied().collect();
        if kept != meters || (node.watched & METERS == 0) && !meters.is_empty() {
            return Err(format!("node {number}: the meters are {:?} instead of {meters:?}", node.books.terms.meters));
        }
    }
    Ok(())
}

/// Every node, and every class with its own clock, is in the queue at the time its lowest live mark will be reached.
fn audit_completions(sharing: &mut Sharing) -> Result<(), String> {
    let mut next = BTreeMap::new();
    for class in sharing.classes.numbers().filter(|&class| sharing.classes[class].count > 0) {
        let state = &sharing.classes[class];
        let finite = sharing.flows.iter().filter(|flow| flow.class == class && flow.mark() != ENDLESS).count();
        if state.marks.len() != finite + state.outdated as usize {
            return Err(format!(
                "class {class}: {} marks for {finite} flows and {}",
                state.marks.len(),
                state.outdated
            ));
        }
        let mut marks = state.marks.clone();
        let live = std::iter::from_fn(|| marks.pop()).filter(|mark| is_live(&sharing.flows, class, mark));
        let Some(mark) = live.map(|mark| mark.at()).min() else { continue };
        let wait = mark.minus(sharing.service(class)).max(0.0) / sharing.rate_level(class);
        let id = if state.has_own_clock() { 2 * class + 1 } else { 2 * state.hang };
        let earliest = next.entry(id).or_insert(f64::INFINITY);
        *earliest = wait.min(*earliest);
    }
    let timing = |id: u32| sharing.nodes.get(id as usize / 2).map(|node| node.timing);
    let may_be_early = |id: u32| id.is_multiple_of(2) && timing(id) == Some(Timing::TooEarly);
    for id in 0..2 * sharing.nodes.len().max(sharing.classes.numbers().len()) as u32 {
        let queued = sharing.queue.instant(id).map(|at| at.seconds_since(sharing.now));
        let expected = next.get(&id).copied().filter(|wait| *wait < 1e9);
        match (queued, expected) {
            (None, None) => {}
            (Some(queued), Some(expected)) if near(queued, expected, 1e-3) => {}
            (Some(queued), None) if queued > 0.9e9 => {}
            (Some(queued), expected)
                if may_be_early(id) && expected.is_none_or(|expected| queued <= expected * (1.0 + 1e-9)) => {}
            _ => return Err(format!("completion {id}: queued after {queued:?} s, expected after {expected:?} s")),
        }
    }
    Ok(())
}
