/** Kubernetes' own grammars of names, labels, quantities and image references: what its API server would refuse later. */

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const labelForm = new RegExp(`^${label}$`)
const subdomainForm = new RegExp(`^${label}(?:\\.${label})*$`)
const qualifiedForm = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const quantityForm =
  /^\+?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][-+]?[0-9]{1,2})?$/

/** RFC 1123 label: of containers, volumes, namespaces. */
export const isDnsLabel = (text: string): boolean => text.length <= 63 && labelForm.test(text)

/** RFC 1123 subdomain: of pods, secrets, service accounts, classes. */
export const isDnsSubdomain = (text: string): boolean => text.length <= 253 && subdomainForm.test(text)

export const isLabelValue = (text: string): boolean =>
  text === '' || (text.length <= 63 && qualifiedForm.test(text))

/** `NAME` or `example.com/NAME`: of labels, annotations, extended resources, taints. */
export function isQualifiedName(text: string): boolean {
  const parts = text.split('/')
  const name = parts.at(-1) ?? ''
  if (parts.length > 2 || name.length > 63 || !qualifiedForm.test(name)) return false
  return parts.length === 1 || isDnsSubdomain(parts[0] ?? '')
}

/** An amount that may be asked for: Kubernetes' quantities, without those below nothing. */
export const isQuantity = (value: string | number): boolean =>
  typeof value === 'number' ? Number.isFinite(value) && value >= 0 : quantityForm.test(value)

const steps: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** How much a quantity is, to fifteen digits: for comparing two. NaN of what is none. */
export function quantityValue(value: string | number): number {
  if (typeof value === 'number') return value
  const [, digits = '', step = ''] = /^\+?([0-9.]+(?:[eE][-+]?[0-9]+)?)([A-Za-z]*)$/.exec(value) ?? []
  return Number((Number(digits || Number.NaN) * (steps[step] ?? 1)).toPrecision(15))
}

const imageHost =
  /^(?:[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]{1,5})?$/
const imagePart = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/
const imageTag = /^[A-Za-z0-9_][-A-Za-z0-9_.]{0,127}$/
const imageDigest = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,128}$/

const isHost = (part: string) => /[.:]/.test(part) || part === 'localhost'

/** Why it is no reference of an image (`registry.example/team/name:tag@sha256:…`); null when it is one. */
export function imageFault(reference: string): string | null {
  if (reference === '') return 'it is empty'
  if (reference.length > 512) return 'it is longer than 512 characters'
  const at = reference.indexOf('@')
  const [named, digest] = at < 0 ? [reference, null] : [reference.slice(0, at), reference.slice(at + 1)]
  if (digest !== null && !imageDigest.test(digest)) return `'${digest}' is no digest: sha256:…`
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  const [name, tag] = colon < 0 ? [named, null] : [named.slice(0, colon), named.slice(colon + 1)]
  if (tag !== null && !imageTag.test(tag))
    return `'${tag}' is no tag: letters, digits, _ . and -, 128 at most`
  const parts = name.split('/')
  if (parts.length > 1 && isHost(parts[0] ?? '')) {
    const host = parts.shift() ?? ''
    if (!imageHost.test(host)) return `'${host}' is no address of a registry`
  }
  const wrong = parts.find((part) => !imagePart.test(part))
  if (wrong !== undefined)
    return `'${wrong}' is no part of a name: small letters and digits, with . _ or - between them`
  return name.length > 255 ? 'its name is longer than 255 characters' : null
}

/**
 * An absolute path with its `.`, its doubled and its last slashes taken out; null when it is none, or has `..` or a colon
 * in it, which no mount may have.
 */
export function cleanPath(path: string): string | null {
  if (!path.startsWith('/') || path.includes('\0') || path.includes(':')) return null
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  return parts.includes('..') ? null : `/${parts.join('/')}`
}

/** Whether one of two clean paths is the other, or lies in it. */
export function overlaps(a: string, b: string): boolean {
  const inside = (inner: string, outer: string) =>
    inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`)
  return inside(a, b) || inside(b, a)
}
