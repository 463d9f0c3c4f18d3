// Coming back with the browser's Back button shows the list as it was left; the post just visited may have changed.
import { page } from "./api.js";
import { paint as paintTags } from "./tags.js";
import { paint as paintVerb } from "./verbs.js";

window.addEventListener("pageshow", async (event) => {
  const post = event.persisted && document.activeElement.closest(".posts > .post");
  const tags = post && post.querySelector(".post-tags");
  if (!tags) return;
  try {
    const now = await page(post.querySelector(".post-title a").getAttribute("href"));
    paintTags(tags, Array.from(now.querySelectorAll(".post-whole .chip"), (chip) => chip.dataset.tag));
    for (const verb of ["like", "hide"]) {
      const known = now.querySelector(`.post-whole [data-verb="${verb}"]`);
      const likes = Number(known.querySelector("[data-count]")?.textContent);
      paintVerb(post.querySelector(`[data-verb="${verb}"]`), known.getAttribute("aria-pressed") === "true", likes);
    }
  } catch {
    // The page still shows what was true when it was left; the next click shows what is wrong.
  }
});
