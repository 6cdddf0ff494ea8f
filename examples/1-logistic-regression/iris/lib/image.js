// Draws a confusion matrix as a PNG with nothing but zlib: shaded cells, counts in a 3 × 5 pixel type.
import { crc32, deflateSync } from 'node:zlib'

const digits = {
  0: '111101101101111', 1: '010110010010111', 2: '111001111100111', 3: '111001111001111', 4: '101101111001001',
  5: '111100111001111', 6: '111100111101111', 7: '111001001001001', 8: '111101111101111', 9: '111101111001111',
}

function chunk(type, data) {
  const out = Buffer.alloc(12 + data.length)
  out.writeUInt32BE(data.length)
  out.write(type, 4, 'latin1')
  data.copy(out, 8)
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length)
  return out
}

function png(width, height, pixels) {
  const raw = Buffer.alloc((width * 3 + 1) * height)
  for (let y = 0; y < height; y++) pixels.copy(raw, y * (width * 3 + 1) + 1, y * width * 3, (y + 1) * width * 3)
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0])
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), chunk('IDAT', deflateSync(raw, { level: 9 })), chunk('IEND', Buffer.alloc(0))])
}

/** `counts[truth][predicted]` as a PNG of 480 × 360 pixels; right answers are on the diagonal. */
export function confusionImage(counts) {
  const width = 480, height = 360, pixels = Buffer.alloc(width * height * 3, 0xfb)
  const box = (x, y, w, h, [r, g, b]) => {
    for (let j = y; j < y + h; j++) for (let i = x; i < x + w; i++) pixels.set([r, g, b], (j * width + i) * 3)
  }
  const text = (string, x, y, size, colour) => {
    ;[...string].forEach((c, n) => [...digits[c]].forEach((bit, i) => bit === '1' && box(x + n * 4 * size + (i % 3) * size, y + Math.floor(i / 3) * size, size, size, colour)))
  }
  const n = counts.length, gap = 6, cw = Math.floor((width - gap * (n + 1)) / n), ch = Math.floor((height - gap * (n + 1)) / n)
  counts.forEach((row, truth) => {
    const all = row.reduce((a, b) => a + b, 0) || 1
    row.forEach((count, predicted) => {
      const share = count / all, ink = truth === predicted ? [31, 95, 139] : [179, 55, 31]
      const shade = ink.map((v) => Math.round(243 + (v - 243) * (count === 0 ? 0 : 0.15 + 0.85 * share)))
      const x = gap + predicted * (cw + gap), y = gap + truth * (ch + gap), label = String(count), size = 8
      box(x, y, cw, ch, shade)
      text(label, x + Math.round((cw - (label.length * 4 - 1) * size) / 2), y + Math.round((ch - 5 * size) / 2), size, share > 0.45 ? [255, 255, 255] : [86, 82, 75])
    })
  })
  return png(width, height, pixels)
}
