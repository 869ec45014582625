use super::problem::{FieldError, Problem};

/// Collects what is wrong with the texts of a body, so that all of it is told at once.
#[derive(Default)]
pub(crate) struct Checks(Vec<FieldError>);

impl Checks {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A text that must not be empty and has at most `most` characters.
    pub(crate) fn required(self, pointer: &str, text: &str, most: usize) -> Self {
        let mut checks = self.optional(pointer, Some(text), most);
        if text.trim().is_empty() {
            checks.fault(pointer, "must not be empty".to_owned());
        }
        checks
    }

    pub(crate) fn optional(mut self, pointer: &str, text: Option<&str>, most: usize) -> Self {
        let Some(text) = text else { return self };
        if text.chars().count() > most {
            self.fault(pointer, format!("is longer than {most} characters"));
        }
        // PostgreSQL cannot store it.
        if text.contains('\0') {
            self.fault(pointer, "holds a NUL character".to_owned());
        }
        self
    }

    pub(crate) fn fault(&mut self, pointer: &str, detail: String) {
        self.0.push(FieldError { pointer: pointer.to_owned(), detail });
    }

    pub(crate) fn into_errors(self) -> Vec<FieldError> {
        self.0
    }

    pub(crate) fn finish(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::invalid(self.0)) }
    }
}
