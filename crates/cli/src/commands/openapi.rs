use super::print;

pub(crate) fn run() -> anyhow::Result<()> {
    print(&serde_json::to_string_pretty(&connector_web::openapi())?);
    Ok(())
}
