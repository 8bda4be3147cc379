{{- /* Names and labels, as Kubernetes recommends them. */ -}}

{{- define "opencode-gateway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* 52 characters: a StatefulSet's pods get a hash of 11 more as a label. */ -}}
{{- define "opencode-gateway.fullname" -}}
{{- $name := include "opencode-gateway.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "opencode-gateway.selectorLabels" -}}
app.kubernetes.io/name: {{ include "opencode-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: gateway
{{- end -}}

{{- /* Of every object; those of the release's pods stand first. */ -}}
{{- define "opencode-gateway.labels" -}}
{{- include "opencode-gateway.selectorLabels" . }}
{{ include "opencode-gateway.commonLabels" . }}
{{- end -}}

{{- define "opencode-gateway.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: opencode-gateway
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Name, namespace, labels, annotations: (list $ "suffix" labels annotations). */ -}}
{{- define "opencode-gateway.metadata" -}}
{{- $root := index . 0 -}}
{{- $suffix := index . 1 -}}
name: {{ include "opencode-gateway.fullname" $root }}{{ with $suffix }}-{{ . }}{{ end }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- $own := include "opencode-gateway.labels" $root | fromYaml }}
  {{- toYaml (merge (dict) (index . 2) $own) | nindent 2 }}
{{- with merge (dict) (index . 3) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "opencode-gateway.serviceAccountName" -}}
{{- $default := ternary (include "opencode-gateway.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $default .Values.serviceAccount.name -}}
{{- end -}}

{{- /* repository:tag, or repository@digest: (list $ image). */ -}}
{{- define "opencode-gateway.image" -}}
{{- $root := index . 0 -}}
{{- with index . 1 -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ default $root.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end -}}
