// Elo by version, its interval as a band. The same figures stand in the table below; nothing is only in the picture.
(() => {
  const draw = (box) => {
    const ink = getComputedStyle(document.documentElement), colour = (name) => ink.getPropertyValue(name).trim();
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
    const edge = { stroke: colour("--chart"), width: 1, dash: [4, 4], points: { show: false } };
    const data = JSON.parse(box.dataset.series), whole = (_, places) => places.map((each) => (Number.isInteger(each) ? each : ""));
    const options = {
      width: box.clientWidth, height: 240, scales: { x: { time: false } }, legend: { show: false }, cursor: { drag: { x: false, y: false } },
      axes: [{ ...axis, label: "version", labelSize: 20, values: whole }, { ...axis, size: 60 }],
      series: [{}, { ...edge, label: "low" }, { ...edge, label: "high" }, { label: "Elo", stroke: colour("--chart"), width: 2, points: { show: true, size: 8 } }],
      bands: [{ series: [2, 1], fill: colour("--band") }],
    };
    box.replaceChildren();
    return new uPlot(options, data, box);
  };
  for (const box of document.querySelectorAll("[data-series]")) {
    let plot = draw(box), width = box.clientWidth;
    new ResizeObserver(() => {
      if (box.clientWidth === width) return;
      width = box.clientWidth;
      plot.setSize({ width, height: 240 });
    }).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      plot.destroy();
      plot = draw(box);
    });
  }
})();
