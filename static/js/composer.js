// The box to say something: drafts, files, replies, edits, names.
import { el, icon, iconButton, nameOf, needed, words } from './dom.js';
import { byTalk, createCompletion } from './complete.js';
import { number, t } from './i18n.js';
import { gist } from './markup.js';
import { createUploads } from './uploads.js';

const TYPING_EVERY = 3_000; // ms
const EVERYBODY = 20; // members of a group in which anybody may mention all; in larger ones its admins
// Where fingers write there is no Shift: Enter breaks the line, and the button sends.
const hasKeyboard = () => !matchMedia('(pointer: coarse)').matches;

export function createComposer(store, api, { drafts, outbox, actions }) {
  let chat = null;
  let draft = { files: [] }; // of the chat that is shown: {replying, files, waits (sends itself when the last file is up)}
  let editing = null;
  let typedAt = 0;
  const kept = new Map(); // drafts by chat

  const box = el('textarea', { id: 'draft', rows: 1, dir: 'auto', 'aria-label': t('composer.label'), placeholder: t('composer.placeholder'), autocomplete: 'off', enterKeyHint: hasKeyboard() ? 'send' : 'enter' });
  const picker = el('input', { type: 'file', multiple: true, hidden: true, tabIndex: -1, 'aria-label': t('attach') });
  const about = el('div', { className: 'about-draft', hidden: true });
  const wrong = el('p', { className: 'refused words', role: 'alert' });
  const send = el('button', { type: 'submit', className: 'icon primary send', 'aria-label': t('send'), title: t('send') }, icon('send'));
  const uploads = createUploads(api, { limits: () => store.get().server?.limits ?? {}, changed: uploaded });
  const names = createCompletion(box, () => named(store.get()));
  const node = el('form', { className: 'composer', noValidate: true }, names.node, about, uploads.node, wrong,
    el('div', { className: 'line' },
      iconButton('clip', t('attach'), () => picker.click()),
      box,
      iconButton('smile', t('emoji'), (event) => insertEmoji(event.currentTarget)),
      send), picker);

  // Others, and everybody at once where one may call them.
  function named({ chats, logs, me }) {
    const { members = [], is_admin, chat_type } = chats[chat] ?? {};
    const others = byTalk(members.filter(({ id }) => id !== me.id), logs[chat]?.messages ?? []);
    const mayCallAll = chat_type === 'group' && (members.length <= EVERYBODY || is_admin);
    return mayCallAll ? [...others, { username: 'all', display_name: t('complete.all') }] : others;
  }

  const self = {
    node,
    onsent: () => {},
    focus: () => box.focus(),
    enter(id) {
      chat = id;
      draft = kept.get(id) ?? restored(id);
      const { editing: edit } = drafts.more(id);
      editing = edit;
      box.value = edit ? edit.text : drafts.get(id);
      wrong.textContent = '';
      drawAbout();
      uploads.show(draft.files);
      drawSend();
      fit();
      store.tell({ type: 'draft', chat: id, text: '' }); // it is in its box
      if (hasKeyboard()) box.focus({ preventScroll: true });
    },
    leave(id) {
      if (id === null) return;
      keep();
      kept.set(id, draft);
      store.tell({ type: 'draft', chat: id, text: editing ? '' : box.value.trim() });
      typed(false);
    },
    replyTo(message) {
      stopEditing();
      draft.replying = message;
      keep();
      drawAbout();
      box.focus();
    },
    edit(message, text = message.content) {
      if (!editing) drafts.set(chat, box.value);
      editing = { id: message.id, content: message.content, text };
      box.value = text;
      keep();
      drawAbout();
      fit();
      box.focus();
      box.setSelectionRange(box.value.length, box.value.length);
    },
    drop: (dropped) => addFiles([...dropped]),
  };

  function restored(id) {
    const { replying, files = [] } = drafts.more(id);
    return { replying, files: uploads.kept(files) };
  }
  // Before anything else happens to it, what is written is kept.
  function keep() {
    if (chat === null) return;
    if (editing) editing.text = box.value;
    else drafts.set(chat, box.value);
    const { replying } = draft;
    drafts.setMore(chat, {
      editing: editing ?? draft.saving ?? null,
      replying: replying && { id: replying.id, content: replying.content, sender: replying.sender },
      files: draft.files.flatMap(({ done }) => done ?? []),
    });
  }

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
    draft.waits = uploads.areUnderWay(draft.files);
    if (draft.waits) return drawSend();
    if (!post(chat, draft, content)) return undefined;
    draft = { files: [] };
    kept.delete(chat);
    box.value = '';
    typedAt = 0;
    keep();
    uploads.show(draft.files);
    drawAbout();
    fit();
    self.onsent();
    box.focus();
    return undefined;
  }

  // Whether there was something to say.
  function post(where, { replying, files }, content) {
    const attachments = files.flatMap(({ done }) => done ?? []);
    if (!content && !attachments.length) return false;
    outbox.add(where, content, { attachments, reply_to: replying ? { id: replying.id } : null });
    return true;
  }

  // One may have gone to another chat while the files of this one went up.
  function uploaded(files) {
    if (files === draft.files) {
      keep();
      if (!draft.waits) return;
      if (uploads.areUp(files) && !editing) submit();
      drawSend();
      return;
    }
    for (const [where, waiting] of kept) {
      if (waiting.files !== files || !waiting.waits || !uploads.areUp(files)) continue;
      post(where, waiting, drafts.get(where).trim());
      drafts.set(where, '');
      drafts.setMore(where, {});
      kept.delete(where);
    }
  }

  async function saveEdit(content) {
    const { id, content: before } = editing;
    const message = self.find(id);
    if (!content && !message?.attachments?.length) return refuse(t('composer.empty'));
    const where = chat;
    if (content === before) return stopEditing();
    // It is shown as it will be, and kept until the server has it.
    const mine = draft;
    mine.saving = editing;
    stopEditing();
    try {
      await actions.edit(where, message ?? { id }, content);
      mine.saving = null;
      if (chat === where) keep();
      else drafts.setMore(where, { ...drafts.more(where), editing: null });
    } catch (error) {
      mine.saving = null;
      if (chat !== where) return undefined;
      if (!editing) self.edit({ id, content: before }, content);
      refuse(words(error));
    }
    return undefined;
  }

  function stopEditing() {
    if (!editing) return;
    editing = null;
    box.value = drafts.get(chat);
    keep();
    drawAbout();
    fit();
  }

  function stopAll() {
    draft.replying = null;
    if (editing) stopEditing();
    else keep();
    drawAbout();
  }

  function refuse(text) {
    wrong.textContent = text;
  }

  // --- Keys. While an input method composes a word, they belong to it.
  box.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (names.key(event)) return;
    const { key, shiftKey, altKey } = event;
    const isWanted = hasKeyboard() ? !shiftKey && !altKey : event.ctrlKey || event.metaKey;
    if (key === 'Enter' && isWanted) {
      event.preventDefault();
      submit();
    } else if (key === 'ArrowUp' && !box.value && !shiftKey) {
      const last = self.lastMine?.();
      if (last) { event.preventDefault(); self.edit(last); }
    } else if (key === 'Escape' && (editing || draft.replying)) {
      event.preventDefault();
      event.stopPropagation();
      stopAll();
    }
  });
  box.addEventListener('input', () => {
    keep();
    fit();
    wrong.textContent = '';
    typed(box.value.trim() !== '');
    names.suggest();
  });

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

  function drawSend() {
    send.classList.toggle('waits', Boolean(draft.waits));
  }

  function drawAbout() {
    const target = editing ?? draft.replying;
    about.hidden = !target;
    if (!target) return about.replaceChildren();
    const head = editing ? t('editing') : t('replying', { name: nameOf(target.sender) });
    return about.replaceChildren(icon(editing ? 'post' : 'reply', 18),
      el('span', { className: 'grow' }, el('b', { className: 'clip', textContent: head }), el('span', { className: 'clip soft', dir: 'auto', textContent: gist(target, store.get().me) })),
      iconButton('close', t('cancel'), () => { stopAll(); box.focus(); }));
  }

  function insertEmoji(anchor) {
    needed(() => import('./emoji.js'), ({ pickEmoji }) => pickEmoji(anchor, [], (emoji) => {
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
    refuse(uploads.add(draft.files, chosen).join('\n'));
    if (hasKeyboard()) box.focus();
  }

  window.addEventListener('pagehide', keep);
  return self;
}
