//! The test application: databases on demand, a sandbox, clients with cookies.
