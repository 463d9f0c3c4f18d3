// Short messages at the foot of the page, read out by screen readers.
import { link, loginLink } from "./links.js";

const CALM = 6_000; // milliseconds a message without bad news stays

/** Shows a message of success. */
export function inform(text) {
  const message = show(text, "status");
  setTimeout(() => message.remove(), CALM);
}

/** Shows that `what` failed and why, until it is closed or the next one replaces it. */
export function warn(what, problem) {
  for (const old of document.querySelectorAll(".message-error")) old.remove();
  const message = show(`${what}: ${lowered(problem.message)}`, "alert");
  message.classList.add("message-error");
  if (problem.status === 401) message.querySelector("p").append(" ", loginLink());
  if (problem.status === 403) message.querySelector("p").append(" ", link("Reload", location.href));
}

/** Sends a message to screen readers alone. */
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
