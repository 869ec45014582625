use sea_orm::ConnectionTrait as _;

use crate::{Engine, MirrorKind, Store, StoreError};

impl Store {
    /// Lets PostgreSQL look at what the rows of a kind are like. SQLite chooses its indexes by their columns alone.
    ///
    /// To be called while a kind grows from nothing. A table that PostgreSQL has not looked at yet it takes for one with
    /// many owners: it then reads all rows of the one that there is for each list of ids. It looks by itself, but a minute
    /// later, which is as long as a first copy may take, and not at all where an operator has switched that off.
    ///
    /// # Errors
    /// Where the database does not answer, or does not let this account look.
    pub async fn learn_statistics(&self, kind: MirrorKind) -> Result<(), StoreError> {
        if self.engine() != Engine::Postgres {
            return Ok(());
        }
        let bodies = match kind {
            MirrorKind::ConfluencePages | MirrorKind::ConfluenceBlogPosts => ", content_bodies",
            _ => "",
        };
        self.inner.write.execute_unprepared(&format!("ANALYZE {}{bodies}", kind.as_str())).await?;
        Ok(())
    }
}
