// Choosing an emoji: those used lately, and a list that can be searched.
import { el, popover, style } from './dom.js';
import { t } from './i18n.js';
import { key } from './kept.js';

// Each with words to find it by, English and Russian.
const ALL = `👍 thumbs up yes лайк да|👎 thumbs down no нет|❤️ heart love сердце|😂 joy laugh смех|🎉 party tada праздник|🙏 thanks please спасибо|😀 grin улыбка|😃 smile улыбка|😄 happy радость|😁 beam|😅 sweat phew|🤣 rofl смех|🙂 slight smile|😉 wink подмигивание|😊 blush|😇 angel ангел|🥰 love hearts|😍 heart eyes любовь|😘 kiss поцелуй|😋 yum вкусно|😜 tongue язык|🤗 hug обнимаю|🤔 think думаю|🤨 doubt|😐 neutral|🙄 eyes roll|😏 smirk|😴 sleep сон|😌 calm|😷 mask ill|🤒 ill болею|🤯 mind blown|🥳 party|😎 cool круто|🤓 nerd|😕 confused|😮 wow ого|😢 sad грусть|😭 cry плачу|😱 scream ужас|😡 angry злость|🤬 curse|💀 skull dead|👀 eyes look смотрю|👋 wave hello привет|👌 ok ок|✌️ peace|🤞 luck удача|🤝 deal договорились|👏 clap браво|🙌 hooray ура|💪 strong сила|✍️ write|🫶 heart hands|🤷 shrug|🤦 facepalm|🙋 raise hand|💡 idea идея|🔥 fire огонь|✨ sparkles|⭐ star звезда|💯 hundred|✅ check done готово|❌ cross no|❗ important важно|❓ question вопрос|⚠️ warning внимание|🚀 rocket ракета|🐛 bug жук|🔧 fix wrench|🔒 lock|📌 pin|📎 clip|📅 calendar календарь|⏰ alarm|☕ coffee кофе|🍵 tea чай|🍺 beer пиво|🍷 wine вино|🍕 pizza пицца|🍰 cake торт|🍎 apple яблоко|🥕 carrot|🍅 tomato|🌱 seedling росток|🌳 tree дерево|🌸 blossom цветок|🌞 sun солнце|🌧️ rain дождь|❄️ snow снег|🌈 rainbow|🌙 moon луна|🐱 cat кошка|🐶 dog собака|🦊 fox лиса|🐻 bear медведь|🐸 frog|🦉 owl|🐝 bee пчела|🏠 home дом|🚗 car машина|🚲 bike велосипед|🚆 train поезд|✈️ plane самолёт|⚽ football|🎮 game игра|🎵 music музыка|🎸 guitar|📷 camera|📚 books книги|🎁 gift подарок|🎂 birthday день рождения|🎈 balloon|🏆 trophy победа|💰 money деньги|💬 speech|👑 crown|🧡 orange heart|💛 yellow heart|💚 green heart|💙 blue heart|💜 purple heart|🖤 black heart|💔 broken heart`
  .split('|').map((line) => { const [emoji, ...names] = line.split(' '); return [emoji, names.join(' ')]; });

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
    grid.replaceChildren(...(shown.length ? shown.map(([emoji, names]) => el('button', { type: 'button', textContent: emoji, title: names, 'aria-label': `${emoji} ${names}`, onclick: () => choose(emoji) })) : [el('p', { className: 'soft', textContent: t('emoji.none') })]));
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
