use std::collections::HashMap;

/// What the custom fields of a site are called: their ids differ from site to site.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldNames(HashMap<String, String>);

impl FieldNames {
    /// Names are not unique: the first field of a name has it, each further one has its id behind the name.
    pub(crate) fn new(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut names = HashMap::new();
        let mut taken = std::collections::HashSet::new();
        let mut fields: Vec<_> = fields.into_iter().collect();
        fields.sort_unstable();
        for (id, name) in fields {
            let name = if taken.insert(name.clone()) { name } else { format!("{name} ({id})") };
            names.insert(id, name);
        }
        Self(names)
    }

    pub(crate) fn knows(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// The name of a field, or its id where nobody knows one.
    pub(crate) fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }
}

/// The key of each space by its id: pages name their space by the id only.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpaceKeys(HashMap<String, String>);

impl SpaceKeys {
    pub(crate) fn new(spaces: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(spaces.into_iter().collect())
    }

    /// These keys and those besides.
    pub(crate) fn with(&self, more: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut keys = self.0.clone();
        keys.extend(more);
        Self(keys)
    }

    pub(crate) fn knows(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// The key of a space, or its id where nobody knows one.
    pub(crate) fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fields_of_one_name_stay_two() {
        let field = |id: &str, name: &str| (id.to_owned(), name.to_owned());
        let names = FieldNames::new([field("customfield_2", "Region"), field("customfield_1", "Region")]);
        assert_eq!(names.of("customfield_1"), "Region");
        assert_eq!(names.of("customfield_2"), "Region (customfield_2)");
        assert_eq!(names.of("customfield_3"), "customfield_3");
    }
}
