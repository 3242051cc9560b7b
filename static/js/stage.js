// Where a call is seen: a panel that one moves, makes small, or spreads over the screen, and
// that never lies over the box to write in.
import { avatar, el, iconButton, nameOf } from './dom.js';
import { t } from './i18n.js';

const EDGE = 8; // px that stay free around it
const STEP = 24; // px that an arrow key moves it
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function createStage(store, { title, controls }) {
  const tiles = el('div', { className: 'tiles' });
  const status = el('p', { className: 'soft', role: 'status' });
  const handle = iconButton('move', t('call.move'), () => {}, { 'aria-keyshortcuts': Object.keys(ARROWS).join(' ') });
  const small = iconButton('small', t('call.small'), () => resize('small'), { 'aria-pressed': 'false' });
  const full = iconButton('full', t('call.fill'), () => resize('full'), { 'aria-pressed': 'false' });
  const header = el('header', {}, el('div', { className: 'grow' }, el('h2', { className: 'clip', dir: 'auto', textContent: title }), status), handle, small, full);
  const node = el('section', { className: 'call', 'aria-label': t('call') }, header, tiles, el('div', { className: 'row controls', role: 'toolbar', 'aria-label': t('call') }, controls));
  const abort = new AbortController();
  const { signal } = abort;
  let place = { x: Infinity, y: Infinity }; // where one wants it: at first in the corner below
  let size = '';

  document.body.append(node);
  const sizes = new ResizeObserver(fit);
  sizes.observe(node);
  window.addEventListener('resize', fit, { signal });
  let box = null; // it comes with the first chat that is opened
  const unsubscribe = store.subscribe(watch);
  watch();
  fit();

  function watch() {
    if (!box && (box = document.querySelector('.composer'))) sizes.observe(box);
  }

  function fit() {
    if (size === 'full') return;
    const floor = box?.checkVisibility() ? box.getBoundingClientRect().top : innerHeight;
    node.style.maxHeight = `${floor - 2 * EDGE}px`;
    const within = (wish, most) => `${Math.max(EDGE, Math.min(wish, most - EDGE))}px`;
    node.style.left = within(place.x, document.documentElement.clientWidth - node.offsetWidth);
    node.style.top = within(place.y, floor - node.offsetHeight);
  }

  // --- Moving it.
  function move(x, y) {
    place = { x, y };
    fit();
  }
  header.addEventListener('pointerdown', (down) => {
    const button = down.target.closest('button');
    if (down.button || size === 'full' || (button && button !== handle)) return;
    const { left, top } = node.getBoundingClientRect();
    const ends = new AbortController();
    const follow = ({ clientX: x, clientY: y }) => move(left + x - down.clientX, top + y - down.clientY);
    window.addEventListener('pointermove', follow, { signal: ends.signal });
    for (const type of ['pointerup', 'pointercancel']) window.addEventListener(type, () => ends.abort(), { signal: ends.signal });
  });
  handle.addEventListener('keydown', (event) => {
    const by = ARROWS[event.key];
    if (!by || size === 'full') return;
    event.preventDefault();
    const { left, top } = node.getBoundingClientRect();
    move(left + by[0] * STEP, top + by[1] * STEP);
  });

  // --- How large it is.
  function resize(wish) {
    size = size === wish ? '' : wish;
    for (const [name, button] of [['small', small], ['full', full]]) {
      node.classList.toggle(name, size === name);
      button.setAttribute('aria-pressed', String(size === name));
    }
    handle.hidden = size === 'full';
    covers(size === 'full');
    if (size === 'full') {
      node.removeAttribute('style');
      node.requestFullscreen?.().catch(() => {}); // then it fills the window
    } else if (document.fullscreenElement === node) document.exitFullscreen();
    fit();
  }
  // What lies behind it cannot be reached.
  const covers = (is) => { for (const app of document.querySelectorAll('.app')) app.inert = is; };
  document.addEventListener('fullscreenchange', () => { if (!document.fullscreenElement && size === 'full') resize('full'); }, { signal });
  // Esc leaves full screen, and from here nothing else.
  window.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !(size === 'full' || node.contains(event.target))) return;
    event.preventDefault();
    event.stopPropagation();
    if (size === 'full') resize('full');
  }, { signal, capture: true });

  // --- Who is seen in it.
  function tile(user, own = false) {
    const video = el('video', { autoplay: true, playsInline: true, muted: own });
    const figure = el('figure', { className: own ? 'tile own' : 'tile', 'data-user': String(user.id) }, avatar(user, { size: '4rem' }), video, el('figcaption', { className: 'clip', textContent: own ? t('you') : nameOf(user) }));
    tiles.append(figure);
    return { node: figure, video };
  }

  function remove() {
    if (size === 'full') resize('full');
    abort.abort();
    sizes.disconnect();
    unsubscribe();
    node.remove();
  }

  return { tile, remove, state: (text) => { status.textContent = text; } };
}

// Draws what somebody `shows`: the camera (`video`), the `screen` or `nothing`.
export function showVideo({ node, shows }, stream) {
  node.classList.toggle('seen', shows !== 'nothing' && stream.getVideoTracks().some((track) => track.readyState === 'live' && !track.muted));
  node.classList.toggle('screen', shows === 'screen');
}
