{{/* The name of everything of a release. */}}
{{- define "dagbok.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "dagbok.selector" -}}
app.kubernetes.io/name: dagbok
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "dagbok.labels" -}}
{{ include "dagbok.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "dagbok.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "dagbok.name" .) }}
{{- else }}{{ required "serviceAccount.name: name the service account that is there, or set serviceAccount.create" .Values.serviceAccount.name }}{{ end -}}
{{- end }}

{{- define "dagbok.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "dagbok.databaseSecret" -}}
{{ required "database.existingSecret.name: name the secret with the address of Postgres" .Values.database.existingSecret.name }}
{{- end }}

{{/* The namespace of a team's pods: a map of root and team. */}}
{{- define "dagbok.namespaceOf" -}}
{{ .root.Values.tasks.namespace | replace "{team}" (.team.name | replace "_" "-") }}
{{- end }}

{{/* What the Pod Security Standard *restricted* asks of a container. */}}
{{- define "dagbok.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "dagbok.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "dagbok.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Settings of one's own, of each container of the product. */}}
{{- define "dagbok.ownEnv" -}}
{{- range $key, $value := .Values.env }}
- { name: {{ $key }}, value: {{ $value | quote }} }
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "dagbok.databaseEnv" -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ include "dagbok.databaseSecret" . }}
      key: {{ .Values.database.existingSecret.key }}
{{- end }}
