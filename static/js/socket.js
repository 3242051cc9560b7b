// The live side: one socket that comes back by itself and asks what it missed.

const FIRST_WAIT = 500; // ms
const LONGEST_WAIT = 20_000;
const STEADY_AFTER = 5_000; // a connection that held so long has proved itself
const SILENCE = 20_000; // between two pings of ours
const DEAD_AFTER = 8_000; // without an answer to one

// Calls `frame(frame)`, `lost()` (it will try again) and `ended(code)` (there is
// no point). `path()` is asked anew for each connection, for it says since when.
export function openSocket(path, token, { opened, frame, lost, ended }) {
  let socket;
  let timer;
  let pinger;
  let deadline;
  let tries = 0;
  let closed = false;

  function connect() {
    clearTimeout(timer);
    const url = new URL(path(), location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    // The token goes as a subprotocol, for addresses end up in logs.
    const mine = new WebSocket(url, ['token', token]);
    socket = mine;
    let since = Infinity;
    mine.onopen = () => {
      since = Date.now();
      pinger = setInterval(ping, SILENCE);
      opened?.();
    };
    mine.onmessage = ({ data }) => {
      clearTimeout(deadline);
      if (!closed && socket === mine) frame(JSON.parse(data));
    };
    mine.onclose = ({ code }) => {
      if (socket !== mine) return;
      clearInterval(pinger);
      clearTimeout(deadline);
      if (closed) return;
      if ([4401, 4403, 4404].includes(code)) { closed = true; return ended(code); }
      if (Date.now() - since > STEADY_AFTER) tries = 0;
      lost();
      timer = setTimeout(connect, wait(tries));
      tries += 1;
    };
  }

  // A line can die without a word: a laptop sleeps, a network changes.
  function ping() {
    if (!send({ type: 'ping' })) return;
    clearTimeout(deadline);
    deadline = setTimeout(() => {
      const dead = socket;
      dead.close();
      dead.onclose?.({ code: 1006 });
      dead.onclose = null;
    }, DEAD_AFTER);
  }

  function send(content) {
    if (socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(content));
    return true;
  }

  // No use in waiting on when the network or the reader has just come back.
  function hurry() {
    if (closed || document.hidden) return;
    if (socket.readyState === WebSocket.CLOSED) connect();
    else ping();
  }

  window.addEventListener('online', hurry);
  document.addEventListener('visibilitychange', hurry);
  connect();
  return {
    send,
    hurry,
    close() {
      closed = true;
      clearTimeout(timer);
      window.removeEventListener('online', hurry);
      document.removeEventListener('visibilitychange', hurry);
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
