{{- /* The pod, the same in both modes but for OpenCode beside the gateway. */ -}}

{{- define "opencode-gateway.pod" -}}
{{- include "opencode-gateway.validate" . -}}
metadata:
  labels:
    {{- /* Without the chart's version: a new one restarts nothing that it does not change. */}}
    {{- toYaml (merge (dict) (omit (include "opencode-gateway.labels" . | fromYaml) "helm.sh/chart") .Values.pod.labels) | nindent 4 }}
  annotations:
    kubectl.kubernetes.io/default-container: gateway
    {{- /* What the chart makes itself restarts the pod when it changes; existing Secrets are whose they are. Files are read again without that. */}}
    checksum/secret: {{ omit (include "opencode-gateway.secrets" . | fromYaml) "tokens.json" "certificates.json" | toJson | sha256sum }}
    {{- if eq .Values.mode "sidecar" }}
    checksum/opencode-config: {{ toJson .Values.opencode.config | sha256sum }}
    checksum/model-keys: {{ toJson .Values.opencode.modelKeys.values | sha256sum }}
    {{- end }}
    {{- with .Values.pod.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "opencode-gateway.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.pod.securityContext | nindent 4 }}
  terminationGracePeriodSeconds: {{ default (include "opencode-gateway.graceSeconds" .) .Values.pod.terminationGracePeriodSeconds }}
  {{- with .Values.pod.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.pod.runtimeClassName }}
  runtimeClassName: {{ . }}
  {{- end }}
  {{- if or (eq .Values.mode "sidecar") .Values.pod.initContainers }}
  initContainers:
    {{- with .Values.pod.initContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if eq .Values.mode "sidecar" }}
    -
      {{- include "opencode-gateway.opencodeContainer" . | nindent 6 }}
    {{- end }}
  {{- end }}
  containers:
    -
      {{- include "opencode-gateway.gatewayContainer" . | nindent 6 }}
    {{- with .Values.pod.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "opencode-gateway.volumes" . | nindent 4 }}
  {{- include "opencode-gateway.placement" . | nindent 2 }}
{{- end -}}

{{- define "opencode-gateway.volumes" -}}
- { name: tmp, emptyDir: {} }
{{- if eq .Values.mode "sidecar" }}
- { name: opencode-tmp, emptyDir: {} }
{{- /* Read-only, or OpenCode installs a package from npm into it; with the one file that it would write there itself, or it answers nothing. */}}
- { name: opencode-config, configMap: { name: {{ include "opencode-gateway.fullname" . }}, items: [{ key: .gitignore, path: .gitignore }] } }
{{- with .Values.data.existingClaim }}
- { name: data, persistentVolumeClaim: { claimName: {{ . }} } }
{{- end }}
{{- end }}
{{- with .Values.workspace.existingClaim }}
- { name: workspace, persistentVolumeClaim: { claimName: {{ . }} } }
{{- end }}
{{- with .Values.tls.existingSecret.name }}
- { name: tls, secret: { secretName: {{ . }} } }
{{- end }}
{{- with .Values.tls.clientCa.name }}
- { name: client-ca, secret: { secretName: {{ . }} } }
{{- end }}
{{- /* Whole directories: what is mounted so is renewed when the Secret is. */}}
{{- if include "opencode-gateway.hasTokensFile" . }}
- name: tokens
  secret:
    {{- include "opencode-gateway.secretFile" (list . .Values.access.tokensFile.existingSecret "tokens.json") | nindent 4 }}
{{- end }}
{{- if include "opencode-gateway.hasCertificatesFile" . }}
- name: certificates
  secret:
    {{- include "opencode-gateway.secretFile" (list . .Values.access.certificatesFile.existingSecret "certificates.json") | nindent 4 }}
{{- end }}
{{- with .Values.pod.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* One key of a Secret as a file: (list $ existingSecret "file") */ -}}
{{- define "opencode-gateway.secretFile" -}}
{{- $ref := include "opencode-gateway.secretKeyRef" . | fromYaml -}}
secretName: {{ $ref.name }}
items: [{ key: {{ $ref.key | quote }}, path: {{ index . 2 }} }]
{{- end -}}

{{- define "opencode-gateway.placement" -}}
{{- $selector := dict "matchLabels" (include "opencode-gateway.selectorLabels" . | fromYaml) -}}
{{- $remote := eq .Values.mode "remote" -}}
{{- with .Values.pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.pod.affinity }}
affinity:
  {{- toYaml .Values.pod.affinity | nindent 2 }}
{{- else if $remote }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            {{- toYaml $selector | nindent 12 }}
{{- end }}
{{- if .Values.pod.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml .Values.pod.topologySpreadConstraints | nindent 2 }}
{{- else if $remote }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      {{- toYaml $selector | nindent 6 }}
{{- end }}
{{- end -}}
