// The page of one clue: boxes on pictures, and y / n / b open the form of a step.
"use strict";
(() => {
  function box(figure) {
    const picture = figure.querySelector("img");
    const [left, top, right, bottom] = figure.dataset.box.split(",").map(Number);
    const width = picture.naturalWidth, height = picture.naturalHeight;
    if (!width || !height || figure.querySelector(".box")) return;
    const frame = document.createElement("div");
    frame.className = "box";
    const share = picture.clientWidth / width;
    const lay = () => {
      const now = picture.clientWidth / width || share;
      frame.style.left = `${left * now}px`;
      frame.style.top = `${top * now}px`;
      frame.style.width = `${(right - left) * now}px`;
      frame.style.height = `${(bottom - top) * now}px`;
    };
    lay();
    addEventListener("resize", lay);
    figure.append(frame);
  }
  document.querySelectorAll("figure[data-box]").forEach((figure) => {
    const picture = figure.querySelector("img");
    if (picture.complete) box(figure);
    picture.addEventListener("load", () => box(figure));
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const step = document.querySelector(`details.step[data-key="${CSS.escape(event.key)}"]`);
    if (!step) return;
    event.preventDefault();
    step.open = true;
    step.querySelector("textarea").focus();
  });
})();
