/** Ways in which an image cannot be pulled that are up to its registry. */
import type { PodVerdict } from '#server/domain/pod/verdict.ts'
import type { RealEnd } from './real-ends.ts'

const isHeld = ({ reason }: PodVerdict) => reason !== null

const held = (about: string, image: string, says: string): RealEnd => ({
  about,
  main: { image },
  when: isHeld,
  expected: { state: 'pending', reason: 'image_pull', container: 'main', userCode: 'not_started' },
  says,
})

const noAccess =
  'The registry does not give access to the image, or has none of this name: check the name and'
const whoAsks = 'The registry wants to know who asks: give `image_pull_secrets`.'

/** @param registry `HOST:PORT`. @param odd that of an odd one */
export const registryEnds = (registry: string, odd: string): Record<string, RealEnd> => ({
  'image-not-found-named': held(
    'the registry has no such image, whose name has words of other causes',
    `${registry}/denied-by-policy:unauthorized-429`,
    'The registry has no such image: check its name and tag.',
  ),
  'image-no-access': held(
    'the registry gives anybody a token, and none that is enough for the image',
    `${odd}/guarded:1`,
    noAccess,
  ),
  'image-forbidden': held('the registry answers 403', `${odd}/shut:1`, noAccess),
  'image-unauthorized': held('the registry gives nobody a token', `${odd}/unknown:1`, whoAsks),
  'image-no-password': held('the registry wants a password', `${odd}/known:1`, whoAsks),
  'image-rate-limit': held(
    'the registry has had too many requests',
    `${odd}/busy:1`,
    'The registry has had too many requests.',
  ),
  'image-other-platform': held(
    'the image is made for other processors',
    `${odd}/foreign:1`,
    'The image is not made for the platform of its node.',
  ),
})
