// The live side of one room: a socket that comes back by itself.

const FIRST_WAIT = 500; // ms
const LONGEST_WAIT = 30_000;
const STEADY_AFTER = 5_000; // a connection that held so long has proved itself

// Calls `opened`, `frame(type, data)`, `lost` (it will try again) and
// `ended(code)` (there is no point: 4401, 4403 or 4404).
export function openSocket(room, token, { opened, frame, lost, ended }) {
  let socket;
  let timer;
  let tries = 0;
  let closed = false;

  function connect() {
    const url = new URL(`/ws/room/${room}/`, location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    // The token goes as a subprotocol, for addresses end up in logs.
    socket = new WebSocket(url, ['token', token]);
    let since = Infinity;
    socket.addEventListener('open', () => {
      since = Date.now();
      if (!closed) opened();
    });
    socket.addEventListener('message', ({ data }) => {
      if (closed) return;
      const { type, data: content } = JSON.parse(data);
      frame(type, content);
    });
    socket.addEventListener('close', ({ code }) => {
      if (closed) return;
      if (code === 4401 || code === 4403 || code === 4404) return ended(code);
      if (Date.now() - since > STEADY_AFTER) tries = 0;
      lost();
      timer = setTimeout(connect, wait(tries));
      tries += 1;
    });
  }

  // No use in waiting on when the network has just come back.
  function hurry() {
    if (socket.readyState !== WebSocket.CLOSED) return;
    clearTimeout(timer);
    connect();
  }

  window.addEventListener('online', hurry);
  connect();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      window.removeEventListener('online', hurry);
      socket.close();
    },
  };
}

// Longer each time, and never the same for two clients: when a server restarts,
// they must not all come back at once.
function wait(tries) {
  const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** tries);
  return most / 2 + Math.random() * (most / 2);
}
