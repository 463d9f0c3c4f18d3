// Commands that are accepted at once and settle in a moment, when everybody sees what the reader did.
import { exchange, send } from "./api.js";
import { tell, warn } from "./toast.js";

const PAUSES = [60, 120, 250, 500, 1_000]; // milliseconds between questions; the last one goes on
const PATIENCE = 20_000; // milliseconds until nobody asks any more
const ACCEPTED = 202;
const REFUSED = { message: "A part of the site could not take it over. Try again later." };
const LATE = "Saved. It will show everywhere once all parts of the site have caught up.";

const latest = new WeakMap();
const holds = new WeakMap();

/**
 * Sends a command. Resolves to its `answer`, and to `end`: a promise of what became of it, "done", "failed", or
 * undefined when nobody could say in time; null when it had settled before it was answered. Rejects with a Problem.
 */
export async function command(method, url) {
  const wish = "settles" in document.body.dataset ? { Prefer: "respond-async" } : {};
  const { answer, response } = await exchange(method, url, undefined, wish);
  if (response.status !== ACCEPTED) return { answer, end: null };
  return { answer: answer.answer, end: endOf(response.headers.get("Location")) };
}

/** Shows that `element` is at work until the function that is returned is called; several may hold it. */
export function busy(element) {
  hold(element, 1);
  return () => hold(element, -1);
}

/**
 * Shows on `element` that a command settles; then calls `done`, or says that `what` failed and calls `undo`. Of
 * several on one element only the last decides what it shows.
 */
export async function settle(element, end, { done, undo, what }) {
  latest.set(element, end);
  element.classList.toggle("is-settling", Boolean(end));
  if (!end) return done();
  const release = busy(element);
  const state = await end;
  release();
  const isLast = latest.get(element) === end;
  if (isLast) element.classList.remove("is-settling");
  if (state === "failed") warn(what, REFUSED);
  if (isLast && state === "failed") undo();
  if (isLast && state !== "failed") done();
  if (isLast && !state) tell(LATE);
}

async function endOf(address) {
  const deadline = Date.now() + PATIENCE;
  for (let round = 0; Date.now() < deadline; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, PAUSES[Math.min(round, PAUSES.length - 1)]));
    // Who does not answer now may do so the next time: what was accepted stays so.
    const { state } = await send("GET", address).catch(() => ({}));
    if (state === "done" || state === "failed") return state;
  }
}

function hold(element, change) {
  const left = (holds.get(element) ?? 0) + change;
  holds.set(element, left);
  if (left) element.setAttribute("aria-busy", "true");
  else element.removeAttribute("aria-busy");
}
