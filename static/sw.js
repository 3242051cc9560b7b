// The page without a server: what it is made of is kept, whole and of one version, and given
// out where the server cannot be reached. Answers of the APIs never come through here.
const HOME = new URL('.', location).href;
const PREFIX = `fireside page ${HOME} `; // and the digest of all its files
const MOST = 100; // files
const PATIENCE = 4_000; // ms for the server, before the kept page is shown
const AWAY = [502, 503, 504]; // what a proxy says for a server that is not there
const PARTS = ['js/', 'css/', 'fireside.js'];
const NEEDS_SERVER = /\/(admin|call|invite|link|qr|ring|stage)\.(js|css)$/; // of no use without one
const ANY = { ignoreVary: true };

self.addEventListener('install', (event) => event.waitUntil(keep().then(() => self.skipWaiting())));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = request.url.replace(/[?#].*/, '');
  const isOurs = request.mode === 'navigate' ? url === HOME : PARTS.some((part) => url.startsWith(HOME + part));
  if (request.method === 'GET' && isOurs) event.respondWith(serve(event, url));
});

// The newest there is; a page that began with what is kept goes on with it.
const stranded = new Set(); // pages, by id
async function serve(event, url) {
  const { request, clientId, resultingClientId } = event;
  const isStranded = stranded.has(clientId);
  const fresh = isStranded ? null : fetch(request);
  const response = await Promise.race([fresh?.catch(() => null), fresh && new Promise((done) => { setTimeout(done, PATIENCE); })]);
  const known = await kept(url);
  if (response && !AWAY.includes(response.status)) {
    if (known && isOther(response, known)) event.waitUntil(renew());
    return response;
  }
  if (!known) return fresh ?? fetch(request);
  if (request.mode === 'navigate') stranded.add(resultingClientId);
  return known;
}

const tag = ({ headers }) => headers.get('ETag')?.replace(/^W\//, '');
const isOther = (response, known) => response.ok && (!tag(response) || tag(response) !== tag(known));

let renewing = null;
function renew() {
  renewing ??= keep().catch(() => {}).finally(() => { renewing = null; });
  return renewing;
}

// One that is not whole has no page yet.
async function kept(url) {
  for (const name of await caches.keys()) {
    if (!name.startsWith(PREFIX)) continue;
    const cache = await caches.open(name);
    if (await cache.match(HOME, ANY)) return cache.match(url, ANY);
  }
  return undefined;
}

async function keep() {
  const files = await gather();
  const name = PREFIX + await digestOf(files);
  const cache = await caches.open(name);
  // The page itself comes last.
  if (!(await cache.match(HOME, ANY))) for (const [url, { response }] of [...files].reverse()) await cache.put(url, response);
  for (const other of await caches.keys()) if (other.startsWith(PREFIX) && other !== name) await caches.delete(other);
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

async function digestOf(files) {
  const all = [...files].map(([url, { text }]) => `${url}\n${text}`).sort().join('\n');
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(all)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
