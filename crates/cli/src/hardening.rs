//! What keeps the memory of this process, which holds tokens and keys, to itself.

/// No core dumps, and on Linux no reading of this process's memory by others of the same user (`ptrace`,
/// `/proc/<pid>/mem`). Where the system refuses, the program goes on: the log says so.
pub(crate) fn forbid_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        if let Err(error) = setrlimit(Resource::Core, none) {
            tracing::warn!(%error, "core dumps could not be switched off");
        }
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::warn!(%error, "the memory of this process could not be closed to others");
        }
    }
}
