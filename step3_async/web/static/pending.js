// Commands are accepted at once, and done when every view shows them: until then the page shows that they are pending.
import { exchange, send } from "/static/js/api.js";
import { busy, commands } from "/static/js/commands.js";
import { inform, warn } from "/static/js/toast.js";

const PAUSES = [60, 120, 250, 500, 1_000]; // milliseconds between two requests; the last one is repeated
const PATIENCE = 20_000; // milliseconds until the page gives up
const ACCEPTED = 202;
const REFUSED = { message: "A part of the site could not take it over. Try again later." };
const LATE = "Saved. It will show everywhere once all parts of the site have caught up.";

const latest = new WeakMap();

/** As at step 0. `end` is a promise of "done", "failed", or undefined when neither came in time; null when done. */
commands.send = async (method, url) => {
  const { content, response } = await exchange(method, url, undefined, { Prefer: "respond-async" });
  if (response.status !== ACCEPTED) return { content, end: null };
  return { content: content.answer, end: endOf(response.headers.get("Location")) };
};

/** As at step 0. Of several commands on one element only the last decides what it shows. */
commands.follow = async (element, end, { done, undo, what }) => {
  latest.set(element, end);
  element.classList.toggle("is-pending", Boolean(end));
  if (!end) return done();
  const release = busy(element);
  const state = await end;
  release();
  const isLast = latest.get(element) === end;
  if (isLast) element.classList.remove("is-pending");
  if (state === "failed") warn(what, REFUSED);
  if (isLast && state === "failed") undo();
  if (isLast && state !== "failed") done();
  if (isLast && !state) inform(LATE);
};

async function endOf(address) {
  const deadline = Date.now() + PATIENCE;
  for (let round = 0; Date.now() < deadline; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, PAUSES[Math.min(round, PAUSES.length - 1)]));
    // A gateway that is away now may respond the next time: what was accepted stays accepted.
    const { state } = await send("GET", address).catch(() => ({}));
    if (state === "done" || state === "failed") return state;
  }
}
