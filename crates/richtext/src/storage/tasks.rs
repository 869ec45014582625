//! Task lists: `ac:task-list` > `ac:task` > `ac:task-id`, `ac:task-status`, `ac:task-body`.

use super::Reader;
use super::elements::{Role, Value};
use crate::builder::Container;
use crate::model::ListKind;

impl Reader {
    pub(super) fn enter_task(&mut self, name: &str) -> Role {
        match name {
            "ac:task-list" => self.builder.open(Container::List(ListKind::Bullets)),
            "ac:task" => {
                self.builder.boundary();
                return Role::Task { done: None };
            }
            "ac:task-id" | "ac:task-uuid" => return self.value(Value::LeftOut),
            "ac:task-status" => return self.value(Value::TaskStatus),
            "ac:task-body" => {
                let done = match self.tasks.last().map(|index| &self.open[*index].role) {
                    Some(Role::Task { done }) => *done,
                    _ => None,
                };
                self.builder.open(Container::Item { done: Some(done.unwrap_or(false)) });
            }
            _ => return Role::Inline,
        }
        Role::Block
    }

    pub(super) fn end_task_status(&mut self, status: &str) {
        match (status, self.tasks.last().map(|index| &mut self.open[*index].role)) {
            ("complete" | "incomplete", Some(Role::Task { done })) => *done = Some(status == "complete"),
            _ => self.builder.text(status),
        }
    }
}
