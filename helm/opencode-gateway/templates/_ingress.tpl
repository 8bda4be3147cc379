{{- /* An Ingress for one door: (list $ "door" values backendProtocol) */ -}}
{{- define "opencode-gateway.ingress" -}}
{{- $root := index . 0 -}}
{{- $door := index . 1 -}}
{{- $values := index . 2 -}}
{{- $nginx := ternary (include "opencode-gateway.nginxAnnotations" (index . 3) | fromYaml) dict $root.Values.ingress.nginx -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  {{- include "opencode-gateway.metadata" (list $root $door dict (merge (dict) $values.annotations $nginx)) | nindent 2 }}
spec:
  {{- with $root.Values.ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with $values.tls }}
  tls:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    {{- range $values.hosts }}
    - host: {{ . | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: { service: { name: {{ include "opencode-gateway.fullname" $root }}, port: { name: {{ $door }} } } }
    {{- end }}
{{- end -}}

{{- /* Streams: nothing is held back, and only the gateway's heartbeats (HEARTBEAT_S) tell silence from death. Sizes are the gateway's to limit. */ -}}
{{- define "opencode-gateway.nginxAnnotations" -}}
nginx.ingress.kubernetes.io/backend-protocol: {{ . }}
nginx.ingress.kubernetes.io/proxy-buffering: 'off'
nginx.ingress.kubernetes.io/proxy-request-buffering: 'off'
nginx.ingress.kubernetes.io/proxy-body-size: '0'
nginx.ingress.kubernetes.io/proxy-connect-timeout: '5'
nginx.ingress.kubernetes.io/proxy-read-timeout: '3600'
nginx.ingress.kubernetes.io/proxy-send-timeout: '3600'
{{- end -}}
