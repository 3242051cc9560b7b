// Signing in by the operator's provider or proxy: the way there and back, and the link to one's account.
import { HOME, randomId, Refusal } from '../fireside.js';
import { confirmed, el, missing, toast } from './dom.js';
import { t } from './i18n.js';
import { key } from './kept.js';

const BEGUN = key('oidc');

// A path of this site, with what the page is to do there.
const here = (hash) => `${new URL(HOME).pathname.replace(/\/$/, '')}/#${hash}`;

// Cookies can be planted by a neighbouring name, and what a page keeps cannot: a sign-in that begins here ends here.
export function wayThere() {
  const begun = localStorage.getItem(BEGUN) ?? randomId();
  localStorage.setItem(BEGUN, begun);
  return `${HOME}/login/oidc/?next=${encodeURIComponent(here(`oidc.${begun}`))}`;
}

// By the cookie of the session that the provider has opened.
async function ask(method, path, body, csrf = '') {
  const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': csrf };
  const response = await fetch(HOME + path, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Refusal(response.status, answer);
  return answer;
}

// That session, and no other, gets a token as every device has one; then it has done its work.
export async function comeBack(begun, csrf) {
  if (!begun || begun !== localStorage.getItem(BEGUN)) throw new Error(t('oidc.state'));
  localStorage.removeItem(BEGUN);
  const { username } = await ask('GET', '/api/auth/me/');
  const entered = await ask('POST', '/api/auth/login/', { username, password: '', oauth: 'true' }, csrf);
  await ask('POST', '/logout/', undefined, csrf).catch(() => {}); // it ends by itself
  return entered;
}

// Whoever a trusted proxy names is signed in already: the account's own token is for the socket.
export const namedByProxy = () => ask('GET', '/api/token/');

// The section of the settings about one's account there.
export function showLink(section, { api, name, refused }) {
  const act = (action) => async () => {
    try {
      await action();
    } catch (error) {
      refused(error);
    }
  };
  const button = (text, action, more = {}) => el('button', { type: 'button', textContent: text, onclick: act(action), ...more });
  const show = async () => {
    const { linked, has_password } = await api.link();
    const add = () => api.makeLink(here('oidc-done')).then(({ url }) => location.assign(url));
    const remove = async () => {
      if (!(await confirmed(t('elsewhere.unlink.sure', { name }), t('elsewhere.unlink')))) return;
      await api.endLink();
      toast(t('elsewhere.unlinked'));
      await show();
    };
    section.replaceChildren(el('h3', { textContent: t('elsewhere') }),
      el('p', { className: 'soft', textContent: t(linked ? 'elsewhere.on' : 'elsewhere.off', { name }) }),
      el('div', { className: 'row' }, linked ? button(t('elsewhere.unlink'), remove, { disabled: !has_password }) : button(t('elsewhere.link', { name }), add)),
      linked && !has_password ? el('p', { className: 'soft', textContent: t('elsewhere.only') }) : '');
    section.hidden = false;
  };
  const start = () => show().catch((error) => {
    section.replaceChildren(missing(error, start));
    section.hidden = false;
  });
  start();
}
