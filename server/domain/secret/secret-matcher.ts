/**
 * Finds secrets, in whichever form, in bytes: one look at each byte, however many forms there are. Of several that begin in one place it
 * is the longest. Pure.
 */
import { formsOf } from './forms.ts'

/** What stands in the place of a secret. */
export const masked = '•••'

/** A part of a secret that is so long is taken for it where a text was cut: at its end, or at its begin. */
const leastPart = 10
/** Bytes by which forms are told apart at first; none of them is shorter. */
const head = 4

interface Found {
  at: number
  /** Where what was found ends; null: it may be the begin of a secret, and the bytes end there. */
  end: number | null
}

const startsWith = (bytes: Uint8Array, at: number, form: Uint8Array, length: number): boolean => {
  for (let i = 0; i < length; i++) if (bytes[at + i] !== form[i]) return false
  return true
}

/** The first bytes as one number. */
const numberAt = (bytes: Uint8Array, at: number, length: number): number => {
  let number = 0
  for (let i = 0; i < length; i++) number = number * 256 + (bytes[at + i] ?? 0)
  return number
}

export class SecretMatcher {
  /** Nobody can say what they are: no text is told. */
  readonly isBlind: boolean
  /** By their first bytes, the longest first. */
  readonly #forms = new Map<number, Uint8Array[]>()
  /** Whether any form begins with these two bytes. */
  readonly #pairs: Uint8Array
  /** Begins that are shorter than what forms are found by, by their length. */
  readonly #begins = Array.from({ length: head }, () => new Set<number>())
  #longest = 0

  /** @param values of the secrets; null: they cannot be told */
  constructor(values: readonly string[] | null) {
    this.isBlind = values === null
    this.#pairs = new Uint8Array((values ?? []).length === 0 ? 0 : 65_536)
    const encoder = new TextEncoder()
    for (const form of new Set((values ?? []).flatMap(formsOf))) this.#add(encoder.encode(form))
    for (const all of this.#forms.values()) all.sort((a, b) => b.length - a.length)
  }

  /** Whether nothing is looked for. */
  get isIdle(): boolean {
    return !this.isBlind && this.#longest === 0
  }

  #add(form: Uint8Array): void {
    const key = numberAt(form, 0, head)
    const all = this.#forms.get(key)
    if (all === undefined) this.#forms.set(key, [form])
    else all.push(form)
    this.#pairs[numberAt(form, 0, 2)] = 1
    for (let length = 1; length < head; length++) this.#begins[length]?.add(numberAt(form, 0, length))
    this.#longest = Math.max(this.#longest, form.length)
  }

  /** What begins first from there on. @param isLast nothing comes after the bytes: what they end with is a secret, or none */
  #next(bytes: Uint8Array, from: number, isLast: boolean): Found | null {
    const last = bytes.length - head
    for (let at = from; at <= last; at++) {
      if (this.#pairs[((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)] === 0) continue
      const left = bytes.length - at
      for (const form of this.#forms.get(numberAt(bytes, at, head)) ?? []) {
        if (isLast && left < leastPart && form.length > left) continue
        if (!startsWith(bytes, at, form, Math.min(left, form.length))) continue
        if (form.length <= left) return { at, end: at + form.length }
        return { at, end: isLast ? bytes.length : null }
      }
    }
    if (isLast) return null
    for (let at = Math.max(from, last + 1); at < bytes.length; at++) {
      const left = bytes.length - at
      if (this.#begins[left]?.has(numberAt(bytes, at, left)) === true) return { at, end: null }
    }
    return null
  }

  /** Where the bytes no longer are the end of a secret whose begin was cut off: 0 where they are none. */
  #cutAtBegin(bytes: Uint8Array): number {
    let until = 0
    for (const form of [...this.#forms.values()].flat())
      for (let end = Math.min(form.length - 1, bytes.length); end >= leastPart && end > until; end--)
        if (startsWith(bytes, 0, form.subarray(form.length - end), end)) until = end
    return until
  }

  /**
   * Parts of the bytes, with `mark` for each secret; no further than where one may have begun.
   * @param isLast nothing comes after them: what they end with is taken for a secret where it is long enough
   * @param isCut they may begin in the middle of one
   * @returns how many bytes at their end are held back
   */
  split(
    bytes: Uint8Array,
    mark: Uint8Array,
    { isLast, isCut = false }: { isLast: boolean; isCut?: boolean },
  ): { parts: Uint8Array[]; held: number } {
    const parts: Uint8Array[] = []
    let from = isCut ? this.#cutAtBegin(bytes) : 0
    if (from > 0) parts.push(mark)
    for (;;) {
      const found = this.#next(bytes, from, isLast)
      if (found === null) break
      parts.push(bytes.subarray(from, found.at))
      if (found.end === null) return { parts, held: bytes.length - found.at }
      parts.push(mark)
      from = found.end
    }
    parts.push(bytes.subarray(from))
    return { parts, held: 0 }
  }

  /** A text without them. @param isCut it may begin in the middle of one */
  without(text: string, isCut = false): string {
    if (this.isBlind) return masked
    if (this.isIdle || text.length < head) return text
    const encoder = new TextEncoder()
    const mark = encoder.encode(masked)
    const { parts } = this.split(encoder.encode(text), mark, { isLast: true, isCut })
    if (!parts.includes(mark)) return text
    const decoder = new TextDecoder()
    return parts.map((part) => decoder.decode(part)).join('')
  }
}

/** Of what has none. */
export const noSecrets = new SecretMatcher([])
