// Adding and removing the reader's own tags on a post.
import { commands } from "./commands.js";
import { announce, warn } from "./toast.js";

document.addEventListener("click", (event) => {
  const turner = event.target.closest("[data-tag-open]");
  if (turner) turn(turner);
  const closer = event.target.closest("[data-tag-close]");
  if (closer) close(closer.closest(".post"));
  const remover = event.target.closest(".chip-remove");
  if (remover) remove(remover.closest(".chip"));
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".tag-form")) return;
  event.preventDefault();
  add(event.target);
});

document.addEventListener("keydown", (event) => {
  const form = event.target.closest(".tag-form");
  if (form && event.key === "Escape") close(form.closest(".post"));
});

document.addEventListener("input", (event) => {
  const form = event.target.closest(".tag-form");
  if (form) mark(form, "");
});

/** Shows the small form of a post and puts the cursor into it. */
export function open(post) {
  setOpen(post, true);
  post.querySelector(".tag-form input").focus();
}

/** Shows exactly these tags. */
export function paint(box, tags) {
  const chips = tags.map((tag) => chipOf(box, tag));
  box.querySelector(".chips").replaceChildren(...chips);
}

function turn(button) {
  const post = button.closest(".post");
  if (button.getAttribute("aria-expanded") === "true") close(post);
  else open(post);
}

function close(post) {
  mark(post.querySelector(".tag-form"), "");
  setOpen(post, false);
  opener(post).focus();
}

function setOpen(post, isOpen) {
  post.querySelector(".tag-form").hidden = !isOpen;
  opener(post).setAttribute("aria-expanded", String(isOpen));
}

function opener(post) {
  return post.querySelector("[data-tag-open]");
}

async function add(form) {
  const input = form.elements.tag;
  input.value = input.value.trim().replace(/^#/, "").replace(/[\s_]+/g, "-").toLowerCase();
  const hint = form.querySelector("[data-hint]").dataset.hint;
  if (!input.checkValidity()) return mark(form, `That is no tag. ${hint}`);
  if (form.getAttribute("aria-busy") === "true") return;
  const box = form.closest(".post-tags");
  const tag = input.value;
  form.setAttribute("aria-busy", "true");
  try {
    const before = tagsOf(box);
    const { content, end } = await commands.send("PUT", addressOf(box.dataset.tagUrl, tag));
    paint(box, content.tags);
    input.value = "";
    const done = () => announce(`Tagged ${tag}.`);
    commands.follow(box, end, { done, undo: () => repaint(box, before), what: "Not tagged" });
  } catch (problem) {
    if (problem.issues.tag) mark(form, problem.issues.tag);
    else warn("Not tagged", problem);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

async function remove(chip) {
  const box = chip.closest(".post-tags");
  const before = tagsOf(box);
  const tag = chip.dataset.tag;
  const beside = chip.nextElementSibling ?? chip.previousElementSibling;
  const next = beside?.querySelector(".chip-remove") ?? opener(chip.closest(".post"));
  chip.remove();
  next.focus();
  try {
    const { content, end } = await commands.send("DELETE", addressOf(box.dataset.tagUrl, tag));
    repaint(box, content.tags);
    box.dispatchEvent(new CustomEvent("post:marked", { bubbles: true, detail: "untag" }));
    const done = () => announce(`Tag ${tag} removed.`);
    commands.follow(box, end, { done, undo: () => repaint(box, before), what: "Tag not removed" });
  } catch (problem) {
    repaint(box, before);
    warn("Tag not removed", problem);
  }
}

function repaint(box, tags) {
  if (tagsOf(box).join() === tags.join()) return;
  const focused = box.querySelector(".chip:focus-within")?.dataset.tag;
  paint(box, tags);
  if (focused) box.querySelector(`[data-tag="${focused}"] .chip-remove`)?.focus();
}

function tagsOf(box) {
  return Array.from(box.querySelectorAll(".chip"), (chip) => chip.dataset.tag);
}

function mark(form, issue) {
  const hint = form.querySelector("[data-hint]");
  hint.textContent = issue || hint.dataset.hint;
  hint.classList.toggle("is-issue", Boolean(issue));
  form.elements.tag.classList.toggle("is-invalid", Boolean(issue));
  form.elements.tag.setAttribute("aria-invalid", String(Boolean(issue)));
  if (issue) announce(issue);
}

function chipOf(box, tag) {
  const chip = document.getElementById("chip-template").content.cloneNode(true).querySelector(".chip");
  chip.dataset.tag = tag;
  const anchor = chip.querySelector("a");
  anchor.href = addressOf(box.dataset.pageUrl, tag);
  anchor.textContent = `#${tag}`;
  chip.querySelector("button").setAttribute("aria-label", `Remove the tag ${tag}`);
  return chip;
}

// The page writes addresses with "-" where the tag goes: no tag starts with one.
function addressOf(pattern, tag) {
  return pattern.slice(0, -1) + encodeURIComponent(tag);
}
