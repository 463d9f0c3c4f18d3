// Like and hide: shown at once, taken back when the server does not agree.
import { busy, commands } from "./commands.js";
import { announce, warn } from "./toast.js";

const FAILED = {
  like: { true: "Not liked", false: "Still liked" },
  hide: { true: "Not hidden", false: "Still hidden" },
};
const queues = new WeakMap();

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-verb]");
  if (button) {
    event.preventDefault(); // of the form, where the button stands in one
    toggle(button);
  }
  const undo = event.target.closest("[data-undo]");
  if (undo) toggle(undo.closest(".post").querySelector('[data-verb="hide"]'));
});

/** Turns a like or hide button over; quick clicks on the same button wait for each other. */
export function toggle(button) {
  const turn = (queues.get(button) ?? Promise.resolve()).then(() => turnOver(button));
  queues.set(button, turn);
  return turn;
}

/** Shows a post as the server says it is. */
export function paint(button, pressed, likes) {
  const undoes = "undoes" in button.dataset;
  if (!undoes) button.setAttribute("aria-pressed", String(pressed));
  if (button.dataset.verb === "like") button.querySelector("[data-count]").textContent = likes > 0 ? likes : "";
  const post = button.closest(".post");
  if (button.dataset.verb === "hide" && !("keepsHidden" in post.dataset)) collapse(post, button, pressed !== undoes);
}

// A list of hidden posts has a button that undoes, and what is hidden no more collapses there.
function isOn(button) {
  if ("undoes" in button.dataset) return !button.closest(".post").classList.contains("is-hidden");
  return button.getAttribute("aria-pressed") === "true";
}

async function turnOver(button) {
  const { verb, url } = button.dataset;
  const wanted = !isOn(button);
  const likes = Number(button.querySelector("[data-count]")?.textContent);
  paint(button, wanted, likes + (wanted ? 1 : -1));
  const release = busy(button);
  try {
    const { content, end } = await commands.send(wanted ? "PUT" : "DELETE", url);
    paint(button, content.liked ?? content.hidden, content.likes);
    dispatchMarked(button, wanted);
    commands.follow(button, end, {
      done: () => announce(messageOf(verb, wanted, content.likes)),
      undo: () => turnBack(button, wanted, likes),
      what: FAILED[verb][wanted],
    });
  } catch (problem) {
    paint(button, !wanted, likes);
    warn(FAILED[verb][wanted], problem);
  } finally {
    release();
  }
}

function turnBack(button, wanted, likes) {
  paint(button, !wanted, likes);
  dispatchMarked(button, !wanted);
}

function dispatchMarked(button, isSet) {
  const detail = `${isSet ? "" : "un"}${button.dataset.verb}`;
  button.dispatchEvent(new CustomEvent("post:marked", { bubbles: true, detail }));
}

function messageOf(verb, wanted, likes) {
  if (verb === "hide") return wanted ? "Post hidden." : "Post shown again.";
  return `${wanted ? "Liked" : "No longer liked"}. ${likes} ${likes === 1 ? "like" : "likes"}.`;
}

function collapse(post, button, gone) {
  if (post.classList.contains("is-hidden") === gone) return;
  const held = post.contains(document.activeElement);
  if (gone) {
    post.append(document.getElementById("hidden-template").content.cloneNode(true));
    if ("undoes" in button.dataset) post.querySelector("[data-what]").textContent = "Shown again";
    post.querySelector("[data-title]").textContent = post.dataset.title;
  } else {
    post.querySelector(".post-hidden").remove();
  }
  post.classList.toggle("is-hidden", gone);
  if (held) (gone ? post.querySelector("[data-undo]") : button).focus();
}
