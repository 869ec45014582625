//! One line about where the figures come from.

use std::fs;
use std::thread;

pub fn line() -> String {
    let file = |path| fs::read_to_string(path).unwrap_or_default();
    let (cpus, memory) = (file("/proc/cpuinfo"), file("/proc/meminfo"));
    let model = field(&cpus, "model name").unwrap_or(std::env::consts::ARCH);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let kibibytes = field(&memory, "MemTotal").and_then(|total| total.split(' ').next()?.parse::<u64>().ok());
    let memory = kibibytes.map(|kib| format!(", {} GiB", (kib + (1 << 19)) >> 20)).unwrap_or_default();
    let load = file("/proc/loadavg");
    let load = load.split(' ').next().filter(|load| !load.is_empty());
    let load = load.map(|load| format!(", load {load} before the run")).unwrap_or_default();
    format!("{model}, {cores} cores{memory}, {}{load}", std::env::consts::OS)
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}
