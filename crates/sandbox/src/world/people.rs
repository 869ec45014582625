//! The people of the simulated company: who can consent, who leads, who is an app, who has left.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::dice::Dice;

/// Index of a person in [`super::World::people`].
pub type PersonIndex = usize;

/// The default person, who sees everything.
pub const ADA: PersonIndex = 0;
/// A colleague who does not see the private project and the restricted space.
pub const BEN: PersonIndex = 1;
/// Somebody of another company.
pub const CHIARA: PersonIndex = 2;

/// An Atlassian account.
#[derive(Debug)]
pub struct Person {
    pub account_id: String,
    /// Missing for apps and for people who hide it.
    pub email: Option<String>,
    pub name: Cow<'static, str>,
    pub zone: Tz,
    pub locale: &'static str,
    pub active: bool,
    pub account_type: &'static str,
    pub title: &'static str,
    pub department: &'static str,
}

type Row = (&'static str, Option<&'static str>, Tz, &'static str, &'static str, &'static str);

/// Name, mail name, zone, locale, title, department. The first three can consent.
const PEOPLE: [Row; 22] = [
    ("Ada Lindqvist", Some("ada"), Tz::America__New_York, "en_US", "Engineering Director", "Engineering"),
    ("Ben Achterberg", Some("ben"), Tz::Europe__Amsterdam, "nl_NL", "Backend Engineer", "Engineering"),
    ("Chiara Moretti", Some("chiara"), Tz::Europe__Rome, "it_IT", "Head of Operations", "Operations"),
    ("Daniel Osei", Some("daniel.osei"), Tz::Africa__Accra, "en_GB", "Site Reliability Engineer", "Platform"),
    ("Elif Yıldırım", Some("elif.yildirim"), Tz::Europe__Istanbul, "tr_TR", "Product Manager", "Product"),
    ("Farah Haddad", Some("farah.haddad"), Tz::Asia__Beirut, "en_US", "Data Engineer", "Data"),
    (
        "Grzegorz Wójcik",
        Some("grzegorz.wojcik"),
        Tz::Europe__Warsaw,
        "pl_PL",
        "Staff Engineer",
        "Engineering",
    ),
    ("Hana Kobayashi", Some("hana.kobayashi"), Tz::Asia__Tokyo, "ja_JP", "Mobile Engineer", "Engineering"),
    (
        "Imani Njoroge",
        Some("imani.njoroge"),
        Tz::Africa__Nairobi,
        "en_GB",
        "Customer Support Lead",
        "Support",
    ),
    ("Jonas Brandt", Some("jonas.brandt"), Tz::Europe__Berlin, "de_DE", "Security Engineer", "Security"),
    ("Katarzyna Nowak", None, Tz::Europe__Warsaw, "pl_PL", "QA Engineer", "Engineering"),
    ("Liam O’Connell", Some("liam.oconnell"), Tz::Europe__Dublin, "en_GB", "Finance Manager", "Finance"),
    ("María José Peña", Some("mariajose.pena"), Tz::America__Bogota, "es_ES", "Designer", "Design"),
    (
        "Nikhil Deshpande",
        Some("nikhil.deshpande"),
        Tz::Asia__Kolkata,
        "en_US",
        "Frontend Engineer",
        "Engineering",
    ),
    ("Olga Petrenko", Some("olga.petrenko"), Tz::Europe__Kyiv, "uk_UA", "Data Analyst", "Data"),
    ("李 小龍", Some("xiaolong.li"), Tz::Asia__Hong_Kong, "zh_CN", "Logistics Manager", "Operations"),
    ("Renée Dubois", Some("renee.dubois"), Tz::Europe__Paris, "fr_FR", "People Partner", "People"),
    ("סיגל בן־דוד", Some("sigal.bendavid"), Tz::Asia__Jerusalem, "he_IL", "Legal Counsel", "Legal"),
    ("Tomás Silva 🏄", Some("tomas.silva"), Tz::Atlantic__Azores, "pt_PT", "Platform Engineer", "Platform"),
    ("Former user", None, Tz::UTC, "en_US", "", ""),
    ("Build Bot", None, Tz::UTC, "en_US", "", ""),
    ("Automation for Jira", None, Tz::UTC, "en_US", "", ""),
];

/// How many of the people write issues and pages; the rest have left or are apps.
const WRITERS: usize = 19;

/// Somebody who does the company's work.
pub fn writer(dice: &mut Dice) -> PersonIndex {
    dice.skewed(WRITERS)
}

/// Whether somebody can log in: the first three, and those who were hired later.
pub const fn has_account(person: PersonIndex) -> bool {
    person <= CHIARA || person >= PEOPLE.len()
}

/// The name of a person.
pub fn name_of(person: PersonIndex) -> Cow<'static, str> {
    let hired = || Cow::Owned(format!("Person {}", person + 1 - PEOPLE.len()));
    PEOPLE.get(person).map_or_else(hired, |row| Cow::Borrowed(row.0))
}

/// Everybody, with account ids that belong to the seed.
pub fn people(seed: u64) -> Vec<Person> {
    PEOPLE.iter().enumerate().map(|(index, row)| person(seed, index, *row)).collect()
}

/// The person who comes after so many others, of whom the company's own are the first. They do nothing but consent.
pub fn hired(seed: u64, index: PersonIndex) -> Person {
    let row = PEOPLE[index % WRITERS];
    let mut person = person(seed, index, row);
    person.account_type = "atlassian";
    person.active = true;
    person.account_id = account_id(&mut Dice::new(seed, "person", index as u64), person.account_type);
    person.email = Some(format!("person-{}@example.com", index + 1 - PEOPLE.len()));
    person.name = name_of(index);
    person
}

fn person(seed: u64, index: PersonIndex, (name, mail, zone, locale, title, department): Row) -> Person {
    let mut dice = Dice::new(seed, "person", index as u64);
    let account_type = if index > WRITERS { "app" } else { "atlassian" };
    Person {
        account_id: account_id(&mut dice, account_type),
        email: mail.map(|mail| format!("{mail}@example.com")),
        name: Cow::Borrowed(name),
        zone,
        locale,
        active: index != WRITERS,
        account_type,
        title,
        department,
    }
}

/// Both spellings are in use: a number, a colon and a UUID for accounts of today, 24 hex digits for old ones.
fn account_id(dice: &mut Dice, account_type: &str) -> String {
    let (high, low) = (dice.next(), dice.next());
    if account_type == "app" || dice.percent(20) {
        return format!("5{:023x}", u128::from(high) << 16 | u128::from(low & 0xffff));
    }
    format!("712020:{}", uuid(high, low))
}

/// Two numbers written as a UUID of version 4.
pub fn uuid(high: u64, low: u64) -> String {
    let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0x0fff);
    format!(
        "{a:08x}-{b:04x}-4{c:03x}-{:04x}-{:012x}",
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}
