// Links that messages offer as the way on.

/** An anchor with a text. */
export function link(text, address) {
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.textContent = text;
  return anchor;
}

/** Where to sign in and come back to this page. */
export function loginLink() {
  const here = encodeURIComponent(location.pathname + location.search);
  return link("Sign in", `${document.body.dataset.login}?next=${here}`);
}
