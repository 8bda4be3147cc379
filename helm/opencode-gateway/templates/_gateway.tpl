{{- /* The gateway's container. */ -}}

{{- /* One variable, unless it is empty: (list NAME value). Whole numbers come as floating ones, which would be written as 1e+06. */ -}}
{{- define "opencode-gateway.env" -}}
{{- $value := index . 1 -}}
{{- if kindIs "float64" $value }}{{ if eq (floor $value) $value }}{{ $value = printf "%.0f" $value }}{{ end }}{{ end -}}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) }}
- name: {{ index . 0 }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end -}}

{{- /* One variable out of a Secret: (list $ NAME existingSecret "key") */ -}}
{{- define "opencode-gateway.secretEnv" }}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef:
      {{- include "opencode-gateway.secretKeyRef" (list (index . 0) (index . 2) (index . 3)) | nindent 6 }}
{{- end -}}

{{- define "opencode-gateway.gatewayEnv" -}}
{{- include "opencode-gateway.doorEnv" . }}
{{- include "opencode-gateway.upstreamEnv" . }}
{{- include "opencode-gateway.accessEnv" . }}
{{- include "opencode-gateway.env" (list "METRICS_OPEN" .Values.monitoring.open) }}
{{- include "opencode-gateway.env" (list "DRAIN_DELAY_MS" (int .Values.drain.delayMs)) }}
{{- include "opencode-gateway.env" (list "DRAIN_TIMEOUT_MS" (int .Values.drain.timeoutMs)) }}
{{- if include "opencode-gateway.hasStore" . }}
{{- include "opencode-gateway.secretEnv" (list . "A2A_STORE_URL" .Values.a2a.store.existingSecret "a2a-store-url") }}
{{- end }}
{{- range $name, $value := .Values.settings }}
{{- include "opencode-gateway.env" (list $name $value) }}
{{- end }}
{{- range $name, $value := .Values.tracing }}
{{- include "opencode-gateway.env" (list $name $value) }}
{{- end }}
{{- end -}}

{{- define "opencode-gateway.doorEnv" -}}
{{- with .Values.gateway }}
{{- include "opencode-gateway.env" (list "HOST" .host) }}
{{- include "opencode-gateway.env" (list "GRPC_PORT" .grpcPort) }}
{{- include "opencode-gateway.env" (list "HTTP_PORT" .httpPort) }}
{{- include "opencode-gateway.env" (list "TRANSPORTS" (join "," .transports)) }}
{{- include "opencode-gateway.env" (list "PUBLIC_URL" .publicUrl) }}
{{- include "opencode-gateway.env" (list "HTTP_ALLOWED_HOSTS" (include "opencode-gateway.allowedHosts" $)) }}
{{- include "opencode-gateway.env" (list "CORS_ORIGINS" (join "," .corsOrigins)) }}
{{- include "opencode-gateway.env" (list "LOG_LEVEL" .logLevel) }}
{{- include "opencode-gateway.env" (list "OPENCODE_PROVIDER_ID" .defaults.provider) }}
{{- include "opencode-gateway.env" (list "OPENCODE_MODEL_ID" .defaults.model) }}
{{- include "opencode-gateway.env" (list "OPENCODE_AGENT" .defaults.agent) }}
{{- end }}
{{- if include "opencode-gateway.hasTls" . }}
{{- include "opencode-gateway.env" (list "TLS_CERT_FILE" (printf "/etc/opencode-gateway/tls/%s" .Values.tls.existingSecret.certKey)) }}
{{- include "opencode-gateway.env" (list "TLS_KEY_FILE" (printf "/etc/opencode-gateway/tls/%s" .Values.tls.existingSecret.keyKey)) }}
{{- end }}
{{- with .Values.tls.clientCa }}
{{- if .name }}
{{- include "opencode-gateway.env" (list "TLS_CLIENT_CA_FILE" (printf "/etc/opencode-gateway/client-ca/%s" .key)) }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "opencode-gateway.upstreamEnv" -}}
{{- with .Values.opencode }}
{{- if eq $.Values.mode "sidecar" }}
{{- include "opencode-gateway.env" (list "OPENCODE_BASE_URL" (printf "http://127.0.0.1:%v" .port)) }}
{{- include "opencode-gateway.env" (list "OPENCODE_AUTH_FILE" "/var/lib/opencode/data/opencode/auth.json") }}
{{- else }}
{{- include "opencode-gateway.env" (list "OPENCODE_BASE_URL" .baseUrl) }}
{{- include "opencode-gateway.env" (list "OPENCODE_AUTH_FILE" .authFile) }}
{{- end }}
{{- include "opencode-gateway.env" (list "OPENCODE_WORKSPACE_ROOT" (include "opencode-gateway.workspacePath" $)) }}
{{- include "opencode-gateway.env" (list "OPENCODE_SERVER_USERNAME" .username) }}
{{- if or (eq $.Values.mode "sidecar") .password.value .password.existingSecret.name }}
{{- include "opencode-gateway.secretEnv" (list $ "OPENCODE_SERVER_PASSWORD" .password.existingSecret "opencode-password") }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "opencode-gateway.accessEnv" -}}
{{- with .Values.access }}
{{- if include "opencode-gateway.usesToken" $ }}
{{- include "opencode-gateway.secretEnv" (list $ "ACCESS_TOKEN" .token.existingSecret "access-token") }}
{{- end }}
{{- if or .a2aToken.value .a2aToken.existingSecret.name }}
{{- include "opencode-gateway.secretEnv" (list $ "A2A_BEARER_TOKEN" .a2aToken.existingSecret "a2a-bearer-token") }}
{{- end }}
{{- if include "opencode-gateway.hasTokensFile" $ }}
{{- include "opencode-gateway.env" (list "ACCESS_TOKENS_FILE" "/etc/opencode-gateway/tokens/tokens.json") }}
{{- end }}
{{- if include "opencode-gateway.hasCertificatesFile" $ }}
{{- include "opencode-gateway.env" (list "ACCESS_CERTIFICATES_FILE" "/etc/opencode-gateway/certificates/certificates.json") }}
{{- end }}
{{- with .jwt }}
{{- if .issuer }}
{{- include "opencode-gateway.env" (list "ACCESS_JWT_ISSUER" .issuer) }}
{{- include "opencode-gateway.env" (list "ACCESS_JWT_AUDIENCE" .audience) }}
{{- include "opencode-gateway.env" (list "ACCESS_JWT_JWKS_URL" .jwksUrl) }}
{{- include "opencode-gateway.env" (list "ACCESS_JWT_SCOPES_CLAIM" .scopesClaim) }}
{{- include "opencode-gateway.env" (list "ACCESS_JWT_SCOPES_MAP" .scopesMap) }}
{{- end }}
{{- end }}
{{- include "opencode-gateway.env" (list "ACCESS_ANONYMOUS" .anonymous) }}
{{- include "opencode-gateway.env" (list "ACCESS_ADOPT" .adopt) }}
{{- end }}
{{- end -}}

{{- /* The chart's variables, then the user's; the same name twice would be refused by the API server, or win by chance. */ -}}
{{- define "opencode-gateway.wholeEnv" -}}
{{- $own := fromYamlArray (include (index . 1) (index . 0)) -}}
{{- $names := list }}
{{- range $own }}{{ $names = append $names .name }}{{ end -}}
{{- range index . 2 }}
{{- if has .name $names }}{{ fail (printf "%s is set by the chart: use its value instead of extraEnv" .name) }}{{ end -}}
{{- end -}}
{{- toYaml (concat $own (index . 2)) -}}
{{- end -}}

{{- define "opencode-gateway.workspacePath" -}}
{{- default (ternary "/workspace" "" (eq .Values.mode "sidecar")) .Values.workspace.path -}}
{{- end -}}

{{- define "opencode-gateway.gatewayContainer" -}}
name: gateway
image: {{ include "opencode-gateway.image" (list . .Values.image) }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- toYaml .Values.gateway.securityContext | nindent 2 }}
env:
  {{- include "opencode-gateway.wholeEnv" (list . "opencode-gateway.gatewayEnv" .Values.gateway.extraEnv) | nindent 2 }}
{{- with .Values.gateway.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  {{- if include "opencode-gateway.hasGrpc" . }}
  - { name: grpc, containerPort: {{ .Values.gateway.grpcPort }}, protocol: TCP }
  {{- end }}
  {{- if include "opencode-gateway.hasHttp" . }}
  - { name: http, containerPort: {{ .Values.gateway.httpPort }}, protocol: TCP }
  {{- end }}
startupProbe:
  {{- include "opencode-gateway.livenessAction" . | nindent 2 }}
  {{- toYaml .Values.gateway.probes.startup | nindent 2 }}
livenessProbe:
  {{- include "opencode-gateway.livenessAction" . | nindent 2 }}
  {{- toYaml .Values.gateway.probes.liveness | nindent 2 }}
readinessProbe:
  {{- include "opencode-gateway.readinessAction" . | nindent 2 }}
  {{- toYaml .Values.gateway.probes.readiness | nindent 2 }}
{{- with .Values.drain.preStopSleepSeconds }}
lifecycle:
  preStop: { sleep: { seconds: {{ . }} } }
{{- end }}
resources:
  {{- toYaml .Values.gateway.resources | nindent 2 }}
volumeMounts:
  - { name: tmp, mountPath: /tmp }
  {{- if eq .Values.mode "sidecar" }}
  - { name: workspace, mountPath: {{ include "opencode-gateway.workspacePath" . }} }
  - { name: data, mountPath: /var/lib/opencode, readOnly: true }
  {{- else if .Values.workspace.existingClaim }}
  - { name: workspace, mountPath: {{ .Values.workspace.path }} }
  {{- end }}
  {{- if include "opencode-gateway.hasTls" . }}
  - { name: tls, mountPath: /etc/opencode-gateway/tls, readOnly: true }
  {{- end }}
  {{- if .Values.tls.clientCa.name }}
  - { name: client-ca, mountPath: /etc/opencode-gateway/client-ca, readOnly: true }
  {{- end }}
  {{- if include "opencode-gateway.hasTokensFile" . }}
  - { name: tokens, mountPath: /etc/opencode-gateway/tokens, readOnly: true }
  {{- end }}
  {{- if include "opencode-gateway.hasCertificatesFile" . }}
  - { name: certificates, mountPath: /etc/opencode-gateway/certificates, readOnly: true }
  {{- end }}
  {{- with .Values.gateway.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
