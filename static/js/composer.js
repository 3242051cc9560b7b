// The box to say something: drafts, files, replies, edits, names.
import { avatar, el, icon, iconButton, nameOf, toast, words } from './dom.js';
import { number, size, t } from './i18n.js';

const TYPING_EVERY = 3_000; // ms
const FILES_AT_ONCE = 3;

export function createComposer(store, api, { drafts, outbox, actions }) {
  let chat = null;
  let replying = null;
  let editing = null;
  let files = []; // {name, size, share, done (as the server has it), error, cancel}
  let waits = false; // sends itself when the last file is up
  let typedAt = 0;
  const kept = new Map(); // replies and files of chats that are not shown

  const box = el('textarea', { id: 'draft', rows: 1, 'aria-label': t('composer.label'), placeholder: t('composer.placeholder'), autocomplete: 'off', enterKeyHint: 'send' });
  const picker = el('input', { type: 'file', multiple: true, hidden: true, tabIndex: -1, 'aria-label': t('attach') });
  const about = el('div', { className: 'about-draft', hidden: true });
  const list = el('ul', { className: 'uploads', hidden: true, 'aria-label': t('files') });
  const wrong = el('p', { className: 'refused', role: 'alert' });
  const names = el('ul', { id: 'names', className: 'names', role: 'listbox', 'aria-label': t('mention.who'), hidden: true });
  const send = el('button', { type: 'submit', className: 'icon primary send', 'aria-label': t('send'), title: t('send') }, icon('send'));
  const node = el('form', { className: 'composer', noValidate: true }, names, about, list, wrong,
    el('div', { className: 'line' },
      iconButton('clip', t('attach'), () => picker.click()),
      box,
      iconButton('smile', t('emoji'), (event) => insertEmoji(event.currentTarget)),
      send), picker);

  const self = {
    node,
    onsent: () => {},
    find: () => null,
    focus: () => box.focus(),
    enter(id) {
      chat = id;
      box.value = drafts.get(id);
      ({ replying, files } = kept.get(id) ?? { replying: null, files: [] });
      editing = null;
      drawAbout();
      drawFiles();
      fit();
      if (!matchMedia('(pointer: coarse)').matches) box.focus({ preventScroll: true });
    },
    leave(id) {
      if (id === null) return;
      if (!editing) drafts.set(id, box.value);
      kept.set(id, { replying, files });
      typed(false);
    },
    replyTo(message) {
      stopEditing();
      replying = message;
      drawAbout();
      box.focus();
    },
    edit(message) {
      if (!editing) drafts.set(chat, box.value);
      editing = message;
      replying = null;
      box.value = message.content;
      drawAbout();
      fit();
      box.focus();
      box.setSelectionRange(box.value.length, box.value.length);
    },
    drop: (dropped) => addFiles([...dropped]),
  };

  node.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });

  function submit() {
    const content = box.value.trim();
    wrong.textContent = '';
    const most = store.get().server?.limits?.message_characters ?? 10_000;
    if ([...content].length > most) return refuse(t('composer.long', { n: [...content].length, most: number(most) }));
    if (editing) return saveEdit(content);
    if (files.some((file) => !file.done && !file.error)) {
      waits = true;
      return drawFiles();
    }
    const attachments = files.filter((file) => file.done).map(({ done }) => done);
    if (!content && !attachments.length) return undefined;
    outbox.add(chat, content, { attachments, reply_to: replying && { id: replying.id } });
    files = [];
    replying = null;
    typedAt = 0;
    clear();
    drawFiles();
    drawAbout();
    self.onsent();
    box.focus();
    return undefined;
  }

  async function saveEdit(content) {
    const message = editing;
    if (!content && !message.attachments?.length) return refuse(t('composer.empty'));
    stopEditing();
    if (content === message.content) return undefined;
    try {
      await actions.edit(message, content);
    } catch (error) {
      self.edit({ ...message, content });
      refuse(words(error));
    }
    return undefined;
  }

  function stopEditing() {
    if (!editing) return;
    editing = null;
    box.value = drafts.get(chat);
    drawAbout();
    fit();
  }

  function clear() {
    box.value = '';
    drafts.set(chat, '');
    fit();
  }

  function refuse(text) {
    wrong.textContent = text;
  }

  // --- Keys. While an input method composes a word, they belong to it.
  box.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (!names.hidden && pickByKey(event)) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      submit();
    } else if (event.key === 'ArrowUp' && !box.value && !event.shiftKey) {
      const last = self.lastMine?.();
      if (last) { event.preventDefault(); self.edit(last); }
    } else if (event.key === 'Escape' && (editing || replying)) {
      event.preventDefault();
      event.stopPropagation();
      replying = null;
      stopEditing();
      drawAbout();
    }
  });
  box.addEventListener('input', () => {
    fit();
    wrong.textContent = '';
    if (!editing) drafts.set(chat, box.value);
    typed(box.value.trim() !== '');
    suggest();
  });
  box.addEventListener('blur', () => setTimeout(hideNames, 150));

  function typed(is) {
    const now = Date.now();
    if (is ? now - typedAt < TYPING_EVERY : typedAt === 0) return;
    typedAt = is ? now : 0;
    actions.typing(chat, is);
  }

  function fit() {
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight + 2, 200)}px`;
  }

  function drawAbout() {
    const target = editing ?? replying;
    about.hidden = !target;
    if (!target) return about.replaceChildren();
    const head = editing ? t('editing') : t('replying', { name: nameOf(target.sender) });
    return about.replaceChildren(icon(editing ? 'post' : 'reply', 18),
      el('span', { className: 'grow' }, el('b', { className: 'clip', textContent: head }), el('span', { className: 'clip soft', textContent: target.content || target.attachments?.[0]?.name || '' })),
      iconButton('close', t('cancel'), () => { replying = null; stopEditing(); drawAbout(); box.focus(); }));
  }

  // --- Names after an @.
  let at = null;
  function suggest() {
    const before = box.value.slice(0, box.selectionStart);
    const found = /(?:^|\s)@([\p{L}\p{N}_.+-]{0,64})$/u.exec(before);
    const shown = store.get().chats[chat];
    const me = store.get().me.id;
    const wish = found?.[1].toLocaleLowerCase();
    const fitting = found ? shown.members.filter((member) => member.id !== me && [member.username, nameOf(member)].some((name) => name.toLocaleLowerCase().startsWith(wish))).slice(0, 6) : [];
    if (!fitting.length) return hideNames();
    at = { start: before.length - wish.length, end: before.length, index: 0, fitting };
    drawNames();
    return undefined;
  }
  function drawNames() {
    names.replaceChildren(...at.fitting.map((member, index) => el('li', { id: `name-${index}`, role: 'option', 'aria-selected': String(index === at.index), onpointerdown: (event) => { event.preventDefault(); pick(member); } },
      avatar(member, { size: '1.75rem' }), el('span', { className: 'clip', textContent: nameOf(member) }), el('span', { className: 'soft', textContent: `@${member.username}` }))));
    names.hidden = false;
    box.setAttribute('aria-controls', 'names');
    box.setAttribute('aria-activedescendant', `name-${at.index}`);
  }
  function hideNames() {
    names.hidden = true;
    box.removeAttribute('aria-activedescendant');
  }
  function pick(member) {
    box.setRangeText(`${member.username} `, at.start, at.end, 'end');
    hideNames();
    box.dispatchEvent(new Event('input'));
  }
  function pickByKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      at.index = (at.index + step + at.fitting.length) % at.fitting.length;
      drawNames();
    } else if (event.key === 'Enter' || event.key === 'Tab') pick(at.fitting[at.index]);
    else if (event.key === 'Escape') hideNames();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  function insertEmoji(anchor) {
    import('./emoji.js').then(({ pickEmoji }) => pickEmoji(anchor, [], (emoji) => {
      box.setRangeText(emoji, box.selectionStart, box.selectionEnd, 'end');
      box.focus();
      box.dispatchEvent(new Event('input'));
    }));
  }

  // --- Files.
  picker.addEventListener('change', () => {
    addFiles([...picker.files]);
    picker.value = '';
  });
  box.addEventListener('paste', (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    addFiles([...event.clipboardData.files]);
  });

  function addFiles(chosen) {
    const { limits = {} } = store.get().server ?? {};
    const many = limits.attachments ?? 10;
    const largest = limits.upload_bytes ?? 10 * 1024 * 1024;
    wrong.textContent = '';
    for (const file of chosen) {
      if (files.length >= many) { refuse(t('files.many', { n: many })); break; }
      if (file.size > largest) { refuse(t('files.large', { name: file.name, size: size(file.size), most: size(largest) })); continue; }
      if (file.size === 0) { refuse(t('files.empty', { name: file.name })); continue; }
      files.push({ file, name: file.name, size: file.size, share: 0 });
    }
    drawFiles();
    startUploads();
    box.focus();
  }

  // A few at a time; each remembers its own list, for one may leave the chat meanwhile.
  function startUploads() {
    const own = files;
    const running = own.filter((file) => file.cancel && !file.done && !file.error).length;
    for (const item of own.filter((file) => !file.cancel && !file.done && !file.error).slice(0, FILES_AT_ONCE - running)) upload(item, own);
  }
  async function upload(item, own) {
    const { done, cancel } = api.upload(item.file, (share) => {
      item.share = share;
      if (own === files) drawProgress(item);
    });
    item.cancel = cancel;
    drawFiles();
    try {
      item.done = await done;
    } catch (error) {
      if (error.name === 'AbortError') own.splice(own.indexOf(item), 1);
      else item.error = words(error);
    }
    if (own !== files) return;
    drawFiles();
    startUploads();
    if (waits && files.every((file) => file.done)) { waits = false; submit(); }
  }
  function drawProgress(item) {
    if (item.bar) item.bar.value = item.share;
  }
  function drawFiles() {
    list.hidden = files.length === 0;
    list.replaceChildren(...files.map((item) => {
      item.bar = el('progress', { max: 1, value: item.share, 'aria-label': t('upload.of', { name: item.name }) });
      const note = item.error ?? (item.done ? size(item.size) : null);
      return el('li', { className: item.error ? 'failed' : '' }, icon('file', 18),
        el('span', { className: 'grow' }, el('span', { className: 'clip', textContent: item.name }), note === null ? item.bar : el('small', { className: item.error ? 'refused' : 'soft', textContent: note })),
        iconButton('close', t('file.remove', { name: item.name }), () => remove(item)));
    }));
    send.classList.toggle('waits', waits);
  }
  function remove(item) {
    if (item.cancel && !item.done && !item.error) return item.cancel();
    files.splice(files.indexOf(item), 1);
    waits &&= files.length > 0;
    drawFiles();
    startUploads();
    return undefined;
  }

  window.addEventListener('pagehide', () => chat !== null && !editing && drafts.set(chat, box.value));
  self.toast = toast;
  return self;
}
