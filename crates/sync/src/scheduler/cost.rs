use std::cell::Cell;

tokio::task_local! {
    /// What the calls of the present work have cost.
    static POINTS: Cell<u64>;
}

/// Does `work`, and says how many points its calls have cost: those that it makes itself, not in tasks of their own.
pub(crate) async fn with_cost<F: Future>(work: F) -> (F::Output, u64) {
    let counted = async {
        let output = work.await;
        (output, POINTS.with(Cell::get))
    };
    POINTS.scope(Cell::new(0), counted).await
}

/// Counts what a call has cost, where somebody wants to know.
pub(super) fn add(points: u64) {
    // Who did not ask is not told.
    let _ = POINTS.try_with(|sum| sum.set(sum.get() + points));
}
