//! People in Jira.

use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};

use super::{ApiVersion, error::JiraError, urls::Urls};
use crate::{
    app::Sandbox,
    gateway::{Caller, View},
    world::people::{Person, PersonIndex},
};

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

/// A user as issues and comments have it.
pub fn user(view: View<'_>, urls: Urls<'_>, person: &Person) -> Value {
    let mut user = user_of_project(view, urls, person);
    user["accountType"] = json!(person.account_type);
    user["timeZone"] = json!(person.zone.name());
    // Apps and people who hide their address have none.
    if let Some(email) = &person.email {
        user["emailAddress"] = json!(email);
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
