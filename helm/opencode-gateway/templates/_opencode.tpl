{{- /*
OpenCode's container: a native sidecar, that is an init container which stays. It starts before the gateway and, what matters, ends after
it: other containers are all told to end at once, and OpenCode does not wait for its turns.
*/ -}}

{{- define "opencode-gateway.opencodeEnv" -}}
{{- with .Values.opencode }}
{{- include "opencode-gateway.env" (list "OPENCODE_SERVER_USERNAME" .username) }}
{{- include "opencode-gateway.secretEnv" (list $ "OPENCODE_SERVER_PASSWORD" .password.existingSecret "opencode-password") }}
- name: OPENCODE_CONFIG_CONTENT
  valueFrom: { configMapKeyRef: { name: {{ include "opencode-gateway.fullname" $ }}, key: opencode.json } }
{{- if not .trustWorkspaceConfig }}
{{- include "opencode-gateway.env" (list "OPENCODE_DISABLE_PROJECT_CONFIG" "1") }}
{{- include "opencode-gateway.env" (list "OPENCODE_DISABLE_EXTERNAL_SKILLS" "1") }}
{{- end }}
{{- end }}
{{- /* All that it writes is on the volume of its data, but for what may be lost. */}}
{{- include "opencode-gateway.env" (list "HOME" "/var/lib/opencode") }}
{{- include "opencode-gateway.env" (list "XDG_DATA_HOME" "/var/lib/opencode/data") }}
{{- include "opencode-gateway.env" (list "XDG_STATE_HOME" "/var/lib/opencode/state") }}
{{- include "opencode-gateway.env" (list "XDG_CACHE_HOME" "/tmp/cache") }}
{{- include "opencode-gateway.env" (list "XDG_CONFIG_HOME" "/etc/opencode") }}
{{- end -}}

{{- define "opencode-gateway.opencodeProbe" -}}
exec:
  command:
    {{- if .Values.opencode.probes.command }}
    {{- toYaml .Values.opencode.probes.command | nindent 4 }}
    {{- else }}
    - node
    - --eval
    - {{ printf (.Files.Get "files/opencode-health.js") (int .Values.opencode.port) | trim | quote }}
    {{- end }}
{{- end -}}

{{- define "opencode-gateway.opencodeContainer" -}}
{{- with .Values.opencode -}}
name: opencode
image: {{ include "opencode-gateway.image" (list $ .image) }}
imagePullPolicy: {{ .image.pullPolicy }}
restartPolicy: Always
securityContext:
  {{- toYaml .securityContext | nindent 2 }}
command:
  {{- toYaml .command | nindent 2 }}
args: [--hostname, 127.0.0.1, --port, {{ .port | quote }}]
workingDir: {{ include "opencode-gateway.workspacePath" $ }}
env:
  {{- include "opencode-gateway.wholeEnv" (list $ "opencode-gateway.opencodeEnv" .extraEnv) | nindent 2 }}
{{- if or (include "opencode-gateway.hasModelKeys" $) .extraEnvFrom }}
envFrom:
  {{- if .modelKeys.existingSecret }}
  - secretRef: { name: {{ .modelKeys.existingSecret }} }
  {{- end }}
  {{- if .modelKeys.values }}
  - secretRef: { name: {{ include "opencode-gateway.fullname" $ }}-model-keys }
  {{- end }}
  {{- with .extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
startupProbe:
  {{- include "opencode-gateway.opencodeProbe" $ | nindent 2 }}
  {{- toYaml .probes.startup | nindent 2 }}
livenessProbe:
  {{- include "opencode-gateway.opencodeProbe" $ | nindent 2 }}
  {{- toYaml .probes.liveness | nindent 2 }}
resources:
  {{- toYaml .resources | nindent 2 }}
volumeMounts:
  - { name: opencode-tmp, mountPath: /tmp }
  - { name: workspace, mountPath: {{ include "opencode-gateway.workspacePath" $ }} }
  - { name: data, mountPath: /var/lib/opencode }
  - { name: opencode-config, mountPath: /etc/opencode/opencode, readOnly: true }
  {{- with .extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}
