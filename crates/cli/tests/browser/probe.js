"use strict";
// Does with a report what a reader would, and leaves what it found as JSON on the page.
(async () => {
  const found = {};
  const pause = () => new Promise((done) => setTimeout(done, 20));

  location.hash = "#layer-3";
  await pause();
  found.opened = document.getElementById("layer-3").open;

  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  const charts = [...document.querySelectorAll("svg")];
  found.charts = charts.length;
  const isDrawn = (chart) => {
    const box = chart.getBoundingClientRect();
    const marks = [...chart.querySelectorAll(".bar, .curve, .channels, [class^=part-]")];
    const visible = marks.some((mark) => {
      const { width, height } = mark.getBoundingClientRect();
      const { fill, stroke } = getComputedStyle(mark);
      return width + height > 1 && (fill !== "none" || stroke !== "none");
    });
    return box.width > 100 && box.height > 40 && visible;
  };
  found.empty = charts.filter((chart) => !isDrawn(chart)).map((chart) => chart.ariaLabel);
  found.wordless = charts.filter((chart) => !(chart.getAttribute("aria-label") || "").trim()).length;

  const table = document.getElementById("layer-table");
  const head = [...table.tHead.rows[0].cells].find((cell) => cell.textContent.includes("SQNR"));
  const keys = () => [...table.tBodies[0].rows].map((row) => Number(row.cells[head.cellIndex].dataset.key));
  const inOrder = (sign) => keys().every((key, at, all) => at === 0 || sign * (key - all[at - 1]) >= 0);
  head.querySelector("button").click();
  found.sorted = [head.getAttribute("aria-sort"), inOrder(1)];
  head.querySelector("button").click();
  found.sorted.push(head.getAttribute("aria-sort"), inOrder(-1));

  const search = document.getElementById("search-layer-table");
  const shown = () => [...table.tBodies[0].rows].filter((row) => row.offsetHeight > 0).length;
  search.value = "EXPANDED_conv_15/ conv2d";
  search.dispatchEvent(new Event("input"));
  const few = shown();
  const count = document.querySelector("[data-count=layer-table]").textContent;
  search.value = "";
  search.dispatchEvent(new Event("input"));
  found.filtered = [few, count, shown()];

  // As wide as a small phone: only what scrolls by itself may be wider.
  document.documentElement.style.width = "360px";
  const scrolls = (element) => element.closest(".scroll, pre") !== null;
  found.wide = [...document.body.querySelectorAll("*")]
    .filter((element) => !scrolls(element) && element.getBoundingClientRect().right > 361)
    .map((element) => `${element.tagName} ${element.className} ${element.getBoundingClientRect().right}`)
    .slice(0, 5);

  const luminance = (colour) => {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.match(/\d+/g).map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const { color, backgroundColor } = getComputedStyle(document.body);
  const [text, back] = [luminance(color), luminance(backgroundColor)];
  found.dark = back < 0.1;
  found.contrast = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);

  found.fetched = performance.getEntriesByType("resource").filter((entry) => !entry.name.startsWith("data:")).length;
  found.wrong = window.wrong;
  const result = document.createElement("pre");
  result.id = "probe";
  result.textContent = JSON.stringify(found);
  document.body.append(result);
})();
