// The door: who is signed in meets their chats, others the sign-in page.
import { createCaller, HOME, isPassing } from '../fireside.js';
import { el, style, toast } from './dom.js';
import { language, load, t, wanted } from './i18n.js';
import { key } from './kept.js';

const JOIN = key('join');
const root = document.querySelector('#root');
const theme = localStorage.getItem(key('theme'));
if (theme) document.documentElement.dataset.theme = theme;

// All that one can ask for from outside: the rest need not be loaded for it.
const { get, post } = createCaller('', HOME);
const door = {
  server: () => get('/api/server/'),
  register: making('/api/server/register/'),
  login: (wish) => post('/api/auth/login/', wish),
  setUp: making('/api/server/setup/'),
  lookAtInvite: (code) => post('/api/server/invites/look/', { code }),
  lookAtReset: (code) => post('/api/server/reset/look/', { code }),
  reset: (wish) => post('/api/server/reset/', wish),
};

// An account that was made though the answer was lost is there at the next try: its password signs in to it.
function making(path) {
  let isUnsure = false;
  return async (wish) => {
    try {
      // What the server names, it names in the language of the page.
      return await createCaller('', HOME, { 'Accept-Language': language }).post(path, wish);
    } catch (error) {
      if (isPassing(error)) isUnsure = true;
      else if (isUnsure) return door.login({ username: wish.username, password: wish.password }).catch(() => { throw error; });
      throw error;
    }
  };
}

let reason = null;
let arrival = {}; // isNew: somebody who has just got an account, isFirst: the one who sets up
await load(wanted());
await comeBack();
await enter();

// From the operator's provider: with a session, or with what went wrong there.
async function comeBack() {
  const back = /^#oidc(?:-([a-z-]+)|\.(\w+)\.(\w+))?$/.exec(location.hash);
  if (!back) return;
  history.replaceState(null, '', location.pathname.replace(/login\/?$/, ''));
  if (back[1]) reason = { message: t(`oidc.${back[1]}`) };
  else if (!localStorage.getItem(key('token'))) await elsewhere(({ comeBack: come }) => come(back[2], back[3]));
}

// Signed in by others' word.
async function elsewhere(signIn, named) {
  try {
    const { token } = await signIn(await import('./elsewhere.js'));
    keep(token, named);
  } catch (error) {
    reason = error;
  }
}

// `named`: whose it is, where a proxy's word brought it.
function keep(token, named) {
  if (named) localStorage.setItem(key('named'), named);
  else localStorage.removeItem(key('named'));
  localStorage.setItem(key('token'), token);
}

// What a proxy's word brought lasts while the proxy lets the same person in: another may sit at this browser now.
async function isTheirs() {
  const named = localStorage.getItem(key('named'));
  if (!named) return true;
  try {
    const { user } = await door.server();
    return Boolean(user?.is_named_by_proxy) && String(user.id) === named;
  } catch (error) {
    return isPassing(error);
  }
}

async function enter() {
  const page = location.pathname.slice(new URL(HOME).pathname.replace(/\/$/, '').length);
  if (!/^\/?(index\.html|login\/?|setup\/?|invite\/?|join\/?|reset\/?)?$/.test(page)) return lost();
  const link = /\/(setup|invite|reset)\/?$/.exec(location.pathname)?.[1];
  if (link) return openLink(link);
  if (/^\/?join\/?$/.test(page)) keepJoin();
  const token = localStorage.getItem(key('token'));
  if (token && await isTheirs()) {
    if (reason) toast(reason.message);
    reason = null;
    const [{ startApp }] = await Promise.all([import('./app.js'), style('app')]);
    return startApp(root, token, { left, restricted, ...arrival });
  }
  forget();
  const { createSignin } = await import('./signin.js');
  createSignin(root, {
    api: door,
    reason,
    isNew: location.hash === '#join',
    greeting: sessionStorage.getItem(JOIN) ? t('join.first') : undefined,
    entered: ({ token: fresh }, isNew) => {
      keep(fresh);
      arrival = { isNew };
      enter();
    },
    named: async (id) => {
      await elsewhere(({ namedByProxy }) => namedByProxy(), id);
      if (localStorage.getItem(key('token'))) enter();
    },
    speak,
  });
}

// Where an invitation into a group leads: its code waits until one is signed in.
function keepJoin() {
  sessionStorage.setItem(JOIN, location.hash.slice(1));
  history.replaceState(null, '', location.pathname.replace(/join\/?$/, ''));
}

// Whoever signs in next sees nothing of what was seen and typed before.
function forget() {
  const isTyped = (name) => ['draft.', 'outbox.'].some((kind) => name.startsWith(key(kind)));
  for (const name of Object.keys(localStorage)) if (isTyped(name) || name === key('searches')) localStorage.removeItem(name);
  if (localStorage.getItem(key('push'))) import('./push.js').then(({ leave }) => leave()).catch(() => {});
  navigator.clearAppBadge?.().catch(() => {});
  for (const name of ['token', 'named', 'kept']) localStorage.removeItem(key(name));
  globalThis.indexedDB?.deleteDatabase(key('seen'));
}

// The server sends this page, too, to whoever goes where there is nothing.
async function lost() {
  const { frame } = await import('./signin.js');
  frame(root, el('div', { className: 'card stack' }, el('p', { role: 'alert', textContent: t('lost') }), el('a', { className: 'button', href: `${HOME}/`, textContent: t('link.home') })), { speak });
}

// What an administrator's link is for. Its code stands behind the #, so that no log has it.
async function openLink(kind) {
  const { createLink } = await import('./link.js');
  const home = (why = null) => {
    reason = why;
    history.replaceState(null, '', location.pathname.replace(/(setup|invite|reset)\/?$/, ''));
    enter();
  };
  createLink(root, {
    kind,
    code: location.hash.slice(1),
    api: door,
    entered: ({ token: fresh }, isNew, isFirst) => {
      keep(fresh);
      arrival = { isNew, isFirst };
      home();
    },
    left: (why) => {
      localStorage.removeItem(key('token'));
      home(why);
    },
    home,
    speak,
  });
}

async function speak(language) {
  localStorage.setItem(key('language'), language);
  await load(language);
  enter();
}

// Signed out, here or by the server, which then says why.
function left(why) {
  arrival = {};
  localStorage.removeItem(key('token'));
  reason = why;
  document.title = 'Fireside';
  for (const open of document.querySelectorAll('dialog, [popover]')) open.remove();
  enter();
}

// The server asks for a second factor: all else waits for it.
async function restricted(token) {
  for (const open of document.querySelectorAll('dialog, [popover]')) open.remove();
  const [{ createRequired }, { createApi }, { frame }] = await Promise.all([import('./factor.js'), import('./api.js'), import('./signin.js')]);
  await createRequired(root, { api: createApi(token), frame, speak: async (language) => {
    localStorage.setItem(key('language'), language);
    await load(language);
    await restricted(token);
  }, done: enter, left }).catch(left);
}

// Another tab signed out or in: this one follows.
window.addEventListener('storage', ({ key: changed, newValue, oldValue }) => {
  if (changed === key('token') && newValue !== oldValue) location.reload();
});
