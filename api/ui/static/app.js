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
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

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
if (document.querySelector("[data-until]")) setInterval(countDown, 5000);
