// Of what one is told in one chat: its level, and for how long it is mute.
import { el, popover } from './dom.js';
import { clock, shortly, t } from './i18n.js';

const LEVELS = ['all', 'mentions', 'nothing'];
const MORNING = 8; // o'clock
const HOUR = 3_600_000; // ms

// As a part of the chat's panel.
export function createMutes({ api, store, actions }, chat) {
  const shown = () => store.get().chats[chat]?.notify ?? {};
  const name = `level-${chat}-${Math.random().toString(36).slice(2)}`;
  const choices = LEVELS.map((level) => el('input', { type: 'radio', name, value: level, onchange: () => change({ level }) }));
  const status = el('p', { className: 'soft', role: 'status' });
  const buttons = el('div', { className: 'row', role: 'group', 'aria-label': t('mute') });
  const title = el('h3', { textContent: t('mute') });
  const node = el('section', { className: 'mutes' },
    el('fieldset', {}, el('legend', { className: 'quiet-title', textContent: t('told') }), choices.map((input) => el('label', { className: 'choice' }, input, t(`told.${input.value}`)))),
    title, status, buttons);
  let drawn;

  async function change(wish) {
    try {
      store.tell({ type: 'chat', chat: { id: chat, notify: await api.notifyOf(chat, wish) } });
    } catch (error) {
      drawn = null;
      draw();
      actions.refused(error);
    }
  }
  function draw() {
    const { level, muted_until: until } = shown();
    const key = `${level} ${until}`;
    if (drawn === key) return;
    drawn = key;
    for (const input of choices) input.checked = input.value === level;
    title.hidden = Boolean(until);
    status.textContent = until ? muteOf({ muted_until: until }) : '';
    const isAtHand = buttons.contains(document.activeElement);
    buttons.replaceChildren(...(until ? [button('unmute', () => null)] : [button('mute.hour', () => inAnHour()), button('mute.tomorrow', () => tomorrow()), button('mute.forever', () => 'forever')]));
    if (isAtHand) buttons.firstChild.focus();
  }
  const button = (label, end) => el('button', { type: 'button', textContent: t(label), onclick: () => change({ muted_until: end() }) });
  const forget = store.subscribe(() => (node.isConnected ? draw() : forget()));
  draw();
  return node;
}

// Beside what was pressed.
export function openMutes(world, chat, anchor) {
  popover(anchor, createMutes(world, chat)).classList.add('of-mutes');
}

const inAnHour = () => new Date(Date.now() + HOUR).toISOString();
function tomorrow() {
  const at = new Date();
  at.setDate(at.getDate() + 1);
  at.setHours(MORNING, 0, 0, 0);
  return at.toISOString();
}

function muteOf({ muted_until: until }) {
  if (until === 'forever') return t('muted');
  const end = new Date(until);
  const isToday = end.toDateString() === new Date().toDateString();
  return t('muted.until', { time: isToday ? clock(end) : `${shortly(end)}, ${clock(end)}` });
}
