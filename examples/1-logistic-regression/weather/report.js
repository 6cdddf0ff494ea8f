// Puts the years under each other: a table, a chart, and a report in Markdown.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lines, months } from './lib/chart.js'
import { write } from './lib/csv.js'

const { DAGBOK_IN_SUMMARIES, DAGBOK_OUT, DAGBOK_PARAM_HOT } = process.env
const read = (path) => JSON.parse(readFileSync(path, 'utf8'))
const years = read(join(DAGBOK_IN_SUMMARIES, 'index.json')).map(({ path }) => read(join(DAGBOK_IN_SUMMARIES, path)))
const warmest = [...years].sort((a, b) => b.mean_temperature - a.mean_temperature)[0]
const wettest = [...years].sort((a, b) => b.rain - a.rain)[0]

writeFileSync(join(DAGBOK_OUT, 'years.csv'), write(years.map(({ highs, ...row }) => row)))
writeFileSync(join(DAGBOK_OUT, 'years.svg'), lines('Seattle, mean high of each month', months, years.map((y) => ({ name: String(y.year), values: y.highs })), '°C'))
writeFileSync(
  join(DAGBOK_OUT, 'report.md'),
  `# Seattle, ${years[0].year} to ${years.at(-1).year}

**${warmest.year}** was the warmest year (${warmest.mean_temperature} °C on average), **${wettest.year}** the wettest (${wettest.rain} mm).

| year | mean °C | rain mm | days from ${DAGBOK_PARAM_HOT} °C | sunny days |
|---|---:|---:|---:|---:|
${years.map((y) => `| ${y.year} | ${y.mean_temperature} | ${y.rain} | ${y.hot_days} | ${y.sunny_days} |`).join('\n')}
`,
)
console.log(`warmest ${warmest.year}, wettest ${wettest.year}`)
