// The page without a server: what it is made of is kept, whole and of one version (which the
// server says with each file), and given out where the server cannot be reached. A page goes on
// with the version that it began with: no two of them are mixed in one. Answers of the APIs never
// come through here. And what the server pushes while no page is looked at.
const HOME = new URL('.', location).href;
const PREFIX = `fireside page ${HOME} `; // and the version of all its files
const PAGES = `fireside pages ${HOME}`; // which version each open page has, and which is the newest
const MOST = 100; // files
const PATIENCE = 4_000; // ms for the server, before the kept page is shown
const LOADING = 60_000; // ms in which a page that is being opened may not be listed as open
const READING = 8_000; // ms for what was last seen to be read, before a push is shown as nobody's
const AWAY = [502, 503, 504]; // what a proxy says for a server that is not there
const PARTS = ['js/', 'css/', 'fireside.js'];
const NEEDS_SERVER = /\/(admin|call|elsewhere|hooks|invite|link|mentions|qr|ring|stage)\.(js|css)$/; // of no use without one
const ANY = { ignoreVary: true };

self.addEventListener('install', (event) => event.waitUntil(keep().then(() => self.skipWaiting())));

// The page that brought it, too: what that has not loaded yet is to be found without a server.
self.addEventListener('activate', (event) => event.waitUntil(clients.claim()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = request.url.replace(/[?#].*/, '');
  if (request.method !== 'GET') return;
  if (request.mode === 'navigate' && url === HOME) event.respondWith(begin(event));
  else if (PARTS.some((part) => url.startsWith(HOME + part))) event.respondWith(serve(event, url));
});

// The page itself: the newest there is, or the one that is kept.
async function begin(event) {
  const fresh = fetch(event.request);
  const response = await Promise.race([fresh.catch(() => null), new Promise((done) => { setTimeout(done, PATIENCE); })]);
  const newest = await named('newest');
  const known = newest && await find(newest, HOME);
  const isThere = response && !AWAY.includes(response.status);
  if (!isThere && !known) return fresh;
  const version = isThere ? versionOf(response) : newest;
  if (version) await name(event.resultingClientId, version);
  if (isThere && version !== newest) event.waitUntil(renew());
  return isThere ? response : known;
}

// A part of a page, of the page's own version.
async function serve({ request, clientId }, url) {
  const version = await named(clientId);
  const known = version && await find(version, url);
  if (known) return known;
  const response = await fetch(request).catch(async (away) => {
    const kept = !version && await find(await named('newest'), url);
    if (!kept) throw away;
    return kept;
  });
  if (!version || !response.ok || versionOf(response) === version) return response;
  // The server has been renewed since the page began, and so must the page be.
  (await clients.get(clientId))?.postMessage({ type: 'renewed' });
  return Response.error();
}

self.addEventListener('message', (event) => {
  if (event.data?.type === 'look') event.waitUntil(look(event.source));
});

// Whether the server has a newer page than one that is open and has just reached it.
async function look(page) {
  const version = await named(page.id);
  const response = await fetch(HOME, { method: 'HEAD', cache: 'no-cache' }).catch(() => null);
  if (!version || !response?.ok) return;
  if (versionOf(response) === version) return void await tidy(await named('newest'));
  await renew();
  page.postMessage({ type: 'renewed' });
}

const versionOf = ({ headers }) => headers.get('X-Fireside-Build');
const find = async (version, url) => (await caches.open(PREFIX + version)).match(url, ANY);

// Names of versions outlast this worker, which the browser ends whenever it rests.
const placeOf = (what) => `${HOME}?page=${encodeURIComponent(what)}`;
const name = async (what, version) => (await caches.open(PAGES)).put(placeOf(what), new Response(version, { headers: { Date: new Date().toUTCString() } }));
const named = async (what) => (await (await caches.open(PAGES)).match(placeOf(what)))?.text();

let renewing = null;
function renew() {
  renewing ??= keep().catch(() => {}).finally(() => { renewing = null; });
  return renewing;
}

async function keep() {
  const files = await gather();
  const version = versionOf(files.get(HOME).response);
  // A server that is being renewed may answer with either.
  if (!version || [...files.values()].some(({ response }) => versionOf(response) !== version)) throw new Error('not of one version');
  const cache = await caches.open(PREFIX + version);
  // The page itself comes last.
  for (const [url, { response }] of [...files].reverse()) await cache.put(url, response);
  await name('newest', version);
  await tidy(version);
}

// What no open page has any more.
async function tidy(newest) {
  const pages = await caches.open(PAGES);
  const open = new Set((await clients.matchAll({ includeUncontrolled: true, type: 'window' })).map(({ id }) => id));
  const wanted = new Set([newest]); // and those of open pages
  for (const { url } of await pages.keys()) {
    const id = new URL(url).searchParams.get('page');
    const { headers } = await pages.match(url);
    const isLoading = Date.now() - Date.parse(headers.get('Date')) < LOADING;
    if (open.has(id) || isLoading) wanted.add(await named(id));
    else if (id !== 'newest') await pages.delete(url);
  }
  for (const other of await caches.keys()) if (other.startsWith(PREFIX) && !wanted.has(other.slice(PREFIX.length))) await caches.delete(other);
}

// The page and everything that it leads to.
async function gather() {
  const files = new Map();
  let wave = [HOME];
  while (wave.length) {
    const found = await Promise.all(wave.map(load));
    for (const { url, ...file } of found) files.set(url, file);
    if (files.size > MOST) throw new Error(`more than ${MOST} files`);
    wave = [...new Set(found.flatMap(leadsTo))].filter((url) => !files.has(url) && !NEEDS_SERVER.test(url));
  }
  return files;
}

async function load(url) {
  const response = await fetch(url, { cache: 'no-cache' });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return { url, response, text: await response.clone().text() };
}

// What a page links to, and the imports and sheets of a script.
function leadsTo({ url, text }) {
  if (url === HOME) return [...text.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map(([, path]) => new URL(path, url).href);
  if (!url.endsWith('.js')) return [];
  const imports = [...text.matchAll(/(?:from|import) *\(?'(\.[^']+)'/g)].map(([, path]) => new URL(path, url).href);
  const sheets = [...text.matchAll(/\bstyle\('([a-z]+)'\)/g)].map(([, name]) => `${HOME}css/${name}.css`);
  return [...imports, ...sheets];
}

// --- Being told.
const PLACE = new URL(HOME).pathname.replace(/\/$/, '');
const SEEN = PLACE ? `fireside ${PLACE} seen` : 'fireside.seen'; // the database of what was last seen, as in js/kept.js
const WORDS = {
  en: { message: 'New message', test: 'Notifications work on this device.' },
  ru: { message: 'Новое сообщение', test: 'Уведомления на этом устройстве работают.' },
};

self.addEventListener('push', (event) => event.waitUntil(tell(event.data)));

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data ?? {}));
});

async function tell(data) {
  const reader = await whoReads();
  // Of what was sent to somebody who has signed out since, nothing is shown.
  const { chat, message, title = 'Fireside', sender, text, badge, test } = reader ? parsed(data) : {};
  if (Number.isInteger(badge)) await self.navigator.setAppBadge?.(badge).catch(() => {});
  if (chat && (await pages()).some(({ focused }) => focused)) return; // it is on the screen, or in its list
  const words = WORDS[reader?.language] ?? WORDS[self.navigator.language.slice(0, 2)] ?? WORDS.en;
  await self.registration.showNotification(sender && sender !== title ? `${sender} · ${title}` : title, {
    body: text || (test ? words.test : words.message),
    tag: chat ? `chat-${chat}` : 'fireside', // one of a chat
    renotify: true,
    icon: `${HOME}img/icon-192.png`,
    data: { chat, message },
  });
}

function parsed(data) {
  try { return data.json() ?? {}; } catch { return {}; }
}

// To a page that is open, or to one.
async function open({ chat, message }) {
  const all = await pages();
  const page = all.find(({ visibilityState }) => visibilityState === 'visible') ?? all[0];
  if (!page) return self.clients.openWindow(HOME + (chat ? `#chat-${chat}/m-${message}` : ''));
  page.postMessage({ type: 'open', chat, message });
  return page.focus().catch(() => {}); // the browser may not let it
}

const pages = async () => (await clients.matchAll({ type: 'window', includeUncontrolled: true })).filter(({ url }) => url.replace(/[?#].*/, '') === HOME);

// Whoever is signed in here, as what was last seen has it; nobody where there is nothing.
function whoReads() {
  return new Promise((resolve) => {
    setTimeout(resolve, READING, null); // while a page erases it, nothing answers, and a push has to be shown
    const asked = indexedDB.open(SEEN);
    asked.onupgradeneeded = () => asked.transaction.abort(); // it is not made here
    asked.onerror = () => resolve(null);
    asked.onsuccess = () => {
      const database = asked.result;
      try {
        const found = database.transaction('head').objectStore('head').get('head');
        found.onsuccess = found.onerror = () => resolve(found.result ?? null);
      } catch {
        resolve(null); // there is nothing in it yet
      }
      database.close(); // once that is done
    };
  });
}
