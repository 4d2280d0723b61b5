// The panel: every text goes into the page as text, never as markup.
(() => {
  const CHUNK = 200; // rows of the panel drawn at once, so that the page stays responsive
  const at = (name) => document.getElementById(name);
  const panel = at("panel");
  const ID = /^[0-9a-f]{12}$/;
  let current = null;
  let opener = null; // the mark of a figure from which a number was opened

  function make(tag, content, className) {
    const element = document.createElement(tag);
    if (content !== undefined) element.textContent = content;
    if (className) element.className = className;
    return element;
  }

  function cellOf(label, content, className) {
    const cell = make("td", content, className);
    cell.dataset.label = label;
    return cell;
  }

  // One value as it is; several as a count that opens.
  function severalOf(label, values) {
    if (values.length < 2) return cellOf(label, values[0] || "");
    const cell = cellOf(label);
    const details = make("details");
    details.append(make("summary", `${values.length} ${label.toLowerCase()}s`), make("span", values.join(", ")));
    cell.append(details);
    return cell;
  }

  function lineOf(record, row) {
    const line = make("tr");
    const { records, places, cells } = data;
    const reason = text(row.reason);
    const role = [text(row.role), row.cellRole && text(row.cellRole) !== "value" ? text(row.cellRole) : ""];
    line.dataset.state = row.reason ? "excluded" : "used";
    line.dataset.reason = reason;
    line.append(
      severalOf("Unit", distinct(row.records, "unit")),
      severalOf("Parameter", distinct(row.records, "parameter")),
      severalOf("Visit", distinct(row.records, "visit")),
      cellOf("Role", role.filter(Boolean).join(", ")),
      cellOf("Value", row.records.length === 1 ? text(records.value[record]) : "", "num"),
    );
    if (row.cell < 0) {
      line.append(cellOf("Column", ""), cellOf("Raw text", text(records.status[record]) || "no cell", "none"));
      line.append(cellOf("File", ""), cellOf("Line", "", "num"), cellOf("Part", ""));
    } else {
      const place = cells.place[row.cell];
      const [number, path] = data.files[places.file[place]];
      const first = places.line[place];
      const last = first + places.lines[place] - 1;
      const column = text(cells.column[row.cell]);
      const well = text(places.column[place]);
      line.dataset.key = `${number}:${places.ordinal[place]}`;
      line.dataset.column = column;
      line.append(
        cellOf("Column", [well, column].filter((name, i, all) => name && all.indexOf(name) === i).join(", "), "code"),
        cellOf("Raw text", text(cells.text[row.cell]), "cell"),
        cellOf("File", `${number} · ${path.slice(path.lastIndexOf("/") + 1)}`),
        cellOf("Line", first === last ? `${first}` : `${first}–${last}`, "num"),
        cellOf("Part", text(places.part[place])),
      );
    }
    line.append(cellOf("Used", row.reason ? reason : "used", "state"));
    return line;
  }

  // Rows come in chunks as the end of the list comes near: thousands at once would freeze the page.
  const near = new IntersectionObserver(
    (entries) => entries.some((entry) => entry.isIntersecting) && extend(),
    { root: at("panel-body"), rootMargin: "1500px" },
  );

  function draw(rows) {
    const { records, places, cells } = data;
    const body = at("panel-rows");
    const kind = body.parentElement.classList;
    kind.toggle("no-visit", !rows.some((row) => row.records.some((record) => records.visit[record])));
    kind.toggle("no-part", !rows.some((row) => row.cell >= 0 && places.part[cells.place[row.cell]]));
    body.replaceChildren();
    current.waiting = rows;
    current.kept = rows.length;
    extend();
  }

  function extend() {
    const body = at("panel-rows");
    const status = at("panel-status");
    const part = document.createDocumentFragment();
    for (const row of current.waiting.slice(0, CHUNK)) part.append(lineOf(row.records[0], row));
    current.waiting = current.waiting.slice(CHUNK);
    body.append(part);
    body.dataset.complete = String(!current.waiting.length);
    const more = current.waiting.length ? "; more follow as you scroll" : "";
    const hidden = current.hidden ? ` ${current.hidden} further records are not in this page: the command above lists all.` : "";
    status.textContent = `${body.rows.length} of ${current.kept} rows shown${more}.${hidden}`;
    near.unobserve(status);
    if (current.waiting.length) near.observe(status);
  }

  function filter() {
    const kind = document.querySelector('input[name="shown"]:checked').value;
    const keep = { all: () => true, used: (row) => !row.reason, excluded: (row) => row.reason }[kind];
    draw(current.rows.filter(keep));
  }

  function facts(list, pairs) {
    list.replaceChildren();
    for (const [name, content] of pairs) {
      if (content === "" || content === undefined) continue;
      const pair = make("div", undefined, name === "Method" ? "whole" : "");
      const value = make("dd");
      value.append(content);
      pair.append(make("dt", name), value);
      list.append(pair);
    }
  }

  function words(name) {
    const plain = name.replaceAll("_", " ");
    return plain.charAt(0).toUpperCase() + plain.slice(1);
  }

  // A value of the definition: text where it is flat, else a list of its parts.
  function described(value) {
    const isNested = (item) => item !== null && typeof item === "object";
    if (!isNested(value)) return make("span", String(value));
    const parts = Object.entries(value).filter(([, part]) => !isEmpty(part));
    if (!parts.some(([, part]) => isNested(part))) {
      return make("span", parts.map(([name, part]) => (Array.isArray(value) ? part : `${name}: ${part}`)).join(", "));
    }
    const list = make("dl", undefined, "small");
    facts(list, parts.map(([name, part]) => [Array.isArray(value) ? `${Number(name) + 1}` : name, described(part)]));
    return list;
  }

  function isEmpty(value) {
    return value === "" || value === null || (typeof value === "object" && !Object.keys(value).length);
  }

  // What a row set that the page cannot hold had: units used, units left out by reason, records that are not here.
  function moreOf(rowset) {
    const more = (data.more || {})[rowset];
    return more && { used: more[0], left: more[1], hidden: more[2] };
  }

  function countsOf(groups, unit, more) {
    const { used, left } = unitsOf(groups);
    const pairs = [["Used", `${more ? more.used : used.size} (unit: ${unit})`]];
    const counts = more ? [] : [...left].map(([reason, units]) => [reason, units.size]);
    for (let i = 0; more && i < more.left.length; i += 2) counts.push([more.left[i], more.left[i + 1]]);
    const reasons = counts.map(([reason, count]) => `${count} ${text(reason)}`);
    const list = make("ul", undefined, "reasons");
    list.append(...reasons.map((reason) => make("li", reason)));
    pairs.push(["Left out", reasons.length ? list : "none"]);
    return pairs;
  }

  function filesOf(rows) {
    const numbers = new Set(rows.filter((row) => row.cell >= 0).map((row) => data.places.file[data.cells.place[row.cell]]));
    return [...numbers].sort((a, b) => a - b).map((file) => {
      const item = make("li", `${data.files[file][0]} · `);
      item.append(make("code", data.files[file][1], "path"));
      return item;
    });
  }

  function show(id) {
    const [analysis, parameter, population, group, visit, level, statistic, value, unit, shown, rowset, digest] = data.numbers[id];
    const groups = data.rowsets[rowset];
    const definition = data.definitions[digest] || {};
    const rows = rowsOf(groups);
    const more = moreOf(rowset);
    current = { id, rows, hidden: more ? more.hidden : 0 };
    at("panel-analysis").textContent = text(analysis);
    at("panel-title").textContent = [statistic, parameter, group, visit, level].map(text).filter(Boolean).join(", ");
    facts(at("panel-facts"), [
      ["Shown as", text(shown)],
      ["Stored value", text(value) || "no value"],
      ["Unit of the value", text(unit)],
      ["Population", text(population)],
      ...countsOf(groups, definition.unit || "record", more),
      ["Number", make("code", id)],
      ["Method", definition.words || definition.method || ""],
    ]);
    const parts = Object.entries(definition).filter(([, part]) => !isEmpty(part));
    facts(at("panel-call"), parts.map(([name, part]) => [words(name), described(part)]));
    at("panel-call").append(make("p", `Digest of the definition: ${digest}`, "meta"));
    at("panel-definition").open = false;
    at("panel-command").textContent = `omtrace trace ${data.report}#${id}`;
    at("panel-copied").textContent = "";
    at("panel-files").replaceChildren(...filesOf(rows));
    const used = rows.filter((row) => !row.reason).length;
    at("count-all").textContent = `All (${rows.length})`;
    at("count-used").textContent = `Used (${used})`;
    at("count-excluded").textContent = `Left out (${rows.length - used})`;
    document.querySelector('input[name="shown"][value="all"]').checked = true;
    filter();
    panel.dataset.id = id;
    if (!panel.open) open(id);
    at("panel-body").scrollTop = 0;
    at("panel-title").focus();
  }

  function open(id) {
    const active = document.activeElement;
    const isThere = active && active.dataset.id === id;
    const button = isThere ? null : [...document.querySelectorAll(`main button[data-id="${id}"]`)].pop();
    if (button && !opener) {
      unfold(button);
      button.scrollIntoView({ block: "center" });
      button.focus({ preventScroll: true });
    }
    document.documentElement.classList.add("locked");
    panel.showModal(); // closing gives the focus back to the button
  }

  // What hides an element opens.
  function unfold(element) {
    for (let outer = element.closest("details"); outer; outer = outer.parentElement.closest("details")) outer.open = true;
  }

  // The address names a number, or a place of the page.
  async function follow() {
    const name = location.hash.slice(1);
    if (ID.test(name) && at("closed").hidden) await load();
    if (location.hash.slice(1) !== name) return;
    if (ID.test(name) && Object.hasOwn(data.numbers || {}, name)) return show(name);
    if (panel.open) panel.close();
    const place = document.getElementById(name);
    if (!place || !place.closest("main")) return;
    unfold(place);
    place.scrollIntoView();
  }

  // The text of an element into the clipboard; where that is not allowed it is selected.
  async function copied(element) {
    try {
      await navigator.clipboard.writeText(element.innerText);
      return "Copied";
    } catch {
      getSelection().selectAllChildren(element);
      return "Selected: copy with the keyboard";
    }
  }

  async function copy() {
    at("panel-copied").textContent = await copied(at("panel-command"));
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const { copies, saves } = button.dataset;
    if (copies) button.textContent = await copied(at(copies));
    if (!saves) return;
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([at(saves.replace(".", "-")).textContent], { type: "text/plain" }));
    link.download = saves;
    link.click();
    URL.revokeObjectURL(link.href);
  });

  document.addEventListener("click", (event) => {
    const mark = event.target.closest("main [data-id]");
    opener = mark && mark.closest("svg");
    if (mark) location.hash = mark.dataset.id;
    else if (event.target === panel) panel.close();
  });
  panel.addEventListener("close", () => {
    near.disconnect();
    document.documentElement.classList.remove("locked");
    at("panel-rows").replaceChildren();
    opener = null;
    if (location.hash.slice(1) === panel.dataset.id) history.replaceState(null, "", location.href.split("#")[0]);
  });
  at("panel-close").addEventListener("click", () => panel.close());
  at("panel-copy").addEventListener("click", copy);
  at("panel-filter").addEventListener("change", filter);
  addEventListener("hashchange", follow);

  // A table is one stop of the tabulator; arrow keys, Home and End move between its numbers.
  const tables = [...document.querySelectorAll("main table.results, main table.published")];
  const numbersOf = (row) => [...row.querySelectorAll("button.n")];
  for (const table of tables) numbersOf(table).forEach((button, at) => (button.tabIndex = at ? -1 : 0));

  function neighbour(button, key) {
    const own = button.closest("tr");
    const rows = [...own.closest("table").rows].filter((row) => numbersOf(row).length);
    const at = numbersOf(own).indexOf(button);
    const row = rows.indexOf(own) + { ArrowUp: -1, ArrowDown: 1 }[key];
    if (key === "ArrowLeft") return numbersOf(own)[at - 1];
    if (key === "ArrowRight") return numbersOf(own)[at + 1];
    if (key === "Home") return numbersOf(own)[0];
    if (key === "End") return numbersOf(own).pop();
    return rows[row] && (numbersOf(rows[row])[at] || numbersOf(rows[row]).pop());
  }

  document.addEventListener("keydown", (event) => {
    const button = event.target.closest("main table button.n");
    if (!button || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
    event.preventDefault();
    const next = neighbour(button, event.key);
    if (next) next.focus();
  });
  document.addEventListener("focusin", (event) => {
    const button = event.target.closest("main table button.n");
    if (!button) return;
    for (const other of button.closest("table").querySelectorAll('button.n[tabindex="0"]')) other.tabIndex = -1;
    button.tabIndex = 0;
  });

  // On a narrow screen each cell stands below the last, with the title of its column before it.
  const narrow = matchMedia("(max-width: 44rem)");
  function label() {
    if (!narrow.matches) return;
    for (const table of document.querySelectorAll("main table:has(thead)")) {
      const titles = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
      for (const row of table.querySelectorAll("tbody tr:not(.block)")) {
        [...row.cells].reverse().forEach((cell, at) => (cell.dataset.label = titles[titles.length - 1 - at]));
      }
    }
  }
  narrow.addEventListener("change", label);
  label();

  at("closed").hidden = "DecompressionStream" in window;

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("main :not(figcaption) > details:not([open])")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });
  follow();
})();
