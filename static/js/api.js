// The server's public APIs, called as any other client would call them:
// `messaging` for chats, `rooms` for accounts and files, `messenger` for friends.

import { chatCalls, createCaller, HOME, isPassing, openFeed as openFeedAt, openLine, Refusal } from '../fireside.js';

export { isPassing, Refusal };

// How a socket comes back by itself and asks what it missed is in `fireside.js`, which
// any page may use. `path()` is asked anew for each connection.
export const openSocket = (path, token, heard) => openLine(() => HOME + path(), token, heard);

export const openFeed = (token, since, heard) => openFeedAt({ base: HOME, token, since }, heard);

const TRIES = 5; // of what may be asked twice, before it is said that it failed
const PAUSE = 200; // ms, doubled each time
const LONGEST = 5_000; // ms that somebody is left waiting for one of them

// Asks again for a while, where nobody is to blame and a second time changes nothing.
async function patiently(action) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await action(tries);
    } catch (error) {
      const pause = Math.max(PAUSE * 2 ** tries * (0.5 + Math.random() / 2), error.retryAfter * 1000 || 0);
      if (!isPassing(error) || tries === TRIES || pause > LONGEST) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

export function createApi(token) {
  const caller = createCaller(token, HOME);
  const { post } = caller;
  const get = (path) => patiently(() => caller.get(path));
  const everyPage = (path) => caller.everyPage(path, get);
  // A deletion of what an earlier try has deleted is done.
  const call = (method, path, body) => patiently((tries) => caller.call(method, path, body).catch((error) => {
    if (method === 'DELETE' && tries > 1 && error.status === 404) return null;
    throw error;
  }));
  const chat = (id) => `/messages/api/chats/${id}/`;
  const query = (wish) => { const given = Object.entries(wish).filter(([, value]) => value); return given.length ? `?${new URLSearchParams(given)}` : ''; };

  return {
    server: () => get('/api/server/'),
    logout: () => post('/api/auth/logout/'),
    logoutAll: () => post('/api/auth/logout-all/'),
    password: (wish) => post('/api/auth/password/', wish),
    me: () => get('/api/auth/me/'),
    meAtOnce: () => caller.get('/api/auth/me/'),
    user: (id) => get(`/api/users/${id}/`),
    changeProfile: (id, wish) => call('PATCH', `/api/users/${id}/`, wish),
    apiToken: () => get('/api/token/'),
    rotateToken: () => post('/api/token/rotate/'),

    ...chatCalls({ ...caller, get, call, everyPage }),
    newestChats: () => get('/messages/api/chats/?page_size=100&page=1'),
    // Until it comes: whoever asks has patience of their own.
    history: (id, query) => caller.get(`${chat(id)}messages/${query}`),
    notifyOf: (id, wish) => call('PATCH', `${chat(id)}notify/`, wish),
    mentions: (cursor) => get(`/messages/api/mentions/${query({ cursor })}`),
    notifying: () => get('/messages/api/notify/'),
    changeNotifying: (wish) => call('PATCH', '/messages/api/notify/', wish),
    devices: () => get('/api/server/push/'),
    addDevice: (wish) => patiently(() => post('/api/server/push/', wish)),
    testDevice: (id) => post(`/api/server/push/${id}/test/`),
    endDevice: (id) => call('DELETE', `/api/server/push/${id}/`),
    markRead: (id, last) => patiently(() => post(`${chat(id)}mark-as-read/`, { message_id: last })),
    markUnread: (id, from) => patiently(() => post(`${chat(id)}mark-as-unread/`, { message_id: from })),
    pin: (id) => patiently(() => post(`/messages/api/messages/${id}/pin/`)),
    unpin: (id) => call('DELETE', `/messages/api/messages/${id}/pin/`),
    log: (id) => get(`${chat(id)}log/`),
    pins: (id, cursor) => get(`${chat(id)}pins/${query({ cursor })}`),
    members: (id, { q, cursor }) => get(`${chat(id)}members/${query({ limit: 100, q, cursor })}`),
    // Into a group, for people with an account.
    inviteInto: (id, wish) => post(`${chat(id)}invite/`, wish),
    invitesInto: (id) => get(`${chat(id)}invite/?limit=100`),
    endInviteInto: (id, code) => call('DELETE', `${chat(id)}invite/${encodeURIComponent(code)}/`),
    hooks: (id) => get(`${chat(id)}hooks/?limit=100`),
    makeHook: (id, wish) => post(`${chat(id)}hooks/`, wish),
    rotateHook: (id, hook) => post(`${chat(id)}hooks/${hook}/rotate/`),
    deleteHook: (id, hook) => call('DELETE', `${chat(id)}hooks/${hook}/`),
    deliveries: (id, hook, cursor) => get(`${chat(id)}hooks/${hook}/deliveries/${query({ cursor })}`),
    testHook: (id, hook) => post(`${chat(id)}hooks/${hook}/test/`),
    replayHook: (id, hook, since) => post(`${chat(id)}hooks/${hook}/replay/`, { since }),
    joinBy: (code) => patiently(() => post(`/messages/api/join/${encodeURIComponent(code)}/`)),
    // A direct chat is made once, however often it is asked for.
    talkTo: (user) => patiently(() => post('/messages/api/chats/', { chat_type: 'dm', member_ids: [user] })),
    makeChat: (wish) => post('/messages/api/chats/', wish),
    changeChat: (id, wish) => call('PATCH', chat(id), wish),
    changeRole: (id, user, role) => call('PATCH', `${chat(id)}members/${user}/`, { role }),
    deleteChat: (id) => call('DELETE', chat(id)),
    addMembers: (id, ids) => post(`${chat(id)}members/add/`, { user_ids: ids }),
    removeMember: (id, user) => call('DELETE', `${chat(id)}members/${user}/remove/`),
    typing: (id, is_typing) => post(`${chat(id)}typing/`, { is_typing }),
    // Those online first, by pages.
    everybody: ({ q, cursor }) => get(`/api/server/people/${query({ limit: 50, q, cursor })}`),
    search: (wish) => get(`/messages/api/search/${query(wish)}`),
    findUsers: async (q) => (await get(`/messages/api/users/search/?q=${encodeURIComponent(q)}`)).results,

    publicRooms: () => everyPage('/api/rooms/?public=true'),
    makeRoom: (wish) => post('/api/rooms/', wish),
    room: (id) => get(`/api/rooms/${id}/`),
    describe: (id, description) => call('PATCH', `/api/rooms/${id}/`, { description }),
    join: (id) => patiently(() => post(`/api/rooms/${id}/join/`)),
    leave: (id) => post(`/api/rooms/${id}/leave/`),
    // Its address is the server's own word, and so has the base path already.
    file: async (url) => (await createCaller(token).ask('GET', url)).blob(),

    factor: () => get('/api/server/second-factor/'),
    startFactor: (password) => post('/api/server/second-factor/start/', { password }),
    confirmFactor: (otp) => post('/api/server/second-factor/confirm/', { otp }),
    endFactor: (password) => post('/api/server/second-factor/end/', { password }),

    sessions: (page = 1) => get(`/api/server/sessions/?page=${page}`),
    endSession: (id) => call('DELETE', `/api/server/sessions/${id}/`),

    // My account at the operator's provider.
    link: () => get('/api/server/oidc/link/'),
    makeLink: (next) => post('/api/server/oidc/link/', { next }),
    endLink: () => call('DELETE', '/api/server/oidc/link/'),

    // For administrators.
    status: () => get('/api/server/status/'),
    accounts: (search, page = 1) => get(`/api/server/users/?search=${encodeURIComponent(search)}&page=${page}`),
    makeAccount: (wish) => post('/api/server/users/', wish),
    changeAccount: (id, wish) => call('PATCH', `/api/server/users/${id}/`, wish),
    resetLink: (id) => post(`/api/server/users/${id}/reset/`),
    removeFactor: (id) => call('DELETE', `/api/server/users/${id}/second-factor/`),
    signOutAccount: (id) => post(`/api/server/users/${id}/sign-out/`),
    invites: (page = 1) => get(`/api/server/invites/?page=${page}`),
    invite: (wish) => post('/api/server/invites/', wish),
    endInvite: (id) => call('DELETE', `/api/server/invites/${id}/`),
    storage: () => get('/api/server/storage/'),
    keepFor: (id, retain_days) => call('PATCH', `/api/server/chats/${id}/`, { retain_days }),
    audit: (page = 1) => get(`/api/server/audit/?page=${page}`),

    profile: () => get('/profiles/api/profile/'),
    person: (username) => get(`/profiles/api/search-user/?username=${encodeURIComponent(username)}`),
    posts: () => get('/profiles/api/posts/'),
    writePost: (wish) => post('/profiles/api/posts/', wish),
    addFriend: (username) => post('/profiles/api/add-friend/', { username }),
    removeFriend: (username) => post('/profiles/api/remove-friend/', { username }),

    // `fetch` does not tell how far an upload is, so this asks the older way.
    upload(file, progress) {
      const request = new XMLHttpRequest();
      const done = new Promise((resolve, reject) => {
        request.onload = () => {
          let body = null;
          try { body = JSON.parse(request.responseText); } catch { /* a proxy's page */ }
          if (request.status === 201) resolve(body);
          else reject(new Refusal(request.status, body, Number(request.getResponseHeader('Retry-After')) || 0));
        };
        request.onerror = () => reject(new TypeError('network'));
        request.onabort = () => reject(new DOMException('', 'AbortError'));
      });
      request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
      request.open('POST', `${HOME}/api/files/upload/`);
      request.setRequestHeader('Authorization', `Token ${token}`);
      const body = new FormData();
      body.append('file', file, file.name);
      request.send(body);
      return { done, cancel: () => request.abort() };
    },
  };
}
