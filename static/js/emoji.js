// Choosing an emoji: those used lately, and a list that can be searched.
import { el, popover, style } from './dom.js';
import { language, t } from './i18n.js';
import { key } from './kept.js';

// Each with words to find it by, English and Russian.
const ALL = `👍 thumbs up yes лайк да|👎 thumbs down no нет|❤️ heart love сердце|😂 joy laugh смех|🎉 party tada праздник|🙏 thanks please спасибо|😀 grin улыбка|😃 smile улыбка|😄 happy радость|😁 beam сияю|😅 sweat phew уф|🤣 rofl смех|🙂 slight smile лёгкая улыбка|😉 wink подмигивание|😊 blush румянец|😇 angel ангел|🥰 love hearts влюблён|😍 heart eyes любовь|😘 kiss поцелуй|😋 yum вкусно|😜 tongue язык|🤗 hug обнимаю|🤔 think думаю|🤨 doubt сомнение|😐 neutral ровно|🙄 eyes roll закатил глаза|😏 smirk ухмылка|😴 sleep сон|😌 calm спокойствие|😷 mask ill маска болею|🤒 ill болею|🤯 mind blown взрыв мозга|🥳 party вечеринка|😎 cool круто|🤓 nerd ботаник|😕 confused растерянность|😮 wow ого|😢 sad грусть|😭 cry плачу|😱 scream ужас|😡 angry злость|🤬 curse ругань|💀 skull dead череп|👀 eyes look смотрю|👋 wave hello привет|👌 ok ок|✌️ peace мир|🤞 luck удача|🤝 deal договорились|👏 clap браво|🙌 hooray ура|💪 strong сила|✍️ write пишу|🫶 heart hands сердце руками|🤷 shrug не знаю|🤦 facepalm рука лицо|🙋 raise hand поднимаю руку|💡 idea идея|🔥 fire огонь|✨ sparkles блёстки|⭐ star звезда|💯 hundred сто|✅ check done готово|❌ cross no крестик нет|❗ important важно|❓ question вопрос|⚠️ warning внимание|🚀 rocket ракета|🐛 bug жук|🔧 fix wrench ключ чиню|🔒 lock замок|📌 pin кнопка|📎 clip скрепка|📅 calendar календарь|⏰ alarm будильник|☕ coffee кофе|🍵 tea чай|🍺 beer пиво|🍷 wine вино|🍕 pizza пицца|🍰 cake торт|🍎 apple яблоко|🥕 carrot морковь|🍅 tomato помидор|🌱 seedling росток|🌳 tree дерево|🌸 blossom цветок|🌞 sun солнце|🌧️ rain дождь|❄️ snow снег|🌈 rainbow радуга|🌙 moon луна|🐱 cat кошка|🐶 dog собака|🦊 fox лиса|🐻 bear медведь|🐸 frog лягушка|🦉 owl сова|🐝 bee пчела|🏠 home дом|🚗 car машина|🚲 bike велосипед|🚆 train поезд|✈️ plane самолёт|⚽ football футбол|🎮 game игра|🎵 music музыка|🎸 guitar гитара|📷 camera камера фото|📚 books книги|🎁 gift подарок|🎂 birthday день рождения|🎈 balloon шарик|🏆 trophy победа|💰 money деньги|💬 speech речь|👑 crown корона|🧡 orange heart оранжевое сердце|💛 yellow heart жёлтое сердце|💚 green heart зелёное сердце|💙 blue heart синее сердце|💜 purple heart фиолетовое сердце|🖤 black heart чёрное сердце|💔 broken heart разбитое сердце`
  .split('|').map((line) => { const [emoji, ...names] = line.split(' '); return [emoji, names.join(' ')]; });

// What is said of one to its reader.
export const inWords = (names) => names.split(' ').filter((word) => /[а-яё]/i.test(word) === (language === 'ru')).join(' ');

// Those with a word that begins like this, or, `whole`, that is this; the nearest first.
export function findEmoji(wish, whole, most) {
  const fits = (words) => words.split(' ').findIndex((word) => (whole ? word === wish : word.startsWith(wish)));
  return ALL.map((each) => [each, fits(each[1])]).filter(([, place]) => place >= 0).sort(([, a], [, b]) => a - b).slice(0, most).map(([each]) => each);
}

const KEPT = key('emoji');
const lately = () => { try { return JSON.parse(localStorage.getItem(KEPT)) ?? []; } catch { return []; } };

export async function pickEmoji(anchor, first, picked) {
  await style('emoji');
  const search = el('input', { type: 'search', placeholder: t('emoji.search'), 'aria-label': t('emoji.search'), autocomplete: 'off' });
  const grid = el('div', { className: 'emoji-grid' });
  const choose = (emoji) => {
    localStorage.setItem(KEPT, JSON.stringify([emoji, ...lately().filter((each) => each !== emoji)].slice(0, 12)));
    node.hidePopover();
    picked(emoji);
  };
  function draw() {
    const wish = search.value.trim().toLocaleLowerCase();
    const front = wish ? [] : [...new Set([...first, ...lately()])].map((emoji) => [emoji, ALL.find(([each]) => each === emoji)?.[1] ?? '']);
    const rest = ALL.filter(([emoji, names]) => (wish ? names.includes(wish) : !front.some(([each]) => each === emoji)));
    const shown = [...front, ...rest];
    grid.replaceChildren(...(shown.length ? shown.map(([emoji, names]) => el('button', { type: 'button', textContent: emoji, title: inWords(names), 'aria-label': `${emoji} ${inWords(names)}`, onclick: () => choose(emoji) })) : [el('p', { className: 'soft', textContent: t('emoji.none') })]));
  }
  draw(); // before it is opened: then there is something to go to
  const node = popover(anchor, el('div', { className: 'emoji' }, search, grid));
  search.addEventListener('input', draw);
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') { event.preventDefault(); grid.querySelector('button')?.click(); }
    if (event.key === 'ArrowDown') { event.preventDefault(); grid.querySelector('button')?.focus(); }
  });
  grid.addEventListener('keydown', (event) => {
    const all = [...grid.children];
    const wide = Math.max(1, Math.floor(grid.clientWidth / all[0].offsetWidth));
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide }[event.key];
    if (!step) return;
    event.preventDefault();
    (all[all.indexOf(document.activeElement) + step] ?? search).focus();
  });
}
