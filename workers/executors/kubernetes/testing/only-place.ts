/**
 * A real API server that answers 429 to everything that an account asks: by its own limits it has one place for it, and that one is taken
 * by a call that does not end. (A level with no place at all still lets one call in at a time.)
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { run } from '#k8s/test-cluster/run.ts'
import { kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import type { Wire } from '../wire.ts'

interface Given {
  /** The service account, in the namespace `default`; also the name of all that is made here. */
  account: string
  /** How it asks, and in which namespace it may make config maps. */
  wire: Wire
  namespace: string
  /** An address of this machine that the API server reaches. */
  machine: string
  /** For a key and a certificate. */
  folder: string
}

export class OnlyPlace {
  readonly #given: Given
  readonly #over = new AbortController()
  readonly #held = new Set<() => void>()
  #server: Server | null = null
  #taking: Promise<void> = Promise.resolve()
  #taken: () => void = () => {}

  constructor(given: Given) {
    this.#given = given
  }

  /** Resolves when the place is taken. */
  async take(): Promise<void> {
    const { account, wire, namespace } = this.#given
    const { certificate, port } = await this.#listen()
    await this.#makeWebhook(certificate, port)
    await this.#makeLevel()
    const taken = new Promise<void>((done) => (this.#taken = done))
    const { signal } = this.#over
    const value = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: `${account}-` } }
    const body = { type: 'application/json', text: JSON.stringify(value) }
    const path = `/api/v1/namespaces/${namespace}/configmaps`
    this.#taking = (async () => {
      // Each lasts half a minute at most.
      while (!signal.aborted)
        await wire({ method: 'POST', path, body, signal })
          .then(({ body: answer }) => readText(answer))
          .catch(() => {})
    })()
    await taken
  }

  /** The account is served as any other again. */
  async free(): Promise<void> {
    this.#over.abort(new Error('enough'))
    for (const answer of this.#held) answer()
    await this.#taking
    const all = ['flowschema', 'prioritylevelconfiguration', 'validatingwebhookconfiguration']
    for (const kind of all) await kubectl(['delete', kind, this.#given.account, '--ignore-not-found'])
    this.#server?.closeAllConnections()
    this.#server?.close()
  }

  async #listen(): Promise<{ certificate: string; port: number }> {
    const { folder, machine } = this.#given
    const [key, cert] = [join(folder, 'webhook.key'), join(folder, 'webhook.crt')]
    const subject = ['-subj', '/CN=webhook', '-addext', `subjectAltName=IP:${machine}`]
    const files = ['-keyout', key, '-out', cert]
    await run([
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      ...files,
      '-days',
      '2',
      ...subject,
    ])
    const certificate = await readFile(cert, 'utf8')
    const server = createServer({ key: await readFile(key), cert: certificate }, (request, response) => {
      void this.#answer(request, response)
    })
    this.#server = server
    server.listen(0, machine)
    await once(server, 'listening')
    return { certificate, port: (server.address() as AddressInfo).port }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { request: asked } = JSON.parse(await readText(request)) as { request: { uid: string } }
    const answer = () => {
      this.#held.delete(answer)
      response.writeHead(200, { 'content-type': 'application/json' })
      const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }
      response.end(JSON.stringify({ ...review, response: { uid: asked.uid, allowed: true } }))
    }
    if (this.#over.signal.aborted) return answer()
    this.#held.add(answer)
    response.on('close', () => this.#held.delete(answer))
    this.#taken()
  }

  async #makeWebhook(certificate: string, port: number): Promise<void> {
    const { account, namespace, machine } = this.#given
    const rule = { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }
    const webhook = {
      name: 'place.dagbok.test',
      clientConfig: {
        url: `https://${machine}:${port}/`,
        caBundle: Buffer.from(certificate).toString('base64'),
      },
      rules: [rule],
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      timeoutSeconds: 30,
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    }
    await kubectl(['create', '-f', '-'], {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: account },
      webhooks: [webhook],
    })
  }

  async #makeLevel(): Promise<void> {
    const { account: name } = this.#given
    const kindOf = (kind: string) => ({
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind,
      metadata: { name },
    })
    const limitResponse = { type: 'Reject' }
    const limited = { nominalConcurrencyShares: 0, borrowingLimitPercent: 0, limitResponse }
    const level = { ...kindOf('PriorityLevelConfiguration'), spec: { type: 'Limited', limited } }
    await kubectl(['create', '-f', '-'], level)
    const subjects = [{ kind: 'ServiceAccount', serviceAccount: { name, namespace: 'default' } }]
    const all = { apiGroups: ['*'], resources: ['*'], verbs: ['*'], namespaces: ['*'] }
    const rules = [{ subjects, resourceRules: [all] }]
    const spec = { priorityLevelConfiguration: { name }, matchingPrecedence: 2, rules }
    await kubectl(['create', '-f', '-'], { ...kindOf('FlowSchema'), spec })
  }
}
