//! Blog posts: like pages, but outside of the tree.

use super::{
    LAST_DAY,
    dice::Dice,
    issues::moment,
    pages::{ContentKind, Page, PageStatus},
    people::writer,
    site::SitePlan,
    spaces::Space,
    text::title,
};

/// There is a blog post for this many pages.
const PAGES_PER_POST: usize = 15;

/// The blog posts of a site, with ids above the given one.
pub fn generate_posts(plan: &SitePlan, spaces: &[Space], last_id: u64) -> Vec<Page> {
    if spaces.is_empty() {
        return Vec::new();
    }
    let count = plan.sizes.pages.div_ceil(PAGES_PER_POST);
    let mut id = last_id;
    (0..count)
        .map(|index| {
            let mut dice = Dice::new(plan.seed, "blog-post", index as u64);
            id += 1 + dice.next() % 60;
            let space = &spaces[if index < spaces.len() { index } else { dice.skewed(spaces.len()) }];
            generate(&mut dice, id, space, (index, count))
        })
        .collect()
}

fn generate(dice: &mut Dice, id: u64, space: &Space, (index, count): (usize, usize)) -> Page {
    let created = moment(dice, index, count).max(space.created + 60_000);
    let version = if dice.percent(70) { 1 } else { 2 };
    let author = writer(dice);
    Page {
        id,
        kind: ContentKind::BlogPost,
        space: space.id,
        title: title(dice, index),
        status: PageStatus::Current,
        parent: None,
        position: 0,
        author,
        created,
        version,
        modified: if version == 1 { created } else { created + dice.millis((LAST_DAY - created).max(1)) },
        editor: author,
        message: String::new(),
        earlier: Vec::new(),
        body: None,
        original: true,
        comments: Vec::new(),
        files: Vec::new(),
        labels: None,
    }
}
