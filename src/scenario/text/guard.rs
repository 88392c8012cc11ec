//! Limits checked before the parser runs, so that no file can exhaust the stack or the memory.
//!
//! One pass over the bytes knows just enough of TOML (comments and the four kinds of strings) to count brackets,
//! dotted segments and entries. Parsing, comparing and dropping a tree all recurse by depth, so depth is what must
//! be bounded first.

use std::ops::Range;

/// Largest file, bytes.
pub const MAX_BYTES: u64 = 8 << 20;
/// Largest data file that is read whole, bytes.
pub const MAX_DATA_BYTES: u64 = 512 << 20;
/// Deepest nesting of arrays and inline tables, and most segments of one dotted key.
pub const MAX_DEPTH: usize = 24;
/// Most keys and array elements together.
pub const MAX_ENTRIES: usize = 200_000;

/// A limit that a text breaks, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    /// What is too much.
    pub message: String,
    /// Where the limit is crossed.
    pub span: Range<usize>,
}

/// Checks the limits of a text.
///
/// # Errors
/// The first limit that is broken.
pub fn check(text: &str) -> Result<(), Broken> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut dots, mut entries) = (0, 0_usize, 0_usize, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'#' => at = line_end(bytes, at),
            quote @ (b'"' | b'\'') => {
                at = string_end(bytes, at, quote);
                continue;
            }
            b'[' | b'{' => {
                depth += 1;
                dots = 0;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'.' => dots += 1,
            b'=' | b',' => {
                entries += 1;
                dots = 0;
            }
            b'\n' => dots = 0,
            _ => {}
        }
        if depth > MAX_DEPTH || dots > MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} levels deep");
            return Err(Broken { message, span: at..at + 1 });
        }
        if entries > MAX_ENTRIES {
            let message = format!("more than {MAX_ENTRIES} keys and array elements");
            return Err(Broken { message, span: at..at + 1 });
        }
        at += 1;
    }
    Ok(())
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| from + n)
}

/// The offset after the string that opens at `from`; an unclosed one-line string ends with its line.
fn string_end(bytes: &[u8], from: usize, quote: u8) -> usize {
    let triple = [quote; 3];
    if bytes[from..].starts_with(&triple) {
        return triple_end(bytes, from + 3, quote);
    }
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\n' => return at,
            b'\\' if quote == b'"' => at += 1,
            b if b == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn triple_end(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while at < bytes.len() {
        if bytes[at] == b'\\' && quote == b'"' {
            at += 2;
        } else if bytes[at..].starts_with(&[quote; 3]) {
            // Up to two more quotes may belong to the content; they all close here.
            let run = bytes[at..].iter().take(5).take_while(|b| **b == quote).count();
            return at + run;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let deep = "[".repeat(100);
        for text in [
            format!("a = \"{deep}\""),
            format!("# {deep}"),
            format!("a = '''\n{deep}'''"),
            format!("a = \"\\\"{deep}\""),
        ] {
            assert_eq!(check(&text), Ok(()), "{text}");
        }
        assert!(check(&format!("a = {deep}")).is_err());
        assert!(check(&format!("a = \"\"\"x\"\"\"\nb = {deep}")).is_err());
    }

    #[test]
    fn dotted_keys_are_as_bounded_as_brackets() {
        let dotted = vec!["a"; 10_000].join(".");
        assert!(check(&format!("{dotted} = 1")).is_err());
        assert!(check(&format!("[{dotted}]")).is_err());
        assert_eq!(check(&format!("a = [{}]", vec!["1.5"; 1000].join(", "))), Ok(()));
    }

    #[test]
    fn the_number_of_entries_is_bounded() {
        assert!(check(&format!("a = [{}]", "1,".repeat(MAX_ENTRIES + 1))).is_err());
    }
}
