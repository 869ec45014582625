//! Where a window stands: what its checkpoint holds.

use connector_domain::{Json, SyncRunId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Stream;

/// The cursor of a checkpoint, in the middle of a window or at its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The run that wrote it last.
    pub(crate) run: SyncRunId,
    /// Which streams the window feeds: with others it has to be read anew.
    pub(crate) streams: Vec<String>,
    /// From which change on; `None` for everything.
    pub(crate) since: Option<i64>,
    /// Atlassian's clock when the first page was read: the watermark once the window is through.
    pub(crate) begun: Option<i64>,
    /// Where the list goes on; `None` at its end.
    pub(crate) at: Option<Value>,
    pub(crate) done: bool,
}

impl Place {
    pub(crate) fn start(run: SyncRunId, streams: &[Stream], since: Option<Timestamp>) -> Self {
        Self {
            run,
            streams: streams.iter().map(|stream| stream.as_str().to_owned()).collect(),
            since: since.map(Timestamp::as_millis),
            begun: None,
            at: None,
            done: false,
        }
    }

    /// Where to go on: at `stored`, where that is the same window, else at the beginning. `None` where this run is
    /// through with it.
    ///
    /// A run that reads everything anew goes on with its own places only.
    pub(crate) fn resume(self, stored: Option<&Json>, reads_everything: bool) -> Option<Self> {
        let Some(stored) = stored.and_then(|json| serde_json::from_str::<Self>(json.as_str()).ok()) else {
            return Some(self);
        };
        if stored.streams != self.streams || (reads_everything && stored.run != self.run) {
            return Some(self);
        }
        if stored.done {
            return (stored.run != self.run).then_some(self);
        }
        Some(Self { run: self.run, ..stored })
    }

    /// Whether a checkpoint's cursor stands at the end of its window.
    pub(crate) fn is_end(stored: Option<&Json>) -> bool {
        stored
            .and_then(|json| serde_json::from_str::<Self>(json.as_str()).ok())
            .is_some_and(|place| place.done)
    }

    pub(crate) fn to_json(&self) -> Option<Json> {
        // Plain texts and numbers: there is nothing in it that JSON cannot say.
        Json::of(self).ok()
    }
}

#[cfg(test)]
mod tests {
    use connector_domain::SeededEntropy;
    use serde_json::json;

    use super::*;

    fn run(seed: u64) -> SyncRunId {
        SyncRunId::generate(&SeededEntropy::new(seed), Timestamp::from_millis(1_790_000_000_000))
    }

    fn stored(place: Place) -> Option<Json> {
        place.to_json()
    }

    #[test]
    fn a_window_goes_on_where_it_was_in_whatever_run() {
        let streams = [Stream::JiraIssues];
        let place =
            Place { at: Some(json!({"token": "x"})), begun: Some(7), ..Place::start(run(1), &streams, None) };
        let resumed = Place::start(run(2), &streams, Some(Timestamp::from_millis(9)))
            .resume(stored(place.clone()).as_ref(), false)
            .expect("there is something to do");
        assert_eq!(resumed, Place { run: run(2), ..place });
    }

    #[test]
    fn what_this_run_has_done_is_not_done_twice_and_what_another_did_is() {
        let streams = [Stream::JiraIssues];
        let done = stored(Place { done: true, ..Place::start(run(1), &streams, None) });
        assert_eq!(Place::start(run(1), &streams, None).resume(done.as_ref(), true), None);
        let anew = Place::start(run(2), &streams, None);
        assert_eq!(anew.clone().resume(done.as_ref(), false), Some(anew));
    }

    #[test]
    fn a_full_run_and_other_streams_begin_anew() {
        let place = Place { at: Some(json!(1)), ..Place::start(run(1), &[Stream::JiraIssues], None) };
        let place = stored(place);
        let full = Place::start(run(2), &[Stream::JiraIssues], None);
        assert_eq!(full.clone().resume(place.as_ref(), true), Some(full));
        let more = Place::start(run(1), &[Stream::JiraIssues, Stream::JiraComments], None);
        assert_eq!(more.clone().resume(place.as_ref(), false), Some(more));
    }
}
