//! That the checker can fail, and the twenty traps into which others have fallen.

mod checker;
mod traps;
