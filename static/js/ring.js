// Calls that ring: who calls, and what one answers. A ring blocks nothing, and ends when
// the call does, when one is in it on any device, or when nobody answers.
import { avatar, el, icon, nameOf, style } from './dom.js';
import { t } from './i18n.js';
import { key } from './kept.js';
import { chime, settings } from './notify.js';
import { goTo } from './place.js';
import { isCounted, isRung, otherMember } from './state.js';

const PATIENCE = 45_000; // ms that a call rings
const AGAIN = 2_500; // ms between two chimes
const MOST = 3; // calls that ring at once

export function createRinging(app) {
  const { store, api, actions, signal } = app;
  const ringing = new Map(); // by chat: what ends it
  const place = el('section', { className: 'rings', 'aria-label': t('call.incoming') });
  const pages = globalThis.BroadcastChannel && new BroadcastChannel(key('ring')); // of this browser
  pages?.addEventListener('message', ({ data: chat }) => ringing.get(chat)?.());

  const usersIn = (chat) => store.get().calls[chat]?.users ?? [];
  const amIn = (users) => users.includes(store.get().me.id);
  const isOver = (chat) => !usersIn(chat).length || amIn(usersIn(chat)) || !store.get().chats[chat];
  const unsubscribe = store.subscribe(() => { for (const [chat, end] of ringing) if (isOver(chat)) end(); });

  async function ring({ chat, user_id: by, video }) {
    if (!store.get().chats[chat]) store.tell({ type: 'chat', chat: await api.chat(chat) });
    await style('call');
    const known = store.get().chats[chat];
    if (signal.aborted || isOver(chat) || !isRung(known) || ringing.has(chat) || ringing.size >= MOST) return;
    const group = known.chat_type === 'group';
    const caller = known.members?.find(({ id }) => id === by) ?? otherMember(known, store.get().me);
    const what = t(video ? 'call.incoming.video' : 'call.incoming');
    const answer = (withVideo) => { end(); app.call?.hangUp(); actions.call(chat, withVideo); };
    const decline = () => { end(); pages?.postMessage(chat); app.socket.send({ type: 'decline_call', chat }); };
    const button = (name, picture, onclick, className) => el('button', { type: 'button', className, onclick }, icon(picture), t(name));
    const node = el('div', { className: 'ring', 'data-chat': String(chat) },
      el('div', { className: 'person' }, avatar(caller),
        el('p', { className: 'grow', role: 'alert' }, el('b', { className: 'clip', dir: 'auto', textContent: nameOf(caller) }), el('span', { className: 'soft clip', textContent: group ? `${what} · ${known.title}` : what }))),
      el('div', { className: 'row' }, button('call.answer.video', 'video', () => answer(true), 'primary'), button('call.answer.audio', 'phone', () => answer(false), 'primary'), button('call.decline', 'phone', decline, 'danger leave')));
    const abort = new AbortController();
    const timer = setTimeout(end, PATIENCE);
    ringing.set(chat, end);
    place.append(node);
    lay();
    if (isCounted(known)) { // of a mute chat it is only seen
      sound(chat, abort.signal);
      notify(nameOf(caller), group ? `${what} · ${known.title}` : what, chat, abort.signal);
    }

    function end() {
      if (!ringing.delete(chat)) return;
      clearTimeout(timer);
      abort.abort();
      const isAtHand = node.contains(document.activeElement);
      node.remove();
      lay();
      if (isAtHand) app.composer?.focus();
    }
  }

  // Of several pages of a browser the one that holds the lock makes the sound. Whoever is in
  // another call hears none.
  function sound(chat, signal) {
    if (!(navigator.userActivation?.hasBeenActive ?? true)) return; // it may not make any
    const isTalking = () => Object.values(store.get().calls).some(({ users }) => amIn(users));
    const play = () => new Promise((done) => {
      const once = () => { if (settings.sound && !isTalking()) chime(); };
      const timer = setInterval(once, AGAIN);
      signal.addEventListener('abort', () => { clearInterval(timer); done(); });
      once();
    });
    if (navigator.locks) navigator.locks.request(key(`ring-${chat}`), { signal }, play).catch(() => {});
    else play();
  }

  function notify(name, body, chat, signal) {
    if (!settings.desktop || document.hasFocus()) return;
    const note = new Notification(name, { body, tag: `call-${chat}`, silent: true });
    note.onclick = () => { note.close(); window.focus(); goTo(`chat-${chat}`); };
    signal.addEventListener('abort', () => note.close());
  }

  // It can be pressed where everything else cannot: in the dialog that is open, or in what
  // fills the screen.
  function lay() {
    const host = document.fullscreenElement ?? [...document.querySelectorAll('dialog:modal')].at(-1) ?? document.body;
    if (!ringing.size) place.remove();
    else if (place.parentNode !== host) host.append(place);
  }
  window.addEventListener('overlaid', lay, { signal });
  for (const type of ['close', 'fullscreenchange']) document.addEventListener(type, lay, { signal, capture: true });
  signal.addEventListener('abort', () => {
    for (const end of ringing.values()) end();
    unsubscribe();
    pages?.close();
  });

  return { ring, stop: (chat) => ringing.get(chat)?.() };
}
