// The pages of what was said in a chat. Each is asked for until it comes: a moment
// without the server must not leave a chat empty for ever.
import { createPatience, isPassing } from '../fireside.js';

const SAID_AFTER = 2; // tries that failed, before one is told
const PAGE = 50; // messages, as the server has it

export function createHistory(store, api, { refused }) {
  let asking = null; // what is asked for now; a newer question makes it void
  let patience = createPatience();

  // Whether the page has come. Several of one kind are one: those around the reader count for all.
  async function load(chat, part, around) {
    const isFresh = part === 'newest' || part === 'around';
    if (asking && !isFresh) return false;
    stop();
    const mine = asking = {};
    const own = patience = createPatience();
    const isWanted = () => asking === mine;
    let tries = 0;
    try {
      return await own.attempt(async () => {
        try {
          const asked = store.get().logs[chat]?.messages ?? [];
          const page = await api.history(chat, query(chat, part, around));
          if (!isWanted()) return false;
          const more = page.results.length > 0 && (page.next !== null || page.results.length >= PAGE);
          store.tell({ type: 'history', chat, messages: page.results, part, more, asked });
          return true;
        } catch (error) {
          tries += 1;
          if (isWanted() && (tries >= SAID_AFTER || !isPassing(error))) store.tell({ type: 'failed', chat, failed: true });
          throw error;
        }
      });
    } catch (error) {
      if (isWanted()) refused(error);
      return false;
    } finally {
      if (isWanted()) asking = null;
    }
  }

  function query(chat, part, around) {
    const messages = store.get().logs[chat]?.messages ?? [];
    return { newest: '', earlier: `?before=${messages[0]?.id}`, later: `?after=${messages.at(-1)?.id}`, around: `?before=${around + PAGE / 2}` }[part];
  }

  // Nobody waits for it any more.
  function stop() {
    asking = null;
    patience.stop(new Error('left'));
  }

  // The line is back, or somebody presses "Try again". Whether something was still asked for.
  function again(chat) {
    store.tell({ type: 'failed', chat, failed: false });
    patience.wake();
    return asking !== null;
  }

  return { load, stop, again };
}
