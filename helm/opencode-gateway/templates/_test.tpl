{{- /* The pods of `helm test`. */ -}}

{{- define "opencode-gateway.testLabels" -}}
app.kubernetes.io/name: {{ include "opencode-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: test
{{- end -}}

{{- /* A pod that runs files/tests/<name>.js with the gateway's image: (list $ "name") */ -}}
{{- define "opencode-gateway.test" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $hook := dict "helm.sh/hook" "test" "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded" -}}
apiVersion: v1
kind: Pod
metadata:
  {{- include "opencode-gateway.metadata" (list $root (printf "test-%s" $name) (include "opencode-gateway.testLabels" $root | fromYaml) $hook) | nindent 2 }}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml $root.Values.pod.securityContext | nindent 4 }}
  {{- with $root.Values.pod.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ $name }}
      image: {{ include "opencode-gateway.image" (list $root $root.Values.image) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      securityContext:
        {{- toYaml $root.Values.gateway.securityContext | nindent 8 }}
      command: [node, --input-type=module, --eval]
      args:
        - |
          {{- $root.Files.Get (printf "files/tests/%s.js" $name) | trim | nindent 10 }}
      env:
        {{- include "opencode-gateway.testEnv" $root | nindent 8 }}
      resources: { requests: { cpu: 50m, memory: 64Mi }, limits: { memory: 128Mi } }
{{- end -}}

{{- define "opencode-gateway.testEnv" -}}
{{- with .Values.service -}}
- name: HTTP_URL
  value: {{ printf "%s://%s:%v" (include "opencode-gateway.httpScheme" $) (include "opencode-gateway.host" $) .http.port }}
- name: GRPC_URL
  value: {{ printf "%s://%s:%v" (include "opencode-gateway.httpScheme" $) (include "opencode-gateway.host" $) .grpc.port }}
{{- end }}
- name: ACCESS_ANONYMOUS
  value: {{ .Values.access.anonymous | quote }}
{{- if include "opencode-gateway.usesToken" . }}
{{- include "opencode-gateway.secretEnv" (list . "ACCESS_TOKEN" .Values.access.token.existingSecret "access-token") }}
{{- end }}
{{- if include "opencode-gateway.hasTls" . }}
# Whether the gateway answers is asked, not whether its certificate is for its name inside the cluster.
- name: NODE_TLS_REJECT_UNAUTHORIZED
  value: '0'
{{- end }}
{{- end -}}
