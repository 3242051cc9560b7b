// The QR code of a link. What is compared with was read back by a decoder of others' making,
// for every length that fits.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const code = await readFile(new URL('../../static/js/qr.js', import.meta.url), 'utf8');
const { encode } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
const digest = (rows) => createHash('sha256').update(rows.map((row) => row.map(Number).join('')).join('\n')).digest('hex');

test('codes of three sizes are as they were when a decoder read them', () => {
  const known = [
    ['x', 21, '27dcc9269d483f934146702f83ad934b65153fcb4377f1a8500d4bfc949a594d'],
    ['https://chat.example.org/invite#0123456789abcdef0123456789abcdef01234567', 37, 'c9ed20a0ac9b58a2047e4009e3f5adee57b267098aaa53662c277d45322faa9e'],
    [`https://chat.example.org/${'y'.repeat(180)}`, 57, 'f2d9e84bace6ed545bc136c2d26c8165e5cf1d58e5414f759ff537a0eb62b92f'],
  ];
  for (const [text, size, expected] of known) {
    const rows = encode(text);
    assert.deepEqual([rows.length, digest(rows)], [size, expected], text);
  }
});

test('every module is set, and the longest text that fits is the last', () => {
  for (let length = 1; length <= 213; length += 1) {
    const rows = encode('a'.repeat(length));
    assert.ok(rows.every((row) => row.length === rows.length && row.every((dark) => typeof dark === 'boolean')), `${length}`);
  }
  assert.equal(encode('a'.repeat(214)), null);
  assert.equal(encode('я'.repeat(107)), null, 'bytes count');
});
