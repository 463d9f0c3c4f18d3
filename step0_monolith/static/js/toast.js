// Short messages at the foot of the page, read out by screen readers.
import { link, loginLink } from "./links.js";

const CALM = 6_000; // milliseconds a message without bad news stays

/** Says that something went well. */
export function tell(text) {
  const message = show(text, "status");
  setTimeout(() => message.remove(), CALM);
}

/** Says that `what` failed and why; stays until closed, or until the next one takes its place. */
export function warn(what, problem) {
  for (const old of document.querySelectorAll(".message-error")) old.remove();
  const message = show(`${what}: ${lowered(problem.message)}`, "alert");
  message.classList.add("message-error");
  if (problem.status === 401) message.querySelector("p").append(" ", loginLink());
  if (problem.status === 403) message.querySelector("p").append(" ", link("Reload", location.href));
}

/** Tells screen readers alone. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

function show(text, role) {
  const message = document.createElement("div");
  message.className = "message";
  message.setAttribute("role", role);
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "×";
  close.setAttribute("aria-label", "Close this message");
  close.addEventListener("click", () => message.remove());
  message.append(words, close);
  document.getElementById("toasts").append(message);
  return message;
}

function lowered(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
