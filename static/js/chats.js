// The list of chats, and finding people to talk to.
import { avatar, el, icon, iconButton, nameOf, person, skeleton } from './dom.js';
import { number, shortly, t } from './i18n.js';
import { plainly } from './markup.js';
import { otherMember, othersInCall, sortedChats } from './state.js';

export function createChats(store, api, { actions }) {
  const search = el('input', { type: 'search', placeholder: t('search.placeholder'), 'aria-label': t('search.placeholder'), autocomplete: 'off', spellcheck: false });
  const list = el('ul', { className: 'list', 'aria-label': t('chats') });
  const found = el('ul', { className: 'list' });
  const foundTitle = el('h2', { className: 'quiet-title', textContent: t('people'), hidden: true });
  const empty = el('div', { className: 'notice', hidden: true });
  const notice = el('p', { className: 'link-state', role: 'status' });
  const self = el('button', { type: 'button', className: 'me', onclick: () => actions.settings() });
  const node = el('nav', { className: 'chats', 'aria-label': t('chats') },
    el('h1', { className: 'unseen', textContent: t('chats') }), el('header', {}, self, iconButton('people', t('people.posts'), () => actions.people()),
      iconButton('plus', t('new'), () => actions.start('chat'))),
    el('div', { className: 'search' }, icon('search', 18), search),
    notice,
    el('div', { className: 'lists' }, list, empty, foundTitle, found));
  const rows = new Map();
  let drawn = {};

  store.subscribe(draw);
  function draw(state) {
    drawMe(state);
    drawLink(state);
    const inputs = { chats: state.chats, listed: state.listed, open: state.open, presence: state.presence, calls: state.calls, typing: state.typing, unsent: state.unsent, drafts: state.drafts };
    if (Object.keys(inputs).every((key) => inputs[key] === drawn[key])) return;
    drawn = inputs;
    drawList(state);
  }

  function drawMe({ me }) {
    if (drawn.me === me) return;
    drawn.me = me;
    self.title = t('settings');
    self.replaceChildren(avatar(me, { size: '2.25rem' }), el('b', { className: 'clip', textContent: nameOf(me) }), el('span', { className: 'unseen', textContent: t('settings') }));
  }

  function drawLink({ link }) {
    const text = link === 'lost' ? t('link.lost') : '';
    if (notice.textContent !== text) notice.textContent = text;
  }

  function drawList(state) {
    if (!state.listed) return list.replaceChildren(...skeleton(7).map((bar) => el('li', { className: 'ghost' }, el('span', { className: 'skeleton round' }), bar)));
    const wish = search.value.trim().toLocaleLowerCase();
    const shown = sortedChats(state).filter((chat) => !wish || matches(chat, wish));
    const wanted = shown.map((chat) => row(chat, state));
    // Only what has moved is touched, so that focus and scrolling stay.
    wanted.forEach((item, index) => list.children[index] !== item && list.insertBefore(item, list.children[index] ?? null));
    while (list.children.length > wanted.length) list.lastChild.remove();
    for (const id of rows.keys()) if (!state.chats[id]) rows.delete(id);
    empty.hidden = shown.length > 0 || Boolean(wish && found.children.length);
    if (!empty.hidden) {
      empty.replaceChildren(...(wish ? [el('p', { textContent: t('search.nothing') })] : [
        el('p', { textContent: t('chats.none') }),
        el('button', { type: 'button', className: 'primary', textContent: t('new'), onclick: () => actions.start('chat') }),
        el('button', { type: 'button', textContent: t('browse'), onclick: () => actions.start('browse') })]));
    }
    return undefined;
  }

  const matches = (chat, wish) => [chat.title, ...(chat.members ?? []).flatMap((member) => [member.username, member.display_name])]
    .some((text) => text?.toLocaleLowerCase().includes(wish));

  function row(chat, state) {
    const other = chat.chat_type === 'dm' ? otherMember(chat, state.me) : null;
    const online = other && other.id !== state.me.id && state.presence[other.id]?.online;
    const writes = (state.typing[chat.id] ?? []).some((id) => id !== state.me.id);
    const current = state.open === chat.id;
    const calling = othersInCall(state, chat.id).length;
    const failed = state.unsent.some((item) => item.chat === chat.id && item.error);
    const draft = current ? '' : (state.drafts[chat.id] ?? '').slice(0, 160);
    const key = [draft, chat.title, other?.avatar_url, online, writes, calling, current, failed, chat.unread_count, chat.last_message?.id, chat.last_message?.content].join('\n');
    const known = rows.get(chat.id);
    if (known?.key === key) return known.node;
    const item = known?.node ?? el('li', {});
    const link = item.firstChild ?? el('a', { href: `#chat-${chat.id}`, className: 'chat' });
    fill(link, { chat, other, online, writes, calling, failed, draft, me: state.me });
    if (current) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    if (!item.firstChild) item.append(link);
    rows.set(chat.id, { key, node: item });
    return item;
  }

  function fill(link, { chat, other, online, writes, calling, failed, draft, me }) {
    const last = chat.last_message;
    const count = chat.unread_count ?? 0;
    const words = last?.content || `📎 ${last?.attachments?.[0]?.name ?? t('a.file')}`;
    const by = last && (last.sender.id === me.id ? `${t('you')}: ` : chat.chat_type === 'group' ? `${nameOf(last.sender)}: ` : '');
    link.replaceChildren(avatar(other ?? chat, { group: !other, online }),
      el('span', { className: 'grow' },
        el('span', { className: 'top' }, el('b', { className: 'clip', dir: 'auto', textContent: chat.title }), last && el('time', { dateTime: last.created_at, textContent: shortly(new Date(last.created_at)) })),
        el('span', { className: 'top' },
          el('span', { className: writes ? 'clip preview writes' : 'clip preview', dir: 'auto' }, !writes && draft && el('b', { className: 'refused', textContent: `${t('draft')} ` }), writes ? t('typing.short') : draft ? draft.replace(/\s+/g, ' ') : last ? `${by}${plainly(words)}` : t('nothing.said')),
          calling > 0 && el('span', { className: 'calling', role: 'img', 'aria-label': t('call.running', { n: calling }), title: t('call.running', { n: calling }) }, icon('phone', 16)),
          failed && el('span', { className: 'refused', role: 'img', 'aria-label': t('message.failed') }, icon('warn', 16)),
          count > 0 && el('span', { className: 'badge' }, el('span', { 'aria-hidden': 'true', textContent: count > 999 ? '999+' : number(count) }), el('span', { className: 'unseen', textContent: t('unread.count', { n: count }) })))));
  }

  let timer;
  search.addEventListener('input', () => {
    drawList(store.get());
    clearTimeout(timer);
    timer = setTimeout(findPeople, 200);
  });
  search.addEventListener('keydown', ({ key }) => {
    if (key === 'ArrowDown') node.querySelector('.lists a, .lists button')?.focus();
    if (key === 'Enter') node.querySelector('.lists a, .lists button')?.click();
    if (key === 'Escape') clear();
  });
  async function findPeople() {
    const wish = search.value.trim();
    const people = wish ? await api.findUsers(wish).catch(() => []) : [];
    if (wish !== search.value.trim()) return;
    foundTitle.hidden = people.length === 0;
    found.replaceChildren(...people.map((user) => person(user, { onclick: async () => { clear(); await actions.talkTo(user.id); } })));
    drawList(store.get());
  }
  function clear() {
    search.value = '';
    findPeople();
  }
  node.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = [...node.querySelectorAll('.lists a, .lists button')];
    const at = all.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    (all[at + step] ?? (step < 0 ? search : all[at])).focus();
  });

  return { node, focusSearch: () => search.focus() };
}
