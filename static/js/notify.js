// A soft sound and a notification for a message that comes while one looks elsewhere.
import { nameOf } from './dom.js';
import { key } from './kept.js';
import { gist } from './markup.js';

export const settings = {
  get sound() { return localStorage.getItem(key('sound')) !== 'off'; },
  set sound(on) { localStorage.setItem(key('sound'), on ? 'on' : 'off'); },
  get desktop() { return localStorage.getItem(key('desktop')) === 'on' && globalThis.Notification?.permission === 'granted'; },
  // The server pushes to this device; it then does so also while a page is open that nobody looks at.
  get isPushed() { return localStorage.getItem(key('push')) !== null; },
  set desktop(on) { localStorage.setItem(key('desktop'), on ? 'on' : 'off'); },
};

let last = 0;
export function announce({ message, title, group, open }) {
  if (settings.sound && Date.now() - last > 1500) {
    last = Date.now();
    alone(message.id, chime);
  }
  if (!settings.desktop || settings.isPushed || document.hasFocus()) return;
  const name = nameOf(message.sender);
  const body = gist(message, {}).slice(0, 200); // of others
  // The tag makes one of those that several pages show.
  const note = new Notification(group ? `${name} · ${title}` : name, { body, tag: `message-${message.id}`, silent: true });
  note.onclick = () => { note.close(); open(); };
}

// Of several pages of one browser, one does it. Each draws a lot and tells the others; the
// lowest does it, and leaves word for pages that hear of it only then.
const SETTLED = 150; // ms in which all have told
const DONE = key('announced');
const lots = globalThis.BroadcastChannel && new BroadcastChannel(key('lots'));
const lowest = new Map(); // by message
lots?.addEventListener('message', ({ data: { id, lot } }) => drawn(id, lot));
function drawn(id, lot) {
  lowest.set(id, Math.min(lot, lowest.get(id) ?? Infinity));
  if (lowest.size > 50) lowest.delete(lowest.keys().next().value);
}
const isDone = (id) => Number(localStorage.getItem(DONE)) >= id;

function alone(id, act) {
  const lot = canSound() ? Math.random() : 1 + Math.random(); // one that may make a sound goes first
  drawn(id, lot);
  lots?.postMessage({ id, lot });
  setTimeout(() => {
    if (lowest.get(id) !== lot || isDone(id)) return;
    try { localStorage.setItem(DONE, id); } catch { /* then the lots alone decide */ }
    act();
  }, lots ? SETTLED : 0);
}
const canSound = () => navigator.userActivation?.hasBeenActive ?? true;

let audio;
export function chime() {
  try {
    audio ??= new AudioContext();
    if (audio.state === 'suspended') return; // nobody has pressed anything yet
    [[523.25, 0], [659.25, 0.11]].forEach(([pitch, after]) => {
      const tone = audio.createOscillator();
      const loud = audio.createGain();
      const start = audio.currentTime + after;
      tone.frequency.value = pitch;
      loud.gain.setValueAtTime(0, start);
      loud.gain.linearRampToValueAtTime(0.06, start + 0.02);
      loud.gain.exponentialRampToValueAtTime(0.0001, start + 0.5);
      tone.connect(loud).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.55);
    });
  } catch { /* no sound here */ }
}
