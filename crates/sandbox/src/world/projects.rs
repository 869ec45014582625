//! Jira projects.

use super::{
    LAST_DAY, Millis,
    dice::Dice,
    people::{PersonIndex, uuid, writer},
    site::SitePlan,
    vocabulary::{PROJECTS, REGIONS, THEMES},
};

/// A Jira project.
#[derive(Clone, Debug)]
pub struct Project {
    pub id: u64,
    pub key: String,
    /// Keys that it had before; they keep resolving.
    pub old_keys: Vec<String>,
    pub uuid: String,
    pub name: String,
    pub description: String,
    pub lead: PersonIndex,
    pub kind: &'static str,
    /// Team-managed ("next-gen") as opposed to company-managed ("classic").
    pub simplified: bool,
    /// Only the lead and Ada may see it.
    pub private: bool,
    /// Who lost sight of it by the control interface.
    pub hidden_from: Vec<PersonIndex>,
    pub category: Option<usize>,
    pub state: ProjectState,
    /// The highest number that an issue of it got.
    pub last_number: u64,
}

/// Whether a project is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectState {
    Live,
    Archived { at: Millis, by: PersonIndex },
    Deleted { at: Millis, by: PersonIndex },
}

impl ProjectState {
    /// The name that the `status` parameter of the project search has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Archived { .. } => "archived",
            Self::Deleted { .. } => "deleted",
        }
    }
}

/// Categories: name and description; the id is 10000 plus the position.
pub const CATEGORIES: [(&str, &str); 3] = [
    ("Product", "What customers see"),
    ("Platform", "What carries the rest"),
    ("Business", "Departments without software"),
];

const BUSINESS: [&str; 5] = ["PPL", "MKT", "MUC", "FIN", "LEGAL"];
const DAY: Millis = 86_400_000;

/// The projects of a site: those in use and, where the plan wants them, an archived and a deleted one.
pub fn generate_projects(plan: &SitePlan) -> Vec<Project> {
    let leftovers = if plan.leftovers { 2 } else { 0 };
    (0..plan.sizes.projects + leftovers)
        .map(|index| {
            let mut project = generate(plan, index);
            let by = project.lead;
            match index.checked_sub(plan.sizes.projects) {
                Some(0) => project.state = ProjectState::Archived { at: LAST_DAY - 200 * DAY, by },
                Some(_) => project.state = ProjectState::Deleted { at: LAST_DAY - 20 * DAY, by },
                None => {}
            }
            project
        })
        .collect()
}

fn generate(plan: &SitePlan, index: usize) -> Project {
    let mut dice = Dice::new(plan.seed, "project", index as u64);
    let (key, name, description) = name(index);
    let simplified = dice.percent(60);
    let business = BUSINESS.contains(&key.as_str());
    Project {
        id: 10_000 + index as u64,
        uuid: uuid(dice.next(), dice.next()),
        // One project was renamed: its first key still leads to it.
        old_keys: if key == "FUL" { vec![String::from("WARE")] } else { Vec::new() },
        private: key == "SEC",
        hidden_from: Vec::new(),
        name,
        // Jira answers an empty string where nobody wrote a description.
        description: if dice.percent(8) { String::new() } else { description },
        lead: writer(&mut dice),
        kind: if business { "business" } else { "software" },
        simplified,
        category: if dice.percent(70) { Some(if business { 2 } else { dice.below(2) }) } else { None },
        state: ProjectState::Live,
        last_number: 0,
        key,
    }
}

fn name(index: usize) -> (String, String, String) {
    if let Some((key, name, description)) = PROJECTS.get(index) {
        return (String::from(*key), String::from(*name), String::from(*description));
    }
    let index = index - PROJECTS.len();
    let (theme_key, theme, purpose) = THEMES[index % THEMES.len()];
    let (region_key, region) = REGIONS[index / THEMES.len() % REGIONS.len()];
    let round = index / (THEMES.len() * REGIONS.len());
    let suffix = if round == 0 { String::new() } else { (round + 1).to_string() };
    let name = format!("{theme} {region}{}{suffix}", if round == 0 { "" } else { " " });
    (format!("{region_key}{theme_key}{suffix}"), name, format!("{purpose} {region}."))
}
