// Sharing by mail from a dialog in lists and from the form on a post's own page.
import { send } from "./api.js";
import { loginLink } from "./links.js";
import { inform } from "./toast.js";

const dialog = document.getElementById("share-dialog");

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-share]");
  if (!link || !dialog || link.hash === link.getAttribute("href") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-share-form]")) return;
  event.preventDefault();
  submit(event.target);
});

function open(link) {
  const form = dialog.querySelector("form");
  form.action = link.dataset.share;
  form.reset();
  mark(form, {}, "");
  dialog.querySelector("[data-share-about]").textContent = link.closest(".post").dataset.title;
  dialog.showModal();
  form.elements.to.focus();
}

async function submit(form) {
  if (form.getAttribute("aria-busy") === "true") return;
  const { to, note } = form.elements;
  const button = form.querySelector("button:not([type])");
  mark(form, {}, "");
  form.setAttribute("aria-busy", "true");
  button.textContent = "Sending …";
  try {
    await send("POST", form.action, { to: to.value.trim(), note: note.value });
    if (dialog.open) dialog.close();
    inform(`Sent to ${to.value.trim()}.`);
    form.reset();
  } catch (problem) {
    mark(form, problem.issues, Object.keys(problem.issues).length ? "" : `Not sent: ${problem.message}`);
    if (problem.status === 401) form.querySelector("[data-message]").append(" ", loginLink());
  } finally {
    form.removeAttribute("aria-busy");
    button.textContent = "Send";
  }
}

function mark(form, issues, message) {
  form.querySelector("[data-message]").textContent = message;
  let first = null;
  for (const place of form.querySelectorAll("[data-issue]")) {
    const field = form.elements[place.dataset.issue];
    const issue = issues[place.dataset.issue] ?? "";
    place.textContent = issue;
    field.classList.toggle("is-invalid", Boolean(issue));
    field.setAttribute("aria-invalid", String(Boolean(issue)));
    if (issue) first ??= field;
  }
  first?.focus();
}
