// Files by address, from memory once they were fetched. Those that nothing on the page
// shows any more make room, the oldest first.
import { createPatience } from '../fireside.js';

const KEPT = 60; // files that nothing shows
const KEPT_BYTES = 64 * 1024 * 1024; // of those

// `bytes(url, node)` is the address in memory, for as long as `node` is on the page.
export function createBytes(api) {
  const known = new Map(); // by address: {source, users (the nodes that show it)}
  const patience = createPatience();
  const unwanted = new Error('nobody waits for it');

  function fetched(url, node) {
    const entry = known.get(url) ?? { users: new Set() };
    known.delete(url); // and to the end: it is the newest again
    known.set(url, entry);
    entry.users.add(node);
    entry.source ??= patience.attempt(() => (isShown(entry) ? api.file(url) : null)).then((blob) => {
      if (!blob) throw unwanted;
      entry.size = blob.size;
      return URL.createObjectURL(blob);
    });
    entry.source.catch(() => known.delete(url));
    entry.source.then(makeRoom, () => {});
    // Whoever came for it when nobody seemed to wait any more.
    return entry.source.catch((error) => {
      if (error === unwanted && node.isConnected) return fetched(url, node);
      throw error;
    });
  }

  function isShown(entry) {
    for (const node of entry.users) if (!node.isConnected) entry.users.delete(node);
    return entry.users.size > 0;
  }

  function makeRoom() {
    const idle = [...known].filter(([, entry]) => entry.size !== undefined && !isShown(entry));
    let bytes = idle.reduce((sum, [, { size }]) => sum + size, 0);
    for (let left = idle.length; left > KEPT || bytes > KEPT_BYTES; left -= 1) {
      const [url, { source, size }] = idle.shift();
      bytes -= size;
      known.delete(url);
      source.then((address) => URL.revokeObjectURL(address));
    }
  }
  return fetched;
}
