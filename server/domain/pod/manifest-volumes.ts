/** Volumes of a pod: the types of the Pod Security Standard *restricted*, and those that an admin may allow beside. */
import { z } from 'zod'
import { resourcesSchema, textMap } from './manifest-parts.ts'

const text = z.string()
const optionalText = text.optional()
const flag = z.boolean().optional()
const mode = z.number().int().min(0).max(0o777).optional()
const quantity = z.union([text, z.number()])

const items = z.array(z.strictObject({ key: text, path: text, mode })).optional()
const fieldItems = z
  .array(
    z.strictObject({
      path: text,
      mode,
      fieldRef: z.strictObject({ apiVersion: optionalText, fieldPath: text }).optional(),
      resourceFieldRef: z
        .strictObject({ containerName: optionalText, resource: text, divisor: quantity.optional() })
        .optional(),
    }),
  )
  .optional()
const claimReference = z.strictObject({ apiGroup: optionalText, kind: text, name: text })

const claim = z.strictObject({
  metadata: z.strictObject({ labels: textMap.optional(), annotations: textMap.optional() }).optional(),
  spec: z.strictObject({
    accessModes: z.array(text).optional(),
    resources: resourcesSchema.optional(),
    storageClassName: optionalText,
    volumeMode: optionalText,
    volumeAttributesClassName: optionalText,
    selector: z
      .strictObject({ matchLabels: textMap.optional(), matchExpressions: z.array(z.json()).optional() })
      .optional(),
    dataSource: claimReference.optional(),
  }),
})

const projection = z.strictObject({
  configMap: z.strictObject({ name: text, optional: flag, items }).optional(),
  secret: z.strictObject({ name: text, optional: flag, items }).optional(),
  downwardAPI: z.strictObject({ items: fieldItems }).optional(),
  serviceAccountToken: z
    .strictObject({ audience: optionalText, expirationSeconds: z.number().int().optional(), path: text })
    .optional(),
})

/** The types that *restricted* has, since 1.33. */
export const restrictedVolumes = {
  configMap: z.strictObject({ name: text, optional: flag, items, defaultMode: mode }).optional(),
  csi: z
    .strictObject({
      driver: text,
      readOnly: flag,
      fsType: optionalText,
      volumeAttributes: textMap.optional(),
      nodePublishSecretRef: z.strictObject({ name: text }).optional(),
    })
    .optional(),
  downwardAPI: z.strictObject({ items: fieldItems, defaultMode: mode }).optional(),
  emptyDir: z
    .strictObject({ medium: z.enum(['', 'Memory']).optional(), sizeLimit: quantity.optional() })
    .optional(),
  ephemeral: z.strictObject({ volumeClaimTemplate: claim }).optional(),
  image: z
    .strictObject({ reference: text, pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional() })
    .optional(),
  persistentVolumeClaim: z.strictObject({ claimName: text, readOnly: flag }).optional(),
  projected: z.strictObject({ sources: z.array(projection), defaultMode: mode }).optional(),
  secret: z.strictObject({ secretName: text, optional: flag, items, defaultMode: mode }).optional(),
}

/** The types that need an admin's word. */
export const guardedVolumes = {
  hostPath: z.strictObject({ path: text, type: optionalText }).optional(),
  nfs: z.strictObject({ server: text, path: text, readOnly: flag }).optional(),
}

export const volumeSchema = z.strictObject({ name: text, ...restrictedVolumes, ...guardedVolumes })
export type Volume = z.infer<typeof volumeSchema>

/** Names of the types that a volume has: one, if it is sound. */
export const typesOf = (volume: Volume): string[] =>
  Object.entries(volume).flatMap(([name, value]) => (name === 'name' || value === undefined ? [] : [name]))
