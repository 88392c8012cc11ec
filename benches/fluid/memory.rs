//! Bytes per flow: the peak of a process that starts flows, less the peak of the same process without them. Nothing but the
//! library keeps anything about a flow here. Each measurement has a process of its own, because an allocator keeps what is freed.

use crate::Fallible;
use crate::generate::Spec;
use crate::library::prepare;
use crate::measure::peak_bytes;
use crate::random::Random;
use std::process::Command;
use std::str::FromStr;

/// Flows that are ended before the peak is read, so that what an end needs is counted too.
const ENDED: usize = 1000;

/// One measurement.
#[derive(Clone, Debug)]
pub struct Point {
    /// Classes among which the flows are dealt out.
    classes: usize,
    flows: u64,
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Point, String> {
        let numbers = text.split_once('x').and_then(|(c, f)| Some((c.parse().ok()?, f.parse().ok()?)));
        let (classes, flows) = numbers.ok_or_else(|| format!("{text:?} is not of the form CLASSESxFLOWS"))?;
        Ok(Point { classes, flows })
    }
}

/// Measures all points and prints their lines.
pub fn all() -> Fallible<()> {
    for (classes, flows) in [(1, 100_000), (2450, 100_000), (1, 1_000_000), (2450, 1_000_000), (39_200, 1_000_000)] {
        let (with, without) = (measured(classes, flows)?, measured(classes, 0)?);
        let line = serde_json::json!({
            "workload": "memory",
            "flows": flows,
            "classes": classes,
            "peak_bytes": with,
            "empty_bytes": without,
            "bytes_per_flow": with.saturating_sub(without) as f64 / flows as f64,
        });
        println!("{line}");
    }
    Ok(())
}

fn measured(classes: usize, flows: u64) -> Fallible<u64> {
    let point = format!("{classes}x{flows}");
    let child = Command::new(std::env::current_exe()?).args(["--memory-of", &point]).output()?;
    let text = String::from_utf8(child.stdout)?;
    text.trim().parse().map_err(|_| format!("the process for {point} failed").into())
}

/// The peak resident bytes of this process after it has started the flows of a point and ended a few.
pub fn peak_of(point: &Point) -> u64 {
    let weights = point.classes.div_ceil(2450) as u32;
    let load = Spec { flows: 1, weights, ..Spec::default() }.load();
    let (mut sharing, owner, kinds) = prepare(&load.capacity, &load.kinds);
    let mut random = Random(20_260_303);
    for flow in 0..point.flows {
        let kind = &kinds[flow as usize % point.classes];
        let bytes = (8e9 * random.exp()).ceil();
        sharing.start(0, &kind.spec(owner, bytes, flow));
    }
    let mut done = Vec::new();
    let mut ended = 0;
    while let Some(at) = sharing.next_finish()
        && ended < ENDED
    {
        sharing.advance(at);
        sharing.take_finished(&mut done);
        ended += done.drain(..).count();
    }
    peak_bytes()
}
