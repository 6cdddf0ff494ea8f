import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')
const [light = '', dark = ''] = css.split("[data-theme='dark']")

const coloursOf = (block: string) =>
  new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', hex = '']) => [name, hex]))

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const channel = (at: number) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)].toSorted((one, other) => other - one)
  return ((x ?? 0) + 0.05) / ((y ?? 0) + 0.05)
}

const inks = ['ink', 'ink-2', 'ink-3', 'accent', 'ok', 'bad', 'run', 'wait', 'base']
const grounds = ['paper', 'sheet', 'sunk']
const pairs = [
  ...inks.flatMap((ink) => grounds.map((ground) => [ink, ground])),
  ...['ok', 'bad', 'run', 'wait', 'base'].map((tone) => [tone, `${tone}-soft`]),
  ...['added', 'removed', 'changed'].flatMap((change) => [
    [`${change}-ink`, change],
    ['ink', change],
    ['ink-2', change],
  ]),
  ...['accent-soft', 'base-soft', 'bad-soft', 'skip-soft'].flatMap((ground) => [
    ['ink', ground],
    ['ink-2', ground],
  ]),
  ['ink-3', 'accent-soft'],
  ['on-accent', 'accent'],
]

test.each([
  ['light', coloursOf(light)],
  ['dark', coloursOf(dark)],
])('in %s each ink has a contrast of 4.5 or more on each ground it stands on', (_, colours) => {
  const faint = pairs.flatMap(([ink = '', ground = '']) => {
    const [a, b] = [colours.get(ink), colours.get(ground)]
    if (a === undefined || b === undefined) return [`${ink} or ${ground} is no colour`]
    const ratio = contrast(a, b)
    return ratio < 4.5 ? [`${ink} on ${ground}: ${ratio.toFixed(2)}`] : []
  })
  expect(faint).toEqual([])
})
