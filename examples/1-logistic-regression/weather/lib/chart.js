// A line chart as SVG: one line per series, months below, degrees at the left.
const ink = ['#1f5f8b', '#b3371f', '#1b7a5a', '#6a4fa3']

export function lines(title, labels, series, unit) {
  const width = 720, height = 300, left = 48, top = 40, right = 92, bottom = 32
  const values = series.flatMap((s) => s.values)
  const low = Math.floor(Math.min(...values) / 5) * 5, high = Math.ceil(Math.max(...values) / 5) * 5
  const x = (i) => left + (i * (width - left - right)) / (labels.length - 1)
  const y = (v) => top + ((high - v) * (height - top - bottom)) / (high - low || 1)
  const ticks = Array.from({ length: (high - low) / 5 + 1 }, (_, i) => low + i * 5)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fbfaf7"/>
<text x="${left}" y="22" font-size="15" font-weight="600" fill="#1d1c1a">${title}</text>
${ticks.map((t) => `<path d="M${left} ${y(t)}H${width - right}" stroke="#e4e0d8"/><text x="${left - 8}" y="${y(t) + 4}" text-anchor="end" fill="#6f6a62">${t} ${unit}</text>`).join('\n')}
${labels.map((l, i) => `<text x="${x(i)}" y="${height - 10}" text-anchor="middle" fill="#6f6a62">${l}</text>`).join('\n')}
${series.map((s, n) => `<path d="M${s.values.map((v, i) => `${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join('L')}" fill="none" stroke="${ink[n % ink.length]}" stroke-width="2"/><text x="${width - right + 8}" y="${(y(s.values.at(-1)) + 4).toFixed(1)}" fill="${ink[n % ink.length]}">${s.name}</text>`).join('\n')}
</svg>
`
}

export const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
