//! The command line.

use std::fs;
use std::path::Path;

use rstest::rstest;

use crate::workplace::Workplace;

#[rstest]
#[case(&[])]
#[case(&["serf"])]
#[case(&["serve", "--port", "1"])]
#[case(&["serve", "--listen", "localhost"])]
#[case(&["demo", "--db", "mysql://x/y"])]
#[case(&["demo", "--dataset", "huge"])]
#[case(&["sync", "--stream", "trello"])]
#[case(&["keys"])]
#[case(&["keys", "destroy"])]
#[case(&["migrate", "extra"])]
#[tokio::test]
async fn wrong_arguments_end_with_2(#[case] arguments: &[&str]) {
    let workplace = Workplace::new();
    let ended = workplace.run(arguments).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("Usage") || ended.stderr.contains("try '--help'"), "{}", ended.stderr);
    assert_eq!(fs::read_dir(workplace.folder()).unwrap().count(), 0);
}

#[tokio::test]
async fn every_level_has_its_help() {
    let workplace = Workplace::new();
    let mut levels = vec![Vec::new()];
    let mut seen = Vec::new();
    while let Some(level) = levels.pop() {
        let ended = workplace.run(&[&level[..], &["--help"]].concat()).await.well();
        assert!(ended.stdout.contains("Usage: connector"), "{level:?}: {}", ended.stdout);
        let commands = ended.stdout.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in commands.take_while(|line| line.starts_with("  ")) {
            let (name, about) =
                line.trim().split_once(' ').unwrap_or_else(|| panic!("`{line}` says nothing"));
            assert!(about.trim().len() > 10, "{line}");
            if name != "help" {
                seen.push(name.to_owned());
                levels.push([&level[..], &[String::leak(name.to_owned()) as &str]].concat());
            }
        }
    }
    for command in
        ["serve", "demo", "sandbox", "sync", "migrate", "keys", "generate", "verify", "adopt", "openapi"]
    {
        assert!(seen.iter().any(|name| name == command), "{command} is not among {seen:?}");
    }
}

#[tokio::test]
async fn the_version_is_told() {
    let ended = Workplace::new().run(&["--version"]).await.well();
    assert_eq!(ended.stdout, concat!("connector ", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn the_document_is_printed_without_a_database_or_a_configuration() {
    let workplace = Workplace::new().with("INTEGRATION_DB_URL", "nonsense").with("CONNECTOR_NONSENSE", "1");
    let ended = workplace.run(&["openapi"]).await.well();
    let kept = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json"));
    assert!(ended.stdout == kept.unwrap_or_default().trim_end(), "run `cargo xtask openapi`");
    assert_eq!(fs::read_dir(workplace.folder()).unwrap().count(), 0);
}
