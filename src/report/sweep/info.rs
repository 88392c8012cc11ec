//! `sweep.json`: what all cells of a sweep have in common.

use serde_json::{Value, json};

use crate::experiment::results::sweep::{AxisInfo, SweepInfo, TargetInfo};
use crate::report::json;

/// Key that marks the file; its value is the version of the layout.
const MARK: &str = "apollo_sweep";

/// The file as text.
pub fn encode(info: &SweepInfo) -> String {
    let axis = |a: &AxisInfo| json!({ "address": a.address, "unit": a.unit, "listed": a.listed, "log": a.log });
    let target = |t: &TargetInfo| json!({ "name": t.name, "kpi": t.kpi, "limits": t.limits });
    json::text(&json!({
        MARK: 1,
        "scenario": { "title": info.title, "name": info.name, "digest": info.digest },
        "version": info.version,
        "model": info.model,
        "design": info.design,
        "points": info.points,
        "cells": info.cells,
        "seed": info.common_seed(),
        "design_seed": info.seed,
        "axes": info.axes.iter().map(axis).collect::<Vec<_>>(),
        "targets": info.targets.iter().map(target).collect::<Vec<_>>(),
    }))
}

/// The file read back; `None` when the text is no such file.
pub fn decode(text: &str) -> Option<SweepInfo> {
    let value: Value = serde_json::from_str(text).ok()?;
    if value[MARK] != 1 {
        return None;
    }
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let count = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
    let axis = |a: &Value| {
        Some(AxisInfo {
            address: word(&a["address"])?,
            unit: word(&a["unit"]),
            listed: a["listed"].as_bool()?,
            log: a["log"].as_bool().unwrap_or(false),
        })
    };
    let target = |t: &Value| {
        let limits = [t["limits"][0].as_f64(), t["limits"][1].as_f64()];
        Some(TargetInfo { name: word(&t["name"])?, kpi: word(&t["kpi"])?, limits })
    };
    Some(SweepInfo {
        title: word(&value["scenario"]["title"])?,
        name: word(&value["scenario"]["name"])?,
        digest: word(&value["scenario"]["digest"])?,
        version: word(&value["version"])?,
        model: word(&value["model"])?,
        design: word(&value["design"])?,
        points: count(&value["points"])?,
        cells: count(&value["cells"])?,
        seed: value["design_seed"].as_u64().or(value["seed"].as_u64())?,
        axes: value["axes"].as_array()?.iter().map(axis).collect::<Option<_>>()?,
        targets: value["targets"].as_array()?.iter().map(target).collect::<Option<_>>()?,
    })
}
