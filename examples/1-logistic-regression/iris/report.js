// Picks the best of the models that `train` made, and says why.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { confusionImage } from './lib/image.js'
import { save, species } from './lib/table.js'
import { score } from './lib/validate.js'

const { DAGBOK_IN_MODELS, DAGBOK_IN_PREDICTIONS, DAGBOK_OUT, DAGBOK_METRICS, DAGBOK_VALUES } = process.env
const read = (path) => JSON.parse(readFileSync(path, 'utf8'))

const models = read(join(DAGBOK_IN_MODELS, 'index.json')).map(({ key, path }) => ({ key, ...read(join(DAGBOK_IN_MODELS, path)) }))
const best = [...models].sort((a, b) => b.scores.accuracy - a.scores.accuracy || a.scores.loss - b.scores.loss)[0]
const file = read(join(DAGBOK_IN_PREDICTIONS, 'index.json')).find(({ key }) => key === best.key).path

const text = readFileSync(join(DAGBOK_IN_PREDICTIONS, file), 'utf8').trim().split('\n')
const names = text[0].split(',')
const predictions = text.slice(1).map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell])))
const scores = score(predictions)
const counts = species.map((truth) => species.map((said) => predictions.filter((p) => p.species === truth && p.predicted === said).length))
const wrong = predictions.filter((p) => p.species !== p.predicted)

save(join(DAGBOK_OUT, 'predictions.csv'), predictions)
writeFileSync(join(DAGBOK_OUT, 'confusion.png'), confusionImage(counts))
writeFileSync(
  join(DAGBOK_OUT, 'report.md'),
  `# ${best.name}, alpha ${best.alpha}

Accuracy **${scores.accuracy}**, F1 ${scores.f1}, loss ${scores.loss}: ${wrong.length} of ${predictions.length} flowers are taken for another species.

| alpha | accuracy | loss |
|---:|---:|---:|
${models.map((m) => `| ${m.alpha} | ${m.scores.accuracy} | ${m.scores.loss} |`).join('\n')}

## Taken for another

| row | is | said | confidence |
|---:|---|---|---:|
${wrong.map((p) => `| ${p.row} | ${p.species} | ${p.predicted} | ${p.confidence} |`).join('\n')}
`,
)
appendFileSync(DAGBOK_METRICS, JSON.stringify(scores) + '\n')
appendFileSync(DAGBOK_VALUES, JSON.stringify({ alpha: best.alpha }) + '\n')
console.log(`best: ${best.name} with alpha ${best.alpha}, accuracy ${scores.accuracy}`)
for (const p of wrong) console.log(`row ${p.row} is ${p.species}, said ${p.predicted} (${p.confidence})`)
