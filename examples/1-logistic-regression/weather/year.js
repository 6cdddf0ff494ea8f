// Sums up the year of this item: a row per month, a chart, and the figures for the report.
import { appendFileSync, writeFileSync } from 'node:fs'
import { lines, months } from './lib/chart.js'
import { read, write } from './lib/csv.js'

const { DAGBOK_IN_DAYS, DAGBOK_MATRIX_YEAR: year, DAGBOK_PARAM_HOT, DAGBOK_OUT, DAGBOK_METRICS } = process.env
const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length
const round = (v) => Number(v.toFixed(2))

const days = read(DAGBOK_IN_DAYS)
  .filter((day) => day.date.startsWith(`${year}-`))
  .map((day) => ({ month: Number(day.date.slice(5, 7)), low: Number(day.temp_min), high: Number(day.temp_max), rain: Number(day.precipitation), weather: day.weather }))
if (days.length === 0) throw new Error(`there is no day of ${year} in the table`)

const table = months.map((name, i) => {
  const of = days.filter((day) => day.month === i + 1)
  return { month: name, low: round(mean(of.map((d) => d.low))), high: round(mean(of.map((d) => d.high))), rain_mm: round(of.reduce((a, d) => a + d.rain, 0)), sunny_days: of.filter((d) => d.weather === 'sun').length }
})
for (const row of table) console.log(`${year} ${row.month}  ${String(row.low).padStart(6)} to ${String(row.high).padStart(6)} °C  ${String(row.rain_mm).padStart(7)} mm`)

const summary = {
  year: Number(year),
  mean_temperature: round(mean(days.map((d) => (d.low + d.high) / 2))),
  rain: round(days.reduce((a, d) => a + d.rain, 0)),
  hot_days: days.filter((d) => d.high >= Number(DAGBOK_PARAM_HOT)).length,
  sunny_days: days.filter((d) => d.weather === 'sun').length,
  highs: table.map((row) => row.high),
}
writeFileSync(`${DAGBOK_OUT}/months.csv`, write(table))
writeFileSync(`${DAGBOK_OUT}/summary.json`, JSON.stringify(summary, null, 1))
writeFileSync(`${DAGBOK_OUT}/chart.svg`, lines(`Seattle ${year}, mean of the days`, months, [{ name: 'low', values: table.map((r) => r.low) }, { name: 'high', values: table.map((r) => r.high) }], '°C'))
appendFileSync(DAGBOK_METRICS, JSON.stringify({ mean_temperature: summary.mean_temperature, rain: summary.rain, hot_days: summary.hot_days }) + '\n')
