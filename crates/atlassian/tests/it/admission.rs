use std::sync::{Arc, Mutex};
use std::time::Duration;

use connector_atlassian::confluence::SpaceQuery;
use connector_atlassian::jira::{Jql, Search};
use connector_atlassian::{Admission, Admitted, ApiError, CallClass, Listing, Observed, Permit, Priority};
use connector_domain::Product;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::stub::{Reply, Stub};
use crate::{NoPause, client, cloud_id, token};

/// Lets one call through at a time, and notes what it was told.
#[derive(Debug)]
struct Gate {
    free: Arc<Semaphore>,
    refusal: Option<ApiError>,
    log: Mutex<Vec<String>>,
}

impl Gate {
    fn new(refusal: Option<ApiError>) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(1)), refusal, log: Mutex::default() })
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

impl Admission for Gate {
    fn admit<'a>(&'a self, class: &'a CallClass<'a>) -> Admitted<'a> {
        let CallClass { method, route, points, .. } = class;
        self.log.lock().unwrap().push(format!("{method} {route} costs {points}"));
        Box::pin(async move {
            match &self.refusal {
                Some(refusal) => Err(refusal.clone()),
                None => Ok(Permit::holding(Arc::clone(&self.free).acquire_owned().await.unwrap())),
            }
        })
    }

    fn observe(&self, _: &CallClass<'_>, observed: &Observed) {
        assert_eq!(self.free.available_permits(), 0, "the permit is held while the call is under way");
        let Observed { status, points, rate, .. } = observed;
        self.log.lock().unwrap().push(format!("{status:?} cost {points}, {:?} left", rate.remaining));
    }
}

#[tokio::test]
async fn every_try_is_admitted_priced_and_observed() {
    let stub = Stub::in_turn(vec![
        Reply::new(503, ""),
        Reply::json(&json!({"issues": [{"id": "1"}, {"id": "2"}, {}], "isLast": true}))
            .header("x-ratelimit-remaining", "349"),
        Reply::json(&json!([{"accountId": "a"}, {"accountId": "b"}])),
        Reply::json(&json!({"expirationDate": "2026-06-01T12:42:30.000+0000"})),
        Reply::json(&json!({"account_id": "a"})),
    ])
    .await;
    let gate = Gate::new(None);
    let (client, _) = NoPause::install(client(&stub.url));
    let client = client.with_admission(Arc::clone(&gate) as Arc<dyn Admission>);
    let cloud_id = cloud_id();
    let jira = client.jira(&cloud_id);
    let search = Search { max_results: 5000, ..Search::new(Jql::project(1)) };
    jira.search_ids(&token(), &search).await.unwrap();
    jira.users().fetch(&token(), None).await.unwrap();
    jira.refresh_webhooks(&token(), &[1]).await.unwrap();
    client.me(&token()).await.unwrap();
    let search = "POST /rest/api/3/search/jql costs 5001";
    assert_eq!(
        gate.log(),
        [
            search,
            "Some(503) cost 1, None left",
            search,
            "Some(200) cost 4, Some(349) left",
            "GET /rest/api/3/users/search costs 401",
            "Some(200) cost 5, None left",
            "PUT /rest/api/3/webhook/refresh costs 1",
            "Some(200) cost 1, None left",
            "GET /me costs 2",
            "Some(200) cost 2, None left",
        ]
    );
    assert_eq!(gate.free.available_permits(), 1);
}

#[tokio::test]
async fn a_call_that_is_not_admitted_is_not_sent() {
    let reason = "connector: kept for people".to_owned();
    let refusal = ApiError::QuotaExceeded { reason, retry_after: Some(Duration::from_secs(9)), until: None };
    let stub = Stub::start(|_| Reply::new(500, "")).await;
    let (client, pause) = NoPause::install(client(&stub.url));
    let client = client.with_admission(Gate::new(Some(refusal.clone())));
    assert_eq!(client.me(&token()).await.unwrap_err(), refusal);
    assert_eq!((stub.asked().len(), pause.waits().len()), (0, 0));
}

#[tokio::test]
async fn the_end_of_a_call_without_an_answer_is_observed_too() {
    let gate = Gate::new(None);
    let client = client(&Stub::nowhere().await).with_admission(Arc::clone(&gate) as Arc<dyn Admission>);
    client.me(&token()).await.unwrap_err();
    assert_eq!(gate.log(), ["GET /me costs 2", "None cost 2, None left"]);
}

#[tokio::test]
async fn a_call_that_is_given_up_counts_and_gives_its_permit_back() {
    let gate = Gate::new(None);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap()))
        .with_admission(Arc::clone(&gate) as Arc<dyn Admission>);
    let token = token();
    let mut call = Box::pin(client.me(&token));
    tokio::select! {
        _ = &mut call => panic!("nobody answers"),
        _ = listener.accept() => assert_eq!(gate.free.available_permits(), 0),
    }
    drop(call);
    assert_eq!(gate.free.available_permits(), 1);
    assert_eq!(gate.log(), ["GET /me costs 2", "None cost 2, None left"], "Atlassian may have counted it");
}

#[tokio::test]
async fn a_class_names_its_site_and_who_waits() {
    type Class = (Option<Product>, Option<String>, Priority);

    #[derive(Debug, Default)]
    struct Classes(Mutex<Vec<Class>>);

    impl Admission for Classes {
        fn admit<'a>(&'a self, class: &'a CallClass<'a>) -> Admitted<'a> {
            let cloud_id = class.cloud_id.map(|id| id.as_str().to_owned());
            self.0.lock().unwrap().push((class.product, cloud_id, class.priority));
            Box::pin(std::future::ready(Ok(Permit::default())))
        }

        fn observe(&self, _: &CallClass<'_>, _: &Observed) {}
    }

    let stub = Stub::start(|_| Reply::json(&json!({"results": [], "account_id": "a", "count": 1}))).await;
    let classes = Arc::new(Classes::default());
    let client = client(&stub.url).with_admission(Arc::clone(&classes) as Arc<dyn Admission>);
    let (census, cloud_id) = (client.clone().with_priority(Priority::Census), cloud_id());
    client.me(&token()).await.unwrap();
    census.jira(&cloud_id).approximate_count(&token(), &Jql::project(1)).await.unwrap();
    client.confluence(&cloud_id).spaces(&token(), &SpaceQuery::default()).await.unwrap();
    let site = || Some("cloud-1".to_owned());
    assert_eq!(
        *classes.0.lock().unwrap(),
        [
            (None, None, Priority::Interactive),
            (Some(Product::Jira), site(), Priority::Census),
            (Some(Product::Confluence), site(), Priority::Interactive),
        ]
    );
    assert!(Priority::Census < Priority::Backfill && Priority::Incremental < Priority::Interactive);
}
