// The page and its service worker, which keeps what the page is made of and shows what is pushed.
import { HOME } from '../fireside.js';
import { key } from './kept.js';

const BUSY = 5_000; // ms until it is looked again whether somebody is in the midst of something
const PAUSE = 500; // ms in which several chats may be read
const APART = 60_000; // ms between two reloads: of several servers behind one address, one may be older

// `app` is the signed-in person's.
export async function attend(app) {
  const { signal } = app;
  const heard = {
    renewed: () => renew(app),
    open: ({ chat, message }) => chat && app.actions.place(chat, message),
  };
  navigator.serviceWorker.addEventListener('message', ({ data }) => heard[data?.type]?.(data), { signal });
  look();
  const registration = await navigator.serviceWorker.register(`${HOME}/sw.js`);
  takeAway(registration, app);
  if (localStorage.getItem(key('push'))) await Promise.all([import('./push.js'), app.api.server()]).then(([device, { push }]) => device.renew(app.api, push));
}

// Notifications of what has been read, here or elsewhere.
function takeAway(registration, { store, signal }) {
  let timer;
  let watched;
  async function look() {
    if (signal.aborted) return;
    const { chats } = store.get();
    for (const note of await registration.getNotifications()) {
      const { chat, message } = note.data ?? {};
      const known = chats[chat];
      // Of a message that this page has not heard of yet, it does not know.
      if (known && !known.unread_count && known.last_message?.id >= message) note.close();
    }
  }
  const later = ({ chats }) => {
    if (chats === watched) return;
    watched = chats;
    clearTimeout(timer);
    timer = setTimeout(() => look().catch(() => {}), PAUSE);
  };
  if (globalThis.Notification?.permission !== 'denied') signal.addEventListener('abort', store.subscribe(later));
  later(store.get());
}

// Asks whether the server has a newer page than this one, which may be as it was kept.
export const look = () => navigator.serviceWorker.controller?.postMessage({ type: 'look' });

// It has. What is being written is kept over a reload; a call is not.
function renew(app) {
  const before = Number(sessionStorage.getItem(key('renewed')));
  if (Date.now() - before < APART) return;
  const isBusy = app.call || app.calling || (!document.hidden && (document.querySelector('dialog[open]') || document.activeElement?.value));
  if (isBusy) return void setTimeout(() => app.signal.aborted || renew(app), BUSY);
  sessionStorage.setItem(key('renewed'), Date.now());
  location.reload();
}
