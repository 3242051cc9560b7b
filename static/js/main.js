// The door: who is signed in meets their chats, others the sign-in page.
import { createApi } from './api.js';
import { style } from './dom.js';
import { load, wanted } from './i18n.js';

const root = document.querySelector('#root');
const theme = localStorage.getItem('fireside.theme');
if (theme) document.documentElement.dataset.theme = theme;

let reason = null;
await load(wanted());
await enter();

async function enter() {
  const token = localStorage.getItem('fireside.token');
  if (token) {
    const [{ startApp }] = await Promise.all([import('./app.js'), ...['chats', 'conversation', 'composer'].map(style)]);
    return startApp(root, token, { left });
  }
  const [{ createSignin }] = await Promise.all([import('./signin.js'), style('signin')]);
  createSignin(root, {
    api: createApi(null),
    reason,
    entered: ({ token: fresh }) => {
      localStorage.setItem('fireside.token', fresh);
      enter();
    },
    speak: async (language) => {
      localStorage.setItem('fireside.language', language);
      await load(language);
      enter();
    },
  });
}

// Signed out, here or by the server, which then says why.
function left(why) {
  localStorage.removeItem('fireside.token');
  history.replaceState(null, '', location.pathname);
  reason = why;
  document.title = 'Fireside';
  for (const open of document.querySelectorAll('dialog, [popover]')) open.remove();
  enter();
}

// Another tab signed out or in: this one follows.
window.addEventListener('storage', ({ key, newValue, oldValue }) => {
  if (key === 'fireside.token' && newValue !== oldValue) location.reload();
});
