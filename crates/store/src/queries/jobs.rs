use connector_domain::{JobId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::parsed;
use crate::entities::job::{ActiveModel, Column, Entity, Model};
use crate::{Durability, Store, StoreError, WriteTx};

/// A unit of durable work.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: JobId,
    pub kind: String,
    pub dedupe_key: String,
    pub payload: String,
    pub run_at: Timestamp,
    /// How often it was claimed, this time included.
    pub attempt: i32,
    /// How often in succession it has failed, by its handler's count.
    pub failures: i32,
    pub lease_owner: Option<String>,
    pub last_error: Option<String>,
}

#[derive(Debug, Clone)]
pub struct NewJob {
    pub id: JobId,
    pub kind: &'static str,
    /// Of one kind, one job per key waits or runs.
    pub dedupe_key: String,
    pub payload: String,
    pub run_at: Timestamp,
}

impl TryFrom<Model> for Job {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed("jobs", &row.id, &row.id)?,
            kind: row.kind,
            dedupe_key: row.dedupe_key,
            payload: row.payload,
            run_at: Timestamp::from_millis(row.run_at),
            attempt: row.attempt,
            failures: row.failures,
            lease_owner: row.lease_owner,
            last_error: row.last_error,
        })
    }
}

impl WriteTx {
    /// Puts a job in the queue, together with what else this transaction writes. `false` where one of the same kind
    /// and key waits or runs already.
    pub async fn enqueue(&mut self, new: &NewJob, now: Timestamp) -> Result<bool, StoreError> {
        let row = ActiveModel {
            id: Set(new.id.to_string()),
            kind: Set(new.kind.to_owned()),
            dedupe_key: Set(new.dedupe_key.clone()),
            payload: Set(new.payload.clone()),
            run_at: Set(new.run_at.as_millis()),
            attempt: Set(0),
            failures: Set(0),
            created_at: Set(now.as_millis()),
            ..Default::default()
        };
        let keep = OnConflict::columns([Column::Kind, Column::DedupeKey]).do_nothing().to_owned();
        Ok(Entity::insert(row).on_conflict(keep).exec_without_returning(&**self).await? > 0)
    }

    /// Whether `owner` still holds the job. Until this transaction ends, nobody else can take it.
    pub async fn holds_job(&mut self, id: JobId, owner: &str) -> Result<bool, StoreError> {
        let row = Entity::find().filter(held(id, owner)).lock_shared().one(&**self).await?;
        Ok(row.is_some())
    }

    /// Keeps how far the job is in its payload, if `owner` still holds it.
    pub async fn note_job(&mut self, id: JobId, owner: &str, payload: &str) -> Result<bool, StoreError> {
        let noted = Entity::update_many()
            .filter(held(id, owner))
            .col_expr(Column::Payload, Expr::value(payload))
            .exec(&**self)
            .await?;
        Ok(noted.rows_affected > 0)
    }

    /// Takes away the job of this kind and key, whoever holds it: what its worker does after that, it does in vain.
    pub async fn cancel_job(&mut self, kind: &str, dedupe_key: &str) -> Result<bool, StoreError> {
        let of_key = Condition::all().add(Column::Kind.eq(kind)).add(Column::DedupeKey.eq(dedupe_key));
        Ok(Entity::delete_many().filter(of_key).exec(&**self).await?.rows_affected > 0)
    }

    /// Deletes the job, if `owner` still holds it.
    pub async fn finish_job(&mut self, id: JobId, owner: &str) -> Result<bool, StoreError> {
        let deleted = Entity::delete_many().filter(held(id, owner)).exec(&**self).await?;
        Ok(deleted.rows_affected > 0)
    }
}

fn held(id: JobId, owner: &str) -> Condition {
    Condition::all().add(Column::Id.eq(id.to_string())).add(Column::LeaseOwner.eq(owner))
}

impl Store {
    /// Takes the job that has been due longest: one that waits, or one whose holder has let its lease run out.
    pub async fn claim_job(
        &self,
        kinds: &[&str],
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<Job>, StoreError> {
        let free =
            Condition::any().add(Column::LeaseUntil.is_null()).add(Column::LeaseUntil.lt(now.as_millis()));
        // PostgreSQL skips what another claims right now; SQLite has one writer and leaves the clause out.
        let next = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Kind.is_in(kinds.iter().copied()))
            .filter(Column::RunAt.lte(now.as_millis()))
            .filter(free)
            .order_by_asc(Column::RunAt)
            .order_by_asc(Column::Id)
            .limit(1)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_query();
        // `=`, not `IN`: a subquery that stands for one value is run once. PostgreSQL may run the other kind once for
        // each row, and each time it finds the next job.
        let next = Expr::SubQuery(None, Box::new(next.into()));
        let tx = self.begin_write(Durability::Normal).await?;
        let rows = Entity::update_many()
            .filter(Expr::col(Column::Id).eq(next))
            .col_expr(Column::LeaseOwner, Expr::value(owner))
            .col_expr(Column::LeaseUntil, Expr::value(lease_until.as_millis()))
            .col_expr(Column::Attempt, Expr::col(Column::Attempt).add(1))
            .exec_with_returning(&*tx)
            .await?;
        tx.commit().await?;
        rows.into_iter().next().map(TryInto::try_into).transpose()
    }

    /// When the next job of these kinds is due, or the lease of a running one ends.
    pub async fn next_job_at(&self, kinds: &[&str]) -> Result<Option<Timestamp>, StoreError> {
        let at = Expr::cust("MIN(CASE WHEN lease_until IS NULL THEN run_at ELSE lease_until + 1 END)");
        let next: Option<Option<i64>> = Entity::find()
            .select_only()
            .column_as(at, "next_at")
            .filter(Column::Kind.is_in(kinds.iter().copied()))
            .into_tuple()
            .one(&self.inner.read)
            .await?;
        Ok(next.flatten().map(Timestamp::from_millis))
    }

    /// Extends the lease. `false` where `owner` no longer holds the job and has to stop.
    pub async fn extend_lease(&self, id: JobId, owner: &str, until: Timestamp) -> Result<bool, StoreError> {
        let tx = self.begin_write(Durability::Normal).await?;
        let updated = Entity::update_many()
            .filter(held(id, owner))
            .col_expr(Column::LeaseUntil, Expr::value(until.as_millis()))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        Ok(updated.rows_affected > 0)
    }

    /// Deletes the job, if `owner` still holds it.
    pub async fn finish_job(&self, id: JobId, owner: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin_write(Durability::Normal).await?;
        let finished = tx.finish_job(id, owner).await?;
        tx.commit().await?;
        Ok(finished)
    }

    /// Puts the job back to be run at `run_at`, if `owner` still holds it. `failures` is what its handler is to count on
    /// from.
    pub async fn return_job(
        &self,
        id: JobId,
        owner: &str,
        run_at: Timestamp,
        error: Option<&str>,
        failures: i32,
    ) -> Result<bool, StoreError> {
        let tx = self.begin_write(Durability::Normal).await?;
        let updated = Entity::update_many()
            .filter(held(id, owner))
            .col_expr(Column::LeaseOwner, Expr::value(Option::<String>::None))
            .col_expr(Column::LeaseUntil, Expr::value(Option::<i64>::None))
            .col_expr(Column::RunAt, Expr::value(run_at.as_millis()))
            .col_expr(Column::LastError, Expr::value(error.map(str::to_owned)))
            .col_expr(Column::Failures, Expr::value(failures))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        Ok(updated.rows_affected > 0)
    }

    /// Frees every lease: for the process that alone serves the database, whose predecessor is dead.
    pub async fn release_all_leases(&self) -> Result<u64, StoreError> {
        let tx = self.begin_write(Durability::Normal).await?;
        let update = Query::update()
            .table(Entity)
            .value(Column::LeaseOwner, Option::<String>::None)
            .value(Column::LeaseUntil, Option::<i64>::None)
            .and_where(Column::LeaseOwner.is_not_null())
            .to_owned();
        let freed = sea_orm::ConnectionTrait::execute(&*tx, &update).await?.rows_affected();
        tx.commit().await?;
        Ok(freed)
    }

    pub async fn find_live_job(&self, kind: &str, dedupe_key: &str) -> Result<Option<Job>, StoreError> {
        let query = Entity::find().filter(Column::Kind.eq(kind)).filter(Column::DedupeKey.eq(dedupe_key));
        query.one(&self.inner.read).await?.map(TryInto::try_into).transpose()
    }
}
