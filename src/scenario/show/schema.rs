//! The JSON schema (draft-07) of scenario files, for completion and marks in editors.
//!
//! A file that extends a base states only what differs, so the schema asks for no key but `format`; the program
//! itself knows which keys are missing after the overlay.

use serde_json::{Map, Value, json};

use crate::catalog;
use crate::scenario::read::LAWS;
use crate::scenario::spec::{self, Entity, Key, Kind, Need, Range, SCENARIO, TableSpec, WORK_KINDS};
use crate::units::{Dimension, pattern, pattern_duration_or_calendar};

/// Names of entities.
const NAME: &str = "^[A-Za-z0-9_-]{1,64}$";

/// The schema as text that ends in a newline.
pub fn schema() -> String {
    let mut definitions = Map::new();
    let mut root = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Apollo scenario",
        "description": "A scenario file of apollo, format 1.",
    });
    let body = table(&SCENARIO, &mut definitions);
    for (key, value) in body.as_object().into_iter().flatten() {
        root[key] = value.clone();
    }
    root["required"] = json!(["format"]);
    definitions.sort_keys();
    root["definitions"] = Value::Object(definitions);
    let mut text = serde_json::to_string_pretty(&root).expect("a JSON value prints");
    text.push('\n');
    text
}

fn table(spec: &TableSpec, definitions: &mut Map<String, Value>) -> Value {
    let properties: Map<String, Value> =
        spec.keys().map(|key| (key.name.to_owned(), property(key, definitions))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn property(key: &Key, definitions: &mut Map<String, Value>) -> Value {
    let mut out = kind(key, definitions);
    out["description"] = json!(description(key));
    if let Need::Default { text, .. } = key.need
        && !matches!(key.kind, Kind::Table(_))
    {
        out["default"] = default_json(key, text);
    }
    out
}

fn description(key: &Key) -> String {
    let need = match key.need {
        Need::Required => "Required.".to_owned(),
        Need::Optional(what) => format!("Without it: {what}."),
        Need::Default { text: "{}", .. } => String::new(),
        Need::Default { text, assumption: true, .. } => format!("Default: {text} (assumption)."),
        Need::Default { text, .. } => format!("Default: {text}."),
        Need::Part(_) => "Default: the figure of the part.".to_owned(),
        Need::Wan => format!("Default: wan.{}.", key.name),
        Need::Derived(how) => format!("Default: {how}."),
    };
    format!("{} {need}", key.doc).trim_end().to_owned()
}

fn default_json(key: &Key, text: &str) -> Value {
    let bare = match key.kind {
        Kind::Exact | Kind::Bool => true,
        Kind::Quantity(dim) | Kind::Whole(dim) => dim.allows_bare(),
        _ => false,
    };
    serde_json::from_str(text).ok().filter(|_| bare).unwrap_or_else(|| json!(text))
}

fn kind(key: &Key, definitions: &mut Map<String, Value>) -> Value {
    match key.kind {
        Kind::Format => json!({ "enum": [1] }),
        Kind::Files => {
            json!({ "type": "array", "uniqueItems": true, "items": { "type": "string", "minLength": 1 } })
        }
        Kind::Text | Kind::File => json!({ "type": "string", "minLength": 1 }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string", "minLength": 1 } }),
        Kind::TextLists => {
            let list = json!({ "type": "array", "minItems": 2, "items": { "type": "string", "minLength": 1 } });
            json!({ "type": "array", "items": list })
        }
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Exact => json!({ "type": "integer", "minimum": 0 }),
        Kind::Quantity(dim) | Kind::Whole(dim) => {
            let mut out = json!({ "allOf": [quantity(dim, definitions)] });
            if dim.allows_bare() {
                bounds(&mut out, key.range);
            }
            out
        }
        Kind::Random(dim) => json!({ "anyOf": [quantity(dim, definitions), random(dim, definitions)] }),
        Kind::Horizon => json!({ "type": "string", "pattern": pattern_duration_or_calendar() }),
        Kind::Moment => json!({ "anyOf": [
            { "type": "string", "pattern": pattern_duration_or_calendar() },
            { "type": "string", "format": "date" },
            { "type": "string", "format": "date-time" },
        ] }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Words(words) => json!({ "type": "array", "uniqueItems": true, "items": { "enum": words } }),
        Kind::Name(_) => json!({ "type": "string", "pattern": NAME }),
        Kind::Names(_) => {
            json!({ "type": "array", "uniqueItems": true, "items": { "type": "string", "pattern": NAME } })
        }
        Kind::NameOrNames(_) => json!({ "anyOf": [
            { "type": "string", "pattern": NAME },
            { "type": "array", "minItems": 1, "uniqueItems": true, "items": { "type": "string", "pattern": NAME } },
        ] }),
        Kind::Pair(
            Entity::Site
            | Entity::Fleet
            | Entity::Tenant
            | Entity::Storage
            | Entity::Namespace
            | Entity::Link
            | Entity::RiskGroup,
        ) => {
            let items = json!({ "type": "string", "pattern": NAME });
            json!({ "type": "array", "uniqueItems": true, "minItems": 2, "maxItems": 2, "items": items })
        }
        // A catalogue file of the user may bring parts with names of its own.
        Kind::Part(word) => {
            json!({ "anyOf": [{ "enum": parts(word) }, { "type": "string", "pattern": NAME }] })
        }
        Kind::Location => {
            json!({ "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "number", "minimum": -180, "maximum": 180 } })
        }
        Kind::Counts(words) => {
            let of = |word: &&str| ((*word).to_owned(), json!({ "type": "integer", "minimum": 0 }));
            let properties: Map<String, Value> = words.iter().map(of).collect();
            json!({ "type": "object", "properties": properties, "additionalProperties": false })
        }
        Kind::Limit => json!({ "type": ["string", "number"] }),
        Kind::Table(spec) => table(spec, definitions),
        Kind::Tables(spec) => json!({ "type": "array", "minItems": 1, "items": table(spec, definitions) }),
        Kind::Named(spec) => named(table(spec, definitions)),
        Kind::Works => named(works(definitions)),
        Kind::Sweep => {
            let mut out = table(&spec::SWEEP, definitions);
            let range = table(&spec::RANGE, definitions);
            out["additionalProperties"] = json!({ "anyOf": [{ "type": "array", "minItems": 1 }, range] });
            out
        }
    }
}

fn named(inner: Value) -> Value {
    json!({ "type": "object", "patternProperties": { NAME: inner }, "additionalProperties": false })
}

/// A work is one of its kinds; each says its own word in `kind`.
fn works(definitions: &mut Map<String, Value>) -> Value {
    let one = |word: &&str, definitions: &mut Map<String, Value>| {
        let mut out = table(spec::work_table(word).expect("every kind has a table"), definitions);
        out["properties"]["kind"]["enum"] = json!([word]);
        out
    };
    let kinds: Vec<Value> = WORK_KINDS.iter().map(|word| one(word, definitions)).collect();
    json!({ "anyOf": kinds })
}

fn bounds(out: &mut Value, range: Range) {
    if range.low.is_finite() {
        out[if range.open { "exclusiveMinimum" } else { "minimum" }] = json!(range.low);
    }
    if range.high.is_finite() {
        out["maximum"] = json!(range.high);
    }
}

/// A reference to the definition of a dimension, which is made on first use.
fn quantity(dim: Dimension, definitions: &mut Map<String, Value>) -> Value {
    let name = format!("{dim:?}");
    definitions.entry(name.clone()).or_insert_with(|| {
        let types = if dim.allows_bare() { json!(["string", "number"]) } else { json!("string") };
        json!({ "type": types, "pattern": pattern(dim), "description": dim.help() })
    });
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// A reference to the laws of a dimension.
fn random(dim: Dimension, definitions: &mut Map<String, Value>) -> Value {
    let name = format!("Random{dim:?}");
    if !definitions.contains_key(&name) {
        let inner = quantity(dim, definitions);
        let shape = quantity(Dimension::Factor, definitions);
        let mut laws = Map::new();
        for (law, names) in LAWS {
            let of = |name: &&str| ((*name).to_owned(), if *name == "shape" { shape.clone() } else { inner.clone() });
            let properties: Map<String, Value> = names.iter().map(of).collect();
            laws.insert(
                law.to_owned(),
                json!({ "type": "object", "properties": properties, "required": names, "additionalProperties": false }),
            );
        }
        laws.insert("empirical".to_owned(), json!({ "type": "string" }));
        let law = json!({
            "type": "object", "properties": laws, "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
            "description": "Exactly one law.",
        });
        definitions.insert(name.clone(), law);
    }
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn parts(word: &str) -> Vec<&'static str> {
    catalog::parts().iter().filter(|p| p.kind.name() == word).map(|p| p.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let root: Value = serde_json::from_str(&schema()).expect("the schema is JSON");
        fn walk<'a>(value: &'a Value, seen: &mut Vec<&'a str>) {
            match value {
                Value::Object(map) => {
                    seen.extend(map.get("$ref").and_then(Value::as_str));
                    map.values().for_each(|v| walk(v, seen));
                }
                Value::Array(list) => list.iter().for_each(|v| walk(v, seen)),
                _ => {}
            }
        }
        let mut seen = Vec::new();
        walk(&root, &mut seen);
        assert!(!seen.is_empty());
        for name in seen {
            let name = name.strip_prefix("#/definitions/").expect("a local reference");
            assert!(root["definitions"].get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn parts_of_every_kind_are_listed() {
        for (_, table) in spec::all_tables() {
            for key in table.keys() {
                if let Kind::Part(word) = key.kind {
                    assert!(!parts(word).is_empty(), "{word}");
                }
            }
        }
    }
}
