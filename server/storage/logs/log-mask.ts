/** Takes secrets out of a log while it is written, also where one comes in two pieces. */
import { masked, type SecretMatcher } from '../../domain/secret/secret-matcher.ts'

const mark = Buffer.from(masked)
const nothing = Buffer.alloc(0)
const leftOut = Buffer.from(
  '[the log is left out: its secrets cannot be opened with this key, so that it cannot be kept free of them]\n',
)

export class LogMask {
  readonly #matcher: SecretMatcher
  /** May be the begin of a secret: what comes next says. */
  #held: Buffer = nothing
  #hasSaid = false

  constructor(matcher: SecretMatcher) {
    this.#matcher = matcher
  }

  /** @returns what may be written by now. The rest is held back, and never beyond the end of a line. */
  take(bytes: Buffer): Buffer {
    if (this.#matcher.isBlind) return this.#say(bytes)
    if (this.#matcher.isIdle) return bytes
    return this.#split(this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]), false)
  }

  /** @returns what was held back: nothing comes after it */
  rest(): Buffer {
    return this.#held.length === 0 ? nothing : this.#split(this.#held, true)
  }

  #split(bytes: Buffer, isLast: boolean): Buffer {
    const { parts, held } = this.#matcher.split(bytes, mark, { isLast })
    this.#held = held === 0 ? nothing : Buffer.from(bytes.subarray(bytes.length - held))
    return Buffer.concat(parts)
  }

  #say(bytes: Buffer): Buffer {
    if (this.#hasSaid || bytes.length === 0) return nothing
    this.#hasSaid = true
    return leftOut
  }
}
