//! What the system knows about a process. Where there is no /proc these figures are left out.

use std::fs;
use std::time::Duration;

/// Clock ticks per second in /proc: 100 on every Linux that people run.
const TICK: Duration = Duration::from_millis(10);

/// The most memory that was resident since the start or the last [`forget_peak`], in bytes.
pub fn peak_memory(process: Option<u32>) -> Option<u64> {
    memory(process?, "VmHWM:")
}

pub fn resident_memory(process: Option<u32>) -> Option<u64> {
    memory(process?, "VmRSS:")
}

/// Lets the peak start again from what is resident now. Where that is not allowed, peaks only grow.
pub fn forget_peak(process: Option<u32>) {
    if let Some(id) = process {
        let _ = fs::write(format!("/proc/{id}/clear_refs"), "5");
    }
}

/// Processor time of all threads so far.
pub fn processor_time(process: Option<u32>) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process?)).ok()?;
    // The second field is the program's name and may hold anything, so counting starts after its bracket.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    ticks.sum::<Result<u32, _>>().ok().map(|ticks| TICK * ticks)
}

fn memory(process: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_has_used_the_processor() {
        let me = Some(std::process::id());
        assert!(peak_memory(me) >= resident_memory(me));
        assert!(resident_memory(me) > Some(100_000));
        assert!(processor_time(me).is_some());
    }
}
