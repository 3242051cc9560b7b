// Notifications while no page is open: this device's subscription to its browser's push service, and
// the list of one's devices.
import { HOME } from '../fireside.js';
import { ability, deviceName } from './device.js';
import { el, words } from './dom.js';
import { shortly, t } from './i18n.js';
import { key } from './kept.js';
import { change, settingsOf } from './quiet.js';

const HERE = key('push'); // the id of this device, where it is told
const worker = () => navigator.serviceWorker?.getRegistration(`${HOME}/`);
const here = () => Number(localStorage.getItem(HERE));

// Has this device told from now on. To be called on a click: browsers ask then.
export async function subscribe(api, { public_key: applicationServerKey }) {
  if ((await Notification.requestPermission()) !== 'granted') throw new Error(t('notify.refused'));
  await navigator.serviceWorker.register(`${HOME}/sw.js`);
  const { pushManager } = await navigator.serviceWorker.ready;
  const ask = () => pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  const made = await ask().catch(async (error) => {
    // One that another key has made, of a server that was here before.
    if (error.name !== 'InvalidStateError') throw new Error(t('push.failed'));
    await (await pushManager.getSubscription())?.unsubscribe();
    return ask();
  });
  const { endpoint, keys } = made.toJSON();
  const device = await api.addDevice({ endpoint, keys, label: deviceName(navigator.userAgent) ?? '' });
  localStorage.setItem(HERE, device.id);
  return device;
}

// It is told no more, and forgets what it was told.
export async function leave() {
  localStorage.removeItem(HERE);
  const registration = await worker();
  for (const note of await registration?.getNotifications() ?? []) note.close();
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
}

// The push service may have moved this device, and the server forgotten it with an older sign-in.
export async function renew(api, push) {
  if (!here()) return;
  if (push && ability() === 'able' && Notification.permission === 'granted') await subscribe(api, push);
  else await leave();
}

// What is to be done where only an app on the home screen is told.
export const steps = () => el('div', { className: 'stack' }, el('p', { textContent: t('push.ios') }),
  el('ol', { className: 'steps' }, ['share', 'add', 'open'].map((step) => el('li', { textContent: t(`push.ios.${step}`) }))));

// As a part of the settings, where the server pushes at all.
export function createPush({ api, actions }, server) {
  const device = el('div', { className: 'stack' });
  const list = el('ul', { 'aria-label': t('push.devices') });
  const none = el('p', { className: 'soft', textContent: t('push.none'), hidden: true });
  const said = el('p', { className: 'soft words', role: 'status' });
  const preview = el('input', { type: 'checkbox', name: 'preview', disabled: true, onchange: guarded(async () => { showPreview(await change(api, { preview: preview.checked })); }) });
  const node = el('div', { className: 'stack push', hidden: true }, device,
    el('label', { className: 'choice' }, preview, el('span', {}, t('push.preview'), el('small', { className: 'soft', textContent: t('push.preview.about') }))),
    el('h4', { textContent: t('push.devices') }), none, list, said);
  let push = null;
  server.then((known) => {
    push = known.push;
    node.hidden = !push;
    if (push) return Promise.all([show(), settingsOf(api).then(showPreview)]);
    return undefined;
  }).catch((error) => { said.textContent = words(error); });

  function guarded(action) {
    return async (...given) => {
      try {
        await action(...given);
      } catch (error) {
        actions.refused(error);
        settingsOf(api).then(showPreview, () => {});
      }
    };
  }
  function showPreview(settings) {
    preview.disabled = false;
    preview.checked = settings.preview;
  }
  async function show() {
    const { results } = await api.devices();
    if (here() && !results.some(({ id }) => id === here())) await leave(); // ended elsewhere
    list.replaceChildren(...results.map(line));
    none.hidden = results.length > 0;
    drawDevice();
  }
  function drawDevice() {
    const can = ability();
    if (here()) return device.replaceChildren(el('p', { textContent: t('push.here') }));
    if (can === 'able') return device.replaceChildren(el('p', { className: 'soft', textContent: t('push.about') }), el('button', { type: 'button', className: 'primary', textContent: t('push.on'), onclick: guarded(turnOn) }));
    if (can === 'install') return device.replaceChildren(steps());
    return device.replaceChildren(el('p', { className: 'soft', textContent: t(can === 'blocked' ? 'notify.refused' : 'push.unable') }));
  }
  async function turnOn({ currentTarget: button }) {
    button.disabled = true;
    try {
      await subscribe(api, push);
    } finally {
      button.disabled = false;
    }
    await show();
  }
  function line({ id, label, created_at }) {
    const name = deviceName(label) ?? label;
    const note = id === here() ? t('session.this') : t('push.since', { time: shortly(new Date(created_at)) });
    return el('li', { className: 'person' },
      el('span', { className: 'grow' }, el('span', { className: 'clip', dir: 'auto', textContent: name }), el('span', { className: 'soft clip', textContent: note })),
      el('span', { className: 'row' },
        el('button', { type: 'button', textContent: t('push.test'), 'aria-label': t('push.test.name', { name }), onclick: guarded(() => test(id)) }),
        el('button', { type: 'button', textContent: t('remove'), 'aria-label': t('remove.name', { name }), onclick: guarded(() => remove(id)) })));
  }
  async function test(id) {
    said.textContent = '';
    const { status, text } = await api.testDevice(id);
    said.textContent = status ? t('push.test.said', { status, text: text || '—' }) : t('push.test.nothing', { text });
    if (status === 404 || status === 410) await show(); // the server has forgotten it
  }
  async function remove(id) {
    await api.endDevice(id);
    if (id === here()) await leave();
    await show();
  }
  return node;
}
