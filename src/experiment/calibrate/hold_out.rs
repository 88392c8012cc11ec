//! Which rows are held out of the fit, by a rule that anyone can repeat.

use sha2::{Digest, Sha256};

use crate::scenario::measured::Row;

/// The rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HoldOut {
    /// No row.
    None,
    /// This share of the rows, scattered over the settings. Rows of one setting stay together, so that no held-out row
    /// has a twin among the fitted ones, and the choice does not depend on the order of the rows.
    Share(f64),
    /// Every n-th row of the files.
    Every(usize),
    /// What the column `hold_out` says.
    Column,
}

impl HoldOut {
    /// The rule in words.
    pub fn words(self) -> String {
        match self {
            HoldOut::None => "none held out".to_owned(),
            HoldOut::Share(share) => format!("{} % of the rows held out, whole settings", share * 100.0),
            HoldOut::Every(n) => format!("one row in {n} held out, in the order of the files"),
            HoldOut::Column => "rows held out by the column 'hold_out'".to_owned(),
        }
    }

    /// For each row whether it is held out.
    pub fn choose(self, rows: &[Row]) -> Vec<bool> {
        match self {
            HoldOut::None => vec![false; rows.len()],
            HoldOut::Every(n) => (1..=rows.len()).map(|number| number % n == 0).collect(),
            HoldOut::Column => rows.iter().map(|row| row.hold_out == Some(true)).collect(),
            HoldOut::Share(share) => scattered(rows, share),
        }
    }
}

fn scattered(rows: &[Row], share: f64) -> Vec<bool> {
    let keys: Vec<[u8; 32]> = rows.iter().map(key).collect();
    let mut settings = keys.clone();
    settings.sort_unstable();
    settings.dedup();
    let wanted = (share * rows.len() as f64).round() as usize;
    let mut chosen = vec![false; rows.len()];
    for setting in settings {
        if chosen.iter().filter(|c| **c).count() >= wanted {
            break;
        }
        for (chosen, _) in chosen.iter_mut().zip(&keys).filter(|(_, key)| **key == setting) {
            *chosen = true;
        }
    }
    chosen
}

/// A number drawn from the setting of a row alone.
fn key(row: &Row) -> [u8; 32] {
    // A measured share scatters by some tenths of a per cent around the one that was asked for.
    let share = (row.read_share * 100.0).round();
    let setting = format!("{}/{}/{}/{share}", row.clients, row.io_size, row.queue_depth);
    Sha256::digest(setting.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let row = |n: u64| Row {
            label: String::new(),
            at: String::new(),
            clients: 1 + n / 2,
            io_size: 4096.0,
            queue_depth: 1,
            read_share: 1.0,
            rate: 1e6 * (n + 1) as f64,
            latency: None,
            duration: None,
            hold_out: Some(n == 3),
        };
        (0..40).map(row).collect()
    }

    #[test]
    fn twins_stay_together_and_order_does_not_matter() {
        let rows = rows();
        let chosen = HoldOut::Share(0.25).choose(&rows);
        assert_eq!(chosen.iter().filter(|c| **c).count(), 10);
        assert!(chosen.chunks(2).all(|pair| pair[0] == pair[1]));
        let backwards: Vec<Row> = rows.iter().rev().cloned().collect();
        let mut again = HoldOut::Share(0.25).choose(&backwards);
        again.reverse();
        assert_eq!(chosen, again);
    }

    #[test]
    fn the_other_rules_do_what_they_say() {
        let rows = rows();
        let which = |rule: HoldOut| -> Vec<usize> {
            rule.choose(&rows).iter().enumerate().filter(|(_, c)| **c).map(|(i, _)| i).collect()
        };
        assert!(which(HoldOut::None).is_empty());
        assert_eq!(which(HoldOut::Every(15)), [14, 29]);
        assert_eq!(which(HoldOut::Column), [3]);
    }
}
