// The page and its service worker, which keeps what the page is made of.
import { HOME } from '../fireside.js';
import { key } from './kept.js';

const BUSY = 5_000; // ms until it is looked again whether somebody is in the midst of something
const APART = 60_000; // ms between two reloads: of several servers behind one address, one may be older

// `app` is the signed-in person's.
export async function attend(app) {
  const { signal } = app;
  const heard = {
    renewed: () => renew(app),
  };
  navigator.serviceWorker.addEventListener('message', ({ data }) => heard[data?.type]?.(data), { signal });
  look();
  await navigator.serviceWorker.register(`${HOME}/sw.js`);
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
