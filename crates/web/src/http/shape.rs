//! The shape of a JSON text, looked at before anything is made of it.

use super::problem::Problem;

const DEEPEST: usize = 32;
/// In bytes. Each field has a limit of its own besides, which is lower.
const LONGEST_TEXT: usize = 64 * 1024;

/// # Errors
/// 422 for lists in lists in lists, and for texts that no field takes.
pub(crate) fn check(json: &[u8]) -> Result<(), Problem> {
    let (mut depth, mut bytes) = (0_usize, json.iter().enumerate());
    while let Some((start, byte)) = bytes.next() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = text_end(&mut bytes).unwrap_or(json.len());
                if end - start > LONGEST_TEXT {
                    let detail = format!("holds a text that is longer than {LONGEST_TEXT} bytes");
                    return Err(Problem::invalid_field("/", detail));
                }
            }
            _ => {}
        }
        if depth > DEEPEST {
            return Err(Problem::invalid_field("/", format!("is nested deeper than {DEEPEST} levels")));
        }
    }
    Ok(())
}

fn text_end<'b>(bytes: &mut impl Iterator<Item = (usize, &'b u8)>) -> Option<usize> {
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_fine(json: &str) -> bool {
        check(json.as_bytes()).is_ok()
    }

    #[test]
    fn depth_is_counted_outside_of_texts() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_fine(&nested(DEEPEST)) && !is_fine(&nested(DEEPEST + 1)));
        assert!(is_fine(&format!("\"{}\"", "[".repeat(100))));
        assert!(is_fine(&format!("\"\\\"{}\"", "{".repeat(100))), "an escaped quote ends no text");
        assert!(is_fine(&"{},".repeat(1000)), "side by side is not deep");
        assert!(!is_fine(&"{\"a\":".repeat(100_000)));
    }

    #[test]
    fn texts_are_short() {
        let text = |length| format!("[\"{}\"]", "x".repeat(length));
        assert!(is_fine(&text(LONGEST_TEXT - 1)) && !is_fine(&text(LONGEST_TEXT + 1)));
        assert!(!is_fine(&format!("\"{}", "x".repeat(LONGEST_TEXT * 2))), "one that does not end");
    }
}
