// What the own client of `rooms` does, as it does it: a base with a path, a token beside the
// cookies in every request, forms with files, and its three sockets.

const PATIENCE = 10_000;

/** One socket, and what it has told that nobody has asked for yet. */
class Socket {
  constructor(url) {
    this.told = [];
    this.web = new WebSocket(url);
    this.opened = new Promise((resolve, reject) => {
      this.web.onopen = resolve;
      this.web.onclose = ({ code }) => reject(new Error(`${url} closed with ${code}`));
    });
    this.web.onmessage = ({ data }) => {
      this.told.push(JSON.parse(data));
      this.wake?.();
    };
  }

  says(type, data) {
    this.web.send(JSON.stringify(data ? { type, data } : { type }));
  }

  /** The next frame of this type. */
  async hears(type) {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const at = this.told.findIndex((frame) => frame.type === type);
      if (at >= 0) return this.told.splice(at, 1)[0];
      if (Date.now() > end) throw new Error(`no ${type} in ${JSON.stringify(this.told)}`);
      await new Promise((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, 100);
      });
    }
  }
}

/** The client, with whoever has signed in. */
class App {
  constructor(base) {
    this.base = base;
  }

  async asks(method, path, body) {
    const headers = this.token ? { Authorization: `Token ${this.token}` } : {};
    const isForm = body instanceof FormData;
    if (body && !isForm) headers['Content-Type'] = 'application/json';
    const sent = body && !isForm ? JSON.stringify(body) : body;
    const answer = await fetch(this.base + path, { method, headers, body: sent, credentials: 'include' });
    const data = answer.status === 204 ? null : await answer.json();
    // What the client shows of a refusal.
    if (!answer.ok) throw new Error(Object.values(data).flat().join(' '));
    return data;
  }

  async signsIn(username, password) {
    const { token, user } = await this.asks('POST', '/api/auth/login/', { username, password });
    Object.assign(this, { token, user });
  }

  async opens(path) {
    const socket = new Socket(`${this.base.replace('http', 'ws')}${path}?token=${this.token}`);
    await socket.opened;
    return socket;
  }

  /** Joins a call, and answers whoever calls; resolves when a line to the other one is open. */
  async calls(room) {
    const socket = await this.opens(`/ws/call/${room}/`);
    const peer = new RTCPeerConnection();
    const candidates = [];
    let other;
    peer.onicecandidate = ({ candidate }) => {
      if (candidate) socket.says('ice_candidate', { target_user_id: other, candidate });
    };
    const open = new Promise((resolve) => {
      const line = peer.createDataChannel('line', { negotiated: true, id: 0 });
      line.onopen = () => resolve(true);
    });
    const steps = {
      user_joined: async ({ user }) => {
        other = user.id;
        await peer.setLocalDescription(await peer.createOffer());
        socket.says('offer', { target_user_id: other, sdp: peer.localDescription });
      },
      offer: async ({ from_user_id, sdp }) => {
        other = from_user_id;
        await peer.setRemoteDescription(sdp);
        await peer.setLocalDescription(await peer.createAnswer());
        socket.says('answer', { target_user_id: other, sdp: peer.localDescription });
      },
      answer: ({ sdp }) => peer.setRemoteDescription(sdp),
      ice_candidate: ({ candidate }) => {
        candidates.push(candidate);
      },
    };
    socket.web.onmessage = async ({ data }) => {
      const frame = JSON.parse(data);
      await steps[frame.type]?.(frame.data);
      while (peer.remoteDescription && candidates.length > 0) await peer.addIceCandidate(candidates.shift());
    };
    socket.says('join_call');
    return { open, socket };
  }
}

/** Two people in one page, from signing in to a call. What they saw. */
export async function talk({ base, password }) {
  const seen = {};
  const [alice, bob] = [new App(base), new App(base)];
  const again = { username: 'alice', email: 'other@example.com', password };
  seen.taken = await alice.asks('POST', '/api/auth/register/', again).catch((error) => error.message);
  await alice.signsIn('alice', password);
  await bob.signsIn('bob', password);
  seen.me = (await alice.asks('GET', '/api/auth/me/')).username;

  const bobs = await bob.opens('/ws/notifications/');
  const { id } = await alice.asks('POST', '/api/rooms/', { name: 'den' });
  await alice.asks('POST', `/api/rooms/${id}/add-participant/`, { username: 'bob' });
  seen.added = (await bobs.hears('room_added')).room.name;
  seen.rooms = (await bob.asks('GET', '/api/rooms/')).results.map((room) => room.name);
  const participants = await alice.asks('GET', `/api/rooms/${id}/participants/`);
  seen.participants = participants.map((participant) => participant.user.username);

  const [hers, his] = [await alice.opens(`/ws/chat/${id}/`), await bob.opens(`/ws/chat/${id}/`)];
  hers.says('chat_message', { content: 'hello' });
  seen.heard = (await his.hears('chat_message')).data.content;
  his.says('mark_room_as_read');
  his.says('chat_message', { content: 'hello yourself' });
  // Each hears oneself, too.
  await his.hears('chat_message');
  await hers.hears('chat_message');
  await hers.hears('chat_message');
  seen.unread = (await bob.asks('GET', `/api/rooms/${id}/`)).unread_count;

  const form = new FormData();
  form.append('file', new File(['a file of hers'], 'note.txt', { type: 'text/plain' }));
  const file = await alice.asks('POST', '/api/files/upload/', form);
  hers.says('chat_message', { content: 'read this', attachment_ids: [file.id] });
  const { data } = await his.hears('chat_message');
  const attached = data.attachments[0].file;
  const headers = { Authorization: `Token ${bob.token}` };
  const bytes = await fetch(new URL(attached.file, base), { headers, credentials: 'include' });
  seen.file = [attached.name, await bytes.text()];
  // A picture in the page shows no token, and this page is another site's: it shows what was fetched.
  const drawing = document.createElement('canvas');
  const drawn = await new Promise((done) => { drawing.toBlob(done); });
  const pictured = new FormData();
  pictured.append('file', new File([drawn], 'drawn.png', { type: 'image/png' }));
  const picture = new URL(`/api/files/${(await bob.asks('POST', '/api/files/upload/', pictured)).id}/download/`, base);
  const shows = (src) => new Promise((done) => { Object.assign(new Image(), { onload: () => done(true), onerror: () => done(false), src }); });
  const fetched = await fetch(picture, { headers, credentials: 'include' }).then((answer) => answer.blob());
  seen.pictures = [await shows(picture), await shows(URL.createObjectURL(fetched))];
  const history = await bob.asks('GET', `/api/chat/${id}/messages/`);
  seen.history = history.results.reverse().map((message) => message.content);

  const profile = new FormData();
  profile.append('display_name', 'Alice L.');
  seen.profile = (await alice.asks('PATCH', '/api/auth/profile/', profile)).display_name;

  const hersOfCall = await alice.calls(id);
  seen.calling = (await bobs.hears('room_presence_update')).active_participants;
  const hisOfCall = await bob.calls(id);
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('the call came to nothing')), PATIENCE));
  seen.line = await Promise.race([Promise.all([hersOfCall.open, hisOfCall.open]), late]);
  await bobs.hears('room_presence_update');
  hersOfCall.socket.says('leave_call');
  seen.left = (await bobs.hears('room_presence_update')).active_participants;

  const { code } = await alice.asks('POST', `/api/rooms/${id}/invite/`, { expires_in_hours: 24 });
  seen.invited = (await bob.asks('POST', `/api/rooms/join/${code}/`)).id === id;
  return seen;
}
