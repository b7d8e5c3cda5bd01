"use strict";
const tools = document.querySelector(".tools");
if (tools) {
  const rows = [...document.querySelectorAll(".matrix tbody tr")];
  const text = tools.querySelector("[type=search]");
  const boxes = [...tools.querySelectorAll("[type=checkbox]")];
  const count = tools.querySelector("output");
  const apply = () => {
    const wanted = text.value.trim().toLowerCase();
    const verdicts = boxes.filter((box) => box.checked).map((box) => box.value);
    let shown = 0;
    for (const row of rows) {
      const fits = row.textContent.toLowerCase().includes(wanted)
        && verdicts.some((verdict) => row.querySelector("td > a." + verdict));
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = shown + " / " + rows.length;
  };
  tools.addEventListener("input", apply);
  tools.hidden = false;
  apply();
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
