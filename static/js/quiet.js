// Quiet hours: from one time of the day to another nothing is pushed, chimes or pops up.
import { el, whyMissing } from './dom.js';
import { t } from './i18n.js';

const USUAL = { from: '22:00', to: '07:00' };
const FRESH = 600_000; // ms after which another device may have changed them

// As the server has it: from its first minute on, until before its last, by the clock of its zone.
export function isQuiet(quiet, at = new Date()) {
  if (!quiet) return false;
  const { from, to, zone } = quiet;
  let now;
  try {
    now = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
  } catch {
    return false; // a zone that this browser does not know
  }
  return from < to ? from <= now && now < to : from <= now || now < to;
}

const known = new WeakMap(); // by api: {at, settings (a promise)}
export function settingsOf(api) {
  const { at, settings } = known.get(api) ?? {};
  return Date.now() - at < FRESH ? settings : keep(api, api.notifying());
}
function keep(api, settings) {
  known.set(api, { at: Date.now(), settings });
  Promise.resolve(settings).catch(() => known.delete(api));
  return settings;
}
export async function change(api, wish) {
  return keep(api, Promise.resolve(await api.changeNotifying(wish)));
}

// Of one that cannot be asked for, it is not quiet.
export const isQuietNow = (api) => settingsOf(api).then(({ quiet }) => isQuiet(quiet), () => false);

// As a part of the settings.
export function createQuiet({ api, actions }) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const on = el('input', { type: 'checkbox', name: 'quiet', disabled: true, onchange: () => set() });
  const from = el('input', { type: 'time', required: true, value: USUAL.from, onchange: () => set() });
  const to = el('input', { type: 'time', required: true, value: USUAL.to, onchange: () => set() });
  const zone = el('select', { name: 'zone', onchange: () => set() }, zones(here).map(option));
  const wrong = el('p', { className: 'refused', role: 'alert' });
  const times = el('div', { className: 'times', hidden: true },
    el('label', {}, el('span', { textContent: t('quiet.from') }), from), el('label', {}, el('span', { textContent: t('quiet.to') }), to),
    el('label', { className: 'zone' }, el('span', { textContent: t('quiet.zone') }), zone));
  const load = () => settingsOf(api).then(({ quiet }) => { wrong.textContent = ''; draw(quiet); }, (error) => wrong.replaceChildren(...whyMissing(error, load)));
  load();

  async function set() {
    wrong.textContent = '';
    times.hidden = !on.checked;
    if (on.checked && !(from.value && to.value)) return; // it is being written
    if (on.checked && from.value === to.value) {
      wrong.textContent = t('quiet.same');
      return;
    }
    try {
      draw((await change(api, { quiet: on.checked ? { from: from.value, to: to.value, zone: zone.value } : null })).quiet);
    } catch (error) {
      actions.refused(error);
      settingsOf(api).then(({ quiet }) => draw(quiet), () => {});
    }
  }
  function draw(quiet) {
    on.disabled = false;
    on.checked = Boolean(quiet);
    times.hidden = !quiet;
    const { from: start = from.value, to: end = to.value, zone: place = here } = quiet ?? {};
    [from.value, to.value] = [start, end];
    if (![...zone.options].some(({ value }) => value === place)) zone.prepend(option(place));
    zone.value = place;
  }
  return el('div', { className: 'stack quiet' }, el('label', { className: 'choice' }, on, el('span', {}, t('quiet'), el('small', { className: 'soft', textContent: t('quiet.about') }))), times, wrong);
}

const option = (name) => el('option', { value: name, textContent: name.replaceAll('_', ' ') });
const zones = (here) => [...new Set([here, 'UTC', ...(Intl.supportedValuesOf?.('timeZone') ?? [])])];
