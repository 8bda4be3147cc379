{{- /* A route to one door: (list $ "door" kind values port) */ -}}
{{- define "opencode-gateway.route" -}}
{{- $root := index . 0 -}}
{{- $values := index . 3 -}}
apiVersion: gateway.networking.k8s.io/v1
kind: {{ index . 2 }}
metadata:
  {{- include "opencode-gateway.metadata" (list $root (index . 1) dict $values.annotations) | nindent 2 }}
spec:
  parentRefs:
    {{- toYaml $values.parentRefs | nindent 4 }}
  {{- with $values.hostnames }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - backendRefs:
        - { name: {{ include "opencode-gateway.fullname" $root }}, port: {{ index . 4 }} }
      {{- if eq (index . 2) "HTTPRoute" }}
      matches: [{ path: { type: PathPrefix, value: / } }]
      # 0s: none. Streams last as long as their readers want; calls have limits of their own.
      timeouts: { request: 0s, backendRequest: 0s }
      {{- end }}
{{- end -}}
