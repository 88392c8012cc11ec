//! Every relative link in the documentation leads to a file, and to a heading of it where it names one.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn relative_links_lead_somewhere() {
    let pages = pages();
    assert!(pages.len() > 10, "only {} pages were found", pages.len());
    let mut broken = Vec::new();
    for page in &pages {
        let text = fs::read_to_string(page).expect("a page can be read");
        for link in links(&text) {
            if let Some(problem) = problem(page, &text, link) {
                broken.push(format!("{}: {link}: {problem}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// All Markdown files at the top and below `docs/`.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(ROOT);
    let is_page = |path: &PathBuf| path.extension().is_some_and(|e| e == "md");
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("a folder can be listed");
        entries.map(|entry| entry.expect("an entry can be read").path()).collect()
    };
    let mut pages: Vec<PathBuf> = list(root).into_iter().filter(is_page).collect();
    let mut open = vec![root.join("docs")];
    while let Some(folder) = open.pop() {
        for path in list(&folder) {
            if path.is_dir() {
                open.push(path);
            } else if is_page(&path) {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// The targets of all Markdown links outside code blocks.
fn links(text: &str) -> Vec<&str> {
    let mut inside_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside_code = !inside_code;
        }
        if !inside_code {
            found.extend(line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target));
        }
    }
    found
}

fn problem(page: &Path, text: &str, link: &str) -> Option<String> {
    if link.starts_with("http://") || link.starts_with("https://") {
        return None;
    }
    let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
    let target = page.parent().expect("a page lies in a folder").join(file);
    if !file.is_empty() && !target.exists() {
        return Some("there is no such file".to_owned());
    }
    let heading = heading?;
    let other;
    let text = if file.is_empty() {
        text
    } else {
        other = fs::read_to_string(&target).ok()?;
        &other
    };
    let found = text.lines().filter_map(|line| line.strip_prefix('#')).any(|line| slug(line) == heading);
    (!found).then(|| format!("there is no heading '{heading}'"))
}

/// A heading as it appears in a link: lower case, spaces to hyphens, punctuation dropped.
fn slug(heading: &str) -> String {
    let kept = |c: char| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
        _ => None,
    };
    heading.trim_start_matches('#').trim().chars().filter_map(kept).collect()
}
