// The server, for its administrators: how it is, what fills its disk, who has an account,
// who may come, and what was done.
import { avatar, confirmed, dialog, el, field, form, iconButton, menu, missing, nameOf, pages, skeleton, style, toast } from './dom.js';
import { alsoLoad, endTime, fullTime, shortly, size, t, tell } from './i18n.js';
import { copied } from './markup.js';

await alsoLoad('admin');

const DAY = 86_400; // seconds
const TERMS = [30, 365, 0, null]; // days, for ever, and as the server is told

export async function openAdmin({ api, actions, me }) {
  await style('admin');
  const guarded = (action) => async (...args) => {
    try {
      await action(...args);
    } catch (error) {
      actions.refused(error);
    }
  };
  const parts = { status, storage, people, invites, audit };
  const body = el('div', { className: 'part', role: 'tabpanel', tabIndex: -1, id: 'admin-part' });
  const tabs = Object.keys(parts).map((name) => el('button', { type: 'button', role: 'tab', id: `admin-${name}`, 'aria-controls': body.id, textContent: t(`admin.${name}`), onclick: () => choose(name) }));
  const row = el('div', { className: 'tabs', role: 'tablist', 'aria-label': t('admin') }, tabs);
  row.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs.at((tabs.indexOf(document.activeElement) + step) % tabs.length);
    next.focus();
    next.click();
  });
  dialog(t('admin'), [row, body]).classList.add('admin');
  choose('status');

  function choose(name) {
    for (const tab of tabs) {
      const is = tab.id === `admin-${name}`;
      tab.setAttribute('aria-selected', String(is));
      tab.tabIndex = is ? 0 : -1;
    }
    body.setAttribute('aria-labelledby', `admin-${name}`);
    body.replaceChildren(...[parts[name]()].flat());
  }

  // --- How it is.
  function status() {
    const part = el('div', { className: 'stack status' }, skeleton(5));
    const show = () => api.status().then((found) => part.replaceChildren(...told(found)), (error) => part.replaceChildren(missing(error, show)));
    show();
    return part;
  }

  // --- What fills the disk.
  function storage() {
    const part = el('div', { className: 'stack' }, skeleton(6));
    const show = () => api.storage().then((found) => part.replaceChildren(el('dl', { className: 'facts' }, lines(sizes(found))),
      largest('storage.chats.messages', found.chats_by_messages.map(chat)), largest('storage.chats.bytes', found.chats_by_bytes.map(chat)),
      largest('storage.users', found.users_by_bytes.map(({ username, stored_bytes, text_bytes }) => line(`@${username}`, size(stored_bytes + text_bytes))))), (error) => part.replaceChildren(missing(error, show)));
    show();
    return part;

    function largest(name, items) {
      return el('section', {}, el('h3', { textContent: t(name) }), el('ul', { 'aria-label': t(name) }, items.length > 0 ? items : el('li', { className: 'soft', textContent: t('storage.none') })));
    }
    function line(name, notes, more = null) {
      return el('li', { className: 'person' }, el('span', { className: 'grow' }, el('span', { className: 'clip', textContent: name }), el('span', { className: 'soft words', textContent: notes })), more);
    }
    // Of a chat that is not open to all, an administrator learns the number, and no title.
    function chat({ id, kind, title, messages, files_bytes, retain_days }) {
      const name = title || t(kind === 'direct' ? 'storage.direct' : 'storage.private', { id });
      const notes = [t('storage.messages', { n: messages }), files_bytes > 0 && size(files_bytes), retain_days === null ? false : term(retain_days)];
      const more = iconButton('more', t('storage.term', { name }), () => menu(more, TERMS.map((days) => [term(days), guarded(async () => {
        if (days > 0 && !(await confirmed(t('storage.term.sure', { name, n: days }), term(days)))) return;
        await api.keepFor(id, days);
        await show();
      }), days > 0])));
      return line(name, beside(notes), more);
    }
  }

  // --- Who has an account.
  function people() {
    const search = el('input', { type: 'search', 'aria-label': t('find.people'), placeholder: t('find.hint'), autocomplete: 'off' });
    const list = el('ul', { 'aria-label': t('people') }, skeleton(4));
    const show = pages(list, (page) => api.accounts(search.value.trim(), page), line, t('found.none'));
    let timer;
    search.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(show, 200); });
    const making = el('details', {}, el('summary', { textContent: t('admin.create') }), form([
      field('username', t('signin.username'), { autocomplete: 'off', autocapitalize: 'none', spellcheck: false, required: true }),
      field('email', t('optional', { what: t('signin.email') }), { type: 'email', autocomplete: 'off' }),
      field('password', t('signin.password'), { type: 'password', autocomplete: 'new-password', required: true })], t('signin.create'), async ({ email, ...wish }, node) => {
      await api.makeAccount({ ...wish, ...(email && { email }) });
      node.reset();
      toast(t('saved'));
      await show();
    }));
    show();
    return [search, list, making];

    function line(user) {
      const { username, email, is_admin, is_disabled, last_seen_at } = user;
      const stored = user.stored_bytes + user.text_bytes;
      const notes = [`@${username}`, email, is_admin && t('group.admin'), user.linked_to.length > 0 && t('admin.linked', { name: user.linked_to.join(', ') }), is_disabled && t('admin.disabled'), stored > 0 && size(stored), last_seen_at ? t('admin.seen', { time: shortly(new Date(last_seen_at)) }) : t('admin.never')];
      const more = iconButton('more', t('admin.more', { name: nameOf(user) }), () => menu(more, [
        user.id !== me.id && [t('admin.reset'), guarded(async () => handOver(t('admin.reset'), await api.resetLink(user.id)))],
        user.has_second_factor && user.id !== me.id && [t('admin.factor'), sure(t('admin.factor.sure', { name: nameOf(user) }), t('admin.factor'), () => api.removeFactor(user.id)), true],
        [t('signout.all'), sure(t('admin.signout.sure', { name: nameOf(user) }), t('signout.all'), () => api.signOutAccount(user.id))],
        [t(is_admin ? 'admin.demote' : 'admin.promote'), sure(t(is_admin ? 'admin.demote.sure' : 'admin.promote.sure', { name: nameOf(user) }), t(is_admin ? 'admin.demote' : 'admin.promote'), () => api.changeAccount(user.id, { is_admin: !is_admin }))],
        is_disabled ? [t('admin.enable'), guarded(async () => { await api.changeAccount(user.id, { is_disabled: false }); await show(); })]
          : [t('admin.disable'), sure(t('admin.disable.sure', { name: nameOf(user) }), t('admin.disable'), () => api.changeAccount(user.id, { is_disabled: true })), true],
      ]));
      return el('li', { className: is_disabled ? 'person off' : 'person' }, avatar(user), el('span', { className: 'grow' }, el('span', { className: 'clip', textContent: nameOf(user) }), el('span', { className: 'soft words', textContent: beside(notes) })), more);
    }
    function sure(question, action, act) {
      return guarded(async () => {
        if (!(await confirmed(question, action))) return;
        await act();
        await show();
      });
    }
  }

  // --- Who may come.
  function invites() {
    const list = el('ul', { 'aria-label': t('admin.invites') }, skeleton(3));
    const show = pages(list, api.invites, line, t('admin.invites.none'));
    const making = form([field('label', t('optional', { what: t('admin.label') }), { maxLength: 100 }),
      field('uses', t('admin.uses'), { type: 'number', min: 1, max: 1000, value: 1, required: true }),
      field('days', t('admin.days'), { type: 'number', min: 1, max: 365, value: 7, required: true })], t('invite.make'), async ({ label, uses, days }) => {
      handOver(t('admin.invite'), await api.invite({ uses: Number(uses), expires_in: Number(days) * DAY, ...(label && { label }) }));
      await show();
    });
    show();
    return [list, el('section', {}, el('h3', { textContent: t('admin.invite') }), making)];

    function line({ id, label, uses_left, expires_at, created_by, is_live }) {
      const name = label || t('admin.invite.by', { name: created_by?.username ?? created_by ?? t('admin.cli') });
      const until = is_live ? t('admin.invite.live', { n: uses_left, time: endTime(new Date(expires_at)) }) : t('admin.invite.dead');
      const end = is_live && el('button', { type: 'button', textContent: t('admin.revoke'), 'aria-label': `${t('admin.revoke')}: ${name}`, onclick: guarded(async () => { await api.endInvite(id); await show(); }) });
      return el('li', { className: is_live ? 'person' : 'person off' }, el('span', { className: 'grow' }, el('span', { className: 'clip', textContent: name }), el('span', { className: 'soft words', textContent: until })), end || null);
    }
  }

  // --- What was done.
  function audit() {
    const list = el('ul', { 'aria-label': t('admin.audit') }, skeleton(5));
    pages(list, api.audit, ({ at, actor, action, subject, detail }) => el('li', { className: 'entry' },
      el('span', { className: 'words', textContent: deed({ actor, action, subject, detail }) }),
      el('time', { className: 'soft', dateTime: at, title: fullTime(new Date(at)), textContent: shortly(new Date(at)) })), t('admin.audit.none'))();
    return list;
  }
}

// A line of the log as a sentence; of what is newer than this page, its own words.
function deed({ actor, action, subject, detail }) {
  const who = actor === 'command line' ? t('audit.cli') : actor;
  const sentence = t(`audit.${action}`, { actor: who, subject });
  if (sentence === `audit.${action}`) return [who, action, subject, detail].filter(Boolean).join(' · ');
  return detail ? `${sentence.replace(/\.$/, '')} (${more(detail)}).` : sentence;
}

// What the log says of it besides, where it says so in words of its own.
function more(detail) {
  const [, n, until, label] = /^(\d+) uses until ([^;]+)(?:; (.*))?$/s.exec(detail) ?? [];
  if (n) {
    const [first, ...rest] = t('admin.invite.live', { n: Number(n), time: endTime(new Date(until)) });
    return [first.toLocaleLowerCase() + rest.join(''), label].filter(Boolean).join('; ');
  }
  return detail === 'admin' ? t('group.admin') : detail;
}

// A link is shown once: the server keeps only what recognises it.
function handOver(title, { url, expires_at }) {
  dialog(title, el('div', { className: 'stack' }, el('p', { textContent: t('admin.once', { time: endTime(new Date(expires_at)) }) }),
    el('div', { className: 'row secret' }, el('code', { className: 'grow words', textContent: url }), el('button', { type: 'button', className: 'primary', textContent: t('copy'), onclick: () => copied(url) }))));
}

// Where such a line breaks, the point stays at its end.
const beside = (notes) => notes.filter(Boolean).join('\u00a0· ');

const lines = (facts) => facts.map(([what, value]) => el('div', {}, el('dt', { textContent: what }), el('dd', { className: 'words', textContent: value })));

function term(days) {
  if (days === null) return t('storage.server');
  return days === 0 ? t('storage.forever') : t('storage.days', { n: days });
}

function sizes({ database_bytes, wal_bytes, files_bytes, copies_bytes, free_bytes, min_free_bytes, quota_user_bytes, quota_all_bytes, retain_messages_seconds, retain_uploads_seconds }) {
  const kept = (seconds) => term(seconds === null ? 0 : Math.round(seconds / DAY));
  return [
    [t('fact.database'), size(database_bytes)], [t('storage.log'), size(wal_bytes)],
    [t('fact.files'), quota_all_bytes === null ? size(files_bytes) : t('storage.of', { part: size(files_bytes), all: size(quota_all_bytes) })],
    [t('storage.copies'), size(copies_bytes)], [t('fact.free'), t('storage.least', { free: size(free_bytes), least: size(min_free_bytes) })],
    [t('storage.quota'), size(quota_user_bytes)], [t('fact.messages'), kept(retain_messages_seconds)], [t('storage.attached'), kept(retain_uploads_seconds)],
  ];
}

// As long as it is, in the unit that fits.
function lasting(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (!minutes) return t('fact.moment');
  if (minutes < 60) return t('fact.minutes', { n: minutes });
  return minutes < 48 * 60 ? t('fact.hours', { n: Math.floor(minutes / 60) }) : t('fact.days', { n: Math.floor(seconds / DAY) });
}

// How the server is, in sentences; those that ask for something are marked.
function told({ version, uptime_seconds, users, users_online, chats, messages, sockets, storage, backup, push, hooks, clock_doubt }) {
  const open = Object.values(sockets ?? {}).reduce((sum, n) => sum + n, 0);
  const said = (...sentences) => el('p', { textContent: sentences.join(' ') });
  const asks = (...sentences) => el('p', { className: 'refused', textContent: sentences.join(' ') });
  return [
    said(t('status.running', { version, time: lasting(uptime_seconds) })),
    said(t('status.users', { n: users }), t('status.online', { n: users_online }), t('status.sockets', { n: open })),
    said(t('status.stored', { messages: t('storage.messages', { n: messages }), chats: t('status.chats', { n: chats }) })),
    said(t('status.disk', { database: size(storage.database_bytes + storage.wal_bytes), files: size(storage.files_bytes), free: size(storage.free_bytes) })),
    ...saved(backup, said, asks),
    push && said(t('status.push', { n: push.devices }), t('status.pushes', push)),
    (hooks.sending > 0 || hooks.given_up > 0) && said(t('status.hooks', { n: hooks.sending }), t('status.deliveries', hooks)),
    clock_doubt && asks(tell(clock_doubt), t('status.clock')),
  ].filter(Boolean);
}

function saved(backup, said, asks) {
  if (!backup) return [said(t('status.backup.off'))];
  const { last_at, last_error, is_overdue } = backup;
  return [
    said(last_at ? t('status.backup.last', { time: fullTime(new Date(last_at)) }) : t('status.backup.first')),
    last_error ? asks(t('status.backup.failed', { error: last_error })) : is_overdue && asks(t('status.backup.overdue')),
  ];
}
