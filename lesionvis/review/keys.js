import { find, make } from "./make.js";

// What the keys do, as the dialog lists it.
export const KEYS = [
  ["?", "these keys"],
  ["/", "list: search"],
  ["j, k", "list: next, previous photo; Enter opens it"],
  ["], [", "next, previous photo"],
  ["Escape", "end drawing; back to the list"],
  [". and ,", "next, previous spot"],
  ["x, Delete", "remove the chosen spot"],
  ["k", "remove all spots but the chosen one"],
  ["n", "remove all spots"],
  ["c, v", "next, previous candidate"],
  ["a, Enter", "make the chosen candidate a spot"],
  ["1 to 5, 0", "kind of the chosen spot: blood, vascular, inflamed, pigment, lesion; by its colour"],
  ["o", "draw a circle: arrow keys move it, + and − size it, Enter keeps it"],
  ["b", "draw a border: arrow keys move, Space sets a corner, Backspace takes it back, Enter closes it"],
  ["e", "move the chosen spot by arrow keys, or after Space a part of its border; Enter keeps it"],
  ["q", "answer the questions on what to do"],
  ["t", "say the pattern"],
  ["m", "write a note"],
  ["d", "done, on to the next photo"],
  ["u, Ctrl+Z", "undo"],
  ["r, Ctrl+Y", "redo"],
  ["arrow keys", "move the photo"],
  ["+, −, f, z", "zoom in, out, fit, full resolution"],
  ["h, l", "hide or show candidates, spots"],
];

export function fillKeys() {
  find("key-rows").replaceChildren(...KEYS.map(([key, text]) =>
    make("tr", {}, make("th", { scope: "row" }, make("kbd", { text: key })), make("td", { text }))));
  find("show-keys").addEventListener("click", () => find("keys").showModal());
  find("close-keys").addEventListener("click", () => find("keys").close());
}

// Whether a key is typed into a field, where it has no other meaning.
export function isTyped(event) {
  return event.target.closest("textarea, select, input, dialog") !== null;
}
