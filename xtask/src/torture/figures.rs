//! The table of figures in the page about reliability.

use std::fs;
use std::path::Path;

use anyhow::Context;

const BEGIN: &str = "<!-- torture -->";
const END: &str = "<!-- end torture -->";

/// Puts the figures between their markers, in place of those of the same runs.
pub fn write(path: &Path, figures: &str) -> anyhow::Result<()> {
    let page = fs::read_to_string(path)?;
    Ok(fs::write(path, merged(&page, figures)?)?)
}

fn merged(page: &str, figures: &str) -> anyhow::Result<String> {
    let (before, rest) = page.split_once(BEGIN).context("no begin of the figures")?;
    let (known, after) = rest.split_once(END).context("no end of the figures")?;
    let (known, new) = (lines(known), lines(figures));
    let same =
        |table: &[&'_ str], line: &str| table.iter().skip(HEAD).position(|other| run(other) == run(line));
    let in_place = known.iter().skip(HEAD).map(|line| same(&new, line).map_or(*line, |at| new[HEAD + at]));
    let added = new.iter().skip(HEAD).copied().filter(|line| same(&known, line).is_none());
    let table: Vec<&str> = new.iter().take(HEAD).copied().chain(in_place).chain(added).collect();
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", table.join("\n")))
}

/// The names of the columns, and the line below them.
const HEAD: usize = 2;

fn lines(table: &str) -> Vec<&str> {
    table.lines().filter(|line| line.starts_with('|')).collect()
}

/// The first cell, which names the run.
fn run(line: &str) -> &str {
    line.split('|').nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_replace_those_of_the_same_run_and_leave_the_others() {
        let page = format!("before\n{BEGIN}\n{END}\nafter\n");
        let once = merged(&page, "| run | n |\n|---|--:|\n| T1 | 1 |\n| T2 | 1 |\n\n").unwrap();
        let twice = merged(&once, "| run | n |\n|---|--:|\n| T1 | 2 |\n| T3 | 1 |\n").unwrap();
        let table = "| run | n |\n|---|--:|\n| T1 | 2 |\n| T2 | 1 |\n| T3 | 1 |";
        assert_eq!(twice, format!("before\n{BEGIN}\n\n{table}\n\n{END}\nafter\n"));
        assert!(merged("no markers", "| run |\n").is_err());
    }
}
