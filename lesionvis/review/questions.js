import { find, make, things, words } from "./make.js";

const FEW = 3; // of so few questions of a list the help is shown at once

// The questions about a photo, one prompt after the other, and the advice as it stands. What is asked, its words and
// what follows come from the server; here is only how it looks.
export class Questions {
  constructor(edit, begin) {
    this.edit = edit; // sends a change
    this.begin = begin; // asks the server for the questions
    this.shown = "";
  }

  // Without a dialogue there is a button, or that it is on its way.
  show(dialogue, waits) {
    const text = JSON.stringify([dialogue, waits]);
    if (text === this.shown) return; // what is ticked stays ticked
    const hadFocus = find("asking").contains(document.activeElement);
    this.shown = text;
    if (!dialogue) {
      find("asking").replaceChildren(waits ? make("p", { text: "Measuring …" })
        : make("button", { type: "button", class: "main", text: "Answer the questions", onclick: this.begin }));
      return;
    }
    find("asking").replaceChildren(...this.parts(dialogue));
    if (hadFocus) find("asked")?.focus({ preventScroll: true });
  }

  parts(dialogue) {
    const { prompt } = dialogue, told = dialogue.told;
    const parts = [];
    if (dialogue.stop) {
      parts.push(make("p", { class: "level emergency", role: "alert", id: "asked", tabindex: "-1", text: dialogue.stop }),
        make("button", { type: "button", text: "Go on answering while you wait", onclick: () => this.answer({ goes_on: true }) }));
    } else if (!prompt) {
      parts.push(make("p", { id: "asked", tabindex: "-1", text: "There is nothing left to ask." }));
    } else {
      const [number, count] = dialogue.progress;
      const title = make("legend", { id: "asked", tabindex: "-1" },
        make("span", { class: "small", text: "Screen " + number + " of " + count + ". " + prompt.title }), prompt.text);
      parts.push(make("fieldset", {}, title,
        number === 1 ? make("p", { class: "small", text: dialogue.note }) : null,
        ...prompt.seen.map((text) => make("p", { class: "small", text })),
        prompt.steps.length ? make("ol", {}, ...prompt.steps.map((step) => make("li", { text: step }))) : null,
        ...this[prompt.kind](prompt)));
    }
    if (told.length) {
      parts.push(make("details", {}, make("summary", { text: "Answers so far" }),
        make("ul", {}, ...told.map((one) => make("li", { text: one }))),
        make("button", { type: "button", text: "Take all answers back", onclick: () => this.edit({ do: "forget answers" }) })),
      make("button", { type: "button", text: "Back", "aria-label": "Back: undo the last change", onclick: () => this.edit({ do: "undo" }) }));
    }
    return parts;
  }

  answer(wish) { return this.edit({ do: "answer", ...wish }); }

  button(text, wish, isMain = false) {
    return make("button", { type: "button", class: isMain ? "main" : "", text, onclick: () => this.answer(wish) });
  }

  unknown() { return this.button("I don't know", { values: {} }); }

  age() {
    const number = make("input", { type: "number", min: "0", max: "130", step: "any", required: true, "aria-label": "Age" });
    const unit = make("select", { "aria-label": "Unit of the age" }, make("option", { value: "1", text: "years" }), make("option", { value: "12", text: "months" }));
    const form = make("form", { class: "answers" }, number, unit, make("button", { class: "main", text: "Go on" }));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.answer({ age_years: Number(number.value) / Number(unit.value) });
    });
    return [form, make("div", { class: "answers" }, this.button("An adult", { is_child: false }), this.button("A child", { is_child: true }), this.unknown())];
  }

  cause(prompt) {
    return [make("div", { class: "answers" }, ...prompt.causes.map(([cause, text]) => this.button(text, { cause })), this.unknown())];
  }

  choice(prompt) {
    const { name, help, values } = prompt.questions[0];
    return [prompt.steps.length ? null : make("p", { class: "small", text: help }),
      make("div", { class: "answers" }, ...values.map(([value, text]) => this.button(text, { values: { [name]: value } })), this.unknown())].filter(Boolean);
  }

  // What is not ticked is "no" only where the person says so.
  list(prompt) {
    const boxes = new Map();
    const items = prompt.questions.map(({ name, text, help }) => {
      const box = make("input", { type: "checkbox", onchange: () => tell() });
      boxes.set(name, box);
      const how = prompt.questions.length > FEW ? make("details", {}, make("summary", {}, make("span", { class: "inline", text: "How to tell" })), make("span", { class: "small", text: help }))
        : make("span", { class: "small", text: help });
      return make("li", {}, make("label", { class: "tick" }, box, " " + text), how);
    });
    const ticked = () => prompt.questions.filter(({ name }) => boxes.get(name).checked);
    const send = (rest) => this.answer({
      values: Object.fromEntries([...(rest ? prompt.questions.map((one) => [one.name, one.benign]) : []), ...ticked().map((one) => [one.name, one.harmful])]),
    });
    const none = make("button", { type: "button", onclick: () => send(true) });
    const open = make("button", { type: "button", onclick: () => send(false) });
    const tell = () => {
      const some = ticked().length;
      none.textContent = some ? "These are there, the rest is not" : "None of these";
      open.textContent = some ? "These are there, the rest I don't know" : "I don't know";
    };
    tell();
    return [make("ul", { class: "plain" }, ...items),
      prompt.if_unknown ? make("p", { class: "small", text: "If you do not know: " + prompt.if_unknown }) : null,
      make("div", { class: "answers" }, none, open)].filter(Boolean);
  }
}

// The advice on the answers so far.
export function shownAdvice(advice) {
  const list = (texts) => make("ul", {}, ...texts.map((text) => make("li", { text })));
  const more = [...advice.also_noted, ...advice.notes];
  return [
    make("p", {}, make("span", { class: "level " + advice.level, text: words(advice.level) }), " ", make("b", { text: advice.headline })),
    ...advice.what_to_do.map((text) => make("p", { text })),
    make("p", { text: advice.net }), list(advice.safety_net),
    advice.open_count ? make("p", { class: "notice", text: things(advice.open_count, "open answer") + " can still make this higher or lower. What nobody answered counts as the worse answer." }) : null,
    ...(advice.retakes.length ? [make("p", { text: "Take another photo:" }), list(advice.retakes)] : []),
    make("p", { text: advice.why }), list(advice.reasons),
    ...(more.length ? [make("details", {}, make("summary", { text: "Also noted" }), list(more))] : []),
    list(advice.always), make("p", { class: "small", text: advice.sources }), make("p", { class: "small", text: advice.header }),
  ].filter(Boolean);
}
