// What is wrong with names, labels, headings, landmarks and ids, as a list of texts.
() => {
  const problems = [];
  const tell = (what, element) => problems.push(`${what}: ${element.outerHTML.slice(0, 120)}`);
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  for (const id of new Set(ids.filter((each, at) => ids.indexOf(each) !== at))) problems.push(`id used twice: ${id}`);
  for (const name of ["aria-labelledby", "aria-describedby", "aria-controls"])
    for (const element of document.querySelectorAll(`[${name}]`))
      for (const id of element.getAttribute(name).split(/\s+/))
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
