// Coming back with the browser's Back button shows the list as it was left; the post just visited may have changed.
import { send } from "./api.js";
import { paint as paintTags } from "./tags.js";
import { paint as paintVerb } from "./verbs.js";

window.addEventListener("pageshow", async (event) => {
  const post = event.persisted && document.activeElement.closest(".posts > .post");
  const tags = post && post.querySelector(".post-tags");
  if (!tags) return;
  try {
    const now = await send("GET", post.querySelector(".post-title a").getAttribute("href"));
    paintTags(tags, now.tags);
    paintVerb(post.querySelector('[data-verb="like"]'), now.liked);
    paintVerb(post.querySelector('[data-verb="hide"]'), now.hidden);
  } catch {
    // The page still shows what was true when it was left; the next click tells what is wrong.
  }
});
