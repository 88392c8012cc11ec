//! Commented starting scenarios for `apollo new`.

/// A starting scenario.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Name for `--from`.
    pub name: &'static str,
    /// One line.
    pub title: &'static str,
    /// The scenario.
    pub text: &'static str,
}

/// All templates; the first is the default.
pub fn templates() -> &'static [Template] {
    &[
        Template {
            name: "quickstart",
            title: "two sites, one link, one copy: the smallest whole plan, explained line by line",
            text: include_str!("templates/quickstart.toml"),
        },
        Template {
            name: "storage",
            title: "one storage system under a read, a write and a mixed load",
            text: include_str!("templates/storage.toml"),
        },
        Template {
            name: "rl",
            title: "an online-RL loop over two sites with a feedback target",
            text: include_str!("templates/rl.toml"),
        },
    ]
}

/// The text of a template under a new title; `None` for an unknown template.
///
/// The title is written as a TOML string, so any characters are fine in it.
pub fn from_template(template: &str, title: &str) -> Option<String> {
    let template = templates().iter().find(|t| t.name == template)?;
    let title = toml::Value::String(title.to_owned()).to_string();
    let lines = template.text.lines().map(|line| match line.starts_with("title = ") {
        true => format!("title = {title}"),
        false => line.to_owned(),
    });
    Some(lines.collect::<Vec<_>>().join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::super::{load_text, render_text};
    use super::*;

    #[test]
    fn every_template_checks_without_a_warning() {
        for template in templates() {
            let name = format!("{}.toml", template.name);
            let (plan, sources) = load_text(&name, template.text, &[])
                .unwrap_or_else(|errors| panic!("{}\n{}", template.name, render_text(&errors, false)));
            assert!(sources.warnings.is_empty(), "{}\n{}", template.name, render_text(&sources.warnings, false));
            assert!(!plan.works.is_empty() && !plan.targets.is_empty());
        }
    }

    #[test]
    fn any_title_fits() {
        let title = "a \"quoted\"\n../../x";
        let text = from_template("quickstart", title).expect("it exists");
        let (plan, _) = load_text("x.toml", &text, &[]).unwrap_or_else(|e| panic!("{}", render_text(&e, false)));
        assert_eq!(plan.title, title);
        assert!(from_template("nope", "x").is_none());
    }
}
