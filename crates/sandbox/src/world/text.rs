//! Titles and summaries.

use super::{
    dice::Dice,
    vocabulary::{AWKWARD, DEEDS, FAULTS, ROLES, SERVICES, TEAMS, THINGS, WHEN, WISHES},
    workflow::{BUG, EPIC, STORY, SUBTASK},
};

/// Atlassian allows 255 characters in a title and in a summary.
pub const LONGEST_TITLE: usize = 255;

/// The summary of an issue of a type.
pub fn summary(dice: &mut Dice, issue_type: usize) -> String {
    if dice.percent(2) {
        return awkward(dice);
    }
    let thing = dice.pick(&THINGS);
    match issue_type {
        EPIC => format!(
            "{} {}",
            capitalized(thing),
            dice.pick(&["2.0", "for partners", "everywhere", "without downtime"])
        ),
        BUG => format!("{} {} {}", capitalized(thing), dice.pick(&FAULTS), dice.pick(&WHEN)),
        STORY => format!("As a {} I want to {}", dice.pick(&ROLES), dice.pick(&WISHES)),
        SUBTASK => format!(
            "{} {thing}: {}",
            dice.pick(&DEEDS),
            dice.pick(&["draft", "review", "roll-out", "follow-up"])
        ),
        _ => format!("{} {thing}", dice.pick(&DEEDS)),
    }
}

/// The title of a page; `number` counts the pages of its space.
pub fn title(dice: &mut Dice, number: usize) -> String {
    if dice.percent(4) {
        return awkward(dice);
    }
    let thing = dice.pick(&THINGS);
    let team = dice.pick(&TEAMS);
    let service = dice.pick(&SERVICES);
    let (year, month, day) = (2023 + dice.below(3), 1 + dice.below(12), 1 + dice.below(28));
    match dice.below(12) {
        0 => format!("ADR-{number:03}: {} {thing}", dice.pick(&DEEDS)),
        1 => format!("{year}-{month:02}-{day:02} {team} retrospective"),
        2 => format!("{year}-{month:02}-{day:02} Weekly sync {team}"),
        3 => format!("Runbook: {service}"),
        4 => format!("Postmortem {year}-{month:02}-{day:02}: {thing} {}", dice.pick(&FAULTS)),
        5 => format!("How we handle {thing}"),
        6 => format!("{} – user research", capitalized(thing)),
        7 => format!("Release notes {}.{}.{}", year - 2020, month, dice.below(20)),
        8 => format!("Team {team}"),
        9 => format!("{service}: architecture"),
        10 => format!("FAQ {thing}"),
        _ => format!("{} for {}s", capitalized(thing), dice.pick(&ROLES)),
    }
}

/// A title of the longest length that Atlassian accepts.
pub fn longest_title(dice: &mut Dice) -> String {
    let mut title = String::from("Minutes of the meeting in which we agreed how long a title may be");
    while title.chars().count() < LONGEST_TITLE {
        title.push_str(", and ");
        title.push_str(dice.pick(&WISHES));
    }
    title.chars().take(LONGEST_TITLE - 1).chain(['…']).collect()
}

fn awkward(dice: &mut Dice) -> String {
    String::from(dice.pick(&AWKWARD))
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
