"use strict";
// With scripts the earlier photo lies over the later one, as far as the slider says.
for (const pair of document.querySelectorAll(".aligned")) {
  const slider = pair.querySelector("input"), button = pair.querySelector("button"), frame = pair.querySelector(".frame");
  const tell = () => frame.style.setProperty("--at", slider.value + "%");
  const turn = () => {
    const slides = pair.classList.toggle("slides");
    slider.parentElement.hidden = !slides;
    button.textContent = slides ? "Side by side" : "Over each other";
  };
  const drag = (event) => {
    if (!pair.classList.contains("slides") || (event.type === "pointermove" && !event.buttons)) return;
    const box = frame.getBoundingClientRect();
    slider.value = 100 * (event.clientX - box.left) / box.width;
    tell();
  };
  slider.addEventListener("input", tell);
  frame.addEventListener("pointerdown", drag);
  frame.addEventListener("pointermove", drag);
  button.addEventListener("click", turn);
  button.hidden = false;
  tell();
  turn();
}
