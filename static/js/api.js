// The rooms API, called as any other client would call it.

// What the server refuses, in its own words.
export class Refusal extends Error {
  constructor(status, body) {
    super(body?.message ?? `The server answered with status ${status}.`);
    this.status = status;
    this.details = body?.details ?? {};
  }
}

// Nobody is to blame, and the same request may succeed in a while: the network
// is away, or the server is, behind a proxy or just starting.
export function isPassing(error) {
  return error instanceof TypeError || [502, 503, 504].includes(error.status);
}

export function createApi(token) {
  async function call(method, path, body) {
    const headers = {};
    if (token) headers.Authorization = `Token ${token}`;
    if (body) headers['Content-Type'] = 'application/json';
    const response = await fetch(`/api/${path}`, { method, headers, body: body && JSON.stringify(body) });
    const answer = await response.json().catch(() => null); // 204, or a proxy's page
    if (!response.ok) throw new Refusal(response.status, answer);
    return answer;
  }

  return {
    register: (person) => call('POST', 'auth/register/', person),
    login: (person) => call('POST', 'auth/login/', person),
    logout: () => call('POST', 'auth/logout/'),
    me: () => call('GET', 'auth/me/'),
    myRooms: () => everyPage('rooms/?page_size=100', call),
    publicRooms: () => call('GET', 'rooms/?public=true&page_size=100').then((page) => page.results),
    room: (id) => call('GET', `rooms/${id}/`),
    makeRoom: (room) => call('POST', 'rooms/', room),
    join: (id) => call('POST', `rooms/${id}/join/`),
    leave: (id) => call('POST', `rooms/${id}/leave/`),
    messages: (id, page, size) => call('GET', `rooms/${id}/messages/?page=${page}&page_size=${size}`),
    send: (id, message) => call('POST', `rooms/${id}/messages/`, message),
  };
}

async function everyPage(path, call) {
  const all = [];
  for (let page = 1; ; page += 1) {
    const { results, next } = await call('GET', `${path}&page=${page}`);
    all.push(...results);
    if (!next) return all;
  }
}
