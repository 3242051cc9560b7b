// Where one is: the address says which chat is open, and an entry of the history of its own
// that something lies above it, so that Back closes that first.
const open = []; // dialogs, the top one last
let wasOver = Boolean(history.state?.over); // the entry that one is leaving was that of a dialog
let left = location.hash; // its address

window.addEventListener('overlaid', ({ detail: dialog }) => {
  open.push(dialog);
  dialog.addEventListener('close', () => forget(dialog));
  cover();
});

// An entry that a closed dialog has left behind serves the next one.
function cover() {
  if (!history.state?.over) history.pushState({ over: true }, '');
  [wasOver, left] = [true, location.hash];
}

function forget(dialog) {
  const at = open.indexOf(dialog);
  if (at >= 0) open.splice(at, 1);
}

window.addEventListener('popstate', () => {
  const [isOver, cameFrom] = [Boolean(history.state?.over), wasOver && left];
  [wasOver, left] = [isOver, location.hash];
  // Those that were taken away without being closed, and those whose `close` is still to be told.
  while (open.length && !(open.at(-1).isConnected && open.at(-1).open)) open.pop();
  const top = open.at(-1);
  if (isOver || cameFrom !== location.hash) return; // not off a dialog's entry
  // Its dialog was closed otherwise, and so this step leads nowhere. The next one waits until it is done.
  if (!top) return void setTimeout(() => history.back());
  forget(top);
  top.close();
  if (open.length) cover();
});

// Goes to an address of this page. What lay above goes with it.
export function goTo(hash) {
  if (history.state?.over) location.replace(`#${hash}`);
  else location.hash = hash;
  [wasOver, left] = [false, location.hash];
}

// Whoever signs in next begins anew.
export function leave() {
  open.length = 0;
  history.replaceState(null, '', location.pathname);
  [wasOver, left] = [false, ''];
}
