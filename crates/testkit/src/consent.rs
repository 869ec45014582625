use url::Url;

use crate::answer::Answer;
use crate::browser::Browser;

/// The form of the sandbox's consent page, as it was shown.
#[derive(Debug, Clone)]
pub struct ConsentForm {
    action: Url,
    /// What is sent along unseen.
    hidden: Vec<(String, String)>,
    selects: Vec<Select>,
}

#[derive(Debug, Clone)]
struct Select {
    name: String,
    /// (value, label)
    options: Vec<(String, String)>,
    chosen: usize,
}

impl ConsentForm {
    fn read(address: &Url, html: &str) -> Self {
        let form = between(html, "<form", "</form>").expect("a form on the consent page");
        let action = attribute(form, "action").expect("the form's action");
        let hidden = tags(form, "<input").filter(|tag| attribute(tag, "type").as_deref() == Some("hidden"));
        let hidden = hidden
            .map(|tag| (attribute(tag, "name").expect("a name"), attribute(tag, "value").expect("a value")));
        let selects =
            form.split("<select").skip(1).map(|select| Select::read(between_start(select, "</select>")));
        Self {
            action: address.join(&action).expect("the form's address"),
            hidden: hidden.collect(),
            selects: selects.collect(),
        }
    }

    /// Chooses the option of a list whose label begins with a text, as a person does.
    #[must_use]
    pub fn choose(mut self, list: &str, label: &str) -> Self {
        let select = self.selects.iter_mut().find(|select| select.name == list).expect("a list of this name");
        let found = select.options.iter().position(|(_, text)| text.starts_with(label));
        select.chosen = found.unwrap_or_else(|| panic!("`{label}` is not among {:?}", select.options));
        self
    }

    /// What the app asked for, by the name of the parameter.
    pub fn asked(&self, name: &str) -> Option<&str> {
        self.hidden.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn fields(&self, decision: &str) -> String {
        let mut fields = url::form_urlencoded::Serializer::new(String::new());
        fields.extend_pairs(&self.hidden);
        for select in &self.selects {
            fields.append_pair(&select.name, &select.options[select.chosen].0);
        }
        fields.append_pair("decision", decision).finish()
    }
}

impl Select {
    fn read(text: &str) -> Self {
        let options: Vec<_> = text.split("<option").skip(1).collect();
        let chosen = options.iter().position(|option| between_start(option, ">").contains(" selected"));
        let option = |option: &&str| {
            let label = option.split_once('>').map_or("", |(_, rest)| between_start(rest, "</option>"));
            (attribute(option, "value").expect("an option's value"), unescape(label))
        };
        Self {
            name: attribute(text, "name").expect("a list's name"),
            options: options.iter().map(option).collect(),
            chosen: chosen.unwrap_or(0),
        }
    }
}

impl Browser {
    /// Opens Atlassian's consent page.
    pub async fn consent_form(&self, authorize: &Url) -> ConsentForm {
        let page = self.for_pages().get(authorize.as_str()).await.expect(200);
        ConsentForm::read(authorize, &page.text())
    }

    /// Presses a button of the consent page: `accept` or `deny`. Answers the address that the browser is sent back
    /// to, which it has not opened yet.
    pub async fn decide(&self, form: &ConsentForm, decision: &str) -> Url {
        let call = self.call("POST", form.action.as_str());
        let answer = call.body("application/x-www-form-urlencoded", form.fields(decision)).await;
        answer.expect(302).location()
    }

    /// Opens a login route of the service; answers where it leads at Atlassian.
    pub async fn begin(&self, login: &str) -> Url {
        let authorize = self.get(login).await.expect(302).location();
        assert_eq!(authorize.path(), "/authorize", "{authorize}");
        authorize
    }

    /// Begins a login and accepts; answers the address of the callback, which has not been opened yet.
    pub async fn accept(&self, login: &str) -> Url {
        let form = self.consent_form(&self.begin(login).await).await;
        self.decide(&form, "accept").await
    }

    /// Connects the default person's account from the first click to the redirect at the end.
    pub async fn connect(&self) -> Answer {
        self.connect_by("/api/oauth/atlassian/login").await
    }

    pub async fn connect_by(&self, login: &str) -> Answer {
        let callback = self.accept(login).await;
        self.get(callback.as_str()).await.expect(302)
    }

    /// Connects the account of the person whose name begins like this.
    pub async fn connect_as(&self, name: &str) -> Answer {
        let form = self.consent_form(&self.begin("/api/oauth/atlassian/login").await).await;
        let callback = self.decide(&form.choose("account_id", name), "accept").await;
        self.get(callback.as_str()).await.expect(302)
    }
}

fn tags<'t>(text: &'t str, tag: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(tag).skip(1).map(|rest| between_start(rest, ">"))
}

/// What follows the first `from`, up to the next `to`.
fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    text.split_once(from).map(|(_, rest)| between_start(rest, to))
}

fn between_start<'t>(text: &'t str, to: &str) -> &'t str {
    text.split_once(to).map_or(text, |(inside, _)| inside)
}

/// An attribute of the tag with which a text begins.
fn attribute(text: &str, name: &str) -> Option<String> {
    between(between_start(text, ">"), &format!(" {name}=\""), "\"").map(unescape)
}

fn unescape(text: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    named.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_browser_would_send() {
        let html = r#"<p>Hello</p><form method="post" action="/authorize"><input type="hidden" name="state" value="a&#38;b">
            <select id="s" name="cloud_id"><option value="1">One</option><option value="2" selected>Two</option></select>
            <button type="submit" name="decision" value="accept">Accept</button></form>"#;
        let address = Url::parse("http://auth.test/authorize?x=1").unwrap();
        let form = ConsentForm::read(&address, html);
        assert_eq!(form.action.as_str(), "http://auth.test/authorize");
        assert_eq!(form.fields("deny"), "state=a%26b&cloud_id=2&decision=deny");
        assert_eq!(form.choose("cloud_id", "On").fields("accept"), "state=a%26b&cloud_id=1&decision=accept");
    }
}
