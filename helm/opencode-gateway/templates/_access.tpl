{{- /* Who may call, and where the secrets are. Those that the chart makes are keys of one Secret, which the gateway's container reads. */ -}}

{{- /* Something random that stays: the cluster's, else made once in a rendering. (list $ "key") */ -}}
{{- define "opencode-gateway.random" -}}
{{- $root := index . 0 -}}
{{- $key := index . 1 -}}
{{- $made := default (dict) $root.Values._made -}}
{{- if not (hasKey $made $key) -}}
{{- $secret := lookup "v1" "Secret" $root.Release.Namespace (include "opencode-gateway.fullname" $root) -}}
{{- $kept := default (dict) (default (dict) $secret).data -}}
{{- $_ := set $made $key (ternary (default "" (get $kept $key) | b64dec) (randAlphaNum 40) (hasKey $kept $key)) -}}
{{- $_ := set $root.Values "_made" $made -}}
{{- end -}}
{{- get $made $key -}}
{{- end -}}

{{- define "opencode-gateway.hasToken" -}}
{{- with .Values.access.token }}{{ if or .value .existingSecret.name }}true{{ end }}{{ end -}}
{{- end -}}

{{- /* What callers may show besides access.token. */ -}}
{{- define "opencode-gateway.hasOtherCredentials" -}}
{{- with .Values.access -}}
{{- if or .tokensFile.tokens .tokensFile.existingSecret.name .a2aToken.value .a2aToken.existingSecret.name .jwt.issuer .certificatesFile.certificates .certificatesFile.existingSecret.name }}true{{ end -}}
{{- end -}}
{{- end -}}

{{- define "opencode-gateway.generatesToken" -}}
{{- if and .Values.access.token.generate (not .Values.access.anonymous) (not (include "opencode-gateway.hasToken" .)) (not (include "opencode-gateway.hasOtherCredentials" .)) }}true{{ end -}}
{{- end -}}

{{- define "opencode-gateway.usesToken" -}}
{{- if or (include "opencode-gateway.hasToken" .) (include "opencode-gateway.generatesToken" .) }}true{{ end -}}
{{- end -}}

{{- /* A key of an existing Secret, or of the chart's: (list $ existingSecret "key") */ -}}
{{- define "opencode-gateway.secretKeyRef" -}}
{{- $existing := index . 1 -}}
{{- if $existing.name -}}
name: {{ $existing.name }}
key: {{ $existing.key }}
{{- else -}}
name: {{ include "opencode-gateway.fullname" (index . 0) }}
key: {{ index . 2 }}
{{- end -}}
{{- end -}}

{{- /* What the chart's own Secret holds, not yet encoded. */ -}}
{{- define "opencode-gateway.secrets" -}}
{{- $secrets := dict -}}
{{- with .Values.access -}}
{{- if include "opencode-gateway.generatesToken" $ -}}
{{- $_ := set $secrets "access-token" (include "opencode-gateway.random" (list $ "access-token")) -}}
{{- else if and .token.value (not .token.existingSecret.name) -}}
{{- $_ := set $secrets "access-token" .token.value -}}
{{- end -}}
{{- if and .a2aToken.value (not .a2aToken.existingSecret.name) -}}
{{- $_ := set $secrets "a2a-bearer-token" .a2aToken.value -}}
{{- end -}}
{{- if and .tokensFile.tokens (not .tokensFile.existingSecret.name) -}}
{{- $_ := set $secrets "tokens.json" (dict "tokens" .tokensFile.tokens | toPrettyJson) -}}
{{- end -}}
{{- if and .certificatesFile.certificates (not .certificatesFile.existingSecret.name) -}}
{{- $_ := set $secrets "certificates.json" (dict "certificates" .certificatesFile.certificates | toPrettyJson) -}}
{{- end -}}
{{- end -}}
{{- with .Values.a2a.store -}}
{{- if and .url (not .existingSecret.name) }}{{ $_ := set $secrets "a2a-store-url" .url }}{{ end -}}
{{- end -}}
{{- with .Values.opencode.password -}}
{{- if not .existingSecret.name -}}
{{- if .value -}}
{{- $_ := set $secrets "opencode-password" .value -}}
{{- else if eq $.Values.mode "sidecar" -}}
{{- $_ := set $secrets "opencode-password" (include "opencode-gateway.random" (list $ "opencode-password")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $secrets -}}
{{- end -}}

{{- /* Whether there is one: the files of tokens and certificates. (file) */ -}}
{{- define "opencode-gateway.hasTokensFile" -}}
{{- with .Values.access.tokensFile }}{{ if or .tokens .existingSecret.name }}true{{ end }}{{ end -}}
{{- end -}}

{{- define "opencode-gateway.hasCertificatesFile" -}}
{{- with .Values.access.certificatesFile }}{{ if or .certificates .existingSecret.name }}true{{ end }}{{ end -}}
{{- end -}}

{{- define "opencode-gateway.hasStore" -}}
{{- with .Values.a2a.store }}{{ if or .url .existingSecret.name }}true{{ end }}{{ end -}}
{{- end -}}

{{- define "opencode-gateway.hasModelKeys" -}}
{{- with .Values.opencode.modelKeys }}{{ if or .values .existingSecret }}true{{ end }}{{ end -}}
{{- end -}}
