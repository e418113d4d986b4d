import { Adding } from "./add.js";
import { fillKeys, isTyped } from "./keys.js";
import { List } from "./list.js";
import { ask, complain, find } from "./make.js";
import { PhotoPage } from "./photo.js";

let list = null;
let photoPage = null;

const opened = () => new URLSearchParams(location.search).get("photo");

// The address tells the filters, the page of the list and the photo, so that a reload and the browser's buttons work.
function turn(photo) {
  const wish = list.address();
  if (photo) wish.set("photo", photo);
  history.pushState(null, "", "?" + wish);
  show();
}

async function show() {
  const photo = opened();
  find("photo").hidden = !photo;
  find("list").hidden = Boolean(photo);
  document.body.classList.toggle("at-photo", Boolean(photo));
  if (photo) {
    document.title = photo + " – lesionvis review";
    await photoPage.open(photo);
    return;
  }
  document.title = "lesionvis review";
  const last = photoPage.name;
  photoPage.name = "";
  await list.show(list.page);
  const card = [...document.querySelectorAll("#photos .card")].find((one) => one.dataset.photo === last);
  if (card) card.focus();
}

function key(event) {
  if (event.defaultPrevented || find("keys").open) return;
  if (isTyped(event)) {
    if (event.key === "Escape") { event.preventDefault(); event.target.blur(); find("main").focus({ preventScroll: true }); }
    return;
  }
  let known = true;
  if (event.key === "?") find("keys").showModal();
  else if (opened()) known = photoPage.key(event);
  else if (event.key === "/") find("search").focus();
  else if (event.key === "j") list.step(1);
  else if (event.key === "k") list.step(-1);
  else known = false;
  if (known) event.preventDefault();
}

async function begin() {
  // The token has done its work: the cookie goes on.
  const wish = new URLSearchParams(location.search);
  if (wish.has("token")) {
    wish.delete("token");
    history.replaceState(null, "", wish.size ? "?" + wish : location.pathname);
  }
  fillKeys();
  let about;
  try {
    about = await ask("api/about");
  } catch (error) {
    complain(error.message);
    return;
  }
  find("title").textContent = "Review: " + about.run;
  list = new List((photo) => turn(photo), (photo) => photoPage.prepare(photo));
  list.offer(about.choices);
  list.restore(new URLSearchParams(location.search));
  photoPage = new PhotoPage(about, () => list.wishes(), (photo) => turn((photo || "").trim()));
  let wasEmpty = false;
  if (about.takes_photos) {
    new Adding(async (photo, more) => {
      list.offer((await ask("api/about")).choices);
      // The first photo of an empty page is what the person waits for.
      if (wasEmpty && !more && !opened()) turn(photo);
      else if (!opened()) await list.show(list.page);
      wasEmpty = false;
    });
  }
  document.addEventListener("keydown", key);
  window.addEventListener("popstate", () => { list.restore(new URLSearchParams(location.search)); show(); });
  await show();
  wasEmpty = !document.querySelector("#photos .card");
}

begin();
