// Single keys as shortcuts; who does not want them switches them off, and this browser remembers.
import { open as openTags } from "./tags.js";
import { toggle } from "./verbs.js";

const STORED = "stepping-stones.keys";
const dialog = document.getElementById("keys-dialog");
const choice = document.getElementById("keys-on");

const COMMANDS = {
  "/": () => document.getElementById("q").select(),
  "?": () => dialog.showModal(),
  j: () => step(1),
  k: () => step(-1),
  l: () => onPost('[data-verb="like"]', toggle),
  h: () => onPost('[data-verb="hide"]', toggle),
  t: () => onPost("[data-tag-open]", (button) => openTags(button.closest(".post"))),
  s: () => onPost("[data-share]", (link) => link.click()),
};

choice.checked = read() !== "off";
choice.addEventListener("change", () => write(choice.checked ? "on" : "off"));

document.addEventListener("keydown", (event) => {
  if (!choice.checked || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  if (!Object.hasOwn(COMMANDS, event.key)) return;
  event.preventDefault();
  COMMANDS[event.key]();
});

function step(by) {
  const posts = [...document.querySelectorAll(".posts > .post:not(.is-hidden)")];
  const current = document.activeElement.closest(".post");
  const at = current ? posts.indexOf(current) + by : posts.findIndex((post) => post.getBoundingClientRect().bottom > 80);
  const post = posts[Math.max(0, Math.min(at, posts.length - 1))];
  if (!post) return;
  post.querySelector(".post-title a").focus({ preventScroll: true });
  post.scrollIntoView({ block: "nearest" });
}

function onPost(selector, act) {
  const post = document.activeElement.closest(".post:not(.is-hidden)") ?? document.querySelector(".post-whole");
  const part = post?.querySelector(selector);
  if (part) act(part);
}

function read() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null; // storage is switched off: shortcuts are on, and the choice lasts for this page
  }
}

function write(value) {
  try {
    localStorage.setItem(STORED, value);
  } catch {
    // As above.
  }
}
