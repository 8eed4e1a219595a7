// What pages do beyond HTML; each of them works without it.
"use strict";

// A form that was refused is read from the top: what is wrong stands there.
document.querySelector("[data-focus]")?.focus();

// The address says what the page had to wait for; a bookmark of it should not.
if (/[?&](since|visitSince)=/.test(location.search)) {
  const plain = new URL(location.href);
  plain.searchParams.delete("since");
  plain.searchParams.delete("visitSince");
  history.replaceState(null, "", plain);
}

// Who clicks twice means it once. The key in the form sees to that; this shows that we have heard.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});

// The page as it is now, whenever something of what it shows has moved.
const CALM = 800; // milliseconds in which several steps become one look
let stream = null;
let waiting = null;

function listen() {
  stream?.close();
  stream = null;
  const address = document.querySelector("main").dataset.live;
  if (!address || document.hidden) return;
  stream = new EventSource(address);
  stream.addEventListener("changed", () => {
    clearTimeout(waiting);
    waiting = setTimeout(renew, CALM);
  });
}

// Nobody loses what they are typing, or what they have just opened.
function isBusy(main) {
  const touched = [...main.querySelectorAll("input, textarea, select")].some((field) =>
    field.matches("select")
      ? [...field.options].some((option, place) => option.selected !== (option.defaultSelected || (place === 0 && !field.querySelector("[selected]"))))
      : field.value !== field.defaultValue || field.checked !== field.defaultChecked);
  const inForm = document.activeElement?.matches("main input, main textarea, main select");
  return touched || inForm || main.querySelector("details[open], form[data-sent], .errors") !== null;
}

// A document is parsed by the request itself: no text becomes HTML here, as Trusted Types ask for.
function renew() {
  const main = document.querySelector("main");
  if (isBusy(main)) {
    document.getElementById("moved").hidden = false;
    return;
  }
  const request = new XMLHttpRequest();
  request.open("GET", location.href);
  request.responseType = "document";
  request.addEventListener("load", () => {
    const next = request.response?.querySelector("main");
    const isThere = request.status === 200 && new URL(request.responseURL).pathname === location.pathname;
    if (!next || !isThere) {
      location.reload();
      return;
    }
    if (isBusy(main)) {
      document.getElementById("moved").hidden = false;
      return;
    }
    replace(main, document.adoptNode(next), request.response.title);
  });
  request.send();
}

function replace(main, next, title) {
  const focused = main.contains(document.activeElement) ? document.activeElement : null;
  main.replaceWith(next);
  document.title = title;
  document.getElementById("moved").hidden = true;
  document.getElementById("renewed").textContent = "This page was brought up to date.";
  if (focused) again(focused, next)?.focus({ preventScroll: true });
  listen();
}

// Whoever goes by keyboard finds themselves where they were: at the same link, or at a button that says the same.
function again(it, within) {
  const led = it.getAttribute("href");
  const isSame = (other) => (led ? other.getAttribute("href") === led : other.textContent === it.textContent);
  return [...within.querySelectorAll(it.localName)].find(isSame);
}

// Only what is looked at listens: a browser has few connections to one host.
document.addEventListener("visibilitychange", listen);
window.addEventListener("pagehide", () => stream?.close());
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  listen();
});
listen();

// What ends while somebody looks at it says so: how long it is still open, and that it is over.
const LENGTHS = [[86400, "days", 2], [3600, "h", 1], [60, "min", 1]];
function left(seconds) {
  for (const [size, unit, least] of LENGTHS) {
    const count = Math.round(seconds / size);
    if (count >= least) return `(in ${count} ${unit})`;
  }
  return "(now)";
}
function countDown() {
  for (const it of document.querySelectorAll("[data-until]")) {
    const seconds = (Date.parse(it.dataset.until) - Date.now()) / 1000;
    const said = it.querySelector("[data-left]");
    if (said) said.textContent = left(Math.max(seconds, 0));
    if (seconds > 0) continue;
    delete it.dataset.until;
    for (const gone of it.querySelectorAll("[data-answers], .until")) gone.hidden = true;
    for (const shown of it.querySelectorAll("[data-ended]")) shown.hidden = false;
  }
}
setInterval(countDown, 5000);
