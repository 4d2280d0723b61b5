"use strict";
// Finding: rows whose text holds every word stay, tables without such a row go; "/" leads to the search, Escape empties it.
const find = document.getElementById("find");
const words = document.getElementById("words");
const found = document.getElementById("found");
const entries = [...document.querySelectorAll(".entry")].map((section) => ({
  section,
  head: (section.getAttribute("aria-labelledby") + " " + section.querySelector("h3").textContent).toLowerCase(),
  rows: [...section.querySelectorAll("tr.field")].map((row) => ({ row, text: row.textContent.toLowerCase() })),
}));
const groups = [...document.querySelectorAll("h2.group")];
const all = entries.reduce((sum, entry) => sum + entry.rows.length, 0);

function show() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { section, head, rows } of entries) {
    const kept = rows.filter(({ text }) => wanted.every((word) => text.includes(word) || head.includes(word)));
    const shown = new Set(kept);
    for (const entry of rows) entry.row.classList.toggle("nothing", !shown.has(entry));
    section.classList.toggle("nothing", kept.length === 0 && wanted.length > 0);
    count += kept.length;
  }
  for (const group of groups) {
    let next = group.nextElementSibling;
    let some = false;
    for (; next && next.classList.contains("entry"); next = next.nextElementSibling) {
      some = some || !next.classList.contains("nothing");
    }
    group.classList.toggle("nothing", !some);
  }
  document.body.classList.toggle("searching", wanted.length > 0);
  found.textContent = wanted.length ? `${count} of ${all} fields` : "";
}

function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.closest(".nothing")) {
    words.value = "";
    show();
    target.scrollIntoView();
  }
}

words.addEventListener("input", () => {
  show();
  window.scrollTo(0, 0);
});
find.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("hashchange", reveal);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== words) {
    event.preventDefault();
    words.focus();
  } else if (event.key === "Escape" && document.activeElement === words) {
    words.value = "";
    show();
    words.blur();
  }
});
find.hidden = false;
show();
