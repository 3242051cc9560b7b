// What mentions me and answers me, in all chats, newest first; what of it is unread has a mark.
import { createNear } from './attachment.js';
import { dialog, el, skeleton, whyMissing } from './dom.js';
import { t } from './i18n.js';
import { hitLine } from './search.js';

// Where a text names somebody, or everybody, as the server counts characters.
export function called(text, username) {
  const name = username.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const names = text.matchAll(new RegExp(`@(?:${name}|all)(?![\\p{L}\\p{N}_])`, 'giu'));
  const length = (part) => [...part].length;
  return [...names].map(({ 0: found, index }) => [length(text.slice(0, index)), length(text.slice(0, index)) + length(found)]);
}

export function openMentions({ api, store, actions }) {
  const list = el('ul', { className: 'list', 'aria-label': t('mentions') }, skeleton(4));
  const note = el('p', { className: 'soft', role: 'status' });
  const box = dialog(t('mentions'), [el('div', { className: 'stack' }, note, list)], { drawer: true, closed: () => forget() });
  const near = createNear(box.querySelector('.body'));
  let asked; // what was asked for last: an older answer is void

  async function show(cursor) {
    const mine = asked = {};
    let page;
    try {
      page = await api.mentions(cursor);
    } catch (error) {
      if (mine !== asked) return;
      if (!cursor) list.replaceChildren();
      note.replaceChildren(...whyMissing(error, () => show(cursor)));
      return;
    }
    if (mine !== asked) return;
    const lines = page.results.map(line);
    if (cursor) list.append(...lines);
    else list.replaceChildren(...lines);
    note.textContent = list.children.length ? '' : t('mentions.none');
    if (page.next && lines.length) near(lines.at(-1), () => show(page.next));
  }

  function line(hit) {
    const state = store.get();
    const highlights = hit.highlights.length ? hit.highlights : called(hit.snippet, state.me.username);
    const node = hitLine({ ...hit, highlights }, state, { isWhole: false, open: () => { box.close(); actions.place(hit.chat.id, hit.message.id); } });
    const isUnread = !hit.message.read_by?.includes(state.me.id);
    if (isUnread) {
      node.classList.add('new');
      node.querySelector('.top').append(el('span', { className: 'unread-dot', role: 'img', 'aria-label': t('unread'), title: t('unread') }));
    }
    return node;
  }

  list.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
    if (!step) return;
    event.preventDefault();
    event.target.closest('li')[step]?.querySelector('button').focus();
  });

  // One that comes while one looks is there at once, unless one is further down or at one of them.
  const counts = ({ chats }) => Object.values(chats).map(({ id, mention_count: n }) => `${id}:${n ?? 0}`).join();
  let counted = counts(store.get());
  const forget = store.subscribe((state) => {
    if (counted === (counted = counts(state)) || list.contains(document.activeElement) || box.querySelector('.body').scrollTop) return;
    show(null);
  });
  show(null);
}
