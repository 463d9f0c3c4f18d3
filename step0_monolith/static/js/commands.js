// Commands: what readers do to posts. A later step may have them accepted now and done later.
import { send } from "./api.js";

const holds = new WeakMap();

export const commands = {
  /** Sends a command. Resolves to its `content`, and to the `end` that `follow` is given. Rejects with a Problem. */
  send: async (method, url) => ({ content: await send(method, url), end: null }),

  /** Calls `done` once the command that `element` shows is done, or says that `what` failed and calls `undo`. */
  follow: (_element, _end, { done }) => done(),
};

/** Shows that `element` is busy until the function that is returned is called; several may hold it. */
export function busy(element) {
  hold(element, 1);
  return () => hold(element, -1);
}

function hold(element, change) {
  const left = (holds.get(element) ?? 0) + change;
  holds.set(element, left);
  if (left) element.setAttribute("aria-busy", "true");
  else element.removeAttribute("aria-busy");
}
