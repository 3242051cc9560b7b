// Signing in and making an account: one form, two ways.
import { el, field, form, icon, refuse } from './dom.js';
import { LANGUAGES, language, t } from './i18n.js';

// `named` is for whoever a trusted proxy has let in, by id; `entered` gets `{token, user}` and whether the account is new; `speak` changes the language.
export function createSignin(root, { api, reason, entered, named = () => {}, speak, invite, greeting, isNew = Boolean(invite) }) {
  let mode = 'login';

  const username = nameField();
  const email = field('email', t('optional', { what: t('signin.email') }), { type: 'email', autocomplete: 'email' });
  const password = field('password', t('signin.password'), { type: 'password', autocomplete: 'current-password', required: true });
  const tabs = ['login', 'register'].map((way) => el('button', { type: 'button', textContent: t(`signin.${way}`), onclick: () => choose(way) }));
  const tabRow = el('div', { className: 'tabs', role: 'group', 'aria-label': t('signin.what') }, tabs);
  const note = el('p', { className: 'soft', role: 'status' });
  const otp = field('otp', t('signin.otp'), { autocomplete: 'one-time-code', autocapitalize: 'none', spellcheck: false, required: true, disabled: true, maxLength: 40 });
  const back = el('button', { type: 'button', className: 'plain', hidden: true, textContent: t('signin.back'), onclick: () => { asks(false); node.elements.password.focus(); } });
  const node = form([tabRow, note, username, password, email, otp], t('signin.login'), async ({ username: name, password: secret, email: address, otp: code }) => {
    if (mode === 'login') return login({ username: name, password: secret, ...(code && { otp: code }) });
    const wish = { ...called(name), password: secret, ...(address && { email: address }), ...(invite && { invite }) };
    return void entered(await api.register(wish), true);
  });

  node.append(back);
  otp.hidden = true;

  async function login(wish) {
    try {
      entered(await api.login(wish), false);
    } catch (error) {
      if (error.code === 'second_factor_required') return asks(true);
      throw wish.otp && error.status === 401 ? { details: { otp: t('signin.otp.wrong') } } : error;
    }
    return undefined;
  }

  // The password was right, and a code is asked for, too: nothing else is to be filled in.
  function asks(is) {
    for (const part of [username, password, tabRow, note]) part.hidden = is;
    otp.hidden = back.hidden = node.elements.otp.disabled = !is;
    if (!is) node.elements.otp.value = '';
    refuse(node, null);
    if (is) node.elements.otp.focus();
    else api.server().then(({ registration }) => { tabRow.hidden = registration !== 'open' && !invite; }, () => {});
  }

  function choose(way) {
    mode = way;
    const isLogin = mode === 'login';
    tabs.forEach((tab, index) => tab.setAttribute('aria-pressed', String(index === (isLogin ? 0 : 1))));
    email.hidden = isLogin;
    node.elements.email.disabled = isLogin;
    node.elements.password.autocomplete = isLogin ? 'current-password' : 'new-password';
    username.firstChild.textContent = t(isLogin ? 'signin.either' : 'signin.name');
    username.hint(!isLogin);
    node.querySelector('[type="submit"]').textContent = t(isLogin ? 'signin.login' : 'signin.create');
    refuse(node, null);
  }

  // The operator's provider, beside the password.
  function offer({ name }) {
    import('./elsewhere.js').then(({ wayThere }) => {
      node.append(el('a', { className: 'button elsewhere', href: wayThere(), textContent: t('signin.by', { name }) }));
    }, () => {}); // the password is there
  }
  function withoutPassword() {
    for (const part of [tabRow, username, password, email, otp, node.querySelector('[type="submit"]')]) part.remove();
  }

  const shown = frame(root, node, { speak, greeting });
  choose(isNew ? 'register' : 'login');
  if (reason) refuse(node, reason);
  node.elements.username.focus({ preventScroll: true });

  api.server().then(({ name, registration, needs_setup, password_login, oidc, user }) => {
    shown.name(name);
    if (user?.is_named_by_proxy) return void named(user.id);
    if (oidc && !(invite && password_login)) offer(oidc);
    if (!password_login) return withoutPassword();
    if (needs_setup) note.textContent = t('signin.setup');
    if (registration === 'open' || invite) return;
    tabRow.hidden = true;
    choose('login');
    if (reason) refuse(node, reason);
    note.textContent = needs_setup ? t('signin.setup') : t(`signin.${registration}`);
  }, () => {}); // the form says so itself when it is sent
}

// The box for one's name, which tells what one will sign in with where that is another.
export function nameField() {
  const node = field('username', t('signin.name'), { autocomplete: 'username', autocapitalize: 'none', spellcheck: false, required: true, maxLength: 150 });
  const hint = el('small', { className: 'soft', role: 'status' });
  const box = node.querySelector('input');
  let isOn = true;
  const tell = () => {
    const { username, display_name } = called(box.value);
    hint.textContent = isOn && display_name && username ? t('signin.as', { name: username }) : '';
  };
  box.addEventListener('input', tell);
  node.append(hint);
  return Object.assign(node, { hint(is) { isOn = is; tell(); } });
}

// A username has no spaces; a name may have them.
export function called(text) {
  const name = text.trim();
  const username = name.normalize('NFKC').replace(/[^\p{L}\p{M}\p{N}_.+-]+/gu, '.').replace(/^[^\p{L}\p{N}_]+|[^\p{L}\p{M}\p{N}_]+$/gu, '').slice(0, 64);
  return /\s/.test(name) && username ? { username, display_name: name } : { username: name };
}

// The page of those who are not signed in: the name, a form, the languages.
export function frame(root, node, { speak, greeting = t('signin.welcome') }) {
  const languages = el('footer', {}, Object.entries(LANGUAGES).map(([code, name]) =>
    el('button', { type: 'button', className: 'plain', lang: code, textContent: name, 'aria-pressed': String(code === language), onclick: () => speak(code) })));
  const heading = el('h1', { className: 'words', dir: 'auto', textContent: 'Fireside' });
  root.replaceChildren(el('main', { className: 'signin' },
    el('div', { className: 'brand' }, icon('flame', 56), heading, el('p', { className: 'soft', textContent: greeting })), node, languages));
  return { name(name) { document.title = heading.textContent = name; } };
}
