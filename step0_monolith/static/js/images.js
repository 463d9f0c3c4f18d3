// A picture that cannot be had leaves no hole.

function drop(image) {
  image.closest(".post-thumb, .post-adult")?.remove();
}

document.addEventListener("error", (event) => event.target instanceof HTMLImageElement && drop(event.target), true);

for (const image of document.querySelectorAll(".post-thumb img")) {
  if (image.complete && image.currentSrc && image.naturalWidth === 0) drop(image);
}
