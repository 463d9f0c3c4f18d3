// Endless lists: the next page is fetched as the end comes near, and its posts are put behind those there.
import { page } from "./api.js";
import { announce } from "./toast.js";

const AHEAD = "800px"; // how far below the window the next page is fetched
const PAGES_IN_A_ROW = 10; // then a button appears, so that the foot of the page can be reached

const LEAVES = { list: "hide", search: "hide", tagged: "untag", likes: "unlike", hidden: "unhide" };

const list = document.querySelector("[data-posts]");
const next = document.querySelector("[data-pager] .pager-next");
if (list && next) start(list, next);

function start(posts, older) {
  const pager = older.parentElement;
  const state = Object.assign(document.createElement("p"), { className: "pager-state", role: "status" });
  const button = Object.assign(document.createElement("button"), { className: "btn btn-primary pager-more", type: "button", textContent: "Load more" });
  const watcher = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && more(), { rootMargin: AHEAD });
  let nextUrl = older.href;
  let currentUrl = location.href;
  let shifted = false;
  let inARow = 0;
  let loading = false;

  older.remove();
  pager.append(state);
  watcher.observe(pager);
  button.addEventListener("click", () => {
    button.remove();
    inARow = 0;
    more();
  });
  // A post that leaves the list on the server shifts it: what began the next page now ends this one, so read it again.
  document.addEventListener("post:marked", (event) => {
    if (event.detail === LEAVES[posts.dataset.posts]) shifted = true;
  });

  async function more() {
    if (loading || !nextUrl || button.isConnected) return;
    loading = true;
    state.textContent = "Loading more …";
    try {
      if (shifted) {
        append(await page(currentUrl));
        shifted = false;
      }
      const fetched = await page(nextUrl);
      const count = append(fetched);
      currentUrl = nextUrl;
      nextUrl = fetched.querySelector("[data-pager] .pager-next")?.getAttribute("href");
      inARow += 1;
      announce(`${count} more posts.`);
      rest(nextUrl ? "" : "That is all.", nextUrl && inARow >= PAGES_IN_A_ROW);
    } catch (problem) {
      rest(`No more posts yet. ${problem.message}`, true);
    } finally {
      loading = false;
    }
  }

  function append(fetched) {
    const fresh = [...fetched.querySelectorAll("[data-posts] > .post")].filter((each) => !document.getElementById(each.id));
    posts.append(...fresh);
    return fresh.length;
  }

  function rest(text, showButton) {
    state.textContent = text;
    if (showButton) pager.append(button);
    watcher.unobserve(pager);
    if (nextUrl) watcher.observe(pager); // observing anew reports at once when the end is still in sight
  }
}
