import { find } from "./make.js";

const SVG = "http://www.w3.org/2000/svg";
const ZOOM_MAX = 32;
const STEP = 1.4; // of one press of + or -
const PAN_SHARE = 0.15; // of the width of the view, per press of an arrow
const CLICK_PX = 4; // a pointer that moves less was meant as a click
const TILES_MAX = 120;
const LABEL_PX = [18, 13]; // on the screen, of a number
const HANDLES_MAX = 12; // of a border; found ones have hundreds of corners
const GRASP_PX = 12; // on the screen, from a handle
export const MOVING = "Drag it or a handle; arrow keys move it, Space takes the next handle, Enter keeps it. Escape ends.";
const RADIUS_PX = 12; // on the screen, of a circle that is begun by a key

function shape(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

const line = (corners, closed) => "M" + corners.map(([x, y]) => x + " " + y).join("L") + (closed ? "Z" : "");

// Shows a photo of any size from tiles, with outlines over it. Places are px of the source photo, the origin at the
// centre of the top-left pixel; on the plane the origin is that pixel's corner.
export class Viewer {
  constructor(told) {
    this.told = told; // picked(kind, index), drew(wish), hint(text)
    this.box = find("viewer");
    this.plane = find("plane");
    this.size = null;
    this.mode = "";
    this.draft = null;
    this.selected = null;
    this.pointers = new Map();
    this.tiles = new Map();
    this.show = { spots: true, candidates: true };
    this.box.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.box.addEventListener("pointerdown", (event) => this.down(event));
    this.box.addEventListener("pointermove", (event) => this.move(event));
    this.box.addEventListener("pointerup", (event) => this.up(event));
    this.box.addEventListener("pointercancel", (event) => { this.pointers.delete(event.pointerId); this.pressed = null; });
    this.box.addEventListener("dblclick", (event) => { event.preventDefault(); if (this.mode === "border") this.finish(); });
    new ResizeObserver(() => { if (this.size) { if (this.isFitted) this.fit(); else this.draw(); } }).observe(this.box);
  }

  // A photo is opened: its size, and the address of a tile.
  open(size, address, tile) {
    this.size = size;
    this.address = address;
    this.tile = tile;
    this.tiles.clear();
    this.plane.replaceChildren();
    this.selected = null;
    this.setMode("");
    if (size) this.fit();
    else this.marks([], []);
  }

  marks(spots, candidates) {
    this.spots = spots;
    this.candidates = candidates;
    const paths = [];
    const add = (kind) => (one, index) => {
      const path = shape("path", { d: line(one.outline, true), class: kind + (one.kind === "lesion" ? " lesion" : "") });
      path.dataset.kind = kind;
      if (typeof one.score === "number") path.style.setProperty("--likely", one.score);
      path.dataset.index = index;
      paths.push(path);
    };
    candidates.forEach(add("candidate"));
    spots.forEach(add("spot"));
    find("shapes").replaceChildren(...paths);
    if (this.pressed?.grasped) this.pressed = null; // what was held is another now
    this.select(null);
    this.draw();
    if (this.mode === "move" && this.keep) this.reselect(this.keep);
  }

  // The spot that was moved has another number now.
  reselect([x, y]) {
    const far = this.spots.map((spot) => { const [left, top] = this.middle(spot.outline); return Math.hypot(left - x, top - y); });
    if (far.length) this.select({ kind: "spot", index: far.indexOf(Math.min(...far)) });
  }

  select(chosen) {
    this.selected = chosen;
    for (const path of find("shapes").children) {
      path.classList.toggle("selected", Boolean(chosen) && path.dataset.kind === chosen.kind && Number(path.dataset.index) === chosen.index);
    }
    if (this.mode === "move") this.take();
    if (!chosen) return;
    const held = (chosen.kind === "spot" ? this.spots : this.candidates)[chosen.index];
    const [x, y] = this.middle(held.outline);
    const [left, top] = this.toScreen(x, y);
    const { clientWidth: width, clientHeight: height } = this.box;
    if (left < 20 || top < 20 || left > width - 20 || top > height - 20) this.centre(x, y);
    this.draw();
  }

  middle(outline) {
    const xs = outline.map(([x]) => x), ys = outline.map(([, y]) => y);
    return [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  }

  toScreen(x, y) { return [(x + 0.5) * this.zoom + this.left, (y + 0.5) * this.zoom + this.top]; }

  toPhoto(left, top) { return [(left - this.left) / this.zoom - 0.5, (top - this.top) / this.zoom - 0.5]; }

  fitZoom() { return Math.min(this.box.clientWidth / this.size[0], this.box.clientHeight / this.size[1]); }

  fit() {
    this.zoom = this.fitZoom();
    this.left = (this.box.clientWidth - this.size[0] * this.zoom) / 2;
    this.top = (this.box.clientHeight - this.size[1] * this.zoom) / 2;
    this.isFitted = true;
    this.draw();
  }

  full() { this.zoomTo(1 / (window.devicePixelRatio || 1)); }

  zoomBy(factor, left = this.box.clientWidth / 2, top = this.box.clientHeight / 2) { this.zoomTo(this.zoom * factor, left, top); }

  zoomTo(zoom, left = this.box.clientWidth / 2, top = this.box.clientHeight / 2) {
    if (!this.size) return;
    const [x, y] = this.toPhoto(left, top);
    this.zoom = Math.min(ZOOM_MAX, Math.max(Math.min(this.fitZoom(), 1) / 2, zoom));
    this.left = left - (x + 0.5) * this.zoom;
    this.top = top - (y + 0.5) * this.zoom;
    this.isFitted = false;
    this.draw();
  }

  centre(x, y) {
    this.left = this.box.clientWidth / 2 - (x + 0.5) * this.zoom;
    this.top = this.box.clientHeight / 2 - (y + 0.5) * this.zoom;
    this.isFitted = false;
    this.draw();
  }

  pan(across, down) {
    this.left -= across * PAN_SHARE * this.box.clientWidth;
    this.top -= down * PAN_SHARE * this.box.clientHeight;
    this.isFitted = false;
    this.draw();
  }

  // Never lose the photo: its middle part stays in view.
  hold() {
    const keep = 40, { clientWidth: width, clientHeight: height } = this.box;
    this.left = Math.min(width - keep, Math.max(keep - this.size[0] * this.zoom, this.left));
    this.top = Math.min(height - keep, Math.max(keep - this.size[1] * this.zoom, this.top));
  }

  draw() {
    if (!this.size || this.waits) return;
    this.waits = true;
    requestAnimationFrame(() => {
      this.waits = false;
      if (!this.size) return;
      this.hold();
      this.plane.style.transform = "translate(" + this.left + "px," + this.top + "px) scale(" + this.zoom + ")";
      this.plane.classList.toggle("pixels", this.zoom >= 4);
      this.drawTiles();
      const place = "translate(" + this.left + " " + this.top + ") scale(" + this.zoom + ") translate(0.5 0.5)";
      find("shapes").setAttribute("transform", place);
      find("draft").setAttribute("transform", place);
      find("marks").classList.toggle("no-spots", !this.show.spots);
      find("marks").classList.toggle("no-candidates", !this.show.candidates);
      this.drawLabels();
    });
  }

  drawTiles() {
    const tile = this.tile, sharp = this.zoom * (window.devicePixelRatio || 1);
    let levels = 1;
    while (Math.max(...this.size) > tile * 2 ** (levels - 1)) levels += 1;
    const level = Math.min(levels - 1, Math.max(0, Math.floor(Math.log2(1 / sharp) + 0.25)));
    const wanted = new Set();
    // The coarsest level lies under the others, so that there is always something to see.
    for (const one of new Set([levels - 1, level])) {
      const across = tile * 2 ** one;
      const [x, y] = this.toPhoto(0, 0), [right, bottom] = this.toPhoto(this.box.clientWidth, this.box.clientHeight);
      const last = [Math.ceil(this.size[0] / across) - 1, Math.ceil(this.size[1] / across) - 1];
      for (let row = Math.max(0, Math.floor(y / across)); row <= Math.min(last[1], Math.floor(bottom / across)); row += 1) {
        for (let column = Math.max(0, Math.floor(x / across)); column <= Math.min(last[0], Math.floor(right / across)); column += 1) {
          wanted.add(this.place(one, column, row));
        }
      }
    }
    if (this.tiles.size > TILES_MAX) {
      for (const [name, image] of this.tiles) if (!wanted.has(name)) { image.remove(); this.tiles.delete(name); }
    }
    for (const image of this.tiles.values()) image.hidden = image.level < level;
  }

  place(level, column, row) {
    const name = level + "/" + column + "/" + row;
    if (this.tiles.has(name)) return name;
    const factor = 2 ** level;
    const across = Math.min(this.tile, Math.ceil(this.size[0] / factor) - column * this.tile) * factor;
    const down = Math.min(this.tile, Math.ceil(this.size[1] / factor) - row * this.tile) * factor;
    const image = new Image();
    image.alt = "";
    image.draggable = false;
    image.level = level;
    image.src = this.address + "&level=" + level + "&column=" + column + "&row=" + row;
    Object.assign(image.style, {
      left: column * this.tile * factor + "px", top: row * this.tile * factor + "px",
      width: across + "px", height: down + "px", zIndex: 20 - level,
    });
    this.tiles.set(name, image);
    this.plane.append(image);
    return name;
  }

  drawLabels() {
    const { clientWidth: width, clientHeight: height } = this.box;
    const texts = [], taken = new Set();
    if (this.show.spots) {
      (this.spots || []).forEach((spot, index) => {
        const right = Math.max(...spot.outline.map(([x]) => x)), top = Math.min(...spot.outline.map(([, y]) => y));
        const [left, above] = this.toScreen(right, top);
        if (left < -30 || above < -30 || left > width + 30 || above > height + 30) return;
        // Of numbers that would lie on each other the one of the largest spot is shown; the others come with the zoom.
        const isChosen = this.selected && this.selected.kind === "spot" && this.selected.index === index;
        const cells = [Math.floor(left / LABEL_PX[0]), Math.floor((left + LABEL_PX[0]) / LABEL_PX[0])]
          .map((across) => across + "/" + Math.floor(above / LABEL_PX[1]));
        if (!isChosen && cells.some((cell) => taken.has(cell))) return;
        cells.forEach((cell) => taken.add(cell));
        const text = shape("text", { x: left + 2, y: above - 1 });
        text.textContent = index + 1;
        if (isChosen) text.classList.add("selected");
        texts.push(text);
      });
    }
    find("labels").replaceChildren(...texts);
  }

  // Drawing.
  setMode(mode) {
    this.mode = mode;
    this.draft = null;
    this.keep = null;
    this.box.classList.toggle("draws", ["circle", "border"].includes(mode));
    for (const id of ["circle", "border", "move"]) find(id).setAttribute("aria-pressed", String(mode === id));
    this.told.hint({
      "": "",
      circle: "Drag from the middle of the spot, or arrow keys, + and −, Enter. Escape ends.",
      move: MOVING,
      border: "Click corners or draw along the border, Enter or double click closes it; arrow keys and Space do the same. Escape ends.",
    }[mode]);
    this.take();
  }

  // What is moved begins as the chosen spot.
  take() {
    const chosen = this.selected;
    const spot = this.mode === "move" && chosen?.kind === "spot" ? this.spots[chosen.index] : null;
    this.draft = spot && { corners: spot.outline, handle: null, isChanged: false };
    this.drawDraft();
  }

  // A handle at every so manieth corner; null is the whole spot.
  stride() { return Math.ceil(this.draft.corners.length / HANDLES_MAX); }

  handles() { return this.draft.corners.map((_, index) => index).filter((index) => index % this.stride() === 0); }

  // Corners between a handle and the next go with it, the less the farther.
  shift(across, down) {
    const held = this.draft, count = held.corners.length, stride = this.stride();
    held.corners = held.corners.map(([x, y], index) => {
      const steps = Math.abs(index - held.handle), share = held.handle === null ? 1 : Math.max(0, 1 - Math.min(steps, count - steps) / stride);
      return [x + share * across, y + share * down];
    });
    held.isChanged = true;
    this.drawDraft();
  }

  // What a pointer takes: { handle }, or null beside the spot.
  grasped([left, top]) {
    if (this.mode !== "move" || !this.draft) return null;
    const held = this.draft;
    const far = (index) => { const [x, y] = this.toScreen(...held.corners[index]); return Math.hypot(x - left, y - top); };
    const nearest = this.handles().reduce((best, index) => (far(index) < far(best) ? index : best));
    if (far(nearest) <= GRASP_PX) return { handle: nearest };
    const box = this.box.getBoundingClientRect();
    const isInside = document.elementsFromPoint(left + box.left, top + box.top).some((one) => one.classList.contains("selected") && one.dataset.kind === "spot");
    return isInside ? { handle: null } : null;
  }

  moveKey(event, moves) {
    const held = this.draft;
    if (event.key === "Escape" && !held?.isChanged) this.setMode("");
    else if (!held) return false;
    else if (event.key === "Escape") this.take();
    else if (event.key === "Enter") this.finish();
    else if (moves[event.key]) this.shift(...moves[event.key]);
    else if ([" ", "Backspace"].includes(event.key)) {
      const ring = [null, ...this.handles()];
      held.handle = ring.at((ring.indexOf(held.handle) + (event.key === " " ? 1 : -1)) % ring.length);
      this.drawDraft();
    } else return false;
    return true;
  }

  cross() {
    if (!this.draft) {
      const [x, y] = this.toPhoto(this.box.clientWidth / 2, this.box.clientHeight / 2);
      this.draft = { x, y, radius: RADIUS_PX / this.zoom, corners: [], byKey: true };
    }
    return this.draft;
  }

  drawDraft() {
    const held = this.draft, parts = [];
    if (held && this.mode === "circle") parts.push(shape("circle", { cx: held.x, cy: held.y, r: Math.max(0, held.radius) }));
    if (held && this.mode === "border" && held.corners.length) {
      parts.push(shape("path", { d: line([...held.corners, [held.x, held.y]], held.corners.length > 1) }));
    }
    if (held && this.mode === "move") {
      parts.push(shape("path", { d: line(held.corners, true) }), ...this.handles().map((index) => shape("circle", {
        class: index === held.handle ? "handle active" : "handle", cx: held.corners[index][0], cy: held.corners[index][1], r: 5 / this.zoom,
      })));
    }
    if (held && held.byKey) {
      const arm = 8 / this.zoom;
      parts.push(shape("path", { class: "cross", d: "M" + (held.x - arm) + " " + held.y + "h" + 2 * arm + "M" + held.x + " " + (held.y - arm) + "v" + 2 * arm }));
    }
    find("draft").replaceChildren(...parts);
  }

  // A key while something is drawn; true if it was for the drawing.
  drawKey(event) {
    if (!this.mode || !this.size) return false;
    const step = (event.shiftKey ? 10 : 1) * Math.max(1, Math.round(1 / this.zoom));
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (this.mode === "move") return this.moveKey(event, moves);
    if (event.key === "Escape") this.setMode("");
    else if (event.key === "Enter") this.finish();
    else if (moves[event.key]) { const held = this.cross(); held.x += moves[event.key][0]; held.y += moves[event.key][1]; held.byKey = true; }
    else if (this.mode === "circle" && ["+", "="].includes(event.key)) this.cross().radius += step;
    else if (this.mode === "circle" && event.key === "-") { const held = this.cross(); held.radius = Math.max(1, held.radius - step); }
    else if (this.mode === "border" && event.key === " ") { const held = this.cross(); held.corners.push([held.x, held.y]); }
    else if (this.mode === "border" && event.key === "Backspace") this.cross().corners.pop();
    else return false;
    this.drawDraft();
    return true;
  }

  finish() {
    const held = this.draft;
    if (!held) return;
    if (this.mode === "move") {
      if (held.isChanged) this.told.drew({ do: "outline", spot: this.selected.index + 1, corners: held.corners });
      this.keep = this.middle(held.corners);
      held.isChanged = false;
      return;
    }
    const corners = held.corners.filter(([x, y], index, all) => !index || x !== all[index - 1][0] || y !== all[index - 1][1]);
    if (this.mode === "circle" && held.radius > 0) this.told.drew({ do: "circle", x: held.x, y: held.y, radius: held.radius });
    else if (this.mode === "border" && corners.length >= 3) this.told.drew({ do: "border", corners });
    else return;
    this.draft = null;
    this.drawDraft();
  }

  // Pointers: one drags, draws or clicks, two zoom.
  at(event) {
    const box = this.box.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (!this.size || event.button > 0) return;
    const place = this.at(event);
    this.pointers.set(event.pointerId, place);
    this.box.setPointerCapture(event.pointerId);
    if (this.pointers.size === 2) { this.pressed = null; if (this.mode === "move") this.take(); this.pinch = this.spread(); return; }
    this.pressed = { place, last: place, target: event.target, moved: false, grasped: this.grasped(place) };
    if (this.pressed.grasped) { Object.assign(this.draft, this.pressed.grasped); this.drawDraft(); }
    if (this.mode === "circle") {
      const [x, y] = this.toPhoto(...place);
      this.draft = { x, y, radius: 0, corners: [] };
    }
    if (this.mode === "border") {
      const [x, y] = this.toPhoto(...place);
      this.draft = { radius: 0, corners: [], ...this.draft, x, y, byKey: false };
      this.draft.corners.push([x, y]);
      this.drawDraft();
    }
  }

  spread() {
    const [[a, b], [c, d]] = [...this.pointers.values()];
    return { distance: Math.hypot(a - c, b - d), middle: [(a + c) / 2, (b + d) / 2] };
  }

  move(event) {
    if (!this.pointers.has(event.pointerId)) return;
    const place = this.at(event);
    this.pointers.set(event.pointerId, place);
    if (this.pointers.size === 2) {
      const now = this.spread();
      this.left += now.middle[0] - this.pinch.middle[0];
      this.top += now.middle[1] - this.pinch.middle[1];
      this.zoomBy(now.distance / Math.max(1, this.pinch.distance), ...now.middle);
      this.pinch = now;
      return;
    }
    const pressed = this.pressed;
    if (!pressed) return;
    pressed.moved = pressed.moved || Math.hypot(place[0] - pressed.place[0], place[1] - pressed.place[1]) > CLICK_PX;
    const [x, y] = this.toPhoto(...place);
    if (this.mode === "circle") this.draft.radius = Math.hypot(x - this.draft.x, y - this.draft.y);
    else if (this.mode === "border") {
      Object.assign(this.draft, { x, y });
      if (pressed.moved && Math.hypot(place[0] - pressed.last[0], place[1] - pressed.last[1]) > 2) {
        this.draft.corners.push([x, y]);
        pressed.last = place;
      }
    } else if (pressed.moved && pressed.grasped) {
      this.shift((place[0] - pressed.last[0]) / this.zoom, (place[1] - pressed.last[1]) / this.zoom);
      pressed.last = place;
    } else if (pressed.moved) {
      this.left += place[0] - pressed.last[0];
      this.top += place[1] - pressed.last[1];
      this.isFitted = false;
      pressed.last = place;
      this.draw();
    }
    if (this.mode) this.drawDraft();
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    const pressed = this.pressed;
    this.pressed = null;
    if (!pressed) return;
    if (this.mode === "circle") {
      if (pressed.moved) this.finish();
      else { this.draft = { ...this.draft, radius: RADIUS_PX / this.zoom, byKey: true }; this.drawDraft(); }
    } else if (pressed.grasped) {
      if (pressed.moved) this.finish();
    } else if (this.mode !== "border" && !pressed.moved) {
      const path = document.elementsFromPoint(event.clientX, event.clientY).find((one) => one.dataset && one.dataset.kind);
      if (path) this.told.picked(path.dataset.kind, Number(path.dataset.index));
      else if (!this.mode) this.select(null);
    }
  }

  wheel(event) {
    if (!this.size) return;
    event.preventDefault();
    this.zoomBy(STEP ** (-Math.sign(event.deltaY) * Math.min(1, Math.abs(event.deltaY) / 100 + 0.2)), ...this.at(event));
  }

  // Arrow keys and zoom; true if the key was for the view.
  viewKey(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!this.size) return false;
    if (moves[event.key]) this.pan(...moves[event.key]);
    else if (["+", "="].includes(event.key)) this.zoomBy(STEP);
    else if (event.key === "-") this.zoomBy(1 / STEP);
    else if (event.key === "f") this.fit();
    else if (event.key === "z") this.full();
    else return false;
    return true;
  }
}
