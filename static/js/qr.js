// A QR code of a short text (ISO/IEC 18004): bytes, level M, versions 1 to 10. Nothing else
// is needed for a link, and so nothing else is here.
const WORDS = [26, 44, 70, 100, 134, 172, 196, 242, 292, 346]; // codewords of each version
const CHECKS = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26]; // of them for correction, in each block
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5];
const ALIGNED = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];
const LEVEL_M = 0b00;
const MASKS = [
  (x, y) => (x + y) % 2 === 0, (x, y) => y % 2 === 0, (x) => x % 3 === 0, (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0, (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** The modules as rows of booleans, dark ones true; null for what does not fit. */
export function encode(text) {
  const bytes = new TextEncoder().encode(text);
  const at = WORDS.findIndex((all, index) => all - CHECKS[index] * BLOCKS[index] >= bytes.length + (index < 9 ? 2 : 3));
  if (at < 0) return null;
  const words = interleaved(dataOf(bytes, at), at);
  const found = MASKS.map((mask, number) => draw(words, at, mask, number));
  return found.reduce((best, each) => (each.penalty < best.penalty ? each : best)).rows;
}

// Mode, length, the bytes, an end, and padding.
function dataOf(bytes, at) {
  const bits = [];
  const put = (value, count) => { for (let bit = count - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1); };
  put(0b0100, 4);
  put(bytes.length, at < 9 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  const room = WORDS[at] - CHECKS[at] * BLOCKS[at];
  put(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const words = [];
  for (let bit = 0; bit < bits.length; bit += 8) words.push(Number.parseInt(bits.slice(bit, bit + 8).join(''), 2));
  for (let pad = 0; words.length < room; pad += 1) words.push(pad % 2 ? 0x11 : 0xec);
  return words;
}

// The data in blocks, each with its checks; the later blocks may be one word longer.
function interleaved(data, at) {
  const [count, checks] = [BLOCKS[at], CHECKS[at]];
  const short = Math.floor(data.length / count);
  const firstLong = count - (data.length % count);
  const blocks = [];
  for (let index = 0, from = 0; index < count; index += 1) {
    const to = from + short + (index >= firstLong ? 1 : 0);
    const words = data.slice(from, to);
    blocks.push({ words, checks: checksOf(words, checks) });
    from = to;
  }
  const all = [];
  for (let place = 0; place <= short; place += 1) for (const { words } of blocks) if (place < words.length) all.push(words[place]);
  for (let place = 0; place < checks; place += 1) for (const block of blocks) all.push(block.checks[place]);
  return all;
}

// Reed and Solomon's remainder over GF(256), modulo x⁸ + x⁴ + x³ + x² + 1.
function times(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}
function checksOf(words, count) {
  const divisor = Array.from({ length: count }, (_, index) => (index === count - 1 ? 1 : 0));
  for (let turn = 0, root = 1; turn < count; turn += 1, root = times(root, 2)) {
    for (let place = 0; place < count; place += 1) divisor[place] = times(divisor[place], root) ^ (divisor[place + 1] ?? 0);
  }
  const rest = new Array(count).fill(0);
  for (const word of words) {
    const factor = word ^ rest.shift();
    rest.push(0);
    for (let place = 0; place < count; place += 1) rest[place] ^= times(divisor[place], factor);
  }
  return rest;
}

function draw(words, at, mask, number) {
  const size = 21 + 4 * at;
  const rows = Array.from({ length: size }, () => new Array(size).fill(null));
  const set = (x, y, dark) => { if (x >= 0 && y >= 0 && x < size && y < size) rows[y][x] = dark; };
  drawPatterns(set, at, size);
  drawFormat(set, size, number);
  if (at >= 6) drawVersion(set, size, at + 1);
  // The rest in pairs of columns, from the right, up and down in turn; the column of timing is left out.
  let bit = 0;
  for (let right = size - 1, isUp = true; right > 0; right -= right === 8 ? 3 : 2, isUp = !isUp) {
    for (let step = 0; step < size; step += 1) {
      const y = isUp ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (rows[y][x] !== null) continue;
        const dark = bit < words.length * 8 && ((words[bit >> 3] >> (7 - (bit & 7))) & 1) === 1;
        rows[y][x] = dark !== mask(x, y);
        bit += 1;
      }
    }
  }
  return { rows, penalty: penaltyOf(rows) };
}

function drawPatterns(set, at, size) {
  for (const [left, top] of [[0, 0], [size - 7, 0], [0, size - 7]]) {
    for (let y = -1; y < 8; y += 1) for (let x = -1; x < 8; x += 1) set(left + x, top + y, ![2, 4].includes(Math.max(Math.abs(x - 3), Math.abs(y - 3))));
  }
  for (let place = 8; place < size - 8; place += 1) {
    set(place, 6, place % 2 === 0);
    set(6, place, place % 2 === 0);
  }
  const last = ALIGNED[at].length - 1;
  ALIGNED[at].forEach((x, i) => ALIGNED[at].forEach((y, j) => {
    if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return; // a corner is there
    for (let dy = -2; dy <= 2; dy += 1) for (let dx = -2; dx <= 2; dx += 1) set(x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
  }));
}

// Level and mask, twice, with the remainder of a BCH code.
function drawFormat(set, size, number) {
  const value = (LEVEL_M << 3) | number;
  const bits = ((value << 10) | remainder(value, 10, 0x537)) ^ 0x5412;
  const is = (bit) => ((bits >> bit) & 1) === 1;
  for (let bit = 0; bit < 6; bit += 1) set(8, bit, is(bit));
  set(8, 7, is(6));
  set(8, 8, is(7));
  set(7, 8, is(8));
  for (let bit = 9; bit < 15; bit += 1) set(14 - bit, 8, is(bit));
  for (let bit = 0; bit < 8; bit += 1) set(size - 1 - bit, 8, is(bit));
  for (let bit = 8; bit < 15; bit += 1) set(8, size - 15 + bit, is(bit));
  set(8, size - 8, true);
}
function drawVersion(set, size, version) {
  const bits = (version << 12) | remainder(version, 12, 0x1f25);
  for (let bit = 0; bit < 18; bit += 1) {
    const [a, b] = [size - 11 + (bit % 3), Math.floor(bit / 3)];
    set(a, b, ((bits >> bit) & 1) === 1);
    set(b, a, ((bits >> bit) & 1) === 1);
  }
}
function remainder(value, bits, divisor) {
  let rest = value;
  for (let turn = 0; turn < bits; turn += 1) rest = (rest << 1) ^ ((rest >> (bits - 1)) * divisor);
  return rest;
}

// What would be hard to read: long runs, blocks of one colour, too much of one colour.
function penaltyOf(rows) {
  const size = rows.length;
  let penalty = 0;
  let dark = 0;
  for (let a = 0; a < size; a += 1) {
    let [across, down] = [1, 1];
    for (let b = 0; b < size; b += 1) {
      dark += rows[a][b] ? 1 : 0;
      if (b > 0) {
        across = rows[a][b] === rows[a][b - 1] ? across + 1 : 1;
        down = rows[b][a] === rows[b - 1][a] ? down + 1 : 1;
        for (const run of [across, down]) penalty += run === 5 ? 3 : run > 5 ? 1 : 0;
      }
      if (a > 0 && b > 0 && [rows[a - 1][b], rows[a][b - 1], rows[a - 1][b - 1]].every((each) => each === rows[a][b])) penalty += 3;
    }
  }
  return penalty + 10 * Math.floor(Math.abs((dark * 20) / (size * size) - 10));
}

const SVG = 'http://www.w3.org/2000/svg';
const QUIET = 4; // modules around it

/** The code as a picture, dark on white whatever the theme: so cameras want it. */
export function drawn(text, label) {
  const rows = encode(text);
  if (!rows) return null;
  const size = rows.length + 2 * QUIET;
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': label, class: 'qr', 'shape-rendering': 'crispEdges' })) svg.setAttribute(name, value);
  path.setAttribute('d', rows.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ''))).join(''));
  svg.append(path);
  return svg;
}
