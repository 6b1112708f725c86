// The charts of an evaluation: each is drawn from the table beside it, which says the same to whoever sees no chart.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const drawn = new Set();

  const read = (rows) => {
    const columns = [[], [], [], []];
    for (const row of rows)
      row.dataset.point.split(" ").forEach((text, index) => columns[index].push(text === "" ? null : Number(text)));
    return columns;
  };

  const draw = (course) => {
    const place = course.querySelector(".chart");
    const [games, low, mean, high] = read(course.querySelectorAll("[data-point]"));
    if (!games.length || place.firstChild) return;
    const threshold = Number(course.dataset.threshold);
    const percent = (self, ticks) => ticks.map((tick) => `${Math.round(tick * 100)} %`);
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 } };
    const line = { points: { show: false } };
    const options = {
      width: place.clientWidth, height: 240, legend: { show: false }, cursor: { show: false },
      scales: { x: { time: false, range: [0, Math.max(Number(course.dataset.planned), games.at(-1))] }, y: { range: [0, 1] } },
      axes: [{ ...axis, label: "games", labelSize: 20 }, { ...axis, values: percent, size: 55 }],
      series: [
        {},
        { ...line, stroke: colour("--chart"), width: 1 },
        { ...line, stroke: colour("--chart"), width: 1 },
        { ...line, stroke: colour("--chart"), width: 3 },
        { ...line, stroke: colour("--threshold"), width: 2, dash: [8, 5] },
      ],
      bands: [{ series: [1, 2], fill: colour("--band") }],
    };
    // the required win rate is drawn as far as games are planned
    const end = options.scales.x.range[1];
    const x = games.at(-1) < end ? [...games, end] : games;
    const pad = (values) => (x.length > values.length ? [...values, null] : values);
    drawn.add(new uPlot(options, [x, pad(high), pad(low), pad(mean), x.map(() => threshold)], place));
  };

  const all = () => {
    for (const chart of drawn) if (!chart.root.isConnected) (chart.destroy(), drawn.delete(chart));
    document.querySelectorAll("[data-course]").forEach(draw);
  };
  const again = () => {
    for (const chart of drawn) chart.destroy();
    drawn.clear();
    all();
  };
  document.addEventListener("DOMContentLoaded", all);
  document.addEventListener("htmx:after:swap", all);
  document.addEventListener("htmx:sse:after:message", all);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  let later;
  window.addEventListener("resize", () => (clearTimeout(later), (later = setTimeout(again, 150))));
})();
