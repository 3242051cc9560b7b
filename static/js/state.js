// What the client knows, and how it changes. Nothing here touches the page, the
// network or the clock, so it can be read, and tested, by itself.

export const nothing = {
  me: null,
  server: null,
  chats: {}, // by id
  listed: false, // whether the list of chats has come
  open: null, // the id of the chat on the screen
  logs: {}, // by chat: {messages (oldest first), hasEarlier, hasLater, unreadFrom}
  gone: [], // ids of what was deleted lately: a page that was on its way does not bring it back
  unsent: [], // what I said and the server has not confirmed, in every chat
  drafts: {}, // by chat: what is written and not sent, of those that are not open
  reads: {}, // by chat, by user: the last message read
  typing: {}, // by chat: ids of those who write
  presence: {}, // by user: {online, last_seen, at}
  lines: {}, // by chat: who came, went and renamed it, the oldest first
  calls: {}, // by chat: {users (ids of those in its call), at}
  day: null, // the day on which the page is read
  heard: 0, // how many times the socket told of presence or calls: what was asked for before is older
  seq: 0,
  link: 'connecting', // or 'live', 'lost'
};

const GONE = 200; // deletions that are remembered while pages are on their way
const emptyLog = { messages: [], hasEarlier: true, hasLater: false, unreadFrom: null, loaded: false, failed: false };

export function createStore(initial) {
  let state = initial;
  const listeners = new Set();
  return {
    get: () => state,
    tell(event) {
      const next = reduce(state, event);
      if (next === state) return;
      state = next;
      // A view that fails is heard of, and keeps nobody from hearing: what is being sent goes on.
      for (const listener of listeners) {
        try { listener(state); } catch (error) { queueMicrotask(() => { throw error; }); }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function reduce(state, event) {
  return on[event.type]?.(state, event) ?? state;
}

const on = {
  known: (state, { me, server }) => ({ ...state, me: me ?? state.me, server: server ?? state.server }),
  link: (state, { link }) => ({ ...state, link, typing: link === 'live' ? state.typing : {} }),

  // `asked` is what `heard` was when they were asked for. Where they are not all, the others stay.
  chats: (state, { chats, asked = state.heard, areAll = true }) => ({ ...noted(state, chats, asked), listed: true, chats: { ...(areAll ? {} : state.chats), ...Object.fromEntries(chats.map((chat) => [chat.id, chat])) } }),
  chat: (state, { chat, asked = state.heard }) => ({ ...noted(state, [chat], asked), chats: { ...state.chats, [chat.id]: { ...state.chats[chat.id], ...chat } } }),
  gone(state, { chat }) {
    const without = ({ [chat]: _, ...rest }) => rest;
    const unsent = state.unsent.filter((item) => item.chat !== chat);
    return { ...state, unsent, chats: without(state.chats), logs: without(state.logs), open: state.open === chat ? null : state.open };
  },
  opened(state, { chat }) {
    const logs = { ...state.logs };
    if (state.open && logs[state.open]) logs[state.open] = { ...logs[state.open], unreadFrom: null };
    return { ...state, open: chat, logs };
  },

  // A page of history: the newest (also ahead of anybody's wish), an earlier or a later one, or one around a place.
  // `asked` is what was known when it was asked for: what was told since is newer than the page.
  history(state, { chat, messages, part, more, asked = state.logs[chat]?.messages ?? [] }) {
    const log = state.logs[chat] ?? emptyLog;
    const sorted = messages.filter(({ id }) => !state.gone.includes(id)).sort((a, b) => a.id - b.id);
    const told = log.messages.filter((message) => !asked.includes(message) && message.id >= (sorted[0]?.id ?? 0));
    let next;
    if (part === 'ahead' && log.loaded) return state; // nobody waits for it
    if (part === 'ahead') next = { ...emptyLog, messages: sorted, hasEarlier: more };
    if (part === 'newest') next = { ...emptyLog, messages: join(sorted, told), hasEarlier: more, unreadFrom: log.unreadFrom };
    if (part === 'around') next = { ...emptyLog, messages: sorted, hasEarlier: true, hasLater: true };
    if (part === 'earlier') next = { ...log, messages: join(sorted, log.messages), hasEarlier: more };
    if (part === 'later') next = { ...log, messages: join(log.messages, sorted), hasLater: more };
    if (part === 'newest' && state.chats[chat]?.unread_count) next.unreadFrom ??= firstUnread(next.messages, state.me.id);
    return withLog(state, chat, { ...next, loaded: true, failed: false });
  },
  // Whether the page that was asked for last has failed to come.
  failed: (state, { chat, failed }) => (Boolean(state.logs[chat]?.failed) === failed ? state : withLog(state, chat, { ...emptyLog, ...state.logs[chat], failed })),
  unreadFrom: (state, { chat, id }) => (state.logs[chat] ? withLog(state, chat, { ...state.logs[chat], unreadFrom: id }) : state),

  new_message: (state, { message, chat = message.chat, seq, client_id }) => heard(state, chat, client_id ? { ...message, client_id } : message, seq, true),
  message_updated: (state, { message, chat = message.chat, seq }) => heard(state, chat, message, seq, false),
  message_deleted(state, { message_id: id, chat, seq }) {
    let next = { ...state, seq: Math.max(state.seq, seq ?? 0), gone: [...state.gone, id].slice(-GONE) };
    const log = state.logs[chat];
    if (log) next = withLog(next, chat, without(log, id));
    return next;
  },
  reaction_updated(state, { message_id: id, reactions, chat, seq }) {
    const next = { ...state, seq: Math.max(state.seq, seq ?? 0) };
    const message = state.logs[chat]?.messages.find((each) => each.id === id);
    return message ? withLog(next, chat, withMessage(state.logs[chat], { ...message, reactions })) : next;
  },
  typing(state, { chat, user_id: user, is_typing }) {
    const others = (state.typing[chat] ?? []).filter((each) => each !== user);
    return { ...state, typing: { ...state.typing, [chat]: is_typing ? [...others, user] : others } };
  },
  presence(state, { user_id, online, last_seen }) {
    const at = state.heard + 1;
    return { ...state, heard: at, presence: { ...state.presence, [user_id]: { online, last_seen, at } } };
  },
  read(state, { chat, user_id: user, message_id: id }) {
    const known = state.reads[chat] ?? {};
    let next = { ...state, reads: { ...state.reads, [chat]: { ...known, [user]: Math.max(known[user] ?? 0, id ?? 0) } } };
    const mine = state.chats[chat];
    if (user === state.me?.id && mine && (mine.last_message?.id ?? 0) <= id) next = withChat(next, chat, { unread_count: 0, mention_count: 0 });
    return next;
  },
  call(state, { chat, participants }) {
    const at = state.heard + 1;
    return { ...state, heard: at, calls: { ...state.calls, [chat]: { users: participants, at } } };
  },

  // Mutes that are over.
  unmuted(state, { now }) {
    const over = Object.values(state.chats).filter(({ notify }) => Date.parse(notify?.muted_until) <= now);
    return over.reduce((next, { id, notify }) => withChat(next, id, { notify: { ...notify, muted_until: null } }), state);
  },

  day: (state, { day }) => (state.day === day ? state : { ...state, day }),

  // Nobody was in it before.
  call_started: (state, { chat, user_id }) => on.call(state, { chat, participants: [user_id] }),

  happened: (state, { chat, lines }) => ({ ...state, lines: { ...state.lines, [chat]: lines } }),

  draft: (state, { chat, text }) => ((state.drafts[chat] ?? '') === text ? state : { ...state, drafts: { ...state.drafts, [chat]: text } }),
  queued: (state, { item }) => (state.unsent.some((each) => each.client_id === item.client_id) ? state : { ...state, unsent: [...state.unsent, item] }),
  refused: (state, { client_id, error }) => ({ ...state, unsent: state.unsent.map((item) => (item.client_id === client_id ? { ...item, error } : item)) }),
  dropped: (state, { client_id }) => ({ ...state, unsent: state.unsent.filter((item) => item.client_id !== client_id) }),
  sent(state, { client_id, message, chat }) {
    return heard(on.dropped(state, { client_id }), chat, message, 0, true);
  },
};

// Who is there and in which call, as chats tell it. What the socket has told since they
// were asked for is newer.
function noted(state, chats, asked) {
  const presence = { ...state.presence };
  const calls = { ...state.calls };
  const isOlder = (known) => !known?.at || known.at <= asked;
  for (const { id: chat, members = [], call } of chats) {
    if (call && isOlder(calls[chat])) calls[chat] = { users: call, at: 0 };
    for (const { id, online } of members) {
      if (online !== undefined && isOlder(presence[id])) presence[id] = { ...presence[id], online, at: 0 };
    }
  }
  return { ...state, presence, calls };
}

// Whether somebody is there: without a line, nobody knows.
export const isOnline = ({ link, presence }, user) => link !== 'lost' && Boolean(presence[user]?.online);

// The others in a chat's call.
export const othersInCall = ({ calls, me }, chat) => (calls[chat]?.users ?? []).filter((user) => user !== me?.id);

const RUNG = 20; // members of a group in which a call rings; in larger ones it is only seen
export const isRung = (chat) => chat?.chat_type === 'dm' || (chat?.member_count ?? chat?.members?.length) <= RUNG;

function heard(state, chat, message, seq, isNew) {
  let next = { ...state, seq: Math.max(state.seq, seq ?? 0) };
  const known = state.chats[chat];
  if (known) {
    const last = known.last_message;
    const isLast = !last || message.id >= last.id;
    const counts = isNew && (!last || message.id > last.id) && message.sender.id !== state.me.id;
    const unread_count = (known.unread_count ?? 0) + (counts ? 1 : 0);
    const mention_count = (known.mention_count ?? 0) + (counts && addresses(state, chat, message) ? 1 : 0);
    if (isLast) next = withChat(next, chat, { last_message: message, unread_count, mention_count });
  }
  const writes = isNew && (state.typing[chat] ?? []).includes(message.sender.id);
  if (writes) next = on.typing(next, { chat, user_id: message.sender.id, is_typing: false });
  const log = state.logs[chat] ?? emptyLog;
  if (!log.loaded) return isNew && state.open === chat ? withLog(next, chat, withMessage(log, message)) : next;
  const { messages } = log;
  const here = messages.some((each) => each.id === message.id);
  const inside = messages.length && message.id > messages[0].id && message.id < messages.at(-1).id;
  const after = !messages.length || message.id > messages.at(-1).id;
  if (here || inside || (after && !log.hasLater) || (!log.hasEarlier && !after)) next = withLog(next, chat, withMessage(log, message));
  return next;
}

function withLog(state, chat, log) {
  return { ...state, logs: { ...state.logs, [chat]: log } };
}
function withChat(state, chat, change) {
  return { ...state, chats: { ...state.chats, [chat]: { ...state.chats[chat], ...change } } };
}

// A message is put where its id belongs; one that is there already is replaced.
export function withMessage(log, message) {
  const messages = [...log.messages];
  let place = messages.length;
  while (place > 0 && messages[place - 1].id >= message.id) place -= 1;
  messages.splice(place, messages[place]?.id === message.id ? 1 : 0, message);
  return { ...log, messages };
}

function without(log, id) {
  const messages = log.messages.filter((message) => message.id !== id);
  const next = log.messages.find((message) => message.id > id);
  return { ...log, messages, unreadFrom: log.unreadFrom === id ? next?.id ?? null : log.unreadFrom };
}

// Pages shift while people talk: what came in twice stays once.
function join(earlier, later) {
  const known = new Set(later.map((message) => message.id));
  return [...earlier.filter((message) => !known.has(message.id)), ...later].sort((a, b) => a.id - b.id);
}

function firstUnread(messages, me) {
  return messages.find(({ sender, read_by }) => sender.id !== me && !read_by?.includes(me))?.id ?? null;
}

// Newest activity first.
export function sortedChats({ chats }) {
  const at = (chat) => chat.last_message?.created_at ?? chat.created_at ?? '';
  return Object.values(chats).sort((a, b) => at(b).localeCompare(at(a)) || b.id - a.id);
}

// Whether a message mentions me or answers me. Nothing where that is not known here: it answers one
// that is not loaded.
export function addresses({ me, logs }, chat, { sender, mentions, mentions_all, reply_to }) {
  if (sender.id === me.id) return false;
  if (mentions_all || mentions?.includes(me.id)) return true;
  if (!reply_to) return false;
  const answered = logs[chat]?.messages.find(({ id }) => id === reply_to);
  return answered && answered.sender.id === me.id;
}

// Whether what is unread in a chat counts, and whether I am told of a message of somebody else in it:
// by sound, by notification and in the title, as the server has it for pushes.
export const isCounted = (chat) => !chat?.notify?.muted_until && chat?.notify?.level !== 'nothing';
export const isTold = (chat, addressed) => isCounted(chat) && (chat?.notify?.level !== 'mentions' || Boolean(addressed));

const total = (count) => ({ chats }) => Object.values(chats).reduce((sum, chat) => sum + (isCounted(chat) ? chat[count] ?? 0 : 0), 0);
export const unreadTotal = total('unread_count');
export const mentionTotal = total('mention_count');

export const otherMember = (chat, me) => chat.members?.find((member) => member.id !== me.id) ?? chat.members?.[0] ?? null;

// What to show as being sent. The echo on the socket may come before the answer
// to the request; then it is shown as a message already.
export function stillUnsent({ unsent, logs, me }, chat) {
  const claimed = new Set();
  const messages = logs[chat]?.messages ?? [];
  return unsent.filter((item) => {
    if (item.chat !== chat) return false;
    const echo = messages.find((message) => message.sender.id === me.id && !claimed.has(message.id)
      && (message.client_id ? message.client_id === item.client_id : item.tried && message.id > item.after && message.content === item.content));
    if (echo) claimed.add(echo.id);
    return !echo;
  });
}

const TOGETHER = 5 * 60_000; // ms between two messages of one bubble group

// The lines of a conversation: days, where unread begins, messages, who came and went between them, those being sent.
export function rows(state, chat, from, to) {
  const log = state.logs[chat] ?? emptyLog;
  const found = [];
  if (!log.loaded) found.push(log.failed ? { key: 'failed', kind: 'failed' } : { key: 'ghosts', kind: 'ghosts' });
  else if (log.failed && from === 0) found.push({ key: 'failed', kind: 'failed' });
  let before = log.messages[from - 1];
  const lines = log.loaded ? state.lines[chat] ?? [] : [];
  const isFirst = from === 0 && !log.hasEarlier;
  const isLast = to === log.messages.length && !log.hasLater;
  let next = isFirst ? 0 : lines.findIndex(({ created_at }) => created_at >= log.messages[from]?.created_at);
  if (next < 0) next = lines.length;
  const opensDay = (item, key) => {
    const opens = !before || dayOf(before) !== dayOf(item);
    if (opens) found.push({ key: `d${key}`, kind: 'day', at: item.created_at, on: state.day });
    return opens;
  };
  const toldBefore = (time) => {
    for (; next < lines.length && !(lines[next].created_at >= time); next += 1) {
      const note = lines[next];
      opensDay(note, `n${note.id}`);
      found.push({ key: `n${note.id}`, kind: 'note', note });
      before = note;
    }
  };
  for (let index = from; index < to; index += 1) {
    const message = log.messages[index];
    toldBefore(message.created_at);
    const isNewDay = opensDay(message, message.id);
    const opensUnread = message.id === log.unreadFrom;
    if (opensUnread) found.push({ key: 'unread', kind: 'unread' });
    const grouped = !isNewDay && !opensUnread && follows(before, message);
    found.push({ key: `m${message.id}`, kind: 'message', message, grouped, readers: readersOf(state, chat, message) });
    before = message;
  }
  if (isLast) {
    toldBefore();
    for (const item of stillUnsent(state, chat)) found.push({ key: `u${item.client_id}`, kind: 'unsent', item });
  }
  return found.length ? found : [{ key: 'empty', kind: 'empty' }];
}

const dayOf = (message) => new Date(message.created_at).toDateString();

function follows(before, message) {
  return before?.sender?.id === message.sender.id && !message.reply_to && before.kind !== 'call'
    && Date.parse(message.created_at) - Date.parse(before.created_at) < TOGETHER;
}

// The reactions with mine put on or taken off.
export function toggled(reactions, me, emoji) {
  const own = reactions.some((each) => each.emoji === emoji && each.users.includes(me));
  const changed = reactions.map((each) => {
    if (each.emoji !== emoji) return each;
    const users = own ? each.users.filter((user) => user !== me) : [...each.users, me];
    return { ...each, users, count: users.length };
  });
  const isNew = !own && !reactions.some((each) => each.emoji === emoji);
  return [...changed.filter(({ users }) => users.length), ...(isNew ? [{ emoji, count: 1, users: [me] }] : [])];
}

// Who else has read it, as a list of ids with commas: it is compared at each change.
function readersOf(state, chat, message) {
  if (message.sender.id !== state.me?.id) return '';
  return whoRead(state, chat, message).join();
}

export function whoRead(state, chat, message) {
  const reads = state.reads[chat] ?? {};
  const later = Object.keys(reads).filter((user) => reads[user] >= message.id).map(Number);
  return [...new Set([...(message.read_by ?? []), ...later])].filter((user) => user !== state.me.id && user !== message.sender.id).sort((a, b) => a - b);
}

// The part of a long log that is on the page: `size` messages, moved by `step`.
export function moved(view, total, step, size) {
  const from = Math.max(0, Math.min(view.from + step, Math.max(0, total - size)));
  return { from, to: Math.min(total, from + size) };
}
