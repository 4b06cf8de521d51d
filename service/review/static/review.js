// Shortcuts, claims and live updates on pages that work without them. What it does, it does through the pages' own forms.
const every = (selector, root = document) => [...root.querySelectorAll(selector)];
const token = document.querySelector("meta[name=csrf-token]").content;
const CLAIM_AGAIN = 60_000, LOOK_AGAIN = 10_000, AWAY = 180_000, STAYS = 250, SOON = 500, PATIENCE = 30_000, FEW_LEFT = 6;
const PICKED = `picked by ${document.querySelector(".menu summary")?.textContent}`;  // another moderator may sign in next
const UNANSWERED = "The service did not answer: this may be done, or not. Load the page again to see.";

let current = null;
let lastMove = Date.now();
let judging = null, undoing = false;

const say = (message) => {
  const toast = document.querySelector("#said");
  toast.textContent = message;
  aboveTheBar(toast);
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { toast.textContent = ""; }, 5000);
};

function leave(address, message) {  // what was done is said on the next page
  sessionStorage.setItem("said", message);
  if (address === location.href) location.reload(); else location.assign(address);
}
function aboveTheBar(toast) {
  const bar = document.querySelector(".bulk");
  toast.style.bottom = bar?.offsetHeight ? `${innerHeight - bar.getBoundingClientRect().top + 8}px` : "";
}

async function ask(address, options = {}) {
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  try {
    const response = await fetch(address, { ...options, headers, signal: AbortSignal.timeout(PATIENCE) });
    if (response.status === 401) return signedOut();
    return { ok: response.ok, status: response.status, message: UNANSWERED, ...await response.json() };
  } catch {
    return { ok: false, status: 0, message: UNANSWERED };
  }
}
function signedOut() {
  const message = "Your session is over. Copy what you wrote, and sign in again.";
  sessionStorage.setItem(PICKED, picked().map((box) => box.value).join(" "));
  if (written().length) say(message); else location.reload();
  return { ok: false, status: 401, message };
}
const post = (address, form) => ask(address, { method: "POST", body: form ?? new FormData() });

const address = (card, does) => `/review/comments/${card.dataset.comment}/${does}`;
const open = () => every(".card[data-comment]").filter((card) => !card.matches(".done, .taken"));
const written = (root = document) => every(".card:not(.done) textarea", root).filter((field) => field.value.trim());
const after = (card) => open().filter((other) => card.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
const before = (card) => open().filter((other) => card.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_PRECEDING);
const fetchPage = async (address) => new DOMParser().parseFromString(await (await fetch(address, { headers: { Accept: "text/html" } })).text(), "text/html");

// ---- claims

async function claim(card) {
  card.dataset.claimed = "yes";
  const answer = await post(address(card, "claim"));
  if (!answer.ok && answer.status === 409 && !card.matches(".done, [data-busy]")) take(card, answer.message);  // an answer may come late
  return answer.ok;
}
function release(card) {  // of many that were stepped over in a moment none was claimed: their releases could overtake their claims
  if (card.dataset.claimed && !card.matches(".done, .taken")) post(address(card, "release"));
  delete card.dataset.claimed;
}

function take(card, why) {
  const state = card.querySelector(".state");
  if (card === current && state.hidden) say(why);
  state.textContent = why;
  state.hidden = false;
  if (card.querySelector("textarea:focus") || written(card).length) return;  // else the rest of what is being written would be keys
  if (card.contains(document.activeElement)) card.focus({ preventScroll: true });  // its buttons are about to go
  card.classList.add("taken");
}
function giveBack(card) {
  card.classList.remove("taken");
  card.querySelector(".state").hidden = true;
}
async function renew(card, why) {  // edited, decided or taken by somebody: its own page knows
  const fresh = await fetchPage(`/review/comments/${card.dataset.comment}${location.search}`).then((page) => page.querySelector(".card"), () => null);
  if (!fresh?.querySelector("form[data-does=verdict]")) { take(card, why); return; }
  const kept = every(".actions > .open, .actions > .pick", card);
  const written = every("textarea", card).map((field) => [field.name, field.value]);
  card.replaceChildren(...fresh.childNodes);
  for (const [name, text] of written) card.querySelector(`textarea[name=${name}]`).value = text;
  card.querySelector(".actions").append(...kept);
  for (const box of every(".pick input", card)) { box.checked = false; box.value = `${card.dataset.comment}_${card.querySelector("[name=revision]").value}`; }
  countPicked();
  if (card === current) card.focus();
}

// ---- which card

function turnTo(card, { focus = true } = {}) {
  if (!card || card === current) return;
  current?.classList.remove("current");
  if (current) release(current);
  current = card;
  clearTimeout(turnTo.timer);
  turnTo.timer = setTimeout(claim, STAYS, card);
  card.classList.add("current");
  if (focus) { card.focus({ preventScroll: true }); card.scrollIntoView({ block: "nearest" }); }
  if (after(card).length < FEW_LEFT) fetchMore();
}
async function step(by) {
  if (!current) { turnTo(open()[0]); return; }
  if (by > 0 && !after(current).length) await fetchMore();
  turnTo(by > 0 ? after(current)[0] : before(current).at(-1));
}
function turnToNext(card, message) {
  card.classList.remove("current");
  current = null;
  turnTo(after(card)[0] ?? open()[0]);
  if (!current) fromTheBeginning(message);
}
function fromTheBeginning(message) {
  const query = new URLSearchParams(location.search);
  query.delete("after");
  leave(`${location.pathname}?${query}`, message);
}
let fetching = null;
function fetchMore() {
  fetching ??= fetchFollowing().finally(() => { fetching = null; });
  return fetching;
}
async function fetchFollowing() {
  const more = document.querySelector("#following");
  if (!more) return;
  const page = await fetchPage(more.href).catch(() => null);
  if (!page?.querySelector("#waiting")) { say("The rest of the queue could not be loaded. “More of the queue” tries again."); return; }
  const here = new Set(every(".card").map((card) => card.id));
  for (const card of every("#cards > li", page)) if (!here.has(card.querySelector(".card").id)) document.querySelector("#cards").append(card);
  const next = page.querySelector("#following");
  if (next) more.href = next.getAttribute("href"); else more.closest(".following").remove();
}

// ---- verdicts

function done(card, message, verdict) {
  every(".card.done .state button").forEach((button) => button.remove());  // only the newest can be undone here
  card.classList.add("done");
  const state = card.querySelector(".state");
  const said = document.createElement("span");
  said.append(`${message} · `, Object.assign(document.createElement("bdi"), { textContent: [...card.querySelector(".text").textContent].slice(0, 60).join("") }));
  const undo = Object.assign(document.createElement("button"), { className: "quiet", textContent: "Undo" });
  undo.addEventListener("click", () => takeBack(verdict));
  state.replaceChildren(said, undo);
  state.hidden = false;
  every("details[open]", card).forEach((details) => { details.open = false; });
  every(".pick input", card).forEach((box) => { box.checked = false; });
  countPicked();
}
async function judge(form, button) {
  const card = form.closest(".card");
  card.dataset.busy = "yes";
  if (card === current) clearTimeout(turnTo.timer);  // a claim that a verdict overtakes is refused
  const sent = new FormData(form);
  if (button?.name) sent.set(button.name, button.value);
  const given = judging = post(form.action, sent);
  const answer = await given;
  if (judging === given) judging = null;
  delete card.dataset.busy;
  if (!answer.ok) { if (answer.status === 409) await renew(card, answer.message); say(answer.message); return; }
  if ("alone" in card.dataset) { leave(sent.get("next"), answer.message); return; }
  done(card, button.value === "approve" ? "Approved" : `Rejected: ${button.firstChild.textContent.trim().toLowerCase()}`, answer.verdict);
  say(answer.message);
  if (card === current) turnToNext(card, answer.message);
  update();
}
async function takeBack(verdict) {  // or, where none is named, my newest
  if (alone && written().length) { goBackTo(written()[0]); return; }  // it would lead to another page
  if (undoing) return;  // a second click would take back the verdict before, and so would one that overtakes a verdict
  undoing = true;
  const given = verdict ? null : await judging, named = new FormData();
  if (verdict) named.set("verdict", verdict);
  const answer = given?.ok === false ? given : await post("/review/undo", named);  // of one that failed nothing is left to undo
  undoing = false;
  say(answer.message);
  if (!answer.ok) return;
  if (alone) { leave(`/review/comments/${answer.comments[0]}${location.search}`, answer.message); return; }
  for (const comment of answer.comments) {
    const card = document.querySelector(`#card-${comment}`);
    if (!card) continue;
    card.classList.remove("done");
    card.querySelector(".state").hidden = true;
    card.dataset.claimed = "yes";  // by the undo
    turnTo(card);
  }
  if (!answer.comments.some((comment) => document.querySelector(`#card-${comment}`))) leave(location.href, answer.message);
  update();
}
async function addNote(form) {
  const card = form.closest(".card"), text = form.elements.text.value.trim();
  card.dataset.busy = "yes";
  const answer = await post(form.action, new FormData(form));
  delete card.dataset.busy;
  say(answer.message);
  if (!answer.ok) return;
  let notes = card.querySelector(".notes");
  if (!notes) { notes = document.createElement("ul"); notes.className = "notes"; notes.setAttribute("aria-label", "Notes"); card.querySelector(".actions").before(notes); }
  notes.append(Object.assign(document.createElement("li"), { textContent: text }));
  form.reset();
  form.closest("details").open = false;
  card.focus();
}

function goBackTo(field) {
  field.closest("details").open = true;
  field.focus();
  say("What you wrote here would be lost. Use it, or empty it.");
}

// ---- what others do meanwhile

async function update() {
  const cards = every(".card[data-comment]").filter((card) => !card.matches(".done"));
  if (document.hidden || !document.querySelector("#waiting")) return;
  const query = new URLSearchParams(location.search);
  query.set("comments", cards.map((card) => card.dataset.comment).join("_"));
  const answer = await ask(`/review/live?${query}`);
  if (!answer.ok) return;
  const waiting = document.querySelector("#waiting");
  if (!document.querySelector("#cards")) {  // what such a page says of the queue is not true of another
    if (waiting.textContent !== answer.waiting && !typing(document.activeElement)) location.reload();
    return;
  }
  waiting.textContent = answer.waiting;
  const gone = new Set(answer.gone);
  for (const card of cards) {
    const who = answer.claimed[card.dataset.comment];
    if (card.matches(".done, [data-busy]")) continue;
    if (gone.has(Number(card.dataset.comment))) take(card, "This is decided already.");
    else if (who) take(card, `${who} is reading this.`);
    else giveBack(card);
  }
}

// ---- the selection

const picked = () => every(".pick :checked");

function countPicked() {
  const label = document.querySelector("#picked");
  if (!label) return;
  label.textContent = `${picked().length} selected:`;
  aboveTheBar(document.querySelector("#said"));
}

function select() {
  press(".pick input");
  if (document.querySelector("#picked")) say(`${picked().length} selected.`);
}

// ---- keys

const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, dialog[open]");
const press = (selector) => current?.querySelector(selector)?.click();
function unfold(name) {
  const details = current?.querySelector(`details.${name}`);
  if (!details) return;
  details.open = true;
  details.querySelector(name === "reject" ? "button" : "textarea").focus({ preventScroll: true });
}
function fold() {
  const menu = document.querySelector(".menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
  const left = current ?? document.activeElement.closest("details")?.querySelector("summary");
  every("details[open]", current ?? document).forEach((details) => { details.open = false; });
  left?.focus();
}
const KEYS = {
  j: () => step(1), k: () => step(-1), u: () => takeBack(),
  a: () => press("button.approve"), r: () => unfold("reject"), n: () => unfold("note"),
  x: select, s: () => { fold(); document.querySelector("#bulk button")?.focus(); }, o: () => press("a.open"),
  "/": () => document.querySelector("#search")?.focus(), "?": () => document.querySelector("#keys")?.showModal(),
};
function keyOf(event) {  // French keyboards have digits with a shift alone, Russian ones no Latin letters, and a lock makes them capitals
  if (event.shiftKey) return event.key;
  const [, digit, letter] = /^Digit(\d)$|^Key([A-Z])$/.exec(event.code) ?? [];
  return (digit ?? (event.key > "~" && letter || event.key)).toLowerCase();
}
document.addEventListener("keydown", (event) => {
  lastMove = Date.now();
  if (event.key === "Escape") { fold(); return; }
  if ("keysOff" in document.documentElement.dataset || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const key = keyOf(event);
  if (event.repeat && !"jk".includes(key)) return;  // a key that stays down says one thing once
  const reason = current?.querySelector(`details.reject[open] button[data-key="${CSS.escape(key)}"]`);
  const act = reason ? () => reason.click() : Object.hasOwn(KEYS, key) ? KEYS[key] : null;
  if (act) { event.preventDefault(); act(); }
});

document.addEventListener("submit", (event) => {
  const form = event.target, does = form.dataset.does;
  const lost = does !== "note" && form.method === "post" && written(form.closest(".card") ?? document).find((field) => field.form !== form);
  if (!does && !lost) return;
  event.preventDefault();
  if (lost) goBackTo(lost);
  else if (form.closest(".card").dataset.busy) say("The service has not answered yet.");
  else if (does === "verdict") judge(form, event.submitter); else addNote(form);
});
document.addEventListener("click", (event) => { if (event.detail > 1 && event.target.closest("button")) event.preventDefault(); });  // after the first another card may have come under the finger
document.addEventListener("toggle", ({ target }) => { if (target.matches(".actions details[open]")) target.lastElementChild.scrollIntoView({ block: "nearest" }); }, true);
document.addEventListener("focusin", (event) => turnTo(event.target.closest(".card[data-comment]:not(.done, .taken)"), { focus: false }));
document.addEventListener("pointerdown", (event) => { lastMove = Date.now(); turnTo(event.target.closest(".card[data-comment]:not(.done, .taken)"), { focus: false }); });
document.addEventListener("wheel", () => { lastMove = Date.now(); }, { passive: true });  // whoever reads with it is at work too
document.addEventListener("input", countPicked);  // which Firefox says too where it opens a closed tab again
window.addEventListener("pagehide", () => { if (current && document.querySelector("#cards")) navigator.sendBeacon(address(current, "release"), new URLSearchParams({ csrf_token: token })); });
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });  // over plain http Safari keeps what was not to be stored

setInterval(() => { if (current && !document.hidden && Date.now() - lastMove < AWAY) claim(current); }, CLAIM_AGAIN);
setInterval(update, LOOK_AGAIN);
const told = sessionStorage.getItem("said") ?? document.querySelector(".notice [role=status]")?.textContent;
if (told) say.timer = setTimeout(say, SOON, told);  // what a page comes with is no news, and read out by nobody
sessionStorage.removeItem("said");
if (document.querySelector("#cards")) {  // after signing in again
  const kept = (sessionStorage.getItem(PICKED) ?? "").split(" ");
  for (const box of every(".pick input")) box.checked ||= kept.includes(box.value);
  sessionStorage.removeItem(PICKED);
  countPicked();
}
const alone = document.querySelector(".card[data-alone]");
if (alone?.querySelector(".actions form[data-does=verdict]")) turnTo(alone, { focus: false });  // and claim it anew: the page before has released it
else if (document.querySelector("#cards .card[data-comment]") && matchMedia("(hover: hover)").matches) turnTo(open()[0], { focus: !location.hash });
