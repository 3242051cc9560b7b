// What this browser keeps for this server. A host may have several, each below a path
// of its own, and they share one storage: who signs in to one stays out of the other.
import { HOME } from '../fireside.js';

const place = new URL(HOME).pathname.replace(/\/$/, '');

// A path has no space, so that no path and name can look like another's.
export const key = (name) => (place ? `fireside ${place} ${name}` : `fireside.${name}`);

// What is written and not sent, by chat, kept over reloads: the text, and beside it what
// is answered or edited and the files that are up already.
export function createDrafts(me) {
  const place = (chat) => key(`draft.${me}.${chat}`);
  const aside = (chat) => `${place(chat)}.more`;
  // A draft that cannot be kept is still in its box.
  const keep = (name, text) => {
    try {
      if (text) localStorage.setItem(name, text);
      else localStorage.removeItem(name);
    } catch { /* see above */ }
  };
  return {
    get: (chat) => localStorage.getItem(place(chat)) ?? '',
    set: (chat, text) => keep(place(chat), text),
    all() {
      const before = place('');
      const names = Object.keys(localStorage).filter((name) => name.startsWith(before) && /^\d+$/.test(name.slice(before.length)));
      return names.map((name) => [Number(name.slice(before.length)), localStorage.getItem(name)]);
    },
    more(chat) {
      try { return JSON.parse(localStorage.getItem(aside(chat))) ?? {}; } catch { return {}; }
    },
    setMore(chat, { replying = null, editing = null, files = [] }) {
      keep(aside(chat), replying || editing || files.length ? JSON.stringify({ replying, editing, files }) : '');
    },
  };
}
