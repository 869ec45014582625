use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// What a connection is doing.
#[derive(Debug)]
pub(super) struct Phase(AtomicU8);

impl Phase {
    /// Nothing: the last answer is sent, and no byte of another request is there.
    pub(super) const IDLE: u8 = 0;
    /// Sending the head of a request.
    pub(super) const HEAD: u8 = 1;
    /// Waiting for, or taking, an answer.
    pub(super) const BUSY: u8 = 2;

    pub(super) fn get(&self) -> u8 {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn set(&self, phase: u8) {
        self.0.store(phase, Ordering::Release);
    }
}

/// All connections that are open, the oldest first.
#[derive(Debug)]
pub(super) struct Crowd {
    most: usize,
    next: AtomicU64,
    inside: Mutex<BTreeMap<u64, Member>>,
}

#[derive(Debug)]
struct Member {
    phase: Arc<Phase>,
    leave: CancellationToken,
}

impl Crowd {
    pub(super) fn new(most: usize) -> Self {
        Self { most, next: AtomicU64::new(0), inside: Mutex::default() }
    }

    /// A place for one more. Where there is none, the one that has been sending a head for longest gives way, else the
    /// oldest that is idle: slow clients cannot crowd out others. `None` where all are being answered.
    pub(super) fn enter(crowd: &Arc<Self>) -> Option<Place> {
        let mut inside = crowd.inside();
        if inside.len() >= crowd.most {
            let oldest = |phase| inside.iter().find(move |(_, member)| member.phase.get() == phase);
            let id = *oldest(Phase::HEAD).or_else(|| oldest(Phase::IDLE))?.0;
            if let Some(member) = inside.remove(&id) {
                member.leave.cancel();
            }
        }
        let id = crowd.next.fetch_add(1, Ordering::Relaxed);
        let (phase, leave) = (Arc::new(Phase(AtomicU8::new(Phase::HEAD))), CancellationToken::new());
        inside.insert(id, Member { phase: Arc::clone(&phase), leave: leave.clone() });
        Some(Place { crowd: Arc::clone(crowd), id, phase, leave })
    }

    fn inside(&self) -> MutexGuard<'_, BTreeMap<u64, Member>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of one connection; dropping it makes room.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Arc<Crowd>,
    id: u64,
    phase: Arc<Phase>,
    leave: CancellationToken,
}

impl Place {
    pub(super) fn phase(&self) -> Arc<Phase> {
        Arc::clone(&self.phase)
    }

    pub(super) fn asked_to_leave(&self) -> WaitForCancellationFutureOwned {
        self.leave.clone().cancelled_owned()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.inside().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_gives_way_and_no_busy_one() {
        let crowd = Arc::new(Crowd::new(3));
        let [busy, idle, slow] = [Phase::BUSY, Phase::IDLE, Phase::HEAD].map(|phase| {
            let place = Crowd::enter(&crowd).unwrap();
            place.phase.set(phase);
            place
        });
        let fourth = Crowd::enter(&crowd).unwrap();
        assert!(slow.leave.is_cancelled() && !idle.leave.is_cancelled());
        fourth.phase.set(Phase::BUSY);
        let fifth = Crowd::enter(&crowd).unwrap();
        assert!(idle.leave.is_cancelled() && !busy.leave.is_cancelled());
        fifth.phase.set(Phase::BUSY);
        assert!(Crowd::enter(&crowd).is_none());
        drop((busy, idle, slow));
        assert!(Crowd::enter(&crowd).is_some());
        assert_eq!(crowd.inside().len(), 2);
    }
}
