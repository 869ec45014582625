//! Starts that are refused: with one clear message, and without having changed anything.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use connector_store::Engine;
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::workplace::{KEY, Site, Workplace};

const OTHER_KEY: &str = "test-1:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

/// Runs a command that is refused; answers what it says.
async fn refused(workplace: &Workplace, arguments: &[&str]) -> String {
    let ended = workplace.run(arguments).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{arguments:?}: {}", ended.stderr);
    assert!(ended.stderr.contains("error: ") && !ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended.stderr
}

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

#[tokio::test]
async fn a_second_process_on_the_same_file() {
    let workplace = Workplace::new();
    let first = workplace.start(&SERVE);
    first.line("\"serving\"").await;
    let told = refused(&workplace, &SERVE).await;
    assert!(told.contains("another process serves this database"), "{told}");
    first.kill().await;
    workplace.start(&SERVE).line("\"serving\"").await;
}

#[tokio::test]
async fn a_port_that_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let told = refused(&Workplace::new(), &["serve", "--listen", &address]).await;
    assert!(told.contains(&format!("cannot listen on {address}")) && told.contains("--listen"), "{told}");
    let told = refused(&Workplace::new(), &["sandbox", "--listen", &address]).await;
    assert!(told.contains(&format!("cannot listen on {address}")), "{told}");
}

#[rstest]
#[case(OTHER_KEY, "is not the one with which this database was sealed")]
#[case("test-2:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=", "the encryption key `test-1`")]
#[tokio::test]
async fn another_key_than_the_one_that_sealed(
    #[case] other: &str,
    #[case] says: &str,
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(mut site) = Site::new(engine).await else { return };
    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", KEY);
    let service = site.serve().await;
    let browser = site.browser();
    browser.connect().await;
    service.kill().await;

    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", other);
    for arguments in [&SERVE[..], &["sync"], &["keys", "verify"]] {
        let told = refused(&site.workplace, arguments).await;
        assert!(told.contains(says), "{arguments:?}: {told}");
        assert!(!told.contains("ZmVkY2Jh"), "the key is not shown: {told}");
    }
    // Nothing was changed: with the right key all is as before, and another may stand behind it.
    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", &format!("{KEY},test-9{}", &OTHER_KEY[6..]));
    let _service = site.serve().await;
    browser.get("/api/atlassian/resources").await.expect(200);
}

#[tokio::test]
async fn a_key_file_that_is_gone_replaced_or_open_to_others() {
    let site = Site::new(Engine::Sqlite).await.unwrap();
    let workplace = &site.workplace;
    let service = site.serve().await;
    service.line("made a key file").await;
    service.kill().await;
    let path = workplace.folder().join("integration.db.key");
    let right = fs::read(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(workplace.database()).unwrap().permissions().mode() & 0o777, 0o600);

    fs::remove_file(&path).unwrap();
    let told = refused(workplace, &SERVE).await;
    assert!(told.contains("is gone, and values in this database are sealed with it"), "{told}");
    assert!(!path.exists(), "no new one takes its place");
    fs::write(&path, OTHER_KEY.replace("test-1", "file-1")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let told = refused(workplace, &SERVE).await;
    assert!(told.contains("is not the one with which this database was sealed"), "{told}");
    fs::write(&path, &right[..10]).unwrap();
    let told = refused(workplace, &SERVE).await;
    assert!(told.contains("cannot be used"), "{told}");
    fs::write(&path, &right).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let told = refused(workplace, &SERVE).await;
    assert!(told.contains("can be read by others") && told.contains("chmod 600"), "{told}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    site.serve().await.kill().await;
}

#[rstest]
#[tokio::test]
async fn a_database_of_a_later_version(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(database) = TestDatabase::create(engine).await else { return };
    database.execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)").await;
    let workplace = Workplace::new()
        .with("INTEGRATION_DB_URL", database.url_text())
        .with("CONNECTOR_ENCRYPTION_KEYS", KEY);
    for arguments in [&SERVE[..], &["migrate"], &["sync"]] {
        let told = refused(&workplace, arguments).await;
        assert!(told.contains("newer than this program") && told.contains("m9999_later"), "{told}");
    }
    database.execute("DELETE FROM seaql_migrations WHERE version = 'm9999_later'").await;
    workplace.run(&["migrate"]).await.well();
}

#[rstest]
#[case("INTEGRATION_DB_URL", "mysql://u:hunter2@h/d", "INTEGRATION_DB_URL")]
#[case("INTEGRATION_DB_URL", "sqlite:////no/such/folder/x.db", "/no/such/folder/x.db")]
#[case("CONNECTOR_ENCRYPTION_KEYS", "k1:hunter2", "CONNECTOR_ENCRYPTION_KEYS")]
#[case("CONNECTOR_AUTH", "sometimes", "CONNECTOR_AUTH must be")]
#[case("CONNECTOR_LISTEM", "127.0.0.1:3001", "CONNECTOR_LISTEM is not a setting")]
#[case("LOG_LEVEL", "loud", "LOG_LEVEL")]
#[case("ATLASSIAN_CLIENT_ID", "an-app", "ATLASSIAN_REDIRECT_URI must be set")]
#[tokio::test]
async fn a_setting_that_cannot_work(#[case] name: &str, #[case] value: &str, #[case] says: &str) {
    let workplace = Workplace::new().with(name, value);
    let told = refused(&workplace, &SERVE).await;
    assert!(told.contains(says), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
    assert_eq!(fs::read_dir(workplace.folder()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn settings_of_a_file_count_and_faults_are_told_all_at_once() {
    let workplace = Workplace::new();
    fs::write(workplace.folder().join(".env"), "LOG_LEVEL=loud\nCONNECTOR_AUTH=open\n").unwrap();
    let told = refused(&workplace, &SERVE).await;
    assert!(
        told.contains("2 faults") && told.contains("LOG_LEVEL") && told.contains("CONNECTOR_AUTH"),
        "{told}"
    );
    fs::write(workplace.folder().join(".env"), "ATLASSIAN_CLIENT_SECRET='hunter2\n").unwrap();
    let told = refused(&workplace, &SERVE).await;
    assert!(told.contains(".env cannot be read") && !told.contains("hunter2"), "{told}");
}

#[tokio::test]
async fn an_address_for_everybody_without_a_word_on_who_may_come_in() {
    let told = refused(&Workplace::new(), &["serve", "--listen", "0.0.0.0:0"]).await;
    assert!(told.contains("CONNECTOR_AUTH must be set"), "{told}");
    let workplace = Workplace::new().with("CONNECTOR_AUTH", "public");
    let service = workplace.start(&["serve", "--listen", "0.0.0.0:0"]);
    service.line("everybody who reaches it can read all data").await;
    service.line("\"serving\"").await;
}

#[tokio::test]
async fn a_database_server_that_is_not_there() {
    let workplace = Workplace::new()
        .with("INTEGRATION_DB_URL", "postgresql+psycopg://ada:hunter2@127.0.0.1:1/x")
        .with("CONNECTOR_ENCRYPTION_KEYS", KEY);
    let told = refused(&workplace, &SERVE).await;
    assert!(told.contains("cannot open the database") && !told.contains("hunter2"), "{told}");
    let workplace = Workplace::new().with("INTEGRATION_DB_URL", "postgresql://127.0.0.1:1/x");
    let told = refused(&workplace, &SERVE).await;
    assert!(told.contains("CONNECTOR_ENCRYPTION_KEYS must be set with PostgreSQL"), "{told}");
}
