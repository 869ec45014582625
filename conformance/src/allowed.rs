//! Where real answers of Atlassian are known to deviate from its own documents, and the sandbox follows the answers.
//!
//! An entry that nothing needs any more is a failure of the run.

use crate::report::Fault;

/// Deviations that are known and wanted.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// `GET /rest/api/3/project/search`; `*` stands for anything.
    pub operation: &'static str,
    /// As a fault has it; `*` stands for anything.
    pub pointer: &'static str,
    /// What the fault says begins like this.
    pub what: &'static str,
    pub why: &'static str,
}

impl Allowed {
    pub fn covers(&self, operation: &str, fault: &Fault) -> bool {
        glob(self.operation, operation)
            && glob(self.pointer, &fault.pointer)
            && fault.what.starts_with(self.what)
    }
}

/// Members that the document leaves out.
const UNDOCUMENTED: &str = "is not documented";
/// Null, or text, where the document has another type.
const OTHER_TYPE: &str = "value is not";

/// Of answers.
pub const ANSWERS: &[Allowed] = &[
    Allowed {
        operation: "* /rest/api/3/*",
        pointer: "*",
        what: "is no date-time",
        why: "Jira writes offsets without a colon (+0200), in recorded answers and in the document's own examples",
    },
    Allowed {
        operation: "* /rest/api/3/*",
        pointer: "*/items/*/from*",
        what: OTHER_TYPE,
        why: "recorded changelogs have null for what was empty before",
    },
    Allowed {
        operation: "* /rest/api/3/*",
        pointer: "*/items/*/to*",
        what: OTHER_TYPE,
        why: "recorded changelogs have null for what is empty now",
    },
    Allowed {
        operation: "* /rest/api/3/*",
        pointer: "*emailAddress",
        what: OTHER_TYPE,
        why: "other clients have met null for people who hide their address",
    },
    Allowed {
        operation: "GET /rest/api/3/project*",
        pointer: "*/entityId",
        what: UNDOCUMENTED,
        why: "recorded projects have it, equal to `uuid`",
    },
    Allowed {
        operation: "GET /rest/api/3/project*",
        pointer: "*/projectKeys",
        what: UNDOCUMENTED,
        why: "the document promises it under `expand` and forgets it in the schema",
    },
    Allowed {
        operation: "GET /rest/api/3/serverInfo",
        pointer: "/defaultLocale",
        what: UNDOCUMENTED,
        why: "the document's own example has it",
    },
    Allowed {
        operation: "* /rest/api/3/webhook*",
        pointer: "*/expirationDate",
        what: OTHER_TYPE,
        why: "a number in the schema, text in the document's examples and in real answers",
    },
    Allowed {
        operation: "GET *attachments*",
        pointer: "*/mediaTypeDescription",
        what: OTHER_TYPE,
        why: "null in recorded answers",
    },
    Allowed {
        operation: "GET *",
        pointer: "*/_links/edituiv2",
        what: UNDOCUMENTED,
        why: "recorded pages and blog posts have it",
    },
    Allowed {
        operation: "GET *",
        pointer: "*/ncsStepVersion",
        what: UNDOCUMENTED,
        why: "recorded versions have it",
    },
    Allowed {
        operation: "GET *inline-comments*",
        pointer: "*/properties/inline-*",
        what: UNDOCUMENTED,
        why: "recorded comments spell these with hyphens, beside the documented spelling",
    },
    Allowed {
        operation: "GET *pages*",
        pointer: "*/parent*",
        what: OTHER_TYPE,
        why: "null for a page without a parent, as the document's description says and its schema does not",
    },
    Allowed {
        operation: "GET /pages/{id}",
        pointer: "/body/export_view",
        what: UNDOCUMENTED,
        why: "the parameter `body-format` offers it, the schema of the body forgets it",
    },
    Allowed {
        operation: "GET /spaces*",
        pointer: "*/description",
        what: OTHER_TYPE,
        why: "null in recorded answers, unless `description-format` asks for it",
    },
    Allowed {
        operation: "GET /spaces*",
        pointer: "*/icon",
        what: OTHER_TYPE,
        why: "null in recorded answers, unless `include-icon` asks for it",
    },
    Allowed {
        operation: "GET /spaces*",
        pointer: "*/spaceOwnerId",
        what: UNDOCUMENTED,
        why: "recorded spaces have it",
    },
    Allowed {
        operation: "GET /spaces/{id}",
        pointer: "/currentActiveAlias",
        what: UNDOCUMENTED,
        why: "documented for the list, recorded for the single space too",
    },
];

/// Of requests.
pub const REQUESTS: &[Allowed] = &[];

/// Whether a text fits a pattern in which `*` stands for anything.
pub fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(first) else { return false };
    (0..=text.len()).any(|start| text.is_char_boundary(start) && glob(rest, &text[start..]))
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(glob("GET /rest/*", "GET /rest/api/3/field"));
        assert!(glob("*/created", "/values/*/created"));
        assert!(!glob("*/created", "/values/*/createdAt"));
        assert!(!glob("GET /spaces", "GET /spaces/{id}"));
    }
}
