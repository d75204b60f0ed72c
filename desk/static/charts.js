// Charts: <figure class="chart" data-chart="ID"> draws the option that stands as JSON in
// <script type="application/json" id="ID">. Needs lib/echarts.min.js before it. An option may name
// a map ("yunnan") whose shapes are fetched from data-map. Beside each chart stands a table.
"use strict";
(() => {
  const drawn = new Map();
  function colours() {
    const style = getComputedStyle(document.documentElement);
    return (name) => style.getPropertyValue(name).trim();
  }
  function themed(option) {
    const of = colours();
    const text = { color: of("--ink"), fontFamily: getComputedStyle(document.body).fontFamily };
    const axis = {
      axisLabel: { color: of("--quiet") },
      axisLine: { lineStyle: { color: of("--line") } },
      splitLine: { lineStyle: { color: of("--line") } },
    };
    const merged = (given) =>
      Array.isArray(given) ? given.map(merged) : { ...axis, ...given, axisLabel: { ...axis.axisLabel, ...(given.axisLabel || {}) } };
    const made = { animation: false, textStyle: text, color: [of("--green"), "#c8862b", "#5a7fb5", "#a3506b", "#7b8b3f", "#6d6d6d"], ...option };
    for (const name of ["xAxis", "yAxis"]) if (made[name]) made[name] = merged(made[name]);
    if (made.legend) made.legend = { textStyle: text, ...made.legend };
    if (made.visualMap) made.visualMap = { textStyle: text, inRange: { color: [of("--soft"), of("--green")] }, ...made.visualMap };
    // Without HTML: a strict policy lets no style attribute in, and names are hostile.
    made.tooltip = { ...(made.tooltip || {}), renderMode: "richText", confine: true };
    return made;
  }
  async function draw(figure) {
    const option = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    if (figure.dataset.map && !echarts.getMap(figure.dataset.mapName)) {
      const shapes = await (await fetch(figure.dataset.map)).json();
      echarts.registerMap(figure.dataset.mapName, shapes);
    }
    const chart = drawn.get(figure) || echarts.init(figure, null, { renderer: "canvas" });
    drawn.set(figure, chart);
    chart.setOption(themed(option), true);
    figure.dataset.drawn = "yes";
    chart.off("click");
    chart.on("click", (at) => {
      const to = at.data && at.data.href;
      if (typeof to === "string" && to.startsWith("/") && !to.startsWith("//")) location.assign(to);
    });
  }
  const all = () => document.querySelectorAll("[data-chart]").forEach((one) => draw(one));
  document.addEventListener("DOMContentLoaded", all);
  document.addEventListener("theme", all);
  document.addEventListener("htmx:afterSettle", () => document.querySelectorAll("[data-chart]:not([data-drawn])").forEach((one) => draw(one)));
  addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
})();
