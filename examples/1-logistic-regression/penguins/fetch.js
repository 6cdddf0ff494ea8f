// Asks a source over HTTP. The source runs beside it and is busy for the first attempt of a run.
import { createServer } from 'node:http'
import { readFileSync, writeFileSync } from 'node:fs'

const busy = process.env.DAGBOK_ATTEMPT === '1'
const source = createServer((request, response) => {
  if (busy) response.writeHead(503, { 'retry-after': '1' }).end('busy, try again\n')
  else response.writeHead(200, { 'content-type': 'text/csv' }).end(readFileSync('data/penguins.csv'))
})
await new Promise((resolve) => source.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${source.address().port}/penguins.csv`

try {
  console.log(`GET penguins.csv, attempt ${process.env.DAGBOK_ATTEMPT}`)
  const response = await fetch(url)
  if (!response.ok) throw new Error(`the source answered ${response.status} ${response.statusText}`)
  const table = await response.text()
  writeFileSync(`${process.env.DAGBOK_OUT}/raw.csv`, table)
  console.log(`${table.trim().split('\n').length - 1} penguins`)
} catch (error) {
  console.error(`error: ${error.message}`)
  process.exitCode = 1
} finally {
  source.close()
  source.closeAllConnections()
}
