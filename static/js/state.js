// What the client knows, and how it changes. Nothing here touches the page or
// the network, so it can be read, and tested, by itself.

export const nothing = {
  me: null,
  mine: [], // rooms I am in
  open: [], // public rooms I could join
  room: null, // the one on the screen
  messages: [], // its messages, oldest first
  hasEarlier: false,
  unsent: [], // what I said and the server has not confirmed, in every room
  link: '', // what is to be said about the connection
};

export function createStore(initial) {
  let state = initial;
  const listeners = [];
  return {
    get: () => state,
    set(patch) {
      state = { ...state, ...patch };
      for (const listener of listeners) listener(state);
    },
    subscribe: (listener) => listeners.push(listener),
  };
}

// A message is put where its id belongs; one that is there already is replaced.
export function withMessage(messages, message) {
  const others = withoutMessage(messages, message.id);
  const place = others.findLastIndex((other) => other.id < message.id) + 1;
  return others.toSpliced(place, 0, message);
}

export function withoutMessage(messages, id) {
  return messages.filter((message) => message.id !== id);
}

// After a pause: the newest page, as the server gives it (newest first), takes
// the place of what it covers, so that edits and deletions show too. If more was
// missed than it covers, what is older goes: a hole in the middle would be a lie.
export function caughtUp(messages, page) {
  const fresh = page.toReversed();
  if (fresh.length === 0) return [];
  const oldest = fresh[0].id;
  const newest = fresh.at(-1).id;
  const touches = messages.some((message) => message.id >= oldest);
  const before = touches ? messages.filter((message) => message.id < oldest) : [];
  return [...before, ...fresh, ...messages.filter((message) => message.id > newest)];
}

// An older page, put before the rest. What came in twice stays once: pages
// shift while people talk.
export function withEarlier(messages, page) {
  const known = new Set(messages.map((message) => message.id));
  const earlier = page.filter((message) => !known.has(message.id));
  return [...messages, ...earlier].sort((a, b) => a.id - b.id);
}

// What to show as being sent in this room. The echo on the socket may come
// before the answer to the request; then it is shown as a message already.
export function stillUnsent({ unsent, room, messages, me }) {
  const echoed = (item) => messages.some(
    (message) => message.id > item.after && message.author.id === me.id && message.content === item.content,
  );
  return unsent.filter((item) => item.room === room?.id && !echoed(item));
}
