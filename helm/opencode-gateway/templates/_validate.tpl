{{- /* What the schema cannot say: values that make no sense together, each with a sentence on what to do. */ -}}
{{- define "opencode-gateway.validate" -}}
{{- include "opencode-gateway.validateAccess" . -}}
{{- include "opencode-gateway.validateMode" . -}}
{{- include "opencode-gateway.validateDoors" . -}}
{{- $grace := .Values.pod.terminationGracePeriodSeconds -}}
{{- if and (not (kindIs "invalid" $grace)) (lt (int $grace) (int (include "opencode-gateway.graceSeconds" .))) -}}
{{- fail (printf "pod.terminationGracePeriodSeconds: %v seconds are fewer than the %v that drain needs; leave it out, or make drain shorter" $grace (include "opencode-gateway.graceSeconds" .)) -}}
{{- end -}}
{{- end -}}

{{- define "opencode-gateway.validateAccess" -}}
{{- $credentials := or (include "opencode-gateway.usesToken" .) (include "opencode-gateway.hasOtherCredentials" .) -}}
{{- with .Values.access -}}
{{- if and (not $credentials) (not .anonymous) -}}
{{- fail "access: nobody could call: give access.token, access.tokensFile, access.jwt or access.certificatesFile, set access.token.generate for a random token, or access.anonymous to let everybody in" -}}
{{- end -}}
{{- if and $credentials .anonymous -}}
{{- fail "access.anonymous: would have no effect beside credentials; take it or them away" -}}
{{- end -}}
{{- if and .jwt.issuer (not (and .jwt.audience .jwt.jwksUrl)) -}}
{{- fail "access.jwt: issuer, audience and jwksUrl go together" -}}
{{- end -}}
{{- if and (or .jwt.audience .jwt.jwksUrl .jwt.scopesMap) (not .jwt.issuer) -}}
{{- fail "access.jwt: issuer, audience and jwksUrl go together" -}}
{{- end -}}
{{- end -}}
{{- $certificates := not (empty (include "opencode-gateway.hasCertificatesFile" .)) -}}
{{- if ne $certificates (not (empty .Values.tls.clientCa.name)) -}}
{{- fail "access.certificatesFile and tls.clientCa: either means nothing without the other" -}}
{{- end -}}
{{- if and $certificates (not (include "opencode-gateway.hasTls" .)) -}}
{{- fail "access.certificatesFile: clients show certificates over TLS alone; give tls.existingSecret" -}}
{{- end -}}
{{- end -}}

{{- define "opencode-gateway.validateMode" -}}
{{- if eq .Values.mode "remote" -}}
{{- if not .Values.opencode.baseUrl }}{{ fail "opencode.baseUrl: mode remote needs the URL of an OpenCode; mode sidecar brings its own" }}{{ end -}}
{{- if include "opencode-gateway.hasModelKeys" . }}{{ fail "opencode.modelKeys: there is no OpenCode in mode remote; give the keys to the one at opencode.baseUrl, or by PUT /auth" }}{{ end -}}
{{- if and .Values.workspace.existingClaim (not .Values.workspace.path) }}{{ fail "workspace.path: must be the path that the workspace has at OpenCode when workspace.existingClaim is mounted" }}{{ end -}}
{{- else -}}
{{- if .Values.opencode.baseUrl }}{{ fail "opencode.baseUrl: is for mode remote; in mode sidecar OpenCode is in the pod" }}{{ end -}}
{{- if .Values.opencode.authFile }}{{ fail "opencode.authFile: is for mode remote; in mode sidecar it is known" }}{{ end -}}
{{- if gt (int .Values.replicas) 1 }}{{ fail "replicas: mode sidecar has one, for OpenCode's data has one writer; use mode remote for more gateways, or a release for each OpenCode" }}{{ end -}}
{{- if .Values.autoscaling.enabled }}{{ fail "autoscaling: mode sidecar has one replica, for OpenCode's data has one writer; use mode remote" }}{{ end -}}
{{- if has (int .Values.opencode.port) (list (int .Values.gateway.grpcPort) (int .Values.gateway.httpPort)) }}{{ fail "opencode.port: is one of the gateway's, which is in the same pod" }}{{ end -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (not (or .Values.autoscaling.cpuUtilization .Values.autoscaling.streamsPerPod)) -}}
{{- fail "autoscaling: give cpuUtilization or streamsPerPod" -}}
{{- end -}}
{{- end -}}

{{- define "opencode-gateway.validateDoors" -}}
{{- $grpc := include "opencode-gateway.hasGrpc" . -}}
{{- $http := include "opencode-gateway.hasHttp" . -}}
{{- if not (or $grpc $http) }}{{ fail "gateway.transports: a2a has no door of its own; add http or grpc" }}{{ end -}}
{{- if and (not $http) (or .Values.ingress.http.enabled .Values.gatewayApi.httpRoute.enabled .Values.monitoring.serviceMonitor.enabled) -}}
{{- fail "gateway.transports: ingress.http, gatewayApi.httpRoute and monitoring.serviceMonitor need http" -}}
{{- end -}}
{{- if and (not $grpc) (or .Values.ingress.grpc.enabled .Values.gatewayApi.grpcRoute.enabled) -}}
{{- fail "gateway.transports: ingress.grpc and gatewayApi.grpcRoute need grpc" -}}
{{- end -}}
{{- if eq (int .Values.gateway.grpcPort) (int .Values.gateway.httpPort) }}{{ fail "gateway.grpcPort and gateway.httpPort: must differ" }}{{ end -}}
{{- $by := .Values.gateway.probes.readinessBy -}}
{{- if and (eq $by "grpc") (or (not $grpc) (include "opencode-gateway.hasTls" .)) -}}
{{- fail "gateway.probes.readinessBy: Kubernetes asks over gRPC without TLS alone; use http or exec" -}}
{{- end -}}
{{- if and (eq $by "http") (not $http) }}{{ fail "gateway.probes.readinessBy: http needs http in gateway.transports" }}{{ end -}}
{{- with .Values.monitoring -}}
{{- if and .serviceMonitor.enabled (not .open) (not $.Values.access.anonymous) (not .serviceMonitor.tokenSecret.name) (not (include "opencode-gateway.usesToken" $)) -}}
{{- fail "monitoring.serviceMonitor: Prometheus needs a token of the scope read (tokenSecret), or monitoring.open" -}}
{{- end -}}
{{- end -}}
{{- end -}}
