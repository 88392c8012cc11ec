//! Scenarios of several files: bases, variants, data files.

use std::path::{Path, PathBuf};

use apollo_sim::scenario::plan::{Origin, Plan, Rule, WorkKind};
use apollo_sim::scenario::{Diagnostic, load, load_text, render_text, templates};
use apollo_sim::units::Dist;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        Folder(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn plan(&self, name: &str, set: &[&str]) -> Plan {
        let set: Vec<String> = set.iter().map(|s| (*s).to_owned()).collect();
        load(&self.path(name), &set).unwrap_or_else(|e| panic!("{}", render_text(&e, false))).0
    }

    fn errors(&self, name: &str) -> Vec<Diagnostic> {
        load(&self.path(name), &[]).expect_err("it is broken")
    }
}

fn base() -> &'static str {
    templates()[2].text
}

#[test]
fn a_variant_is_laid_over_its_base_table_by_table() {
    let variant = "extends = \"bases/rl.toml\"\ntitle = \"wider\"\n[link.phx-dal]\ncapacity = \"1.6 Tbps\"\n\
                   [work.online.weights]\npublish = \"full\"\n[target.feedback]\nat_least = \"1 s\"\n[fleet.dallas]\ngpus = \"9k\"\n";
    let folder = Folder::new(&[("bases/rl.toml", base()), ("wide.toml", variant)]);
    let plan = folder.plan("wide.toml", &[]);
    assert_eq!((plan.title.as_str(), plan.name.as_str()), ("wider", "wide"));
    assert!((plan.links[0].capacity.bits() - 1.6e12).abs() < 1.0);
    assert_eq!(plan.links[0].waves, 4, "kept from the base");
    assert_eq!(plan.fleets[0].nodes, 125, "gpus of the variant replace nodes of the base");
    assert_eq!(plan.targets[0].rule, Rule::AtLeast(1.0), "one rule replaces the other");
    let WorkKind::Rl(rl) = &plan.works[0].kind else { panic!("an RL work") };
    assert!(!rl.weights.delta && rl.weights.full_every == 1);
    let taken = plan.ledger.iter().find(|t| t.address == "link.phx-dal.waves").unwrap();
    assert!(matches!(&taken.origin, Origin::File { at } if at.contains("rl.toml:")), "{taken:?}");
}

#[test]
fn an_override_wins_over_every_file() {
    let folder =
        Folder::new(&[("rl.toml", base()), ("v.toml", "extends = \"rl.toml\"\n[fleet.dallas]\ngpus = \"9k\"\n")]);
    let plan = folder.plan("v.toml", &["fleet.dallas.nodes=130", "fleet.*.spares=5 %", "fleet.dallas.spares=6 %"]);
    assert_eq!(plan.fleets[0].nodes, 130);
    assert!((plan.fleets[0].spares - 0.06).abs() < 1e-12 && (plan.fleets[1].spares - 0.05).abs() < 1e-12);
}

#[test]
fn errors_point_into_the_file_that_is_wrong() {
    let folder = Folder::new(&[
        ("base.toml", &base().replace("800 Gbps", "800 Gpbs")),
        ("top.toml", "extends = \"base.toml\"\n[link.phx-dal]\nwavs = 3\n"),
    ]);
    let at: Vec<String> = folder.errors("top.toml").iter().map(|d| d.at_text()).collect();
    assert_eq!(at.len(), 2, "{at:?}");
    assert!(at[0].ends_with("top.toml:3:1") && at[1].contains("base.toml:"), "{at:?}");
}

#[test]
fn chains_of_bases_are_finite() {
    let names: Vec<String> = (0..12).map(|i| format!("f{i}.toml")).collect();
    let texts: Vec<String> = (0..12).map(|i| format!("extends = \"f{}.toml\"\n", i + 1)).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let errors = Folder::new(&files).errors("f0.toml");
    assert!(errors.iter().any(|d| d.code == "E0006" && d.message.contains("more than 8")), "{errors:?}");
    let circle = Folder::new(&[("a.toml", "extends = \"b.toml\"\n"), ("b.toml", "extends = \"./a.toml\"\n")]);
    assert!(circle.errors("a.toml").iter().any(|d| d.code == "E0006" && d.message.contains("itself")));
}

#[test]
fn empirical_laws_are_read_beside_the_scenario() {
    let scenario = base().replace("feedback_target", "reward = { empirical = \"data/reward.csv\" }\nfeedback_target");
    for csv in ["reward [ms]\n300\n100\n200\n", "0.3 s, x\n\n# note\n100 ms\n0.2 s\n"] {
        let folder = Folder::new(&[("s.toml", &scenario), ("data/reward.csv", csv)]);
        let WorkKind::Rl(rl) = &folder.plan("s.toml", &[]).works[0].kind else { panic!("an RL work") };
        assert_eq!(rl.reward, Dist::Empirical(vec![0.1, 0.2, 0.3]));
    }
    for (csv, code) in [("300\n", "E0207"), ("", "E0207"), ("a [ms]\n3\n-4\n", "E0207"), ("a [mss]\n3\n", "E0207")] {
        let folder = Folder::new(&[("s.toml", &scenario), ("data/reward.csv", csv)]);
        let errors = folder.errors("s.toml");
        assert_eq!(errors.iter().map(|d| d.code).collect::<Vec<_>>(), [code], "{csv}");
    }
}

#[test]
fn unusable_files_are_refused_at_once() {
    let folder = Folder::new(&[]);
    std::fs::write(folder.path("latin.toml"), b"title = \"caf\xe9\"").unwrap();
    let huge = std::fs::File::create(folder.path("huge.toml")).unwrap();
    huge.set_len(100 << 20).unwrap();
    std::fs::create_dir(folder.path("dir.toml")).unwrap();
    for (name, code) in [("latin.toml", "E0002"), ("huge.toml", "E0003"), ("dir.toml", "E0002"), ("none.toml", "E0002")]
    {
        let errors = folder.errors(name);
        assert_eq!((errors.len(), errors[0].code), (1, code), "{name}");
        assert!(!errors[0].is_environment());
    }
    assert!(load(Path::new("a\0b"), &[]).is_err());
}

#[test]
fn months_are_calendar_months_from_the_start() {
    let text = templates()[0].text.replace("\"12 h\"", "\"2 months\"");
    let days = |start: &str| {
        let (plan, _) = load_text("p.toml", &text, &[format!("start={start}")]).unwrap();
        plan.horizon.as_secs_f64() / 86_400.0
    };
    assert!((days("2026-01-01") - 59.0).abs() < 1e-9);
    assert!((days("2028-01-01") - 60.0).abs() < 1e-9);
    assert!((days("2026-07-01") - 62.0).abs() < 1e-9);
}

#[test]
fn works_may_start_on_a_date() {
    let set = ["horizon=1 month".to_owned(), "work.hydrate.starts=2026-01-12".to_owned()];
    let (plan, _) = load_text("p.toml", templates()[0].text, &set).unwrap();
    assert!((plan.works[0].starts.as_secs_f64() - 7.0 * 86_400.0).abs() < 1e-9);
}

#[test]
fn the_description_says_what_the_file_means() {
    let (plan, _) = load_text("rl.toml", base(), &["seed=3".to_owned()]).unwrap();
    insta::assert_snapshot!("scenario_description", apollo_sim::scenario::describe(&plan));
}
