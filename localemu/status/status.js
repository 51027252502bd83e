"use strict";
// Everything works without this; it saves reloads: sections are fetched as fragments (escaped by the server) and swapped in place.
const LIVE = ["overview", "dead", "events", "logs", "faults", "pages"];
const EVERY_MS = 3000;
const shown = {};

async function load(name, search) {
  const section = document.querySelector(`section[data-section="${name}"]`);
  const open = new Set([...section.querySelectorAll("details[open]")].map((item) => item.dataset.key));
  const reply = await fetch(`/section/${name}${search}`);
  if (!reply.ok) return;
  const text = await reply.text();
  if (shown[name] === text) return;
  shown[name] = text;
  const log = section.querySelector("pre");
  const place = log && log.scrollTop + log.clientHeight < log.scrollHeight - 5 ? log.scrollTop : null;
  section.innerHTML = text;
  section.querySelectorAll("details").forEach((item) => { item.open = open.has(item.dataset.key); });
  const fresh = section.querySelector("pre");
  if (fresh) fresh.scrollTop = place === null ? fresh.scrollHeight : place;
}

function quiet(name) {
  const section = document.querySelector(`section[data-section="${name}"]`);
  const chosen = getSelection();
  return !(chosen && !chosen.isCollapsed && section.contains(chosen.anchorNode)) && !section.contains(document.activeElement);
}

async function refresh() {
  if (!document.hidden && document.getElementById("live").checked) {
    for (const name of LIVE) if (quiet(name)) await load(name, location.search).catch(() => {});
  }
  setTimeout(refresh, EVERY_MS);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-load]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const target = new URL(link.href);
    history.pushState(null, "", target);
    load(link.dataset.load, target.search).then(() => {
      if (!link.closest(`section[data-section="${link.dataset.load}"]`)) document.getElementById(link.dataset.load).scrollIntoView();
    });
  }
  const sample = event.target.closest("button[data-sql]");
  if (sample) {
    document.getElementById("sql").value = sample.dataset.sql;
    document.getElementById("query").scrollIntoView();
    run();
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.id === "query-form") {
    event.preventDefault();
    run();
  } else if (form.hasAttribute("data-post")) {
    event.preventDefault();
    form.querySelector("button").disabled = true;
    await fetch(form.action, { method: "POST" }).catch(() => {});
    for (const name of ["overview", "dead", "events"]) await load(name, location.search);
    if (form.isConnected) form.querySelector("button").disabled = false;
  }
});

document.getElementById("sql").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
});

function element(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

async function run() {
  const place = document.getElementById("query-result");
  place.replaceChildren(element("p", "Running …", "hint"));
  const started = performance.now();
  let data;
  try {
    const reply = await fetch("/query", { method: "POST", body: JSON.stringify({ sql: document.getElementById("sql").value }) });
    data = await reply.json();
  } catch { data = { error: "the status page did not answer" }; }
  if (data.error) { place.replaceChildren(element("p", data.error, "error")); return; }
  const table = element("table"), head = element("tr"), body = element("tbody");
  data.columns.forEach((name) => head.append(element("th", name)));
  data.rows.forEach((row) => {
    const line = element("tr");
    row.forEach((value) => line.append(element("td", value === null ? "null" : value, value === null ? "null" : /^-?[\d.]+$/.test(value) ? "n" : "")));
    body.append(line);
  });
  const top = element("thead"), frame = element("div", undefined, "scroll");
  top.append(head); table.append(top, body); frame.append(table);
  const told = `${data.rows.length} of ${data.total} rows in ${Math.round(performance.now() - started)} ms`;
  place.replaceChildren(data.columns.length ? frame : element("p", "Done; it returns no rows.", "empty"), element("p", told, "hint"));
}

window.addEventListener("popstate", () => { ["events", "dead", "buckets", "logs"].forEach((name) => load(name, location.search)); });
const log = document.querySelector("#logs pre");
if (log) log.scrollTop = log.scrollHeight;
setTimeout(refresh, EVERY_MS);
