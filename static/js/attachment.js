// Files in a message: pictures, sounds and films in place, all others as cards. The bytes
// need the token, so they are fetched and shown from memory; none before somebody looks.
import { el, icon } from './dom.js';
import { size, t } from './i18n.js';

const NEAR = '600px'; // beyond the edge of the view
const UNASKED = 1024 * 1024; // bytes of a sound that is fetched before it is played
const WHOLE = 2 * 1024 * 1024; // bytes of a picture that is shown as it is, where a smaller one would not do
const ENOUGH = 400; // pixels that a preview of 320 may be stretched to
const PICTURE = /^image\/(png|jpe?g|gif|webp|avif|bmp)$/;

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

export const isPicture = ({ content_type: type = '' }) => PICTURE.test(type);

// All files of a message: several pictures side by side, then the others.
export function attachments(files, context) {
  const pictures = files.filter(isPicture);
  if (pictures.length < 2) return files.map((file) => attachment(file, context));
  return [el('div', { className: 'gallery' }, pictures.map((file) => picture(file, context, true))), ...files.filter((file) => !isPicture(file)).map((file) => attachment(file, context))];
}

function attachment(file, context) {
  if (isPicture(file)) return picture(file, context, false);
  if (/^(audio|video)\//.test(file.content_type)) return el('div', { className: 'media' }, player(file, context), card(file, context));
  return card(file, context);
}

// The box has its size before the picture is there, and a picture of about that size is fetched.
function picture(file, context, isTile) {
  const { name, url, width, height } = file;
  const frame = el('button', { type: 'button', className: 'picture skeleton', 'aria-label': t('picture', { name }), onclick: () => (frame.isMissing ? load() : context.actions.show(file, frame.querySelector('img')?.src)) });
  if (width && height && !isTile) {
    // What a header says is its sender's word: a strip or a tower is shown in a usable box.
    frame.style.aspectRatio = String(Math.min(3, Math.max(0.6, width / height)));
    frame.style.setProperty('--width', `${Math.max(96, width)}px`);
  }
  async function load() {
    frame.isMissing = false;
    frame.classList.add('skeleton');
    frame.replaceChildren();
    try {
      frame.append(el('img', { src: await small(), alt: name }));
    } catch ({ status }) {
      frame.isMissing = status !== 404; // else the original may be looked at
      frame.append(el('span', { className: 'soft words', textContent: frame.isMissing ? t('picture.failed', { name }) : `${name} · ${size(file.size)}` }));
    }
    frame.classList.remove('skeleton');
  }
  // What moves would stand still in a preview, and of some pictures the server makes none.
  async function small() {
    const isSmall = file.size <= WHOLE;
    if (isSmall && file.content_type === 'image/gif') return context.bytes(url, frame);
    try {
      return await context.bytes(preview(url, side(frame, file)), frame);
    } catch (error) {
      if (error.status !== 404 || !isSmall) throw error;
      return context.bytes(url, frame);
    }
  }
  context.near(frame, load);
  return frame;
}

const preview = (url, pixels) => url.replace(/download\/$/, `preview/?size=${pixels}`);

// How large a preview has to be for what it fills.
function side({ clientWidth, clientHeight }, { width, height }) {
  const shape = width && height ? width / height : 4 / 3;
  const [across, down] = [Math.max(clientWidth, clientHeight * shape), Math.max(clientHeight, clientWidth / shape)];
  return Math.max(across, down) * devicePixelRatio <= ENOUGH ? 320 : 1280;
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
