use std::fmt;

/// Where a sealed value lies. It opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    pub table: &'a str,
    pub column: &'a str,
    pub row: &'a str,
    /// For values of which a row has had several, so that an old one cannot be put back.
    pub generation: Option<i64>,
}

impl Place<'_> {
    /// The bytes that are sealed along with a value: `header` and the place, each part with its length in
    /// front, so that no two places give the same bytes.
    pub(crate) fn associated_data(&self, header: &[u8]) -> Vec<u8> {
        let generation = self.generation.map(i64::to_be_bytes);
        let parts: [&[u8]; 5] = [
            header,
            self.table.as_bytes(),
            self.column.as_bytes(),
            self.row.as_bytes(),
            generation.as_ref().map_or(&[], |bytes| bytes.as_slice()),
        ];
        let mut data = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            data.extend_from_slice(&(part.len() as u64).to_be_bytes());
            data.extend_from_slice(part);
        }
        data
    }
}

/// `` `table.column` of row `id` ``, with the generation where there is one.
impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}.{}` of row `{}`", self.table, self.column, self.row)?;
        match self.generation {
            Some(generation) => write!(f, ", generation {generation}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_run_into_each_other() {
        let place = |table, column, row, generation| Place { table, column, row, generation };
        let places = [
            place("ab", "c", "d", None),
            place("a", "bc", "d", None),
            place("a", "b", "cd", None),
            place("abc", "", "d", None),
            place("a", "b", "cd", Some(0)),
            place("a", "b", "cd", Some(1)),
            place("a", "b", "cd\0\0\0\0\0\0\0\0", None),
        ];
        for (i, one) in places.iter().enumerate() {
            for other in &places[i + 1..] {
                assert_ne!(one.associated_data(b"x"), other.associated_data(b"x"), "{one} and {other}");
            }
        }
    }
}
