// One chat: its header, what was said, and the way through it. Only what is near
// the view is in the page, however long the chat.
import { createNear } from './attachment.js';
import { avatar, el, icon, iconButton, nameOf } from './dom.js';
import { createHistory } from './history.js';
import { shortly, t } from './i18n.js';
import { createRow } from './message.js';
import { goTo } from './place.js';
import { isCounted, isOnline, moved, otherMember, othersInCall, rows } from './state.js';
import { createTools } from './tools.js';

const WINDOW = 160; // messages in the page
const STEP = 60; // by which the window moves
const NEAR = 900; // px from an end of the window at which it moves
const MOMENT = 60; // ms in which what happens is asked for together
const AT_THE_END = 48; // px that still count as reading the newest

export function createConversation(store, api, { actions, composer, bytes }) {
  let chat = null; // the id of the one shown
  let view = { from: 0, to: 0 };
  let drawn = {};
  let follow = true; // the newest stays in view
  let wanted = null; // the message that is to be shown once its chat is there
  let waiting = null; // to ask who came and went
  let arriving = false; // until the place to begin reading is found, nothing counts as read
  const nodes = new Map();

  const title = el('h2', { className: 'clip', dir: 'auto', tabIndex: -1 });
  const status = el('p', { className: 'soft clip', 'aria-live': 'off' });
  const face = el('span', {});
  const open = el('button', { type: 'button', className: 'about grow', onclick: () => actions.about(chat) }, face, el('span', { className: 'grow' }, title, status));
  const callButtons = el('span', { className: 'row calls' }, iconButton('phone', t('call.audio'), () => actions.call(chat, false)), iconButton('video', t('call.video'), () => actions.call(chat, true)));
  const bell = iconButton('bell', t('notify.chat'), () => actions.mutes(chat, bell), { className: 'icon find' });
  const header = el('header', {}, iconButton('back', t('back'), () => { goTo(''); }, { className: 'icon back-button' }), open, callButtons,
    bell, iconButton('search', t('search.chat'), () => actions.search(chat), { className: 'icon find' }), iconButton('info', t('about'), () => actions.about(chat)));
  const offline = el('p', { className: 'link-state', role: 'status' });
  const band = el('div', { className: 'band', role: 'status' });
  const log = el('div', { className: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': t('messages') });
  const typing = el('p', { className: 'typing soft', 'aria-live': 'off' });
  const scroll = el('div', { className: 'scroll', tabIndex: 0, role: 'region', 'aria-label': t('messages') }, log, typing);
  const present = el('button', { type: 'button', className: 'present', hidden: true, onclick: toPresent });
  const unread = el('button', { type: 'button', className: 'present above', hidden: true, onclick: toUnread });
  const node = el('section', { className: 'conversation', hidden: true, 'aria-label': t('conversation') }, header, offline, band, el('div', { className: 'stage' }, unread, scroll, present), composer.node);

  const context = {
    get me() { return store.get().me; },
    direct: () => current()?.chat_type === 'dm',
    names: () => inside().names,
    userName: (id) => (id === store.get().me.id ? t('you') : nameOf(inside().byId.get(id))),
    find: (id) => logOf().messages.find((message) => message.id === id),
    fetch: (id) => api.message(id),
    bytes,
    near: createNear(scroll),
    actions: { ...actions, jump, again },
  };
  const current = () => store.get().chats[chat];
  // Who is in the chat, sorted once for all its messages: there may be thousands.
  let sorted = {};
  function inside() {
    const { members = [] } = current() ?? {};
    if (sorted.members !== members) sorted = { members, names: new Set(members.map(({ username }) => username.toLowerCase())), byId: new Map(members.map((member) => [member.id, member])) };
    return sorted;
  }
  const logOf = () => store.get().logs[chat] ?? { messages: [], loaded: false };
  const history = createHistory(store, api, { refused: actions.refused });

  const tools = createTools(log, { me: () => store.get().me.id, find: context.find, composer, actions });

  scroll.addEventListener('keydown', (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.target.closest('button, pre, a, audio, video')) return;
    const all = [...log.querySelectorAll('.message')];
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? all.at(-1) : all[at + step];
    event.preventDefault();
    if (!next && step > 0) return composer.focus();
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: 'nearest' });
  });

  // --- Drawing.
  store.subscribe(draw);
  function draw(state) {
    const moves = state.open !== chat;
    node.hidden = state.open === null || !state.chats[state.open]; // first: what is hidden takes no focus
    if (moves) enter(state);
    if (node.hidden) return;
    drawHeader(state);
    drawOffline(state);
    const { me, unsent, logs, lines, reads, day } = state;
    const inputs = { log: logs[chat], lines: lines[chat], unsent, reads: reads[chat], me, day, members: current().members };
    if (moves || Object.keys(inputs).some((key) => inputs[key] !== drawn[key])) {
      const before = drawn.log;
      drawn = inputs;
      fit(before, logs[chat]);
      drawRows();
    }
    drawTyping(state);
  }

  function enter(state) {
    history.stop();
    wanted = null;
    composer.leave(chat);
    chat = state.open;
    follow = true;
    drawn = {};
    view = { from: 0, to: 0 };
    nodes.clear();
    log.replaceChildren();
    if (chat === null) return;
    composer.enter(chat);
    begin();
  }
  async function begin() {
    arriving = true;
    happened(chat);
    if (await history.load(chat, 'newest')) toFirstUnread();
  }
  // Who came, went and renamed it, as the server has it: asked for once for all that comes in a moment.
  function happened(id) {
    if (id !== chat) return;
    waiting ??= setTimeout(async () => {
      waiting = null;
      if (current()?.chat_type !== 'group') return;
      const asked = chat;
      const found = await api.log(asked).catch(() => null); // the next time
      if (found) store.tell({ type: 'happened', chat: asked, lines: found.results });
    }, MOMENT);
  }
  // What did not come is asked for again.
  function again() {
    happened(chat);
    if (chat !== null && !history.again(chat) && !logOf().loaded) begin();
  }

  function drawHeader(state) {
    const shown = current();
    const other = shown.chat_type === 'dm' ? otherMember(shown, state.me) : null;
    const online = other && other.id !== state.me.id && isOnline(state, other.id);
    const call = state.calls[chat]?.users.includes(state.me.id) ? 0 : othersInCall(state, chat).length;
    const { last_seen } = state.presence[other?.id] ?? {};
    const isMuted = !isCounted(shown);
    const key = [shown.title, (other ?? shown).avatar_url, online, last_seen, shown.members?.length, call, state.link, isMuted, state.day].join('\n');
    if (drawn.header === key && drawn.headerOf === chat) return;
    Object.assign(drawn, { header: key, headerOf: chat });
    title.textContent = shown.title;
    status.textContent = other ? (online ? t('online') : last_seen ? t('seen', { time: shortly(new Date(last_seen)) }) : `@${other.username}`) : t('members', { n: shown.members?.length ?? 0 });
    face.replaceChildren(avatar(other ?? shown, { group: !other, online }));
    callButtons.hidden = bell.hidden = other?.id === state.me.id;
    bell.replaceChildren(icon(isMuted ? 'mute' : 'bell'));
    band.replaceChildren(...(call ? [el('span', { textContent: t('call.running', { n: call }) }), el('button', { type: 'button', className: 'primary', textContent: t('call.join'), onclick: () => actions.call(chat, false) })] : []));
  }

  function drawOffline({ link }) {
    const text = link === 'lost' ? t('link.lost') : '';
    if (offline.textContent !== text) offline.textContent = text;
  }

  // Where the window is, after the log has changed.
  function fit(before, after) {
    const total = after?.messages.length ?? 0;
    if (follow || !before) view = { from: Math.max(0, total - WINDOW), to: total };
    else {
      const shift = earlierBy(before.messages, after?.messages ?? []);
      view = moved({ from: view.from + shift }, total, 0, Math.max(view.to - view.from, Math.min(WINDOW, total)));
    }
  }
  function earlierBy(before, after) {
    const first = before[0]?.id;
    const index = after.findIndex((message) => message.id >= first);
    return index > 0 ? index : 0;
  }

  function drawRows() {
    const state = store.get();
    const shown = logOf();
    const anchor = follow ? null : firstVisible();
    const top = anchor?.getBoundingClientRect().top;
    reconcile(rows(state, chat, view.from, view.to));
    if (follow) toEnd();
    else if (anchor?.isConnected) scroll.scrollTop += anchor.getBoundingClientRect().top - top;
    if (shown.loaded) log.removeAttribute('aria-busy');
    else log.setAttribute('aria-busy', 'true');
    drawPills();
  }

  // Touches only what changed: who listens to the log hears new messages, not
  // the whole of it again.
  function reconcile(list) {
    const wanted = new Set(list.map((row) => row.key));
    let heir = null; // takes the focus of what is taken away
    for (const child of [...log.children]) {
      if (wanted.has(child.key)) continue;
      if (child.contains(document.activeElement)) heir = child.nextElementSibling ?? child.previousElementSibling;
      else if (heir === child) heir = child.nextElementSibling;
      nodes.delete(child.key);
      child.remove();
    }
    let place = log.firstChild;
    for (const row of list) {
      const known = nodes.get(row.key);
      let made = known;
      if (!known || !same(known.row, row)) {
        made = Object.assign(createRow(row, context), { key: row.key, row });
        nodes.set(row.key, made);
        if (known) {
          if (place === known) place = made;
          replace(known, made);
        }
      }
      if (made === place) place = place.nextSibling;
      else log.insertBefore(made, place);
    }
    if (heir) (heir.isConnected && heir.matches('.message') ? heir : [...log.querySelectorAll('.message')].at(-1) ?? title).focus({ preventScroll: true });
  }
  // Whoever is at a reaction of it, or at its tools, stays there.
  function replace(known, made) {
    const focus = known.contains(document.activeElement) ? document.activeElement : null;
    if (known.contains(tools.node)) made.querySelector('.bubble')?.append(tools.node);
    known.replaceWith(made);
    if (!focus) return;
    const { emoji } = focus.dataset;
    const chip = emoji && [...made.querySelectorAll('.chip')].find((each) => each.dataset.emoji === emoji);
    (tools.node.contains(focus) ? focus : chip || made).focus({ preventScroll: true });
  }
  const same = (a, b) => a.message === b.message && a.item === b.item && a.grouped === b.grouped && a.readers === b.readers && a.at === b.at && a.on === b.on && a.note === b.note;

  function firstVisible() {
    const edge = scroll.getBoundingClientRect().top;
    return [...log.children].find((child) => child.key?.startsWith('m') && child.getBoundingClientRect().bottom > edge);
  }

  function drawTyping(state) {
    const who = (state.typing[chat] ?? []).filter((id) => id !== state.me.id).map(context.userName);
    const text = who.length ? t('typing', { n: who.length, names: who.slice(0, 3).join(', ') }) : '';
    if (typing.textContent !== text) typing.textContent = text;
  }

  // --- Moving about.
  const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < AT_THE_END;
  const isWhole = () => chat !== null && view.from === 0 && logOf().loaded && !logOf().hasEarlier && wholeEnd();
  const wholeEnd = () => view.to === logOf().messages.length && !logOf().hasLater;
  function toEnd() {
    scroll.scrollTop = scroll.scrollHeight;
  }

  let quiet = false;
  scroll.addEventListener('scroll', () => {
    if (chat === null || !logOf().loaded) return;
    follow = wholeEnd() && atEnd();
    if (follow) seen();
    if (!quiet) {
      quiet = true;
      requestAnimationFrame(() => { quiet = false; slide(); drawPills(); });
    }
  }, { passive: true });
  // What is below may grow (a keyboard opens, a picture arrives): who reads the
  // newest goes on doing so.
  new ResizeObserver(() => follow && chat !== null && toEnd()).observe(scroll);
  new ResizeObserver(() => follow && chat !== null && toEnd()).observe(log);

  function slide() {
    const { messages, hasEarlier, hasLater } = logOf();
    const above = scroll.scrollTop;
    const below = scroll.scrollHeight - above - scroll.clientHeight;
    if (above < NEAR && view.from > 0) shift(-STEP);
    else if (above < NEAR && hasEarlier) load('earlier');
    else if (below < NEAR && view.to < messages.length) shift(STEP);
    else if (below < NEAR && hasLater) load('later');
  }
  function shift(step) {
    view = moved(view, logOf().messages.length, step, WINDOW);
    follow = false;
    drawRows();
  }

  async function load(part, around) {
    const id = chat;
    const came = await history.load(id, part, around);
    if (came && part === 'earlier' && chat === id) shift(-STEP);
    return came;
  }
  async function jump(id) {
    if (!context.find(id)) {
      follow = false;
      if (!(await load('around', id))) return undefined;
    }
    const index = logOf().messages.findIndex((message) => message.id === id);
    if (index < 0) return actions.say(t('message.gone'));
    follow = false;
    view = moved({ from: index - WINDOW / 2 }, logOf().messages.length, 0, WINDOW);
    drawRows();
    const target = nodes.get(`m${id}`);
    target.scrollIntoView({ block: 'center' });
    target.classList.add('found');
    setTimeout(() => target.classList.remove('found'), 1600);
    target.focus({ preventScroll: true });
    return undefined;
  }

  function show(id) {
    wanted = arriving || !logOf().loaded ? id : null;
    if (wanted === null) jump(id);
  }

  async function toPresent() {
    follow = true;
    if (logOf().hasLater) await load('newest');
    view = moved({ from: Infinity }, logOf().messages.length, 0, WINDOW);
    drawRows();
    seen();
  }

  // Unread may begin before the page that came: its first is then looked for.
  async function toUnread() {
    const { me } = store.get();
    const isRead = (message) => message.sender.id === me.id || message.read_by?.includes(me.id);
    for (let turn = 0; turn < 40 && logOf().hasEarlier && !isRead(logOf().messages[0] ?? {}); turn += 1) if (!(await load('earlier'))) return;
    const first = logOf().messages.find((message) => !isRead(message));
    if (first) {
      store.tell({ type: 'unreadFrom', chat, id: first.id });
      await jump(first.id);
    }
    unread.hidden = true;
  }

  function toFirstUnread() {
    arriving = false;
    if (chat === null) return;
    if (wanted !== null) return void show(wanted);
    const { unreadFrom, hasEarlier, messages } = logOf();
    const count = current()?.unread_count ?? 0;
    const line = nodes.get('unread');
    unread.hidden = !(count && hasEarlier && messages[0]?.id === unreadFrom);
    unread.textContent = `↑ ${t('unread.count', { n: count })}`;
    if (line && line.offsetTop < scroll.scrollHeight - scroll.clientHeight) {
      follow = false;
      line.scrollIntoView({ block: 'start' });
      scroll.scrollTop -= 24;
    }
    follow = wholeEnd() && atEnd();
    if (follow) seen();
    drawPills();
  }

  function drawPills() {
    const away = !follow && logOf().loaded && !(wholeEnd() && scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 300);
    const count = current()?.unread_count ?? 0;
    const label = count ? t('present.unread', { n: count }) : t('present');
    if (present.hidden === away) present.hidden = !away;
    if (present.title !== label) {
      present.title = label;
      present.textContent = `↓ ${label}`;
    }
  }

  // --- Reading.
  function seen() {
    const last = logOf().messages.at(-1);
    if (!last || arriving || document.hidden || !document.hasFocus()) return;
    if ((current()?.unread_count ?? 0) > 0) actions.read(chat, last.id);
  }
  window.addEventListener('focus', () => chat !== null && follow && seen());
  document.addEventListener('visibilitychange', () => chat !== null && follow && seen());
  store.subscribe(() => chat !== null && follow && logOf().loaded && seen());

  composer.onsent = () => {
    store.tell({ type: 'unreadFrom', chat, id: null });
    toPresent();
  };
  composer.find = context.find;

  draw(store.get());
  return {
    isWhole, // all of the chat is in the page
    node,
    focus: () => title.focus({ preventScroll: true }),
    show,
    again,
    happened,
    lastMine: () => logOf().messages.findLast(({ sender, kind }) => sender.id === store.get().me.id && kind !== 'call'),
  };
}
