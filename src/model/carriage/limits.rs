//! What one byte of a movement takes, and how fast it may move at most.

use super::Order;
use crate::model::paths::{Route, SLOTS, Uses, WINDOW, merged};
use crate::units::SimDuration;

/// Outer part and route together, each way its share, each byte counted `copies` times.
pub(super) fn uses_of(order: &Order, route: Option<&Route>) -> Uses {
    let mut uses = order.outer.clone();
    if let Some(route) = route {
        uses.extend(route.uses.iter().map(|&(r, a)| (r, a * (1.0 - order.reverse) * order.far)));
        uses.extend(route.back.iter().map(|&(r, a)| (r, a * order.reverse * order.far)));
    }
    for (_, a) in &mut uses {
        *a *= order.copies;
    }
    merged(uses)
}

/// The tightest of the movement's own pace, the window limit `streams × window / RTT` and its outstanding operations, as far as
/// its ways are not dead: streams, operations and offered bytes on a dead one stand still.
pub(super) fn cap_of(order: &Order, (rtt, live): (SimDuration, f64)) -> (f64, u8) {
    // The round trip of the bytes in the mean: by Little's law those near by wait for none.
    let rtt = rtt.as_secs_f64() * order.far;
    let over = |bytes: f64, seconds: f64| if seconds > 0.0 { bytes / seconds } else { f64::INFINITY };
    let slots = order.slots.map_or(f64::INFINITY, |s| s.rate(rtt));
    let window = over(order.transport.window_bytes, rtt);
    let (limit, cause) = if slots < window { (slots, SLOTS) } else { (window, WINDOW) };
    let (limit, cause) = if limit < order.pace.0 { (limit, cause) } else { order.pace };
    (limit * live, cause)
}
