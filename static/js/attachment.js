// Files in a message: pictures, sounds and films in place, all others as cards. The bytes
// need the token, so they are fetched and shown from memory; none before somebody looks.
import { el, icon } from './dom.js';
import { size, t } from './i18n.js';

const NEAR = '600px'; // beyond the edge of the view
const UNASKED = 1024 * 1024; // bytes of a sound that is fetched before it is played

// Does something once a node comes near the view of `root`.
export function createNear(root) {
  const waiting = new WeakMap();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      waiting.get(target)();
    }
  }, { root, rootMargin: NEAR });
  return (node, act) => {
    waiting.set(node, act);
    observer.observe(node);
  };
}

export function attachment(file, context) {
  const { content_type: type = '' } = file;
  if (/^image\/(png|jpe?g|gif|webp|avif|bmp)$/.test(type)) return picture(file, context);
  if (/^(audio|video)\//.test(type)) return el('div', { className: 'media' }, player(file, context), card(file, context));
  return card(file, context);
}

// The box has its size before the picture is there.
function picture(file, context) {
  const { name, url } = file;
  const frame = el('button', { type: 'button', className: 'picture skeleton', 'aria-label': t('picture', { name }), onclick: () => (frame.isMissing ? load() : context.actions.show(file)) });
  if (file.width && file.height) {
    // What a header says is its sender's word: a strip or a tower is shown in a usable box.
    frame.style.aspectRatio = String(Math.min(3, Math.max(0.6, file.width / file.height)));
    frame.style.setProperty('--width', `${Math.max(96, file.width)}px`);
  }
  async function load() {
    frame.isMissing = false;
    frame.classList.add('skeleton');
    frame.replaceChildren();
    try {
      frame.append(el('img', { src: await context.bytes(url, frame), alt: name }));
    } catch {
      frame.isMissing = true;
      frame.append(el('span', { className: 'soft words', textContent: t('picture.failed', { name }) }));
    }
    frame.classList.remove('skeleton');
  }
  context.near(frame, load);
  return frame;
}

// A film is fetched by whoever plays it; a short sound when it is near.
function player(file, context) {
  const { name, content_type: type, url, size: bytes } = file;
  const kind = type.slice(0, 5);
  const start = el('button', { type: 'button', className: `play ${kind}`, 'aria-label': t('play', { name }), onclick: () => load(true) }, icon('play', 28));
  async function load(plays) {
    start.disabled = true;
    try {
      const node = el(kind, { controls: true, preload: 'metadata', className: 'player', 'aria-label': name });
      node.src = await context.bytes(url, start);
      context.bytes(url, node).catch(() => {}); // from now on, this one uses it
      const hadFocus = start.contains(document.activeElement);
      start.replaceWith(node);
      if (hadFocus) node.focus({ preventScroll: true });
      if (plays) await node.play();
    } catch {
      start.disabled = false; // to be pressed again
    }
  }
  if (kind === 'audio' && bytes <= UNASKED) context.near(start, () => load(false));
  return start;
}

function card(file, context) {
  return el('button', { type: 'button', className: 'file', title: t('file.save', { name: file.name }), onclick: () => context.actions.save(file) },
    icon('file'), el('span', { className: 'grow' }, el('span', { className: 'clip', dir: 'auto', textContent: file.name }), el('small', { textContent: size(file.size) })));
}
