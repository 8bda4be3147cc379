{{- /* The doors: which are open, and how they speak. */ -}}

{{- define "opencode-gateway.hasGrpc" -}}{{ if has "grpc" .Values.gateway.transports }}true{{ end }}{{- end -}}

{{- define "opencode-gateway.hasHttp" -}}{{ if has "http" .Values.gateway.transports }}true{{ end }}{{- end -}}

{{- define "opencode-gateway.hasTls" -}}{{ if .Values.tls.existingSecret.name }}true{{ end }}{{- end -}}

{{- define "opencode-gateway.httpScheme" -}}{{ ternary "https" "http" (not (empty .Values.tls.existingSecret.name)) }}{{- end -}}

{{- define "opencode-gateway.host" -}}{{ include "opencode-gateway.fullname" . }}.{{ .Release.Namespace }}.svc{{- end -}}

{{- /* Ports of a Service. */ -}}
{{- define "opencode-gateway.servicePorts" -}}
{{- $tls := include "opencode-gateway.hasTls" . -}}
{{- if include "opencode-gateway.hasGrpc" . }}
- name: grpc
  port: {{ .Values.service.grpc.port }}
  targetPort: grpc
  protocol: TCP
  appProtocol: {{ default (ternary "https" "kubernetes.io/h2c" (not (empty $tls))) .Values.service.grpc.appProtocol }}
{{- end }}
{{- if include "opencode-gateway.hasHttp" . }}
- name: http
  port: {{ .Values.service.http.port }}
  targetPort: http
  protocol: TCP
  appProtocol: {{ default (include "opencode-gateway.httpScheme" .) .Values.service.http.appProtocol }}
{{- end }}
{{- end -}}

{{- /* Seconds from the first word of the end to the kill that all the waiting needs. */ -}}
{{- define "opencode-gateway.graceSeconds" -}}
{{- with .Values.drain -}}
{{- add (int .preStopSleepSeconds) (int .marginSeconds) (divf (add (int .delayMs) (int .timeoutMs)) 1000 | ceil | int) -}}
{{- end -}}
{{- end -}}

{{- define "opencode-gateway.livenessAction" -}}
{{- if include "opencode-gateway.hasHttp" . -}}
httpGet: { path: /livez, port: http, scheme: {{ include "opencode-gateway.httpScheme" . | upper }} }
{{- else -}}
{{- /* A command that says whether anything answers; gRPC's health is that of the upstream too, which must not end the gateway. */ -}}
exec: { command: [opencode-gateway, healthcheck] }
{{- end -}}
{{- end -}}

{{- define "opencode-gateway.readinessAction" -}}
{{- $by := .Values.gateway.probes.readinessBy -}}
{{- if eq $by "auto" -}}
{{- $by = ternary "http" "exec" (not (empty (include "opencode-gateway.hasHttp" .))) -}}
{{- if and (include "opencode-gateway.hasGrpc" .) (not (include "opencode-gateway.hasTls" .)) }}{{ $by = "grpc" }}{{ end -}}
{{- end -}}
{{- if eq $by "grpc" -}}
grpc: { port: {{ .Values.gateway.grpcPort }} }
{{- else if eq $by "http" -}}
httpGet: { path: /readyz, port: http, scheme: {{ include "opencode-gateway.httpScheme" . | upper }} }
{{- else -}}
exec: { command: [opencode-gateway, healthcheck, --ready] }
{{- end -}}
{{- end -}}

{{- /* Who need not show a token is told from a web page by the name that it calls. Wildcards are no names. */ -}}
{{- define "opencode-gateway.allowedHosts" -}}
{{- if or .Values.gateway.allowedHosts .Values.access.anonymous -}}
{{- $name := include "opencode-gateway.fullname" . -}}
{{- $host := include "opencode-gateway.host" . -}}
{{- $hosts := concat .Values.gateway.allowedHosts (list $name (trimSuffix ".svc" $host) $host (printf "%s.cluster.local" $host)) -}}
{{- if .Values.ingress.http.enabled }}{{ $hosts = concat $hosts .Values.ingress.http.hosts }}{{ end -}}
{{- if .Values.gatewayApi.httpRoute.enabled }}{{ $hosts = concat $hosts .Values.gatewayApi.httpRoute.hostnames }}{{ end -}}
{{- $names := list }}
{{- range $hosts }}{{ if not (contains "*" .) }}{{ $names = append $names . }}{{ end }}{{ end -}}
{{- uniq $names | join "," -}}
{{- end -}}
{{- end -}}
