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
