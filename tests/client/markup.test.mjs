// What strangers write is drawn in time that grows as its length does, and no faster.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

async function module(path) {
  let code = await readFile(new URL(`../../static/js/${path}`, import.meta.url), 'utf8');
  code = code.replace(/^import .*$/gm, '');
  return import(`data:text/javascript,${encodeURIComponent(code)}`);
}
const { parse, plainly } = await module('markup.js');
// Its imports and what it keeps are the page's; what it looks for is not.
const { findEmoji, inWords } = await (async () => {
  globalThis.key = (name) => name;
  globalThis.language = 'ru';
  return module('emoji.js');
})();

const names = new Set(['ann', 'bob']);
const words = (part) => part.text ?? (part.parts ?? part.items.flat()).map(words).join('');
const shape = (part) => (part.text !== undefined ? `${part.kind}:${part.text}` : `${part.kind}${part.from ?? ''}(${(part.items ?? [part.parts]).map((parts) => parts.map(shape).join('+')).join('|')})`);
const shapes = (text) => parse(text, names).map(shape);

test('marks are bold, italic and struck beside words, and signs elsewhere', () => {
  assert.deepEqual(shapes('**a b** *c* _d_ ~~e~~.'), ['bold(text:a b)', 'text: ', 'italic(text:c)', 'text: ', 'italic(text:d)', 'text: ', 'struck(text:e)', 'text:.']);
  assert.deepEqual(shapes('**a *b* `c`** @ann'), ['bold(text:a +italic(text:b)+text: +code:c)', 'text: ', 'mention:@ann']);
  for (const plain of ['2*3*4', 'a * b * c', 'snake_case_name', '__init__', '**', '*a\nb*', '5 ~~ 6', '***', '* ', 'x**y**', '~a~']) assert.deepEqual(shapes(plain), [`text:${plain}`], plain);
  assert.deepEqual(shapes('**https://a.example/x**'), ['bold(link:https://a.example/x)']);
});

test('lines are quotes and lists', () => {
  assert.deepEqual(shapes('> a\n> *b*\nc'), ['quote(text:a+text:\n+italic(text:b))', 'text:c']);
  assert.deepEqual(shapes('x\n- a\n* b\ny'), ['text:x', 'list(text:a|text:b)', 'text:y']);
  assert.deepEqual(shapes('3. a\n4) b'), ['list3(text:a|text:b)']);
  for (const plain of ['-', '1.', '>', '-5', '3.14 is pi', '2024. Well', '> ']) assert.deepEqual(shapes(plain), [`text:${plain}`], plain);
});

test('a link ends before what closes its sentence', () => {
  for (const tail of ['.', ').', '!?', '…', ')))', '**', '],']) assert.equal(parse(`(https://a.example/b${tail}`, names)[1].text, 'https://a.example/b', tail);
  assert.equal(parse('https://a.example/b_(c)_(d)', names)[0].text, 'https://a.example/b_(c)_(d)');
});

// Seconds of the processor, so that a busy machine does not count.
function seconds(act) {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
const ENOUGH = 3; // a hundred times what it takes; what is quadratic takes minutes

function isLinear(text) {
  for (const length of [10_000, 40_000, 160_000]) {
    const whole = text(length);
    const took = seconds(() => parse(whole, names));
    assert.ok(took < ENOUGH, `${JSON.stringify(whole.slice(0, 60))}… of ${length}: ${took} s`);
  }
}

test('the link that froze pages is quick', () => {
  isLinear((length) => `https://a.example/${')'.repeat(length)}`);
});

test('no pattern of signs is slow', () => {
  const signs = ['(', ')', ']', '}', '`', '```', '*', '**', '_', '~~', '@', '@a', '@a.', 'http://a', 'https://', '\n', ' ', '> ', '- ', '1. ', '.', '…', 'é', '😀', 'a'];
  let seed = 7;
  const random = (below) => { seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648; return seed % below; };
  const patterns = [...signs];
  for (let turn = 0; turn < 120; turn += 1) patterns.push(Array.from({ length: 2 + random(4) }, () => signs[random(signs.length)]).join(''));
  for (const pattern of patterns) {
    isLinear((length) => pattern.repeat(Math.ceil(length / pattern.length)));
    isLinear((length) => `http://a/${pattern.repeat(Math.ceil(length / 2 / pattern.length))}${'x'.repeat(length / 2)}`);
  }
});

test('nothing is lost, and no depth has no end', () => {
  const depth = (part) => 1 + Math.max(0, ...(part.items?.flat() ?? part.parts ?? []).map(depth));
  for (const text of ['*a **b _c ~~d '.repeat(2_000), '> '.repeat(3_000), '- '.repeat(3_000), '*_~~**a'.repeat(2_000)]) {
    const parts = parse(text, names);
    assert.ok(Math.max(...parts.map(depth)) <= 6);
  }
  assert.equal(parse('a *b* c', names).map(words).join(''), 'a b c');
});

test('an emoji is found by a word in either language', () => {
  assert.deepEqual(findEmoji('tada', true, 5).map(([emoji]) => emoji), ['🎉']);
  assert.equal(findEmoji('праз', false, 5)[0][0], '🎉');
  assert.deepEqual(findEmoji('zzz', false, 5), []);
  assert.equal(inWords(findEmoji('tada', true, 1)[0][1]), 'праздник');
});

test('a line of preview is words without their marks', () => {
  assert.equal(plainly('**bold**, *it*!'), 'bold, it!');
  assert.equal(plainly('**a** `b`\n> c\n- d\n- e ~~f~~ https://g.example'), 'a b c d e f https://g.example');
  assert.ok(plainly('word '.repeat(9_000)).length <= 300);
});
