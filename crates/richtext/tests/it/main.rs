//! What the crate promises for whole documents.

mod adf;
mod adf_tables;
mod escaping;
mod limits;
mod nothing_lost;
mod shown;
mod storage;
mod storage_macros;
