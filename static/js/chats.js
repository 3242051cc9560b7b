// The list of chats, and the box that finds chats, people and messages.
import { avatar, el, icon, iconButton, missing, nameOf, person, skeleton } from './dom.js';
import { number, shortly, t } from './i18n.js';
import { gist } from './markup.js';
import { isCounted, isOnline, mentionTotal, otherMember, othersInCall, sortedChats } from './state.js';

const FEW = 5; // people that are shown above messages

// Of a search without its filters: what names of chats and people may have in common with it.
const withoutFilters = (wish) => wish.replace(/(^|\s)-?(from|in|has|before|after):("[^"]*"?|\S*)/gi, ' ').replace(/["\s]+/g, ' ').trim();

export function createChats(store, api, { actions }) {
  const search = el('input', { type: 'search', placeholder: t('search.placeholder'), 'aria-label': t('search.placeholder'), autocomplete: 'off', spellcheck: false });
  const list = el('ul', { className: 'list', 'aria-label': t('chats') });
  const found = el('ul', { className: 'list' });
  const foundTitle = el('h2', { className: 'quiet-title', textContent: t('people'), hidden: true });
  const empty = el('div', { className: 'notice', hidden: true });
  const notice = el('p', { className: 'link-state', role: 'status' });
  const lists = el('div', { className: 'lists' }, list, empty, foundTitle, found);
  const self = el('button', { type: 'button', className: 'me', onclick: () => actions.settings() });
  const mentions = iconButton('at', t('mentions'), () => actions.mentions());
  const node = el('nav', { className: 'chats', 'aria-label': t('chats') },
    el('h1', { className: 'unseen', textContent: t('chats') }), el('header', {}, self, mentions, iconButton('people', t('people.posts'), () => actions.people()),
      iconButton('plus', t('new'), () => actions.start('chat'))),
    el('div', { className: 'search' }, icon('search', 18), search),
    notice,
    lists);
  const rows = new Map();
  let drawn = {};

  store.subscribe(draw);
  function draw(state) {
    drawMe(state);
    drawLink(state);
    const inputs = { chats: state.chats, listed: state.listed, open: state.open, presence: state.presence, calls: state.calls, typing: state.typing, unsent: state.unsent, drafts: state.drafts, link: state.link, day: state.day };
    if (Object.keys(inputs).every((key) => inputs[key] === drawn[key])) return;
    drawn = inputs;
    drawMentions(mentionTotal(state));
    drawList(state);
  }

  function drawMe({ me }) {
    if (drawn.me === me) return;
    drawn.me = me;
    self.title = t('settings');
    self.replaceChildren(avatar(me, { size: '2.25rem' }), el('b', { className: 'clip', textContent: nameOf(me) }), el('span', { className: 'unseen', textContent: t('settings') }));
  }

  function drawMentions(count) {
    if (Number(mentions.dataset.count ?? 0) === count) return;
    mentions.dataset.count = count;
    mentions.ariaLabel = mentions.title = count ? `${t('mentions')}: ${t('mentions.count', { n: count })}` : t('mentions');
    mentions.querySelector('.badge')?.remove();
    if (count) mentions.append(el('span', { className: 'badge', 'aria-hidden': 'true', textContent: count > 99 ? '99+' : number(count) }));
  }

  function drawLink({ link }) {
    const text = link === 'lost' ? t('link.lost') : '';
    if (notice.textContent !== text) notice.textContent = text;
  }

  function drawList(state) {
    if (!state.listed) return list.replaceChildren(...skeleton(7).map((bar) => el('li', { className: 'ghost' }, el('span', { className: 'skeleton round' }), bar)));
    const asked = search.value.trim();
    const wish = withoutFilters(asked).toLocaleLowerCase();
    const shown = sortedChats(state).filter((chat) => !asked || (wish && matches(chat, wish)));
    const wanted = shown.map((chat) => row(chat, state));
    // Only what has moved is touched, so that focus and scrolling stay.
    wanted.forEach((item, index) => list.children[index] !== item && list.insertBefore(item, list.children[index] ?? null));
    while (list.children.length > wanted.length) list.lastChild.remove();
    for (const id of rows.keys()) if (!state.chats[id]) rows.delete(id);
    empty.hidden = shown.length > 0 || Boolean(asked && (isFinding || hits || hits === null || found.children.length));
    if (!empty.hidden) {
      empty.replaceChildren(...(asked ? [hits === undefined ? missing(new TypeError(), find) : el('p', { textContent: t('search.nothing') })] : [
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
    const online = other && other.id !== state.me.id && isOnline(state, other.id);
    const writes = (state.typing[chat.id] ?? []).some((id) => id !== state.me.id);
    const current = state.open === chat.id;
    const calling = othersInCall(state, chat.id).length;
    const failed = state.unsent.some((item) => item.chat === chat.id && item.error);
    const draft = current ? '' : (state.drafts[chat.id] ?? '').slice(0, 160);
    const key = [state.day, draft, chat.title, (other ?? chat).avatar_url, online, writes, calling, current, failed, chat.unread_count, chat.mention_count, isCounted(chat), chat.last_message?.id, chat.last_message?.content].join('\n');
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
    const { unread_count: count = 0, mention_count: mentions = 0 } = chat;
    const isMuted = !isCounted(chat);
    link.classList.toggle('muted', isMuted);
    const by = last && (last.sender.id === me.id ? (last.kind === 'call' ? '' : `${t('you')}: `) : chat.chat_type === 'group' ? `${nameOf(last.sender)}: ` : '');
    link.replaceChildren(avatar(other ?? chat, { group: !other, online }),
      el('span', { className: 'grow' },
        el('span', { className: 'top' }, el('b', { className: 'clip', dir: 'auto', textContent: chat.title }), isMuted && el('span', { className: 'ticks', role: 'img', 'aria-label': t('muted'), title: t('muted') }, icon('mute', 15)), last && el('time', { dateTime: last.created_at, textContent: shortly(new Date(last.created_at)) })),
        el('span', { className: 'top' },
          el('span', { className: writes ? 'clip preview writes' : 'clip preview', dir: 'auto' }, !writes && draft && el('b', { className: 'refused', textContent: `${t('draft')} ` }), writes ? t('typing.short') : draft ? draft.replace(/\s+/g, ' ') : last ? `${by}${gist(last, me)}` : t('nothing.said')),
          calling > 0 && el('span', { className: 'calling', role: 'img', 'aria-label': t('call.running', { n: calling }), title: t('call.running', { n: calling }) }, icon('phone', 16)),
          failed && el('span', { className: 'refused', role: 'img', 'aria-label': t('message.failed') }, icon('warn', 16)),
          mentions > 0 && badge('badge at', mentions > 1 ? `@${number(mentions)}` : '@', t('mentions.count', { n: mentions })),
          count > 0 && badge('badge', count > 999 ? '999+' : number(count), t('unread.count', { n: count })))));
  }

  const badge = (className, textContent, said) => el('span', { className }, el('span', { 'aria-hidden': 'true', textContent }), el('span', { className: 'unseen', textContent: said }));

  // The menu of a chat where one presses, with the other button or long with a finger.
  list.addEventListener('contextmenu', (event) => {
    const link = event.target.closest('.chat');
    if (!link || event.shiftKey) return;
    event.preventDefault();
    const { clientX: x, clientY: y } = event;
    const at = { left: x, right: x, top: y, bottom: y };
    actions.mutes(Number(link.hash.slice('#chat-'.length)), { ariaLabel: t('notify.chat'), getBoundingClientRect: () => at, closest: (selector) => link.closest(selector), focus: () => link.focus({ preventScroll: true }) });
  });

  // --- Finding. What searches messages is loaded by whoever goes to the box.
  let timer;
  let searching = null;
  let isFinding = false; // until the answers to what is in the box are there
  let hits = 0; // messages that were found; null where that is not known, undefined where nothing could look for them
  const seek = () => searching ??= import('./search.js').then(({ createSearch }) => {
    const made = createSearch(store, api, { actions, input: search, typed: find });
    lists.prepend(made.before);
    lists.append(made.node);
    return made;
  }).catch(() => { searching = null; });
  search.addEventListener('focus', () => seek().then((made) => made?.find(search.value.trim())));
  search.addEventListener('input', () => {
    isFinding = true;
    drawList(store.get());
    clearTimeout(timer);
    timer = setTimeout(find, 200);
  });
  search.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      event.stopPropagation(); // among the lines, it would be a step further
      stops()[0]?.focus();
    }
    if (event.key === 'Enter') stops()[0]?.click();
    if (event.key === 'Escape') clear();
  });
  // What the arrows go through.
  const stops = () => [...lists.querySelectorAll('.chat, .person-open, .notice button')].filter((each) => each.checkVisibility());
  async function find() {
    clearTimeout(timer);
    const asked = search.value.trim();
    const wish = withoutFilters(asked);
    const isLatest = () => asked === search.value.trim();
    const [people, count] = await Promise.all([
      wish ? api.findUsers(wish).catch(() => []) : [],
      seek().then((made) => made?.find(asked)),
    ]);
    if (!isLatest()) return;
    [isFinding, hits] = [false, count];
    foundTitle.hidden = people.length === 0;
    found.replaceChildren(...people.slice(0, count ? FEW : people.length).map((user) => person(user, { onclick: async () => { clear(); await actions.talkTo(user.id); } })));
    drawList(store.get());
  }
  function clear() {
    search.value = '';
    find();
  }
  node.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = stops();
    const at = all.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    (all[at + step] ?? (step < 0 ? search : all[at])).focus();
  });

  return { node, focusSearch: () => search.focus() };
}
