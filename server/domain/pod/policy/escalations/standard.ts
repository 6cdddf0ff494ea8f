/** Against the Pod Security Standard *restricted*. */
import { spec, main, inMain, inPod, volume, container, first, type Escalation } from './escalation.ts'

export const againstStandard: readonly Escalation[] = [
  {
    task: spec({ hostNetwork: true }),
    by: ['hostNamespaces'],
    words: 'spec.hostNetwork would',
    allowed: { host_network: true },
  },
  { task: spec({ hostPID: true }), by: ['hostNamespaces'], words: 'spec.hostPID would' },
  { task: spec({ hostIPC: true }), by: ['hostNamespaces'], words: 'spec.hostIPC would' },
  {
    task: inMain({ privileged: true }),
    by: ['privileged'],
    words: `${first}.securityContext.privileged would`,
    allowed: { privileged: true },
  },
  {
    task: container({ securityContext: { privileged: true } }),
    by: ['privileged'],
    words: 'spec.initContainers[own].securityContext.privileged would',
    allowed: { privileged: true },
  },
  {
    task: inMain({ allowPrivilegeEscalation: true }),
    by: ['escalation'],
    words: `${first}.securityContext.allowPrivilegeEscalation must`,
  },
  {
    task: inMain({ allowPrivilegeEscalation: null }),
    by: ['escalation'],
    words: `${first}.securityContext.allowPrivilegeEscalation must`,
  },
  {
    task: main({ securityContext: null }),
    by: ['escalation', 'capabilities'],
    words: `${first}.securityContext.`,
  },
  {
    task: inMain({ capabilities: { add: ['SYS_ADMIN'] } }),
    by: ['capabilities'],
    words: `${first}.securityContext.capabilities.add[0] is SYS_ADMIN`,
    allowed: { capabilities: ['SYS_ADMIN'] },
  },
  {
    task: inMain({ capabilities: { drop: ['NET_RAW'] } }),
    by: ['capabilities'],
    words: `${first}.securityContext.capabilities.drop must`,
  },
  {
    task: inMain({ capabilities: null }),
    by: ['capabilities'],
    words: `${first}.securityContext.capabilities.drop must`,
  },
  {
    task: inMain({ procMount: 'Unmasked' }),
    by: ['procMount'],
    words: `${first}.securityContext.procMount must`,
  },
  {
    task: inPod({ runAsNonRoot: false }),
    by: ['nonRoot'],
    words: 'spec.securityContext.runAsNonRoot must',
    allowed: { root: true },
  },
  {
    task: inPod({ runAsNonRoot: null }),
    by: ['nonRoot'],
    words: 'spec.securityContext.runAsNonRoot must',
    allowed: { root: true },
  },
  {
    task: inMain({ runAsNonRoot: false }),
    by: ['nonRoot'],
    words: `${first}.securityContext.runAsNonRoot must`,
    allowed: { root: true },
  },
  {
    task: inPod({ runAsUser: 0 }),
    by: ['userIds', 'oneUser'],
    words: 'spec.securityContext.runAsUser is 0',
    allowed: { root: true },
  },
  {
    task: inMain({ runAsUser: 0 }),
    by: ['userIds', 'oneUser'],
    words: `${first}.securityContext.runAsUser is 0`,
  },
  {
    task: inPod({ seccompProfile: null }),
    by: ['seccomp'],
    words: 'spec.securityContext.seccompProfile is missing',
  },
  {
    task: inPod({ seccompProfile: { type: 'Unconfined' } }),
    by: ['seccomp'],
    words: 'spec.securityContext.seccompProfile.type must',
  },
  {
    task: inMain({ seccompProfile: { type: 'Unconfined' } }),
    by: ['seccomp'],
    words: `${first}.securityContext.seccompProfile.type must`,
  },
  {
    task: inMain({ appArmorProfile: { type: 'Unconfined' } }),
    by: ['appArmor'],
    words: `${first}.securityContext.appArmorProfile.type must`,
  },
  {
    task: { annotations: { 'container.apparmor.security.beta.kubernetes.io/main': 'unconfined' } },
    by: ['annotations'],
    words: 'metadata.annotations["container.apparmor.security.beta.kubernetes.io/main"] is an order',
    allowed: { annotations: ['container.apparmor.security.beta.kubernetes.io/'] },
  },
  {
    task: inPod({ seLinuxOptions: { type: 'spc_t' } }),
    by: ['seLinux'],
    words: 'spec.securityContext.seLinuxOptions.type must',
  },
  {
    task: inMain({ seLinuxOptions: { user: 'root' } }),
    by: ['seLinux'],
    words: `${first}.securityContext.seLinuxOptions.user must`,
  },
  {
    task: inMain({ seLinuxOptions: { role: 'sysadm_r' } }),
    by: ['seLinux'],
    words: `${first}.securityContext.seLinuxOptions.role must`,
  },
  {
    task: inPod({ sysctls: [{ name: 'kernel.msgmax', value: '1' }] }),
    by: ['sysctls'],
    words: 'spec.securityContext.sysctls[kernel.msgmax] is none of the safe',
    allowed: { sysctls: ['kernel.msgmax'] },
  },
  {
    task: main({ ports: [{ containerPort: 80, hostPort: 80 }] }),
    by: ['hostPorts'],
    words: `${first}.ports[0].hostPort would`,
    allowed: { host_ports: true },
  },
  {
    task: main({ ports: [{ containerPort: 80, hostIP: '10.0.0.1' }] }),
    by: ['hostPorts'],
    words: `${first}.ports[0].hostIP would`,
    allowed: { host_ports: true },
  },
  {
    task: main({ livenessProbe: { httpGet: { port: 1, host: '169.254.169.254' } } }),
    by: ['probeHosts'],
    words: `${first}.livenessProbe.httpGet.host would`,
  },
  {
    task: main({ lifecycle: { postStart: { tcpSocket: { port: 1, host: 'x' } } } }),
    by: ['probeHosts'],
    words: `${first}.lifecycle.postStart.tcpSocket.host would`,
  },
  {
    task: volume({ nfs: { server: 's', path: '/' } }),
    by: ['volumeTypes'],
    words: 'spec.volumes[x].nfs is a type',
    allowed: { volume_types: ['nfs'] },
  },
  {
    task: volume({ hostPath: { path: '/' } }),
    by: ['volumeTypes', 'hostPaths'],
    words: 'spec.volumes[x].hostPath is a type',
    allowed: { volume_types: ['hostPath'], host_paths: ['/'] },
  },
  {
    task: { volumes: [{ name: 'x', hostPath: { path: '/var/run/docker.sock' } }] },
    by: ['volumeTypes', 'hostPaths'],
    words: 'spec.volumes[x].hostPath is a type',
    allowed: { volume_types: ['hostPath'], host_paths: ['/var/run'] },
  },
  {
    task: volume({ emptyDir: {}, hostPath: { path: '/' } }),
    by: ['volumeTypes', 'hostPaths'],
    words: 'spec.volumes[x] has emptyDir and hostPath',
  },
]
