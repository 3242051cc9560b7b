//! What the kernel knows about this process.

use rustix::process::{Resource, getrlimit};

/// Figures of the process. `None` where the system does not tell.
#[derive(Debug)]
pub struct Process {
    /// Memory that it holds, in bytes.
    pub resident_bytes: Option<u64>,
    /// Files and connections that it has open.
    pub open_files: Option<usize>,
    /// How many of those it may have.
    pub max_files: Option<u64>,
}

impl Process {
    /// As it is now.
    pub fn snapshot() -> Self {
        Self {
            resident_bytes: resident_bytes(),
            // The listing itself is one of them.
            open_files: std::fs::read_dir("/proc/self/fd").ok().map(|files| files.count().saturating_sub(1)),
            max_files: getrlimit(Resource::Nofile).current,
        }
    }
}

/// Memory that this process holds.
pub fn resident_bytes() -> Option<u64> {
    std::fs::read_to_string("/proc/self/status").ok().as_deref().and_then(resident)
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::resident;

    #[test]
    fn memory_is_read_in_bytes() {
        assert_eq!(resident("Name:\tfireside\nVmRSS:\t    2048 kB\nThreads:\t9\n"), Some(2_097_152));
        assert_eq!(resident("Name:\tfireside\n"), None);
    }
}
