//! A disk of a few megabytes that can be filled up: a file system in memory, which only root can mount.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

const SIZE: &str = "size=16m";
const PIECE: [u8; 4096] = [0x5a; 4096];

/// Unmounted when dropped.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    pub fn mount(at: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(at)?;
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(at).output();
        let output = output.context("`mount` could not be started")?;
        if !output.status.success() {
            bail!("no small disk could be mounted: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(Self(at.to_owned()))
    }

    /// Whether this machine lets us have one.
    pub fn can_be_had() -> bool {
        tempfile::tempdir().is_ok_and(|directory| Self::mount(&directory.path().join("disk")).is_ok())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Fills it up to the last byte.
    pub fn fill(&self) -> anyhow::Result<()> {
        let mut ballast = std::fs::File::create(self.ballast())?;
        loop {
            if let Err(error) = ballast.write_all(&PIECE) {
                let full = error.kind() == std::io::ErrorKind::StorageFull;
                return if full { Ok(()) } else { Err(error.into()) };
            }
        }
    }

    /// Gives the room back.
    pub fn empty(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that is being ended may still have files open there.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).output();
    }
}
