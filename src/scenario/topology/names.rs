//! Labels of files as names of addresses.

use std::collections::BTreeSet;

/// Longest name of a site that is made from a label, so that two of them and a number make the name of a link.
const LONGEST: usize = 28;

/// Makes names, each once.
#[derive(Debug, Default)]
pub struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A name like the label that has not been given yet.
    pub fn like(&mut self, label: &str) -> String {
        self.once(plain(label))
    }

    /// A name for a link between two sites that has not been given yet.
    pub fn like_link(&mut self, [a, b]: &[String; 2]) -> String {
        self.once(format!("{a}--{b}"))
    }

    fn once(&mut self, plain: String) -> String {
        let mut name = plain.clone();
        let mut number = 1;
        while !self.taken.insert(name.clone()) {
            number += 1;
            name = format!("{plain}-{number}");
        }
        name
    }
}

/// A label in the letters of names: accents are dropped, everything else becomes one hyphen.
fn plain(label: &str) -> String {
    let mut out = String::new();
    for c in label.chars() {
        let c = base(c);
        if c.is_ascii_alphanumeric() || c == '_' {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let cut: String = out.chars().take(LONGEST).collect();
    let name = cut.trim_matches('-');
    if name.is_empty() { "site".to_owned() } else { name.to_owned() }
}

/// The letter under the accent, for those of western and central European place names.
fn base(c: char) -> char {
    const LETTERS: [(&str, char); 24] = [
        ("àáâãäåāă", 'a'),
        ("ÀÁÂÃÄÅĀ", 'A'),
        ("çćč", 'c'),
        ("ÇĆČ", 'C'),
        ("ďđ", 'd'),
        ("èéêëēęě", 'e'),
        ("ÈÉÊËĒĘĚ", 'E'),
        ("ìíîïī", 'i'),
        ("ÌÍÎÏĪ", 'I'),
        ("łĺľ", 'l'),
        ("ŁĽ", 'L'),
        ("ñńň", 'n'),
        ("ÑŃŇ", 'N'),
        ("òóôõöøōő", 'o'),
        ("ÒÓÔÕÖØŌ", 'O'),
        ("řŕ", 'r'),
        ("śšş", 's'),
        ("ŚŠŞ", 'S'),
        ("ťţ", 't'),
        ("ùúûüūůű", 'u'),
        ("ÙÚÛÜŪ", 'U'),
        ("ýÿ", 'y'),
        ("źżž", 'z'),
        ("ŹŻŽ", 'Z'),
    ];
    LETTERS.iter().find(|(with, _)| with.contains(c)).map_or(c, |(_, letter)| *letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_names_each_once() {
        let mut names = Names::default();
        let labels = ["New York, NY", "New York (NY)", "Zürich", "東京", "", "a.b", "  x  ", &"y".repeat(99)];
        let made: Vec<String> = labels.iter().map(|label| names.like(label)).collect();
        assert_eq!(made[..7], ["New-York-NY", "New-York-NY-2", "Zurich", "site", "site-2", "a-b", "x"]);
        assert_eq!(made[7].len(), LONGEST);
        let ends = [made[0].clone(), made[6].clone()];
        assert_eq!([names.like_link(&ends), names.like_link(&ends)], ["New-York-NY--x", "New-York-NY--x-2"]);
    }
}
