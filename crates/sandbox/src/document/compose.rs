//! What pages and issues say: composed anew from the seed and the id each time it is asked for.

use super::{Block, Document, Span};
use crate::world::{
    dice::Dice,
    people::{Person, writer},
    vocabulary::{AWKWARD, DEEDS, SENTENCES, SERVICES, TEAMS, THINGS, WISHES},
};

/// One body in this many is about 32 KB long.
const HUGE: usize = 150;
/// One description in this many is missing.
const MISSING: usize = 7;

/// The body of a page.
pub fn page_body(seed: u64, page: u64, people: &[Person]) -> Document {
    let mut dice = Dice::new(seed, "page-body", page);
    if dice.percent(3) {
        return Document::default();
    }
    let sections = if dice.below(HUGE) == 0 { 90 } else { 1 + dice.below(4) };
    let mut blocks = Vec::new();
    if sections > 2 {
        blocks.push(Block::TableOfContents);
    }
    blocks.push(paragraph(&mut dice, people));
    for _ in 0..sections {
        blocks.push(Block::Heading(2, heading(&mut dice)));
        blocks.push(paragraph(&mut dice, people));
        blocks.push(insert(&mut dice));
    }
    Document(blocks)
}

/// The description of an issue; some have none.
pub fn description(seed: u64, issue: u64, people: &[Person]) -> Option<Document> {
    let mut dice = Dice::new(seed, "issue-description", issue);
    if dice.below(MISSING) == 0 {
        return None;
    }
    let mut blocks = vec![paragraph(&mut dice, people)];
    let more = if dice.below(HUGE) == 0 { 130 } else { dice.below(3) };
    for _ in 0..more {
        blocks.push(insert(&mut dice));
        blocks.push(paragraph(&mut dice, people));
    }
    Some(Document(blocks))
}

/// What somebody says about an issue or a page.
pub fn comment(seed: u64, id: u64, people: &[Person]) -> Document {
    let mut dice = Dice::new(seed, "comment-text", id);
    let mut blocks = vec![paragraph(&mut dice, people)];
    if dice.percent(15) {
        blocks.push(insert(&mut dice));
    }
    Document(blocks)
}

fn heading(dice: &mut Dice) -> String {
    if dice.percent(5) {
        return String::from(dice.pick(&AWKWARD));
    }
    match dice.below(4) {
        0 => String::from("Background"),
        1 => format!("What to do about {}", dice.pick(&THINGS)),
        2 => format!("Open questions for {}", dice.pick(&TEAMS)),
        _ => format!("Rolling out {}", dice.pick(&SERVICES)),
    }
}

fn paragraph(dice: &mut Dice, people: &[Person]) -> Block {
    let mut spans = Vec::new();
    for _ in 0..=dice.below(4) {
        spans.push(Span::Text(format!("{} ", dice.pick(&SENTENCES))));
    }
    match dice.below(8) {
        0 => {
            let person = &people[writer(dice)];
            spans.push(Span::Text(String::from("Ask ")));
            spans.push(Span::Mention(person.account_id.clone(), person.name.to_string()));
        }
        1 => spans.push(Span::Code(format!("{} --dry-run", dice.pick(&SERVICES)))),
        2 => spans.push(Span::Strong(String::from("Do not skip this step."))),
        3 => spans.push(Span::Link {
            text: String::from("the dashboard"),
            href: format!("https://grafana.example.com/d/{}?from=now-7d&to=now", dice.pick(&SERVICES)),
        }),
        4 => spans.extend([Span::LineBreak, Span::Emoji("tada", "🎉")]),
        _ => {}
    }
    Block::Paragraph(spans)
}

fn insert(dice: &mut Dice) -> Block {
    match dice.below(9) {
        0 => Block::Table(table(dice)),
        1 => Block::Code(
            "bash",
            format!(
                "kubectl rollout restart deploy/{0}\nkubectl logs -f deploy/{0} | grep '<error>' && echo \"]]>\"",
                dice.pick(&SERVICES)
            ),
        ),
        2 => Block::Panel("info", String::from(dice.pick(&SENTENCES))),
        3 => Block::Panel("warning", String::from(dice.pick(&SENTENCES))),
        4 => Block::Tasks((0..3).map(|_| (dice.percent(50), String::from(dice.pick(&WISHES)))).collect()),
        5 => Block::Numbered((0..4).map(|_| String::from(dice.pick(&SENTENCES))).collect()),
        6 => Block::Rule,
        _ => {
            Block::Bullets((0..3).map(|_| format!("{} {}", dice.pick(&DEEDS), dice.pick(&THINGS))).collect())
        }
    }
}

fn table(dice: &mut Dice) -> Vec<Vec<String>> {
    let mut rows = vec![["Service", "Owner", "Requests per day"].map(String::from).to_vec()];
    for _ in 0..=dice.below(5) {
        let requests = dice.below(900_000).to_string();
        rows.push(vec![String::from(dice.pick(&SERVICES)), String::from(dice.pick(&TEAMS)), requests]);
    }
    rows
}
