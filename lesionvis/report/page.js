"use strict";
// Every text of a file goes through textContent or an attribute, never through markup.
(() => {
  const PAGE_LENGTH = 48;
  const URGENT_SHOWN = 12;
  const NONE = "-";
  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find("data").textContent);
  const rows = find("rows").textContent.split("\n").map((line, index) => {
    const row = { index };
    const values = JSON.parse(line);
    data.columns.forEach((name, column) => { row[name] = values[column]; });
    row.photo_flags = (row.photo_flags || "").split(" ").filter(Boolean);
    row.text = (row.photo + " " + (row.problem || "") + " " + row.review).toLowerCase();
    return row;
  });
  let packed = null;
  let chosen = rows;
  let page = 0;
  let opened = null;

  function make(tag, options = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(options)) {
      if (name === "text") element.textContent = value;
      else if (name === "class") element.className = value;
      else if (name === "click") element.addEventListener("click", value);
      else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  const words = (text) => (text || "not judged").replaceAll("_", " ");
  const number = (value) => (value === null || value === undefined || value === "" ? "–" : String(value));

  function level(row) {
    const name = row.status === "ok" ? row.triage_level || "none" : row.status;
    const known = data.levels.includes(name) || ["failed", "unusable", "waiting"].includes(name);
    return make("span", { class: "level " + (known ? name : ""), text: words(name) });
  }

  function found(row) {
    if (row.status === "failed" || row.spot_count === null) return row.problem || row.status;
    const size = row.median_diameter_mm === null ? "" : ", median " + Number(row.median_diameter_mm.toPrecision(2)) + " mm";
    return words(row.pattern) + ", " + row.spot_count + (row.spot_count === 1 ? " spot" : " spots") + size;
  }

  function thumbnail(row) {
    if (!row.thumbnail) return make("span", { class: "thumb empty", text: "no picture" });
    return make("img", { class: "thumb", src: row.thumbnail, alt: "", loading: "lazy", decoding: "async" });
  }

  function card(row, why) {
    return make("li", {}, make("button", { type: "button", click: () => open(row) },
      thumbnail(row),
      make("span", { class: "text" },
        make("span", { class: "name", dir: "auto", text: row.photo }),
        level(row),
        make("span", { class: "small", text: found(row) }),
        row.review ? make("span", { class: "small", text: "Reviewed: " + row.review }) : null,
        why && row.why && row.why !== found(row) ? make("span", { class: "small", text: row.why }) : null)));
  }

  // Rows arrive in the order of urgency; sorting is stable and keeps it where two are alike.
  const byNumber = (name) => (a, b) => (b[name] ?? -1) - (a[name] ?? -1);
  const ORDERS = {
    urgency: (a, b) => a.urgency - b.urgency,
    photo: (a, b) => (a.photo < b.photo ? -1 : 1),
    spot_count: byNumber("spot_count"),
    median_diameter_mm: byNumber("median_diameter_mm"),
    taken_at: (a, b) => ((a.taken_at || "~") < (b.taken_at || "~") ? -1 : a.taken_at === b.taken_at ? 0 : 1),
  };

  function choose() {
    const wanted = find("search").value.trim().toLowerCase();
    const is = (id, value) => !find(id).value || find(id).value === (value || NONE);
    chosen = rows.filter((row) => (!wanted || row.text.includes(wanted))
      && is("pattern", row.pattern) && is("level", row.triage_level) && is("status", row.status)
      && (!find("flag").value || row.photo_flags.includes(find("flag").value))
      && (!find("needs").checked || row.why));
    chosen.sort(ORDERS[find("sort").value]);
    turn(0);
  }

  function turn(to) {
    const pages = Math.max(1, Math.ceil(chosen.length / PAGE_LENGTH));
    page = Math.min(Math.max(0, Number.isFinite(to) ? to : 0), pages - 1);
    const start = page * PAGE_LENGTH;
    const part = chosen.slice(start, start + PAGE_LENGTH);
    find("photos").replaceChildren(...part.map((row) => card(row, false)));
    find("shown").textContent = chosen.length
      ? "Photos " + (start + 1) + " to " + (start + part.length) + " of " + chosen.length
        + (chosen.length < rows.length ? " (" + rows.length + " in all)" : "")
      : "No photo fits; clear a filter.";
    find("page").value = page + 1;
    find("page").max = pages;
    find("pages").textContent = pages;
    find("first").disabled = find("previous").disabled = page === 0;
    find("last").disabled = find("next").disabled = page === pages - 1;
  }

  function options(id, values, all) {
    find(id).append(make("option", { value: "", text: all }),
      ...values.map((value) => make("option", { value: value || NONE, text: words(value) })));
  }

  const present = (name, order) => {
    const held = new Set(rows.map((row) => row[name] || ""));
    const known = order.filter((value) => held.delete(value));
    return known.concat([...held].sort());
  };

  async function details(row) {
    packed = packed || find("packed").textContent.split("\n");
    const bytes = Uint8Array.from(atob(packed[row.index]), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  function facts(pairs) {
    return make("dl", { class: "facts" }, ...pairs.map(([name, value]) => make("div", {},
      make("dt", { text: words(name) }), make("dd", { text: number(value) }))));
  }

  function list(title, lines) {
    return lines.length
      ? [make("h3", { text: title }), make("ul", {}, ...lines.map((text) => make("li", { text })))]
      : [];
  }

  // Arrow keys scroll what has the focus.
  const scrolled = (name, table) => make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, table);

  function spotTable(held) {
    const title = held.spots.length + held.spots_left_out === 1 ? "1 spot" : held.spots.length + held.spots_left_out + " spots";
    if (!held.spots.length) return [make("h3", { text: "No spots" })];
    const keep = data.spots.map((_, column) => column).filter((column) => held.spots.some((spot) => spot[column] !== null && spot[column] !== ""));
    const head = make("tr", {}, ...keep.map((column) => make("th", { scope: "col", text: words(data.spots[column]) })));
    const body = held.spots.map((spot) => make("tr", {}, ...keep.map((column, place) =>
      make(place ? "td" : "th", place ? { text: number(spot[column]) } : { scope: "row", text: number(spot[column]) }))));
    const table = make("table", {}, make("caption", { text: "Largest first" }), make("thead", {}, head), make("tbody", {}, ...body));
    const more = held.spots_left_out ? [make("p", { text: held.spots_left_out + " smaller spots are in spots.csv." })] : [];
    return [make("h3", { text: title }), scrolled("Spots", table), ...more];
  }

  function featureTable(held) {
    const body = held.features.map((value, index) => (value === null ? null : make("tr", {},
      make("th", { scope: "row", text: data.features[index][0] }), make("td", { text: number(value) }),
      make("td", { text: data.features[index][1] }))));
    const table = make("table", { class: "features" }, make("tbody", {}, ...body.filter(Boolean)));
    return make("details", {}, make("summary", { text: "Features" }), scrolled("Features", table));
  }

  function picture(row) {
    const source = row.overlay || row.thumbnail;
    if (!source) return make("span", { class: "thumb empty", text: "no picture" });
    return make("img", { src: source, alt: "Photo with its spots outlined: " + found(row) });
  }

  function fill(row, held) {
    const chances = Object.entries(held.probabilities).map(([name, value]) => [name, Math.round(100 * value) + " %"]);
    find("details-body").replaceChildren(
      make("div", { class: "look" }, make("div", {}, picture(row)), make("div", {},
        make("p", {}, level(row), make("span", { class: "small", text: found(row) })),
        ...(row.review ? [make("p", { text: "Reviewed: " + row.review })] : []),
        ...(row.duplicate_of ? [make("p", { text: "The same photo as " + row.duplicate_of })] : []),
        ...(row.triage_level ? [make("h3", { text: "What to do" }), make("p", { text: data.next_steps[row.triage_level] })] : []),
        ...list("Why this level", held.reasons),
        ...list("Flags", row.photo_flags.map((name) => data.flags[name] || name)),
        ...(chances.length ? [make("h3", { text: "Probabilities" }), facts(chances)] : []),
        ...(row.prediction_set ? [make("p", { class: "small", text: "Could be: " + row.prediction_set.replace("other", "something_else").split(" ").map(words).join(", ") })] : []))),
      ...spotTable(held),
      featureTable(held),
      make("h3", { text: "Facts" }),
      facts([["taken_at", row.taken_at], ...data.facts.map((name, index) => [name, held.facts[index]])]));
  }

  async function open(row) {
    opened = row;
    find("details-title").textContent = row.photo;
    const place = chosen.indexOf(row);
    find("before").disabled = place <= 0;
    find("after").disabled = place < 0 || place === chosen.length - 1;
    const held = await details(row);
    if (opened !== row) return;
    fill(row, held);
    if (!find("details").open) find("details").showModal();
    find("details").scrollTop = 0;
    find("details-title").focus();
  }

  function step(by) {
    const next = chosen[chosen.indexOf(opened) + by];
    if (opened && chosen.includes(opened) && next) open(next);
  }

  function begin() {
    options("pattern", present("pattern", data.patterns), "all");
    options("level", present("triage_level", data.levels), "all");
    options("status", present("status", ["ok", "unusable", "failed"]), "all");
    options("flag", [...new Set(rows.flatMap((row) => row.photo_flags))].sort(), "any or none");
    const urgent = rows.filter((row) => row.why).sort(ORDERS.urgency);
    find("urgent").replaceChildren(...(urgent.length ? urgent.slice(0, URGENT_SHOWN).map((row) => card(row, true))
      : [make("li", { text: "None of the photos asks for it." })]));
    find("all-urgent").hidden = urgent.length <= URGENT_SHOWN;
    find("all-urgent").textContent = "Show all " + urgent.length;
    for (const id of ["pattern", "level", "status", "flag", "sort", "needs"]) find(id).addEventListener("change", choose);
    find("search").addEventListener("input", choose);
    find("controls").addEventListener("submit", (event) => event.preventDefault());
    find("controls").addEventListener("reset", () => setTimeout(choose));
    find("all-urgent").addEventListener("click", () => show({ needs: true }));
    for (const cell of document.querySelectorAll(".cell")) {
      cell.addEventListener("click", () => show({ pattern: cell.dataset.pattern, level: cell.dataset.level }));
    }
    find("first").addEventListener("click", () => turn(0));
    find("previous").addEventListener("click", () => turn(page - 1));
    find("next").addEventListener("click", () => turn(page + 1));
    find("last").addEventListener("click", () => turn(chosen.length));
    find("page").addEventListener("change", () => turn(Number(find("page").value) - 1));
    find("before").addEventListener("click", () => step(-1));
    find("after").addEventListener("click", () => step(1));
    find("close").addEventListener("click", () => find("details").close());
    find("details").addEventListener("close", () => { opened = null; });
    find("details").addEventListener("keydown", (event) => {
      if (event.target.closest(".scroll")) return; // there the arrows scroll
      if (event.key === "ArrowLeft") step(-1);
      if (event.key === "ArrowRight") step(1);
    });
    choose();
  }

  function show(wanted) {
    for (const id of ["search", "pattern", "level", "status", "flag"]) find(id).value = wanted[id] || "";
    find("needs").checked = Boolean(wanted.needs);
    choose();
    find("gallery").scrollIntoView();
    find("gallery").focus({ preventScroll: true });
  }

  begin();
})();
