/** The forms in which a secret's value may turn up in what a task prints: none of them has a line end in it. Pure. */
import { isFrame, linesOf, shortestSecret } from './secret.ts'

/** Standard base64 (RFC 4648). */
export const base64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Of standard base64, also as it is in addresses. */
const bothAlphabets = (text: string): string[] => [text, text.replaceAll('+', '-').replaceAll('/', '_')]

/** What is the value's own of base64 text that has it in its middle: three bytes are four characters. */
function within(bytes: Uint8Array, before: 0 | 1 | 2): string {
  const encoded = base64(new Uint8Array([...new Uint8Array(before), ...bytes]))
  const first = Math.ceil((before * 8) / 6)
  const last = Math.floor(((before + bytes.length) * 8) / 6)
  return encoded.slice(first, last)
}

/** As programs break it: `base64` after 76 characters, PEM after 64. */
const broken = (text: string): string[] =>
  [76, 64].flatMap((width) =>
    text.length <= width ? [] : (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []),
  )

function inBase64(value: string): string[] {
  const bytes = bytesOf(value)
  const whole = base64(bytes)
  return [
    whole,
    whole.replace(/=+$/, ''),
    ...([0, 1, 2] as const).map((before) => within(bytes, before)),
    ...broken(whole),
    // `echo $TOKEN | base64` has a line end behind it.
    ...broken(base64(bytesOf(`${value}\n`))),
  ].flatMap(bothAlphabets)
}

/** What RFC 3986 reserves, and JavaScript leaves as it is. */
const strictly = (text: string): string =>
  text.replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/** As parts of an address, as a form sends them, and as programs do that leave a slash alone. */
function inAddresses(value: string): string[] {
  const part = encodeURIComponent(value.toWellFormed())
  const form = new URLSearchParams({ v: value }).toString().slice('v='.length)
  const all = [part, strictly(part)].flatMap((text) => [
    text,
    text.replaceAll('%2F', '/'),
    text.replaceAll('%20', '+'),
  ])
  return [...all, form].flatMap((text) => [
    text,
    text.replaceAll(/%[0-9A-F]{2}/g, (one) => one.toLowerCase()),
  ])
}

const escaped = (text: string, which: RegExp): string =>
  text.replaceAll(which, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** As JavaScript writes it, and as Python (ASCII alone), Go (safe in HTML) and PHP (slashes) do. */
function inJson(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1)
  return [json, escaped(json, /[^\0-\x7f]/g), escaped(json, /[<>&]/g), json.replaceAll('/', String.raw`\/`)]
}

/**
 * As it is, line by line where it has several, in JSON, in an address, in base64 whatever stands around it in a line.
 * @returns nothing shorter than a secret may be
 */
export function formsOf(value: string): string[] {
  const lines = linesOf(value)
  const all = [value, ...lines].flatMap((text) => [
    text,
    ...inJson(text),
    ...inAddresses(text),
    ...inBase64(text),
  ])
  return [...new Set(all)].filter(
    (form) => form.length >= shortestSecret && !/[\r\n]/.test(form) && !isFrame(form),
  )
}
