"use strict";
// Sorts tables by a click on a column's head, filters them by what is typed, and opens the layer that a
// link leads to. Without it everything is there, in the order of the file.
(() => {
  const cellKey = (row, column, isNumber) => {
    const cell = row.cells[column];
    if (!isNumber) return cell.textContent.trim().toLowerCase();
    return cell.dataset.key === "" ? null : Number(cell.dataset.key);
  };

  // What has no key comes last, whichever way.
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (a < b ? -1 : a > b ? 1 : 0);
  };

  const sort = (table, head) => {
    const column = head.cellIndex;
    const isNumber = head.hasAttribute("data-number");
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row) => [cellKey(row, column, isNumber), row]);
    rows.sort(([a], [b]) => compare(a, b, ascending ? 1 : -1));
    body.append(...rows.map(([, row]) => row));
  };

  const filter = (input) => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = Array.from(document.getElementById(input.dataset.table).tBodies[0].rows);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    const count = document.querySelector(`[data-count="${input.dataset.table}"]`);
    count.textContent = words.length === 0 ? "" : `${shown} of ${rows.length}`;
  };

  const openTarget = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") target.open = true;
  };

  for (const table of document.querySelectorAll("table")) {
    for (const head of table.tHead.rows[0].cells) {
      head.querySelector("button").addEventListener("click", () => sort(table, head));
    }
  }
  for (const input of document.querySelectorAll("input[data-table]")) {
    input.addEventListener("input", () => filter(input));
  }
  window.addEventListener("hashchange", openTarget);
  openTarget();
})();
