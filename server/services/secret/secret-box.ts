/**
 * Secrets as they are kept: AES-256-GCM, with a key that is derived (HKDF-SHA-256, RFC 5869) from the deployment's and never in the
 * database. Whose it is and what it is called is part of it: a row that is copied to another place cannot be opened there.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { DagbokError } from '../../domain/errors/errors.ts'

export interface SecretPlace {
  teamId: string
  name: string
}

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16
const label = 'dagbok team secret'

const dataOf = ({ teamId, name }: SecretPlace) => Buffer.from(`${teamId}/${name}`)

export class SecretBox {
  readonly #key: Buffer
  /** Tells a key from others, and nothing of it. */
  readonly #mark: string

  /** @param key of the deployment: 32 characters or more */
  constructor(key: string) {
    this.#key = Buffer.from(hkdfSync('sha256', key, '', label, 32))
    this.#mark = createHash('sha256').update(this.#key).digest('hex').slice(0, 8)
  }

  /** @returns `v1.MARK.…`, base64url */
  seal(place: SecretPlace, value: string): string {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv(algorithm, this.#key, nonce).setAAD(dataOf(place))
    const sealed = Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `v1.${this.#mark}.${sealed.toString('base64url')}`
  }

  /** Whether it was sealed with this key. */
  isOwn(sealed: string): boolean {
    return sealed.startsWith(`v1.${this.#mark}.`)
  }

  /** @throws DagbokError `unavailable` when it was sealed with another key, or is damaged */
  open(place: SecretPlace, sealed: string): string {
    const [version, mark, text = ''] = sealed.split('.')
    const why =
      version === 'v1' && mark !== this.#mark
        ? 'it was kept with another key than this deployment has (DAGBOK_SECRETS_KEY)'
        : 'it is damaged'
    try {
      const bytes = Buffer.from(text, 'base64url')
      const tag = bytes.subarray(-tagBytes)
      const decipher = createDecipheriv(algorithm, this.#key, bytes.subarray(0, nonceBytes))
        .setAAD(dataOf(place))
        .setAuthTag(tag)
      return Buffer.concat([
        decipher.update(bytes.subarray(nonceBytes, -tagBytes)),
        decipher.final(),
      ]).toString()
    } catch {
      throw new DagbokError('unavailable', `The secret ${place.name} cannot be read: ${why}. Set it anew.`)
    }
  }
}
