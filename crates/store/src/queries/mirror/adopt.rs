use sea_orm::ConnectionTrait as _;

use super::Remote;
use super::upsert::{Place, id_list};
use crate::engine::among;
use crate::{StoreError, WriteTx};

/// Makes rows that were put in by hand those of the things that they stand for. `new` are things without a row. Says
/// how many rows that were.
pub(super) async fn adopt<R: Remote>(
    tx: &mut WriteTx,
    place: Place<'_>,
    new: &[&R],
) -> Result<u64, StoreError> {
    let (table, columns) = (R::KIND.as_str(), R::KIND.by_hand_columns());
    let Some(first) = columns.first().filter(|_| !new.is_empty()) else { return Ok(0) };
    let sql = format!(
        "SELECT id, {} FROM {table} WHERE owner_id = $1 AND cloud_id IS NULL AND {first} {} ORDER BY id",
        columns.join(", "),
        among(tx.engine(), 2)
    );
    let [owner, cloud_id] = place.values();
    let names = id_list(new.iter().filter_map(|thing| thing.by_hand().into_iter().next()));
    let rows = tx.query_all_raw(tx.statement(sql, [owner, names])).await?;
    let mut adopted = 0;
    for row in rows {
        let by_hand: Vec<String> =
            (1..=columns.len()).map(|at| row.try_get_by_index(at)).collect::<Result<_, _>>()?;
        let Some(thing) = new.iter().find(|thing| thing.by_hand() == by_hand) else { continue };
        let sql = format!("UPDATE {table} SET cloud_id = $1, {} = $2 WHERE id = $3", R::KIND.id_column());
        let id: i64 = row.try_get_by_index(0)?;
        let values = [cloud_id.clone(), thing.remote_id().into(), id.into()];
        tx.execute_raw(tx.statement(sql, values)).await?;
        tx.touch_kind(R::KIND, place.owner);
        adopted += 1;
    }
    Ok(adopted)
}
