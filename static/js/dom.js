// Building elements. Text is only ever text: nothing here reads markup.
import { t, tell } from './i18n.js';

// Properties that the element has are set as such; the others, and those with a
// dash, become attributes. `onclick` and its like are listeners.
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key in node && key !== 'role') node[key] = value;
    else if (value !== false) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const PATHS = {
  flame: 'M12 2c.8 4.5 6 7 6 12.6a6 6 0 0 1-12 0c0-3 1.5-4.6 2.3-6 .7 1.5 1.4 2.2 2.2 2.2.8-3 0-6 1.5-8.8z',
  back: 'M15 5l-7 7 7 7', close: 'M6 6l12 12M18 6L6 18', plus: 'M12 5v14M5 12h14',
  send: 'M4 12l16-8-6 16-3-6z', clip: 'M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 5 5l-8.5 8.5a1.8 1.8 0 0 1-2.5-2.5L14.500 7.500',
  smile: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.500 14.500c2 2.200 5 2.200 7 0M9 9.500v.5M15 9.500v.5',
  reply: 'M9 6L4 11l5 5M4 11h9a7 7 0 0 1 7 7', more: 'M5 12h.01M12 12h.01M19 12h.01', down: 'M12 5v14M6 13l6 6 6-6',
  play: 'M8 5l11 7-11 7z', phone: 'M6 3h3l2 5-2.500 1.500a11 11 0 0 0 6 6L16 13l5 2v3a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z',
  video: 'M3 7h12v10H3zM15 10.500L21 7v10l-6-3.500', mic: 'M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v4',
  screen: 'M3 5h18v11H3zM9 20h6M12 16v4', gear: 'M4 7h10M18 7h2M4 17h2M10 17h10M14 4.500v5M8 14.500v5', info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5M12 8v.01',
  people: 'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20a6.500 6.500 0 0 1 13 0M16 4.500a3.500 3.500 0 0 1 0 6M18 14.500a6.500 6.500 0 0 1 3.500 5.500',
  post: 'M5 3h14v18H5zM8 8h8M8 12h8M8 16h5', check: 'M4 12.500l5 5L20 6.500', checks: 'M2 12.500l5 5 9-11M12 16l1.500 1.500L22 6.500', clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2',
  move: 'M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3', small: 'M3 5h18v14H3zM12 12h9v7h-9z', full: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  at: 'M15.500 8.500v4.700a2.700 2.700 0 0 0 5.400 0V12a8.900 8.900 0 1 0-3.500 7M12 8.300a3.700 3.700 0 1 0 0 7.400 3.700 3.700 0 0 0 0-7.400z', file: 'M6 3h8l4 4v14H6zM14 3v4h4', pin: 'M9 4h6l-1 6 4 4H6l4-4-1-6zM12 14v7', bell: 'M6 16c1.500-1.500 1.500-3 1.500-6a4.500 4.500 0 0 1 9 0c0 3 0 4.500 1.500 6zM10.500 19.500a1.800 1.800 0 0 0 3 0', mute: 'M16.500 13.500V10a4.500 4.500 0 0 0-8-2.800M7.500 10c0 3 0 4.500-1.500 6h10M10.500 19.500a1.800 1.800 0 0 0 3 0M4 4l16 16', search: 'M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.500 15.500L20 20', warn: 'M12 4l9 16H3zM12 10v5M12 17.500v.01',
};
const SVG = 'http://www.w3.org/2000/svg';

export function icon(name, size = 22) {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  const filled = name === 'flame';
  const attributes = { viewBox: '0 0 24 24', width: size, height: size, fill: filled ? 'currentColor' : 'none', stroke: filled ? 'none' : 'currentColor', 'stroke-width': name === 'more' ? 3 : 1.8, 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true' };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, onclick, more = {}) {
  return el('button', { type: 'button', className: 'icon', 'aria-label': label, title: label, onclick, ...more }, icon(name));
}

// Beside the name of a program.
export const botMark = (user) => user?.is_bot && el('span', { className: 'bot', textContent: t('bot') });

export const nameOf = (user) => user?.display_name || user?.username || '?';

const FACE = '2.75rem';
const REM = 16; // px
const SHARP = 96; // pixels that a picture of 64 may be stretched to
export function avatar(user, { size, group = false, online = false } = {}) {
  const node = el('span', { className: group ? 'avatar group' : 'avatar', 'aria-hidden': 'true' });
  node.style.setProperty('--hue', String(((user?.id ?? 0) * 67 + 20) % 360));
  if (size) node.style.setProperty('--size', size);
  const letters = () => initials(group ? user.title : nameOf(user));
  if (user?.avatar_url) node.append(el('img', { src: `${user.avatar_url}?size=${Number.parseFloat(size ?? FACE) * REM * devicePixelRatio <= SHARP ? 64 : 320}`, alt: '', loading: 'lazy', onerror: ({ target }) => target.replaceWith(letters()) }));
  else node.append(letters());
  if (online) node.append(el('span', { className: 'dot' }));
  return node;
}

function initials(name) {
  const words = name.trim().split(/[\s._-]+/u).filter(Boolean);
  return words.slice(0, 2).map((word) => [...word][0].toLocaleUpperCase()).join('') || '?';
}

export function person(user, { online, note, actions = [], onclick } = {}) {
  const words = el('span', { className: 'grow' }, el('span', { className: 'clip' }, el('bdi', { textContent: nameOf(user) }), botMark(user)), el('span', { className: 'soft clip', textContent: note ?? `@${user.username}` }));
  const main = onclick ? el('button', { type: 'button', className: 'person-open grow', onclick }, avatar(user, { online }), words) : [avatar(user, { online }), words];
  return el('li', { className: 'person' }, main, actions);
}

const sheets = new Map();
// The style of something that is not there from the start.
export function style(name) {
  if (!sheets.has(name)) {
    const link = el('link', { rel: 'stylesheet', href: new URL(`../css/${name}.css`, import.meta.url) });
    sheets.set(name, new Promise((done) => { link.onload = link.onerror = done; }));
    document.head.append(link);
  }
  return sheets.get(name);
}

export function dialog(title, body, { drawer = false, closed } = {}) {
  const heading = el('h2', { className: 'clip', dir: 'auto', textContent: title, id: `dialog-${Math.random().toString(36).slice(2)}` });
  const node = el('dialog', { className: drawer ? 'drawer' : '', 'aria-labelledby': heading.id },
    el('header', {}, heading, iconButton('close', t('close'), () => node.close())), el('div', { className: 'body' }, body));
  node.addEventListener('close', () => { node.remove(); closed?.(); });
  node.addEventListener('click', (event) => event.target === node && node.close()); // beside it
  document.body.append(node);
  node.showModal();
  window.dispatchEvent(new CustomEvent('overlaid', { detail: node }));
  return node;
}

// Resolves to whether one really wants it.
export function confirmed(question, action) {
  return new Promise((resolve) => {
    let sure = false;
    const yes = el('button', { type: 'button', className: 'danger', textContent: action, onclick: () => { sure = true; box.close(); } });
    const no = el('button', { type: 'button', textContent: t('cancel'), autofocus: true, onclick: () => box.close() });
    const box = dialog(action, el('div', { className: 'stack' }, el('p', { className: 'words', textContent: question }), el('div', { className: 'row end' }, no, yes)), { closed: () => resolve(sure) });
  });
}

// Something small beside what was pressed, gone with Esc or a click elsewhere.
export function popover(anchor, content) {
  const node = el('div', { popover: 'auto', role: 'dialog', 'aria-label': anchor.ariaLabel ?? '' }, content);
  const fitted = new ResizeObserver(put); // what is inside may come, and grow, later
  let at; // where what was pressed was last seen: without the focus it may be hidden
  function put() {
    if (!at || anchor.checkVisibility?.()) at = anchor.getBoundingClientRect();
    place(node, at, anchor instanceof Element);
  }
  node.addEventListener('toggle', ({ newState }) => {
    if (newState !== 'closed') return;
    fitted.disconnect();
    const inside = node.contains(document.activeElement) || document.activeElement === document.body;
    node.remove();
    if (!inside) return;
    anchor.focus?.();
    if (document.activeElement !== anchor) anchor.closest('[tabindex]')?.focus({ preventScroll: true }); // it is hidden by now
  });
  (anchor.closest('dialog') ?? document.body).append(node);
  node.showPopover();
  put();
  fitted.observe(node);
  // A box would bring up the keyboard of a phone, over what there is to choose from.
  const first = matchMedia('(pointer: coarse)').matches ? 'button' : 'button, input';
  node.querySelector(first)?.focus({ preventScroll: true });
  return node;
}

// Below what was pressed, or above it, and never beyond the edge of the screen.
const EDGE = 8; // px
function place(node, at, isPressed) {
  const { offsetWidth: width, offsetHeight: height } = node;
  const within = (least, wish, most) => Math.max(least, Math.min(wish, most));
  const fitsBelow = at.bottom + EDGE / 2 + height < innerHeight - EDGE;
  // It reaches towards the middle; under a pointer it begins there.
  const left = isPressed && at.left > innerWidth / 2 ? at.right - width : at.left;
  node.style.left = `${within(EDGE, left, innerWidth - width - EDGE)}px`;
  node.style.top = `${within(EDGE, fitsBelow ? at.bottom + EDGE / 2 : at.top - height - EDGE / 2, innerHeight - height - EDGE)}px`;
}

export function menu(anchor, items) {
  const node = popover(anchor, el('div', { className: 'menu' }, items.filter(Boolean).map(([label, act, danger]) =>
    el('button', { type: 'button', textContent: label, className: danger ? 'danger' : '', onclick: () => { node.hidePopover(); act(); } }))));
  node.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...node.querySelectorAll('button')];
    all.at((all.indexOf(document.activeElement) + step) % all.length).focus();
  });
}

// Loads what is not there from the start; when that fails, it is said.
export async function needed(load, use) {
  let module;
  try {
    module = await load();
  } catch {
    return void toast(t('unreachable'));
  }
  return use(module);
}

export function toast(text) {
  let place = document.querySelector('#toasts');
  if (!place) document.body.append(place = el('div', { id: 'toasts', role: 'status', popover: 'manual' }));
  const node = el('p', { dir: 'auto', textContent: text });
  // Shown anew each time, so that it lies above a dialog that came meanwhile.
  if (place.matches(':popover-open')) place.hidePopover();
  place.showPopover();
  place.append(node);
  setTimeout(() => { node.remove(); if (!place.children.length) place.remove(); }, 5000);
}

// What a status means where the server gives no code.
const CODES = { 401: 'authentication_required', 403: 'permission_denied', 404: 'not_found', 409: 'conflict', 413: 'too_large', 415: 'unsupported_media_type', 429: 'rate_limited', 500: 'internal', 502: 'unavailable', 503: 'unavailable', 504: 'unavailable', 507: 'insufficient_storage' };

// The server's words in the reader's language, or, when there was no server, what that means.
export function words(error) {
  if (!error) return '';
  if (error instanceof TypeError) return t('unreachable');
  const code = error.code || CODES[error.status];
  const sentences = error.status === 400 ? Object.values(error.details ?? {}).flat() : [];
  return (sentences.length ? sentences : [error.message]).map((each) => tell(String(each), code)).join(' ');
}

// What did not come, and why.
export const missing = (error, again) => el('p', { className: 'refused', role: 'alert' }, ...whyMissing(error, again));

// The same in a line that is there already: why, and a button that asks again.
export function whyMissing(error, again) {
  return [words(error), ' ', el('button', { type: 'button', className: 'plain', textContent: t('again'), onclick: ({ currentTarget }) => { currentTarget.disabled = true; again(); } })];
}

export function field(name, label, properties = {}) {
  const { tag = 'input', ...rest } = properties;
  const wrong = el('small', { className: 'refused', 'data-field': name, id: `${name}-refused` });
  return el('label', {}, el('span', { textContent: label }), el(tag, { name, 'aria-describedby': wrong.id, ...rest }), wrong);
}

// A form that sends once at a time and shows what the server refuses beside the
// field that it is about.
export function form(fields, submit, send) {
  const button = el('button', { type: 'submit', className: 'primary', textContent: submit });
  const node = el('form', { className: 'stack', noValidate: true }, fields, el('p', { className: 'refused', role: 'alert' }), button);
  node.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    const blank = [...node.elements].filter((control) => control.required && !control.disabled && !control.value.trim());
    refuse(node, blank.length ? { details: Object.fromEntries(blank.map(({ name }) => [name, t('blank')])) } : null);
    if (blank.length) return;
    button.disabled = true;
    try {
      await send(Object.fromEntries(new FormData(node)), node);
    } catch (error) {
      refuse(node, error);
    } finally {
      button.disabled = false;
    }
  });
  return node;
}

export function refuse(node, error) {
  const elsewhere = { ...error?.details };
  let placed = false;
  for (const place of node.querySelectorAll('[data-field]')) {
    const { field: name } = place.dataset;
    const control = node.elements[name];
    const refused = elsewhere[name] !== undefined && !control.disabled;
    place.textContent = refused ? [elsewhere[name]].flat().map((each) => tell(each)).join(' ') : '';
    control.setAttribute('aria-invalid', String(refused));
    if (refused) delete elsewhere[name];
    placed ||= refused;
  }
  const rest = Object.values(elsewhere).flat().map((each) => tell(each)).join(' ');
  node.querySelector('[role="alert"]').textContent = rest || (placed ? '' : words(error));
  node.querySelector('[aria-invalid="true"]')?.focus();
}

// A list that comes in pages: fills `list` with what `line` makes of each, and a button
// for more where there is more: of the next number, or `after` what the page says. Returns what shows it anew.
export function pages(list, ask, line, none = '', after = (next, page = 1) => page + 1) {
  async function show(page) {
    try {
      const { results, next } = await ask(page);
      list.querySelector('.more-of-it')?.remove();
      const lines = results.map(line);
      if (!page) list.replaceChildren(...(lines.length || !none ? lines : [el('li', { className: 'soft', textContent: none })]));
      else list.append(...lines);
      if (next) list.append(el('li', { className: 'more-of-it' }, el('button', { type: 'button', textContent: t('more.list'), onclick: () => show(after(next, page)) })));
    } catch (error) {
      if (!page) list.replaceChildren();
      list.querySelector('.more-of-it')?.remove();
      list.append(el('li', { className: 'more-of-it' }, missing(error, () => show(page))));
    }
  }
  return () => show();
}

export function skeleton(lines) {
  return Array.from({ length: lines }, (_, index) => {
    const bar = el('div', { className: 'skeleton', 'aria-hidden': 'true' });
    bar.style.width = `${90 - ((index * 37) % 45)}%`;
    bar.style.height = '1.25rem';
    return bar;
  });
}
