import { ask, complain, find, make, options, short, tellProgress, things, words } from "./make.js";

const FILTERS = ["review", "pattern", "level", "status", "flag"];
const CHECKS = ["needs", "group"];
export const STATE = ["search", ...FILTERS, "sort", ...CHECKS];

export class List {
  constructor(open, prepare) {
    this.open = open;
    this.prepare = prepare; // makes ready what the first photo of the page will need
    this.page = 1;
    this.pages = 1;
    this.asked = 0;
    for (const id of [...FILTERS, "sort", ...CHECKS]) find(id).addEventListener("change", () => this.show(1));
    find("search").addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.show(1), 150);
    });
    find("controls").addEventListener("submit", (event) => event.preventDefault());
    find("controls").addEventListener("reset", () => setTimeout(() => this.show(1)));
    find("first").addEventListener("click", () => this.show(1));
    find("previous").addEventListener("click", () => this.show(this.page - 1));
    find("next").addEventListener("click", () => this.show(this.page + 1));
    find("last").addEventListener("click", () => this.show(this.pages));
    find("page").addEventListener("change", () => this.show(Number(find("page").value)));
  }

  offer(choices) {
    for (const id of FILTERS) options(find(id), [["", "all"], ...choices[id].map((value) => [value, words(value === "-" ? "" : value)])]);
  }

  wishes() {
    const wish = new URLSearchParams();
    for (const id of ["search", ...FILTERS]) if (find(id).value) wish.set(id, find(id).value);
    if (find("sort").value !== "urgency") wish.set("sort", find("sort").value);
    for (const id of CHECKS) if (find(id).checked) wish.set(id, "1");
    return wish;
  }

  restore(wish) {
    for (const id of ["search", ...FILTERS]) find(id).value = wish.get(id) || "";
    find("sort").value = wish.get("sort") || "urgency";
    for (const id of CHECKS) find(id).checked = wish.has(id);
    this.page = Number(wish.get("page")) || 1;
  }

  address() {
    const wish = this.wishes();
    if (this.page > 1) wish.set("page", this.page);
    return wish;
  }

  async show(page) {
    const asked = ++this.asked;
    const wish = this.wishes();
    wish.set("page", page || 1);
    let held;
    try {
      held = await ask("api/photos?" + wish);
    } catch (error) {
      complain(error.message);
      return;
    }
    if (asked !== this.asked) return; // a later question is on its way
    [this.page, this.pages] = [held.page, held.pages];
    history.replaceState(null, "", "?" + this.address());
    this.fill(held);
    if (held.photos.length && !document.body.classList.contains("at-photo")) this.prepare(held.photos[0].photo);
  }

  fill(held) {
    const cards = [];
    let patient = null;
    for (const row of held.photos) {
      if (find("group").checked && row.patient !== patient) {
        patient = row.patient;
        cards.push(make("li", { class: "patient" }, make("h3", { text: patient ? "Patient " + patient : "No patient named" })));
      }
      cards.push(this.card(row));
    }
    find("photos").replaceChildren(...cards);
    const last = held.first + held.photos.length - 1;
    find("shown").textContent = held.count
      ? "Photos " + held.first + " to " + last + " of " + held.count + (held.count < held.total ? " (" + held.total + " in all)" : "")
      : held.total ? "No photo fits; clear a filter." : "There are no photos yet.";
    tellProgress(held.done, held.total);
    find("page").value = held.page;
    find("page").max = held.pages;
    find("pages").textContent = held.pages;
    find("first").disabled = find("previous").disabled = held.page === 1;
    find("last").disabled = find("next").disabled = held.page === held.pages;
  }

  card(row) {
    const picture = row.thumbnail
      ? make("img", { class: "thumb", src: "thumbnail?photo=" + encodeURIComponent(row.photo) + "&spots=" + row.spot_count + row.spots_from, alt: "", loading: "lazy" })
      : make("span", { class: "thumb empty", text: "no picture" });
    const found = row.spot_count === null ? row.problem || row.status
      : words(row.pattern) + ", " + things(row.spot_count, "spot")
        + (row.median_diameter_mm === null ? "" : ", median " + short(row.median_diameter_mm, 2) + " mm");
    const level = row.status === "ok" ? row.level || "none" : row.status;
    const said = [row.is_done ? "done" : "", row.spots_from === "corrected" ? "spots corrected" : "",
      row.reviewed_pattern ? "seen as " + words(row.reviewed_pattern) : "", row.note ? "note" : ""].filter(Boolean);
    return make("li", {}, make("button", { type: "button", "data-photo": row.photo, class: row.is_done ? "card is-done" : "card", onclick: () => this.open(row.photo) },
      picture,
      make("span", { class: "text" },
        make("span", { class: "name", dir: "auto", text: row.photo }),
        make("span", { class: "level " + (/^[a-z_0-9]+$/.test(level) ? level : ""), text: words(level) }),
        make("span", { class: "small", text: found }),
        said.length ? make("span", { class: "small said", text: (row.is_done ? "✓ " : "") + said.join(", ") }) : null)));
  }

  step(by) {
    const cards = [...document.querySelectorAll("#photos .card")];
    const place = cards.indexOf(document.activeElement);
    const next = cards[place < 0 ? (by > 0 ? 0 : cards.length - 1) : place + by];
    if (next) next.focus();
    else if (place >= 0) this.show(this.page + by).then(() => this.step(by));
  }
}
