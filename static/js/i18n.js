// Words in the reader's language. A text is a string with {holes}, or an object
// of plural forms chosen by `n`.

import { key } from './kept.js';

export const LANGUAGES = { en: 'English', ru: 'Русский' };

let texts = {};
let told = [];
export let language = 'en';
let plural = new Intl.PluralRules('en');

export function wanted() {
  const chosen = localStorage.getItem(key('language'));
  if (chosen in LANGUAGES) return chosen;
  return navigator.languages.map((each) => each.slice(0, 2)).find((each) => each in LANGUAGES) ?? 'en';
}

export async function load(wish) {
  const module = wish === 'ru' ? await import('./i18n/ru.js') : await import('./i18n/en.js');
  texts = Object.assign({}, module.default, ...await Promise.all([...rare].map((part) => wordsOf(part, wish))));
  told = module.told;
  language = wish;
  plural = new Intl.PluralRules(wish);
  formats.clear();
  document.documentElement.lang = wish;
}

// Words that few need come with what says them.
const rare = new Set();
const wordsOf = async (part, of) => (await import(`./i18n/${of}.${part}.js`)).default;
export async function alsoLoad(part) {
  rare.add(part);
  texts = { ...texts, ...await wordsOf(part, language) };
}

export function t(key, values = {}) {
  return fill(texts[key] ?? key, values);
}

function fill(text, values) {
  const chosen = typeof text === 'object' ? text[plural.select(values.n)] ?? text.other : text;
  return chosen.replace(/\{(\w+)\}/g, (hole, name) => (name === 'n' ? number(values.n) : values[name] ?? hole));
}

// A sentence of the server in the reader's language: each API has one of its own. Of one that
// nobody has put into it, the `code` tells what it is about.
export function tell(sentence, code) {
  for (const [pattern, text] of told) {
    const found = pattern.exec(sentence);
    if (found) return fill(text, { n: Number(found[1]), what: found[1] });
  }
  const isRussian = /[а-яё]/i.test(sentence);
  const isSaid = /[a-zа-яё]/i.test(sentence); // and no bare status
  return isSaid && isRussian === (language === 'ru') ? sentence : texts[`refused.${code}`] ?? sentence;
}

export const number = (n) => format('n', () => new Intl.NumberFormat(language)).format(n);

export function size(bytes) {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < 3) [value, unit] = [value / 1024, unit + 1];
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)}\u00a0${t(`unit.${units[unit]}`)}`;
}

// As one says it: "42 seconds", "5 minutes", "2 hours 2 minutes".
export function duration(seconds) {
  const say = (n, unit) => format(unit, () => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' })).format(n);
  const minutes = Math.floor(seconds / 60);
  if (!minutes) return say(seconds, 'second');
  const hours = Math.floor(minutes / 60);
  return [hours && say(hours, 'hour'), minutes % 60 && say(minutes % 60, 'minute')].filter(Boolean).join(' ');
}

// Making a formatter costs far more than using it.
const formats = new Map();
function format(name, make) {
  if (!formats.has(name)) formats.set(name, make());
  return formats.get(name);
}
const date = (name, options) => format(name, () => new Intl.DateTimeFormat(language, options));

export const clock = (at) => date('clock', { timeStyle: 'short' }).format(at);
// After "until", which Russian says with another case than a weekday has.
export const endTime = (at) => date('end', { dateStyle: 'long', timeStyle: 'short' }).format(at);
export const fullTime = (at) => date('full', { dateStyle: 'full', timeStyle: 'short' }).format(at);

export function day(at, now = new Date()) {
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days === 0) return t('day.today');
  if (days === 1) return t('day.yesterday');
  const options = { weekday: 'long', day: 'numeric', month: 'long' };
  if (at.getFullYear() !== now.getFullYear()) return date('dayy', { ...options, year: 'numeric' }).format(at);
  return date('day', options).format(at);
}

export function shortly(at, now = new Date()) {
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days === 0) return clock(at);
  if (days < 7) return date('week', { weekday: 'short' }).format(at);
  if (days > 300) return date('old', { dateStyle: 'short' }).format(at); // of which year it is, the month no longer says
  return date('short', { day: 'numeric', month: 'short' }).format(at);
}

function midnight(at) {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate());
}
