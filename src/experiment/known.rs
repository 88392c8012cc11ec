//! Whether a plan has what a KPI is about, asked before anything is simulated.

use crate::kpi::{self, Match};
use crate::scenario::diagnostics::list_names;
use crate::scenario::plan::{Plan, WorkKind};
use crate::units::nearest;

/// What is wrong with the name of a KPI for this plan: it is no KPI, or the plan has nothing of the name of its entity. `None` where the plan may
/// give it; that a work of the right kind gives all of its KPIs is known only when it has run.
pub fn problem(plan: &Plan, name: &str) -> Option<String> {
    let found = match kpi::lookup(name) {
        Ok(found) => found,
        Err(error) => return Some(error.to_string()),
    };
    let entity = found.entity.first().filter(|entity| *entity != "*")?;
    let (what, names) = entities(plan, &found)?;
    if names.contains(&entity.as_str()) {
        return None;
    }
    let near = nearest(entity, names.iter().copied()).map(|near| {
        let mut meant = found.clone();
        meant.entity[0] = near.to_owned();
        format!(", did you mean '{}'?", meant.name())
    });
    let list = format!("; {what} are: {}", list_names(names.iter().copied()));
    let meant = near.unwrap_or(list);
    Some(format!("nothing in this plan produces '{name}': it has no '{entity}'{meant}"))
}

/// What a KPI of this kind is about, and everything of it in the plan; `None` where it is not about something with a name of its own.
fn entities<'a>(plan: &'a Plan, found: &Match) -> Option<(&'static str, Vec<&'a str>)> {
    let area = found.kpi.pattern.split('.').next().unwrap_or_default();
    let works = |what, fits: fn(&WorkKind) -> bool| {
        let all = plan.works.iter().filter(|work| fits(&work.kind));
        Some((what, all.map(|work| work.name.as_str()).collect()))
    };
    match area {
        "storage" => Some(("storage systems", plan.storages.iter().map(|x| x.name.as_str()).collect())),
        "tenant" => Some(("tenants", plan.tenants.iter().map(|x| x.name.as_str()).collect())),
        "namespace" => Some(("namespaces", plan.namespaces.iter().map(|x| x.name.as_str()).collect())),
        "fleet" => Some(("fleets", plan.fleets.iter().map(|x| x.name.as_str()).collect())),
        "site" => Some(("sites", plan.sites.iter().map(|x| x.name.as_str()).collect())),
        "link" => Some(("links", plan.links.iter().map(|x| x.name.as_str()).collect())),
        "demand" => Some(("demands", plan.standing.iter().map(|x| x.name.as_str()).collect())),
        "rl" => works("works of kind 'rl'", |kind| matches!(kind, WorkKind::Rl(_))),
        "io" => works("works of kind 'io'", |kind| matches!(kind, WorkKind::Io(_))),
        "transfer" => works("copies and traces", |kind| matches!(kind, WorkKind::Copy(_) | WorkKind::Trace(_))),
        "path" => works("works", |_| true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load_text;

    #[test]
    fn a_plan_knows_what_it_has() {
        let text = "format = 1\nhorizon = \"1 h\"\n[site.a]\n[storage.hot]\nsite = \"a\"\nsystem = \"azure-blob\"\ncapacity = \"1 PB\"\n\
                    [work.load]\nkind = \"io\"\nstorage = \"hot\"\npattern = \"read\"\nclients = 8\n";
        let (plan, _) = load_text("t.toml", text, &[]).expect("a sound plan");
        for good in ["storage.hot.used", "io.load.rate", "wan.worst_utilisation", "storage.*.used"] {
            assert_eq!(problem(&plan, good), None, "{good}");
        }
        for (wrong, words) in [
            ("storage.hto.used", "did you mean 'storage.hot.used'?"),
            ("io.lod.rate", "did you mean 'io.load.rate'?"),
            ("transfer.load.time", "copies and traces are: none"),
            ("storage.hot.usd", "did you mean 'storage.hot.used'?"),
            ("site.mars.power", "sites are: a"),
        ] {
            let said = problem(&plan, wrong).unwrap_or_else(|| panic!("{wrong} passes"));
            assert!(said.contains(words), "{wrong}: {said}");
        }
    }
}
