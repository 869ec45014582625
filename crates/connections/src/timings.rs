use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// Every span of time by which tokens are kept. The defaults are the real ones; a torture run divides all of them.
#[derive(Debug, Clone)]
pub struct Timings {
    /// A token that is handed out is good for at least this long.
    pub margin: Duration,
    /// For how long after it was first sent a refresh token may be sent again because its answer was lost. Atlassian
    /// takes it for ten minutes; the rest is for the way there.
    pub leeway: Duration,
    /// The longest that one exchange waits for its answer.
    pub exchange_timeout: Duration,
    /// Before the second and third try of an exchange whose answer was lost.
    pub pauses: [Duration; 2],
    /// How long another process that exchanges the same token is waited for.
    pub busy_wait: Duration,
    /// How often it is looked whether that process is done.
    pub busy_poll: Duration,
    /// A holder of a grant's lock that does nothing for so long has lost it (PostgreSQL). Shorter than the leeway, so
    /// that another can still ask for the lost answer; longer than any pause that a holder may come back from.
    pub lock_idle: Duration,
    /// A process that died in an exchange may have sent its request just before: for so long after its attempt began,
    /// no other begins one.
    pub intent_hold_off: Duration,
    /// How long a token past its leeway is not sent, so that an answer that lies in another process's spool comes first.
    pub settle: Duration,
    /// One refusal is not proof: a second one, at least this much later, is.
    pub refusals_apart: Duration,
    /// A grant that Atlassian has ended is asked for once more so often,
    pub ended_retry: Duration,
    /// for so long: whole waves of refusals by mistake have been seen.
    pub ended_retries_for: Duration,
    /// The longest wait for the commit of an answer before it goes into the spool besides.
    pub commit_wait: Duration,
    /// That a grant is used is noted no more often than this.
    pub note_use_every: Duration,
    /// How long the sealed pair of a connection that Atlassian has ended is kept.
    pub ended_kept: Duration,
    /// How long a consent may wait for what is needed to store it. Then its tokens are destroyed.
    pub consent_kept: Duration,
    /// How often the background looks for what is due.
    pub look_every: Duration,
    /// A token in use is refreshed this long before it ends, and up to [`ahead_jitter`](Self::ahead_jitter) sooner.
    pub ahead: Duration,
    pub ahead_jitter: Duration,
    /// A grant that nobody has used for so long is idle.
    pub idle_after: Duration,
    /// An idle grant is refreshed this long after the last time, and up to [`idle_jitter`](Self::idle_jitter) later:
    /// Atlassian ends what is not used for 90 days.
    pub idle_refresh: Duration,
    pub idle_jitter: Duration,
    /// After a failed attempt the next one follows so much later, and twice as much later each time.
    pub retry_first: Duration,
    pub retry_longest: Duration,
    /// The longest wait while an answer may be lost and can still be asked for.
    pub retry_in_leeway: Duration,
    /// Between two tries of putting a spooled answer into the database.
    pub spool_retry_first: Duration,
    pub spool_retry_longest: Duration,
    /// How long a client whose secret Atlassian refuses is not tried again.
    pub client_retry: Duration,
    /// For how long after a consent Atlassian takes its refresh tokens.
    pub consent_life: Duration,
    /// From so long before that on, people are told to connect again.
    pub renew_ahead: Duration,
    /// How long the start waits for spooled answers and open intents before it serves.
    pub recovery_wait: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            margin: Duration::from_mins(5),
            leeway: Duration::from_mins(9),
            exchange_timeout: Duration::from_secs(20),
            pauses: [Duration::from_millis(500), Duration::from_secs(2)],
            busy_wait: Duration::from_secs(25),
            busy_poll: Duration::from_millis(20),
            lock_idle: Duration::from_mins(5),
            intent_hold_off: Duration::from_secs(20),
            settle: Duration::from_mins(1),
            refusals_apart: Duration::from_mins(1),
            ended_retry: Duration::from_hours(1),
            ended_retries_for: DAY,
            commit_wait: Duration::from_secs(3),
            note_use_every: Duration::from_mins(10),
            ended_kept: 30 * DAY,
            consent_kept: 30 * DAY,
            look_every: Duration::from_secs(5),
            ahead: Duration::from_mins(10),
            ahead_jitter: Duration::from_mins(5),
            idle_after: Duration::from_hours(1),
            idle_refresh: 5 * DAY,
            idle_jitter: DAY,
            retry_first: Duration::from_secs(5),
            retry_longest: Duration::from_mins(5),
            retry_in_leeway: Duration::from_secs(30),
            spool_retry_first: Duration::from_millis(500),
            spool_retry_longest: Duration::from_secs(10),
            client_retry: Duration::from_secs(30),
            consent_life: 365 * DAY,
            renew_ahead: 14 * DAY,
            recovery_wait: Duration::from_secs(10),
        }
    }
}

impl Timings {
    /// All times divided by `scale`; for runs that cannot wait for the real ones.
    #[must_use]
    pub fn divided_by(mut self, scale: u32) -> Self {
        let scale = scale.max(1);
        for time in self.all() {
            *time /= scale;
        }
        self
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Duration> {
        let Self {
            margin,
            leeway,
            exchange_timeout,
            pauses: [first_pause, second_pause],
            busy_wait,
            busy_poll,
            lock_idle,
            intent_hold_off,
            settle,
            refusals_apart,
            ended_retry,
            ended_retries_for,
            commit_wait,
            note_use_every,
            ended_kept,
            consent_kept,
            look_every,
            ahead,
            ahead_jitter,
            idle_after,
            idle_refresh,
            idle_jitter,
            retry_first,
            retry_longest,
            retry_in_leeway,
            spool_retry_first,
            spool_retry_longest,
            client_retry,
            consent_life,
            renew_ahead,
            recovery_wait,
        } = self;
        [
            margin,
            leeway,
            exchange_timeout,
            first_pause,
            second_pause,
            busy_wait,
            busy_poll,
            lock_idle,
            intent_hold_off,
            settle,
            refusals_apart,
            ended_retry,
            ended_retries_for,
            commit_wait,
            note_use_every,
            ended_kept,
            consent_kept,
            look_every,
            ahead,
            ahead_jitter,
            idle_after,
            idle_refresh,
            idle_jitter,
            retry_first,
            retry_longest,
            retry_in_leeway,
            spool_retry_first,
            spool_retry_longest,
            client_retry,
            consent_life,
            renew_ahead,
            recovery_wait,
        ]
        .into_iter()
    }
}
