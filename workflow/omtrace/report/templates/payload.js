// The payload of the page (see payload.py) and the raw rows behind a number. Nothing here touches the page.
"use strict";

const data = {};
const text = (index) => data.strings[index];
let loading = null;

// The payload is gzip in base64: it is unpacked once, when the first number is opened.
function load() {
  loading ??= (async () => {
    const packed = atob(document.getElementById("payload").textContent);
    const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    Object.assign(data, await new Response(plain).json());
    decode();
  })();
  return loading;
}

function summed(steps) {
  let total = 0;
  return steps.map((step) => (total += step));
}

function* members(group, from) {
  let next = 0;
  for (let i = from; i < group.length; i += 2) {
    next += group[i];
    for (let k = 0; k < group[i + 1]; k += 1) yield next++;
  }
}

function repeated(pairs) {
  const values = [];
  for (let i = 0; i < pairs.length; i += 2) {
    for (let k = 0; k < pairs[i + 1]; k += 1) values.push(pairs[i]);
  }
  return values;
}

// Undo what keeps the payload small (see payload.py).
function decode() {
  const { places, cells, records } = data;
  for (const name of ["ordinal", "line"]) places[name] = summed(places[name]);
  for (const name of ["file", "part", "lines"]) places[name] = repeated(places[name]);
  for (const name of ["parameter", "visit", "status"]) records[name] = repeated(records[name]);
  cells.place = summed(cells.place);
  const ranks = new Map();
  for (const unit of records.unit) if (!ranks.has(unit)) ranks.set(unit, ranks.size);
  records.rank = records.unit.map((unit) => ranks.get(unit));
}

// The raw rows behind a row set: one for each cell, role and reason; a cell that serves
// several records (a standard of a plate) is one row with all of them, below the others.
function rowsOf(groups) {
  const { rank } = data.records;
  const found = new Map();
  const add = (record, role, reason, cell, cellRole) => {
    const name = cell < 0 ? `none ${record} ${role} ${reason}` : `${cell} ${cellRole} ${role} ${reason}`;
    const known = found.get(name);
    if (known) known.records.push(record);
    else found.set(name, { records: [record], role, reason, cell, cellRole });
  };
  for (const group of groups) {
    for (const record of members(group, 2)) {
      const own = data.records.sets[record];
      const sets = Array.isArray(own) ? own : [own];
      if (!sets.length) add(record, group[0], group[1], -1, 0);
      for (const set of sets) {
        for (const cell of members(data.sets[set], 1)) add(record, group[0], group[1], cell, data.sets[set][0]);
      }
    }
  }
  const rows = [...found.values()];
  const order = (a, b) =>
    (a.reason !== 0) - (b.reason !== 0) || (a.records.length > 1) - (b.records.length > 1) || rank[a.records[0]] - rank[b.records[0]] ||
    a.records[0] - b.records[0] || a.cell - b.cell;
  return rows.sort(order);
}

function unitsOf(groups) {
  const used = new Set();
  const left = new Map();
  for (const group of groups) {
    for (const record of members(group, 2)) {
      const unit = data.records.unit[record];
      if (!group[1]) used.add(unit);
      else if (!left.has(group[1])) left.set(group[1], new Set([unit]));
      else left.get(group[1]).add(unit);
    }
  }
  return { used, left };
}

function distinct(records, column) {
  return [...new Set(records.map((record) => data.records[column][record]))].map(text);
}
