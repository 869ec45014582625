//! People in Jira.

use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};

use super::{ApiVersion, error::JiraError, paging::Part, urls::Urls};
use crate::{
    app::Sandbox,
    gateway::{Caller, Counted, View},
    params::Params,
    switches::PeopleSearch,
    world::people::{Person, PersonIndex},
};

const DEFAULT_PAGE: usize = 50;
const LARGEST_PAGE: usize = 1000;

/// `GET /myself`
pub async fn myself(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
) -> Result<Json<Value>, JiraError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let person = view.person().ok_or_else(JiraError::unauthorized)?;
    let mut user = user(view, Urls::new(view, version), person);
    user["locale"] = json!(person.locale);
    user["groups"] = json!({ "size": 5, "items": [] });
    user["applicationRoles"] = json!({ "size": 1, "items": [] });
    user["expand"] = json!("groups,applicationRoles");
    Ok(Json(user))
}

/// `GET /users/search`: a bare array that begins with the apps. A short page is not the last; an empty one is.
pub async fn search_all(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    params: Params,
) -> Result<Counted, JiraError> {
    let part = Part::read(&params, DEFAULT_PAGE, LARGEST_PAGE)?;
    match sandbox.switches().people_search {
        PeopleSearch::Open => {}
        PeopleSearch::Forbidden => {
            return Err(JiraError::forbidden("You are not authorized to browse users."));
        }
        PeopleSearch::TooSlow => return Err(JiraError::conflict("The search took too long.")),
    }
    let world = sandbox.world();
    let view = caller.view(&world);
    view.person().ok_or_else(JiraError::unauthorized)?;
    let (apps, people): (Vec<&Person>, Vec<&Person>) =
        world.people.iter().partition(|person| person.account_type == "app");
    let all: Vec<&Person> = apps.into_iter().chain(people).collect();
    let urls = Urls::new(view, version);
    let rows: Vec<Value> = part.of(&all).iter().map(|person| user(view, urls, person)).collect();
    let count = rows.len();
    Ok(Counted(Value::Array(rows), count))
}

/// `GET /user?accountId=`
pub async fn show(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, JiraError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    view.person().ok_or_else(JiraError::unauthorized)?;
    let account_id = params.get("accountId").unwrap_or_default();
    let person = world.people.iter().find(|person| person.account_id == account_id);
    let missing = "Specified user does not exist or you do not have required permissions";
    let person = person.ok_or_else(|| JiraError::not_found(missing))?;
    Ok(Json(user(view, Urls::new(view, version), person)))
}

/// `GET /user/bulk?accountId=…&accountId=…`: whoever is not found is left out.
pub async fn bulk(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    params: Params,
) -> Result<Counted, JiraError> {
    let part = Part::read(&params, 10, 200)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    view.person().ok_or_else(JiraError::unauthorized)?;
    let wanted = params.list("accountId");
    let found: Vec<&Person> =
        world.people.iter().filter(|person| wanted.contains(&person.account_id.as_str())).collect();
    let urls = Urls::new(view, version);
    let rows: Vec<Value> = part.of(&found).iter().map(|person| user(view, urls, person)).collect();
    let count = rows.len();
    Ok(Counted(part.linked(urls, "user/bulk", &params, found.len(), rows), count))
}

/// A user as issues and comments have it.
pub fn user(view: View<'_>, urls: Urls<'_>, person: &Person) -> Value {
    let mut user = user_of_project(view, urls, person);
    user["accountType"] = json!(person.account_type);
    user["timeZone"] = json!(person.zone.name());
    // Apps have no address. Of people who hide it there is null, of those who have left an empty one.
    match &person.email {
        Some(email) => user["emailAddress"] = json!(email),
        None if person.account_type == "app" => {}
        None => user["emailAddress"] = if person.active { Value::Null } else { json!("") },
    }
    user
}

/// A user as projects have it: the short form.
pub fn user_of_project(view: View<'_>, urls: Urls<'_>, person: &Person) -> Value {
    let avatar = format!("{}/avatars/{}", view.caller.site_url, person.account_id);
    let sizes = ["48x48", "24x24", "16x16", "32x32"].map(|size| (String::from(size), json!(avatar)));
    json!({
        "self": urls.user(&person.account_id),
        "accountId": person.account_id,
        "avatarUrls": Value::Object(sizes.into_iter().collect()),
        "displayName": person.name,
        "active": person.active,
    })
}

/// The short form of a person by index.
pub fn lead(view: View<'_>, urls: Urls<'_>, person: PersonIndex) -> Value {
    user_of_project(view, urls, &view.world.people[person])
}
