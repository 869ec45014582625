//! What is the same on every site: issue types, statuses, priorities.

/// A Jira issue type.
#[derive(Debug)]
pub struct IssueType {
    pub id: u32,
    pub name: &'static str,
    pub description: &'static str,
    pub avatar: u32,
    /// 1 for epics, 0 for ordinary issues, -1 for subtasks.
    pub level: i8,
}

pub const EPIC: usize = 0;
pub const SUBTASK: usize = 1;
pub const TASK: usize = 2;
pub const STORY: usize = 3;
pub const BUG: usize = 4;

/// The issue types, at the positions named above.
pub const ISSUE_TYPES: [IssueType; 5] = [
    IssueType {
        id: 10001,
        name: "Epic",
        description: "A large piece of work that holds others.",
        avatar: 10307,
        level: 1,
    },
    IssueType {
        id: 10002,
        name: "Subtask",
        description: "A step of another piece of work.",
        avatar: 10316,
        level: -1,
    },
    IssueType { id: 10003, name: "Task", description: "A small piece of work.", avatar: 10318, level: 0 },
    IssueType {
        id: 10004,
        name: "Story",
        description: "Something a person wants to do.",
        avatar: 10315,
        level: 0,
    },
    IssueType {
        id: 10005,
        name: "Bug",
        description: "Something that does not work.",
        avatar: 10303,
        level: 0,
    },
];

/// A category of statuses; Jira has the same three everywhere.
#[derive(Debug, PartialEq, Eq)]
pub struct StatusCategory {
    pub id: u32,
    pub key: &'static str,
    pub name: &'static str,
    pub color: &'static str,
}

const TO_DO: StatusCategory = StatusCategory { id: 2, key: "new", name: "To Do", color: "blue-gray" };
const IN_PROGRESS: StatusCategory =
    StatusCategory { id: 4, key: "indeterminate", name: "In Progress", color: "yellow" };
const DONE: StatusCategory = StatusCategory { id: 3, key: "done", name: "Done", color: "green" };

/// A status of an issue.
#[derive(Debug)]
pub struct Status {
    pub id: u32,
    pub name: &'static str,
    pub category: StatusCategory,
}

impl Status {
    pub fn is_done(&self) -> bool {
        self.category == DONE
    }
}

/// The statuses, in the order in which an issue passes through them.
pub const STATUSES: [Status; 5] = [
    Status { id: 10000, name: "Backlog", category: TO_DO },
    Status { id: 10001, name: "To Do", category: TO_DO },
    Status { id: 10002, name: "In Progress", category: IN_PROGRESS },
    Status { id: 10003, name: "In Review", category: IN_PROGRESS },
    Status { id: 10004, name: "Done", category: DONE },
];

/// Id and name of each priority, most urgent first.
pub const PRIORITIES: [(u32, &str); 5] =
    [(1, "Highest"), (2, "High"), (3, "Medium"), (4, "Low"), (5, "Lowest")];
