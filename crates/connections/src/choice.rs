use std::collections::BTreeSet;

use connector_domain::{Actor, CloudId, ConnectionId};
use connector_store::{Durability, StoreError};

use crate::Connections;

/// What somebody chooses to be synchronized.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    pub sites: Chosen<CloudId>,
    pub streams: Chosen<String>,
}

#[derive(Debug, Clone, Default)]
pub enum Chosen<T> {
    /// Nothing was said about it.
    #[default]
    AsBefore,
    All,
    These(BTreeSet<T>),
}

impl Connections {
    /// Chooses which sites and streams of a connection are synchronized.
    pub async fn choose(&self, id: ConnectionId, choice: Choice, actor: Actor) -> Result<(), StoreError> {
        let mut tx = self.inner.store.begin_write(Durability::Full).await?;
        let audit = self.audit(actor);
        match choice.sites {
            Chosen::AsBefore => {}
            Chosen::All => tx.choose_sites(id, None, &audit).await?,
            Chosen::These(sites) => tx.choose_sites(id, Some(sites), &audit).await?,
        }
        match choice.streams {
            Chosen::AsBefore => {}
            Chosen::All => tx.choose_streams(id, None, &audit).await?,
            Chosen::These(streams) => tx.choose_streams(id, Some(streams), &audit).await?,
        }
        tx.commit().await
    }
}
