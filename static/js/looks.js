// Tells the server while the page is looked at: nothing is pushed to any device meanwhile.
const EVERY = 45_000; // ms: the server takes each word of it to hold for 60 s
const IDLE = 5 * 60_000; // ms without a hand on it, after which nobody sits before it
const HANDS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'];

export function tellLooks({ socket, store, signal }) {
  let told = false; // what the server was told last on this line
  let line = store.get().link;
  let touched = Date.now();
  let timer;
  const isLookedAt = () => !document.hidden && document.hasFocus() && Date.now() - touched < IDLE;

  function tell() {
    clearTimeout(timer);
    const visible = isLookedAt();
    if (visible || told) told = socket.send({ type: 'visible', visible }) && visible;
    if (visible) timer = setTimeout(tell, EVERY);
  }
  const changed = () => { if (isLookedAt() !== told) tell(); };
  const hand = () => { touched = Date.now(); changed(); };
  for (const event of ['focus', 'blur']) window.addEventListener(event, changed, { signal });
  for (const event of HANDS) window.addEventListener(event, hand, { signal, passive: true });
  document.addEventListener('visibilitychange', changed, { signal });
  window.addEventListener('pagehide', () => told && socket.send({ type: 'visible', visible: false }), { signal });
  const forget = store.subscribe(({ link }) => {
    if (link === line) return;
    line = link;
    told = false; // of another line, or of none, the server knows nothing
    if (link === 'live') tell();
  });
  signal.addEventListener('abort', () => { forget(); clearTimeout(timer); });
  if (line === 'live') tell();
}
