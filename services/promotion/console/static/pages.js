// What the pages do beyond htmx: a tick for parts that are asked for again, only while somebody looks, and the charts.
(() => {
  const SECONDS = 5;
  const tick = () => {
    if (!document.hidden) document.body.dispatchEvent(new Event("tick"));
  };
  setInterval(tick, SECONDS * 1000);
  document.addEventListener("visibilitychange", tick);
  // a form is sent once: a second click would only ask again
  document.addEventListener("submit", (event) => {
    for (const button of event.target.querySelectorAll("button")) setTimeout(() => (button.disabled = true));
  });
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("form button")) button.disabled = false;
  });
})();
