//! The dependency table of the project, enforced on the sources.
//!
//! Every file below `src/` is parsed. All paths count: `use` trees, paths inside code and types, paths inside macro calls;
//! `super::` and `self::` are resolved. Test modules obey the same table. The checks prove themselves on planted
//! violations at the end of this file. To change the architecture, change the tables and say why in the commit.

use proc_macro2::{Spacing, TokenStream, TokenTree};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Item, UseTree};

/// Who may use whom, by top-level module. `a::b` allows that part of `a` only.
const MAY_USE: &[(&str, &[&str])] = &[
    ("lib", &[]),
    ("main", &["cli"]),
    ("units", &[]),
    ("engine", &["units"]),
    ("fluid", &[]),
    ("network", &[]),
    ("stats", &["units"]),
    ("kpi", &["units"]),
    ("catalog", &["units"]),
    ("scenario", &["catalog", "kpi", "units"]),
    ("model", &["engine", "fluid", "network", "stats", "kpi", "units"]),
    ("assembly", &["model", "catalog", "scenario", "engine", "fluid", "network", "stats", "kpi", "units"]),
    ("experiment", &["assembly", "model", "scenario", "engine", "network", "stats", "kpi", "units"]),
    ("report", &["experiment::results", "kpi", "stats", "units"]),
    ("cli", &["report", "experiment", "scenario", "catalog", "kpi", "units"]),
];

/// What the components of `model` share. Any other part of `model` is known only to itself and to the wiring.
const MODEL_SHARED: &[&str] = &["ids", "event", "world", "paths", "rhythm"];
/// The wiring of `model`: may use every component.
const MODEL_WIRING: &[&str] = &["world"];

/// Modules that know nothing of the subject, and the words that would show that they do. Plurals count as well.
const NEUTRAL: &[&str] = &["engine", "fluid", "network"];
const DOMAIN_WORDS: &[&str] = &[
    "gpu",
    "site",
    "storage",
    "wan",
    "link",
    "trainer",
    "rollout",
    "trajectory",
    "fleet",
    "rack",
    "checkpoint",
    "blob",
    "datacenter",
];

/// Macros that print, and the functions that give a standard stream.
const PRINTING: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];
const STREAMS: &[&str] = &["stdout", "stderr"];
/// Who may print, and who may end the process.
const MAY_PRINT: &[&str] = &["cli", "main"];
const MAY_EXIT: &[&str] = &["main"];
const EXITS: &[&str] = &["exit", "abort"];

/// A source file: its path below `src/` and its text.
type Source = (String, String);

#[test]
fn the_sources_keep_the_architecture() {
    let sources = sources();
    assert!(sources.len() > 10, "only {} sources were found", sources.len());
    let found = violations(&sources);
    assert!(found.is_empty(), "{} violations:\n{}", found.len(), found.join("\n"));
}

/// All files below `src/`, sorted.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src can be listed") {
            let path: PathBuf = entry.expect("src can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).expect("it lies below src").to_string_lossy().replace('\\', "/");
                files.push((name, fs::read_to_string(&path).expect("a source can be read")));
            }
        }
    }
    files.sort();
    files
}

/// Everything in `sources` that breaks a rule, one line each.
fn violations(sources: &[Source]) -> Vec<String> {
    let parsed: Vec<(&Source, syn::File)> = sources
        .iter()
        .map(|source| (source, syn::parse_file(&source.1).unwrap_or_else(|error| panic!("{}: {error}", source.0))))
        .collect();
    let moved = moved_modules(&parsed);
    let mut found = Vec::new();
    for (source, file) in &parsed {
        let (name, text) = source;
        let module = moved.get(name.as_str()).cloned().unwrap_or_else(|| module_of(name));
        let owner = owner_of(name, &module);
        let mut paths = Paths { module, found: Vec::new() };
        paths.visit_file(file);
        let mut say = |line: usize, what: String| found.push(format!("src/{name}:{line}: {what}"));
        check_paths(&owner, &paths, &mut say);
        check_prints(&owner, text, &mut say);
        check_words(&owner, text, &mut say);
    }
    found
}

/// The module path of a file by its place.
fn module_of(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = name.trim_end_matches(".rs").split('/').map(String::from).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

/// The row of the table that a file belongs to.
fn owner_of(name: &str, module: &[String]) -> String {
    module.first().cloned().unwrap_or_else(|| name.trim_end_matches(".rs").to_string())
}

/// Files that a `#[path = "…"] mod m;` puts elsewhere in the tree.
fn moved_modules(parsed: &[(&Source, syn::File)]) -> BTreeMap<String, Vec<String>> {
    let mut moved = BTreeMap::new();
    for ((name, _), file) in parsed {
        let folder = name.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        for item in &file.items {
            let Item::Mod(item) = item else { continue };
            if let Some(path) = item.attrs.iter().find_map(path_attribute) {
                let mut module = module_of(name);
                module.push(item.ident.to_string());
                moved.insert(format!("{folder}{path}"), module);
            }
        }
    }
    moved
}

/// The text of a `#[path = "…"]`.
fn path_attribute(attribute: &syn::Attribute) -> Option<String> {
    let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else { return None };
    pair.path.is_ident("path").then(|| text.value())
}

/// All paths of a file that begin in this crate (resolved from its root) or in the standard library.
struct Paths {
    /// The module that is being read.
    module: Vec<String>,
    /// Line and resolved path. A glob ends in `*`.
    found: Vec<(usize, Vec<String>)>,
}

impl Paths {
    fn note(&mut self, line: usize, segments: &[String]) {
        if let Some(path) = self.resolve(segments) {
            self.found.push((line, path));
        }
    }

    /// `segments` from the root of the crate (`crate`, then names) or of another crate; `None` for a relative name.
    fn resolve(&self, segments: &[String]) -> Option<Vec<String>> {
        let mut place = match segments.first()?.as_str() {
            "crate" | "apollo_sim" => vec!["crate".to_string()],
            "self" | "super" => [vec!["crate".to_string()], self.module.clone()].concat(),
            "std" | "core" | "process" | "io" => vec![segments[0].clone()],
            // At the root of the crate a bare name may be one of its modules.
            first if self.module.is_empty() && MAY_USE.iter().any(|(module, _)| *module == first) => {
                vec!["crate".to_string(), first.to_string()]
            }
            _ => return None,
        };
        let mut rest = segments;
        while let Some(first @ ("self" | "super")) = rest.first().map(String::as_str) {
            if first == "super" {
                place.pop();
            }
            rest = &rest[1..];
        }
        let rest = if rest.len() == segments.len() { &rest[1..] } else { rest };
        place.extend(rest.iter().filter(|segment| *segment != "self").cloned());
        Some(place)
    }

    /// Every leaf of a `use` tree below `prefix`.
    fn leaves(&mut self, prefix: &[String], tree: &UseTree) {
        let with = |name: String| [prefix, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.leaves(&with(path.ident.to_string()), &path.tree),
            UseTree::Name(leaf) => self.note(leaf.ident.span().start().line, &with(leaf.ident.to_string())),
            UseTree::Rename(leaf) => self.note(leaf.ident.span().start().line, &with(leaf.ident.to_string())),
            UseTree::Glob(glob) => self.note(glob.star_token.spans[0].start().line, &with("*".into())),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.leaves(prefix, item)),
        }
    }

    /// Paths inside the tokens of a macro call, which are not parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let (mut line, mut colons) = (0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.note(line, &std::mem::take(&mut path));
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons = if punct.spacing() == Spacing::Joint || colons == 1 { colons + 1 } else { 0 };
                }
                other => {
                    self.note(line, &std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.note(line, &path);
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.leaves(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.note(path.segments[0].ident.span().start().line, &segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

/// The dependency table, the rule inside `model`, and who may end the process.
fn check_paths(owner: &str, paths: &Paths, say: &mut impl FnMut(usize, String)) {
    let Some((_, allowed)) = MAY_USE.iter().find(|(module, _)| *module == owner) else {
        return say(1, format!("module `{owner}` is not in the table"));
    };
    for (line, path) in &paths.found {
        if let [.., process, exit] = path.as_slice()
            && process == "process"
            && EXITS.contains(&exit.as_str())
            && !MAY_EXIT.contains(&owner)
        {
            say(*line, format!("`{owner}` must not end the process"));
        }
        let ["crate", target @ ..] = &*path.iter().map(String::as_str).collect::<Vec<_>>() else { continue };
        let Some(first) = target.first() else { continue };
        let full = target.join("::");
        let within = |one: &&str| full == **one || full.starts_with(&format!("{one}::"));
        if *first != owner && !allowed.iter().any(within) && (*first == "*" || is_module(first)) {
            say(*line, format!("`{owner}` must not use `{full}`"));
        }
        if owner == "model" && *first == "model" {
            check_model(&paths.module, target, *line, say);
        }
    }
}

fn is_module(name: &str) -> bool {
    MAY_USE.iter().any(|(module, _)| *module == name)
}

/// Inside `model` a component knows itself and what is shared.
fn check_model(module: &[String], target: &[&str], line: usize, say: &mut impl FnMut(usize, String)) {
    let Some(component) = module.get(1).map(String::as_str) else { return };
    let other = target.get(1).copied().unwrap_or("*");
    let known = other == component || MODEL_SHARED.contains(&other) || MODEL_WIRING.contains(&component);
    if !known {
        say(line, format!("`model::{component}` must not use its sibling `model::{other}`"));
    }
}

/// Only some print.
fn check_prints(owner: &str, text: &str, say: &mut impl FnMut(usize, String)) {
    let tokens: TokenStream = text.parse().expect("the file was parsed before");
    if !MAY_PRINT.contains(&owner) {
        find_prints(tokens, &mut |line, name| say(line, format!("`{owner}` must not print (`{name}`)")));
    }
}

fn find_prints(tokens: TokenStream, found: &mut impl FnMut(usize, &str)) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (token, next) in tokens.iter().zip(tokens.iter().skip(1)) {
        let TokenTree::Ident(ident) = token else { continue };
        let name = ident.to_string();
        let call = match next {
            TokenTree::Punct(punct) => punct.as_char() == '!' && PRINTING.contains(&name.as_str()),
            TokenTree::Group(_) => STREAMS.contains(&name.as_str()),
            _ => false,
        };
        if call {
            found(ident.span().start().line, &name);
        }
    }
    for token in tokens {
        if let TokenTree::Group(group) = token {
            find_prints(group.stream(), found);
        }
    }
}

/// Neutral modules do not speak of the subject, neither in code nor in comments.
fn check_words(owner: &str, text: &str, say: &mut impl FnMut(usize, String)) {
    if !NEUTRAL.contains(&owner) {
        return;
    }
    for (number, line) in text.lines().enumerate() {
        for word in words(line) {
            if DOMAIN_WORDS.contains(&word.as_str()) || DOMAIN_WORDS.contains(&word.trim_end_matches('s')) {
                say(number + 1, format!("`{owner}` must not speak of `{word}`"));
            }
        }
    }
}

/// The words of a line in lower case; `snake_case` and `CamelCase` names are taken apart.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in line.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            words.last_mut().expect("there is always one").extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

mod planted {
    use super::*;

    /// The violations of one file, without place.
    fn of(name: &str, text: &str) -> Vec<String> {
        let found = violations(&[(name.to_string(), text.to_string())]);
        found.iter().map(|line| line.splitn(3, ':').nth(2).expect("file, line, text").trim().to_string()).collect()
    }

    #[test]
    fn what_the_table_allows_passes() {
        assert!(of("engine/kernel.rs", "use crate::units::SimTime; use super::{Class, rng::Streams};").is_empty());
        assert!(of("report/text.rs", "use crate::experiment::results::{KpiRow, RunResults};").is_empty());
        assert!(of("model/fleet.rs", "use super::ids::NodeId; use crate::model::{event::Event, paths};").is_empty());
        assert!(of("model/world.rs", "use super::{fleet::Fleet, wan::Wan};").is_empty());
        assert!(
            of("model/wan/route.rs", "use super::super::ids::X; use super::*; use crate::model::wan::Y;").is_empty()
        );
        assert!(of("main.rs", "fn main() { println!(); std::process::exit(apollo_sim::cli::run()) }").is_empty());
        assert!(of("lib.rs", "pub mod engine; pub mod model;").is_empty());
    }

    #[test]
    fn a_use_outside_the_table_is_found_in_every_spelling() {
        let spellings = [
            "use crate::scenario::plan::Plan;",
            "use crate::{units::SimTime, scenario::plan};",
            "use crate::scenario as other;",
            "use super::super::scenario::plan;",
            "pub use crate::scenario::*;",
            "fn f() { crate::scenario::plan::f() }",
            "fn f(p: &super::super::scenario::plan::Plan) {}",
            "fn f() -> Vec<Box<dyn crate::scenario::T>> { vec![] }",
            "mod inner { fn f() { super::super::super::scenario::f() } }",
            "fn f() { assert!(true, \"{}\", crate::scenario::f()) }",
            "impl crate::scenario::T for X {}",
            "#[cfg(test)] mod tests { use crate::scenario::plan::Plan; }",
        ];
        for text in spellings {
            let found = of("model/world.rs", text);
            assert!(found.len() == 1 && found[0].starts_with("`model` must not use `scenario"), "{text}: {found:?}");
        }
    }

    #[test]
    fn each_layer_refuses_what_lies_above_it() {
        let cases = [
            ("units/time.rs", "use crate::engine::Engine;", "`units` must not use `engine::Engine`"),
            ("engine/rng.rs", "use crate::stats::Level;", "`engine` must not use `stats::Level`"),
            ("fluid/solve.rs", "use crate::units::SimTime;", "`fluid` must not use `units::SimTime`"),
            ("scenario/plan.rs", "use crate::model::World;", "`scenario` must not use `model::World`"),
            ("report/html.rs", "use crate::experiment::run;", "`report` must not use `experiment::run`"),
            ("cli/run.rs", "use crate::model::World;", "`cli` must not use `model::World`"),
            ("main.rs", "use apollo_sim::report;", "`main` must not use `report`"),
            ("lib.rs", "pub use engine::Engine;", "`lib` must not use `engine::Engine`"),
            ("engine/mod.rs", "use crate::*;", "`engine` must not use `*`"),
            ("other/mod.rs", "", "module `other` is not in the table"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(of(name, text), [expected], "{name}: {text}");
        }
    }

    #[test]
    fn components_of_the_model_do_not_know_each_other() {
        for text in ["use super::wan::Wan;", "use crate::model::wan;", "fn f() { super::wan::f() }"] {
            assert_eq!(of("model/fleet.rs", text), ["`model::fleet` must not use its sibling `model::wan`"], "{text}");
        }
        assert_eq!(of("model/fleet/node.rs", "use super::super::wan::Wan;").len(), 1);
        assert_eq!(of("model/fleet.rs", "use super::*;"), ["`model::fleet` must not use its sibling `model::*`"]);
        assert!(of("model/fleet.rs", "mod tests { use super::*; }").is_empty());
    }

    #[test]
    fn a_module_moved_by_a_path_attribute_is_resolved_from_its_new_place() {
        let sources = [
            ("model/fleet.rs".to_string(), "#[path = \"fleet_tests.rs\"] mod tests;".to_string()),
            ("model/fleet_tests.rs".to_string(), "use super::*; use super::super::wan::Wan;".to_string()),
        ];
        let found = violations(&sources);
        assert_eq!(found, ["src/model/fleet_tests.rs:1: `model::fleet` must not use its sibling `model::wan`"]);
    }

    #[test]
    fn printing_and_exiting_are_found_in_every_spelling() {
        for text in ["println!()", "{ eprint!(\"x\") }", "vec![dbg!(1)]", "std::io::stdout()", "anstream::println!()"] {
            assert_eq!(of("model/mod.rs", &format!("fn f() {{ {text}; }}")).len(), 1, "{text}");
        }
        for text in ["use std::process::exit;", "fn f() { std::process::exit(1) }", "fn f() { process::abort() }"] {
            assert_eq!(of("cli/mod.rs", text), ["`cli` must not end the process"], "{text}");
        }
        assert!(of("model/mod.rs", "/// Use println!() here.\nfn f() { writeln!(s, \"print\") }").is_empty());
    }

    #[test]
    fn neutral_modules_do_not_speak_of_the_subject() {
        for text in [
            "// a GPU",
            "/// two links\nfn f() {}",
            "fn f(site_id: u32) {}",
            "struct WanModel;",
            "const X: &str = \"rollout\";",
        ] {
            assert_eq!(of("fluid/mod.rs", text).len(), 1, "{text}");
            assert!(of("model/mod.rs", text).is_empty(), "{text}");
        }
        assert!(of("engine/mod.rs", "// linked, offsite, wanted, strange").is_empty());
    }
}
