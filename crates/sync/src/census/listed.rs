//! The ids that Atlassian lists, in little memory: eight bytes each, because nearly all of them are numbers.

use connector_atlassian::BadRecord;
use connector_domain::Timestamp;

use serde::{Deserialize, Serialize};

use crate::Stream;

/// The ids of one list that was read to its end.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Listed {
    numbers: Vec<u64>,
    texts: Vec<String>,
    /// Records in it that cannot be read. Where they have ids, these are listed too: the things are there.
    pub(super) bad: Vec<(Stream, BadRecord)>,
    /// Atlassian's clock at its first page.
    pub(super) begun: Option<Timestamp>,
}

impl Listed {
    pub(super) fn add<'a>(&mut self, ids: impl IntoIterator<Item = &'a str>) {
        for id in ids {
            match number(id) {
                Some(number) => self.numbers.push(number),
                None => self.texts.push(id.to_owned()),
            }
        }
    }

    /// Notes records that cannot be read, and when their page was asked for.
    pub(super) fn add_page(&mut self, stream: Stream, bad: Vec<BadRecord>, date: Option<Timestamp>) {
        self.add(bad.iter().filter_map(|record| record.id.as_deref()));
        self.bad.extend(bad.into_iter().map(|record| (stream, record)));
        self.begun = self.begun.or(date);
    }

    /// To be called behind the last page: a list may name a thing twice.
    pub(super) fn sort(&mut self) {
        self.numbers.sort_unstable();
        self.numbers.dedup();
        self.texts.sort_unstable();
        self.texts.dedup();
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len() + self.texts.len()
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.position(id).is_some()
    }

    /// Which of all ids it is.
    pub(super) fn position(&self, id: &str) -> Option<usize> {
        match number(id) {
            Some(number) => self.numbers.binary_search(&number).ok(),
            None => {
                let position = self.texts.binary_search_by(|text| text.as_str().cmp(id)).ok();
                position.map(|position| self.numbers.len() + position)
            }
        }
    }

    /// The ids at whose position there is `false`.
    pub(super) fn unmarked(&self, marks: &[bool]) -> Vec<String> {
        let numbers = self.numbers.iter().map(u64::to_string);
        let ids = numbers.chain(self.texts.iter().cloned());
        ids.zip(marks).filter(|(_, marked)| !**marked).map(|(id, _)| id).collect()
    }

    /// How many records in it cannot be read and do not say which they are: each could be any.
    pub(super) fn nameless(&self) -> usize {
        self.bad.iter().filter(|(_, record)| record.id.is_none()).count()
    }
}

/// An id that is a number and nothing else.
fn number(id: &str) -> Option<u64> {
    id.parse().ok().filter(|number: &u64| number.to_string() == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_both_kinds_are_found_again() {
        let mut listed = Listed::default();
        listed.add(["10", "att7", "9", "007", "10"]);
        let bad = |id: Option<&str>| BadRecord { id: id.map(str::to_owned), what: "broken".to_owned() };
        listed.add_page(Stream::JiraIssues, vec![bad(Some("11")), bad(None)], None);
        listed.sort();
        assert_eq!((listed.len(), listed.nameless()), (5, 1));
        for (id, is_listed) in [
            ("9", true),
            ("10", true),
            ("11", true),
            ("007", true),
            ("att7", true),
            ("7", false),
            ("", false),
        ] {
            assert_eq!(listed.contains(id), is_listed, "{id}");
        }
        let mut marks = vec![false; listed.len()];
        for id in ["10", "att7"] {
            marks[listed.position(id).unwrap()] = true;
        }
        assert_eq!(listed.unmarked(&marks), ["9", "11", "007"]);
    }
}
