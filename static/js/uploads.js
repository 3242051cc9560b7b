// Files on their way into a message: a few at a time, each tried until the server has it,
// and all waiting where the server wants a pause.
import { isPassing } from './api.js';
import { el, icon, iconButton, words } from './dom.js';
import { size, t } from './i18n.js';

const AT_ONCE = 3;
const FIRST_PAUSE = 1_000; // ms, doubled with each try
const LONGEST_PAUSE = 30_000;

// `limits` gives {attachments, upload_bytes}, `changed(files)` is told when one is up or gone.
export function createUploads(api, { limits, changed }) {
  let shown = []; // {file, name, size, share, done (as the server has it), error, until, cancel}
  let notBefore = 0; // when the server takes the next one
  let ticking = null;
  const node = el('ul', { className: 'uploads', hidden: true, 'aria-label': t('files') });

  // Adds what may be added; what may not is told, each with its reason.
  function add(files, chosen) {
    const { attachments: many = 10, upload_bytes: largest = 10 * 1024 * 1024 } = limits();
    const wrong = [];
    for (const file of chosen) {
      if (files.length >= many) { wrong.push(t('files.many', { n: many })); break; }
      if (file.size > largest) wrong.push(t('files.large', { name: file.name, size: size(file.size), most: size(largest) }));
      else if (file.size === 0) wrong.push(t('files.empty', { name: file.name }));
      else files.push({ file, name: file.name, size: file.size, type: file.type, share: 0 });
    }
    draw();
    start(files);
    return wrong;
  }

  const isWaiting = (item) => !item.running && !item.done && !item.error;
  function start(files) {
    const free = AT_ONCE - files.filter((item) => item.running).length;
    for (const item of files.filter(isWaiting).slice(0, Math.max(0, free))) upload(item, files);
  }

  async function upload(item, files) {
    item.running = true;
    try {
      item.done = await untilItIsUp(item);
    } catch (error) {
      if (item.gone) files.splice(files.indexOf(item), 1);
      else item.error = error;
    }
    item.running = false;
    draw();
    start(files);
    changed(files);
  }

  async function untilItIsUp(item) {
    for (let tries = 0; ; tries += 1) {
      await pause(item, notBefore);
      try {
        const { done, cancel } = api.upload(item.file, (share) => {
          item.share = share;
          if (item.bar) item.bar.value = share;
        });
        item.cancel = cancel;
        draw();
        return await done;
      } catch (error) {
        if (item.gone || !isPassing(error)) throw error;
        const after = error.retryAfter * 1000 || Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tries);
        item.share = 0;
        if (error.status === 429) notBefore = Math.max(notBefore, Date.now() + after);
        await pause(item, Date.now() + after);
      }
    }
  }

  async function pause(item, until) {
    if (until <= Date.now()) return;
    item.until = until;
    draw();
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, until - Date.now());
      item.cancel = () => { clearTimeout(timer); resolve(); };
    });
    item.until = null;
    if (item.gone) throw new DOMException('', 'AbortError');
  }

  function remove(item, files) {
    item.gone = true;
    if (item.running) return item.cancel();
    files.splice(files.indexOf(item), 1);
    draw();
    start(files);
    return changed(files);
  }

  function draw() {
    node.hidden = shown.length === 0;
    node.replaceChildren(...shown.map((item) => line(item, shown)));
    const waits = shown.some(({ until }) => until);
    if (waits) ticking ??= setInterval(draw, 1_000);
    else ticking = void clearInterval(ticking) ?? null;
  }

  function line(item, files) {
    item.bar = el('progress', { max: 1, value: item.share, 'aria-label': t('upload.of', { name: item.name }) });
    const waits = item.until && t('upload.waits', { n: Math.max(1, Math.ceil((item.until - Date.now()) / 1000)) });
    const note = item.error ? words(item.error) : waits || (item.done ? size(item.size) : null);
    return el('li', { className: item.error ? 'failed' : '' }, item.thumb ??= thumb(item),
      el('span', { className: 'grow' }, el('span', { className: 'clip', dir: 'auto', textContent: item.name }), note === null ? item.bar : el('small', { className: item.error ? 'refused' : 'soft', textContent: note })),
      item.error && item.file && el('button', { type: 'button', className: 'plain', textContent: t('again'), onclick: () => { item.error = null; start(files); draw(); } }),
      iconButton('close', t('file.remove', { name: item.name }), () => remove(item, files)));
  }

  // What a picture looks like, so that the right one is sent.
  function thumb({ file, type }) {
    if (!file || !/^image\/(png|jpeg|gif|webp|avif)$/.test(type)) return icon('file', 18);
    const address = URL.createObjectURL(file);
    const release = () => URL.revokeObjectURL(address);
    return el('img', { className: 'thumb', src: address, alt: '', onload: release, onerror: release });
  }

  return {
    node,
    add,
    show(files) { shown = files; draw(); },
    areUp: (files) => files.every((item) => item.done),
    areUnderWay: (files) => files.some((item) => !item.done && !item.error),
    // Those that the server had before the page was loaded anew.
    kept: (files) => files.map((done) => ({ done, name: done.name, size: done.size, type: done.content_type, share: 1 })),
  };
}
