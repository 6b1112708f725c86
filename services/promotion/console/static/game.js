// Steps through a game without loading the whole page anew: the same links, their board put in place. Keys: arrows, Home, End.
(() => {
  let wanted = 0;
  const show = async (link) => {
    const mine = ++wanted, held = document.activeElement && document.activeElement.id;
    let answer = null;
    try {
      answer = await fetch(link, { headers: { Accept: "text/html" } });
    } catch (error) {
      answer = null;
    }
    if (mine !== wanted) return;
    if (!answer || !answer.ok || answer.redirected) return location.assign(link);
    const found = new DOMParser().parseFromString(await answer.text(), "text/html"), game = found.getElementById("game");
    if (mine !== wanted) return;
    document.getElementById("game").replaceWith(game);
    document.title = found.title;
    history.replaceState(null, "", link);
    const again = held && document.getElementById(held);
    if (again) again.focus();
    follow();
  };
  const follow = () => {
    const now = document.querySelector(".moves [aria-current]"), box = document.querySelector(".moves");
    if (now) box.scrollTop = now.offsetTop - box.offsetTop - box.clientHeight / 2;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#game .steps a, #game .moves a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(link.href);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.target.closest("input, textarea, select")) return;
    const link = document.querySelector(`#game [data-key="${CSS.escape(event.key)}"]`);
    if (!link) return;
    event.preventDefault();
    show(link.href);
  });
  follow();
})();
