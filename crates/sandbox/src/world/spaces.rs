//! Confluence spaces.

use super::{
    FIRST_DAY, Millis,
    dice::Dice,
    people::{ADA, PersonIndex, people, writer},
    site::SitePlan,
    vocabulary::{REGIONS, SPACES, THEMES},
};

/// A Confluence space.
#[derive(Clone, Debug)]
pub struct Space {
    pub id: u64,
    pub key: String,
    pub name: String,
    pub kind: &'static str,
    pub archived: bool,
    /// Only Ada may see it.
    pub restricted: bool,
    /// Who lost sight of it by the control interface.
    pub hidden_from: Vec<PersonIndex>,
    pub author: PersonIndex,
    pub created: Millis,
    pub homepage: Option<u64>,
    pub description: String,
}

/// Position of Ada's personal space.
const PERSONAL: usize = 4;
const HOUR: Millis = 3_600_000;

pub fn generate_spaces(plan: &SitePlan) -> Vec<Space> {
    (0..plan.sizes.spaces).map(|index| generate(plan, index)).collect()
}

fn generate(plan: &SitePlan, index: usize) -> Space {
    let mut dice = Dice::new(plan.seed, "space", index as u64);
    let personal = index == PERSONAL;
    let (key, name, description) = if personal { personal_space(plan.seed) } else { name(index) };
    Space {
        // Confluence ids are large, even and far apart.
        id: 98_308 + 65_536 * index as u64 + 4 * (dice.next() % 1000),
        kind: match index {
            PERSONAL => "personal",
            _ if key == "SUPPORT" => "knowledge_base",
            _ if index % 9 == 8 => "collaboration",
            _ => "global",
        },
        archived: key == "OLDWEB" || (index > 20 && dice.percent(8)),
        restricted: key == "LEGAL",
        hidden_from: Vec::new(),
        author: if personal { ADA } else { writer(&mut dice) },
        created: FIRST_DAY + HOUR * Millis::try_from(index).unwrap_or_default() + dice.millis(HOUR),
        homepage: None,
        key,
        name,
        description,
    }
}

/// The key of a personal space is `~` and the account id without its punctuation.
fn personal_space(seed: u64) -> (String, String, String) {
    let people = people(seed);
    let owner = &people[ADA];
    let key = owner.account_id.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    (format!("~{key}"), owner.name.to_string(), String::new())
}

fn name(index: usize) -> (String, String, String) {
    if let Some((key, name, description)) = SPACES.get(index) {
        return (String::from(*key), String::from(*name), String::from(*description));
    }
    let index = index - SPACES.len();
    let (theme_key, theme, purpose) = THEMES[index % THEMES.len()];
    let (region_key, region) = REGIONS[index / THEMES.len() % REGIONS.len()];
    let round = index / (THEMES.len() * REGIONS.len());
    let suffix = if round == 0 { String::new() } else { format!("{}", round + 1) };
    (
        format!("{region_key}{theme_key}{suffix}"),
        format!("{theme} {region} {suffix}").trim().into(),
        purpose.into(),
    )
}
