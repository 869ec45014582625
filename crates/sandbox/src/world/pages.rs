//! Confluence pages and the folders that some of them lie in.

use std::collections::HashSet;

use super::{
    FIRST_DAY, LAST_DAY, Millis,
    activity::{Attachment, PageComment, Written},
    dice::Dice,
    issues::moment,
    people::{PersonIndex, writer},
    site::SitePlan,
    spaces::Space,
    text::{LONGEST_TITLE, longest_title, title},
};

/// A Confluence page or blog post.
#[derive(Clone, Debug)]
pub struct Page {
    pub id: u64,
    pub kind: ContentKind,
    pub space: u64,
    pub title: String,
    pub status: PageStatus,
    pub parent: Option<Parent>,
    pub position: u32,
    pub author: PersonIndex,
    pub created: Millis,
    /// Number, time and author of the current version.
    pub version: u32,
    pub modified: Millis,
    pub editor: PersonIndex,
    pub message: String,
    /// Versions that changes through the control interface replaced, oldest first.
    pub earlier: Vec<PageVersion>,
    /// The storage format that a person wrote through the control interface; otherwise the body is computed.
    pub body: Option<String>,
    /// Whether it was there from the start, with comments, labels and files.
    pub original: bool,
    /// What people made of its comments and files through the control interface.
    pub comments: Vec<Written<PageComment>>,
    pub files: Vec<Written<Attachment>>,
    /// Its labels, once somebody set them there.
    pub labels: Option<Vec<String>>,
}

/// What has versions, a body and comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentKind {
    Page,
    BlogPost,
}

impl ContentKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::BlogPost => "blogpost",
        }
    }

    /// The first part of its addresses in the API.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Page => "pages",
            Self::BlogPost => "blogposts",
        }
    }

    /// The member that names it in what hangs on it.
    pub fn id_member(self) -> &'static str {
        match self {
            Self::Page => "pageId",
            Self::BlogPost => "blogPostId",
        }
    }
}

/// One version of a page.
#[derive(Clone, Debug)]
pub struct PageVersion {
    pub number: u32,
    pub at: Millis,
    pub by: PersonIndex,
    pub message: String,
    /// Where they are known; otherwise the title is the present one and the body is computed.
    pub title: Option<String>,
    pub body: Option<String>,
}

impl Page {
    /// The version that the page has now.
    pub fn current_version(&self) -> PageVersion {
        PageVersion {
            number: self.version,
            at: self.modified,
            by: self.editor,
            message: self.message.clone(),
            title: Some(self.title.clone()),
            body: self.body.clone(),
        }
    }

    /// All versions, oldest first. Those from before the start are computed.
    pub fn versions(&self, seed: u64) -> Vec<PageVersion> {
        let known = || self.earlier.iter().cloned().chain([self.current_version()]);
        let Some(first) = known().next() else { return Vec::new() };
        let span = first.at - self.created;
        let computed = (1..first.number).map(|number| {
            let mut dice = Dice::new(seed, "page-version", self.id ^ (u64::from(number) << 40));
            let at = self.created + span * Millis::from(number - 1) / Millis::from(first.number - 1);
            let by = if number == 1 { self.author } else { writer(&mut dice) };
            PageVersion { number, at, by, message: String::new(), title: None, body: None }
        });
        computed.chain(known()).collect()
    }
}

/// What a page hangs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    Page(u64),
    /// Folders are not pages: no list of pages contains them.
    Folder(u64),
}

impl Parent {
    pub fn id(self) -> u64 {
        match self {
            Self::Page(id) | Self::Folder(id) => id,
        }
    }

    pub fn kind(self) -> &'static str {
        match self {
            Self::Page(_) => "page",
            Self::Folder(_) => "folder",
        }
    }
}

/// Where a page is in its life; purged pages are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageStatus {
    Current,
    Archived,
    Trashed,
}

impl PageStatus {
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Archived => "archived",
            Self::Trashed => "trashed",
        }
    }
}

/// A folder of the page tree.
#[derive(Clone, Debug)]
pub struct Folder {
    pub id: u64,
    pub space: u64,
    pub title: String,
    pub parent: Option<Parent>,
    pub author: PersonIndex,
    pub created: Millis,
}

/// How deep the tree grows below the home page.
const DEEPEST: usize = 5;
const FOLDERS: [&str; 3] = ["Archive", "Meeting notes", "Templates"];
const DAY: Millis = 86_400_000;

/// What is known of a space while its pages are made.
#[derive(Default)]
struct Tree {
    /// Pages that others may hang under, with their depth.
    pages: Vec<(u64, usize)>,
    folders: Vec<u64>,
    titles: HashSet<String>,
}

/// The pages of a site, spread over its spaces; the first page of a space is its home page. Besides the number
/// that was asked for there are some in the trash and, where the plan wants leftovers, archived ones.
pub fn generate_pages(plan: &SitePlan, spaces: &mut [Space]) -> (Vec<Page>, Vec<Folder>) {
    let (mut pages, mut folders) = (Vec::with_capacity(plan.sizes.pages), Vec::new());
    if spaces.is_empty() {
        return (pages, folders);
    }
    let mut trees: Vec<Tree> = Vec::new();
    trees.resize_with(spaces.len(), Tree::default);
    let trashed = plan.sizes.pages / 50;
    let archived = if plan.leftovers { 3 } else { 0 };
    let count = plan.sizes.pages + trashed + archived;
    let mut id = spaces.iter().map(|space| space.id).max().unwrap_or_default();
    for index in 0..count {
        let mut dice = Dice::new(plan.seed, "page", index as u64);
        let position = if index < spaces.len() { index } else { dice.skewed(spaces.len()) };
        let (space, tree) = (&mut spaces[position], &mut trees[position]);
        id += 1 + dice.next() % 60;
        let status = match index.checked_sub(plan.sizes.pages) {
            None => PageStatus::Current,
            Some(extra) if extra < trashed => PageStatus::Trashed,
            Some(_) => PageStatus::Archived,
        };
        let page = generate(&mut dice, Place { id, index, count, space, tree, status });
        if tree.pages.is_empty() {
            space.homepage = Some(id);
        }
        if status == PageStatus::Current {
            let depth = page.parent.and_then(|parent| depth(tree, parent.id())).map_or(0, |depth| depth + 1);
            tree.pages.push((id, depth));
        }
        if tree.pages.len() == 8 && tree.folders.is_empty() {
            for title in FOLDERS {
                id += 1 + dice.next() % 60;
                tree.folders.push(id);
                folders.push(folder(&mut dice, id, space, title));
            }
        }
        pages.push(page);
    }
    (pages, folders)
}

struct Place<'a> {
    id: u64,
    index: usize,
    count: usize,
    space: &'a Space,
    tree: &'a mut Tree,
    status: PageStatus,
}

fn generate(dice: &mut Dice, place: Place<'_>) -> Page {
    let Place { id, index, count, space, tree, status } = place;
    let created = moment(dice, index, count).max(space.created + 60_000);
    let age = (LAST_DAY - created).max(1);
    let version = if dice.percent(40) { 1 } else { 2 + u32::try_from(dice.skewed(14)).unwrap_or_default() };
    let modified = created + if dice.percent(60) { dice.millis(age.min(60 * DAY)) } else { dice.millis(age) };
    let author = writer(dice);
    Page {
        id,
        kind: ContentKind::Page,
        space: space.id,
        title: unique_title(dice, space, tree, index),
        status,
        parent: parent(dice, tree),
        position: u32::try_from(tree.titles.len()).unwrap_or_default() * 16,
        author,
        created,
        version,
        modified: if version == 1 { created } else { modified },
        editor: if version == 1 { author } else { writer(dice) },
        message: if version > 1 && dice.percent(20) {
            String::from("Corrected the figures")
        } else {
            String::new()
        },
        earlier: Vec::new(),
        body: None,
        original: true,
        comments: Vec::new(),
        files: Vec::new(),
        labels: None,
    }
}

/// Titles are unique within a space, whatever the case.
fn unique_title(dice: &mut Dice, space: &Space, tree: &mut Tree, index: usize) -> String {
    let number = tree.titles.len();
    let mut wanted = match number {
        0 if space.kind == "personal" => format!("{} Home", space.name),
        0 => space.name.clone(),
        _ if index % 250 == 77 => longest_title(dice),
        _ => title(dice, number),
    };
    if !tree.titles.insert(wanted.to_lowercase()) {
        let suffix = format!(" ({number})");
        wanted = wanted.chars().take(LONGEST_TITLE - suffix.len()).chain(suffix.chars()).collect();
        tree.titles.insert(wanted.to_lowercase());
    }
    wanted
}

fn parent(dice: &mut Dice, tree: &Tree) -> Option<Parent> {
    let (home, _) = tree.pages.first()?;
    if !tree.folders.is_empty() && dice.percent(10) {
        return Some(Parent::Folder(dice.pick(&tree.folders)));
    }
    if dice.percent(25) {
        return Some(Parent::Page(*home));
    }
    let (id, depth) = dice.pick(&tree.pages);
    Some(Parent::Page(if depth < DEEPEST { id } else { *home }))
}

fn depth(tree: &Tree, id: u64) -> Option<usize> {
    tree.pages.binary_search_by_key(&id, |(page, _)| *page).ok().map(|index| tree.pages[index].1)
}

fn folder(dice: &mut Dice, id: u64, space: &Space, title: &str) -> Folder {
    Folder {
        id,
        space: space.id,
        title: String::from(title),
        parent: space.homepage.map(Parent::Page),
        author: writer(dice),
        created: FIRST_DAY + dice.millis(DAY),
    }
}
