import { ask, complain, find, things } from "./make.js";

// Photos that are dropped on the page are added to the run and analysed one after the other.
export class Adding {
  constructor(shown) {
    this.shown = shown; // is told each photo, and how many more wait
    this.waiting = [];
    this.isBusy = false;
    find("drop").hidden = false;
    find("files").addEventListener("change", () => { this.take(find("files").files); find("files").value = ""; });
    for (const kind of ["dragover", "drop", "dragleave"]) {
      document.addEventListener(kind, (event) => {
        if (![...(event.dataTransfer?.types || [])].includes("Files")) return;
        event.preventDefault();
        find("drop").classList.toggle("over", kind === "dragover");
        if (kind === "drop") this.take(event.dataTransfer.files);
      });
    }
  }

  async take(files) {
    this.waiting.push(...files);
    if (this.isBusy) return;
    this.isBusy = true;
    complain("");
    let problems = [];
    while (this.waiting.length) {
      const file = this.waiting.shift();
      find("adding").textContent = "Analysing " + file.name + (this.waiting.length ? ", then " + things(this.waiting.length, "more photo") : "") + " …";
      try {
        const { photo } = await ask("api/add?" + new URLSearchParams({ name: file.name }), file);
        await ask("api/measured?" + new URLSearchParams({ photo }));
        await this.shown(photo, this.waiting.length);
      } catch (error) {
        problems.push(error.message);
        complain(problems.join(" "));
      }
    }
    find("adding").textContent = "";
    this.isBusy = false;
  }
}
