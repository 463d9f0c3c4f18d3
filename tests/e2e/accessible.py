"""What can be checked of accessibility without an opinion: names, labels, headings, contrast, ids."""

from playwright.sync_api import Page

CHECKS = """
() => {
  const problems = [];
  const tell = (what, element) => problems.push(`${what}: ${element.outerHTML.slice(0, 120)}`);
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  for (const id of new Set(ids.filter((each, at) => ids.indexOf(each) !== at))) problems.push(`id used twice: ${id}`);
  for (const name of ["aria-labelledby", "aria-describedby", "aria-controls"])
    for (const element of document.querySelectorAll(`[${name}]`))
      for (const id of element.getAttribute(name).split(/\\s+/))
        if (!document.getElementById(id)) tell(`${name} points nowhere (${id})`, element);

  for (const field of document.querySelectorAll("input:not([type=hidden]), textarea, select"))
    if (![...(field.labels ?? [])].some((label) => label.textContent.trim())) tell("field without a label", field);
  for (const control of document.querySelectorAll("a[href], button"))
    if (shown(control) && !control.closest("[aria-hidden=true]")) {
      const name = control.getAttribute("aria-label") || control.textContent.trim() || control.querySelector("img")?.alt;
      if (!name) tell("control without a name", control);
    }
  for (const image of document.querySelectorAll("img")) if (!image.hasAttribute("alt")) tell("picture without alt", image);

  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(shown).map((each) => Number(each.tagName[1]));
  if (levels.filter((each) => each === 1).length !== 1) problems.push(`there must be one h1, levels are ${levels}`);
  levels.forEach((level, at) => at && level > levels[at - 1] + 1 && problems.push(`heading level skipped: ${levels}`));

  if (!document.documentElement.lang) problems.push("the page has no language");
  if (!document.title) problems.push("the page has no title");
  for (const role of ["main", "header", "footer"])
    if (document.querySelectorAll(`body > ${role}`).length !== 1) problems.push(`there must be one ${role}`);
  return problems;
}
"""

CONTRASTS = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(parse(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const problems = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest("script, style, noscript, .visually-hidden")) continue;
    const style = getComputedStyle(element);
    const below = ground(element);
    const [one, other] = [light(over(parse(style.color), below)), light(below)].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < needed) problems.push(`contrast ${ratio.toFixed(2)} < ${needed}: ${element.className} "${walker.currentNode.data.trim().slice(0, 40)}"`);
  }
  return [...new Set(problems)];
}
"""


def problems(page: Page) -> list[str]:
    """What is wrong with names, labels, headings and contrast (WCAG 2.2 AA, 1.4.3)."""
    return [*page.evaluate(CHECKS), *page.evaluate(CONTRASTS)]
