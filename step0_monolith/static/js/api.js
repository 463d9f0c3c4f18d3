// The one way in which these modules send requests to the server.

const PATIENCE = 15_000; // milliseconds

/** A request that failed; `message` is for people, `issues` are texts by field, `retryAfter` is in seconds. */
export class Problem extends Error {
  constructor(message, { status = 0, issues = {}, retryAfter = null } = {}) {
    super(message);
    Object.assign(this, { status, issues, retryAfter });
  }
}

/** Sends JSON and resolves to the JSON of a success. Rejects with a Problem for any failure. */
export async function send(method, url, body) {
  return (await exchange(method, url, body)).content;
}

/** Does the same, and also resolves to the response, for its headers; `more` are headers of the request. */
export async function exchange(method, url, body, more = {}) {
  const headers = { Accept: "application/json", ...more };
  const token = document.querySelector('meta[name="csrf-token"]');
  if (token && method !== "GET") headers["X-CSRFToken"] = token.content;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await request(url, { method, headers, body: body && JSON.stringify(body) });
  const content = await response.json().catch(() => null);
  if (response.ok && content) return { content, response };
  throw problemOf(response, content);
}

/** Resolves to a page as a document. Rejects with a Problem. */
export async function page(url) {
  const response = await request(url, { headers: { Accept: "text/html" } });
  if (!response.ok) throw problemOf(response, null);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

async function request(url, options) {
  try {
    return await fetch(url, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE), ...options });
  } catch (error) {
    const slow = error.name === "TimeoutError";
    throw new Problem(slow ? "The server did not respond in time. Try again." : "The server cannot be reached. Check the connection, then try again.");
  }
}

function problemOf(response, content) {
  const status = response.status;
  const seconds = Number.parseInt(response.headers.get("Retry-After"), 10);
  const retryAfter = Number.isNaN(seconds) ? null : seconds;
  return new Problem(wording(status, retryAfter, content), { status, retryAfter, issues: content?._issues ?? {} });
}

function wording(status, retryAfter, content) {
  const when = retryAfter ? ` in ${retryAfter} s` : " shortly";
  if (status === 401) return "You are signed out.";
  if (status === 403) return "This page is out of date. Reload it, then try again.";
  if (status === 429) return `That was too often. Try again${when}.`;
  if (status === 503) return `A part of the site is down. Try again${when}.`;
  if (status === 504) return "The server did not respond in time. Try again.";
  return content?._error?.message ?? `The server responded with ${status}. Try again${when}.`;
}
