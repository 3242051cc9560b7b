// The server's public APIs, called as any other client would call them:
// `messaging` for chats, `rooms` for accounts and files, `messenger` for friends.

// What the server refuses, in its own words.
export class Refusal extends Error {
  constructor(status, body, retryAfter = 0) {
    const { message, detail, details, error, ...rest } = body ?? {};
    super(message ?? detail ?? error ?? `${status}`);
    this.status = status;
    this.details = details ?? (body && !message && !detail && !error ? rest : {});
    this.retryAfter = retryAfter;
  }
}

// Nobody is to blame, and the same request may succeed in a while.
export function isPassing(error) {
  return error instanceof TypeError || [429, 502, 503, 504].includes(error.status);
}

export function createApi(token) {
  const headers = token ? { Authorization: `Token ${token}` } : {};

  async function ask(method, path, body) {
    const response = await fetch(path, {
      method,
      headers: body ? { ...headers, 'Content-Type': 'application/json' } : headers,
      body: body && JSON.stringify(body),
      credentials: 'omit',
    });
    if (!response.ok) throw await refusal(response);
    return response;
  }
  async function refusal(response) {
    return new Refusal(response.status, await response.json().catch(() => null), Number(response.headers.get('Retry-After')));
  }
  const call = async (method, path, body) => (await ask(method, path, body)).json().catch(() => null);
  const get = (path) => call('GET', path);
  const post = (path, body) => call('POST', path, body);

  // All pages of a list, one after the other.
  async function everyPage(path) {
    const all = [];
    for (let page = 1; ; page += 1) {
      const { results, next } = await get(`${path}${path.includes('?') ? '&' : '?'}page_size=100&page=${page}`);
      all.push(...results);
      if (!next) return all;
    }
  }

  const chat = (id) => `/messages/api/chats/${id}/`;
  const message = (id) => `/messages/api/messages/${id}/`;

  return {
    server: () => get('/api/server/'),
    register: (wish) => post('/api/auth/register/', wish),
    login: (wish) => post('/api/auth/login/', wish),
    logout: () => post('/api/auth/logout/'),
    logoutAll: () => post('/api/auth/logout-all/'),
    password: (wish) => post('/api/auth/password/', wish),
    me: () => get('/api/auth/me/'),
    user: (id) => get(`/api/users/${id}/`),
    changeProfile: (id, wish) => call('PATCH', `/api/users/${id}/`, wish),
    apiToken: () => get('/api/token/'),
    rotateToken: () => post('/api/token/rotate/'),

    chats: () => everyPage('/messages/api/chats/'),
    chat: (id) => get(chat(id)),
    makeChat: (wish) => post('/messages/api/chats/', wish),
    rename: (id, title) => call('PATCH', chat(id), { title }),
    deleteChat: (id) => call('DELETE', chat(id)),
    addMembers: (id, ids) => post(`${chat(id)}members/add/`, { user_ids: ids }),
    removeMember: (id, user) => call('DELETE', `${chat(id)}members/${user}/remove/`),
    history: (id, query = '') => get(`${chat(id)}messages/${query}`),
    send: (id, wish) => post(`${chat(id)}messages/`, wish),
    message: (id) => get(message(id)),
    edit: (id, content) => call('PATCH', message(id), { content }),
    remove: (id) => call('DELETE', message(id)),
    react: (id, emoji) => post(`${message(id)}reactions/`, { emoji }),
    markRead: (id, last) => post(`${chat(id)}mark-as-read/`, { message_id: last }),
    typing: (id, is_typing) => post(`${chat(id)}typing/`, { is_typing }),
    findUsers: async (q) => (await get(`/messages/api/users/search/?q=${encodeURIComponent(q)}`)).results,

    publicRooms: () => everyPage('/api/rooms/?public=true'),
    makeRoom: (wish) => post('/api/rooms/', wish),
    room: (id) => get(`/api/rooms/${id}/`),
    join: (id) => post(`/api/rooms/${id}/join/`),
    leave: (id) => post(`/api/rooms/${id}/leave/`),
    file: async (url) => (await ask('GET', url)).blob(),

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
          else reject(new Refusal(request.status, body));
        };
        request.onerror = () => reject(new TypeError('network'));
        request.onabort = () => reject(new DOMException('', 'AbortError'));
      });
      request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
      request.open('POST', '/api/files/upload/');
      request.setRequestHeader('Authorization', `Token ${token}`);
      const body = new FormData();
      body.append('file', file, file.name);
      request.send(body);
      return { done, cancel: () => request.abort() };
    },
  };
}
