// A list that is searched, and comes in pages as far down as one looks.
import { createNear } from './attachment.js';
import { el, skeleton, whyMissing } from './dom.js';
import { t } from './i18n.js';

const PAUSE = 150; // ms after a letter

// Whoever is at a line stays at that place.
export function replaceLines(list, lines, input) {
  const at = [...list.children].findIndex((each) => each.contains(document.activeElement));
  list.replaceChildren(...lines);
  if (at >= 0) (lines[Math.min(at, lines.length - 1)]?.querySelector('button') ?? input).focus({ preventScroll: true });
}

// `ask({q, cursor})` gives a page, `line(each)` a list item of it, or nothing. What scrolls is
// `root`, or the list itself. With `picks`, Enter presses the first of what was found.
export function createFinder(ask, line, { label, hint = label, name, none = 'found.none', nobody = none, root, picks = false }) {
  const input = el('input', { type: 'search', placeholder: hint, 'aria-label': label, autocomplete: 'off', spellcheck: false, autofocus: picks });
  const list = el('ul', { 'aria-label': name }, skeleton(4));
  const note = el('p', { className: 'soft', role: 'status' });
  const near = createNear(root ?? list);
  let asked; // what was asked for last: an older answer is void
  let timer;

  function find() {
    clearTimeout(timer);
    return show(asked = { q: input.value.trim() }, null);
  }
  async function show(wish, cursor) {
    let page;
    try {
      page = await ask({ ...wish, cursor });
    } catch (error) {
      if (wish !== asked) return;
      if (!cursor) list.replaceChildren();
      note.replaceChildren(...whyMissing(error, () => show(wish, cursor)));
      return;
    }
    if (wish !== asked) return;
    const lines = page.results.map(line).filter(Boolean);
    if (cursor) list.append(...lines);
    else replaceLines(list, lines, input);
    if (page.next && lines.length) near(lines.at(-1), () => show(wish, page.next));
    else if (page.next) return void show(wish, page.next);
    note.textContent = list.children.length ? '' : t(wish.q ? none : nobody);
  }

  input.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(find, PAUSE); });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') { event.preventDefault(); if (picks) list.querySelector('button')?.click(); }
    if (event.key === 'ArrowDown') { event.preventDefault(); list.querySelector('button')?.focus(); }
  });
  list.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
    if (!step) return;
    event.preventDefault();
    (event.target.closest('li')[step]?.querySelector('button') ?? input).focus();
  });
  queueMicrotask(find); // when whoever makes it has it
  // `again` asks anew; what was searched for may be done with.
  return { node: el('div', { className: 'stack' }, input, note, list), input, list, again: find, clear() { input.value = ''; find(); input.focus({ preventScroll: true }); } };
}
