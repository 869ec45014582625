//! Runs the program as it is built, in processes of its own, through what goes wrong in operation, and checks from the
//! outside that no grant is lost: the simulator's record of the token endpoint is the witness, not the program.

pub mod chaos;
pub mod checker;
pub mod child;
pub mod clock;
pub mod demand;
pub mod dice;
pub mod disk;
pub mod http;
pub mod ledger;
pub mod people;
pub mod postgres;
pub mod proxy;
pub mod report;
pub mod runs;
pub mod scene;
pub mod secrets;
pub mod stored;
