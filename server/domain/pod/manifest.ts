/** A pod as we ask for it. The schema is the list of what may be in one; the type is what it says. */
import { z } from 'zod'
import {
  envFromSchema,
  envSchema,
  lifecycleSchema,
  podSecurityContextSchema,
  portSchema,
  probeSchema,
  resourcesSchema,
  securityContextSchema,
  textMap,
  tolerationSchema,
  volumeMountSchema,
} from './manifest-parts.ts'
import { volumeSchema } from './manifest-volumes.ts'

const text = z.string()
const texts = z.array(text)
const flag = z.boolean().optional()
const whole = z.number().int()
const optionalText = text.optional()
/** Kubernetes checks what is in it; nothing in it gives a right. */
const anyMap = z.record(text, z.json())

const containerSchema = z.strictObject({
  name: text,
  image: optionalText,
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
  command: texts.optional(),
  args: texts.optional(),
  workingDir: optionalText,
  env: z.array(envSchema).optional(),
  envFrom: z.array(envFromSchema).optional(),
  resources: resourcesSchema.optional(),
  volumeMounts: z.array(volumeMountSchema).optional(),
  ports: z.array(portSchema).optional(),
  securityContext: securityContextSchema.optional(),
  livenessProbe: probeSchema.optional(),
  readinessProbe: probeSchema.optional(),
  startupProbe: probeSchema.optional(),
  lifecycle: lifecycleSchema.optional(),
  restartPolicy: optionalText,
  terminationMessagePolicy: z.enum(['File', 'FallbackToLogsOnError']).optional(),
})
export type Container = z.infer<typeof containerSchema>

const metadata = z.strictObject({
  name: text,
  namespace: text,
  labels: textMap,
  annotations: textMap,
  finalizers: texts.optional(),
})

const dnsConfig = z.strictObject({
  nameservers: texts.optional(),
  searches: texts.optional(),
  options: z.array(z.strictObject({ name: text, value: optionalText })).optional(),
})

const honoured = z.enum(['Honor', 'Ignore']).optional()
const spread = z.strictObject({
  maxSkew: whole.min(1),
  topologyKey: text,
  whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']),
  labelSelector: anyMap.optional(),
  minDomains: whole.optional(),
  nodeAffinityPolicy: honoured,
  nodeTaintsPolicy: honoured,
  matchLabelKeys: texts.optional(),
})

const podSpecSchema = z.strictObject({
  initContainers: z.array(containerSchema).optional(),
  containers: z.array(containerSchema),
  volumes: z.array(volumeSchema).optional(),
  restartPolicy: optionalText,
  terminationGracePeriodSeconds: whole.optional(),
  activeDeadlineSeconds: whole.optional(),
  securityContext: podSecurityContextSchema.optional(),
  serviceAccountName: optionalText,
  automountServiceAccountToken: flag,
  enableServiceLinks: flag,
  imagePullSecrets: z.array(z.strictObject({ name: text })).optional(),
  nodeSelector: textMap.optional(),
  tolerations: z.array(tolerationSchema).optional(),
  affinity: z
    .strictObject({
      nodeAffinity: anyMap.optional(),
      podAffinity: anyMap.optional(),
      podAntiAffinity: anyMap.optional(),
    })
    .optional(),
  topologySpreadConstraints: z.array(spread).optional(),
  priorityClassName: optionalText,
  schedulerName: optionalText,
  runtimeClassName: optionalText,
  hostNetwork: flag,
  hostPID: flag,
  hostIPC: flag,
  hostUsers: flag,
  shareProcessNamespace: flag,
  hostname: optionalText,
  subdomain: optionalText,
  setHostnameAsFQDN: flag,
  hostAliases: z.array(z.strictObject({ ip: text, hostnames: texts.optional() })).optional(),
  dnsPolicy: optionalText,
  dnsConfig: dnsConfig.optional(),
  resourceClaims: z
    .array(
      z.strictObject({
        name: text,
        resourceClaimName: optionalText,
        resourceClaimTemplateName: optionalText,
      }),
    )
    .optional(),
})

export const podSchema = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Pod'),
  metadata,
  spec: podSpecSchema,
})
export type Pod = z.infer<typeof podSchema>
