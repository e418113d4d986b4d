// Every text of a file or a person goes through textContent or an attribute, never through markup.
export const find = (id) => document.getElementById(id);

export function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export const words = (text) => (text || "not judged").replaceAll("_", " ");
export const things = (count, name) => count + " " + name + (count === 1 ? "" : "s");
export const short = (value, digits = 3) =>
  value === null || value === undefined ? "–" : String(Number(value.toPrecision(digits)));

export function options(select, pairs) {
  const chosen = select.value;
  select.replaceChildren(...pairs.map(([value, text]) => make("option", { value, text })));
  if (pairs.some(([value]) => value === chosen)) select.value = chosen;
}

export function tellProgress(done, total) { find("progress").textContent = done + " of " + things(total, "photo") + " done"; }

export function complain(text) {
  find("problem").textContent = text;
  find("problem").hidden = !text;
  if (text) find("problem").scrollIntoView({ block: "nearest" });
}

// An answer that is no success is thrown with its sentence. What is sent is a wish, or a file as it is.
export async function ask(path, wish = null) {
  let response;
  try {
    response = await fetch(path, wish === null ? {} : {
      method: "POST",
      headers: { "Content-Type": wish instanceof Blob ? "application/octet-stream" : "application/json" },
      body: wish instanceof Blob ? wish : JSON.stringify(wish),
    });
  } catch {
    throw new Error("The server does not answer; is lesionvis review still running? What was shown as saved is saved.");
  }
  let content = {};
  try {
    content = await response.json();
  } catch { /* an answer without a sentence */ }
  if (!response.ok) {
    const error = new Error(content.problem || "The server met a fault (" + response.status + "); look at its window.");
    error.status = response.status;
    error.now = content.now;
    throw error;
  }
  return content;
}
