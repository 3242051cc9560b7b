// Of what one is told while the page is open, and how long a chat is mute. What the server pushes goes
// by the same: level, mention or answer, mute and quiet hours.
import { nameOf } from './dom.js';
import { announce } from './notify.js';
import { goTo } from './place.js';
import { isQuietNow } from './quiet.js';
import { addresses, isTold } from './state.js';

// A message of somebody else, which nobody is looking at.
export async function tellOf(app, { chat, message }) {
  const known = () => app.store.get().chats[chat];
  const { title, chat_type, notify } = known() ?? await app.api.chat(chat);
  const isAsked = isTold({ notify }, true) && !isTold({ notify }, false);
  if (!isTold(known() ?? { notify }, isAsked && await isAddressed(app, { chat, message }))) return;
  if (await isQuietNow(app.api)) return;
  announce({ message, title, group: chat_type === 'group', open: () => { window.focus(); goTo(`chat-${chat}`); } });
}

// Whether it mentions me or answers me: of what it answers, the server is asked where it is not here.
export async function isAddressed({ store, api }, { chat, message }) {
  return addresses(store.get(), chat, message) ?? (await api.message(message.reply_to)).sender.id === store.get().me.id;
}

const LONGEST = 86_400_000; // ms that a timer is set for
// Mutes end while one looks on.
export function watchMutes(store, signal) {
  let timer;
  let watched;
  function look() {
    const { chats } = store.get();
    if (chats === watched) return;
    watched = chats;
    clearTimeout(timer);
    const ends = Object.values(chats).map(({ notify }) => Date.parse(notify?.muted_until)).filter((end) => end > 0); // for ever is no time
    if (ends.length) timer = setTimeout(end, Math.max(0, Math.min(LONGEST, Math.min(...ends) - Date.now())));
  }
  function end() {
    watched = null;
    store.tell({ type: 'unmuted', now: Date.now() });
    look();
  }
  const forget = store.subscribe(look);
  signal.addEventListener('abort', () => { forget(); clearTimeout(timer); });
  look();
}
