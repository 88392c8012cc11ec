//! A part, its figures, and where each figure comes from.

use super::kind::{FigureSpec, FigureType, Kind, Need, kind_figures};
use crate::units::Dist;
use std::collections::BTreeMap;
use std::fmt;

/// How sure a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Read in the primary source.
    Quoted,
    /// Read in a page that cites the primary source.
    Secondary,
    /// Fitted to measured rows; source and note say which, and with what error.
    Fitted,
    /// Computed from quoted or secondary figures; the note gives the arithmetic.
    Derived,
    /// No published figure stands behind it; the note gives the reason and the range.
    Assumption,
}

impl Confidence {
    /// The word used in data files and output.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Quoted => "quoted",
            Confidence::Secondary => "secondary",
            Confidence::Fitted => "fitted",
            Confidence::Derived => "derived",
            Confidence::Assumption => "assumption",
        }
    }

    /// The confidence that a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        use Confidence::{Assumption, Derived, Fitted, Quoted, Secondary};
        [Quoted, Secondary, Fitted, Derived, Assumption].into_iter().find(|c| c.word() == word)
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The value of a figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A quantity or whole number, in the base unit of its dimension.
    Number(f64),
    /// A random quantity in the base unit of its dimension.
    Dist(Dist),
    /// One of the words that the figure allows.
    Word(String),
    /// Failure causes.
    Causes(Vec<Cause>),
}

/// A failure cause and its share of all failures.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// Name, e.g. `gpu-memory`.
    pub name: String,
    /// Share of all failures, 0…1; the shares of a part sum to 1.
    pub share: f64,
    /// Repair class: `reset`, `swap` or `rma`.
    pub repair: String,
}

/// A figure with its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// As written, with its unit.
    pub text: String,
    /// In the base unit.
    pub value: Value,
    /// Where it was published, or why it was assumed.
    pub source: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// Arithmetic, range or caveat.
    pub note: Option<String>,
    /// When it was published or looked up; every price has one.
    pub date: Option<String>,
    /// The range in which it plausibly lies, as text.
    pub range: Option<String>,
    /// `file:line:column` in a catalogue file of the user; none for a figure of the program.
    pub at: Option<String>,
}

/// A part of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Name, as scenarios use it.
    pub name: String,
    /// Kind.
    pub kind: Kind,
    /// One line that says what it is.
    pub title: String,
    /// The part of the program that gives what a catalogue file of the user does not state.
    pub base: Option<String>,
    /// Figures by name.
    pub figures: BTreeMap<String, Figure>,
}

impl Part {
    /// A figure by name.
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        self.figures.get(name)
    }

    /// The number of a quantity figure in its base unit.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.figure(name)?.value {
            Value::Number(x) => Some(x),
            _ => None,
        }
    }

    /// The word of a word figure.
    pub fn word(&self, name: &str) -> Option<&str> {
        match &self.figure(name)?.value {
            Value::Word(w) => Some(w),
            _ => None,
        }
    }

    /// The law of a random figure, in seconds for durations.
    pub fn dist(&self, name: &str) -> Option<&Dist> {
        match &self.figure(name)?.value {
            Value::Dist(d) => Some(d),
            _ => None,
        }
    }

    /// The failure causes of a node; empty for other parts.
    pub fn causes(&self) -> &[Cause] {
        match self.figures.get("failure_causes").map(|f| &f.value) {
            Some(Value::Causes(causes)) => causes,
            _ => &[],
        }
    }

    /// Whether this part must have the figure.
    pub fn needs(&self, spec: &FigureSpec) -> bool {
        match spec.need {
            Need::Always => true,
            Need::Optional | Need::OptionalWhen(..) => false,
            Need::When(key, words) => self.word(key).is_some_and(|w| words.contains(&w)),
        }
    }

    /// The figures this part has, in the order of its kind.
    pub fn in_order(&self) -> impl Iterator<Item = (&'static FigureSpec, &Figure)> {
        kind_figures(self.kind).iter().filter_map(|spec| Some((spec, self.figure(spec.name)?)))
    }
}

/// Reads the text of a figure of this type.
///
/// # Errors
///
/// What is wrong with the text, in one sentence.
pub fn read_value(figure: FigureType, text: &str) -> Result<Value, String> {
    use crate::units::{Dimension, parse, parse_dist};
    match figure {
        FigureType::Quantity(dim) => parse(text, dim).map(Value::Number).map_err(|e| e.to_string()),
        FigureType::Dist(dim) => parse_dist(text, dim).map(Value::Dist).map_err(|e| e.to_string()),
        FigureType::Whole => match parse(text, Dimension::Count) {
            Ok(n) if n.fract() == 0.0 => Ok(Value::Number(n)),
            Ok(_) => Err(format!("'{text}' is not a whole number")),
            Err(e) => Err(e.to_string()),
        },
        FigureType::Word(words) if words.contains(&text) => Ok(Value::Word(text.to_owned())),
        FigureType::Word(words) => Err(format!("'{text}' is none of {}", words.join(", "))),
        FigureType::Causes => read_causes(text).map(Value::Causes),
    }
}

/// Reads `cause count class, cause count class, …`.
fn read_causes(text: &str) -> Result<Vec<Cause>, String> {
    let mut causes = vec![];
    for entry in text.split(',').map(str::trim) {
        let words: Vec<&str> = entry.split_whitespace().collect();
        let [name, count, repair] = words[..] else {
            return Err(format!("'{entry}' is not 'cause count class'"));
        };
        let share: f64 = count.parse().map_err(|_| format!("'{count}' is not a count"))?;
        if !super::kind::REPAIR_CLASSES.contains(&repair) {
            return Err(format!("'{repair}' is no repair class"));
        }
        causes.push(Cause { name: name.to_owned(), share, repair: repair.to_owned() });
    }
    let total: f64 = causes.iter().map(|c| c.share).sum();
    for cause in &mut causes {
        cause.share /= total;
    }
    Ok(causes)
}
