// Signing in and making an account: one form, two ways.
import { el, field, form, icon, refuse } from './dom.js';
import { LANGUAGES, language, t } from './i18n.js';

// `entered` gets `{token, user}`; `speak` changes the language.
export function createSignin(root, { api, reason, entered, speak, invite, greeting }) {
  let mode = 'login';

  const username = field('username', t('signin.username'), { autocomplete: 'username', autocapitalize: 'none', spellcheck: false, required: true });
  const email = field('email', t('signin.email'), { type: 'email', autocomplete: 'email', required: true });
  const password = field('password', t('signin.password'), { type: 'password', autocomplete: 'current-password', required: true });
  const tabs = ['login', 'register'].map((way) => el('button', { type: 'button', textContent: t(`signin.${way}`), onclick: () => choose(way) }));
  const tabRow = el('div', { className: 'tabs', role: 'group', 'aria-label': t('signin.what') }, tabs);
  const note = el('p', { className: 'soft' });
  const node = form([tabRow, note, username, email, password], t('signin.login'), async (wish) => {
    if (mode === 'register' && invite) wish.invite = invite;
    if (mode === 'login') delete wish.email;
    entered(await api[mode](wish));
  });

  function choose(way) {
    mode = way;
    tabs.forEach((tab, index) => tab.setAttribute('aria-pressed', String(index === (mode === 'login' ? 0 : 1))));
    email.hidden = mode === 'login';
    node.elements.email.disabled = email.hidden;
    node.elements.password.autocomplete = mode === 'login' ? 'current-password' : 'new-password';
    username.firstChild.textContent = t(mode === 'login' ? 'signin.either' : 'signin.username');
    node.querySelector('[type="submit"]').textContent = t(mode === 'login' ? 'signin.login' : 'signin.create');
    refuse(node, null);
  }

  frame(root, node, { speak, greeting });
  choose(invite ? 'register' : 'login');
  if (reason) refuse(node, reason);
  node.elements.username.focus({ preventScroll: true });

  api.server().then(({ registration }) => {
    if (registration === 'open' || invite) return;
    tabRow.hidden = true;
    note.textContent = t(`signin.${registration}`);
  }, () => {}); // the form says so itself when it is sent
}

// The page of those who are not signed in: the name, a form, the languages.
export function frame(root, node, { speak, greeting = t('signin.welcome') }) {
  const languages = el('footer', {}, Object.entries(LANGUAGES).map(([code, name]) =>
    el('button', { type: 'button', className: 'plain', lang: code, textContent: name, 'aria-pressed': String(code === language), onclick: () => speak(code) })));
  root.replaceChildren(el('main', { className: 'signin' },
    el('div', { className: 'brand' }, icon('flame', 56), el('h1', { textContent: 'Fireside' }), el('p', { className: 'soft', textContent: greeting })), node, languages));
}
