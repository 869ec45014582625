// What the console does beyond showing. Every page can be read, and Atlassian connected, without it.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

// --- Times: the server writes UTC, which no browser's settings can get wrong.

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function makeLocal(time) {
  const date = new Date(time.dateTime);
  if (Number.isNaN(date.getTime())) return;
  time.title ||= time.textContent;
  time.textContent = clock.format(date);
}

function duration(seconds) {
  const two = (large, largeUnit, small, smallUnit) =>
    small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
  if (seconds < 1) return "less than a second";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return two(Math.floor(seconds / 60), "min", seconds % 60, "s");
  if (seconds < 86400) return two(Math.floor(seconds / 3600), "h", Math.floor(seconds / 60) % 60, "min");
  return two(Math.floor(seconds / 86400), "d", Math.floor(seconds / 3600) % 24, "h");
}

all("time").forEach(makeLocal);
all("[data-since]").forEach((span) => {
  const since = Date.parse(span.dataset.since);
  setInterval(() => { span.textContent = duration(Math.max(0, Math.floor((Date.now() - since) / 1000))); }, 1000);
});

// --- Requests that change something.

async function send(method, path, body) {
  const headers = { Accept: "application/json", "X-Requested-With": "connector-console" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), credentials: "same-origin" });
  } catch {
    throw new Error("The service cannot be reached. Is it running?");
  }
  if (answer.ok) return;
  const problem = await answer.json().catch(() => ({}));
  const said = problem.detail || problem.title || `The service answered ${answer.status}.`;
  throw Object.assign(new Error(said), { kind: problem.type });
}

const LOGIN_AGAIN = "urn:connector:problem:login-again";

function linkToLogin() {
  const link = document.createElement("a");
  link.href = "/api/oauth/atlassian/login";
  link.textContent = "Log in again";
  return link;
}

// Runs `work` for a button: no second click meanwhile, and a failure is said beside it.
async function withButton(button, work) {
  const failure = one("[data-failure]", button.closest("article"));
  button.disabled = true;
  failure.hidden = true;
  try {
    await work();
    location.reload();
  } catch (error) {
    button.disabled = false;
    failure.textContent = error.message;
    if (error.kind === LOGIN_AGAIN) failure.append(" ", linkToLogin());
    failure.hidden = false;
  }
}

all("[data-sync]").forEach((button) => button.addEventListener("click", () =>
  withButton(button, () => send("POST", "/api/syncs", { connection_id: button.dataset.sync }))));

const dialog = one("#disconnect");
all("[data-disconnect]").forEach((button) => button.addEventListener("click", () => {
  dialog.returnValue = "";
  one("form", dialog).reset();
  nameEnd();
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return;
    const path = `/api/connections/${encodeURIComponent(button.dataset.disconnect)}?data=${fate()}`;
    withButton(button, () => send("DELETE", path));
  }, { once: true });
  dialog.showModal();
}));

const fate = () => one("[name=data]:checked", dialog).value;

// The button says what it is about to do.
function nameEnd() {
  one("[data-confirm]", dialog).textContent = fate() === "erase" ? "Disconnect and erase" : "Disconnect";
}

all("[name=data]", dialog ?? undefined).forEach((choice) => choice.addEventListener("change", nameEnd));

const farewell = one("#farewell");
all("[data-delete-me]").forEach((button) => button.addEventListener("click", () => {
  farewell.returnValue = "";
  farewell.addEventListener("close", () => {
    if (farewell.returnValue !== "yes") return;
    withButton(button, () => send("DELETE", `/api/users/${encodeURIComponent(button.dataset.deleteMe)}`));
  }, { once: true });
  farewell.showModal();
}));

// Everything switched on is said by null, which holds for what comes later too.
function chosen(form, name) {
  const boxes = all(`[name=${name}]`, form);
  const on = boxes.filter((box) => box.checked).map((box) => box.value);
  return boxes.length === on.length ? null : on;
}

all("[data-choose]").forEach((form) => form.addEventListener("submit", (event) => {
  event.preventDefault();
  const choice = { streams: chosen(form, "streams") };
  if (one("[name=sites]", form)) choice.sites = chosen(form, "sites");
  const path = `/api/connections/${encodeURIComponent(form.dataset.choose)}`;
  withButton(one("button", form), () => send("PATCH", path, choice));
}));

all("[data-logout]").forEach((form) => form.addEventListener("submit", async (event) => {
  event.preventDefault();
  // Signed out or not, the console shows how things stand.
  await send("POST", "/api/logout").catch(() => {});
  location.assign("/console");
}));

// --- A run that is under way.

const BADGES = {
  queued: ["busy", "Queued"], running: ["busy", "Running"], waiting: ["warn", "Waiting"],
  succeeded: ["good", "Succeeded"], failed: ["bad", "Failed"], cancelled: ["idle", "Cancelled"],
};
const FINAL = ["succeeded", "failed", "cancelled"];
const number = new Intl.NumberFormat("en");

function percent({ fetched, total, done }) {
  if (done) return 100;
  return total > 0 ? Math.min(99, Math.floor((fetched * 100) / total)) : null;
}

function percentOfAll(streams) {
  const known = streams.map(percent);
  if (known.every((value) => value === null)) return null;
  return Math.floor(known.reduce((sum, value) => sum + value, 0) / known.length);
}

function pace({ rate, ends_at: end }) {
  const words = rate ? [`${number.format(rate)} a minute`] : [];
  const seconds = end ? Math.max(0, Math.round((Date.parse(end) - Date.now()) / 1000)) : null;
  if (seconds !== null) words.push(`${seconds < 60 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`} left`);
  return words.join(", ");
}

// A bar without a value moves without a length.
function setBar(bar, value) {
  if (value === null) bar.removeAttribute("value");
  else bar.value = value;
}

function showStream(card, stream) {
  const body = one("[data-field=streams]", card);
  let row = all("tr", body).find((candidate) => candidate.dataset.stream === stream.name);
  if (!row) {
    row = one("#stream-row").content.cloneNode(true).firstElementChild;
    row.dataset.stream = stream.name;
    const label = stream.name.replace(/[._\-/:]/g, " ").replace(/^./u, (first) => first.toUpperCase());
    one("[data-cell=label]", row).textContent = label;
    one("progress", row).setAttribute("aria-label", `Progress of ${label}`);
    body.append(row);
    body.closest("table").hidden = false;
  }
  const total = !stream.done && stream.total > 0 ? ` of ${number.format(stream.total)}` : "";
  const texts = { fetched: number.format(stream.fetched), total, pace: pace(stream) };
  for (const cell of ["written", "deleted"]) texts[cell] = number.format(stream[cell] ?? 0);
  for (const [cell, text] of Object.entries(texts)) one(`[data-cell=${cell}]`, row).textContent = text;
  setBar(one("progress", row), percent(stream));
}

function showRun(card, run) {
  const field = (name) => one(`[data-field=${name}]`, card);
  const [tone, text] = BADGES[run.status] ?? ["idle", run.status];
  if (field("status").textContent !== text) {
    // Only a change of state is read out: every count would drown out the rest.
    field("announce").textContent = `Sync: ${text}`;
    field("status").textContent = text;
    field("status").className = `badge ${tone}`;
  }
  const streams = run.streams ?? [];
  streams.forEach((stream) => showStream(card, stream));
  const overall = percentOfAll(streams);
  setBar(field("progress"), overall);
  field("percent").textContent = overall === null ? "" : `${overall} %`;
  field("waiting").hidden = !run.waiting;
  if (run.waiting) {
    const until = document.createElement("time");
    until.dateTime = run.waiting.until;
    until.textContent = run.waiting.until;
    makeLocal(until);
    field("waiting").replaceChildren("Waiting until ", until, `: ${run.waiting.reason}`);
  }
  field("error").hidden = !run.error;
  field("error").textContent = run.error ?? "";
}

function follow(card) {
  const source = new EventSource(card.dataset.events);
  source.addEventListener("progress", (event) => {
    const run = JSON.parse(event.data);
    showRun(card, run);
    if (!FINAL.includes(run.status)) return;
    source.close();
    // Once only, should the page come back still showing the run as it was.
    const mark = `connector-run-${run.id}`;
    if (sessionStorage.getItem(mark)) return;
    sessionStorage.setItem(mark, "seen");
    location.reload();
  });
  // The browser comes back by itself after a lost line, but not after an error answer.
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(card), 5000);
  });
}

all("[data-events]").forEach(follow);

// --- Filters: case and accents do not count.

const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

all("[data-filter]").forEach((input) => {
  const rows = all("tbody tr", document.getElementById(input.dataset.filter))
    .map((row) => [row, folded(row.textContent)]);
  const none = one(`[data-none=${input.dataset.filter}]`);
  const apply = () => {
    const wanted = folded(input.value.trim());
    rows.forEach(([row, text]) => { row.hidden = !text.includes(wanted); });
    none.hidden = rows.some(([row]) => !row.hidden);
  };
  input.addEventListener("input", apply);
  // A browser that comes back to the page may have kept what was written.
  if (input.value) apply();
});

// --- A site's picture that does not load gives way to the initials under it.
all(".face img").forEach((picture) => {
  const drop = () => picture.remove();
  if (picture.complete && picture.naturalWidth === 0) drop();
  else picture.addEventListener("error", drop);
});
