//! How a storage system protects data: the code on its units, losses, rebuilds.

use super::Resolver;
use super::storage::Size;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::Protection;
use crate::scenario::read::record::Record;
use crate::units::{Bytes, Dimension, SimDuration, display, print};

/// Keys that decide how wide a stripe is.
const STRIPE: [&str; 3] = ["stripe_data", "stripe_parity", "blocks_per_node"];
/// Keys that mean nothing for a service that hides its media.
const OF_MEDIA: [&str; 6] =
    ["stripe_block", "usable_fraction", "failures", "rebuild_pace", "rebuild_priority", "scrub_every"];
/// Keys that change nothing as long as nothing is lost.
const OF_LOSSES: [&str; 3] = ["device_replacement", "node_replacement", "rebuild_priority"];

/// An erasure code over equal units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code {
    /// Data blocks of a stripe.
    pub data: f64,
    /// Parity blocks.
    pub parity: f64,
    /// Most blocks of a stripe in one unit.
    per_unit: f64,
    /// Share of raw without stripes.
    spare: f64,
    /// Usable share that the planner wrote.
    stated: Option<f64>,
    /// Whether the planner wrote the stripe: then it is not narrowed.
    written: bool,
}

impl Code {
    /// The widest stripe for so many units: that of the part, or what fits.
    fn data_on(&self, units: f64) -> f64 {
        let room = self.per_unit * units - self.parity;
        if !self.written {
            self.data.min(room)
        } else if room >= self.data {
            self.data
        } else {
            0.0
        }
    }

    /// The fewest units on which a stripe fits: the written one, or one data block of the part's.
    pub(super) fn least_units(&self) -> f64 {
        let data = if self.written { self.data } else { 1.0 };
        ((data + self.parity) / self.per_unit).ceil().max(1.0)
    }

    /// Bytes of a stripe with its parity per byte of data, on so many units.
    pub(super) fn stripe_on(&self, units: f64) -> f64 {
        1.0 + self.parity / self.data_on(units).max(1.0)
    }

    /// Share of raw that so many units leave for data: 0 where not even one data block fits.
    pub(super) fn usable(&self, units: f64) -> f64 {
        let data = self.data_on(units);
        if data < 1.0 {
            return 0.0;
        }
        self.stated.unwrap_or(data / (data + self.parity) * (1.0 - self.spare))
    }
}

impl Resolver<'_> {
    /// The code as the part or the planner states it.
    ///
    /// A striped file system keeps a stripe of the code on the devices of one server, which must be enough.
    pub(super) fn code(&mut self, record: &Record, layout: &str) -> Option<Code> {
        let stated = record.number("usable_fraction");
        if stated.is_some() && record.wrote("spare") {
            let message = "'spare' has no effect: 'usable_fraction' replaces what follows from it";
            self.report(Diagnostic::new("W0609", message).at(record.place_of("spare")));
        }
        let (data, parity) = (self.figure(record, "stripe_data")?, self.figure(record, "stripe_parity")?);
        let per_unit = if layout == "striped" {
            self.check_devices(record, data + parity)?;
            data + parity
        } else {
            self.figure(record, "blocks_per_node")?
        };
        Some(Code {
            data,
            parity,
            per_unit,
            spare: self.figure(record, "spare")?,
            stated,
            written: STRIPE.iter().any(|key| record.wrote(key)),
        })
    }

    fn check_devices(&mut self, record: &Record, width: f64) -> Option<()> {
        let devices = self.figure(record, "devices")?;
        if width <= devices {
            return Some(());
        }
        let message =
            format!("stripes of {width} blocks do not fit on the {devices} devices of one server of '{}'", record.name);
        let written = ["stripe_data", "stripe_parity", "devices"].into_iter().find(|key| record.wrote(key));
        let found = Diagnostic::new("E0509", message).at(record.place_of(written.unwrap_or("system")));
        self.report(found.help("stripe_data + stripe_parity are at most 'devices'"));
        None
    }

    /// The code on the units there are: a stripe that the planner wrote must fit, that of the part is narrowed.
    pub(super) fn laid_out(&mut self, record: &Record, code: Code, key: &str, units: f64) -> Option<Code> {
        let data = code.data_on(units);
        if data < 1.0 {
            self.too_wide(record, &code, key, units);
            return None;
        }
        if data < code.data {
            let address = format!("{}.stripe", record.address);
            let shown = format!("{data} + {}", code.parity);
            let formula = format!("{} + {} narrowed to blocks_per_node x {key}", code.data, code.parity);
            self.reader.ledger.derived(address, shown, formula);
        }
        let code = Code { data, ..code };
        if code.stated.is_none() {
            let shown = display(code.usable(units), Dimension::Ratio);
            let formula = format!("{data} / ({data} + {}) x (1 - spare)", code.parity);
            self.reader.ledger.derived(record.address_of("usable_fraction"), shown, formula);
        }
        Some(code)
    }

    fn too_wide(&mut self, record: &Record, code: &Code, key: &str, units: f64) {
        let (data, parity, most) = (code.data, code.parity, code.per_unit);
        let message = format!(
            "stripes of {data} + {parity} blocks do not fit on {} {key} with at most {most} of a stripe on each",
            print(units, Dimension::Count),
        );
        let written = STRIPE.iter().copied().find(|key| record.wrote(key));
        let found = Diagnostic::new("E0509", message).at(record.place_of(written.unwrap_or(key)));
        let wanted = if code.written { data } else { 1.0 };
        let mut help = format!("{} {key} are enough", print(((wanted + parity) / most).ceil(), Dimension::Count));
        let room = most * units - parity;
        if room >= 1.0 {
            help.push_str(&format!("; on {units} 'stripe_data' is at most {room}"));
        } else if parity > 0.0 {
            help.push_str(&format!("; on {units} parity and data together are at most {}", most * units));
        }
        let found = found.help(help);
        self.report(if written.is_some() { found.also(record.place_of(key), format!("the {key}")) } else { found });
    }

    /// Bytes on the system at the start; they must fit.
    pub(super) fn holds(&mut self, record: &Record, size: &Size) -> Option<Bytes> {
        let holds = record.number("holds")?;
        if holds > size.capacity * (1.0 + 1e-9) {
            let room = display(size.capacity, Dimension::Bytes);
            let message = format!("'{}' cannot hold {}", record.name, display(holds, Dimension::Bytes));
            let found = Diagnostic::new("E0508", message).at(record.place_of("holds"));
            self.report(found.help(format!("its usable capacity is {room}")));
            return None;
        }
        Some(Bytes(holds))
    }

    /// Losses and rebuilds; nothing for a service that hides its media.
    #[expect(clippy::option_option, reason = "outside: could not be read; inside: the system has none")]
    pub(super) fn protection(&mut self, record: &Record, size: &Size, striped: bool) -> Option<Option<Protection>> {
        let Some(code) = &size.code else {
            let written: Vec<_> = OF_MEDIA.into_iter().filter(|key| record.wrote(key)).collect();
            for key in &written {
                let message = format!("'{key}' has no effect: '{}' hides its media", record.name);
                self.report(Diagnostic::new("E0107", message).at(record.place_of(key)));
            }
            return written.is_empty().then_some(None);
        };
        let width = code.data + code.parity;
        let protection = Protection {
            units: size.units as u64,
            devices: self.figure(record, "devices")? as u64,
            // Another server takes the targets of a lost one over.
            unit_blocks: if striped { 0 } else { (width / size.units).ceil() as u32 },
            stripe_block: Bytes(record.num("stripe_block")),
            usable_fraction: code.usable(size.units),
            failures: record.flag("failures"),
            device_loss: self.figure(record, "device_loss_rate")?,
            unit_loss: self.figure(record, "node_loss_rate")?,
            device_replacement: record.dist("device_replacement"),
            unit_replacement: record.dist("node_replacement"),
            rebuild_delay: record.dist("rebuild_delay"),
            rebuild_reads: (self.figure(record, "rebuild_reads")? * code.data).max(1.0),
            rebuild_pace: record.num("rebuild_pace"),
            rebuild_priority: record.whole("rebuild_priority") as u8,
            scrub_every: record.number("scrub_every").map(SimDuration::from_secs_f64),
        };
        self.check_losses(record, code, &protection);
        Some(Some(protection))
    }

    /// Settings of losses that do nothing, and a unit whose loss takes data with it.
    fn check_losses(&mut self, record: &Record, code: &Code, protection: &Protection) {
        let nothing_fails = protection.device_loss <= 0.0 && protection.unit_loss <= 0.0;
        if protection.failures && nothing_fails {
            let message = "'failures' has no effect: both loss rates are zero";
            self.report(Diagnostic::new("W0609", message).at(record.place_of("failures")));
        }
        for key in OF_LOSSES.into_iter().filter(|key| !protection.failures && record.wrote(key)) {
            let message = format!("'{key}' has no effect without 'failures = true'");
            self.report(Diagnostic::new("W0609", message).at(record.place_of(key)));
        }
        if protection.unit_blocks == 0 && protection.units == 1 && protection.unit_loss > 0.0 {
            let message = format!(
                "'{}' has one server: nobody takes its targets over, and that it is lost is not simulated",
                record.name
            );
            self.report(Diagnostic::new("W0611", message).at(&record.place));
        }
        if protection.unit_blocks == 0 && record.wrote("stripe_block") {
            let message =
                "'stripe_block' has no effect on a striped file system: groups of devices decide what losses hit";
            self.report(Diagnostic::new("W0609", message).at(record.place_of("stripe_block")));
        }
        if protection.unit_loss > 0.0 && f64::from(protection.unit_blocks) > code.parity {
            let message = format!(
                "losing one node or enclosure of '{}' loses data: it holds up to {} blocks of a stripe with {} of parity",
                record.name, protection.unit_blocks, code.parity,
            );
            self.report(Diagnostic::new("W0611", message).at(&record.place));
        }
    }
}
