(() => {
  const bar = document.getElementById("time-bar");
  const range = document.getElementById("time");
  const shown = document.getElementById("time-shown");
  const times = Array.from(document.querySelectorAll("#times option"), (each) => each.label);
  const frames = document.querySelectorAll("[data-step]");
  const show = () => {
    const step = Number(range.value);
    shown.textContent = times[step];
    range.setAttribute("aria-valuetext", times[step]);
    frames.forEach((each) => { each.hidden = Number(each.dataset.step) !== step; });
  };
  document.documentElement.classList.add("moving");
  bar.hidden = false;
  range.addEventListener("input", show);
  show();
})();
