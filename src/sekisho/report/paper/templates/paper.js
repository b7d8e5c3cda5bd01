"use strict";
for (const box of document.querySelectorAll(".filter")) {
  const table = box.nextElementSibling.querySelector("table");
  const rows = [...table.tBodies[0].rows];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const input = box.querySelector("input"), output = box.querySelector("output");
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, at) => {
      row.hidden = !words.every((word) => texts[at].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    output.textContent = words.length ? `${shown} / ${rows.length}` : "";
  };
  input.addEventListener("input", apply);
  box.hidden = false;
}
