import { ask, complain, find, make, options, short, tellProgress, things, words } from "./make.js";
import { Questions, shownAdvice } from "./questions.js";
import { MOVING, Viewer } from "./viewer.js";

const KIND_KEYS = ["", "blood", "vascular", "inflamed", "pigment", "lesion"];

export class PhotoPage {
  constructor(about, wishes, leave) {
    this.about = about;
    this.wishes = wishes;
    this.leave = leave;
    this.held = null;
    this.around = {};
    this.versions = new Map(); // photo -> number of the last change that was seen
    this.queue = Promise.resolve();
    this.waiting = 0;
    this.viewer = new Viewer({
      picked: (kind, index) => this.picked(kind, index),
      drew: (wish) => this.edit(wish),
      hint: (text) => { find("hint").textContent = text; },
    });
    this.questions = new Questions((wish) => { this.asks = true; return this.edit(wish); }, () => this.ask());
    // Who drops photos wants the advice, who reviews a run the spots.
    find("advice-part").open = about.takes_photos;
    options(find("say-pattern"), [["", "as it was answered"], ...about.patterns.map((name) => [name, words(name)])]);
    find("say-pattern").addEventListener("change", () => this.edit({ do: "pattern", pattern: find("say-pattern").value }));
    find("note").addEventListener("change", () => this.saveNote());
    const clicks = {
      back: () => this.leave(), before: () => this.go(this.around.previous), after: () => this.go(this.around.next),
      undo: () => this.edit({ do: "undo" }), redo: () => this.edit({ do: "redo" }), reset: () => this.edit({ do: "reset" }),
      only: () => this.only(), clear: () => this.clear(),
      done: () => this.done(), "not-done": () => this.edit({ do: "done", is_done: false }),
      circle: () => this.toggle("circle"), border: () => this.toggle("border"), move: () => this.toggle("move"),
      "zoom-in": () => this.viewer.zoomBy(1.4), "zoom-out": () => this.viewer.zoomBy(1 / 1.4),
      fit: () => this.viewer.size && this.viewer.fit(), full: () => this.viewer.full(),
      outlines: () => this.hide("spots"), candidates: () => this.hide("candidates"),
    };
    for (const [id, act] of Object.entries(clicks)) find(id).addEventListener("click", act);
    options(find("country"), [["", "another country"], ...Object.entries(about.countries)]);
    find("country").value = about.country;
    find("country").addEventListener("change", () => this.call(find("country").value));
  }

  async open(photo) {
    this.name = photo;
    this.held = null;
    this.asks = this.about.takes_photos;
    this.places = { spot: null, candidate: null };
    find("photo-title").textContent = photo;
    for (const id of ["sheet", "course"]) find(id).href = id + "?photo=" + encodeURIComponent(photo);
    find("result").textContent = "Reading the photo …";
    find("spots-title").textContent = "Spots";
    this.viewer.open(null); // never the picture before under this name
    const wish = this.wishes();
    wish.set("photo", photo);
    try {
      // The picture and the results are there before the outlines, which take a search of the photo.
      do {
        const held = await ask("api/photo?" + wish + (this.held ? "" : "&at_once=1"));
        if (this.name !== photo) return; // another one was opened meanwhile
        this.show(held);
      } while (this.held.waits);
    } catch (error) {
      if (this.name === photo) complain(error.message);
      return;
    }
    const next = this.around.next_to_do || this.around.next;
    if (next) this.prepare(next);
    if (!this.held.measured && this.held.size) this.measure();
  }

  show(held) {
    const isFirst = !this.held;
    if (isFirst || (held.size && !this.viewer.size)) {
      const address = "tile?photo=" + encodeURIComponent(held.photo) + "&sha256=" + encodeURIComponent(held.sha256 || "");
      this.viewer.open(held.size || null, address, this.about.tile_px);
    }
    const { previous, next, next_to_do, place, count, has_companions } = held;
    this.around = { previous, next, next_to_do, place, count, has_companions };
    if (isFirst || held.version >= this.held.version) this.fill(held); // else something was said meanwhile
    if (!isFirst) return;
    complain("");
    find("photo-title").focus({ preventScroll: true });
  }

  // What the next photo needs is made while this one is looked at.
  async prepare(photo) {
    try {
      const held = await ask("api/photo?" + new URLSearchParams({ photo }));
      if (held.size) new Image().src = this.coarse(photo, held);
    } catch { /* told when it is opened */ }
  }

  coarse(photo, held) {
    let level = 0;
    while (Math.max(...held.size) > this.about.tile_px * 2 ** level) level += 1;
    return "tile?photo=" + encodeURIComponent(photo) + "&sha256=" + encodeURIComponent(held.sha256 || "") + "&level=" + level + "&column=0&row=0";
  }

  go(photo) {
    this.saveNote();
    if (photo) this.leave(photo);
  }

  // Changes are sent one after the other, each with the version that the one before gave. A number of a spot is of what
  // was seen when it was said: once another change came first, it may be that of another spot.
  edit(wish) {
    const photo = this.name, seen = this.held ? this.held.version : null;
    if (seen === null) return this.queue;
    this.waiting += 1;
    this.queue = this.queue.then(async () => {
      try {
        const version = this.versions.get(photo);
        if (("spot" in wish || "candidate" in wish) && version !== seen) return;
        const held = await ask("api/edit", { ...wish, photo, version });
        this.versions.set(photo, held.version);
        if (this.name !== photo) return;
        complain("");
        this.fill(held);
        if (this.waiting === 1 && held.size && !held.measured) this.measure();
      } catch (error) {
        complain(error.message);
        this.viewer.take();
        if (error.status === 409 && this.name === photo) {
          this.fill(error.now);
          if (error.now.size && !error.now.measured) this.measure();
        }
      } finally {
        this.waiting -= 1;
      }
    });
    return this.queue;
  }

  // The advice names the phone numbers of a country.
  async call(country) {
    const photo = this.name;
    try {
      await ask("api/country", { country });
      const { dialogue } = await ask("api/photo?" + new URLSearchParams({ photo }));
      if (this.name !== photo) return;
      this.held.dialogue = dialogue;
      this.tell();
    } catch (error) {
      complain(error.message);
    }
  }

  // What the questions need is measured when somebody wants to answer.
  async ask() {
    const photo = this.name;
    this.asks = true;
    if (this.held.dialogue) {
      this.tell();
      return;
    }
    this.questions.show(null, true);
    try {
      const held = await ask("api/asked?" + new URLSearchParams({ photo }));
      if (this.name !== photo || this.held.version !== held.version) return;
      this.held.dialogue = held.dialogue;
      this.asks = Boolean(held.dialogue);
      this.tell();
    } catch (error) {
      if (this.name !== photo) return;
      this.asks = false;
      this.questions.show(null, false);
      complain(error.message);
    }
  }

  async measure() {
    const photo = this.name, version = this.held.version;
    find("result").textContent = "Measuring …";
    try {
      const { measured, dialogue } = await ask("api/measured?" + new URLSearchParams({ photo }));
      if (this.name !== photo || this.held.version !== version) return;
      Object.assign(this.held, { measured, dialogue });
      this.tell();
    } catch (error) {
      if (this.name === photo) complain(error.message);
    }
  }

  fill(held) {
    this.held = { ...held, ...this.around };
    this.versions.set(held.photo, held.version);
    tellProgress(held.done, held.total);
    this.viewer.marks(held.spots || [], held.candidates || []);
    find("before").disabled = !this.held.previous;
    find("after").disabled = !this.held.next;
    find("place").textContent = this.held.place ? this.held.place + " of " + this.held.count : "";
    find("undo").disabled = !held.can_undo;
    find("redo").disabled = !held.can_redo;
    for (const id of ["circle", "border", "move", "reset"]) find(id).disabled = !held.size || held.waits;
    find("say-pattern").value = held.pattern;
    if (document.activeElement !== find("note")) find("note").value = this.sentNote = held.note;
    find("not-done").hidden = !held.is_done;
    find("course-part").hidden = !this.held.has_companions;
    find("done").textContent = held.is_done ? "✓ Done, next" : "Done, next";
    find("history").replaceChildren(...held.history.map((one) =>
      make("li", { text: one.made_at.replace("T", " ").slice(0, 19) + " " + one.made_by + ": " + one.action })));
    this.fillCandidates();
    this.tell();
  }

  // Result, advice and the table of spots; numbers are there once the last change is measured.
  tell() {
    const held = this.held, measured = held.measured;
    // What was answered is shown, and the questions are once somebody wants to answer.
    const dialogue = this.asks || held.dialogue?.told.length ? held.dialogue : null;
    this.fillSpots();
    this.questions.show(dialogue, this.asks && !dialogue);
    if (measured && measured.row.status !== "failed" && this.asks && !dialogue) this.ask();
    if (!measured) {
      find("advice-part").hidden = !dialogue;
      if (!held.size) find("result").textContent = held.problem || "This photo was not analysed.";
      find("advice").replaceChildren(...(dialogue ? shownAdvice(dialogue.advice) : []));
      return;
    }
    const row = measured.row;
    find("advice-part").hidden = row.status === "failed";
    const size = row.median_diameter_mm === null ? "" : ", median " + short(row.median_diameter_mm) + " mm";
    find("result").replaceChildren(
      make("b", { text: words(row.pattern) }), " – ", things(row.spot_count, "spot") + size,
      row.spots_from === "corrected" ? " (corrected)" : "",
      row.status === "ok" ? "" : " – " + (row.problem || row.status));
    const flags = row.photo_flags ? row.photo_flags.split(" ") : [];
    const scale = row.px_per_mm ? short(row.px_per_mm) + " px per mm (" + words(row.scale_source) + ")" : "no scale";
    find("advice").replaceChildren(
      ...(dialogue ? shownAdvice(dialogue.advice) : [
        make("p", {}, make("span", { class: "level " + row.triage_level, text: words(row.triage_level) }), " ", measured.next_step),
        make("ul", {}, ...measured.reasons.map((text) => make("li", { text })))]),
      ...(flags.length ? [make("h3", { text: "Flags" }), make("ul", {}, ...flags.map((name) => make("li", { text: this.about.flags[name] || name })))] : []),
      make("p", { class: "small", text: "Scale: " + scale + (row.taken_at ? "; taken " + row.taken_at.replace("T", " ") : "") }));
  }

  fillSpots() {
    const held = this.held, measured = held.measured, spots = held.spots || [];
    const rows = measured && measured.spots.length === spots.length ? measured.spots : null;
    find("spots-title").textContent = held.waits ? "Outlining the spots …" : held.size ? things(spots.length, "spot") : "Spots";
    const unit = rows && rows.some((row) => row.diameter_mm !== null) ? "mm" : "px";
    const body = spots.map((spot, index) => {
      const row = rows && rows[index];
      const kind = make("select", { "aria-label": "Kind of spot " + (index + 1), onchange: (event) => this.edit({ do: "kind", spot: index + 1, kind: event.target.value }) });
      const shown = row && row.kind ? words(row.kind) : "by colour";
      options(kind, [["", shown], ...this.about.kinds.map((name) => [name, words(name)])]);
      kind.value = spot.kind;
      return make("tr", { "data-spot": index },
        make("th", { scope: "row" }, make("button", { type: "button", class: "number", "aria-label": "Show spot " + (index + 1), text: index + 1, onclick: () => this.choose("spot", index) })),
        make("td", { text: row ? short(row["diameter_" + unit]) + " " + unit : "…" }),
        make("td", {}, kind),
        make("td", {}, make("button", { type: "button", "aria-label": "Remove spot " + (index + 1), text: "×", onclick: () => this.remove(index) })));
    });
    const head = make("tr", {}, ...["Spot", "Diameter", "Kind", "Remove"].map((text) => make("th", { scope: "col", text })));
    find("spots").replaceChildren(spots.length ? make("table", {}, make("thead", {}, head), make("tbody", {}, ...body))
      : make("p", { class: "small", text: held.size && !held.waits ? "There are no spots." : "" }));
    this.mark();
  }

  fillCandidates() {
    const candidates = this.held.candidates || [];
    find("candidate-part").hidden = !candidates.length;
    find("candidate-part").querySelector("summary").textContent = things(candidates.length, "candidate");
    find("candidate-list").replaceChildren(...candidates.map((one, index) => make("li", {},
      make("button", { type: "button", text: "Show", "aria-label": "Show candidate " + (index + 1), onclick: () => this.choose("candidate", index) }), " ",
      make("button", { type: "button", text: "Make it a spot", "aria-label": "Make candidate " + (index + 1) + " a spot", onclick: () => this.promote(index) }),
      " " + (one.score === null ? "" : Math.round(100 * one.score) + " %"))));
  }

  choose(kind, index) {
    this.places[kind] = index;
    this.viewer.select({ kind, index });
    this.mark();
  }

  mark() {
    const chosen = this.viewer.selected, count = (this.held.spots || []).length;
    find("clear").disabled = !count;
    find("only").disabled = count < 2 || chosen?.kind !== "spot";
    for (const row of find("spots").querySelectorAll("tr[data-spot]")) {
      row.classList.toggle("selected", Boolean(chosen) && chosen.kind === "spot" && Number(row.dataset.spot) === chosen.index);
    }
    if (chosen && chosen.kind === "spot") {
      find("spots").querySelector("tr.selected")?.scrollIntoView({ block: "nearest" });
      const row = this.held.measured?.spots[chosen.index];
      find("hint").textContent = "Spot " + (chosen.index + 1) + (row && row.diameter_mm !== null ? ", " + short(row.diameter_mm) + " mm" : "") + (row && row.kind ? ", " + words(row.kind) : "") + ". " + (this.viewer.mode === "move" ? MOVING : "x removes it, k all others, 1 to 5 say its kind.");
    } else if (chosen) find("hint").textContent = "Candidate " + (chosen.index + 1) + ". a makes it a spot.";
  }

  picked(kind, index) {
    if (this.viewer.mode === "move") this.choose(kind, index);
    else if (kind === "spot") this.remove(index);
    else this.promote(index);
  }

  remove(index) { return this.edit({ do: "remove", spot: index + 1 }); }

  only() { if (this.viewer.selected?.kind === "spot") this.edit({ do: "only", spot: this.viewer.selected.index + 1 }); }

  clear() { if ((this.held.spots || []).length) this.edit({ do: "clear" }); }

  promote(index) { return this.edit({ do: "promote", candidate: this.held.candidates[index].candidate }); }

  saveNote() {
    if (!this.held || find("note").value === this.sentNote) return;
    this.sentNote = find("note").value;
    this.edit({ do: "note", note: this.sentNote });
  }

  async done() {
    this.saveNote();
    const next = this.around.next_to_do;
    await this.edit({ do: "done", is_done: true });
    if (this.held && this.held.is_done && find("problem").hidden) {
      if (next) this.go(next);
      else find("hint").textContent = "This was the last photo of the list to be done.";
    }
  }

  toggle(mode) {
    if (!this.viewer.size) return;
    this.viewer.setMode(this.viewer.mode === mode ? "" : mode);
    if (this.viewer.mode === "move" && this.viewer.selected?.kind !== "spot") this.step("spot", 1);
    this.viewer.box.focus({ preventScroll: true });
  }

  toQuestions() {
    if (find("advice-part").hidden) return;
    find("advice-part").open = true;
    if (this.held.measured || this.held.dialogue) this.ask();
    find("asked")?.focus();
  }

  hide(what) {
    this.viewer.show[what] = !this.viewer.show[what];
    find(what === "spots" ? "outlines" : "candidates").setAttribute("aria-pressed", String(this.viewer.show[what]));
    this.viewer.draw();
  }

  step(kind, by) {
    const count = ((kind === "spot" ? this.held.spots : this.held.candidates) || []).length;
    if (!count) return;
    const chosen = this.viewer.selected;
    // After one was removed, the next has its number.
    const held = this.places[kind];
    const place = chosen && chosen.kind === kind ? chosen.index + by : held === null ? (by > 0 ? 0 : count - 1) : by > 0 ? held : held - 1;
    this.choose(kind, (place + count) % count);
  }

  // True if the key meant something.
  key(event) {
    if (!this.held) return false;
    const chosen = this.viewer.selected;
    if (event.ctrlKey || event.metaKey) {
      const key = event.key.toLowerCase();
      if (key === "z") this.edit({ do: event.shiftKey ? "redo" : "undo" });
      else if (key === "y") this.edit({ do: "redo" });
      else return false;
      return true;
    }
    if (event.altKey) return false;
    const isOnButton = event.target.closest("button, summary, a") !== null;
    if (isOnButton && (event.key === "Enter" || event.key === " ")) return false;
    if (this.viewer.drawKey(event)) return true;
    if (event.target.closest(".scroll") && event.key.startsWith("Arrow")) return false;
    const acts = {
      "]": () => this.go(this.around.next), "[": () => this.go(this.around.previous), Escape: () => this.go(" "),
      ".": () => this.step("spot", 1), ",": () => this.step("spot", -1),
      c: () => this.step("candidate", 1), v: () => this.step("candidate", -1),
      o: () => this.toggle("circle"), b: () => this.toggle("border"), e: () => this.toggle("move"),
      q: () => this.toQuestions(), t: () => find("say-pattern").focus(), m: () => find("note").focus(), d: () => this.done(),
      u: () => this.edit({ do: "undo" }), r: () => this.edit({ do: "redo" }),
      k: () => this.only(), n: () => this.clear(),
      h: () => this.hide("candidates"), l: () => this.hide("spots"),
    };
    if (chosen && chosen.kind === "spot") {
      acts.x = acts.Delete = () => this.remove(chosen.index);
      KIND_KEYS.forEach((kind, key) => { acts[key] = () => this.edit({ do: "kind", spot: chosen.index + 1, kind }); });
    }
    if (chosen && chosen.kind === "candidate") acts.a = acts.Enter = () => this.promote(chosen.index);
    if (acts[event.key]) acts[event.key]();
    else return this.viewer.viewKey(event);
    return true;
  }
}
