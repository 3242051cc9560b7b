// The hooks of a group, for its admins: URLs by which programs write in it, and URLs that are sent what happens there.
import { confirmed, dialog, el, field, form, missing, nameOf, pages, skeleton, style } from './dom.js';
import { alsoLoad, fullTime, t, tell } from './i18n.js';
import { copied } from './markup.js';

await alsoLoad('admin');

const EVENTS = ['message_created', 'message_updated', 'message_deleted', 'member_added', 'member_removed'];
const USUAL = 'message_created';

export async function openHooks({ api, store, actions }, chat) {
  await style('hooks');
  const list = el('ul', { 'aria-label': t('hooks.list') }, skeleton(2));
  const shown = el('div', { role: 'status' });
  const into = making('hooks.in', [el('p', { className: 'soft', textContent: t('hooks.in.about') })], (label) => ({ label }));
  const out = making('hooks.out', [el('p', { className: 'soft', textContent: t('hooks.out.about') }),
    field('url', t('hooks.url'), { type: 'url', required: true, maxLength: 2048, placeholder: 'https://' }),
    el('fieldset', {}, el('legend', { className: 'quiet-title', textContent: t('hooks.events') }), EVENTS.map((name) => el('label', { className: 'choice' }, el('input', { type: 'checkbox', name: 'events', value: name, checked: name === USUAL }), t(`hooks.${name}`)))),
    field('only', t('hooks.only'), { value: 'all', maxLength: 64, autocapitalize: 'none', spellcheck: false }), el('p', { className: 'soft', textContent: t('hooks.only.about') })],
  (label, wish, node) => ({ label, url: wish.url, events: [...node.elements.events].filter(({ checked }) => checked).map(({ value }) => value), only: wish.only }));
  const box = dialog(t('hooks.of', { name: store.get().chats[chat].title }), el('div', { className: 'stack hooks' }, el('p', { className: 'soft', textContent: t('hooks.about') }), shown, list, into, out), { drawer: true });
  const guarded = (action) => async () => {
    try {
      await action();
    } catch (error) {
      actions.refused(error);
    }
  };
  await draw();

  function making(title, fields, wishOf) {
    const node = form([field('label', t('hooks.label'), { required: true, maxLength: 150, dir: 'auto' }), ...fields], t('hooks.make'), async (wish) => {
      const made = await api.makeHook(chat, wishOf(wish.label, wish, node));
      node.reset();
      details.open = false;
      show(made);
      await draw();
    });
    const details = el('details', {}, el('summary', { textContent: t(title) }), node);
    return details;
  }

  // What nobody is shown again.
  function show({ label, url, secret }) {
    const line = `curl -d '{"text": "${t('hooks.hello')}"}' ${url}`;
    const parts = secret
      ? [el('p', { textContent: t('hooks.secret', { name: label }) }), kept(secret)]
      : [el('p', { textContent: t('hooks.shown', { name: label }) }), kept(url), el('p', { textContent: t('hooks.try') }), kept(line)];
    shown.replaceChildren(el('section', { className: 'stack once' }, parts));
    shown.scrollIntoView({ block: 'nearest' });
    shown.querySelector('button').focus({ preventScroll: true });
  }
  const kept = (text) => el('div', { className: 'row secret' }, el('code', { className: 'words grow', textContent: text }),
    el('button', { type: 'button', textContent: t('copy'), 'aria-label': `${t('copy')}: ${text}`, onclick: () => copied(text) }));

  async function draw() {
    try {
      const { results } = await api.hooks(chat);
      if (!box.isConnected) return;
      list.replaceChildren(...(results.length ? results.map(line) : [el('li', { className: 'soft', textContent: t('hooks.none') })]));
    } catch (error) {
      list.replaceChildren(el('li', {}, missing(error, draw)));
    }
  }

  function line(hook) {
    const { id, label, direction, url, bot, is_on: isOn, off_reason: reason } = hook;
    const sends = direction === 'out';
    const button = (key, act, className = '') => el('button', { type: 'button', className, textContent: t(key), 'aria-label': `${t(key)}: ${label}`, onclick: guarded(act) });
    const renew = async () => { if (await confirmed(t('hooks.renew.sure'), t('hooks.renew'))) show(await api.rotateHook(chat, id)); };
    const end = async () => {
      if (!(await confirmed(t('hooks.delete.sure', { name: label }), t('delete')))) return;
      await api.deleteHook(chat, id);
      shown.replaceChildren();
      await draw();
    };
    return el('li', { className: 'hook stack' },
      el('div', {}, el('b', { className: 'words', dir: 'auto', textContent: label }),
        el('p', { className: 'soft words', textContent: sends ? t('hooks.to', { url }) : t('hooks.as', { name: nameOf(bot) }) }),
        !isOn && el('p', { className: 'refused', textContent: t('hooks.off', { reason: tell(reason) }) })),
      el('div', { className: 'row' }, sends && button('hooks.deliveries', () => openDeliveries({ api, actions }, chat, hook, draw)), button('hooks.renew', renew), button('delete', end, 'danger')));
  }
}

// What one has sent lately, and sending it again.
function openDeliveries({ api, actions }, chat, { id, label }, changed) {
  const list = el('ul', { className: 'deliveries', 'aria-label': t('hooks.deliveries') }, skeleton(4));
  const draw = pages(list, (cursor) => api.deliveries(chat, id, cursor), line, t('hooks.deliveries.none'), (next) => next);
  const status = el('p', { className: 'soft', role: 'status' });
  const test = el('button', { type: 'button', className: 'primary', textContent: t('hooks.test'), onclick: () => during(test, async () => {
    const { status: answer } = await api.testHook(chat, id);
    status.textContent = answer ? t('hooks.tested', { status: answer }) : t('hooks.unanswered');
    await draw();
  }) });
  const again = el('button', { type: 'button', textContent: t('hooks.again'), onclick: () => during(again, draw) });
  dialog(t('hooks.deliveries.of', { name: label }), el('div', { className: 'stack hooks' }, el('div', { className: 'row' }, test, again), status, list), { drawer: true });
  draw();

  async function during(button, act) {
    button.disabled = true;
    try {
      await act();
    } catch (error) {
      actions.refused(error);
    } finally {
      button.disabled = false;
    }
  }
  function line({ type, status: answer, ms, at, error, seq }) {
    const what = t(type === 'test' ? 'hooks.test.sent' : `hooks.${type}`);
    const time = fullTime(new Date(at));
    const replay = seq && el('button', { type: 'button', className: 'plain', textContent: t('hooks.replay'), 'aria-label': `${t('hooks.replay')}: ${what}, ${time}`, onclick: () => during(replay, async () => {
      if (!(await confirmed(t('hooks.replay.sure'), t('hooks.replay')))) return;
      await api.replayHook(chat, id, seq - 1);
      status.textContent = t('hooks.replayed');
      changed();
    }) });
    return el('li', { className: error ? 'delivery failed' : 'delivery' },
      el('span', { className: 'status', dir: 'ltr', textContent: answer ?? '–' }),
      el('div', { className: 'grow' }, el('span', { className: 'words', textContent: what }), el('p', { className: 'soft' }, el('time', { dateTime: at, textContent: time }), ` · ${t('hooks.ms', { n: ms })}`), error && el('p', { className: 'refused', textContent: tell(error) }), replay));
  }
}
