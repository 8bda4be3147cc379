{{- /* Who may reach the gateway's pod, and whom it may reach. The Kubernetes API is none of them: nothing here has a token for it. */ -}}

{{- define "opencode-gateway.ingressRules" }}
- ports:
    {{- if include "opencode-gateway.hasGrpc" . }}
    - { port: grpc, protocol: TCP }
    {{- end }}
    {{- if include "opencode-gateway.hasHttp" . }}
    - { port: http, protocol: TCP }
    {{- end }}
  {{- with .Values.networkPolicy.from }}
  from:
    {{- toYaml . | nindent 4 }}
    {{- if $.Values.tests.enabled }}
    - podSelector:
        matchLabels:
          {{- include "opencode-gateway.testLabels" $ | nindent 10 }}
    {{- end }}
  {{- end }}
{{- with .Values.networkPolicy.extraIngress }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "opencode-gateway.egressRules" -}}
{{- with .Values.networkPolicy }}
- to:
    {{- toYaml .dns.to | nindent 4 }}
  ports:
    - { port: {{ .dns.port }}, protocol: UDP }
    - { port: {{ .dns.port }}, protocol: TCP }
{{- if include "opencode-gateway.needsPublic" $ }}
- to:
    - ipBlock: { cidr: 0.0.0.0/0, except: {{ toJson .public.except }} }
    - ipBlock: { cidr: '::/0', except: {{ toJson .public.exceptV6 }} }
  {{- include "opencode-gateway.tcpPorts" .public.ports | nindent 2 }}
{{- end }}
{{- if eq $.Values.mode "remote" }}
{{- include "opencode-gateway.egressRule" (list .opencode (list (include "opencode-gateway.portOf" $.Values.opencode.baseUrl | int))) }}
{{- end }}
{{- if and .jwks (hasPrefix "http" $.Values.access.jwt.jwksUrl) }}
{{- include "opencode-gateway.egressRule" (list .jwks (list (include "opencode-gateway.portOf" $.Values.access.jwt.jwksUrl | int))) }}
{{- end }}
{{- if include "opencode-gateway.hasStore" $ }}
{{- include "opencode-gateway.egressRule" (list .redis.to (list .redis.port)) }}
{{- end }}
{{- if $.Values.tracing }}
{{- include "opencode-gateway.egressRule" (list .otel.to .otel.ports) }}
{{- end }}
{{- with .extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* To peers, or to pods of any namespace: (list peers ports) */ -}}
{{- define "opencode-gateway.egressRule" }}
- to:
    {{- toYaml (default (list (dict "namespaceSelector" dict)) (index . 0)) | nindent 4 }}
  {{- include "opencode-gateway.tcpPorts" (index . 1) | nindent 2 }}
{{- end -}}

{{- define "opencode-gateway.tcpPorts" -}}
ports:
  {{- range . }}
  - { port: {{ . }}, protocol: TCP }
  {{- end }}
{{- end -}}

{{- /* Model providers and tools of OpenCode; keys of an issuer; webhooks. */ -}}
{{- define "opencode-gateway.needsPublic" -}}
{{- $pushes := and (has "a2a" .Values.gateway.transports) (ne (toString (default "true" (get .Values.settings "A2A_PUSH" | toString))) "false") -}}
{{- if or (eq .Values.mode "sidecar") $pushes (and (hasPrefix "https" .Values.access.jwt.jwksUrl) (not .Values.networkPolicy.jwks)) }}true{{ end -}}
{{- end -}}

{{- /* The port of a URL. */ -}}
{{- define "opencode-gateway.portOf" -}}
{{- $url := urlParse . -}}
{{- default (ternary "443" "80" (eq $url.scheme "https")) (regexFind ":\\d+$" $url.host | trimPrefix ":") -}}
{{- end -}}
