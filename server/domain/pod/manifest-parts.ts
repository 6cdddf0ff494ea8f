/**
 * Parts of a pod, in Kubernetes' own spelling: only the fields that a task may have. What is not named here is refused,
 * so a field that a later Kubernetes brings opens nothing until it is looked at.
 */
import { z } from 'zod'

const text = z.string()
const flag = z.boolean().optional()
const whole = z.number().int()
const texts = z.array(text)
const optionalText = text.optional()
export const textMap = z.record(text, text)
const quantity = z.union([text, z.number()])
const reference = { name: text, optional: flag }

export const resourcesSchema = z.strictObject({
  requests: z.record(text, quantity).optional(),
  limits: z.record(text, quantity).optional(),
  claims: z.array(z.strictObject({ name: text, request: optionalText })).optional(),
})
export type Resources = z.infer<typeof resourcesSchema>

export const envFromSchema = z.strictObject({
  prefix: optionalText,
  configMapRef: z.strictObject(reference).optional(),
  secretRef: z.strictObject(reference).optional(),
})

export const envSchema = z.strictObject({
  name: text,
  value: optionalText,
  valueFrom: z
    .strictObject({
      configMapKeyRef: z.strictObject({ ...reference, key: text }).optional(),
      secretKeyRef: z.strictObject({ ...reference, key: text }).optional(),
      fieldRef: z.strictObject({ apiVersion: optionalText, fieldPath: text }).optional(),
      resourceFieldRef: z
        .strictObject({ containerName: optionalText, resource: text, divisor: quantity.optional() })
        .optional(),
    })
    .optional(),
})
export type Env = z.infer<typeof envSchema>

export const volumeMountSchema = z.strictObject({
  name: text,
  mountPath: text,
  readOnly: flag,
  recursiveReadOnly: z.enum(['Disabled', 'IfPossible', 'Enabled']).optional(),
  subPath: optionalText,
  subPathExpr: optionalText,
  mountPropagation: optionalText,
})
export type VolumeMount = z.infer<typeof volumeMountSchema>

const capabilities = z.strictObject({ add: texts.optional(), drop: texts.optional() })
const profile = z.strictObject({ type: text, localhostProfile: optionalText })
const seLinux = z.strictObject({
  level: optionalText,
  role: optionalText,
  type: optionalText,
  user: optionalText,
})
const identity = {
  runAsUser: whole.optional(),
  runAsGroup: whole.optional(),
  runAsNonRoot: flag,
  seccompProfile: profile.optional(),
  appArmorProfile: profile.optional(),
  seLinuxOptions: seLinux.optional(),
}

export const securityContextSchema = z.strictObject({
  ...identity,
  privileged: flag,
  allowPrivilegeEscalation: flag,
  readOnlyRootFilesystem: flag,
  procMount: optionalText,
  capabilities: capabilities.optional(),
})
export type SecurityContext = z.infer<typeof securityContextSchema>

export const podSecurityContextSchema = z.strictObject({
  ...identity,
  fsGroup: whole.optional(),
  fsGroupChangePolicy: z.enum(['OnRootMismatch', 'Always']).optional(),
  supplementalGroups: z.array(whole).optional(),
  supplementalGroupsPolicy: z.enum(['Merge', 'Strict']).optional(),
  sysctls: z.array(z.strictObject({ name: text, value: text })).optional(),
})

const port = z.union([whole, text])
const httpGet = z.strictObject({
  host: optionalText,
  path: optionalText,
  port,
  scheme: z.enum(['HTTP', 'HTTPS']).optional(),
  httpHeaders: z.array(z.strictObject({ name: text, value: text })).optional(),
})
const tcpSocket = z.strictObject({ host: optionalText, port })
const handler = {
  exec: z.strictObject({ command: texts }).optional(),
  httpGet: httpGet.optional(),
  tcpSocket: tcpSocket.optional(),
}

export const probeSchema = z.strictObject({
  ...handler,
  grpc: z.strictObject({ port: whole, service: optionalText }).optional(),
  initialDelaySeconds: whole.min(0).optional(),
  timeoutSeconds: whole.min(1).optional(),
  periodSeconds: whole.min(1).optional(),
  successThreshold: whole.min(1).optional(),
  failureThreshold: whole.min(1).optional(),
  terminationGracePeriodSeconds: whole.min(1).optional(),
})

const hook = z.strictObject({ ...handler, sleep: z.strictObject({ seconds: whole }).optional() })
export const lifecycleSchema = z.strictObject({ postStart: hook.optional(), preStop: hook.optional() })

export const portSchema = z.strictObject({
  containerPort: whole,
  hostPort: whole.optional(),
  hostIP: optionalText,
  name: optionalText,
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional(),
})

export const tolerationSchema = z.strictObject({
  key: optionalText,
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: optionalText,
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: whole.optional(),
})
